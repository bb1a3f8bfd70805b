//! Type-erased messages of the server.

use crate::{DecodeError, Envelope, MessageSet, PendingReplies, Side, codec::Source, decode};
use std::{any::Any, fmt};

/// A type-erased message of the server.
pub(crate) struct Delivery {
    /// Its index in the server's messages.
    pub(crate) index: usize,
    pub(crate) envelope: Envelope<Box<dyn Any + Send>>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// Restores its type. Returns `None` if it was decoded as another.
    pub(crate) fn typed<U: MessageSet>(self) -> Option<Envelope<U>> {
        let Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        } = self.envelope;
        let message = *message.downcast::<U>().ok()?;
        Some(Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        })
    }
}

/// Decodes a message of the server.
pub(crate) type Decode =
    fn(Source<'_>, u32, &dyn PendingReplies) -> Result<Delivery, Box<DecodeError>>;

/// [`Decode`] for the messages of a protocol.
pub(crate) fn decode_any<U: MessageSet>(
    source: Source<'_>,
    depth: u32,
    pending: &dyn PendingReplies,
) -> Result<Delivery, Box<DecodeError>> {
    let Envelope {
        id,
        version,
        channel,
        seq,
        epoch,
        timestamp,
        message,
    } = decode::<U>(source, Side::Client, depth, pending)?;
    let index = message.index();
    let message: Box<dyn Any + Send> = Box::new(message);
    Ok(Delivery {
        index,
        envelope: Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        },
    })
}
