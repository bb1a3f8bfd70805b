//! The link of a session: one connection after the other, with what was received, acknowledgements and the heartbeat.

use super::{
    counting::Received,
    liveness::{Beat, Liveness},
};
use crate::descriptor::SessionDescriptor;
use std::time::Duration;

/// One end of a session as its current connection sees it.
#[derive(Debug)]
pub(crate) struct Link {
    liveness: Option<Liveness>,
    received: Received,
    /// Whether both ends count.
    counting: bool,
}

/// What a connection has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkAction {
    /// Send a ping.
    Ping,
    /// Acknowledge so many messages.
    Acknowledge(u64),
    /// Close the connection: nothing arrived within the timeout.
    Silent,
}

impl Link {
    /// `outbound` is `limits.outbound`.
    pub(crate) fn new(outbound: usize) -> Self {
        Self {
            liveness: None,
            received: Received::new(outbound),
            counting: false,
        }
    }

    /// A connection begins. Without `resumed` the session is new, and counts from one if both ends count.
    pub(crate) fn attach(
        &mut self,
        session: &SessionDescriptor,
        counting: bool,
        resumed: bool,
        outbound: usize,
        now: Duration,
    ) {
        let interval = session.heartbeat.filter(|_| session.roles.ping.is_some());
        self.liveness = interval.map(|interval| Liveness::new(interval, session.timeout, now));
        self.counting = counting;
        if !resumed {
            self.received = Received::new(outbound);
        }
    }

    /// Whether both ends count.
    pub(crate) fn is_counting(&self) -> bool {
        self.counting
    }

    /// How many messages were received in this session.
    #[cfg(any(feature = "client", test))]
    pub(crate) fn received(&self) -> u64 {
        self.received.last()
    }

    /// Records that the peer learns how many messages were received, and returns that number.
    pub(crate) fn acknowledged(&mut self) -> u64 {
        self.received.acknowledged()
    }

    /// Something arrived, if only a part of a message.
    pub(crate) fn hear(&mut self, now: Duration) {
        if let Some(liveness) = &mut self.liveness {
            liveness.hear(now);
        }
    }

    /// A message arrived that counts.
    pub(crate) fn count(&mut self, bytes: usize, now: Duration) {
        if self.counting {
            self.received.message(bytes, now);
        }
    }

    /// A message arrived that contains its number.
    #[cfg(feature = "client")]
    pub(crate) fn number(&mut self, number: u64, bytes: usize, now: Duration) {
        if self.counting {
            self.received.number(number, bytes, now);
        }
    }

    /// The peer skips messages.
    pub(crate) fn skip(&mut self, last: u64, now: Duration) {
        if self.counting {
            self.received.skip(last, now);
        }
    }

    /// Requests a ping, regardless of the interval.
    #[cfg(feature = "client")]
    pub(crate) fn ping_now(&mut self) {
        if let Some(liveness) = &mut self.liveness {
            liveness.ping_now();
        }
    }

    /// Returns the number to acknowledge if it is time for that. `asked` if the peer asks: it sent a ping.
    pub(crate) fn acknowledge(&mut self, asked: bool, now: Duration) -> Option<u64> {
        if asked || self.received.is_due(now) {
            return self.received.acknowledge();
        }
        None
    }

    /// When [`Self::handle_timeout`] has something to do, unless something arrives.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        let liveness = self.liveness.as_ref().and_then(Liveness::timeout);
        let received = self.received.timeout().filter(|_| self.counting);
        [liveness, received].into_iter().flatten().min()
    }

    /// Returns what to do now; called until it returns `None`.
    pub(crate) fn handle_timeout(&mut self, now: Duration) -> Option<LinkAction> {
        let acknowledged = self.acknowledge(false, now).map(LinkAction::Acknowledge);
        acknowledged.or_else(|| {
            self.liveness.as_mut()?.beat(now).map(|beat| match beat {
                Beat::Ping => LinkAction::Ping,
                Beat::Silent => LinkAction::Silent,
            })
        })
    }
}
