//! Clients and a server over a network that loses connections at any point, sometimes for longer than a session is kept. An oracle that
//! knows every request and every message of the room checks what each client sees.
//!
//! `HANDFAST_DISCONNECTS` sets how many connections are lost, `HANDFAST_SEED` the seed.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{
    App, Auth, Chat, ChatMessage, ClientMessage, PricesStop, PricesWatch, Room, RoomJoin,
    RoomLeave, Server, ServerMessage,
};
use handfast::{
    Protocol,
    client::{CallError, Client, ClientBuilder, Event, StreamError},
    descriptor::{Limits, ProtocolDescriptor, SessionDescriptor},
    server::ConnectionInfo,
};
use script::send;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use support::{
    faulty::Network,
    random::{Random, setting},
    simulated,
};
use tokio::time::Instant;

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

const CLIENTS: usize = 4;

/// How many requests each client makes in a round.
const REQUESTS: usize = 200;

/// What happened in a round.
#[derive(Default)]
struct Seen {
    answered: AtomicU64,
    unknown: AtomicU64,
    gaps: AtomicU64,
    streams: AtomicU64,
    broken_streams: AtomicU64,
}

impl Seen {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A network that is down for a while after a connection is lost: mostly not at all, sometimes for longer than a session is kept.
struct Weather {
    network: Network,
    server: Server,
    random: Mutex<Random>,
    down_until: Mutex<Instant>,
    calm: bool,
}

impl Weather {
    async fn connect(
        self: Arc<Self>,
    ) -> Result<handfast::transport::MemoryTransport, &'static str> {
        let (packets, outage) = {
            let mut random = self.random.lock().expect("it is whole");
            let most = [3, 10, 20, 60][random.below(4)];
            (random.below(most), random.below(200))
        };
        if !self.calm && self.network.connections() > 0 {
            let now = Instant::now();
            let mut down_until = self.down_until.lock().expect("it is whole");
            if outage == 0 && now >= *down_until {
                *down_until = now + Duration::from_secs(150);
            }
            if now < *down_until || outage < 20 {
                return Err("the network is down");
            }
        }
        let first = self.network.connections() == 0;
        let packets = match (self.calm, first) {
            (true, _) => usize::MAX,
            (false, true) => 20 + packets,
            (false, false) => packets,
        };
        let (client, far) = self.network.connect(packets);
        let server = self.server.clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        Ok(client)
    }
}

async fn connect(weather: Weather) -> (Client<Quick>, Network) {
    let network = weather.network.clone();
    let weather = Arc::new(weather);
    let client = ClientBuilder::<Quick, Client<Quick>>::over(move || weather.clone().connect())
        .auth(&Auth { name: "ada".into() })
        .await
        .expect("the first connection is good");
    (client, network)
}

/// How the text of a message begins that says that there is no more to follow.
const END: &str = "the end";

/// Follows the room until its end: each number once, in order, and none missing without a gap.
async fn follow(client: Client<Quick>, seen: Arc<Seen>) -> HashMap<String, u64> {
    let room_id = "lobby".to_owned();
    let channel = Room {
        room_id: room_id.clone(),
    };
    let leave = RoomLeave {
        room_id: room_id.clone(),
    };
    let mut room = loop {
        let join = RoomJoin {
            room_id: room_id.clone(),
        };
        match client.join(&channel, &join, Some(&leave)).await {
            Ok(room) => break room,
            Err(CallError::Timeout | CallError::OutcomeUnknown) => {}
            Err(error) => panic!("{error:?}"),
        }
    };
    let mut texts = HashMap::new();
    let (mut last, mut gap) = (None, false);
    loop {
        match room.next().await.expect("the client is open") {
            Event::Message(envelope) => {
                let seq = envelope.seq.expect("it is numbered");
                if let Some(last) = last {
                    assert!(seq > last, "{seq} after {last}");
                    assert!(seq == last + 1 || gap, "{seq} after {last} without a gap");
                }
                (last, gap) = (Some(seq), false);
                let ServerMessage::ChatMessage(ChatMessage { text, .. }) = envelope.message else {
                    panic!("it is of another room");
                };
                if text.starts_with(END) {
                    return texts;
                }
                assert_eq!(texts.insert(text.clone(), seq), None, "{text} came twice");
            }
            Event::Joined(_) => {}
            Event::Gap(_) => {
                gap = true;
                Seen::count(&seen.gaps);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Makes requests. Returns the texts whose outcome is known: whether they were sent.
async fn act(
    client: Client<Quick>,
    name: usize,
    seed: u64,
    seen: Arc<Seen>,
) -> Vec<(String, bool)> {
    let mut random = Random::new(seed);
    let mut known = Vec::new();
    for n in 0..REQUESTS {
        if random.below(8) == 0 {
            watch(&client, 1 + random.below(30) as i64, &seen).await;
            continue;
        }
        let text = format!("{name}-{n}");
        match client.call(&send("lobby", &text)).await {
            Ok(_) => {
                Seen::count(&seen.answered);
                known.push((text, true));
            }
            Err(CallError::OutcomeUnknown | CallError::Timeout) => Seen::count(&seen.unknown),
            Err(error) => panic!("{error:?}"),
        }
    }
    known
}

/// Reads a stream: its items come in order, and all of them unless it fails.
async fn watch(client: &Client<Quick>, count: i64, seen: &Seen) {
    // These are special to the application.
    let count = if [7, 9].contains(&count) { 8 } else { count };
    let stream = client.stream::<_, PricesStop>(&PricesWatch { count }).await;
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(CallError::OutcomeUnknown | CallError::Timeout) => return,
        Err(error) => panic!("{error:?}"),
    };
    let mut next = 0;
    while let Some(item) = stream.next().await {
        match item {
            Ok(tick) => {
                assert_eq!(tick.n, next);
                next += 1;
            }
            Err(StreamError::Closed(CallError::OutcomeUnknown)) => {
                Seen::count(&seen.broken_streams);
                return;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(next, count);
    Seen::count(&seen.streams);
}

async fn round(seed: u64, seen: &Arc<Seen>) -> usize {
    let app = App::new();
    let limits = Limits {
        rate: None,
        ..Chat::DESCRIPTOR.limits
    };
    let server = Server::builder(app.clone()).limits(limits).build();
    let weather = |seed: u64, calm| Weather {
        network: Network::new(),
        server: server.clone(),
        random: Mutex::new(Random::new(seed)),
        down_until: Mutex::new(Instant::now()),
        calm,
    };
    let (observer, _) = connect(weather(0, true)).await;
    let all = tokio::spawn(follow(observer.clone(), seen.clone()));
    let mut tasks = Vec::new();
    let mut clients = Vec::new();
    for name in 0..CLIENTS {
        let seed = seed.wrapping_mul(31) + name as u64;
        let (client, network) = connect(weather(seed, false)).await;
        let following = tokio::spawn(follow(client.clone(), seen.clone()));
        let acting = tokio::spawn(act(client.clone(), name, seed, seen.clone()));
        tasks.push((following, acting));
        clients.push((client, network));
    }
    let mut known = Vec::new();
    let mut following = Vec::new();
    for (follow, act) in tasks {
        known.extend(act.await.expect("the requests are made"));
        following.push(follow);
    }
    // Said again and again, because it may fall into a gap.
    let ending = tokio::spawn(async move {
        for n in 0_u64.. {
            observer
                .call(&send("lobby", &format!("{END} {n}")))
                .await
                .expect("the observer is always connected");
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    });
    let all = all.await.expect("the room is whole");
    for (text, was_sent) in known {
        assert_eq!(all.contains_key(&text), was_sent, "{text}");
    }
    let mut disconnects = 0;
    for (following, (client, network)) in following.into_iter().zip(clients) {
        let texts = tokio::time::timeout(Duration::from_secs(900), following).await;
        let texts = texts.expect("whoever is in the room receives its end");
        for (text, seq) in texts.expect("the room is whole") {
            assert_eq!(all.get(&text), Some(&seq));
        }
        disconnects += network.connections();
        client.close().await;
    }
    ending.abort();
    disconnects
}

#[tokio::test(start_paused = true)]
async fn what_clients_see_is_what_happened() {
    let seed = setting("HANDFAST_SEED", 1);
    let disconnects = setting("HANDFAST_DISCONNECTS", 3_000) as usize;
    println!("seed {seed}, {disconnects} disconnects");
    let seen = Arc::new(Seen::default());
    let mut lost = 0;
    let mut number = 0;
    while lost < disconnects {
        number += 1;
        lost += simulated(round(seed.wrapping_mul(1000) + number, &seen)).await;
    }
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{lost} connections in {number} rounds: {} answered, {} unknown, {} streams, {} broken, {} gaps",
        of(&seen.answered),
        of(&seen.unknown),
        of(&seen.streams),
        of(&seen.broken_streams),
        of(&seen.gaps)
    );
    // The simulation is worth something only if everything happens in it.
    for counter in [
        &seen.answered,
        &seen.unknown,
        &seen.streams,
        &seen.broken_streams,
        &seen.gaps,
    ] {
        assert!(of(counter) > 0);
    }
}
