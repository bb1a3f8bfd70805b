//! Requests and their answers.

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

/// Types that are produced and not held.
type Types<T> = PhantomData<fn() -> T>;

/// A request under way. It is sent when it is first polled; dropped, nobody waits for the answer any more.
#[must_use = "a request is sent when it is awaited"]
pub struct Call<U, R, E> {
    answer: BoxFuture<'static, Result<Option<Delivery>, Failure>>,
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
        ask: Result<RequestMessage, Failure>,
        timeout: Duration,
    ) -> Self {
        Self {
            answer: Box::pin(one(core, ask, timeout)),
            types: PhantomData,
        }
    }
}

impl<U: MessageSet, R: Message<U>, E: DeclaredErrors> Future for Call<U, R, E> {
    type Output = Result<R, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer.as_mut().poll(cx).map(|answer| {
            answer
                .and_then(|delivery| take(delivery))
                .map_err(CallError::from_failure)
        })
    }
}

/// A message under way that has no reply. It is queued when it is first polled.
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

/// Takes a message out of what was delivered.
pub(crate) fn take<U: MessageSet, R: Message<U>>(delivery: Option<Delivery>) -> Result<R, Failure> {
    let message = delivery
        .and_then(Delivery::typed::<U>)
        .ok_or(Failure::UnexpectedReply)?
        .message;
    R::from_union(message).ok_or(Failure::UnexpectedReply)
}

/// A request that is taken back when whoever waits for it goes.
pub(crate) struct Guard<'a> {
    pub(crate) core: &'a Core,
    pub(crate) id: Id,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.core.abandon(&self.id);
    }
}

async fn one(
    core: Arc<Core>,
    ask: Result<RequestMessage, Failure>,
    timeout: Duration,
) -> Result<Option<Delivery>, Failure> {
    let ask = ask?;
    wait(&core, &ask, timeout, ReplyTo::One).await
}

/// Sends a request and waits for the answer.
pub(crate) async fn wait(
    core: &Core,
    ask: &RequestMessage,
    timeout: Duration,
    wants: impl FnOnce(oneshot::Sender<ReplyResult>) -> ReplyTo,
) -> Result<Option<Delivery>, Failure> {
    let asked = async {
        let permit = core.budget.take(ask.len()).await?;
        let (sender, receiver) = oneshot::channel();
        let id = core.request(ask, wants(sender), Some(permit))?;
        let _guard = Guard { core, id };
        receiver.await.unwrap_or(Err(Failure::Closed))
    };
    tokio::time::timeout(timeout, asked)
        .await
        .unwrap_or(Err(Failure::Timeout))
}

/// What a stream's messages are: their places in the table of the server's, and the message that ends it early.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Whether something says that the stream begins.
    pub(crate) ack: bool,
    pub(crate) end: Option<usize>,
    pub(crate) cancel: Option<Option<Tag>>,
}

/// A stream of the server's under way. At most 1,024 items and 1 MiB of them wait to be looked at: beyond that it fails with
/// [`StreamError::Slow`]. Dropped, it is cancelled, where the protocol has a message for that; otherwise the
/// server is not told, and what it sends is passed over.
///
/// What the protocol does not have is [`NoMessage`](crate::NoMessage):
/// - Without an `ack` the stream is there as soon as its request is queued, whether or not the server takes it; a refusal is
///   what [`Streaming::next`] gives first.
/// - Without an `end` the server cannot say that there is no more: [`Streaming::next`] waits until an error comes or the
///   connection is lost. Leave the stream when enough came.
#[must_use = "dropped, the stream is cancelled"]
pub struct Streaming<U: MessageSet, A, I, D, E> {
    ack: Option<A>,
    raw: Raw,
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

/// A stream without types.
pub(crate) struct Raw {
    core: Arc<Core>,
    inbox: Arc<Inbox>,
    id: Option<Id>,
    shape: Shape,
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && self.core.abandon(&id)
            && let Some(tag) = self.shape.cancel
        {
            self.core.cancel(&id, tag);
        }
    }
}

/// Why a stream gives no item.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// 1,024 items, or 1 MiB of them, waited for somebody to look at them. The stream was cancelled: nothing comes after
    /// this.
    Slow,
    /// The stream is over.
    Closed(CallError<E>),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => f.write_str(
                "the stream was cancelled, because too many items waited for somebody to look at them",
            ),
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

/// Begins a stream.
pub(crate) async fn begin(
    core: Arc<Core>,
    ask: Result<RequestMessage, Failure>,
    shape: Shape,
    timeout: Duration,
) -> Result<(Option<Delivery>, Raw), Failure> {
    let ask = ask?;
    let inbox = Arc::new(Inbox::of_stream());
    let mut raw = Raw {
        core,
        inbox,
        id: None,
        shape,
    };
    let asked = async {
        let permit = raw.core.budget.take(ask.len()).await?;
        let (sender, receiver) = oneshot::channel();
        let inbox = raw.inbox.clone();
        let ack = shape.ack.then_some(sender);
        let wants = ReplyTo::Stream { ack, shape, inbox };
        raw.id = Some(raw.core.request(&ask, wants, Some(permit))?);
        if shape.ack {
            receiver.await.unwrap_or(Err(Failure::Closed))
        } else {
            Ok(None)
        }
    };
    let answer = tokio::time::timeout(timeout, asked)
        .await
        .unwrap_or(Err(Failure::Timeout))?;
    Ok((answer, raw))
}

impl<U, A, I, D, E> Streaming<U, A, I, D, E>
where
    U: MessageSet,
    A: Message<U>,
    I: Message<U>,
    D: Message<U>,
    E: DeclaredErrors,
{
    pub(crate) fn new((ack, raw): (Option<Delivery>, Raw)) -> Result<Self, Failure> {
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

    /// What the server said when the stream began; none where the protocol has no message for that.
    pub fn ack(&self) -> Option<&A> {
        self.ack.as_ref()
    }

    /// The next item; none when the stream is over, and [`Streaming::end`] tells how it ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<I, StreamError<E>>> {
        let over = |failure| Some(Err(StreamError::Closed(CallError::from_failure(failure))));
        match self.raw.inbox.next().await? {
            Entry::Message(delivery) => match take(Some(delivery)) {
                Ok(item) => Some(Ok(item)),
                Err(failure) => over(failure),
            },
            Entry::Slow => Some(Err(StreamError::Slow)),
            // Streams have no gaps.
            Entry::Gap(_) => over(Failure::UnexpectedReply),
            Entry::DecodeError(rejected) => over(Failure::Decode(rejected)),
            Entry::End(Ok(delivery)) => match take(Some(delivery)) {
                Ok(end) => {
                    self.end = Some(end);
                    None
                }
                Err(failure) => over(failure),
            },
            Entry::End(Err(failure)) => over(failure),
        }
    }

    /// What the server said when the stream ended well.
    pub fn end(&self) -> Option<&D> {
        self.end.as_ref()
    }

    /// Ends the stream early; dropping it does the same.
    pub fn cancel(self) {}
}
