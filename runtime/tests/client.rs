//! The client, against the real server and against scripted ones.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{
    Auth, Chat, ChatSendError, Client, HASH, Limit, News, PricesDone, PricesTick, PricesWatch,
    RoomJoined, ServerMessage, UserTyping, Wait, Waited, WatchError, raw::serve,
};
use handfast::{
    GapReason, Side,
    client::{CallError, ClientBuilder, ConnectError, Event, Gap, State, StreamError},
    transport::duplex,
};
use script::{
    UNBOUNDED, again, begin, greet, id_of, is_back, join, joined, message, rejoined, said,
    scripted, send,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use support::{Script, simulated, soon};
use tokio::sync::{Mutex, mpsc};

async fn enter(address: SocketAddr, name: &str) -> Client {
    Client::connect(format!("ws://{address}/ws"))
        .auth(&Auth { name: name.into() })
        .await
        .expect("the client connects")
}

#[tokio::test]
async fn requests_receive_replies() {
    soon(async {
        let (app, _, address) = serve().await;
        let client = enter(address, "ada").await;
        assert_eq!(client.state(), State::Connected);
        assert_eq!(client.skew(), None);
        client
            .chat_send(send("lobby", "hi"))
            .await
            .expect("the message is sent");
        assert_eq!(
            client.chat_send(send("full", "hi")).await,
            Err(CallError::Declared(ChatSendError::RoomFull(Limit {
                limit: 9
            })))
        );
        app.gate.add_permits(1);
        assert_eq!(client.wait(Wait {}).await, Ok(Waited {}));
    })
    .await;
}

#[tokio::test]
async fn an_invalid_request_is_not_sent() {
    soon(async {
        let (.., address) = serve().await;
        let client = enter(address, "ada").await;
        let error = client
            .chat_send(send("lobby", ""))
            .await
            .expect_err("the text is too short");
        assert_eq!(
            error.to_string(),
            "the request is invalid: /text must be at least 1 character long"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refused_session_has_a_reason() {
    soon(async {
        let (.., address) = serve().await;
        let connect = Client::connect(format!("ws://{address}/ws")).auth(&Auth {
            name: "mallory".into(),
        });
        let error = connect.await.expect_err("the server refuses");
        assert!(error.is_final());
        assert_eq!(
            error.to_string(),
            "the server refused the session: BAD_TOKEN: The token is not one of ours, or it has expired."
        );
    })
    .await;
}

#[tokio::test]
async fn an_invalid_address_is_reported() {
    soon(async {
        for (url, words) in [(
            "not a url",
            "the address cannot be used: it is not a valid URL",
        )] {
            let error = Client::connect(url)
                .await
                .expect_err("the address is invalid");
            assert_eq!(error.to_string(), words);
        }
    })
    .await;
}

#[tokio::test]
async fn a_room_is_joined_received_and_left() {
    soon(async {
        let (_, server, address) = serve().await;
        let ada = enter(address, "ada").await;
        let bob = enter(address, "bob").await;
        let mut room_of_ada = join(&ada, "r").await.expect("the join succeeds");
        assert_eq!(room_of_ada.reply, RoomJoined { members: 0 });
        bob.chat_send(send("r", "hi"))
            .await
            .expect("the message is sent");
        assert_eq!(said(room_of_ada.next().await), ("hi".into(), Some(1)));
        bob.user_typing(UserTyping {
            room_id: "r".into(),
        })
        .await
        .expect("the message is sent");
        let typing = room_of_ada.next().await;
        assert!(
            matches!(&typing, Some(Event::Message(e)) if e.seq.is_none()),
            "{typing:?}"
        );
        let members = || server.handle().room(&"r".into()).members();
        assert_eq!(members(), 1);

        // Two subscriptions to one channel are one membership at the server, which is left with the last.
        let second = join(&ada, "r").await.expect("the join succeeds");
        second.leave().await.expect("the request succeeds");
        assert_eq!(members(), 1);
        bob.chat_send(send("r", "still"))
            .await
            .expect("the message is sent");
        assert_eq!(said(room_of_ada.next().await), ("still".into(), Some(2)));
        room_of_ada.leave().await.expect("the request succeeds");
        assert_eq!(members(), 0);

        // Dropping a subscription leaves as well. The reply to a later request shows that the leave was handled.
        drop(join(&ada, "r").await.expect("the join succeeds"));
        ada.chat_send(send("x", "after"))
            .await
            .expect("the message is sent");
        assert_eq!(members(), 0);
        assert!(matches!(
            join(&ada, "full").await,
            Err(CallError::Declared(ChatSendError::RoomFull(_)))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_channel_without_messages_is_joined_by_its_key() {
    soon(async {
    let (_, server, address) = serve().await;
    let client = enter(address, "ada").await;
    let mut lobby = client.lobby().join().await.expect("the request succeeds");
    server.handle().lobby().publish(&News { text: "x".into() });
    let news = lobby.next().await;
    assert!(
        matches!(&news, Some(Event::Message(e)) if e.message == ServerMessage::News(News { text: "x".into() })),
        "{news:?}"
    );
    lobby.leave().await.expect("the request succeeds");
    assert_eq!(server.handle().lobby().members(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_stream_has_items_and_an_end() {
    soon(async {
        let (.., address) = serve().await;
        let client = enter(address, "ada").await;
        let mut ticks = client
            .prices_watch(PricesWatch { count: 2 })
            .await
            .expect("the stream starts");
        assert_eq!(ticks.next().await, Some(Ok(PricesTick { n: 0 })));
        assert_eq!(ticks.next().await, Some(Ok(PricesTick { n: 1 })));
        assert_eq!(ticks.next().await, None);
        assert_eq!(ticks.end(), Some(&PricesDone { ticks: 2 }));
        let refused = client.prices_watch(PricesWatch { count: 0 }).await;
        assert!(matches!(
            refused,
            Err(CallError::Declared(WatchError::UnknownSymbol))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled() {
    soon(async {
        let (app, _, address) = serve().await;
        let client = enter(address, "ada").await;
        let ticks = client
            .prices_watch(PricesWatch { count: 7 })
            .await
            .expect("the stream starts");
        drop(ticks);
        app.dropped
            .acquire()
            .await
            .expect("the stream is open")
            .forget();
        client
            .chat_send(send("lobby", "hi"))
            .await
            .expect("the connection stays");
    })
    .await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_client() {
    soon(async {
        let (_, server, address) = serve().await;
        let client = enter(address, "ada").await;
        let room = join(&client, "r").await.expect("the join succeeds");
        drop(client);
        assert_eq!(server.handle().connections(), 1);
        drop(room);
        server.handle().shutdown().await;
        let client = Client::connect(format!("ws://{address}/ws"))
            .auth(&Auth { name: "x".into() })
            .await;
        assert!(
            matches!(client, Err(ConnectError::Upgrade { status: 503, .. })),
            "{client:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn close_ends_everything() {
    soon(async {
        let (_, _server, address) = serve().await;
        let client = enter(address, "ada").await;
        let mut room = join(&client, "r").await.expect("the join succeeds");
        let mut messages = client.notifications();
        let waiting = client.clone();
        let waiting = tokio::spawn(async move { waiting.wait(Wait {}).await });
        tokio::task::yield_now().await;
        client.close().await;
        assert_eq!(
            client.state(),
            State::Closed(Some(handfast::transport::CloseFrame::new(1000, "")))
        );
        assert_eq!(room.next().await, None);
        assert_eq!(messages.next().await, None);
        assert_eq!(
            waiting.await.expect("the task finishes"),
            Err(CallError::OutcomeUnknown)
        );
        assert_eq!(client.wait(Wait {}).await, Err(CallError::Closed));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn skipped_sequence_numbers_are_a_gap() {
    simulated(async {
    let (client, mut script, _scripts) = begin().await;
    let mut room = joined(&client, &mut script, 41).await;
    for (text, seq) in [("a", 42), ("old", 42), ("b", 45)] {
        script.say(&message(text, seq)).await;
    }
    script
        .say(r#"{"type":"gap","payload":{"channel":"room:r","from":46,"to":50}}"#)
        .await;
    script.say(&message("c", 51)).await;
    script
        .say(r#"{"type":"chat.message","payload":{},"channel":"room:r","seq":52}"#)
        .await;
    script
        .say(r#"{"type":"chat.newer","payload":{"x":1},"channel":"room:r","seq":53}"#)
        .await;
    script.say(&message("d", 54)).await;
    assert_eq!(said(room.next().await), ("a".into(), Some(42)));
    assert_eq!(
        room.next().await,
        Some(Event::Gap(Gap {
            from: Some(43),
            to: Some(44), reason: None
        }))
    );
    assert_eq!(said(room.next().await), ("b".into(), Some(45)));
    assert_eq!(
        room.next().await,
        Some(Event::Gap(Gap {
            from: Some(46),
            to: Some(50), reason: None
        }))
    );
    assert_eq!(said(room.next().await), ("c".into(), Some(51)));
    let unfit = room.next().await;
    assert!(
        matches!(&unfit, Some(Event::DecodeError(r)) if r.payload.as_deref() == Some("{}")),
        "{unfit:?}"
    );
    let newer = room.next().await;
    assert!(
        matches!(&newer, Some(Event::DecodeError(r)) if r.payload.as_deref() == Some(r#"{"x":1}"#)),
        "{newer:?}"
    );
    assert_eq!(said(room.next().await), ("d".into(), Some(54)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscription_gets_a_gap() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let client = tokio::spawn(connect.capacity(2).into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        let mut room = joined(&client, &mut script, 0).await;
        for seq in 1..=5 {
            script.say(&message("x", seq)).await;
        }
        script.say(r#"{"type":"ping"}"#).await;
        script.expect(r#"{"type":"pong"}"#).await;
        assert_eq!(said(room.next().await).1, Some(1));
        assert_eq!(said(room.next().await).1, Some(2));
        assert_eq!(
            room.next().await,
            Some(Event::Gap(Gap {
                from: Some(3),
                to: Some(5),
                reason: None
            }))
        );
        script.say(&message("x", 6)).await;
        assert_eq!(said(room.next().await).1, Some(6));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_reestablished() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut room = joined(&client, &mut script, 41).await;
        let call = |client: &Client, text: &str| {
            let (client, message) = (client.clone(), send("r", text));
            tokio::spawn(async move { client.chat_send(message).await })
        };
        let lost = call(&client, "lost");
        script
            .expect(r#"{"type":"chat.send","payload":{"roomId":"r","text":"lost"},"id":"2"}"#)
            .await;
        drop(script);
        // The server may have handled it, so it is not sent again.
        assert_eq!(
            lost.await.expect("the task finishes"),
            Err(CallError::OutcomeUnknown)
        );
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        // This request was not written yet.
        let later = call(&client, "later");

        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let rejoin = script.next().await;
        let id = rejoin
            .strip_prefix(r#"{"type":"room.join","payload":{"roomId":"r"},"id":""#)
            .and_then(|rest| rest.strip_suffix(r#""}"#))
            .expect("the rejoin comes first")
            .to_owned();
        let send = script.next().await;
        assert!(send.contains("later"), "{send}");
        script
        .say(&format!(
            r#"{{"type":"room.joined","payload":{{"members":0}},"id":"{id}","channel":"room:r","seq":44,"epoch":"e"}}"#
        ))
        .await;
        script.say(&message("again", 45)).await;
        script.say(r#"{"type":"chat.sent","id":"3"}"#).await;
        assert_eq!(is_back(room.next().await), Some(44));
        assert_eq!(
            room.next().await,
            Some(Event::Gap(Gap {
                from: Some(42),
                to: Some(44),
                reason: None
            }))
        );
        assert_eq!(said(room.next().await), ("again".into(), Some(45)));
        later
            .await
            .expect("the task finishes")
            .expect("the message is sent");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_epoch_is_a_gap() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut room = joined(&client, &mut script, 41).await;
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let rejoin = script.next().await;
        let id = id_of(&rejoin);
        script
        .say(&format!(
            r#"{{"type":"room.joined","payload":{{"members":0}},"id":"{id}","channel":"room:r","seq":41,"epoch":"f"}}"#
        ))
        .await;
        assert_eq!(is_back(room.next().await), Some(41));
        assert_eq!(
            room.next().await,
            Some(Event::Gap(Gap {
                from: None,
                to: None,
                reason: Some(GapReason::Epoch)
            }))
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_final_close_is_not_retried() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.close(4409, "another connection took over").await;
        let state = client
            .wait_for_state(|state| matches!(state, State::Closed(_)))
            .await;
        let closing = handfast::transport::CloseFrame::new(4409, "another connection took over");
        assert_eq!(state, State::Closed(Some(closing)));
        assert!(scripts.try_recv().is_err());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn backoff_grows_and_stays_below_its_bound() {
    simulated(async {
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let times = attempts.clone();
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Chat, Client>::over(move || {
            let (times, sender) = (times.clone(), sender.clone());
            async move {
                let mut times = times.lock().await;
                times.push(tokio::time::Instant::now());
                if times.len() > 1 && times.len() < 12 {
                    return Err("the server is offline");
                }
                let (client, server) = duplex(64);
                sender
                    .send(Script(server))
                    .await
                    .map_err(|_| "the test is over")?;
                Ok(client)
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let _client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let times = attempts.lock().await;
        let mut bound = Duration::from_millis(500);
        for pair in times.windows(2) {
            assert!(
                pair[1] - pair[0] <= bound + Duration::from_millis(1),
                "{pair:?} within {bound:?}"
            );
            bound = (bound * 2).min(Duration::from_secs(30));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_times_out() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let started = tokio::time::Instant::now();
        let answer = client.chat_send(send("r", "x")).await;
        assert_eq!(answer, Err(CallError::Timeout));
        assert_eq!(started.elapsed().as_secs(), 5);
        script.next().await;
        // Too late: the request has timed out.
        script.say(r#"{"type":"chat.sent","id":"1"}"#).await;
        script.say(r#"{"type":"ping"}"#).await;
        script.expect(r#"{"type":"pong"}"#).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_pinged() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let started = tokio::time::Instant::now();
        script.expect(r#"{"type":"ping"}"#).await;
        assert_eq!(started.elapsed().as_secs(), 25);
        assert!(script.next().await.contains("4000"));
        assert_eq!(started.elapsed().as_secs(), 35);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        client
            .wait_for_state(|state| *state == State::Connected)
            .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn skew_is_reported_and_an_old_server_refused() {
    simulated(async {
    for (version, hash) in [("1.3.0", "other"), ("0.9.0", HASH)] {
        let (connect, mut scripts) = scripted();
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        script.next().await;
        script
            .say(&format!(
                r#"{{"type":"ready","payload":{{"version":"{version}","hash":"{hash}","session":"s"}}}}"#
            ))
            .await;
        match client.await.expect("the task finishes") {
            Ok(client) => {
                let skew = client.skew().expect("the hashes differ");
                assert_eq!((&*skew.version, &*skew.hash), ("1.3.0", "other"));
            }
            Err(ConnectError::Version { side, message }) => {
                assert_eq!(side, Side::Server);
                assert_eq!(
                    message,
                    "the server speaks 0.9.0, and this client takes >=1.0: the server is too old"
                );
            }
            Err(error) => panic!("{error}"),
        }
    }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn notifications_are_received() {
    simulated(async {
    let (client, mut script, _scripts) = begin().await;
    let mut messages = client.notifications();
    script
        .say(r#"{"type":"news","payload":{"text":"x"},"channel":"lobby"}"#)
        .await;
    script.say(r#"{"type":"newer","payload":{}}"#).await;
    let news = messages.next().await;
    assert!(
        matches!(&news, Some(Event::Message(e)) if e.message == ServerMessage::News(News { text: "x".into() })),
        "{news:?}"
    );
    assert!(matches!(messages.next().await, Some(Event::DecodeError(_))));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_invalid_reply_fails_its_request() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        for (answer, words) in [
            (
                r#"{"type":"room.joined","payload":{"members":0},"id":"1"}"#,
                "the reply is a different message than the protocol declares",
            ),
            (
                r#"{"type":"room.joined","payload":{},"id":"2"}"#,
                "the reply cannot be decoded",
            ),
            (
                r#"{"type":"error","payload":{"code":"INTERNAL","message":"the server failed"},"id":"3"}"#,
                "the other end replied with INTERNAL: the server failed",
            ),
            (
                r#"{"type":"error","payload":{"code":"NOT_IN_ROOM","message":"…"},"id":"4"}"#,
                "Join the room first.",
            ),
        ] {
            let call = tokio::spawn({
                let client = client.clone();
                async move { client.chat_send(send("r", "x")).await }
            });
            script.next().await;
            script.say(answer).await;
            let error = call
                .await
                .expect("the task finishes")
                .expect_err("the request fails");
            assert_eq!(error.to_string(), words);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_published_message_names_its_channel() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut messages = client.notifications();
        script
            .say(r#"{"type":"news","payload":{"text":"x"}}"#)
            .await;
        match messages.next().await {
            Some(Event::DecodeError(rejected)) => assert_eq!(
                rejected.to_string(),
                "the envelope does not fit: must have the property \"channel\""
            ),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn json_in_a_binary_frame_is_a_decode_error() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut messages = client.notifications();
        script
            .say_bytes(br#"{"type":"news","payload":{"text":"x"},"channel":"lobby"}"#)
            .await;
        match messages.next().await {
            Some(Event::DecodeError(rejected)) => assert_eq!(rejected.kind.code(), "SYNTAX"),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_too_large_is_not_sent() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let room_id = "x".repeat(70_000);
        let answer = client.chat_send(send(&room_id, "x")).await;
        assert_eq!(answer, Err(CallError::Encode));
        let answer = client.user_typing(UserTyping { room_id }).await;
        assert_eq!(answer, Err(CallError::Encode));
        script.say(r#"{"type":"ping"}"#).await;
        script.expect(r#"{"type":"pong"}"#).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_not_sent_again() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.prices_watch(PricesWatch { count: 3 }).await }
        });
        script.next().await;
        script.say(r#"{"type":"prices.watching","id":"1"}"#).await;
        let mut ticks = call
            .await
            .expect("the task finishes")
            .expect("the stream starts");
        drop(script);
        assert_eq!(
            ticks.next().await,
            Some(Err(StreamError::Closed(CallError::OutcomeUnknown)))
        );
        assert_eq!(ticks.next().await, None);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        script.say(r#"{"type":"ping"}"#).await;
        script.expect(r#"{"type":"pong"}"#).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejoin_without_a_reply_is_reported_and_may_complete_later() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut room = joined(&client, &mut script, 41).await;
        let (script, _) = again(script, &mut scripts).await;
        let lost = tokio::time::Instant::now();
        assert_eq!(room.next().await, UNBOUNDED);
        assert_eq!(lost.elapsed().as_secs(), 10);
        let (mut script, id) = again(script, &mut scripts).await;
        assert_eq!(room.next().await, UNBOUNDED);
        // The reply arrives late.
        script.say(&rejoined(&id, 44)).await;
        script.say(&message("x", 45)).await;
        assert_eq!(is_back(room.next().await), Some(44));
        assert_eq!(
            room.next().await,
            Some(Event::Gap(Gap {
                from: Some(42),
                to: Some(44),
                reason: None
            }))
        );
        assert_eq!(said(room.next().await), ("x".into(), Some(45)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sequence_that_went_back_is_an_unbounded_gap() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut room = joined(&client, &mut script, 41).await;
        let (mut script, id) = again(script, &mut scripts).await;
        script.say(&rejoined(&id, 7)).await;
        script.say(&message("x", 8)).await;
        assert_eq!(is_back(room.next().await), Some(7));
        assert_eq!(room.next().await, UNBOUNDED);
        assert_eq!(said(room.next().await), ("x".into(), Some(8)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_rejoin_ends_the_subscription() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        for (answer, words) in [
            (
                r#"{"type":"error","payload":{"code":"NOT_IN_ROOM","message":"You were banned."},"id":"ID"}"#,
                "the other end replied with NOT_IN_ROOM: You were banned.",
            ),
            (
                r#"{"type":"room.joined","payload":{},"id":"ID","channel":"room:r","seq":41,"epoch":"e"}"#,
                "the reply cannot be decoded",
            ),
            (
                r#"{"type":"chat.sent","id":"ID"}"#,
                "the reply is a different message than the protocol declares",
            ),
        ] {
            let call = tokio::spawn({
                let client = client.clone();
                async move { join(&client, "r").await }
            });
            let join = script.next().await;
            let id = join
                .rsplit('"')
                .nth(1)
                .expect("the request has an id")
                .to_owned();
            script.say(&rejoined(&id, 41)).await;
            let mut room = call
                .await
                .expect("the task finishes")
                .expect("the request succeeds");
            let (next, id) = again(script, &mut scripts).await;
            script = next;
            script.say(&answer.replace("ID", &id)).await;
            match room.next().await {
                Some(Event::Lost(error)) => assert_eq!(error.to_string(), words),
                other => panic!("{other:?}"),
            }
            assert_eq!(room.next().await, None);
            // The server may have added the client.
            if !answer.contains("NOT_IN_ROOM") {
                let leave = script.next().await;
                assert!(leave.contains("room.leave"), "{leave}");
                let id = leave.rsplit('"').nth(1).expect("it has an id");
                script
                    .say(&format!(r#"{{"type":"room.left","id":"{id}"}}"#))
                    .await;
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_queued_behind_a_refused_hello_was_not_sent() {
    simulated(async {
        let (client, script, mut scripts) = begin().await;
        drop(script);
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.chat_send(send("r", "x")).await }
        });
        let mut script = scripts.recv().await.expect("the client reconnects");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"BAD_TOKEN","message":"It has expired."}}"#)
            .await;
        assert_eq!(
            waiting.await.expect("the task finishes"),
            Err(CallError::Closed)
        );
        let closing = handfast::transport::CloseFrame::new(4401, "BAD_TOKEN: It has expired.");
        assert_eq!(client.state(), State::Closed(Some(closing)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_hash_has_no_skew() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        script.next().await;
        script
            .say(r#"{"type":"ready","payload":{"version":"1.3.0","session":"s"}}"#)
            .await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        assert_eq!(client.skew(), None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn credentials_are_fetched_for_each_connection() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let attempts = std::sync::atomic::AtomicUsize::new(0);
        let connect = connect.auth_with(move || {
            let n = attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                match n {
                    1 => Err("the token service is down"),
                    _ => Ok(Auth {
                        name: format!("ada{n}"),
                    }),
                }
            }
        });
        let client = tokio::spawn(connect.into_future());
        let mut heard = Vec::new();
        let mut script = scripts.recv().await.expect("the client connects");
        heard.push(script.next().await);
        script
            .say(r#"{"type":"ready","payload":{"version":"1.2.0","session":"s"}}"#)
            .await;
        let _client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        heard.push(script.next().await);
        for (hello, name) in heard.iter().zip(["ada0", "ada2"]) {
            assert!(
                hello.contains(&format!(r#""auth":{{"name":"{name}"}}"#)),
                "{hello}"
            );
        }
    })
    .await;
}
