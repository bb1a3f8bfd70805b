//! Histories: what a client that joins again receives of what it missed.

#![cfg(all(feature = "server", feature = "client"))]

#[path = "history/feed.rs"]
mod feed;
mod support;

use feed::{App, Chatter, Feeds, Heard, Line, News, Peer, Say, Server, gap, hear};
use handfast::{GapReason, Protocol, client::Gap, descriptor::Limits};
use serde_json::{Value, json};
use std::{sync::atomic::Ordering, time::Duration};
use support::{
    recorded::{Log, Recorded},
    simulated,
};

/// Joins the channel without a history.
fn join_plain() -> Value {
    json!({ "type": "join", "payload": { "channel": "plain" }, "id": "2" })
}

fn start() -> (App, Server) {
    let app = App::default();
    (app.clone(), Server::new(app))
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_replayed_once_and_in_order() {
    simulated(async {
        let (app, server) = start();
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        let mut feed = client.feed().join().await.expect("it may");
        assert!(!room.reply.again);
        let mut expected = 0;
        for _ in 0..5 {
            for _ in 0..2 {
                app.post(&server);
            }
            line.cut().await;
            for n in 0..3 {
                app.post(&server);
                server.handle().feed().publish(&News { n });
            }
            line.mend(&server);
            for _ in 0..5 {
                expected += 1;
                assert_eq!(
                    hear(&mut room).await,
                    Heard::Post(expected as u64, expected)
                );
            }
        }
        for i in 0..15 {
            assert_eq!(hear(&mut feed).await, Heard::Post(i as u64 + 1, i % 3));
        }
    })
    .await;
}

/// On the wire: the answer has the client's position, the messages have their numbers and times.
#[tokio::test(start_paused = true)]
async fn a_replay_follows_its_answer() {
    simulated(async {
        let (app, server) = start();
        let mut first = Peer::connect(&server, 16).await;
        let epoch = first.join(None).await["epoch"].take();
        let mut live = Vec::new();
        for _ in 0..3 {
            app.post(&server);
            live.push(first.next().await);
        }
        let mut second = Peer::connect(&server, 16).await;
        let answer = second.rejoin(1, &epoch).await;
        assert_eq!(
            answer["payload"],
            json!({ "count": 3, "again": true }),
            "{answer}"
        );
        assert_eq!((&answer["seq"], &answer["epoch"]), (&json!(1), &epoch));
        assert_eq!(second.next().await, live[1]);
        assert_eq!(second.next().await, live[2]);
        app.post(&server);
        assert_eq!(second.next().await["seq"], 4);
        // One that has everything receives nothing.
        let mut third = Peer::connect(&server, 16).await;
        assert_eq!(third.rejoin(4, &epoch).await["seq"], 4);
        app.post(&server);
        assert_eq!(third.next().await["seq"], 5);
        // The session's own join has a position as well.
        for n in 0..2 {
            server.handle().feed().publish(&News { n });
        }
        third
            .send(json!({ "type": "join", "payload": { "channel": "feed" }, "id": "2" }))
            .await;
        let answer = third.next().await;
        assert_eq!(answer["seq"], 2, "a first join replays nothing");
        second
            .send(json!({ "type": "join", "payload": { "channel": "feed" }, "id": "2", "seq": 1, "epoch": answer["epoch"] }))
            .await;
        assert_eq!(second.next().await["seq"], 5);
        assert_eq!(second.next().await["seq"], 1);
        let news = second.next().await;
        assert_eq!((&news["type"], &news["seq"]), (&json!("news"), &json!(2)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_evicted_is_a_gap_before_the_rest() {
    simulated(async {
        let (app, server) = start();
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        app.post(&server);
        assert_eq!(hear(&mut room).await, Heard::Post(1, 1));
        // By number: ten are stored.
        line.cut().await;
        for _ in 0..15 {
            app.post(&server);
        }
        line.mend(&server);
        assert_eq!(hear(&mut room).await, gap(2, 6, Some(GapReason::Evicted)));
        for n in 7..=16 {
            assert_eq!(hear(&mut room).await, Heard::Post(n as u64, n));
        }
        // By size: two of these fit into 8 KiB.
        line.cut().await;
        for _ in 0..5 {
            app.post_text(&server, &"x".repeat(3000));
        }
        line.mend(&server);
        assert_eq!(hear(&mut room).await, gap(17, 19, Some(GapReason::Evicted)));
        for n in 20..=21 {
            assert_eq!(hear(&mut room).await, Heard::Post(n as u64, n));
        }
        // By age.
        line.cut().await;
        app.post(&server);
        tokio::time::advance(Duration::from_secs(300)).await;
        app.post(&server);
        tokio::time::advance(Duration::from_secs(300)).await;
        line.mend(&server);
        assert_eq!(hear(&mut room).await, gap(22, 22, Some(GapReason::Expired)));
        assert_eq!(hear(&mut room).await, Heard::Post(23, 23));
        // All of it.
        line.cut().await;
        app.post(&server);
        tokio::time::advance(Duration::from_secs(600)).await;
        line.mend(&server);
        assert_eq!(hear(&mut room).await, gap(24, 24, Some(GapReason::Expired)));
        app.post(&server);
        assert_eq!(hear(&mut room).await, Heard::Post(25, 25));
    })
    .await;
}

/// Then the client infers the gap from the answer, and it is reported once.
#[tokio::test(start_paused = true)]
async fn without_a_history_or_in_another_epoch_the_answer_is_the_gap() {
    simulated(async {
        let (app, server) = start();
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        let mut plain = client.plain().join().await.expect("it may");
        app.post(&server);
        server.handle().plain().publish(&Chatter { n: 1 });
        assert_eq!(hear(&mut room).await, Heard::Post(1, 1));
        assert_eq!(hear(&mut plain).await, Heard::Post(1, 1));
        line.cut().await;
        server.handle().plain().publish(&Chatter { n: 2 });
        line.mend(&server);
        assert_eq!(hear(&mut plain).await, gap(2, 2, None));
        server.handle().plain().publish(&Chatter { n: 3 });
        assert_eq!(hear(&mut plain).await, Heard::Post(3, 3));
        // Another server without the first one's broker.
        line.cut().await;
        let (other_app, other) = start();
        for _ in 0..5 {
            other_app.post(&other);
        }
        line.mend(&other);
        assert_eq!(
            hear(&mut room).await,
            Heard::Gap(Gap {
                from: None,
                to: None,
                reason: Some(GapReason::Epoch)
            })
        );
        other_app.post(&other);
        assert_eq!(hear(&mut room).await, Heard::Post(6, 6));
    })
    .await;
}

/// Reads until a number, and asserts that each one after `last` is a message or in a gap, once. Returns how many are in gaps.
async fn account(peer: &mut Peer, mut last: u64, until: u64) -> u64 {
    let mut missing = 0;
    while last < until {
        let message = peer.next().await;
        let number = |value: &Value| value.as_u64().expect("it is a number");
        match message["type"].as_str() {
            Some("news") => {
                assert_eq!(number(&message["seq"]), last + 1, "{message}");
                assert_eq!(message["payload"]["n"], last + 1, "{message}");
                last += 1;
            }
            Some("gap") => {
                let gap = &message["payload"];
                assert_eq!(number(&gap["from"]), last + 1, "{message}");
                assert!(number(&gap["to"]) > last, "{message}");
                missing += number(&gap["to"]) - last;
                last = number(&gap["to"]);
            }
            other => panic!("{other:?}"),
        }
    }
    missing
}

/// The replay waits for a slow client, and what is published meanwhile waits in the history.
#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_all_of_it_or_a_gap() {
    simulated(async {
        let app = App::default();
        let limits = Limits {
            outbound: 4096,
            ..Feeds::DESCRIPTOR.limits
        };
        let server = Server::builder(app).limits(limits).build();
        let mut n = 0;
        let mut publish = |count: u64| {
            for _ in 0..count {
                n += 1;
                server.handle().feed().publish(&News { n });
            }
        };
        let join = |seq: u64, epoch: &Value| {
            json!({ "type": "join", "payload": { "channel": "feed" }, "id": format!("join {seq}"), "seq": seq, "epoch": epoch })
        };
        publish(1);
        let mut first = Peer::connect(&server, 1).await;
        first.send(join(0, &json!("another"))).await;
        let epoch = first.next().await["epoch"].take();
        drop(first);
        publish(499);
        let mut slow = Peer::connect(&server, 1).await;
        slow.send(join(0, &epoch)).await;
        assert_eq!(slow.next().await["seq"], 0);
        // It reads nothing, and is not closed.
        publish(300);
        assert_eq!(account(&mut slow, 0, 400).await, 0);
        // Far more than the history holds.
        publish(2000);
        let missing = account(&mut slow, 400, 2800).await;
        assert!((1..=1400).contains(&missing), "{missing}");
        // It has caught up.
        publish(1);
        assert_eq!(account(&mut slow, 2800, 2801).await, 0);
    })
    .await;
}

/// A message is encoded once for all that rejoin at the same time.
#[tokio::test(start_paused = true)]
async fn replays_share_their_messages() {
    simulated(async {
        let (app, server) = start();
        let mut first = Peer::connect(&server, 16).await;
        let epoch = first.join(None).await["epoch"].take();
        for _ in 0..8 {
            app.post_text(&server, &"x".repeat(500));
        }
        // They read nothing, so that both replays are in progress.
        let (mut peers, mut logs) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let log = Log::default();
            peers.push(Peer::connect_by(&server, 1, |end| Recorded(end, log.clone())).await);
            logs.push(log);
        }
        for peer in &mut peers {
            peer.send(json!({ "type": "room.join", "payload": { "id": "r" }, "id": "1", "seq": 0, "epoch": epoch }))
                .await;
        }
        for peer in &mut peers {
            assert_eq!(peer.next().await["seq"], 0);
            for _ in 0..8 {
                peer.next().await;
            }
        }
        let sent = logs.iter().map(|log| {
            let log = log.lock().expect("it is whole");
            let posts = log.iter().filter(|(_, message)| message.len() > 500);
            posts.map(|(address, _)| *address).collect::<Vec<_>>()
        });
        let sent: Vec<_> = sent.collect();
        assert_eq!(sent[0].len(), 8);
        assert_eq!(sent[0], sent[1]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_to_others_leaves_its_number() {
    simulated(async {
        let (app, server) = start();
        let mut ada = Peer::connect(&server, 16).await;
        let mut bob = Peer::connect(&server, 16).await;
        let epoch = ada.join(None).await["epoch"].take();
        bob.join(None).await;
        let say = |n: i64| json!({ "type": "say", "payload": { "id": "r", "n": n }, "id": format!("say {n}") });
        ada.send(say(1)).await;
        assert_eq!(
            ada.next().await,
            json!({ "type": "skip", "payload": { "channel": "room:r", "seq": 1 } })
        );
        assert_eq!(ada.next().await["type"], "said");
        assert_eq!(bob.next().await["payload"]["n"], 1);
        // The replay skips it, too.
        ada.send(json!({ "type": "room.leave", "payload": { "id": "r" }, "id": "3" }))
            .await;
        assert_eq!(ada.next().await["type"], "left");
        ada.send(say(2)).await;
        assert_eq!(ada.next().await["type"], "said");
        app.post(&server);
        assert_eq!(ada.rejoin(1, &epoch).await["seq"], 1);
        assert_eq!(
            ada.next().await,
            json!({ "type": "skip", "payload": { "channel": "room:r", "seq": 2 } })
        );
        assert_eq!(ada.next().await["seq"], 3);
        // For the client of Rust, nothing is missing.
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        client
            .say(Say {
                id: "r".into(),
                n: 5,
            })
            .await
            .expect("it may");
        app.post(&server);
        assert_eq!(hear(&mut room).await, Heard::Post(5, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hostile_position_is_none() {
    simulated(async {
        let (app, server) = start();
        let mut first = Peer::connect(&server, 16).await;
        let epoch = first.join(None).await["epoch"].take();
        for _ in 0..3 {
            app.post(&server);
        }
        let long = json!("x".repeat(10_000));
        let highest = json!(9_007_199_254_740_991_u64);
        for (seq, of) in [
            (json!(4), epoch.clone()),
            (highest, epoch.clone()),
            (json!(1), json!("")),
            (json!(1), long),
        ] {
            let mut peer = Peer::connect(&server, 16).await;
            let answer = peer.join(Some((seq.clone(), of))).await;
            assert_eq!(
                (&answer["type"], &answer["seq"]),
                (&json!("joined"), &json!(3)),
                "{seq}"
            );
            assert_eq!(answer["epoch"], epoch);
        }
        for (seq, of) in [
            (json!(-1), epoch.clone()),
            (json!(1.5), epoch.clone()),
            (json!("1"), epoch.clone()),
            (json!(1e300), epoch.clone()),
            (json!(1), json!(7)),
        ] {
            let mut peer = Peer::connect(&server, 16).await;
            let answer = peer.join(Some((seq.clone(), of))).await;
            assert_eq!(answer["payload"]["code"], "ENVELOPE", "{seq}: {answer}");
            assert_eq!(peer.join(None).await["seq"], 3);
        }
        // A member has everything: it is not replayed again.
        let mut peer = Peer::connect(&server, 16).await;
        for _ in 0..3 {
            let answer = peer.rejoin(3, &epoch).await;
            assert_eq!(answer["seq"], 3);
        }
        assert_eq!(peer.rejoin(0, &epoch).await["seq"], 3);
        app.post(&server);
        assert_eq!(peer.next().await["seq"], 4);
    })
    .await;
}

/// A client that leaves in the middle of a replay, or is gone, ends it.
#[tokio::test(start_paused = true)]
async fn a_replay_ends_with_its_member() {
    simulated(async {
        let app = App::default();
        let limits = Limits {
            outbound: 2048,
            ..Feeds::DESCRIPTOR.limits
        };
        let server = Server::builder(app).limits(limits).build();
        for n in 1..=500 {
            server.handle().feed().publish(&News { n });
        }
        let join = |seq: Value, epoch: Value| {
            json!({ "type": "join", "payload": { "channel": "feed" }, "id": format!("join {seq}"), "seq": seq, "epoch": epoch })
        };
        let mut peer = Peer::connect(&server, 1).await;
        peer.send(join(json!(0), json!("another"))).await;
        let epoch = peer.next().await["epoch"].take();
        drop(peer);
        let mut peer = Peer::connect(&server, 1).await;
        peer.send(join(json!(0), epoch.clone())).await;
        assert_eq!(peer.next().await["seq"], 0);
        peer.send(json!({ "type": "leave", "payload": { "channel": "feed" }, "id": "2" }))
            .await;
        let mut last = 0;
        loop {
            let message = peer.next().await;
            if message["type"] == "leave" {
                break;
            }
            last += 1;
            assert_eq!(message["seq"], last);
        }
        assert!(last < 500, "the replay went on");
        // Joined again, it goes on from its position.
        peer.send(join(json!(last), epoch)).await;
        assert_eq!(peer.next().await["seq"], last);
        assert_eq!(account(&mut peer, last, 500).await, 0);
        assert_eq!(server.handle().feed().members(), 1);
        drop(peer);
    })
    .await;
}

/// Its handler may have read what it answers before that.
#[tokio::test(start_paused = true)]
async fn what_is_published_while_a_join_is_handled_follows_the_answer() {
    simulated(async {
        let (app, server) = start();
        let mut first = Peer::connect(&server, 64).await;
        assert_eq!(first.join(None).await["seq"], 0);
        app.post(&server);
        assert_eq!(first.next().await["seq"], 1);
        app.meanwhile.store(3, Ordering::SeqCst);
        // From the history.
        let mut second = Peer::connect(&server, 64).await;
        let answer = second.join(None).await;
        assert_eq!(
            (&answer["payload"]["count"], &answer["seq"]),
            (&json!(1), &json!(1))
        );
        app.post(&server);
        for seq in 2..=5 {
            assert_eq!(second.next().await["seq"], seq);
        }
        // Without one.
        for before in [0, 4] {
            let mut peer = Peer::connect(&server, 64).await;
            peer.send(join_plain()).await;
            let answer = peer.next().await;
            assert_eq!(
                (&answer["type"], &answer["seq"]),
                (&json!("join"), &json!(before))
            );
            server.handle().plain().publish(&Chatter { n: 4 });
            for n in 1..=4 {
                let message = peer.next().await;
                assert_eq!(
                    (&message["payload"]["n"], &message["seq"]),
                    (&json!(n), &json!(before + n))
                );
            }
        }
    })
    .await;
}

/// What does not fit into half of `limits.outbound` is reported.
#[tokio::test(start_paused = true)]
async fn what_is_held_for_a_join_is_bounded() {
    simulated(async {
        let app = App::default();
        app.meanwhile.store(1000, Ordering::SeqCst);
        let limits = Limits {
            outbound: 64 * 1024,
            ..Feeds::DESCRIPTOR.limits
        };
        let server = Server::builder(app).limits(limits).build();
        let mut peer = Peer::connect(&server, 2048).await;
        peer.send(join_plain()).await;
        assert_eq!(peer.next().await["seq"], 0);
        let gap = peer.next().await;
        assert_eq!(
            (
                &gap["type"],
                &gap["payload"]["from"],
                &gap["payload"]["reason"]
            ),
            (&json!("gap"), &json!(1), &json!("evicted"))
        );
        let last = gap["payload"]["to"].as_u64().expect("it is known");
        assert!((850..950).contains(&last), "{last}");
        for seq in last + 1..=1000 {
            assert_eq!(peer.next().await["seq"], seq);
        }
    })
    .await;
}
