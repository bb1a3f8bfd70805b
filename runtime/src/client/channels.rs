//! The channels that a client has joined or is joining: their subscribers and positions.

use super::{
    backoff::Backoff,
    members::{Happened, Members},
    sequence::{Check, Sequence},
};
use crate::{
    Id,
    calls::{Entry, Gap, Inbox, ReplyResult, RequestMessage},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::oneshot;

/// A channel with at least one subscriber or pending join.
pub(crate) struct Channel {
    /// Distinguishes this membership from an earlier one of the same key that was left.
    pub(crate) generation: u64,
    /// The queues of the subscriptions.
    pub(crate) subscribers: Vec<Arc<Inbox>>,
    /// The queues of pending joins.
    pub(crate) pending: Vec<Arc<Inbox>>,
    /// The server has this connection in the channel.
    pub(crate) joined: bool,
    /// The server may have this connection in the channel: a join was sent whose outcome is unknown.
    pub(crate) maybe_joined: bool,
    /// A subscription has left it.
    pub(crate) was_left: bool,
    /// The id of the pending rejoin.
    pub(crate) rejoin: Option<Id>,
    /// Delays between rejoins, if the server refused one temporarily.
    pub(crate) backoff: Option<Backoff>,
    /// An unbounded gap was already reported in this session.
    pub(crate) gap_reported: bool,
    pub(crate) sequence: Sequence,
    /// The request that joined it last, for the next rejoin.
    pub(crate) join: Option<RequestMessage>,
    /// What leaves it, as its last subscriber or pending join has it.
    pub(crate) leave: Option<RequestMessage>,
    /// Who is in it, if its members learn of each other. Created with the first notice.
    pub(crate) members: Option<Box<Members>>,
}

/// All channels by key.
#[derive(Default)]
pub(crate) struct Channels {
    by_key: HashMap<String, Channel>,
    generations: u64,
}

impl Channels {
    /// Registers a pending join.
    pub(crate) fn reserve(&mut self, key: &str, inbox: &Arc<Inbox>, leave: Option<RequestMessage>) {
        let channel = match self.by_key.get_mut(key) {
            Some(channel) => channel,
            None => self.insert(key),
        };
        channel.pending.push(inbox.clone());
        channel.leave = leave;
    }

    fn insert(&mut self, key: &str) -> &mut Channel {
        self.generations += 1;
        let channel = Channel {
            generation: self.generations,
            subscribers: Vec::new(),
            pending: Vec::new(),
            joined: false,
            maybe_joined: false,
            was_left: false,
            rejoin: None,
            backoff: None,
            gap_reported: false,
            sequence: Sequence::default(),
            join: None,
            leave: None,
            members: None,
        };
        self.by_key.entry(key.to_owned()).or_insert(channel)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Channel> {
        self.by_key.get_mut(key)
    }

    /// Returns the channel with a key, if it is still of this generation.
    pub(crate) fn get_generation(&mut self, key: &str, generation: u64) -> Option<&mut Channel> {
        self.by_key
            .get_mut(key)
            .filter(|channel| channel.generation == generation)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Channel)> {
        self.by_key.iter_mut()
    }

    /// Removes a subscription or pending join. If it was the last of its channel, removes and returns the channel.
    pub(crate) fn release(&mut self, key: &str, inbox: &Arc<Inbox>) -> Option<Channel> {
        let channel = self.by_key.get_mut(key)?;
        let others = |other: &Arc<Inbox>| !Arc::ptr_eq(other, inbox);
        let subscribers = channel.subscribers.len();
        let before = subscribers + channel.pending.len();
        channel.subscribers.retain(others);
        channel.was_left |= channel.subscribers.len() < subscribers;
        channel.pending.retain(others);
        let left = channel.subscribers.len() + channel.pending.len();
        if left == 0 && before > 0 {
            self.by_key.remove(key)
        } else {
            None
        }
    }

    /// Records that the outcome of a join is unknown.
    pub(crate) fn mark_maybe_joined(&mut self, key: &str, inbox: &Arc<Inbox>) {
        if let Some(channel) = self.by_key.get_mut(key)
            && channel
                .pending
                .iter()
                .any(|other| Arc::ptr_eq(other, inbox))
        {
            channel.maybe_joined = true;
        }
    }

    /// Forgets a pending join that was refused, if the server has added the client to the channel: then it stays there without a subscription,
    /// unless one has left the channel.
    pub(crate) fn refused(&mut self, key: &str, inbox: &Arc<Inbox>) {
        if let Some(channel) = self.by_key.get_mut(key)
            && channel.joined
            && channel.join.is_none()
            && !channel.maybe_joined
            && !channel.was_left
        {
            channel.pending.retain(|other| !Arc::ptr_eq(other, inbox));
        }
    }

    /// Whether a pending join that succeeds brings other subscriptions back, whose session was lost.
    pub(crate) fn is_rejoin(&self, key: &str, inbox: &Arc<Inbox>) -> bool {
        self.by_key.get(key).is_some_and(|channel| {
            let mut pending = channel.pending.iter();
            !channel.joined && pending.any(|other| Arc::ptr_eq(other, inbox))
        })
    }

    /// Turns a pending join into a subscription.
    pub(crate) fn joined(
        &mut self,
        key: &str,
        inbox: &Arc<Inbox>,
        join: RequestMessage,
        seq: Option<u64>,
        epoch: Option<&str>,
    ) {
        let Some(channel) = self.by_key.get_mut(key) else {
            return;
        };
        let Some(at) = channel
            .pending
            .iter()
            .position(|other| Arc::ptr_eq(other, inbox))
        else {
            return;
        };
        let inbox = channel.pending.swap_remove(at);
        if channel.subscribers.is_empty() {
            channel.sequence = Sequence::default();
        }
        channel.rejoined(seq, epoch);
        channel.subscribers.push(inbox);
        channel.join = Some(join);
    }

    /// The server has added the client to a channel. Returns false if it is in it already, or in more such channels than `limit`.
    pub(crate) fn added(
        &mut self,
        key: &str,
        (seq, epoch): (Option<u64>, Option<&str>),
        limit: usize,
    ) -> bool {
        if let Some(channel) = self.by_key.get_mut(key) {
            let is_news = !channel.joined;
            // The reply to a rejoin that is pending is reported when it comes.
            if is_news && channel.rejoin.is_none() {
                for inbox in &channel.subscribers {
                    inbox.push(Entry::Joined(None), key.len(), false);
                }
            }
            channel.rejoined(seq, epoch);
            return is_news;
        }
        let idle = self.by_key.values().filter(|channel| channel.is_idle());
        if idle.count() >= limit {
            return false;
        }
        let channel = self.insert(key);
        channel.rejoined(seq, epoch);
        true
    }

    /// Ends the subscriptions of a channel that the client is not in any more. Pending joins stay; if there are none, removes and returns the
    /// channel.
    pub(crate) fn end_channel(&mut self, key: &str, last: impl Fn() -> Entry) -> Option<Channel> {
        let channel = self.by_key.get_mut(key)?;
        for inbox in channel.subscribers.drain(..) {
            inbox.end(Some(last()));
        }
        (channel.joined, channel.backoff) = (false, None);
        if channel.pending.is_empty() {
            self.by_key.remove(key)
        } else {
            None
        }
    }

    /// Adds a subscription to a channel that the client is in. Returns whether it is.
    pub(crate) fn subscribe(
        &mut self,
        key: &str,
        inbox: &Arc<Inbox>,
        leave: Option<RequestMessage>,
    ) -> bool {
        let channel = self.by_key.get_mut(key);
        let Some(channel) = channel.filter(|channel| channel.joined) else {
            return false;
        };
        channel.subscribers.push(inbox.clone());
        channel.leave = leave;
        true
    }

    /// The session has ended. Channels that the server has added the client to, and that have no subscription, are forgotten.
    pub(crate) fn disconnected(&mut self) {
        self.by_key.retain(|_, channel| !channel.is_idle());
        for channel in self.by_key.values_mut() {
            channel.disconnected();
        }
    }

    /// Ends all subscriptions because the client is closed.
    pub(crate) fn end(&mut self) {
        for (_, channel) in self.by_key.drain() {
            for inbox in channel.subscribers {
                inbox.end(None);
            }
        }
    }
}

impl Channel {
    /// Resets the state of the connection, which was lost.
    pub(crate) fn disconnected(&mut self) {
        (self.joined, self.maybe_joined, self.gap_reported) = (false, false, false);
        (self.rejoin, self.backoff) = (None, None);
        if let Some(members) = &mut self.members {
            members.disconnected();
        }
    }

    /// Whether it has neither a subscription nor a pending join: the server has added the client to it.
    fn is_idle(&self) -> bool {
        self.subscribers.is_empty() && self.pending.is_empty()
    }

    /// The server has this connection in the channel.
    fn mark_joined(&mut self) {
        self.joined = true;
        self.backoff = None;
    }

    /// Reports missed messages to all subscriptions.
    pub(crate) fn report_gap(&self, gap: Gap) {
        for inbox in &self.subscribers {
            inbox.push(Entry::Gap(gap), 0, false);
        }
    }

    /// Reports what happened to members to all subscriptions.
    pub(crate) fn report_members(&self, happened: &[Happened], bytes: usize) {
        for inbox in &self.subscribers {
            for (kind, member) in happened {
                inbox.push(Entry::Presence(*kind, member.clone()), bytes, false);
            }
        }
    }

    /// Reports an unbounded gap, once per session.
    pub(crate) fn report_unbounded_gap(&mut self) {
        if !self.gap_reported {
            self.gap_reported = true;
            self.sequence.forget_missed();
            self.report_gap(Gap::UNBOUNDED);
        }
    }

    /// Handles a gap that the server reports.
    pub(crate) fn handle_gap_notice(&mut self, gap: Gap, at: (Option<u64>, Option<String>)) {
        self.sequence.reported(gap, at);
        self.report_gap(gap);
    }

    /// Advances to the sequence number of a message, and reports a gap if numbers were skipped. Returns false for a duplicate.
    pub(crate) fn advance(&mut self, seq: Option<u64>, epoch: Option<&str>) -> bool {
        match self.sequence.message(seq, epoch) {
            Check::New => true,
            Check::Duplicate => false,
            Check::After(gap) => {
                self.report_gap(gap);
                true
            }
        }
    }

    /// Completes a join, and reports a gap if messages were published since the last one and are not replayed.
    pub(crate) fn rejoined(&mut self, seq: Option<u64>, epoch: Option<&str>) {
        if let Some(gap) = self.sequence.joined(seq, epoch) {
            self.report_gap(gap);
        }
        self.mark_joined();
    }
}

/// A pending join, and what becomes the subscription when it succeeds.
pub(crate) struct PendingJoin {
    pub(crate) reply: oneshot::Sender<ReplyResult>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) request: RequestMessage,
    pub(crate) key: String,
}
