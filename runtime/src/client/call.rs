//! Requests and their replies.

use super::{
    CallError,
    core::Core,
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
    pending::{ReplyResult, ReplyTo, RequestMessage},
};
use crate::{DeclaredErrors, Id, Message, MessageSet, NoError, descriptor::Tag};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;

/// Marks types that a value produces but does not contain.
type Types<T> = PhantomData<fn() -> T>;

/// A pending request. It is sent when first polled. Dropping it discards the reply; the server may still handle the request.
#[must_use = "a request is sent when it is awaited"]
pub struct Call<U, R, E> {
    reply: BoxFuture<'static, Result<Option<Delivery>, Failure>>,
    types: Types<(U, R, E)>,
}

impl<U, R, E> fmt::Debug for Call<U, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl<U, R, E> Call<U, R, E> {
    pub(crate) fn new(
        core: Arc<Core>,
        request: Result<RequestMessage, Failure>,
        timeout: Duration,
    ) -> Self {
        Self {
            reply: Box::pin(call(core, request, timeout)),
            types: PhantomData,
        }
    }
}

impl<U: MessageSet, R: Message<U>, E: DeclaredErrors> Future for Call<U, R, E> {
    type Output = Result<R, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.reply.as_mut().poll(cx).map(|reply| {
            reply
                .and_then(|delivery| take(delivery))
                .map_err(CallError::from_failure)
        })
    }
}

/// A message without a reply. It is queued when first polled, and the future resolves once it is queued.
#[must_use = "a message is sent when this is awaited"]
pub struct Sent(BoxFuture<'static, Result<(), Failure>>);

impl Sent {
    pub(crate) fn new(queued: impl Future<Output = Result<(), Failure>> + Send + 'static) -> Self {
        Self(Box::pin(queued))
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").finish_non_exhaustive()
    }
}

impl Future for Sent {
    type Output = Result<(), CallError<NoError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let queued = self.0.as_mut().poll(cx);
        queued.map(|queued| queued.map_err(CallError::from_failure))
    }
}

/// Extracts a message of type `R` from a delivery.
pub(crate) fn take<U: MessageSet, R: Message<U>>(delivery: Option<Delivery>) -> Result<R, Failure> {
    let message = delivery
        .and_then(Delivery::typed::<U>)
        .ok_or(Failure::UnexpectedReply)?
        .message;
    R::from_union(message).ok_or(Failure::UnexpectedReply)
}

/// Abandons a request on drop.
pub(crate) struct AbandonOnDrop<'a> {
    pub(crate) core: &'a Core,
    pub(crate) id: Id,
}

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.core.abandon(&self.id);
    }
}

async fn call(
    core: Arc<Core>,
    request: Result<RequestMessage, Failure>,
    timeout: Duration,
) -> Result<Option<Delivery>, Failure> {
    let request = request?;
    wait(&core, &request, timeout, ReplyTo::One).await
}

/// Sends a request and waits for the reply.
pub(crate) async fn wait(
    core: &Core,
    request: &RequestMessage,
    timeout: Duration,
    reply_to: impl FnOnce(oneshot::Sender<ReplyResult>) -> ReplyTo,
) -> Result<Option<Delivery>, Failure> {
    let exchange = async {
        let permit = core.budget.take(request.len()).await?;
        let (sender, receiver) = oneshot::channel();
        let id = core.request(request, reply_to(sender), Some(permit))?;
        let _guard = AbandonOnDrop { core, id };
        receiver.await.unwrap_or(Err(Failure::Closed))
    };
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err(Failure::Timeout))
}

/// Which messages a stream has: indices into the server's messages, and the tag of the cancel message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamShape {
    /// Whether the server acknowledges the stream.
    pub(crate) ack: bool,
    pub(crate) end: Option<usize>,
    pub(crate) cancel: Option<Option<Tag>>,
}

/// A stream of items from the server.
///
/// At most 1,024 items and 1 MiB of them are queued; beyond that, the stream fails with [`StreamError::Slow`]. Dropping the stream
/// cancels it, if the protocol has a message for that; otherwise the server goes on, and its items are ignored.
///
/// If the protocol declares no such message, the type is [`NoMessage`](crate::NoMessage), and:
/// - Without an `ack`, the stream is returned as soon as its request is queued. A refusal is the first result of
///   [`Streaming::next`].
/// - Without an `end`, the server cannot end the stream: [`Streaming::next`] waits for items until an error arrives or the
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
    core: Arc<Core>,
    inbox: Arc<Inbox>,
    id: Option<Id>,
    shape: StreamShape,
}

impl Drop for RawStream {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && self.core.abandon(&id)
            && let Some(tag) = self.shape.cancel
        {
            self.core.cancel(&id, tag);
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
    core: Arc<Core>,
    request: Result<RequestMessage, Failure>,
    shape: StreamShape,
    timeout: Duration,
) -> Result<(Option<Delivery>, RawStream), Failure> {
    let request = request?;
    let inbox = Arc::new(Inbox::of_stream());
    let mut raw = RawStream {
        core,
        inbox,
        id: None,
        shape,
    };
    let exchange = async {
        let permit = raw.core.budget.take(request.len()).await?;
        let (sender, receiver) = oneshot::channel();
        let inbox = raw.inbox.clone();
        let ack = shape.ack.then_some(sender);
        let reply_to = ReplyTo::Stream { ack, shape, inbox };
        raw.id = Some(raw.core.request(&request, reply_to, Some(permit))?);
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
            // Streams have neither.
            Entry::Gap(_) | Entry::RefreshFailed(_) => fail(Failure::UnexpectedReply),
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
