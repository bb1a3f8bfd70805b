//! The bounds of a client whose server does not read, does not reply, or sends too much.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{Chat, Client, Crash, PricesTick, PricesWatch, ServerMessage, UserTyping};
use handfast::{
    GapReason, Protocol,
    client::{CallError, Event, Gap, State, StreamError},
    descriptor::Limits,
};
use script::{
    UNBOUNDED, begin, begin_narrow, begin_with, enter, greet, id_of, message, read, said, scripted,
    send, settle,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use support::{Script, log, simulated};

fn limits() -> Limits {
    Limits {
        outbound: 4096,
        inbound: 1000,
        ..Chat::DESCRIPTOR.limits
    }
}

/// Returns the messages before the pong to a ping.
async fn before_pong(script: &mut Script) -> Vec<String> {
    script.say(r#"{"type":"ping"}"#).await;
    let mut texts = Vec::new();
    loop {
        let text = script.next().await;
        if text.contains("pong") {
            return texts;
        }
        texts.push(text);
    }
}

#[tokio::test(start_paused = true)]
async fn pending_requests_are_bounded() {
    simulated(async {
        let (connect, scripts) = scripted();
        let (client, mut script, _scripts) = begin_with(connect.limits(limits()), scripts).await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let client = client.clone();
            calls.spawn(async move { client.chat_send(send("r", "x")).await });
        }
        settle().await;
        let mut requests = before_pong(&mut script).await;
        // Each costs 256 bytes more than its payload.
        assert!((10..=16).contains(&requests.len()), "{}", requests.len());
        // Each reply makes room for another request, and in the end all have replies.
        let mut answered = 0;
        while let Some(request) = requests.pop() {
            let id = id_of(&request);
            script
                .say(&format!(r#"{{"type":"chat.sent","id":"{id}"}}"#))
                .await;
            answered += 1;
            requests.extend(before_pong(&mut script).await);
            assert!(requests.len() <= 16, "{}", requests.len());
        }
        assert_eq!(answered, 100);
        while let Some(call) = calls.join_next().await {
            call.expect("the task finishes")
                .expect("the message is sent");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_server_that_does_not_read_is_bounded() {
    simulated(async {
        let (client, mut script, _scripts) = begin_narrow(limits()).await;
        let queued = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let (client, queued) = (client.clone(), queued.clone());
            tokio::spawn(async move {
                client.crash(Crash {}).await.expect("the message is queued");
                queued.fetch_add(1, Ordering::Relaxed);
            });
        }
        settle().await;
        let waiting = queued.load(Ordering::Relaxed);
        assert!((8..=20).contains(&waiting), "{waiting}");
        // Once the server reads, everything arrives.
        for _ in 0..100 {
            assert!(script.next().await.contains("crash"));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn volatile_messages_use_half_of_the_budget() {
    simulated(async {
        let (client, mut script, mut scripts) = begin_narrow(limits()).await;
        let typing = || UserTyping {
            room_id: "r".into(),
        };
        for _ in 0..100 {
            client
                .user_typing(typing())
                .await
                .expect("dropping is not an error");
        }
        settle().await;
        // Other messages have room.
        client.crash(Crash {}).await.expect("the message is queued");
        let mut volatile = 0;
        while script.next().await.contains("user.typing") {
            volatile += 1;
        }
        assert!((3..=10).contains(&volatile), "{volatile}");
        // Without a connection, volatile messages are dropped.
        drop(script);
        client
            .wait_for_state(|s| matches!(s, State::Reconnecting { .. }))
            .await;
        client
            .user_typing(typing())
            .await
            .expect("dropping is not an error");
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        assert!(before_pong(&mut script).await.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_without_a_connection_is_bounded() {
    simulated(async {
        let (connect, scripts) = scripted();
        let (client, script, mut scripts) = begin_with(connect.limits(limits()), scripts).await;
        drop(script);
        client
            .wait_for_state(|s| matches!(s, State::Reconnecting { .. }))
            .await;
        let queued = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let (client, queued) = (client.clone(), queued.clone());
            tokio::spawn(async move {
                client.crash(Crash {}).await.expect("the message is queued");
                queued.fetch_add(1, Ordering::Relaxed);
            });
        }
        settle().await;
        let waiting = queued.load(Ordering::Relaxed);
        assert!((8..=16).contains(&waiting), "{waiting}");
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        for _ in 0..100 {
            assert!(script.next().await.contains("crash"));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_pong_replies_to_all_pings_before_it() {
    simulated(async {
        let (_client, mut script, _scripts) = begin_narrow(Chat::DESCRIPTOR.limits).await;
        for _ in 0..1000 {
            script.say(r#"{"type":"ping"}"#).await;
        }
        settle().await;
        let mut pongs = 0;
        let more = std::time::Duration::from_secs(1);
        while let Ok(text) = tokio::time::timeout(more, script.next()).await {
            assert!(text.contains("pong"), "{text}");
            pongs += 1;
        }
        assert!((1..=4).contains(&pongs), "{pongs}");
    })
    .await;
}

type Ticks = handfast::client::Streaming<
    ServerMessage,
    chat::PricesWatching,
    PricesTick,
    chat::PricesDone,
    chat::WatchError,
>;

async fn begin_stream(client: &Client, script: &mut Script) -> (Ticks, String) {
    let stream = tokio::spawn({
        let client = client.clone();
        async move { client.prices_watch(PricesWatch { count: 3 }).await }
    });
    let id = id_of(&script.next().await);
    script
        .say(&format!(r#"{{"type":"prices.watching","id":"{id}"}}"#))
        .await;
    (
        stream
            .await
            .expect("the task finishes")
            .expect("the stream starts"),
        id,
    )
}

fn tick(n: i64, id: &str, padding: usize) -> String {
    let padding = "x".repeat(padding);
    format!(r#"{{"type":"prices.tick","payload":{{"n":{n}}},"id":"{id}","more":"{padding}"}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_read_fails_and_is_cancelled() {
    simulated(async {
        // 1,024 items, or 1 MiB of them.
        for (padding, kept) in [(0, 1024), (30_000, 34)] {
            let (client, mut script, _scripts) = begin().await;
            let (mut ticks, id) = begin_stream(&client, &mut script).await;
            for n in 0..kept {
                script.say(&tick(n, &id, padding)).await;
            }
            read(&mut script).await;
            script.say(&tick(kept, &id, padding)).await;
            script
                .expect(&format!(r#"{{"type":"prices.stop","id":"{id}"}}"#))
                .await;
            // Later items are ignored.
            script.say(&tick(kept + 1, &id, 0)).await;
            read(&mut script).await;
            for n in 0..kept {
                assert_eq!(ticks.next().await, Some(Ok(PricesTick { n })));
            }
            assert_eq!(ticks.next().await, Some(Err(StreamError::Slow)));
            assert_eq!(ticks.next().await, None);
            // It is cancelled once.
            drop(ticks);
            read(&mut script).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_an_invalid_item_is_cancelled() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let (mut ticks, id) = begin_stream(&client, &mut script).await;
        script
            .say(&format!(
                r#"{{"type":"prices.tick","payload":{{"n":"one"}},"id":"{id}"}}"#
            ))
            .await;
        script
            .expect(&format!(r#"{{"type":"prices.stop","id":"{id}"}}"#))
            .await;
        assert!(matches!(
            ticks.next().await,
            Some(Err(StreamError::Closed(CallError::Decode(_))))
        ));
        assert_eq!(ticks.next().await, None);
        drop(ticks);
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_is_unbounded() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let (mut ticks, id) = begin_stream(&client, &mut script).await;
        for n in 0..5000 {
            script.say(&tick(n, &id, 1000)).await;
            assert_eq!(ticks.next().await, Some(Ok(PricesTick { n })));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_inbox_of_a_channel_is_bounded_in_bytes() {
    simulated(async {
        let (connect, scripts) = scripted();
        let (client, mut script, _scripts) = begin_with(connect.limits(limits()), scripts).await;
        let mut room = enter(&client, &mut script, "r", 0).await;
        let text = "x".repeat(200);
        for seq in 1..=10 {
            script.say(&message(&text, seq)).await;
        }
        read(&mut script).await;
        for seq in 1..=3 {
            assert_eq!(said(room.next().await), (text.clone(), Some(seq)));
        }
        let missed = Gap {
            from: Some(4),
            to: Some(10),
            reason: None,
        };
        assert_eq!(room.next().await, Some(Event::Gap(missed)));
        // The inbox has room again.
        script.say(&message(&text, 11)).await;
        assert_eq!(said(room.next().await).1, Some(11));
        // One message always fits.
        script.say(&message(&"y".repeat(1500), 12)).await;
        assert_eq!(said(room.next().await).1, Some(12));
    })
    .await;
}

const HIGHEST: u64 = (1 << 53) - 1;

#[tokio::test(start_paused = true)]
async fn a_forged_sequence_number_does_not_silence_a_channel() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut room = enter(&client, &mut script, "r", 41).await;
        script.say(&message("a", 42)).await;
        script.say(&message("forged", HIGHEST)).await;
        for (text, seq) in [("b", 43), ("old", 43), ("old", 42), ("c", 44)] {
            script.say(&message(text, seq)).await;
        }
        assert_eq!(said(room.next().await), ("a".into(), Some(42)));
        let gap = |from, to| {
            Some(Event::Gap(Gap {
                from: Some(from),
                to: Some(to),
                reason: None,
            }))
        };
        assert_eq!(room.next().await, gap(43, HIGHEST - 1));
        assert_eq!(said(room.next().await), ("forged".into(), Some(HIGHEST)));
        assert_eq!(room.next().await, UNBOUNDED);
        assert_eq!(said(room.next().await), ("b".into(), Some(43)));
        assert_eq!(said(room.next().await), ("c".into(), Some(44)));
        // A gap notice can be forged as well.
        script
            .say(&format!(
                r#"{{"type":"gap","payload":{{"channel":"room:r","from":45,"to":{HIGHEST}}}}}"#
            ))
            .await;
        script.say(&message("d", 45)).await;
        script.say(&message("e", 46)).await;
        assert_eq!(room.next().await, gap(45, HIGHEST));
        assert_eq!(room.next().await, UNBOUNDED);
        assert_eq!(said(room.next().await), ("d".into(), Some(45)));
        assert_eq!(said(room.next().await), ("e".into(), Some(46)));
        // A number that was never reported as missing is a duplicate.
        script.say(&message("old", 20)).await;
        script.say(&message("f", 47)).await;
        assert_eq!(said(room.next().await), ("f".into(), Some(47)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_highest_sequence_number_is_valid() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let mut room = enter(&client, &mut script, "r", HIGHEST).await;
        script.say(&message("x", HIGHEST)).await;
        script
            .say(&message("x", 1).replace(r#""seq":1"#, r#""seq":2,"epoch":"f""#))
            .await;
        let gap = Gap {
            from: None,
            to: None,
            reason: Some(GapReason::Epoch),
        };
        assert_eq!(room.next().await, Some(Event::Gap(gap)));
        assert_eq!(said(room.next().await).1, Some(2));
        assert_eq!(client.state(), State::Connected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_written_accepts_no_reply() {
    simulated(async {
        let (client, mut script, _scripts) = begin_narrow(Chat::DESCRIPTOR.limits).await;
        let mut calls = Vec::new();
        for n in 0..3 {
            let client = client.clone();
            let text = format!("{n}");
            calls.push(tokio::spawn(async move {
                client.chat_send(send("r", &text)).await
            }));
            settle().await;
        }
        // The third is queued behind the second, which waits for room. Ids can be guessed.
        script
            .say(r#"{"type":"error","payload":{"code":"NOT_IN_ROOM","message":"…"},"id":"3"}"#)
            .await;
        settle().await;
        for id in 1..=3 {
            assert_eq!(id_of(&script.next().await), format!("{id}"));
            script
                .say(&format!(r#"{{"type":"chat.sent","id":"{id}"}}"#))
                .await;
        }
        for call in calls {
            call.await
                .expect("the task finishes")
                .expect("the message is sent");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_a_join_reply_fails() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let (mut ticks, id) = begin_stream(&client, &mut script).await;
        script
            .say(&format!(
                r#"{{"type":"join","payload":{{"channel":"lobby"}},"id":"{id}"}}"#
            ))
            .await;
        let over = StreamError::Closed(CallError::UnexpectedReply);
        assert_eq!(ticks.next().await, Some(Err(over)));
        assert_eq!(ticks.next().await, None);
        script
            .expect(&format!(r#"{{"type":"prices.stop","id":"{id}"}}"#))
            .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_cannot_fill_the_log() {
    log::keep();
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        let long = "x".repeat(20_000);
        for _ in 0..500 {
            script
                .say(&format!(
                    r#"{{"type":"error","payload":{{"code":"INTERNAL","message":"{long}"}}}}"#
                ))
                .await;
            script.say(&format!(r#"{{"type":"{long}"}}"#)).await;
            script.say("no JSON").await;
        }
        read(&mut script).await;
        assert_eq!(client.state(), State::Connected);
    })
    .await;
    let mut lines = log::lines();
    lines.retain(|line| line.starts_with("WARN") || line.starts_with("ERROR"));
    assert!((1..=20).contains(&lines.len()), "{lines:?}");
    assert!(lines.iter().all(|line| line.len() < 1000), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_too_large_closes_on_any_transport() {
    log::keep();
    simulated(async {
        let limits = Limits {
            message: 1000,
            ..Chat::DESCRIPTOR.limits
        };
        let (connect, scripts) = scripted();
        let (_client, mut script, mut scripts) = begin_with(connect.limits(limits), scripts).await;
        let text = "x".repeat(1000 - message("", 1).len());
        script.say(&message(&text, 1)).await;
        read(&mut script).await;
        script.say(&message(&(text + "x"), 1)).await;
        let closed = script.next().await;
        assert!(closed.contains("1009"), "{closed}");
        // A server that always sends it would have the client connect again and again, and nobody would know why.
        let logged = log::lines().join("\n");
        assert!(logged.contains("exceeds `limits.message`"), "{logged}");
        // So does one of the handshake, which ends the attempt.
        let mut script = scripts.recv().await.expect("the client reconnects");
        script.next().await;
        let padding = "x".repeat(1000);
        script
            .say(&format!(
                r#"{{"type":"ready","payload":{{}},"more":"{padding}"}}"#
            ))
            .await;
        let mut script = scripts.recv().await.expect("the client reconnects");
        greet(&mut script).await;
        script.say(r#"{"type":"ping"}"#).await;
        script.expect(r#"{"type":"pong"}"#).await;
    })
    .await;
}
