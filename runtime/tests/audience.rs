//! Sessions as an audience: lists, messages to a user's sessions and to all, kicks, channels joined by the server; on several servers of one broker.

#![cfg(all(feature = "server", feature = "client"))]

#[path = "presence/lobby.rs"]
mod lobby;
mod support;

use handfast::{
    broker::{InMemory, Recipients},
    client::{Event, PresenceEvent, State},
    transport::TransportEvent,
};
use lobby::{App, Line, Note, Peer, Post, Server, ServerMessage, hear, names};
use serde_json::json;
use std::sync::Arc;
use support::simulated;

/// Two servers of one broker.
fn servers() -> (Arc<InMemory>, Server, Server) {
    let broker = InMemory::new();
    let build = || {
        Server::builder(App::default())
            .broker(broker.clone())
            .build()
    };
    let (a, b) = (build(), build());
    (broker, a, b)
}

fn note(text: &str) -> Note {
    Note { text: text.into() }
}

#[tokio::test]
async fn sessions_are_listed_by_any_server() {
    let (_broker, a, b) = servers();
    let _ada = Peer::connect(&a, "ada").await;
    let _too = Peer::connect(&b, "ada").await;
    let _bob = Peer::connect(&b, "bob").await;
    for server in [&a, &b] {
        let all = server.handle().sessions(&Recipients::All, 10).await;
        let all = all.expect("the broker works");
        assert_eq!((all.count, all.sessions.len()), (3, 3));
        let ada = Recipients::Principal("ada".into());
        let some = server.handle().sessions(&ada, 1).await;
        let some = some.expect("the broker works");
        assert_eq!((some.count, some.sessions.len()), (2, 1), "the list is cut");
        assert_eq!(some.sessions[0].principal.as_deref(), Some("ada"));
    }
}

#[tokio::test]
async fn a_message_reaches_the_sessions_of_a_user_on_all_servers() {
    let (_broker, a, b) = servers();
    let mut ada = Peer::connect(&a, "ada").await;
    let mut too = Peer::connect(&b, "ada").await;
    let mut bob = Peer::connect(&b, "bob").await;
    let handle = a.handle();
    handle.send(Recipients::Principal("ada".into()), &note("to ada"));
    handle.send(Recipients::All, &note("to all"));
    for peer in [&mut ada, &mut too] {
        assert_eq!(peer.next().await["payload"]["text"], "to ada");
        assert_eq!(peer.next().await["payload"]["text"], "to all");
    }
    assert_eq!(bob.next().await["payload"]["text"], "to all");
    let bobs = Recipients::Principal("bob".into());
    let list = handle.sessions(&bobs, 10).await.expect("the broker works");
    handle.send(Recipients::Session(list.sessions[0].id), &note("to one"));
    assert_eq!(bob.next().await["payload"]["text"], "to one");
    // There is no session of that user.
    handle.send(Recipients::Principal("eve".into()), &note("to eve"));
    handle.send(Recipients::All, &note("last"));
    assert_eq!(ada.next().await["payload"]["text"], "last");
}

#[tokio::test(start_paused = true)]
async fn a_kick_by_another_server_is_final_and_says_why() {
    simulated(async {
        let (_broker, a, b) = servers();
        let line = Line::to(&b);
        let client = line.client("ada").await;
        let mut bob = Peer::connect(&b, "bob").await;
        a.handle()
            .kick(Recipients::Principal("ada".into()), "no spam");
        let closed = client
            .wait_for_state(|state| matches!(state, State::Closed(_)))
            .await;
        assert!(format!("{closed:?}").contains("no spam"), "{closed:?}");
        let bobs = Recipients::Principal("bob".into());
        let list = a
            .handle()
            .sessions(&bobs, 1)
            .await
            .expect("the broker works");
        a.handle()
            .kick(Recipients::Session(list.sessions[0].id), "you too");
        let TransportEvent::Closed(Some(frame)) = bob.event().await else {
            panic!("it is closed");
        };
        assert_eq!((frame.code, &*frame.reason), (4403, "you too"));
    })
    .await;
}

/// Members on all servers are one list, and a server that stops takes its members with it.
#[tokio::test(start_paused = true)]
async fn presence_spans_the_servers_of_a_broker() {
    simulated(async {
        let (_broker, a, b) = servers();
        let (here, there) = (Line::to(&a), Line::to(&b));
        let ada = here.client("ada").await;
        let mut room = ada.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
        let bob = there.client("bob").await;
        let mut other = bob.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut other).await, PresenceEvent::Listed);
        assert_eq!(names(&other), ["ada", "bob"]);
        assert!(matches!(hear(&mut room).await, PresenceEvent::Joined(_)));
        for server in [&a, &b] {
            let all = server.handle().room(&"r".into()).presence().await;
            assert_eq!(all.expect("the broker works").len(), 2);
        }
        b.handle().shutdown().await;
        assert!(matches!(hear(&mut room).await, PresenceEvent::Left(_)));
        assert_eq!(names(&room), ["ada"]);
        let all = a.handle().room(&"r".into()).presence().await;
        assert_eq!(all.expect("the broker works").len(), 1);
    })
    .await;
}

/// A channel that the server adds a client to is announced; its messages are notifications until there is a subscription.
#[tokio::test(start_paused = true)]
async fn a_server_adds_and_removes_a_client() {
    simulated(async {
        let server = Server::new(App::default());
        let line = Line::to(&server);
        let client = line.client("ada").await;
        let mut notices = client.notifications();
        assert!(
            client.room(&"r".into()).subscribe().is_none(),
            "it is not in the room"
        );
        let list = server.handle().sessions(&Recipients::All, 1).await;
        let id = list.expect("the broker works").sessions[0].id.connection;
        let handle = server.handle().client(id).expect("it is connected");
        assert_eq!(handle.session().connection, id);
        let channel = handle.channel_handle(&lobby::Room { id: "r".into() });
        channel.add().await.expect("it may");
        channel.add().await.expect("nothing happens twice");
        channel.publish(&Post { n: 1 });
        assert_eq!(notices.next().await, Some(Event::Added("room:r".into())));
        let Some(Event::Message(first)) = notices.next().await else {
            panic!("it is in the room");
        };
        assert_eq!(
            (first.seq, first.message),
            (Some(1), ServerMessage::Post(Post { n: 1 }))
        );
        let mut room = client
            .room(&"r".into())
            .subscribe()
            .expect("it is in the room");
        assert_eq!(room.members().len(), 1);
        channel.publish(&Post { n: 2 });
        let Some(Event::Message(second)) = room.next().await else {
            panic!("it is subscribed");
        };
        assert_eq!(second.seq, Some(2));
        assert!(channel.remove());
        assert!(!channel.remove());
        assert_eq!(room.next().await, Some(Event::Removed));
        assert_eq!(room.next().await, None);
    })
    .await;
}

/// Whoever is quicker, a client learns that it has left a channel, or was removed, before it learns that it was added again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leave_and_a_removal_are_told_before_an_addition_that_follows() {
    for is_removed in [false, true] {
        let server = Server::new(App::default());
        let mut peer = Peer::connect(&server, "ada").await;
        let list = server.handle().sessions(&Recipients::All, 1).await;
        let id = list.expect("the broker works").sessions[0].id.connection;
        let handle = server.handle().client(id).expect("it is connected");
        let channel = handle.channel_handle(&lobby::Room { id: "r".into() });
        let remover = handle.channel_handle(&lobby::Room { id: "r".into() });
        let adding = tokio::spawn(async move {
            while channel.add().await.is_ok() {
                tokio::task::yield_now().await;
            }
        });
        for n in 0..400 {
            if is_removed {
                while !remover.remove() {
                    tokio::task::yield_now().await;
                }
            } else {
                let leave = json!({ "type": "leave", "payload": { "channel": "room:r" }, "id": n.to_string() });
                peer.send(leave).await;
            }
            let mut additions = 0;
            loop {
                let message = peer.next().await;
                match message["type"].as_str() {
                    Some("join") => additions += 1,
                    Some("leave") => break,
                    _ => {}
                }
            }
            assert!(additions <= 1, "it is added again before it has left");
        }
        adding.abort();
    }
}
