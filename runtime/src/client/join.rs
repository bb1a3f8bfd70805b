//! Channels that are about to be joined: what `client.room(&id)` gives.

use super::{CallError, Client, Subscription};
use crate::{ChannelKey, Message, NoError, Protocol, Request};
use std::fmt;

/// A channel that a message of the protocol's joins.
#[must_use = "nothing is joined until `join`"]
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
    M: Request + Message<P::Client>,
    M::Reply: Message<P::Server>,
    L: Message<P::Client>,
{
    /// A channel, the message that joins it, and the one that leaves it.
    pub fn new(client: &Client<P>, channel: C, message: M, leave: Option<L>) -> Self {
        Self {
            client: client.clone(),
            channel,
            message,
            leave,
        }
    }

    /// Joins, and hears what is published there from now on.
    ///
    /// # Errors
    /// Where the server does not let it in.
    pub async fn join(self) -> Result<Subscription<P::Server, M::Reply>, CallError<M::Error>> {
        self.client
            .join(&self.channel, &self.message, self.leave.as_ref())
            .await
    }
}

/// A channel that no message of the protocol's joins: the session's own does.
#[derive(Debug)]
#[must_use = "nothing is joined until `join`"]
pub struct KeyJoinRequest<P, C> {
    client: Client<P>,
    channel: C,
}

impl<P: Protocol, C: ChannelKey> KeyJoinRequest<P, C> {
    /// A channel.
    pub fn new(client: &Client<P>, channel: C) -> Self {
        Self {
            client: client.clone(),
            channel,
        }
    }

    /// Joins, and hears what is published there from now on.
    ///
    /// # Errors
    /// Where the server does not let it in.
    pub async fn join(self) -> Result<Subscription<P::Server, ()>, CallError<NoError>> {
        self.client.join_by_key(&self.channel).await
    }
}
