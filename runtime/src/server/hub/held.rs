//! What is published while connections are joining a channel.

use super::Hub;
use crate::{
    GapReason, broker::Publication, server::connection_handle::ConnectionHandle, system::GapNotice,
};
use std::collections::VecDeque;

/// The memory of a message in addition to its payload, in bytes.
const OVERHEAD: usize = 256;

/// What was published since the first of the joins in progress began, if no history keeps it. Its handler may have read what it answers before that,
/// so whoever is let in receives it after the answer.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// How many joins are in progress.
    joins: usize,
    publications: VecDeque<(u64, Publication)>,
    bytes: usize,
    /// The number of the last message that did not fit.
    forgotten: u64,
}

impl Held {
    /// A join begins.
    pub(super) fn begin(&mut self) {
        self.joins += 1;
    }

    /// A join is over.
    pub(super) fn end(&mut self) {
        self.joins -= 1;
        if self.joins == 0 {
            *self = Self::default();
        }
    }

    /// The numbering begins anew.
    pub(super) fn clear(&mut self) {
        *self = Self {
            joins: self.joins,
            ..Self::default()
        };
    }

    /// Keeps a message for the joins in progress. Beyond `limit` bytes, the oldest are forgotten.
    pub(super) fn keep(&mut self, seq: u64, publication: &Publication, limit: usize) {
        if self.joins == 0 {
            return;
        }
        self.bytes += cost(publication);
        self.publications.push_back((seq, publication.clone()));
        while self.bytes > limit
            && let Some((seq, oldest)) = self.publications.pop_front()
        {
            self.bytes -= cost(&oldest);
            self.forgotten = seq;
        }
    }
}

fn cost(publication: &Publication) -> usize {
    let payload = publication.payload.as_deref();
    OVERHEAD + payload.map_or(0, |payload| payload.get().len())
}

impl Hub {
    /// Sends to a new member what was published after a position, while its handler ran.
    pub(super) fn catch_up(
        &self,
        held: &Held,
        connection: &ConnectionHandle,
        channel: &str,
        since: u64,
    ) {
        let encoding = connection.encoding;
        let own = self.member(connection.id);
        // In a numbered session the number is not the channel's.
        let numbered = self.encoder().protocol.session.numbered;
        let of_channel = |seq: u64| (!numbered).then_some(seq);
        // Encoded, a message may be longer.
        let (mut room, mut forgotten) = (self.limits.outbound / 2, held.forgotten);
        let mut packets = Vec::new();
        let newest_first = held.publications.iter().rev();
        for (seq, publication) in newest_first.take_while(|(seq, _)| *seq > since) {
            let number = of_channel(*seq);
            let packet = match publication.except == Some(own) {
                true => number.and_then(|seq| self.skip(encoding, channel, seq)),
                false => self.encode(encoding, publication, number),
            };
            let Some(packet) = packet else { continue };
            let Some(rest) = room.checked_sub(packet.len() + OVERHEAD) else {
                forgotten = *seq;
                break;
            };
            room = rest;
            packets.push(packet);
        }
        if forgotten > since {
            let gap = GapNotice {
                channel: Some(channel.into()),
                from: of_channel(since + 1),
                to: of_channel(forgotten),
                reason: Some(GapReason::Evicted),
            };
            if let Some(packet) = self.gap(encoding, &gap) {
                connection.push(packet, false);
            }
        }
        for packet in packets.into_iter().rev() {
            connection.push(packet, false);
        }
    }
}
