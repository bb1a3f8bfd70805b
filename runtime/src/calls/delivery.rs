//! Type-erased messages of the other end.

#[cfg(feature = "client")]
use crate::{DecodeError, PendingReplies, codec::Source};
use crate::{Envelope, MessageSet};
use std::{any::Any, fmt};

/// A type-erased message of the other end.
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
    /// Erases the type of a message.
    pub(crate) fn new<U: MessageSet>(envelope: Envelope<U>) -> Self {
        let Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        } = envelope;
        let index = message.index();
        let message: Box<dyn Any + Send> = Box::new(message);
        Self {
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
        }
    }

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
#[cfg(feature = "client")]
pub(crate) type Decode =
    fn(Source<'_>, u32, &dyn PendingReplies) -> Result<Delivery, Box<DecodeError>>;
