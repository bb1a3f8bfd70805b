use super::*;
use crate::descriptor::{MessageDescriptor, ReplyKind, Tag};
use serde_json::value::RawValue;
use std::time::SystemTime;

const KEEP: Duration = Duration::from_secs(60);

const fn message(volatile: bool) -> MessageDescriptor {
    MessageDescriptor {
        name: "said",
        tag: Some(Tag::Text("said")),
        payload: true,
        fields: None,
        channel: Some("room"),
        volatile,
        volatile_key: None,
        idempotent: false,
        concurrent: false,
        timeout: None,
        reply: ReplyKind::None,
        envelope: None,
    }
}

static SAID: MessageDescriptor = message(false);
static TYPING: MessageDescriptor = message(true);

fn limits() -> HistoryLimits {
    HistoryLimits {
        size: 100,
        ttl: Some(KEEP),
        bytes: 1 << 20,
        total: 1 << 20,
    }
}

fn publish(
    broker: &InMemory,
    channel: &str,
    message: &'static MessageDescriptor,
    history: Option<HistoryLimits>,
) {
    let payload = RawValue::from_string(format!("{:?}", "x".repeat(100))).expect("it is JSON");
    let publication = Publication {
        channel: channel.into(),
        message,
        payload: Some(payload.into()),
        at: SystemTime::now(),
        except: None,
    };
    let keep = KEEP;
    drop(broker.publish(publication, &Retention { keep, history }));
}

fn say(broker: &InMemory, channel: &str, history: HistoryLimits) {
    publish(broker, channel, &SAID, Some(history));
}

async fn subscribe_once(broker: &InMemory, channel: &str, keep: Duration) -> StreamPosition {
    let channel = channel.into();
    let position = broker
        .subscribe(ServerId(1), &channel)
        .await
        .expect("the broker is in memory");
    broker.unsubscribe(ServerId(1), &channel, keep);
    position
}

/// The numbers that are stored after a position, and why others are not.
async fn stored(
    broker: &InMemory,
    channel: &str,
    since: &StreamPosition,
) -> (Vec<u64>, Option<GapReason>) {
    let history = broker
        .history(&channel.into(), since, usize::MAX)
        .await
        .expect("the broker is in memory");
    let numbers = history.publications.iter().map(|(seq, _)| *seq).collect();
    (numbers, history.lost)
}

#[tokio::test(start_paused = true)]
async fn an_idle_position_is_kept_for_its_time() {
    let broker = InMemory::new();
    let first = subscribe_once(&broker, "a", KEEP).await;
    assert_eq!(subscribe_once(&broker, "a", KEEP).await, first);
    tokio::time::advance(KEEP * 2).await;
    for i in 0..200 {
        subscribe_once(&broker, &format!("other-{i}"), KEEP).await;
    }
    assert_ne!(subscribe_once(&broker, "a", KEEP).await.epoch, first.epoch);
}

#[tokio::test(start_paused = true)]
async fn idle_positions_are_bounded() {
    let broker = InMemory::new();
    for i in 0..3 * MAX_IDLE {
        subscribe_once(&broker, &format!("{i}"), KEEP).await;
    }
    assert!(
        broker.channels() <= 2 * MAX_IDLE,
        "{} positions are kept",
        broker.channels()
    );
}

/// Otherwise those who may not join could drop the positions of others.
#[tokio::test(start_paused = true)]
async fn a_subscription_of_nobody_leaves_nothing() {
    let broker = InMemory::new();
    subscribe_once(&broker, "a", Duration::ZERO).await;
    assert_eq!(broker.channels(), 0);
    let kept = subscribe_once(&broker, "b", KEEP).await;
    assert_eq!(subscribe_once(&broker, "b", Duration::ZERO).await, kept);
    assert_eq!(broker.channels(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_history_stores_with_nobody_subscribed() {
    let broker = InMemory::new();
    for _ in 0..3 {
        say(&broker, "a", limits());
    }
    publish(&broker, "a", &TYPING, Some(limits()));
    let mut start = subscribe_once(&broker, "a", KEEP).await;
    assert_eq!(start.seq, 3);
    start.seq = 1;
    assert_eq!(stored(&broker, "a", &start).await, (vec![2, 3], None));
    publish(&broker, "none", &SAID, None);
    assert_eq!(broker.channels(), 1, "without a history nothing is kept");
    start.epoch = "another".into();
    assert_eq!(stored(&broker, "a", &start).await, (vec![], None));
}

#[tokio::test(start_paused = true)]
async fn a_history_is_bounded_in_number_bytes_and_time() {
    let broker = InMemory::new();
    let few = HistoryLimits {
        size: 2,
        ..limits()
    };
    let small = HistoryLimits {
        bytes: 3 * 400,
        ..limits()
    };
    let start = |position: StreamPosition| StreamPosition { seq: 0, ..position };
    for _ in 0..5 {
        say(&broker, "few", few);
        say(&broker, "small", small);
        say(&broker, "short", limits());
    }
    let evicted = Some(GapReason::Evicted);
    let at = start(subscribe_once(&broker, "few", KEEP).await);
    assert_eq!(stored(&broker, "few", &at).await, (vec![4, 5], evicted));
    let at = start(subscribe_once(&broker, "small", KEEP).await);
    assert_eq!(
        stored(&broker, "small", &at).await,
        (vec![3, 4, 5], evicted)
    );
    tokio::time::advance(KEEP / 2).await;
    say(&broker, "short", limits());
    tokio::time::advance(KEEP / 2).await;
    let at = start(subscribe_once(&broker, "short", KEEP).await);
    let expired = Some(GapReason::Expired);
    assert_eq!(stored(&broker, "short", &at).await, (vec![6], expired));
}

/// The oldest message of any channel goes first, and nothing grows with what is gone.
#[tokio::test(start_paused = true)]
async fn all_histories_together_are_bounded() {
    let broker = InMemory::new();
    let shared = HistoryLimits {
        total: 10 * 400,
        ..limits()
    };
    say(&broker, "old", shared);
    let old = StreamPosition {
        seq: 0,
        ..subscribe_once(&broker, "old", KEEP).await
    };
    let tiny = HistoryLimits { size: 1, ..shared };
    for _ in 0..1000 {
        say(&broker, "tiny", tiny);
    }
    assert_eq!(stored(&broker, "old", &old).await, (vec![1], None));
    assert!(lock(&broker.all_stored).order.len() < 100);
    for i in 0..20 {
        say(&broker, &format!("{i}"), shared);
    }
    let evicted = Some(GapReason::Evicted);
    assert_eq!(stored(&broker, "old", &old).await, (vec![], evicted));
    let (count, bytes) = broker.stored();
    assert!(
        count == 11 && bytes <= 4000,
        "{count} messages, {bytes} bytes"
    );
}

/// What expired is removed with the next publication to any channel, and with its channel.
#[tokio::test(start_paused = true)]
async fn what_expired_uses_no_memory() {
    let broker = InMemory::new();
    for i in 0..50 {
        say(&broker, &format!("{i}"), limits());
    }
    assert_eq!(broker.stored().0, 50);
    tokio::time::advance(KEEP).await;
    say(&broker, "new", limits());
    assert_eq!(broker.stored().0, 1);
    tokio::time::advance(KEEP).await;
    for i in 0..200 {
        subscribe_once(&broker, &format!("other-{i}"), KEEP).await;
    }
    assert_eq!(broker.stored().0, 0);
}
