//! Channels that a client is in.

use super::{
    CallError, CloseOnDrop,
    call::{Guard, take, wait},
    channels::PendingJoin,
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
    pending::{ReplyTo, RequestMessage},
};
use crate::{DeclaredErrors, DecodeError, Envelope, Message, MessageSet, NoError};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Messages of a channel that never arrived: they were published while the connection was lost, or did not fit into what waits
/// to be looked at. Without bounds it says that nobody knows what is missing: the server has not let the client into the channel
/// again in time, or not for now, or its numbers contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the first, where it is known.
    pub from: Option<u64>,
    /// The number of the last, where it is known.
    pub to: Option<u64>,
}

impl Gap {
    /// Nobody knows what is missing.
    pub(crate) const UNBOUNDED: Self = Self {
        from: None,
        to: None,
    };
}

/// What happens in a channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<U> {
    /// A message.
    Message(Envelope<U>),
    /// Messages are missing here.
    Gap(Gap),
    /// A message that this client cannot read, such as one of a newer server.
    DecodeError(Box<DecodeError>),
    /// The connection was made again, and the server does not let the client into the channel again, for good: a refusal that is
    /// `retryable` is tried again instead. Nothing comes after this.
    Lost(CallError<NoError>),
}

pub(crate) fn event<U: MessageSet>(entry: Entry) -> Option<Event<U>> {
    Some(match entry {
        Entry::Message(delivery) => Event::Message(delivery.typed()?),
        Entry::Gap(gap) => Event::Gap(gap),
        Entry::DecodeError(rejected) => Event::DecodeError(rejected),
        Entry::End(Err(failure)) => Event::Lost(CallError::from_failure(failure)),
        // A channel is no stream.
        Entry::Slow | Entry::End(Ok(_)) => return None,
    })
}

/// A place in a channel. Dropped, it is given up, and with the last place of this client the channel is left; a join without an
/// answer counts as a place.
#[must_use = "dropped, the channel is left"]
pub struct Subscription<U, R> {
    /// The answer to the join.
    pub reply: R,
    place: Place,
    types: PhantomData<fn() -> U>,
}

impl<U, R: fmt::Debug> fmt::Debug for Subscription<U, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("reply", &self.reply)
            .finish_non_exhaustive()
    }
}

/// A place in a channel, until it is dropped.
pub(crate) struct Place {
    handle: Arc<CloseOnDrop>,
    key: String,
    inbox: Arc<Inbox>,
    leave: Option<RequestMessage>,
    timeout: Duration,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Asked for and forgotten: nobody is here to wait for the answer, and one that left before is not there.
        let leave = self.leave.as_ref();
        let _ = self.handle.core.exit(&self.key, &self.inbox, leave, None);
    }
}

/// Joins a channel.
pub(crate) async fn join<U: MessageSet, R: Message<U>, E: DeclaredErrors>(
    handle: Arc<CloseOnDrop>,
    key: String,
    ask: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<Subscription<U, R>, CallError<E>> {
    let (answer, place) = enter(handle, key, ask, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    let reply = take(answer).map_err(CallError::from_failure)?;
    Ok(Subscription {
        reply,
        place,
        types: PhantomData,
    })
}

/// Joins a channel that has no message for that.
pub(crate) async fn join_by_key<U: MessageSet>(
    handle: Arc<CloseOnDrop>,
    key: String,
    ask: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<Subscription<U, ()>, CallError<NoError>> {
    let (_, place) = enter(handle, key, ask, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    Ok(Subscription {
        reply: (),
        place,
        types: PhantomData,
    })
}

async fn enter(
    handle: Arc<CloseOnDrop>,
    key: String,
    ask: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<(Option<Delivery>, Place), Failure> {
    let (ask, leave) = (ask?, leave?);
    let core = handle.core.clone();
    let inbox = Arc::new(Inbox::new(core.capacity, core.limits.inbound));
    // The place is asked for from now on: whoever leaves meanwhile does not leave for this one.
    core.reserve(&key, &inbox)?;
    let place = Place {
        handle,
        key,
        inbox,
        leave,
        timeout,
    };
    let (again, inbox, key) = (ask.clone(), place.inbox.clone(), place.key.clone());
    let wants = |answer| {
        ReplyTo::Join(PendingJoin {
            answer,
            inbox,
            ask: again,
            key,
        })
    };
    let answer = wait(&core, &ask, timeout, wants).await?;
    Ok((answer, place))
}

impl<U: MessageSet, R> Subscription<U, R> {
    /// What happens next; none when the client is closed, or after [`Event::Lost`]. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event<U>> {
        event(self.place.inbox.next().await?)
    }

    /// Leaves, and waits until the server knows. Where others of this client are still in the channel, or there is no
    /// connection, there is nothing to send, and nothing to wait for.
    ///
    /// # Errors
    /// Those of any request. Even so this client has left.
    pub async fn leave(self) -> Result<(), CallError<NoError>> {
        let left = leave(&self.place).await;
        left.map_err(CallError::from_failure)
    }
}

async fn leave(place: &Place) -> Result<(), Failure> {
    let (sender, receiver) = oneshot::channel();
    let core = &place.handle.core;
    let leave = place.leave.as_ref();
    let Some(id) = core.exit(&place.key, &place.inbox, leave, Some(sender))? else {
        return Ok(());
    };
    let _guard = Guard { core, id };
    match tokio::time::timeout(place.timeout, receiver).await {
        Ok(answer) => answer.unwrap_or(Err(Failure::Closed)).map(drop),
        Err(_) => Err(Failure::Timeout),
    }
}

/// What the server sends without being asked, apart from the channels that were joined.
pub struct Notifications<U> {
    pub(crate) inbox: Arc<Inbox>,
    /// It keeps the client alive.
    pub(crate) handle: Arc<CloseOnDrop>,
    pub(crate) types: PhantomData<fn() -> U>,
}

impl<U> fmt::Debug for Notifications<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications")
            .field("core", &self.handle.core)
            .finish_non_exhaustive()
    }
}

impl<U: MessageSet> Notifications<U> {
    /// What comes next; none when the client is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event<U>> {
        event(self.inbox.next().await?)
    }
}
