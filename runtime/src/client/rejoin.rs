//! Rejoins the channels after a reconnect: a few at a time, with retries for temporary refusals.

use super::{
    backoff::Backoff,
    core::Core,
    log::truncate,
    pending::{PendingRequest, PendingState, ReplyTo},
};
use crate::{
    ExpectedReply, Id, PendingReplies, SessionCode,
    calls::{Delivery, Entry, Failure, ReplyIndices},
    descriptor::{Limits, SessionDescriptor},
    encoded::EncodedMessage,
    transport::Packet,
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// How many rejoins are pending at a time.
const MAX_WINDOW: usize = 16;

/// The reply that a request expects which is not pending any more.
struct Expected(ExpectedReply);

impl PendingReplies for Expected {
    fn expected(&self, _: Option<&Id>) -> Option<ExpectedReply> {
        Some(self.0)
    }
}

/// The channels that still have to be rejoined in this session.
#[derive(Default)]
pub(crate) struct Rejoins {
    /// The key and generation of each, in order.
    queue: VecDeque<(String, u64)>,
    /// Temporarily refused rejoins, with the time of the next attempt.
    retries: Vec<(Instant, String, u64)>,
    /// Pending rejoins, with the time until which each counts towards the window.
    in_flight: VecDeque<(Instant, Id)>,
    /// How many rejoins may be pending now, and at most.
    window: usize,
    max_window: usize,
    /// When an unbounded gap is reported for channels that are not rejoined by then.
    deadline: Option<Instant>,
    /// No rejoin is sent until then, because the server is rate limiting.
    paused_until: Option<Instant>,
    backoff: Option<Backoff>,
}

impl Rejoins {
    /// Removes a pending rejoin.
    fn finished(&mut self, id: &Id) {
        self.in_flight.retain(|(_, other)| other != id);
    }

    /// Widens the window after a success.
    fn speed_up(&mut self) {
        self.window = (self.window + 1).min(self.max_window);
        if let Some(backoff) = &mut self.backoff {
            backoff.reset();
        }
    }

    /// Narrows the window and pauses because the server is rate limiting.
    fn slow_down(&mut self, session: &SessionDescriptor, limits: &Limits, now: Instant) {
        self.window = 1;
        if self
            .paused_until
            .is_none_or(|paused_until| paused_until <= now)
        {
            let backoff = self.backoff.get_or_insert_with(|| Backoff::new(session));
            // By then the rate allows two more messages.
            let rate = limits.rate.map_or(Duration::ZERO, |(count, period)| {
                period.mul_f64(2.0 / count.max(1) as f64)
            });
            self.paused_until = Some(now + backoff.wait().max(rate));
        }
    }
}

/// How many rejoins may be pending at a time. If all rejoins could exceed the server's rate limit, the window is smaller than the
/// number of violations in a row for which the server closes.
fn window(limits: &Limits, channels: usize, was_busy: bool) -> usize {
    let burst = limits.rate.map_or(u64::MAX, |(count, _)| count);
    if (channels as u64).saturating_mul(2) <= burst && !was_busy {
        return MAX_WINDOW;
    }
    let refusals = limits.violations.saturating_sub(2) as usize;
    refusals.clamp(1, MAX_WINDOW)
}

impl Core {
    /// Starts the rejoins of a new session. Returns the first packets to send, with their marks.
    pub(super) fn begin_rejoins(
        &self,
        inner: &mut PendingState,
        now: Instant,
    ) -> Vec<(EncodedMessage, u64)> {
        // Only the server can add the client again to a channel that it did not join itself.
        for (_, channel) in inner.channels.iter_mut() {
            if channel.join.is_none() && !channel.subscribers.is_empty() {
                channel.report_unbounded_gap();
            }
        }
        let mut rejoining: Vec<_> = inner
            .channels
            .iter_mut()
            .filter(|(_, channel)| !channel.subscribers.is_empty() && channel.join.is_some())
            .map(|(key, channel)| (channel.generation, key.clone()))
            .collect();
        rejoining.sort_unstable();
        let max_window = window(&self.limits, rejoining.len(), inner.busy);
        inner.rejoins = Rejoins {
            deadline: (!rejoining.is_empty()).then(|| now + self.descriptor.session.timeout),
            queue: rejoining
                .into_iter()
                .map(|(generation, key)| (key, generation))
                .collect(),
            window: max_window,
            max_window,
            ..Rejoins::default()
        };
        self.next_rejoins(inner, now)
    }

    /// Returns the packets of as many rejoins as the window allows.
    fn next_rejoins(&self, inner: &mut PendingState, now: Instant) -> Vec<(EncodedMessage, u64)> {
        let mut packets = Vec::new();
        let rejoins = &mut inner.rejoins;
        if rejoins
            .paused_until
            .is_some_and(|paused_until| paused_until > now)
        {
            return packets;
        }
        rejoins.paused_until = None;
        while rejoins.in_flight.len() < rejoins.window
            && let Some((key, generation)) = rejoins.queue.pop_front()
        {
            let Some(channel) = inner.channels.get_generation(&key, generation) else {
                continue;
            };
            // A join of another subscription may have succeeded meanwhile.
            let Some(join) = channel.join.clone().filter(|_| !channel.joined) else {
                continue;
            };
            inner.last += 1;
            let mark = inner.last;
            let id = self.id(mark, join.heading.envelope);
            let position = channel.sequence.position();
            let Ok(packet) = self.encode_rejoin(&join, Some(&id), position) else {
                continue;
            };
            channel.rejoin = Some(id.clone());
            if self.by_order() {
                inner.unwritten.insert(mark, (join.replies, None));
            }
            let pending = PendingRequest {
                mark,
                packet: packet.clone(),
                resendable: false,
                written: false,
                lost: false,
                replies: join.replies,
                reply_to: ReplyTo::Rejoin(key, generation),
                permit: None,
            };
            inner.pending.insert(id.clone(), pending);
            rejoins
                .in_flight
                .push_back((now + self.descriptor.session.timeout, id));
            packets.push((packet, mark));
        }
        packets
    }

    /// Reports the reply to a join to the subscriptions that the channel had before. `delivery` is one decoding of the packet.
    pub(super) fn report_joined(
        &self,
        inner: &mut PendingState,
        key: &str,
        mut delivery: Option<Delivery>,
        packet: Option<&Packet>,
        replies: ReplyIndices,
    ) {
        let PendingState {
            channels, behind, ..
        } = inner;
        let Some(channel) = channels.get_mut(key) else {
            return;
        };
        for inbox in &channel.subscribers {
            let entry = match (delivery.take(), packet) {
                (Some(delivery), _) => Entry::Joined(Some(delivery)),
                // The request is no longer among those that are pending, and they are locked.
                (None, Some(packet)) => match self.read(packet, &Expected(replies.expected())) {
                    Ok(delivery) => Entry::Joined(Some(delivery)),
                    Err(rejected) => Entry::DecodeError(rejected),
                },
                (None, None) => Entry::Joined(None),
            };
            inbox.push(entry, packet.map_or(key.len(), Packet::len), false);
            if inbox.is_behind() {
                behind.push(inbox.clone());
            }
        }
    }

    /// Does the work that is due, and returns when to call it again.
    pub(crate) fn rejoin(&self, now: Instant) -> Option<Instant> {
        let mut inner = self.lock();
        let PendingState {
            rejoins, channels, ..
        } = &mut *inner;
        while rejoins
            .in_flight
            .front()
            .is_some_and(|(until, _)| *until <= now)
        {
            // A reply may still arrive, but the window no longer waits for it.
            rejoins.in_flight.pop_front();
        }
        if rejoins.deadline.is_some_and(|late| late <= now) {
            rejoins.deadline = None;
            for (key, channel) in channels.iter_mut() {
                if !channel.joined && !channel.subscribers.is_empty() {
                    if let Some(suppressed) = self.log.allow() {
                        let channel = truncate(key);
                        tracing::warn!(channel, suppressed, "a channel was not rejoined in time");
                    }
                    channel.report_unbounded_gap();
                }
            }
        }
        let due = rejoins.retries.extract_if(.., |(at, ..)| *at <= now);
        rejoins
            .queue
            .extend(due.map(|(_, key, generation)| (key, generation)));
        for (packet, mark) in self.next_rejoins(&mut inner, now) {
            self.outbound.enqueue(packet, mark, false);
        }
        let rejoins = &inner.rejoins;
        let waits = !rejoins.queue.is_empty();
        let retries = rejoins.retries.iter().map(|(at, ..)| *at);
        let in_flight = rejoins.in_flight.front().map(|(until, _)| *until);
        retries
            .chain(rejoins.deadline)
            .chain(rejoins.paused_until.filter(|_| waits))
            .chain(in_flight.filter(|_| waits))
            .min()
    }

    /// Handles a successful rejoin.
    pub(super) fn rejoined(
        &self,
        inner: &mut PendingState,
        id: &Id,
        (key, generation): (&str, u64),
        (seq, epoch): (Option<u64>, Option<&str>),
    ) {
        inner.rejoins.finished(id);
        inner.rejoins.speed_up();
        self.schedule_rejoin();
        if let Some(channel) = inner.channels.get_generation(key, generation) {
            channel.rejoin = None;
            channel.rejoined(seq, epoch);
        }
    }

    /// Handles a failed rejoin: schedules a retry, or ends the subscriptions.
    pub(super) fn rejoin_failed(
        &self,
        inner: &mut PendingState,
        id: &Id,
        (key, generation): (String, u64),
        failure: &Failure,
    ) {
        let now = Instant::now();
        inner.rejoins.finished(id);
        self.schedule_rejoin();
        let Some(channel) = inner.channels.get_generation(&key, generation) else {
            return;
        };
        channel.rejoin = None;
        if channel.joined {
            // A join of another subscription succeeded meanwhile.
            return;
        }
        if let Some(suppressed) = self.log.allow() {
            let (channel, error) = (truncate(&key), failure.log_text());
            tracing::warn!(channel, error, suppressed, "rejoining a channel failed");
        }
        // A server that refuses has not added the client.
        channel.maybe_joined |=
            !matches!(failure, Failure::Remote(_)) || failure.is_code(SessionCode::Timeout);
        if !failure.is_transient() {
            return self.end_channel(inner, &key, || Entry::End(Err(failure.clone())));
        }
        channel.report_unbounded_gap();
        if failure.is_code(SessionCode::RateLimited) {
            let session = &self.descriptor.session;
            inner.rejoins.slow_down(session, &self.limits, now);
            inner.rejoins.queue.push_front((key, generation));
        } else {
            let backoff = channel
                .backoff
                .get_or_insert_with(|| Backoff::new(&self.descriptor.session));
            let at = now + backoff.wait();
            inner.rejoins.retries.push((at, key, generation));
        }
    }

    /// Ends the subscriptions of a channel with a last event. If a join that was given up may still succeed, the channel is left.
    pub(super) fn end_channel(
        &self,
        inner: &mut PendingState,
        key: &str,
        last: impl Fn() -> Entry,
    ) {
        if let Some(channel) = inner.channels.end_channel(key, last) {
            // There is nobody to learn that the leave cannot be encoded.
            let _ = self.forget(inner, key, channel, None);
        }
    }

    /// Withdraws a rejoin that was not written. Returns false if it may have reached the server.
    pub(super) fn withdraw_rejoin(&self, inner: &mut PendingState, id: &Id) -> bool {
        inner.rejoins.finished(id);
        self.schedule_rejoin();
        let Some(pending) = inner.pending.get(id) else {
            return false;
        };
        let mark = pending.mark;
        let taken_back = !pending.written && self.outbound.withdraw(mark);
        if taken_back {
            inner.pending.remove(id);
            inner.unwritten.remove(&mark);
        }
        taken_back
    }
}
