//! Answering a request with many messages.

use super::Context;
use crate::{Payload, descriptor::UnionDescriptor, outbound::EnqueueError, transport::Packet};
use std::{fmt, marker::PhantomData};

/// A request that asks for a stream of `Item`s and is told with an `Ack` that it gets one. The handler's future is dropped when the
/// client cancels or goes away.
#[must_use = "the client waits until the stream is accepted or refused"]
pub struct StreamResponder<Ack, Item> {
    cx: Context,
    table: &'static UnionDescriptor,
    ack: usize,
    item: usize,
    types: PhantomData<fn(Ack, Item)>,
}

impl<Ack, Item> fmt::Debug for StreamResponder<Ack, Item> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("cx", &self.cx)
            .finish_non_exhaustive()
    }
}

impl<Ack: Payload, Item: Payload> StreamResponder<Ack, Item> {
    pub(crate) fn new(
        cx: Context,
        table: &'static UnionDescriptor,
        ack: usize,
        item: usize,
    ) -> Self {
        Self {
            cx,
            table,
            ack,
            item,
            types: PhantomData,
        }
    }

    /// Acknowledges the request; only then can items be sent.
    pub fn accept(self, ack: Ack) -> StreamSender<Item> {
        self.cx.accept();
        self.cx.reply(self.table, self.ack, &ack);
        StreamSender::new(self.cx, self.table, self.item)
    }
}

/// Sends the items of a stream.
pub struct StreamSender<Item> {
    cx: Context,
    table: &'static UnionDescriptor,
    item: usize,
    types: PhantomData<fn(Item)>,
}

impl<Item> fmt::Debug for StreamSender<Item> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSender")
            .field("cx", &self.cx)
            .finish_non_exhaustive()
    }
}

impl<Item: Payload> StreamSender<Item> {
    pub(crate) fn new(cx: Context, table: &'static UnionDescriptor, item: usize) -> Self {
        Self {
            cx,
            table,
            item,
            types: PhantomData,
        }
    }

    /// Sends an item, when the client has read enough of what came before: until half of `limits.outbound` is free.
    ///
    /// # Errors
    /// Where the connection is over, or the item cannot be written.
    pub fn send(
        &mut self,
        item: Item,
    ) -> impl Future<Output = Result<(), SendError>> + Send + use<Item> {
        let message = &self.table.messages[self.item];
        let packet = if self.cx.connection.server.is_sound(message.name, &item) {
            self.cx
                .write(self.table, message, Some(&item), self.cx.id(), None)
        } else {
            None
        };
        put(self.cx.clone(), packet)
    }
}

async fn put(cx: Context, packet: Option<Packet>) -> Result<(), SendError> {
    let packet = packet.ok_or(SendError::Encode)?;
    let outbound = &cx.connection.outbound;
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
    /// The connection is over.
    Closed,
    /// The item cannot be written, or breaks its own rules; the log says which.
    Encode,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection is over",
            Self::Encode => "the item cannot be written",
        })
    }
}

impl std::error::Error for SendError {}
