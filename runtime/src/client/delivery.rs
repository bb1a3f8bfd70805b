//! A message of the server's on its way to whoever it is for, its type taken away.

use crate::{DecodeError, Envelope, MessageSet, PendingReplies, Side, codec::Source, decode};
use std::{any::Any, fmt};

/// A message of the server's, its type taken away.
pub(crate) struct Delivery {
    /// Its place in the server's table.
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
    /// Gives it its type back. None where it was read as another.
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

/// Reads a message of the server's.
pub(crate) type Decode =
    fn(Source<'_>, u32, &dyn PendingReplies) -> Result<Delivery, Box<DecodeError>>;

/// [`Decode`] for a union of messages.
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
