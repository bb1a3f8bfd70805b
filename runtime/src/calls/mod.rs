//! Requests and their replies, as both ends send them: a server to one of its clients, and a client to its server.
//!
//! What differs is behind [`Caller`]: where requests are queued, and when they fail.

mod budget;
mod call;
mod delivery;
mod error;
mod inbox;
#[cfg(feature = "client")]
mod refresh_error;
mod stream;

pub use call::Call;
pub use error::CallError;
#[cfg(feature = "client")]
pub use inbox::Gap;
#[cfg(feature = "client")]
pub use refresh_error::RefreshError;
pub use stream::{StreamError, Streaming};

pub(crate) use budget::{Budget, Permit};
#[cfg(feature = "client")]
pub(crate) use call::{AbandonOnDrop, take, within};
#[cfg(feature = "client")]
pub(crate) use delivery::Decode;
pub(crate) use delivery::Delivery;
pub(crate) use error::Failure;
#[cfg(feature = "client")]
pub(crate) use inbox::PATIENCE;
#[cfg(feature = "client")]
pub(crate) use inbox::{Entry, Inbox};
pub(crate) use stream::{Delivered, StreamReply, begin};

use crate::{
    ExpectedReply, Id, Message, MessageSet,
    descriptor::{Heading, UnionDescriptor},
    validate::{ValidationError, beside_envelope, checked_text},
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// An end that sends requests.
pub(crate) trait Caller: Send + Sync + 'static {
    /// Waits for room for a request of so many bytes.
    ///
    /// # Errors
    /// If the session has ended.
    fn room(&self, bytes: usize) -> BoxFuture<'_, Result<Permit, Failure>>;

    /// Queues a request.
    ///
    /// # Errors
    /// If it cannot be encoded, or the session has ended.
    fn request(
        &self,
        request: &RequestMessage,
        reply_to: CallReply,
        permit: Permit,
    ) -> Result<Id, Failure>;

    /// Abandons a request. Returns whether it is pending and may have reached the other end.
    fn abandon(&self, id: &Id) -> bool;

    /// Sends the message that cancels a stream.
    fn cancel(&self, id: &Id, message: Heading);
}

/// The outcome of a request: its reply, or `None` if a session message replied.
pub(crate) type ReplyResult = Result<Option<Delivery>, Failure>;

/// Where the outcome of a request goes.
pub(crate) enum CallReply {
    One(oneshot::Sender<ReplyResult>),
    Stream(StreamReply),
}

impl CallReply {
    /// Fails the request.
    pub(crate) fn fail(self, failure: Failure) {
        match self {
            Self::One(reply) => {
                // The receiver may have been dropped.
                let _ = reply.send(Err(failure));
            }
            Self::Stream(stream) => stream.fail(failure),
        }
    }
}

/// An unencoded request, which can be encoded again.
#[derive(Clone, Debug)]
pub(crate) struct RequestMessage {
    pub(crate) heading: Heading,
    pub(crate) payload: Option<Arc<RawValue>>,
    pub(crate) channel: Option<Arc<str>>,
    #[cfg_attr(
        not(feature = "client"),
        expect(dead_code, reason = "only a client sends again")
    )]
    pub(crate) idempotent: bool,
    pub(crate) replies: ReplyIndices,
}

impl RequestMessage {
    /// Its approximate encoded size in bytes.
    pub(crate) fn len(&self) -> usize {
        let payload = self.payload.as_deref().map_or(0, |raw| raw.get().len());
        payload + self.channel.as_deref().map_or(0, str::len)
    }

    /// The message that cancels a stream.
    pub(crate) const fn cancel(heading: Heading) -> Self {
        Self {
            heading,
            payload: None,
            channel: None,
            idempotent: false,
            replies: ReplyIndices::NONE,
        }
    }
}

/// Which messages may reply to a request: indices into the messages of the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyIndices {
    /// The reply, or the acknowledgement of a stream.
    pub(crate) first: Option<usize>,
    pub(crate) item: Option<usize>,
    pub(crate) end: Option<usize>,
    /// Any message may reply.
    pub(crate) unknown: bool,
}

impl ReplyIndices {
    /// A session message replies.
    pub(crate) const NONE: Self = Self::one(None);

    pub(crate) const UNKNOWN: Self = Self {
        unknown: true,
        ..Self::NONE
    };

    pub(crate) const fn one(first: Option<usize>) -> Self {
        Self {
            first,
            item: None,
            end: None,
            unknown: false,
        }
    }

    /// What a decoder has to know.
    pub(crate) const fn expected(&self) -> ExpectedReply {
        ExpectedReply {
            replies: [self.first, self.item, self.end],
            failure: None,
        }
    }

    /// The reply, if the request has exactly one.
    #[cfg(feature = "client")]
    pub(crate) fn reply(&self) -> Option<usize> {
        self.first.filter(|_| self.item.is_none())
    }

    /// Whether a session message replies.
    #[cfg(feature = "client")]
    pub(crate) fn is_system_reply(&self) -> bool {
        !self.unknown && self.first.is_none() && self.item.is_none()
    }

    /// Whether a message may reply.
    pub(crate) fn has(&self, index: usize, published: bool) -> bool {
        [self.first, self.item, self.end].contains(&Some(index)) || (self.unknown && !published)
    }
}

/// Which messages a stream has: indices into the messages of the end that sends it, and what the cancel message begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamShape {
    /// Whether the stream is acknowledged.
    pub(crate) ack: bool,
    pub(crate) end: Option<usize>,
    pub(crate) cancel: Option<Heading>,
}

/// A request for a stream: of the message `M` of the union `U`, answered by messages of `V`, and cancelled by `C`.
pub(crate) fn stream_request<U, V, M, C>(
    message: &M,
) -> (Result<RequestMessage, Failure>, StreamShape)
where
    U: MessageSet,
    V: MessageSet,
    M: crate::Request<U>,
    M::Reply: Message<V>,
    M::Item: Message<V>,
    M::End: Message<V>,
    C: Message<U>,
{
    let shape = StreamShape {
        ack: index_of::<V, M::Reply>().is_some(),
        end: index_of::<V, M::End>(),
        cancel: index_of::<U, C>().map(|at| U::DESCRIPTOR.heading(&U::DESCRIPTOR.messages[at])),
    };
    let request = prepare::<U, M>(message).map(|request| RequestMessage {
        replies: ReplyIndices {
            first: index_of::<V, M::Reply>(),
            item: index_of::<V, M::Item>(),
            end: shape.end,
            ..ReplyIndices::NONE
        },
        ..request
    });
    (request, shape)
}

/// A request with one reply: of the message `M` of the union `U`, answered by a message of `V`.
pub(crate) fn one_request<U, V, M>(message: &M) -> Result<RequestMessage, Failure>
where
    U: MessageSet,
    V: MessageSet,
    M: crate::Request<U>,
    M::Reply: Message<V>,
{
    prepare::<U, M>(message).map(|request| RequestMessage {
        replies: ReplyIndices::one(index_of::<V, M::Reply>()),
        ..request
    })
}

/// The index of a message in its descriptor table, or `None` for [`NoMessage`](crate::NoMessage).
fn index_of<U: MessageSet, M: Message<U>>() -> Option<usize> {
    (M::INDEX < U::DESCRIPTOR.messages.len()).then_some(M::INDEX)
}

/// How long the reply to a message may take: `usual` if the message does not say.
pub(crate) fn timeout_of<U: MessageSet, M: Message<U>>(usual: Duration) -> Duration {
    U::DESCRIPTOR.messages[M::INDEX].timeout.unwrap_or(usual)
}

/// Validates a message and prepares it for encoding.
pub(crate) fn prepare<U: MessageSet, M: Message<U>>(
    message: &M,
) -> Result<RequestMessage, Failure> {
    let union = U::DESCRIPTOR;
    let envelope = union.heading(&union.messages[M::INDEX]).envelope;
    let text = beside_envelope(envelope, message).and_then(|()| checked_text(message));
    to_request(union, M::INDEX, text)
}

fn to_request(
    union: &'static UnionDescriptor,
    index: usize,
    text: Result<Box<RawValue>, ValidationError>,
) -> Result<RequestMessage, Failure> {
    let text = text.map_err(Failure::Invalid)?;
    let descriptor = &union.messages[index];
    Ok(RequestMessage {
        heading: union.heading(descriptor),
        payload: descriptor.payload.then(|| text.into()),
        channel: None,
        idempotent: descriptor.idempotent,
        replies: ReplyIndices::UNKNOWN,
    })
}
