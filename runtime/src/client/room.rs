//! Channels that a client is in.

use super::{
    CallError, Handle,
    call::{take, wait},
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
    waiting::{Ask, Wants},
};
use crate::{Envelope, ErrorCodes, MessageOf, Messages, NoError, Rejected};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

/// Messages of a channel that never arrived: they were published while the connection was lost, nobody looked at them in
/// time, or the server has not said in time that the client is in the channel again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the first, where it is known.
    pub from: Option<u64>,
    /// The number of the last, where it is known.
    pub to: Option<u64>,
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
    Rejected(Box<Rejected>),
    /// The connection was made again, and the server did not let the client into the channel again. Nothing comes after
    /// this.
    Lost(CallError<NoError>),
}

pub(crate) fn event<U: Messages>(entry: Entry) -> Option<Event<U>> {
    Some(match entry {
        Entry::Message(delivery) => Event::Message(delivery.typed()?),
        Entry::Gap(gap) => Event::Gap(gap),
        Entry::Rejected(rejected) => Event::Rejected(rejected),
        Entry::End(Err(failure)) => Event::Lost(CallError::from_failure(failure)),
        Entry::End(Ok(_)) => return None,
    })
}

/// A channel that the client is in. Dropped, it leaves: the last of them for a channel tells the server.
#[must_use = "dropped, the channel is left"]
pub struct Joined<U, R> {
    /// The answer to the join.
    pub reply: R,
    place: Place,
    types: PhantomData<fn() -> U>,
}

impl<U, R: fmt::Debug> fmt::Debug for Joined<U, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined")
            .field("reply", &self.reply)
            .finish_non_exhaustive()
    }
}

/// A place in a channel, until it is dropped.
pub(crate) struct Place {
    handle: Arc<Handle>,
    inbox: Arc<Inbox>,
    leave: Option<Ask>,
    timeout: Duration,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Asked for and forgotten: nobody is here to wait for the answer.
        if self.handle.core.exit(&self.inbox)
            && let Some(leave) = &self.leave
        {
            let (answer, _) = tokio::sync::oneshot::channel();
            let _ = self.handle.core.request(leave, Wants::One(answer));
        }
    }
}

/// Joins a channel.
pub(crate) async fn join<U: Messages, R: MessageOf<U>, E: ErrorCodes>(
    handle: Arc<Handle>,
    key: String,
    ask: Result<Ask, Failure>,
    leave: Result<Option<Ask>, Failure>,
    timeout: Duration,
) -> Result<Joined<U, R>, CallError<E>> {
    let (answer, place) = enter(handle, key, ask, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    let reply = take(answer).map_err(CallError::from_failure)?;
    Ok(Joined {
        reply,
        place,
        types: PhantomData,
    })
}

/// Joins a channel that has no message for that.
pub(crate) async fn join_by_key<U: Messages>(
    handle: Arc<Handle>,
    key: String,
    ask: Result<Ask, Failure>,
    leave: Result<Option<Ask>, Failure>,
    timeout: Duration,
) -> Result<Joined<U, ()>, CallError<NoError>> {
    let (_, place) = enter(handle, key, ask, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    Ok(Joined {
        reply: (),
        place,
        types: PhantomData,
    })
}

async fn enter(
    handle: Arc<Handle>,
    key: String,
    ask: Result<Ask, Failure>,
    leave: Result<Option<Ask>, Failure>,
    timeout: Duration,
) -> Result<(Option<Delivery>, Place), Failure> {
    let (ask, leave) = (ask?, leave?);
    let inbox = Arc::new(Inbox::new(handle.core.capacity));
    let place = Place {
        handle,
        inbox,
        leave,
        timeout,
    };
    let again = ask.clone();
    let inbox = place.inbox.clone();
    let wants = |answer| Wants::Join(answer, inbox, again, key);
    let answer = wait(&place.handle.core, &ask, timeout, wants).await?;
    Ok((answer, place))
}

impl<U: Messages, R> Joined<U, R> {
    /// What happens next; none when the client is closed, or after [`Event::Lost`]. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event<U>> {
        event(self.place.inbox.next().await?)
    }

    /// Leaves, and waits until the server knows.
    ///
    /// # Errors
    /// Those of any request. Even so this client has left.
    pub async fn leave(mut self) -> Result<(), CallError<NoError>> {
        let place = &mut self.place;
        let leave = place.leave.take();
        if place.handle.core.exit(&place.inbox)
            && let Some(leave) = leave
        {
            let left = wait(&place.handle.core, &leave, place.timeout, Wants::One).await;
            left.map_err(CallError::from_failure)?;
        }
        Ok(())
    }
}

/// What the server sends without being asked, apart from the channels that were joined.
pub struct Incoming<U> {
    pub(crate) inbox: Arc<Inbox>,
    /// It keeps the client alive.
    pub(crate) handle: Arc<Handle>,
    pub(crate) types: PhantomData<fn() -> U>,
}

impl<U> fmt::Debug for Incoming<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("core", &self.handle.core)
            .finish_non_exhaustive()
    }
}

impl<U: Messages> Incoming<U> {
    /// What comes next; none when the client is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event<U>> {
        event(self.inbox.next().await?)
    }
}
