//! Messages that arrive before a session is ready, as both ends keep them.

use crate::transport::Packet;

/// The memory of a message in addition to its bytes.
const OVERHEAD: usize = 128;

/// Messages that arrive before ready, and are handled after it.
#[derive(Debug, Default)]
pub(crate) struct Early {
    packets: Vec<Packet>,
    bytes: usize,
}

impl Early {
    /// Keeps a message. Returns whether it fits into so many bytes, with those before it.
    pub(crate) fn keep(&mut self, packet: Packet, limit: usize) -> bool {
        self.bytes += packet.len() + OVERHEAD;
        let fits = self.bytes <= limit;
        if fits {
            self.packets.push(packet.into_own());
        }
        fits
    }

    #[cfg(feature = "server")]
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Returns the messages in the order in which they arrived.
    pub(crate) fn into_packets(self) -> Vec<Packet> {
        self.packets
    }
}
