//! Resuming a session after its connection was lost: nothing is lost, repeated or reordered.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{
    App, Auth, Chat, ChatSendError, ClientMessage, PricesStop, PricesTick, PricesWatch, Room,
    RoomJoin, RoomJoined, RoomLeave, Server, ServerMessage, Wait,
};
use handfast::{
    Protocol,
    client::{CallError, Client, ClientBuilder, State, Subscription},
    descriptor::{Limits, ProtocolDescriptor, SessionDescriptor},
    server::ConnectionInfo,
};
use script::{said, send};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{faulty::Network, random::Random, simulated};

fn server(app: &App) -> Server {
    let limits = Limits {
        rate: None,
        ..Chat::DESCRIPTOR.limits
    };
    Server::builder(app.clone()).limits(limits).build()
}

/// The chat protocol with short delays between connections.
#[derive(Clone, Copy, Debug)]
struct Quick;

impl Protocol for Quick {
    type Client = ClientMessage;
    type Server = ServerMessage;
    const DESCRIPTOR: &'static ProtocolDescriptor = &ProtocolDescriptor {
        session: SessionDescriptor {
            backoff: (Duration::from_millis(10), Duration::from_millis(20)),
            ..Chat::DESCRIPTOR.session
        },
        ..*Chat::DESCRIPTOR
    };
}

/// Connects a client through the network; `packets` says after how many packets each connection is lost.
async fn connect(
    network: &Network,
    server: &Server,
    packets: impl FnMut() -> usize + Send + 'static,
) -> Client<Quick> {
    let (network, server) = (network.clone(), server.clone());
    let packets = Arc::new(Mutex::new(packets));
    ClientBuilder::<Quick, Client<Quick>>::over(move || {
        let packets = packets.lock().expect("it is whole")();
        let (client, far) = network.connect(packets);
        let server = server.clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(client) }
    })
    .auth(&Auth { name: "ada".into() })
    .await
    .expect("the first connection is good")
}

async fn enter(
    client: &Client<Quick>,
) -> Result<Subscription<ServerMessage, RoomJoined>, CallError<ChatSendError>> {
    let room_id = "lobby".to_owned();
    let channel = Room {
        room_id: room_id.clone(),
    };
    let leave = RoomLeave {
        room_id: room_id.clone(),
    };
    client
        .join(&channel, &RoomJoin { room_id }, Some(&leave))
        .await
}

fn always() -> usize {
    usize::MAX
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_survives_the_loss_of_a_connection() {
    simulated(async {
        let (app, network) = (App::new(), Network::new());
        let server = server(&app);
        let client = connect(&network, &server, always).await;
        let mut room = enter(&client).await.expect("it is open");
        let mut stream = client
            .stream::<_, PricesStop>(&PricesWatch { count: 7 })
            .await
            .expect("the stream begins");
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.call(&Wait {}).await }
        });
        for n in 0..3 {
            assert_eq!(stream.next().await, Some(Ok(PricesTick { n })));
        }
        network.cut();
        client
            .wait_for_state(|state| *state == State::Reconnecting)
            .await;
        // Published and answered without a connection.
        app.gate.add_permits(1);
        server
            .handle()
            .room(&"lobby".into())
            .publish(&chat::ChatMessage {
                from: "bob".into(),
                text: "hi".into(),
            });
        assert!(waiting.await.expect("the task ends").is_ok());
        assert_eq!(said(room.next().await), ("hi".to_owned(), Some(1)));
        for n in 3..7 {
            assert_eq!(stream.next().await, Some(Ok(PricesTick { n })));
        }
        assert_eq!(network.connections(), 2);
        assert!(app.closed.lock().expect("it is whole").is_empty());
        client.close().await;
    })
    .await;
}

/// Every connection is lost after a few packets. Each call is answered once, and the room shows each message once, in order, without a gap.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_repeated_or_reordered() {
    const CALLS: usize = 3_000;
    let seed = 7;
    println!("seed {seed}");
    simulated(async {
        let (app, network) = (App::new(), Network::new());
        let server = server(&app);
        let mut random = Random::new(seed);
        let mut first = true;
        let client = connect(&network, &server, move || {
            let most = [4, 12, 40, 200][random.below(4)];
            if std::mem::take(&mut first) {
                1_000
            } else {
                random.below(most)
            }
        })
        .await;
        let mut room = enter(&client).await.expect("it is open");
        let reader = tokio::spawn(async move {
            let mut last = 0;
            for n in 0..CALLS {
                let (text, seq) = said(room.next().await);
                assert_eq!(text, format!("{n}"));
                let seq = seq.expect("it is numbered");
                assert_eq!(seq, last + 1);
                last = seq;
            }
        });
        for n in 0..CALLS {
            let sent = client.call(&send("lobby", &format!("{n}"))).await;
            assert!(matches!(sent, Ok(_)), "{n}: {sent:?}");
        }
        reader.await.expect("every message arrived");
        println!("{} connections", network.connections());
        assert!(network.connections() > 100, "{}", network.connections());
    })
    .await;
}
