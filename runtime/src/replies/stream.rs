//! Replying to a request with a stream: any number of items.

use super::Replier;
use crate::{Payload, descriptor::UnionDescriptor, foreign::AsPayload};
use std::{fmt, marker::PhantomData};

/// A request for a stream of `Item`s that must be acknowledged with an `Ack`. The handler's future is dropped when the other end cancels the
/// stream or its session ends. `T` is the end that answers.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// use handfast::{HandlerError, server::StreamResponder};
///
/// struct Clock;
///
/// impl TicksHandler for Clock {
///     async fn ticks_watch(
///         &self,
///         m: TicksWatch,
///         to: StreamResponder<TicksWatching, Tick>,
///         _: &Context<()>,
///     ) -> Result<(), HandlerError> {
///         let mut ticks = to.accept(TicksWatching {});
///         for n in 0..m.count {
///             // Waits while the client reads too slowly.
///             ticks.send(Tick { n }).await.map_err(HandlerError::internal)?;
///         }
///         Ok(())
///     }
/// }
/// # use handfast::server::{ConnectionInfo, Rejection};
/// # handlers!(Clock: session room chat);
/// # #[cfg(feature = "client")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = connect(&Server::new(Clock)).await?;
/// let mut ticks = client.ticks_watch(TicksWatch { count: 2 }).await?;
/// assert_eq!(ticks.next().await, Some(Ok(Tick { n: 0 })));
/// assert_eq!(ticks.next().await, Some(Ok(Tick { n: 1 })));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "client"))]
/// # fn main() {}
/// ```
#[must_use = "the other end waits until the stream is accepted or refused"]
pub struct StreamResponder<Ack, Item, T> {
    responder: T,
    union: &'static UnionDescriptor,
    ack: usize,
    item: usize,
    types: PhantomData<fn(Ack, Item)>,
}

impl<Ack, Item, T: fmt::Debug> fmt::Debug for StreamResponder<Ack, Item, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamResponder")
            .field("responder", &self.responder)
            .finish_non_exhaustive()
    }
}

impl<Ack, Item, T> StreamResponder<Ack, Item, T>
where
    Ack: Payload,
    Item: Payload,
    T: Replier,
{
    pub(crate) fn new(
        responder: T,
        union: &'static UnionDescriptor,
        ack: usize,
        item: usize,
    ) -> Self {
        Self {
            responder,
            union,
            ack,
            item,
            types: PhantomData,
        }
    }

    /// Acknowledges the request and returns the sender of its items.
    pub fn accept(self, ack: Ack) -> StreamSender<Item, T> {
        self.responder.accept();
        self.responder.reply(self.union, self.ack, &ack);
        StreamSender::new(self.responder, self.union, self.item)
    }
}

/// Sends the items of a stream.
pub struct StreamSender<Item, T> {
    responder: T,
    union: &'static UnionDescriptor,
    item: usize,
    types: PhantomData<fn(Item)>,
}

impl<Item, T: fmt::Debug> fmt::Debug for StreamSender<Item, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSender")
            .field("responder", &self.responder)
            .finish_non_exhaustive()
    }
}

impl<Item: Payload, T: Replier> StreamSender<Item, T> {
    pub(crate) fn new(responder: T, union: &'static UnionDescriptor, item: usize) -> Self {
        Self {
            responder,
            union,
            item,
            types: PhantomData,
        }
    }

    /// Sends an item. Waits for room: until the other end has read enough of the previous items (backpressure). At a server that is when half
    /// of `limits.outbound` is free.
    ///
    /// [`SendError::Closed`] if the session has ended; [`SendError::Encode`] if the item cannot be encoded or violates its schema.
    pub fn send(
        &mut self,
        item: Item,
    ) -> impl Future<Output = Result<(), SendError>> + Send + use<Item, T> {
        let message = &self.union.messages[self.item];
        let is_valid = self.responder.is_valid(message, &item);
        let packet = is_valid
            .then(|| self.responder.item(message, &AsPayload(&item)))
            .flatten();
        let responder = self.responder.clone();
        async move {
            match packet {
                Some(packet) => responder.send_item(packet).await,
                None => Err(SendError::Encode),
            }
        }
    }
}

/// Why an item was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The session has ended.
    Closed,
    /// The item cannot be encoded or violates its schema; the reason is logged.
    Encode,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the session has ended",
            Self::Encode => "the item cannot be encoded",
        })
    }
}

impl std::error::Error for SendError {}
