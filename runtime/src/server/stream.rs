//! Streams: replying to a request with any number of items.

use super::responder::Responder;
use crate::{Payload, descriptor::UnionDescriptor, outbound::EnqueueError, transport::Packet};
use std::{fmt, marker::PhantomData};

/// A request for a stream of `Item`s that must be acknowledged with an `Ack`. The handler's future is dropped when the client cancels the
/// stream or disconnects.
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
#[must_use = "the client waits until the stream is accepted or refused"]
pub struct StreamResponder<Ack, Item> {
    responder: Responder,
    union: &'static UnionDescriptor,
    ack: usize,
    item: usize,
    types: PhantomData<fn(Ack, Item)>,
}

impl<Ack, Item> fmt::Debug for StreamResponder<Ack, Item> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamResponder")
            .field("responder", &self.responder)
            .finish_non_exhaustive()
    }
}

impl<Ack: Payload, Item: Payload> StreamResponder<Ack, Item> {
    pub(crate) fn new(
        responder: Responder,
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
    pub fn accept(self, ack: Ack) -> StreamSender<Item> {
        self.responder.accept();
        self.responder.reply(self.union, self.ack, &ack);
        StreamSender::new(self.responder, self.union, self.item)
    }
}

/// Sends the items of a stream.
pub struct StreamSender<Item> {
    responder: Responder,
    union: &'static UnionDescriptor,
    item: usize,
    types: PhantomData<fn(Item)>,
}

impl<Item> fmt::Debug for StreamSender<Item> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSender")
            .field("responder", &self.responder)
            .finish_non_exhaustive()
    }
}

impl<Item: Payload> StreamSender<Item> {
    pub(crate) fn new(responder: Responder, union: &'static UnionDescriptor, item: usize) -> Self {
        Self {
            responder,
            union,
            item,
            types: PhantomData,
        }
    }

    /// Sends an item. Waits until at least half of `limits.outbound` is free: until the client has read enough of the previous items
    /// (backpressure).
    ///
    /// [`SendError::Closed`] if the connection has ended; [`SendError::Encode`] if the item cannot be encoded or violates its schema.
    pub fn send(
        &mut self,
        item: Item,
    ) -> impl Future<Output = Result<(), SendError>> + Send + use<Item> {
        let packet = self.responder.item(&self.union.messages[self.item], &item);
        enqueue(self.responder.clone(), packet)
    }
}

async fn enqueue(responder: Responder, packet: Option<Packet>) -> Result<(), SendError> {
    let packet = packet.ok_or(SendError::Encode)?;
    let context = responder.context();
    let outbound = &context.connection.outbound;
    match std::future::poll_fn(|task| outbound.poll_room(packet.len(), task)).await {
        Ok(()) => {
            outbound.answer(packet);
            Ok(())
        }
        Err(EnqueueError::Ended | EnqueueError::Full) => Err(SendError::Closed),
    }
}

/// Why an item was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The connection has ended.
    Closed,
    /// The item cannot be encoded or violates its schema; the reason is logged.
    Encode,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection has ended",
            Self::Encode => "the item cannot be encoded",
        })
    }
}

impl std::error::Error for SendError {}
