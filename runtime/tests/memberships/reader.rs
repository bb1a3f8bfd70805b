//! Reads subscriptions, and checks what they deliver.

#![allow(unreachable_pub, reason = "it is a part of one test")]

use super::app::{News, Post, ServerMessage};
use handfast::{
    Member, PresenceInfo,
    client::{CallError, Event, Subscription},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// How a subscription is ended.
pub enum End {
    Drop,
    Leave,
}

/// A subscription that something reads.
pub struct Reader {
    pub seen: Arc<Mutex<Seen>>,
    pub end: oneshot::Sender<End>,
    pub task: JoinHandle<()>,
}

impl Reader {
    /// Ends the subscription. Returns the task that reads it, which fails if what it read is wrong.
    pub fn end(self, end: End) -> JoinHandle<()> {
        // It may have ended meanwhile.
        let _ = self.end.send(end);
        self.task
    }
}

#[derive(Default)]
pub struct Seen {
    pub posts: Vec<i64>,
    /// Who is in the channel, as of the last event that said something about it.
    pub members: Vec<String>,
    /// It was removed or lost.
    pub ended: bool,
}

/// What happened, by its name.
#[derive(Clone, Default)]
pub struct Counters(pub Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Counters {
    pub fn count(&self, what: &'static str) {
        *self.0.lock().expect("it is whole").entry(what).or_default() += 1;
    }
}

/// Members in a form that can be compared.
pub fn listed<I: fmt::Debug>(members: &[Member<I>]) -> Vec<String> {
    let mut listed: Vec<_> = members.iter().map(|member| format!("{member:?}")).collect();
    listed.sort();
    listed
}

/// Reads a subscription until it ends or is ended. Each message comes once, in order, and none is missing without a gap.
pub async fn read<R, I: PresenceInfo + fmt::Debug>(
    mut subscription: Subscription<ServerMessage, R, I>,
    mut end: oneshot::Receiver<End>,
    seen: Arc<Mutex<Seen>>,
    counters: Counters,
) {
    let (mut last, mut gap) = (None, false);
    seen.lock().expect("it is whole").members = listed(&subscription.members());
    loop {
        let event = tokio::select! {
            event = subscription.next() => event,
            end = &mut end => {
                return match end {
                    Ok(End::Leave) => match subscription.leave().await {
                        Ok(()) => counters.count("left"),
                        Err(CallError::Timeout | CallError::OutcomeUnknown) => {}
                        Err(error) => panic!("{error:?}"),
                    },
                    _ => counters.count("dropped"),
                };
            }
        };
        match event {
            Some(Event::Message(envelope)) => {
                let seq = envelope.seq.expect("it is numbered");
                if let Some(last) = last {
                    assert!(seq > last, "{seq} after {last}");
                    assert!(seq == last + 1 || gap, "{seq} after {last} without a gap");
                }
                (last, gap) = (Some(seq), false);
                let n = match envelope.message {
                    ServerMessage::Post(Post { n }) | ServerMessage::News(News { n }) => n,
                    other => panic!("{other:?}"),
                };
                seen.lock().expect("it is whole").posts.push(n);
            }
            Some(Event::Gap(_)) => {
                counters.count("gap");
                gap = true;
            }
            Some(Event::Joined(_)) => counters.count("back"),
            Some(Event::Presence(_)) => {
                counters.count("presence");
                seen.lock().expect("it is whole").members = listed(&subscription.members());
            }
            Some(Event::Removed | Event::Lost(_)) => {
                counters.count(match event {
                    Some(Event::Removed) => "removed",
                    _ => "lost",
                });
                assert!(subscription.next().await.is_none(), "it was the last event");
                seen.lock().expect("it is whole").ended = true;
                return;
            }
            None => {
                seen.lock().expect("it is whole").ended = true;
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}
