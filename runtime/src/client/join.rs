//! Join requests: what a channel method of the generated client, such as `client.room(&id)`, returns.

use super::{CallError, Client, Subscription};
use crate::{
    ChannelKey, ChannelKeyOf, DeclaredErrors, Message, NoError, NoMessage, Protocol, Request,
    ValidationError, Violation,
};
use handfast_schema::{Pointer, details};
use std::fmt;

/// A channel that is joined with a message of the protocol.
#[must_use = "nothing is joined until `join` is called"]
pub struct JoinRequest<P, C, M, L> {
    client: Client<P>,
    channel: C,
    message: M,
    leave: Option<L>,
}

impl<P, C: fmt::Debug, M, L> fmt::Debug for JoinRequest<P, C, M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinRequest")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl<P, C, M, L> JoinRequest<P, C, M, L>
where
    P: Protocol,
    C: ChannelKey,
    M: Request<P::Client> + ChannelKeyOf<C>,
    M::Reply: Message<P::Server>,
    L: Message<P::Client>,
{
    /// Creates a request from a channel, its join message and its leave message.
    pub fn new(client: &Client<P>, channel: C, message: M, leave: Option<L>) -> Self {
        Self {
            client: client.clone(),
            channel,
            message,
            leave,
        }
    }

    /// Joins the channel, and receives the messages that are published there from now on.
    ///
    /// # Errors
    /// If the server refuses the join; see [`CallError`].
    pub async fn join(
        self,
    ) -> Result<Subscription<P::Server, M::Reply, C::Presence>, CallError<M::Error>> {
        self.client
            .join(&self.channel, &self.message, self.leave.as_ref())
            .await
    }

    /// Subscribes without a request, because the server has added the client to the channel ([`Event::Added`](super::Event::Added)). `None` if it
    /// is not in the channel. When the session has ended, the client does not join again: the subscription continues, behind a gap, if the
    /// server adds it again.
    pub fn subscribe(self) -> Option<Subscription<P::Server, (), C::Presence>> {
        self.client.subscribe(&self.channel, self.leave.as_ref())
    }
}

/// A channel that declares no join message: it is joined with the `join` message of the session.
#[derive(Debug)]
#[must_use = "nothing is joined until `join` is called"]
pub struct KeyJoinRequest<P, C> {
    client: Client<P>,
    channel: C,
}

impl<P: Protocol, C: ChannelKey> KeyJoinRequest<P, C> {
    /// Creates a request from a channel.
    pub fn new(client: &Client<P>, channel: C) -> Self {
        Self {
            client: client.clone(),
            channel,
        }
    }

    /// Joins the channel, and receives the messages that are published there from now on.
    ///
    /// # Errors
    /// If the server refuses the join; see [`CallError`].
    pub async fn join(
        self,
    ) -> Result<Subscription<P::Server, (), C::Presence>, CallError<NoError>> {
        self.client.join_by_key(&self.channel).await
    }

    /// Subscribes without a request, because the server has added the client to the channel; see [`JoinRequest::subscribe`].
    pub fn subscribe(self) -> Option<Subscription<P::Server, (), C::Presence>> {
        self.client.subscribe(&self.channel, None::<&NoMessage>)
    }
}

/// That a channel's key is not another's.
pub(super) fn clear<C: ChannelKey, E: DeclaredErrors>(channel: &C) -> Result<(), CallError<E>> {
    channel
        .unclear()
        .map_or(Ok(()), |unclear| Err(invalid(unclear.violation(None))))
}

/// That a message joins this channel, and no other one.
pub(super) fn names<C: ChannelKey, E: DeclaredErrors>(
    channel: &C,
    message: &impl ChannelKeyOf<C>,
) -> Result<(), CallError<E>> {
    let (key, named) = (channel.key(), message.key());
    if key == named {
        return Ok(());
    }
    let detail = details::other_channel(&key, &named);
    Err(invalid(Violation::new(Pointer::root(), detail)))
}

fn invalid<E>(violation: Violation) -> CallError<E> {
    let violations = vec![violation];
    CallError::Invalid(ValidationError { violations })
}
