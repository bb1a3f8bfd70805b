//! What the handshakes of both ends share. Each is a machine without I/O and without a clock: its driver tells it what happens, and sends what it
//! says.

use crate::{encoded::EncodedMessage, transport::Packet};

/// What follows from an event of a handshake.
pub(crate) struct Step<T> {
    /// What is sent, in this order.
    pub(crate) send: Vec<EncodedMessage>,
    /// What was waited for; `None` to go on waiting.
    pub(crate) done: Option<T>,
}

impl<T> Step<T> {
    /// Nothing follows.
    pub(crate) const WAIT: Self = Self {
        send: Vec::new(),
        done: None,
    };

    /// Something is sent, if it can be encoded.
    pub(crate) fn send(message: Option<EncodedMessage>) -> Self {
        Self {
            send: message.into_iter().collect(),
            ..Self::WAIT
        }
    }

    /// It is over.
    pub(crate) fn done(done: T) -> Self {
        Self {
            done: Some(done),
            ..Self::WAIT
        }
    }
}

/// The memory of a message in addition to its bytes.
const OVERHEAD: usize = 128;

/// Messages that arrive before ready, and are handled after it. Each end notes something of each.
#[derive(Debug, Default)]
pub(crate) struct Early<N> {
    messages: Vec<(Packet, N)>,
    bytes: usize,
}

impl<N> Early<N> {
    /// Keeps a message. Returns whether it fits into so many bytes, with those before it.
    pub(crate) fn keep(&mut self, packet: Packet, note: N, limit: usize) -> bool {
        self.bytes += packet.len() + OVERHEAD;
        let fits = self.bytes <= limit;
        if fits {
            self.messages.push((packet.into_own(), note));
        }
        fits
    }

    #[cfg(feature = "server")]
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns the messages in the order in which they arrived.
    pub(crate) fn into_messages(self) -> Vec<(Packet, N)> {
        self.messages
    }
}
