//! A request that is answered with a stream.

use super::{
    CallError, CallReply, Caller, ReplyResult, RequestMessage, StreamShape,
    call::{Types, take},
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
};
use crate::{DeclaredErrors, Id, Message, MessageSet};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Where the messages of a stream go.
pub(crate) struct StreamReply {
    /// Present until the stream is acknowledged; always `None` if the protocol has no acknowledgement.
    pub(crate) ack: Option<oneshot::Sender<ReplyResult>>,
    pub(crate) shape: StreamShape,
    pub(crate) inbox: Arc<Inbox>,
}

/// What a stream is after a message was delivered to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    Open,
    Ended,
    /// Its queue overflowed.
    Slow,
}

impl StreamReply {
    /// Delivers a message of so many bytes.
    pub(crate) fn deliver(&mut self, delivery: Delivery, bytes: usize) -> Delivered {
        if let Some(ack) = self.ack.take() {
            // The receiver may have been dropped.
            let _ = ack.send(Ok(Some(delivery)));
        } else if self.shape.end == Some(delivery.index) {
            self.inbox.end(Some(Entry::End(Ok(delivery))));
            return Delivered::Ended;
        } else if !self.inbox.push_item(delivery, bytes) {
            return Delivered::Slow;
        }
        Delivered::Open
    }

    /// Fails the stream.
    pub(crate) fn fail(self, failure: Failure) {
        match self.ack {
            Some(ack) => {
                let _ = ack.send(Err(failure));
            }
            None => self.inbox.end(Some(Entry::End(Err(failure)))),
        }
    }
}

/// A stream of items from the other end.
///
/// At most 1,024 items and 1 MiB of them are queued; beyond that, the stream fails with [`StreamError::Slow`]. Dropping the stream
/// cancels it, if the protocol has a message for that; otherwise the other end goes on, and its items are ignored.
///
/// If the protocol declares no such message, the type is [`NoMessage`](crate::NoMessage), and:
/// - Without an `ack`, the stream is returned as soon as its request is queued. A refusal is the first result of
///   [`Streaming::next`].
/// - Without an `end`, the other end cannot end the stream: [`Streaming::next`] waits for items until an error arrives or the
///   connection is lost. Drop the stream when you have enough.
#[must_use = "the stream is cancelled when it is dropped"]
pub struct Streaming<U: MessageSet, A, I, D, E> {
    ack: Option<A>,
    raw: RawStream,
    end: Option<D>,
    types: Types<(U, I, E)>,
}

impl<U: MessageSet, A: fmt::Debug, I, D, E> fmt::Debug for Streaming<U, A, I, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("ack", &self.ack)
            .finish_non_exhaustive()
    }
}

/// An untyped stream.
pub(crate) struct RawStream {
    caller: Arc<dyn Caller>,
    inbox: Arc<Inbox>,
    id: Option<Id>,
    shape: StreamShape,
}

impl Drop for RawStream {
    fn drop(&mut self) {
        self.inbox.end(None);
        if let Some(id) = self.id.take()
            && self.caller.abandon(&id)
            && let Some(message) = self.shape.cancel
        {
            self.caller.cancel(&id, message);
        }
    }
}

/// Why a stream failed.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::client::{CallError, StreamError};
///
/// let client = connect().await?;
/// let mut counts = client.count_watch(CountWatch { to: 2 }).await?;
/// loop {
///     match counts.next().await {
///         Some(Ok(Count { n })) => println!("{n}"),
///         Some(Err(StreamError::Slow)) => break println!("read faster, or ask for less"),
///         Some(Err(StreamError::Closed(error))) => return Err(error.into()),
///         None => break println!("the end: {:?}", counts.end()),
///         Some(Err(error)) => return Err(error.into()),
///     }
/// }
///
/// let refused = client.count_watch(CountWatch { to: -1 }).await.map(|_| ());
/// assert_eq!(refused, Err(CallError::Declared(ChatError::Negative)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// The reader is too slow: 1,024 items, or 1 MiB of them, were queued. The stream is cancelled, and this is its last result.
    Slow,
    /// The request failed or the connection was lost, before or during the stream.
    Closed(CallError<E>),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => {
                f.write_str("the stream was cancelled because its items were not read fast enough")
            }
            Self::Closed(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Slow => None,
            Self::Closed(error) => Some(error),
        }
    }
}

/// Starts a stream.
pub(crate) async fn begin(
    caller: Arc<dyn Caller>,
    request: Result<RequestMessage, Failure>,
    shape: StreamShape,
    timeout: Duration,
) -> Result<(Option<Delivery>, RawStream), Failure> {
    let request = request?;
    let inbox = Arc::new(Inbox::of_stream());
    let mut raw = RawStream {
        caller,
        inbox,
        id: None,
        shape,
    };
    let exchange = async {
        let permit = raw.caller.room(request.len()).await?;
        let (sender, receiver) = oneshot::channel();
        let inbox = raw.inbox.clone();
        let ack = shape.ack.then_some(sender);
        let reply_to = CallReply::Stream(StreamReply { ack, shape, inbox });
        raw.id = Some(raw.caller.request(&request, reply_to, permit)?);
        if shape.ack {
            receiver.await.unwrap_or(Err(Failure::Closed))
        } else {
            Ok(None)
        }
    };
    let reply = tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err(Failure::Timeout))?;
    Ok((reply, raw))
}

impl<U, A, I, D, E> Streaming<U, A, I, D, E>
where
    U: MessageSet,
    A: Message<U>,
    I: Message<U>,
    D: Message<U>,
    E: DeclaredErrors,
{
    pub(crate) fn new((ack, raw): (Option<Delivery>, RawStream)) -> Result<Self, Failure> {
        let ack = if raw.shape.ack {
            Some(take(ack)?)
        } else {
            None
        };
        Ok(Self {
            ack,
            raw,
            end: None,
            types: PhantomData,
        })
    }

    /// Returns the acknowledgement of the stream, or `None` if the protocol has no message for that.
    pub fn ack(&self) -> Option<&A> {
        self.ack.as_ref()
    }

    /// Returns the next item, or `None` when the stream has ended; [`Streaming::end`] then returns the end message. Cancel-safe.
    ///
    /// # Errors
    /// If the stream failed; see [`StreamError`].
    pub async fn next(&mut self) -> Option<Result<I, StreamError<E>>> {
        let fail = |failure| Some(Err(StreamError::Closed(CallError::from_failure(failure))));
        match self.raw.inbox.next().await? {
            Entry::Message(delivery) => match take(Some(delivery)) {
                Ok(item) => Some(Ok(item)),
                Err(failure) => fail(failure),
            },
            Entry::Slow => Some(Err(StreamError::Slow)),
            // Only channels have gaps.
            Entry::Gap(_) => fail(Failure::UnexpectedReply),
            #[cfg(feature = "client")]
            Entry::Joined(_)
            | Entry::Presence(..)
            | Entry::Added(_)
            | Entry::Removed
            | Entry::RefreshFailed(_)
            | Entry::Error(_) => fail(Failure::UnexpectedReply),
            Entry::DecodeError(rejected) => fail(Failure::Decode(rejected)),
            Entry::End(Ok(delivery)) => match take(Some(delivery)) {
                Ok(end) => {
                    self.end = Some(end);
                    None
                }
                Err(failure) => fail(failure),
            },
            Entry::End(Err(failure)) => fail(failure),
        }
    }

    /// Returns the end message, once [`Streaming::next`] has returned `None` for it.
    pub fn end(&self) -> Option<&D> {
        self.end.as_ref()
    }

    /// Cancels the stream. Dropping it does the same.
    pub fn cancel(self) {}
}
