//! The stored messages of one channel.

use super::{HistoryLimits, Publication};
use crate::GapReason;
use std::{collections::VecDeque, sync::Arc};
use tokio::time::Instant;

/// The approximate memory of a stored message in addition to its payload.
const OVERHEAD: usize = 256;

/// The messages that a channel stores, in order.
#[derive(Debug, Default)]
pub(super) struct Stored {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Why the message was removed that was removed last.
    lost: Option<GapReason>,
}

#[derive(Debug)]
struct Entry {
    seq: u64,
    publication: Arc<Publication>,
    cost: usize,
    at: Instant,
}

/// How many messages were removed, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl std::ops::AddAssign for Removed {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

impl Stored {
    /// Adds a message, and evicts the oldest that no longer fit. Returns the bytes of the message, and what was removed.
    pub(super) fn push(
        &mut self,
        seq: u64,
        publication: Arc<Publication>,
        limits: &HistoryLimits,
        now: Instant,
    ) -> (usize, Removed) {
        let mut removed = self.expire(limits, now);
        let payload = publication.payload.as_ref();
        let cost = payload.map_or(0, |payload| payload.get().len()) + OVERHEAD;
        self.entries.push_back(Entry {
            seq,
            publication,
            cost,
            at: now,
        });
        self.bytes += cost;
        while self.bytes > limits.bytes || self.entries.len() as u64 > limits.size {
            removed += self.remove_first(GapReason::Evicted);
        }
        (cost, removed)
    }

    /// Removes the messages that are older than the `ttl`.
    pub(super) fn expire(&mut self, limits: &HistoryLimits, now: Instant) -> Removed {
        let mut removed = Removed::default();
        let Some(ttl) = limits.ttl else {
            return removed;
        };
        while let Some(first) = self.entries.front()
            && now.duration_since(first.at) >= ttl
        {
            removed += self.remove_first(GapReason::Expired);
        }
        removed
    }

    /// Removes the messages up to a sequence number.
    pub(super) fn remove_through(&mut self, seq: u64, reason: GapReason) -> Removed {
        let mut removed = Removed::default();
        while self.entries.front().is_some_and(|first| first.seq <= seq) {
            removed += self.remove_first(reason);
        }
        removed
    }

    fn remove_first(&mut self, reason: GapReason) -> Removed {
        let Some(first) = self.entries.pop_front() else {
            return Removed::default();
        };
        self.bytes -= first.cost;
        self.lost = Some(reason);
        Removed {
            count: 1,
            bytes: first.cost,
        }
    }

    /// The oldest messages after a sequence number.
    pub(super) fn after(&self, seq: u64, limit: usize) -> Vec<(u64, Arc<Publication>)> {
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        let entries = self.entries.range(first..).take(limit);
        entries
            .map(|entry| (entry.seq, entry.publication.clone()))
            .collect()
    }

    /// Whether the message with a sequence number is still stored, if it ever was.
    pub(super) fn holds(&self, seq: u64) -> bool {
        self.entries.front().is_some_and(|first| first.seq <= seq)
    }

    /// Why the beginning is missing.
    pub(super) fn lost(&self) -> Option<GapReason> {
        self.lost
    }
}
