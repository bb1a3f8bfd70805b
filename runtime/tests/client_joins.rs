//! The channels of a client: subscriptions, the order of joins and leaves, and rejoins after a reconnect.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{RoomJoined, ServerMessage, raw::serve};
use handfast::{
    Protocol,
    client::{CallError, ClientBuilder, Event, Gap, State},
};
use script::{
    UNBOUNDED, again, begin, begin_narrow, begin_with, enter, error, greet, id_of, is_back, join,
    let_in, message, read, rejoined, said, scripted, send, settle, spawn_join,
};
use std::collections::{BTreeMap, HashSet};
use support::{simulated, soon};

#[tokio::test(start_paused = true)]
async fn a_leave_does_not_overtake_a_join_that_is_pending() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let first = enter(&client, &mut script, "r", 41).await;
        let second = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        // The first subscription leaves while the second join is pending.
        drop(first);
        read(&mut script).await;
        script.say(&let_in("r", &id, 41)).await;
        let mut second = second
            .await
            .expect("the task finishes")
            .expect("the request succeeds");
        script.say(&message("x", 42)).await;
        assert_eq!(said(second.next().await), ("x".into(), Some(42)));
        // The last subscription leaves the channel.
        drop(second);
        assert!(script.next().await.contains("room.leave"));
    })
    .await;
}

#[tokio::test]
async fn a_leave_beside_a_pending_join_leaves_the_server_joined() {
    soon(async {
        let (_app, server, address) = serve().await;
        let client = chat::Client::connect(format!("ws://{address}/ws"))
            .auth(&chat::Auth { name: "ada".into() })
            .await
            .expect("the client connects");
        for _ in 0..20 {
            let first = join(&client, "r").await.expect("the request succeeds");
            let second = spawn_join(&client, "r");
            tokio::task::yield_now().await;
            drop(first);
            let mut second = second
                .await
                .expect("the task finishes")
                .expect("the request succeeds");
            client
                .chat_send(send("r", "hi"))
                .await
                .expect("the message is sent");
            assert_eq!(said(second.next().await).0, "hi");
            second.leave().await.expect("the request succeeds");
            assert_eq!(server.handle().room(&"r".into()).members(), 0);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_leaves_for_subscriptions_that_left_meanwhile() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let first = enter(&client, &mut script, "r", 41).await;
        let second = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        drop(first);
        script.say(&error("NOT_IN_ROOM", &id, false)).await;
        second
            .await
            .expect("the task finishes")
            .expect_err("the server refuses");
        assert!(script.next().await.contains("room.leave"));
        // A subscription that was refused has nothing to leave.
        let third = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        script.say(&error("NOT_IN_ROOM", &id, false)).await;
        third
            .await
            .expect("the task finishes")
            .expect_err("the server refuses");
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_join_after_a_leave_starts_a_new_membership() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let first = enter(&client, &mut script, "r", 41).await;
        let left = tokio::spawn(first.leave());
        let leave = script.next().await;
        assert!(leave.contains("room.leave"), "{leave}");
        // The leave is pending.
        let second = spawn_join(&client, "r");
        let join = script.next().await;
        script
            .say(&format!(
                r#"{{"type":"room.left","id":"{}"}}"#,
                id_of(&leave)
            ))
            .await;
        left.await
            .expect("the task finishes")
            .expect("the leave succeeds");
        script.say(&let_in("r", &id_of(&join), 7)).await;
        let mut second = second
            .await
            .expect("the task finishes")
            .expect("the request succeeds");
        // The sequence continues from the new join.
        script.say(&message("x", 8)).await;
        assert_eq!(said(second.next().await), ("x".into(), Some(8)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_join_is_left() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        // It times out after it was written.
        let late = spawn_join(&client, "r");
        assert!(script.next().await.contains("room.join"));
        let late = late.await.expect("the task finishes").map(|_| ());
        assert_eq!(late, Err(CallError::Timeout));
        assert!(script.next().await.contains("room.leave"));
        // It is dropped after it was written.
        let dropped = spawn_join(&client, "r");
        assert!(script.next().await.contains("room.join"));
        dropped.abort();
        assert!(script.next().await.contains("room.leave"));
        // Its reply cannot be decoded.
        let unfit = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        script
            .say(&format!(
                r#"{{"type":"room.joined","payload":{{}},"id":"{id}","channel":"room:r"}}"#
            ))
            .await;
        unfit
            .await
            .expect("the task finishes")
            .expect_err("the reply cannot be decoded");
        assert!(script.next().await.contains("room.leave"));
        // The server's handler took too long.
        let slow = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        script.say(&error("TIMEOUT", &id, false)).await;
        let slow = slow.await.expect("the task finishes").map(|_| ());
        assert_eq!(slow, Err(CallError::Timeout));
        assert!(script.next().await.contains("room.leave"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_join_that_was_not_written_is_withdrawn() {
    simulated(async {
        let (client, mut script, _scripts) = begin_narrow(chat::Chat::DESCRIPTOR.limits).await;
        let fill = |text: &'static str| {
            let client = client.clone();
            tokio::spawn(async move { client.chat_send(send("a", text)).await })
        };
        let first = fill("first");
        settle().await;
        let second = fill("second");
        settle().await;
        let join = spawn_join(&client, "r");
        settle().await;
        join.abort();
        settle().await;
        for _ in [first, second] {
            assert!(script.next().await.contains("chat.send"));
        }
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_leave_without_a_connection_is_done_at_once() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let room = enter(&client, &mut script, "r", 41).await;
        let other = enter(&client, &mut script, "s", 1).await;
        // One leave is pending when the connection is lost.
        let under_way = tokio::spawn(other.leave());
        assert!(script.next().await.contains("room.leave"));
        drop(script);
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        under_way
            .await
            .expect("the task finishes")
            .expect("the leave succeeds");
        room.leave().await.expect("the leave succeeds");
        let again = spawn_join(&client, "r");
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let join = script.next().await;
        assert!(join.contains("room.join"), "{join}");
        script.say(&let_in("r", &id_of(&join), 50)).await;
        let _room = again
            .await
            .expect("the task finishes")
            .expect("the request succeeds");
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_old_rejoin_does_not_disturb_a_new_room() {
    simulated(async {
        for old_first in [true, false] {
            let (client, mut script, mut scripts) = begin().await;
            let room = enter(&client, &mut script, "r", 41).await;
            drop(script);
            let mut script = scripts.recv().await.expect("the client reconnects");
            greet(&mut script).await;
            let old = id_of(&script.next().await);
            // The room is left and joined again before the reply to the rejoin.
            drop(room);
            assert!(script.next().await.contains("room.leave"));
            let joining = spawn_join(&client, "r");
            let new = id_of(&script.next().await);
            let refused = error("NOT_IN_ROOM", &old, false);
            if old_first {
                script.say(&refused).await;
            }
            script.say(&let_in("r", &new, 50)).await;
            if !old_first {
                script.say(&refused).await;
            }
            let mut room = joining
                .await
                .expect("the task finishes")
                .expect("the request succeeds");
            script.say(&message("x", 51)).await;
            assert_eq!(said(room.next().await), ("x".into(), Some(51)));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn resent_requests_stay_before_unsent_ones() {
    simulated(async {
        let (client, mut script, mut scripts) = begin_narrow(chat::Chat::DESCRIPTOR.limits).await;
        let call = |text: &'static str| {
            let client = client.clone();
            tokio::spawn(async move { client.chat_send(send("a", text)).await })
        };
        // The first is written and idempotent, the second is written, and the third is queued.
        let first = spawn_join(&client, "a");
        settle().await;
        let second = call("second");
        settle().await;
        let third = call("third");
        settle().await;
        assert!(script.next().await.contains("room.join"));
        drop(script);
        let second = second.await.expect("the task finishes");
        assert_eq!(second, Err(CallError::OutcomeUnknown));
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let join = script.next().await;
        assert!(join.contains("room.join"), "{join}");
        let sent = script.next().await;
        assert!(sent.contains("third"), "{sent}");
        script.say(&let_in("a", &id_of(&join), 0)).await;
        script
            .say(&format!(
                r#"{{"type":"chat.sent","id":"{}"}}"#,
                id_of(&sent)
            ))
            .await;
        let _room = first
            .await
            .expect("the task finishes")
            .expect("the request succeeds");
        third
            .await
            .expect("the task finishes")
            .expect("the message is sent");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_temporarily_refused_rejoin_keeps_the_channel() {
    simulated(async {
        for code in ["ROOM_FULL", "RATE_LIMITED", "TIMEOUT"] {
            let (client, mut script, mut scripts) = begin().await;
            let mut room = enter(&client, &mut script, "r", 41).await;
            drop(script);
            let mut script = scripts.recv().await.expect("the client reconnects");
            greet(&mut script).await;
            for _ in 0..3 {
                let id = id_of(&script.next().await);
                let refused = tokio::time::Instant::now();
                script.say(&error(code, &id, code != "TIMEOUT")).await;
                let next = script.next().await;
                assert!(next.contains("room.join"), "{next}");
                assert!(refused.elapsed().as_millis() >= 100, "{code}");
                script.say(&error(code, &id_of(&next), true)).await;
            }
            let id = id_of(&script.next().await);
            script.say(&let_in("r", &id, 44)).await;
            script.say(&message("x", 45)).await;
            assert_eq!(room.next().await, UNBOUNDED);
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
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_subscription_learns_what_the_first_missed() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut first = enter(&client, &mut script, "r", 41).await;
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let rejoin = id_of(&script.next().await);
        let second = spawn_join(&client, "r");
        let join = id_of(&script.next().await);
        // The replies arrive in either order; each has the current sequence number.
        script.say(&let_in("r", &join, 44)).await;
        script.say(&let_in("r", &rejoin, 44)).await;
        let mut second = second
            .await
            .expect("the task finishes")
            .expect("the request succeeds");
        script.say(&message("x", 45)).await;
        assert_eq!(is_back(first.next().await), Some(44));
        assert_eq!(
            first.next().await,
            Some(Event::Gap(Gap {
                from: Some(42),
                to: Some(44),
                reason: None
            }))
        );
        // The reply to the rejoin is for both.
        for room in [&mut first, &mut second] {
            assert_eq!(is_back(room.next().await), Some(44));
            assert_eq!(said(room.next().await).1, Some(45));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_subscription_receives_the_reply_to_a_rejoin() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut first = enter(&client, &mut script, "r", 41).await;
        let mut second = enter(&client, &mut script, "r", 41).await;
        let (mut script, id) = again(script, &mut scripts).await;
        let reply = rejoined(&id, 44).replace(r#""members":0"#, r#""members":7"#);
        script.say(&reply).await;
        script.say(&message("x", 45)).await;
        for room in [&mut first, &mut second] {
            assert_eq!(room.reply.members, 0);
            let Some(Event::Joined(Some(envelope))) = room.next().await else {
                panic!("the reply comes first");
            };
            assert_eq!(
                (envelope.seq, envelope.channel.as_deref()),
                (Some(44), Some("room:r"))
            );
            let reply = RoomJoined { members: 7 };
            assert_eq!(envelope.message, ServerMessage::RoomJoined(reply));
            let gap = Gap {
                from: Some(42),
                to: Some(44),
                reason: None,
            };
            assert_eq!(room.next().await, Some(Event::Gap(gap)));
            assert_eq!(said(room.next().await), ("x".into(), Some(45)));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejoin_with_the_message_of_the_session_is_an_event_without_a_reply() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let answer = |id: &str| {
            format!(
                r#"{{"type":"join","payload":{{"channel":"lobby"}},"id":"{id}","channel":"lobby"}}"#
            )
        };
        let joining = tokio::spawn({
            let client = client.clone();
            async move { client.lobby().join().await }
        });
        let id = id_of(&script.next().await);
        script.say(&answer(&id)).await;
        let joined = joining.await.expect("the task finishes");
        let mut lobby = joined.expect("it is joined");
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let id = id_of(&script.next().await);
        script.say(&answer(&id)).await;
        assert_eq!(soon(lobby.next()).await, Some(Event::Joined(None)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_a_rejoin_counts_as_a_message_in_the_queue() {
    simulated(async {
        let (connect, scripts) = scripted();
        let (client, mut script, mut scripts) = begin_with(connect.capacity(1), scripts).await;
        let mut room = enter(&client, &mut script, "r", 41).await;
        script.say(&message("x", 42)).await;
        let (mut script, id) = again(script, &mut scripts).await;
        script.say(&rejoined(&id, 42)).await;
        read(&mut script).await;
        assert_eq!(said(room.next().await), ("x".into(), Some(42)));
        assert_eq!(room.next().await, UNBOUNDED);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn channels_are_rejoined_a_few_at_a_time() {
    simulated(async {
        const ROOMS: usize = 100;
        let (client, mut script, mut scripts) = begin().await;
        let mut rooms = Vec::new();
        for n in 0..ROOMS {
            rooms.push(enter(&client, &mut script, &format!("r{n}"), 0).await);
        }
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        let mut joined = HashSet::new();
        let mut waiting = BTreeMap::new();
        while joined.len() < ROOMS {
            // Everything that arrives without a reply: a message after a ping was not held back.
            // A pong precedes what is queued; the second one follows it.
            let mut pongs = 0;
            script.say(r#"{"type":"ping"}"#).await;
            while pongs < 2 {
                let text = script.next().await;
                if text.contains("pong") {
                    pongs += 1;
                    if pongs == 1 {
                        script.say(r#"{"type":"ping"}"#).await;
                    }
                    continue;
                }
                let room = text
                    .split('"')
                    .nth(9)
                    .expect("the message names a room")
                    .to_owned();
                waiting.insert(id_of(&text), room);
            }
            assert!(waiting.len() <= 16, "{}", waiting.len());
            let (id, room) = waiting.pop_first().expect("one more rejoin is pending");
            script.say(&let_in(&room, &id, 0)).await;
            joined.insert(room);
        }
        // No channel was lost and no message missed.
        for (n, room) in rooms.iter_mut().enumerate() {
            script
                .say(&message("x", 1).replace("room:r", &format!("room:r{n}")))
                .await;
            assert!(matches!(room.next().await, Some(Event::Joined(Some(_)))));
            assert_eq!(said(room.next().await).1, Some(1));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_swallows_rejoins_does_not_stop_the_others() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut rooms = Vec::new();
        for n in 0..20 {
            rooms.push(enter(&client, &mut script, &format!("r{n}"), 0).await);
        }
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        for n in 0..16 {
            assert!(script.next().await.contains(&format!(r#""r{n}""#)));
        }
        for n in 16..20 {
            assert!(script.next().await.contains(&format!(r#""r{n}""#)));
        }
        for room in &mut rooms {
            assert_eq!(room.next().await, UNBOUNDED);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_for_another_channel_is_unexpected() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let joining = spawn_join(&client, "r");
        let id = id_of(&script.next().await);
        script.say(&let_in("s", &id, 0)).await;
        let answer = joining.await.expect("the task finishes").map(|_| ());
        assert_eq!(answer, Err(CallError::UnexpectedReply));
        assert!(script.next().await.contains("room.leave"));
    })
    .await;
}

/// The real server with a rate limit that all rejoins at once would exceed.
#[tokio::test(start_paused = true)]
async fn a_rate_limit_loses_no_channel() {
    simulated(async {
        let limits = handfast::descriptor::Limits {
            rate: Some((100, std::time::Duration::from_secs(60))),
            ..handfast::descriptor::Limits::DEFAULT
        };
        let server = chat::Server::builder(chat::App::new()).limits(limits).build();
        let cut = std::sync::Arc::new(tokio::sync::Notify::new());
        let connect = ClientBuilder::<chat::Chat, chat::Client>::over({
            let (server, cut) = (server.clone(), cut.clone());
            move || {
                let (server, cut) = (server.clone(), cut.clone());
                async move {
                    let (ours, theirs) = handfast::transport::duplex(64);
                    tokio::spawn(async move {
                        tokio::select! {
                            () = server.serve(theirs, handfast::server::ConnectionInfo::default()) => {}
                            () = cut.notified() => {}
                        }
                    });
                    Ok::<_, std::convert::Infallible>(ours)
                }
            }
        });
        let client = connect
            .auth(&chat::Auth { name: "ada".into() })
            .limits(limits)
            .await
            .expect("the client connects");
        let mut rooms = Vec::new();
        while rooms.len() < 130 {
            match join(&client, &format!("r{}", rooms.len())).await {
                Ok(room) => rooms.push(room),
                Err(CallError::Remote(error)) => {
                    assert!(error.retryable, "{error}");
                    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        cut.notify_waiters();
        client.wait_for_state(|s| matches!(s, State::Reconnecting { .. })).await;
        client.wait_for_state(|s| *s == State::Connected).await;
        let started = tokio::time::Instant::now();
        let members = |n| server.handle().room(&format!("r{n}")).members();
        while (0..130).any(|n| members(n) == 0) {
            assert!(started.elapsed().as_secs() < 300);
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        assert_eq!(client.state(), State::Connected);
        for room in &mut rooms {
            // The reply, perhaps behind a gap, but never `Lost`.
            let mut next = room.next().await;
            if let Some(Event::Gap(_)) = next {
                next = room.next().await;
            }
            assert!(matches!(next, Some(Event::Joined(_))), "{next:?}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_refused_does_not_leave_what_the_server_added_the_client_to() {
    simulated(async {
        let notice = r#"{"type":"join","payload":{"channel":"room:r"},"channel":"room:r","seq":41,"epoch":"e"}"#;
        for is_early in [true, false] {
            let (client, mut script, _scripts) = begin().await;
            if is_early {
                script.say(notice).await;
                read(&mut script).await;
            }
            let pending = spawn_join(&client, "r");
            let id = id_of(&script.next().await);
            if !is_early {
                script.say(notice).await;
            }
            script.say(&error("UNAUTHORIZED", &id, false)).await;
            let refused = pending.await.expect("the task finishes");
            assert!(refused.is_err());
            // Nothing was sent in between.
            read(&mut script).await;
            let mut room = client
                .room(&"r".into())
                .subscribe()
                .expect("it is in the room");
            script.say(&message("x", 42)).await;
            assert_eq!(said(room.next().await), ("x".into(), Some(42)));
            drop(room);
            assert!(script.next().await.contains("room.leave"));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_sends_with_its_channel() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let room = enter(&client, &mut script, "r", 41).await;
        let typing = chat::UserTyping {
            room_id: "r".into(),
        };
        room.send(&typing).await.expect("it is queued");
        let message = script.next().await;
        assert!(message.contains(r#""channel":"room:r""#), "{message}");
        let other = room.send(&chat::RoomLeft {}).await;
        assert_eq!(other, Err(CallError::Encode));
        let left = tokio::spawn(room.leave());
        assert!(script.next().await.contains("room.leave"));
        left.abort();
    })
    .await;
}
