//! Joins the channels again after the connection was lost: a few at a time, and again where the server refuses for now.

use super::{
    backoff::Backoff,
    core::Core,
    error::Failure,
    log::cut,
    pending::{PendingRequest, PendingState, ReplyTo},
};
use crate::{
    Id, SessionCode,
    descriptor::{Limits, SessionDescriptor},
    transport::Packet,
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// How many of these requests are without an answer at a time.
const WINDOW: usize = 16;

/// The channels that are still to be joined again in this session.
#[derive(Default)]
pub(crate) struct Rejoins {
    /// In turn: the key, and which room of that key.
    queue: VecDeque<(String, u64)>,
    /// Those that were refused for now, and when each is tried again.
    later: Vec<(Instant, String, u64)>,
    /// Requests without an answer, and until when each keeps others waiting.
    asked: VecDeque<(Instant, Id)>,
    /// How many may be without an answer just now, and at the most.
    window: usize,
    most: usize,
    /// When the application learns of what is not joined by then.
    late_at: Option<Instant>,
    /// Until when nothing is asked, because the server is asked too much.
    pause: Option<Instant>,
    backoff: Option<Backoff>,
}

impl Rejoins {
    /// A request has its answer.
    fn answered(&mut self, id: &Id) {
        self.asked.retain(|(_, other)| other != id);
    }

    /// The server takes it.
    fn speed_up(&mut self) {
        self.window = (self.window + 1).min(self.most);
        if let Some(backoff) = &mut self.backoff {
            backoff.reset();
        }
    }

    /// The server is asked too much.
    fn slow_down(&mut self, session: &SessionDescriptor, limits: &Limits, now: Instant) {
        self.window = 1;
        if self.pause.is_none_or(|pause| pause <= now) {
            let backoff = self.backoff.get_or_insert_with(|| Backoff::new(session));
            // Two messages more are allowed by then.
            let rate = limits.rate.map_or(Duration::ZERO, |(count, period)| {
                period.mul_f64(2.0 / count.max(1) as f64)
            });
            self.pause = Some(now + backoff.wait().max(rate));
        }
    }
}

/// How many rejoins are without an answer at a time. Where they could use up what the server allows, they are fewer than the
/// refusals in a row for which it closes.
fn window(limits: &Limits, rooms: usize, was_busy: bool) -> usize {
    let burst = limits.rate.map_or(u64::MAX, |(count, _)| count);
    if (rooms as u64).saturating_mul(2) <= burst && !was_busy {
        return WINDOW;
    }
    let refusals = limits.violations.saturating_sub(2) as usize;
    refusals.clamp(1, WINDOW)
}

impl Core {
    /// A session began: the first channels are joined again. What is sent for that, with its marks.
    pub(super) fn begin_rejoins(
        &self,
        inner: &mut PendingState,
        now: Instant,
    ) -> Vec<(Packet, u64)> {
        let mut lives: Vec<_> = inner
            .rooms
            .iter_mut()
            .filter(|(_, room)| !room.holders.is_empty() && room.join.is_some())
            .map(|(key, room)| (room.life, key.clone()))
            .collect();
        lives.sort_unstable();
        let most = window(&self.limits, lives.len(), inner.busy);
        inner.rejoins = Rejoins {
            late_at: (!lives.is_empty()).then(|| now + self.table.session.timeout),
            queue: lives.into_iter().map(|(life, key)| (key, life)).collect(),
            window: most,
            most,
            ..Rejoins::default()
        };
        self.next_rejoins(inner, now)
    }

    /// Asks for as many channels as may be asked for now.
    fn next_rejoins(&self, inner: &mut PendingState, now: Instant) -> Vec<(Packet, u64)> {
        let mut packets = Vec::new();
        let rejoins = &mut inner.rejoins;
        if rejoins.pause.is_some_and(|pause| pause > now) {
            return packets;
        }
        rejoins.pause = None;
        while rejoins.asked.len() < rejoins.window
            && let Some((key, life)) = rejoins.queue.pop_front()
        {
            let Some(room) = inner.rooms.same(&key, life) else {
                continue;
            };
            // Whoever joined it meanwhile did so for all.
            let Some(join) = room.join.clone().filter(|_| !room.entered) else {
                continue;
            };
            inner.last += 1;
            let mark = inner.last;
            let id = self.id(mark);
            let Ok(packet) = self.encode(&join, Some(&id)) else {
                continue;
            };
            room.rejoin = Some(id.clone());
            if self.by_order() {
                inner.unwritten.insert(mark, (join.answers, None));
            }
            let waiting = PendingRequest {
                mark,
                packet: packet.clone(),
                again: false,
                written: false,
                lost: false,
                answers: join.answers,
                wants: ReplyTo::Rejoin(key, life),
                permit: None,
            };
            inner.waiting.insert(id.clone(), waiting);
            rejoins
                .asked
                .push_back((now + self.table.session.timeout, id));
            packets.push((packet, mark));
        }
        packets
    }

    /// Does what is due. When there is something to do again.
    pub(crate) fn rejoin(&self, now: Instant) -> Option<Instant> {
        let mut inner = self.lock();
        let PendingState { rejoins, rooms, .. } = &mut *inner;
        while rejoins
            .asked
            .front()
            .is_some_and(|(until, _)| *until <= now)
        {
            // It may still be answered; the others wait for it no longer.
            rejoins.asked.pop_front();
        }
        if rejoins.late_at.is_some_and(|late| late <= now) {
            rejoins.late_at = None;
            for (key, room) in rooms.iter_mut() {
                if !room.entered && !room.holders.is_empty() {
                    if let Some(left_out) = self.log.pass() {
                        let channel = cut(key);
                        tracing::warn!(channel, left_out, "a channel is not joined again in time");
                    }
                    room.fall_behind();
                }
            }
        }
        let due = rejoins.later.extract_if(.., |(at, ..)| *at <= now);
        rejoins.queue.extend(due.map(|(_, key, life)| (key, life)));
        for (packet, mark) in self.next_rejoins(&mut inner, now) {
            self.outbound.enqueue(packet, mark, false);
        }
        let rejoins = &inner.rejoins;
        let waits = !rejoins.queue.is_empty();
        let later = rejoins.later.iter().map(|(at, ..)| *at);
        let asked = rejoins.asked.front().map(|(until, _)| *until);
        later
            .chain(rejoins.late_at)
            .chain(rejoins.pause.filter(|_| waits))
            .chain(asked.filter(|_| waits))
            .min()
    }

    /// A channel was joined again.
    pub(super) fn rejoined(
        &self,
        inner: &mut PendingState,
        id: &Id,
        (key, life): (&str, u64),
        (seq, epoch): (Option<u64>, Option<String>),
    ) {
        inner.rejoins.answered(id);
        inner.rejoins.speed_up();
        self.rejoin_changed();
        if let Some(room) = inner.rooms.same(key, life) {
            room.rejoin = None;
            room.rejoined(seq, epoch);
        }
    }

    /// A channel was not joined again: for now, or for good.
    pub(super) fn not_rejoined(
        &self,
        inner: &mut PendingState,
        id: &Id,
        (key, life): (String, u64),
        failure: &Failure,
    ) {
        let now = Instant::now();
        inner.rejoins.answered(id);
        self.rejoin_changed();
        let Some(room) = inner.rooms.same(&key, life) else {
            return;
        };
        room.rejoin = None;
        if room.entered {
            // Whoever joined it meanwhile did so for all.
            return;
        }
        if let Some(left_out) = self.log.pass() {
            let (channel, error) = (cut(&key), failure.in_short());
            tracing::warn!(channel, error, left_out, "a channel cannot be joined again");
        }
        if !failure.is_for_now() {
            return inner.rooms.lose(&key, failure);
        }
        room.fall_behind();
        room.doubt |= failure.is_code(SessionCode::Timeout);
        if failure.is_code(SessionCode::RateLimited) {
            let session = &self.table.session;
            inner.rejoins.slow_down(session, &self.limits, now);
            inner.rejoins.queue.push_front((key, life));
        } else {
            let backoff = room
                .backoff
                .get_or_insert_with(|| Backoff::new(&self.table.session));
            let at = now + backoff.wait();
            inner.rejoins.later.push((at, key, life));
        }
    }

    /// Takes back a rejoin that was not written. False where the server may see it.
    pub(super) fn take_back_rejoin(&self, inner: &mut PendingState, id: &Id) -> bool {
        inner.rejoins.answered(id);
        self.rejoin_changed();
        let Some(waiting) = inner.waiting.get(id) else {
            return false;
        };
        let mark = waiting.mark;
        let taken_back = !waiting.written && self.outbound.withdraw(mark);
        if taken_back {
            inner.waiting.remove(id);
            inner.unwritten.remove(&mark);
        }
        taken_back
    }
}
