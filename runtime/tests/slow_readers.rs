//! Readers of the application that are behind: how long a client waits for them before it reports a gap, and what else waits.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{Chat, Client, PricesTick, PricesWatch, RoomJoined, ServerMessage};
use handfast::{
    Protocol,
    client::{Event, StreamError, Subscription},
    descriptor::Limits,
};
use script::{begin_with, enter, id_of, message, read, said, scripted, send};
use std::time::Duration;
use support::{Script, simulated};
use tokio::time::{Instant, sleep};

type Room = Subscription<ServerMessage, RoomJoined>;

/// How long one reader may hold up its connection.
const PATIENCE: Duration = Duration::from_millis(500);

/// A client whose rooms keep 30 messages of 100 characters and more, and its server.
async fn begin() -> (Client, Script) {
    let (connect, scripts) = scripted();
    let limits = Limits {
        inbound: 6000,
        ..Chat::DESCRIPTOR.limits
    };
    let (client, script, _) = begin_with(connect.limits(limits), scripts).await;
    (client, script)
}

/// Says all these messages to the room, and then pings. The time until the pong.
async fn say(script: &mut Script, numbers: std::ops::RangeInclusive<u64>) -> Duration {
    let began = Instant::now();
    let text = "x".repeat(100);
    for seq in numbers {
        script.say(&message(&text, seq)).await;
    }
    read(script).await;
    began.elapsed()
}

/// Reads until the message with this number, each message for so long. The number of gaps.
async fn read_slowly(room: &mut Room, last: u64, time: Duration) -> usize {
    let mut gaps = 0;
    loop {
        sleep(time).await;
        match room.next().await {
            Some(Event::Gap(gap)) if gap.to >= Some(last) => return gaps + 1,
            Some(Event::Gap(_)) => gaps += 1,
            event => {
                if said(event).1 == Some(last) {
                    return gaps;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_all_the_time_misses_nothing_of_a_burst() {
    simulated(async {
        let (client, mut script) = begin().await;
        let mut room = enter(&client, &mut script, "r", 0).await;
        for burst in 0..3 {
            let (first, last) = (burst * 300 + 1, burst * 300 + 300);
            let (gaps, took) = tokio::join!(
                read_slowly(&mut room, last, Duration::from_millis(1)),
                say(&mut script, first..=last)
            );
            assert_eq!(gaps, 0);
            // The server is held up for as long as the reader needs.
            assert!(took >= Duration::from_millis(200), "{took:?}");
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_holds_up_others_for_half_a_second() {
    simulated(async {
        let (client, mut script) = begin().await;
        let mut room = enter(&client, &mut script, "r", 0).await;
        let (gaps, took) = tokio::join!(
            read_slowly(&mut room, 300, Duration::from_millis(20)),
            say(&mut script, 1..=300)
        );
        assert!(gaps > 0);
        assert!(took >= PATIENCE, "{took:?}");
        assert!(took < PATIENCE + Duration::from_millis(50), "{took:?}");
        // It has caught up, and is waited for again.
        let (gaps, took) = tokio::join!(
            read_slowly(&mut room, 360, Duration::from_millis(1)),
            say(&mut script, 301..=360)
        );
        assert_eq!(gaps, 0);
        assert!(took > Duration::ZERO, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_holds_up_others_once() {
    simulated(async {
        let (client, mut script) = begin().await;
        let room = enter(&client, &mut script, "r", 0).await;
        let took = say(&mut script, 1..=100).await;
        assert!(took >= PATIENCE, "{took:?}");
        assert!(took < PATIENCE + Duration::from_millis(50), "{took:?}");
        let took = say(&mut script, 101..=1000).await;
        assert!(took < Duration::from_millis(50), "{took:?}");
        drop(room);
    })
    .await;
}

/// A reader may wait for the reply to a call of its own.
#[tokio::test(start_paused = true)]
async fn a_reply_is_held_up_briefly() {
    simulated(async {
        let (client, mut script) = begin().await;
        let room = enter(&client, &mut script, "r", 0).await;
        let text = "x".repeat(100);
        for seq in 1..=60 {
            script.say(&message(&text, seq)).await;
        }
        let began = Instant::now();
        let calling = tokio::spawn({
            let client = client.clone();
            async move { client.chat_send(send("r", "hi")).await }
        });
        let id = id_of(&script.next().await);
        script
            .say(&format!(r#"{{"type":"chat.sent","id":"{id}"}}"#))
            .await;
        calling.await.expect("it ends").expect("it is sent");
        assert!(
            began.elapsed() < Duration::from_millis(70),
            "{:?}",
            began.elapsed()
        );
        drop(room);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_holds_up_nobody() {
    simulated(async {
        let (client, mut script) = begin().await;
        let room = enter(&client, &mut script, "r", 0).await;
        let go = async {
            sleep(Duration::from_millis(100)).await;
            drop(room);
        };
        let began = Instant::now();
        let all = async {
            let text = "x".repeat(100);
            for seq in 1..=200 {
                script.say(&message(&text, seq)).await;
            }
            let leave = script.next().await;
            (leave, began.elapsed())
        };
        let ((), (leave, took)) = tokio::join!(go, all);
        assert!(leave.contains("leave"), "{leave}");
        assert!(took < Duration::from_millis(150), "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_all_the_time_is_not_too_slow() {
    simulated(async {
        let (client, mut script) = begin().await;
        // At 1,024 items, a stream is too slow.
        for (count, fails) in [(1400, false), (4000, true)] {
            let watching = tokio::spawn({
                let client = client.clone();
                async move { client.prices_watch(PricesWatch { count: 3 }).await }
            });
            let id = id_of(&script.next().await);
            script
                .say(&format!(r#"{{"type":"prices.watching","id":"{id}"}}"#))
                .await;
            let mut ticks = watching.await.expect("it ends").expect("it starts");
            let reading = tokio::spawn(async move {
                for n in 0..count {
                    sleep(Duration::from_millis(1)).await;
                    match ticks.next().await {
                        Some(Ok(tick)) => assert_eq!(tick, PricesTick { n }),
                        end => return end,
                    }
                }
                None
            });
            for n in 0..count {
                let tick = format!(r#"{{"type":"prices.tick","payload":{{"n":{n}}},"id":"{id}"}}"#);
                script.say(&tick).await;
            }
            let end = reading.await.expect("it ends");
            assert_eq!(
                matches!(end, Some(Err(StreamError::Slow))),
                fails,
                "{end:?}"
            );
            // By the client, or by dropping the stream.
            let stop = script.next().await;
            assert!(stop.contains("prices.stop"), "{stop}");
        }
    })
    .await;
}

/// Many readers that do not read hold up others together no longer than one, and then as long again for all.
#[tokio::test(start_paused = true)]
async fn others_are_heard_between_readers_that_do_not_read() {
    simulated(async {
        let (client, mut script) = begin().await;
        let mut rooms = Vec::new();
        for name in ["a", "b", "c", "d"] {
            rooms.push(enter(&client, &mut script, name, 0).await);
        }
        let text = "x".repeat(100);
        let mut longest = Duration::ZERO;
        let began = Instant::now();
        let mut took = Vec::new();
        for seq in 1..=60 {
            let asked = Instant::now();
            for name in ["a", "b", "c", "d"] {
                let said = message(&text, seq).replace("room:r", &format!("room:{name}"));
                script.say(&said).await;
            }
            read(&mut script).await;
            longest = longest.max(asked.elapsed());
            took.push(asked.elapsed());
            sleep(Duration::from_millis(20)).await;
        }
        assert!(longest <= PATIENCE + Duration::from_millis(50), "{took:?}");
        assert!(began.elapsed() >= Duration::from_secs(2), "{took:?}");
        drop(rooms);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_client() {
    simulated(async {
        let (client, mut script) = begin().await;
        let watching =
            tokio::spawn(async move { client.prices_watch(PricesWatch { count: 1 }).await });
        let id = id_of(&script.next().await);
        script
            .say(&format!(r#"{{"type":"prices.watching","id":"{id}"}}"#))
            .await;
        let mut ticks = watching.await.expect("it ends").expect("it starts");
        script
            .say(&format!(
                r#"{{"type":"prices.tick","payload":{{"n":0}},"id":"{id}"}}"#
            ))
            .await;
        assert_eq!(ticks.next().await, Some(Ok(PricesTick { n: 0 })));
        drop(ticks);
        let stop = script.next().await;
        assert!(stop.contains("prices.stop"), "{stop}");
    })
    .await;
}
