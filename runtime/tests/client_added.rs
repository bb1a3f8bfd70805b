//! Channels that a server adds a client to or removes it from, and joins whose outcome the client does not know.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use handfast::{
    Protocol,
    client::{Event, Gap},
};
use script::{
    UNBOUNDED, again, begin, enter, error, greet, id_of, message, read, said, settle, spawn_join,
};
use support::{log, simulated, soon};

/// What the server says when it adds the client to a channel.
fn added(key: &str, seq: u64) -> String {
    let payload = format!(r#"{{"channel":"{key}"}}"#);
    format!(r#"{{"type":"join","payload":{payload},"channel":"{key}","seq":{seq},"epoch":"e"}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_server_adds_the_client_to_no_channel_with_a_long_key() {
    log::keep();
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut events = client.notifications();
        let longest = format!("room:{}!", "\u{e4}".repeat(509));
        script.say(&added(&format!("{longest}!"), 41)).await;
        script.say(&added(&longest, 41)).await;
        assert_eq!(soon(events.next()).await, Some(Event::Added(longest)));
    })
    .await;
    let lines = log::lines();
    let is_said = |line: &String| line.contains("the key of its channel is too long");
    assert_eq!(lines.iter().filter(|line| is_said(line)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_adds_while_a_leave_is_not_answered_is_left_by_it() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut events = client.notifications();
        let left = |id: &str| format!(r#"{{"type":"room.left","id":"{id}"}}"#);
        for answer in [Some(true), Some(false), None] {
            let room = enter(&client, &mut script, "r", 41).await;
            // It does not wait for the answer.
            drop(room);
            let id = id_of(&script.next().await);
            script.say(&added("room:r", 42)).await;
            script.say(&added("room:other", 42)).await;
            let other = Some(Event::Added("room:other".into()));
            assert_eq!(soon(events.next()).await, other);
            script
                .say(
                    r#"{"type":"leave","payload":{"channel":"room:other"},"channel":"room:other"}"#,
                )
                .await;
            match answer {
                Some(true) => script.say(&left(&id)).await,
                Some(false) => script.say(&error("INTERNAL", &id, false)).await,
                // However late the answer is.
                None => {
                    tokio::time::sleep(chat::Chat::DESCRIPTOR.session.timeout).await;
                    script.say(&added("room:r", 42)).await;
                    read(&mut script).await;
                    assert!(client.room(&"r".into()).subscribe().is_none());
                    script.say(&left(&id)).await;
                }
            }
            script.say(&added("room:r", 43)).await;
            let again = Some(Event::Added("room:r".into()));
            assert_eq!(soon(events.next()).await, again);
            let room = client.room(&"r".into()).subscribe();
            drop(room.expect("it is in the room"));
            let id = id_of(&script.next().await);
            script.say(&left(&id)).await;
            read(&mut script).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_learns_that_the_server_has_added_the_client_again() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.say(&added("room:r", 41)).await;
        settle().await;
        let mut room = client.room(&"r".into()).subscribe().expect("it was added");
        drop(script);
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        assert_eq!(soon(room.next()).await, UNBOUNDED);
        script.say(&added("room:r", 43)).await;
        assert_eq!(soon(room.next()).await, Some(Event::Joined(None)));
        let gap = Gap {
            from: Some(42),
            to: Some(43),
            reason: None,
        };
        assert_eq!(soon(room.next()).await, Some(Event::Gap(gap)));
        // It is in the channel: that is no news.
        script.say(&added("room:r", 43)).await;
        script.say(&message("x", 44)).await;
        assert_eq!(said(soon(room.next()).await), ("x".into(), Some(44)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_removal_beside_a_join_that_was_given_up_leaves() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut room = enter(&client, &mut script, "r", 41).await;
        let second = spawn_join(&client, "r");
        assert!(script.next().await.contains("room.join"));
        second.abort();
        let _ = second.await;
        let removal = r#"{"type":"leave","payload":{"channel":"room:r"},"channel":"room:r"}"#;
        script.say(removal).await;
        assert_eq!(room.next().await, Some(Event::Removed));
        // The server handles the join after the removal.
        assert!(script.next().await.contains("room.leave"));
        drop(room);
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejoin_that_is_refused_after_one_of_unknown_outcome_leaves() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut room = enter(&client, &mut script, "r", 41).await;
        let (mut script, id) = again(script, &mut scripts).await;
        script.say(&error("TIMEOUT", &id, false)).await;
        assert_eq!(room.next().await, UNBOUNDED);
        let rejoin = script.next().await;
        script
            .say(&error("NOT_IN_ROOM", &id_of(&rejoin), false))
            .await;
        assert!(matches!(room.next().await, Some(Event::Lost(_))));
        assert!(script.next().await.contains("room.leave"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_leaves_what_the_server_has_added_and_the_application_has_left() {
    simulated(async {
        for leaves in [false, true] {
            let (client, mut script, _scripts) = begin().await;
            let joining = spawn_join(&client, "r");
            let id = id_of(&script.next().await);
            script.say(&added("room:r", 41)).await;
            settle().await;
            if leaves {
                drop(client.room(&"r".into()).subscribe().expect("it was added"));
            }
            script.say(&error("NOT_IN_ROOM", &id, false)).await;
            let refused = joining.await.expect("the task finishes");
            refused.expect_err("the server refuses");
            match leaves {
                true => assert!(script.next().await.contains("room.leave")),
                false => assert!(client.room(&"r".into()).subscribe().is_some()),
            }
        }
    })
    .await;
}
