//! Calling a server.
//!
//! `#[protocol]` wraps [`Client`] in a type with a method for each message. A client is one task, which reads, writes and
//! connects again; it ends when the last [`Client`], [`Subscription`], [`Notifications`] and [`Streaming`] is dropped, or with
//! [`Client::close`].
//!
//! - Everything is bounded. What waits to be sent and what is not answered has `limits.outbound` bytes, 256 more counted for
//!   each; callers wait for room. A channel or [`Notifications`] that nobody looks at drops what does not fit, and says so with a
//!   [`Gap`]; a stream fails with [`StreamError::Slow`]. The client itself never stops reading.
//! - When the connection is lost, it is made again, after a random wait below a bound that doubles (`session.backoff`), unless
//!   the close code is final (1000, 1008, 4401, 4403, 4406, 4409, or what the protocol's `closes` has in their place) or
//!   `backoff.attempts` failed in a row. Channels are joined again, at most sixteen at a time, with a gap where something was
//!   missed; where the server refuses for now, that is tried again, and [`Event::Lost`] tells where it refuses for good.
//!   Requests that were not written yet, or are idempotent and no streams, are sent; all others fail with
//!   [`CallError::OutcomeUnknown`]; streams end with it.
//! - A client whose task died, because its runtime was dropped or [`ClientBuilder::auth_with`] panicked, is closed.

mod backoff;
mod budget;
mod builder;
mod call;
mod channels;
mod connection;
mod core;
mod delivery;
mod dial;
mod error;
mod inbox;
mod join;
mod lifecycle;
mod log;
mod pending;
mod receive;
mod rejoin;
mod session;
mod subscription;

pub use builder::ClientBuilder;
pub use call::{Call, Sent, StreamError, Streaming};
pub use error::{CallError, ConnectError};
pub use join::{JoinRequest, KeyJoinRequest};
pub use subscription::{Event, Gap, Notifications, Subscription};

use self::{
    call::Shape,
    core::Core,
    error::Failure,
    pending::{ReplyIndices, RequestMessage},
};
use crate::{
    ChannelKey, Message, MessageSet, NoError, Protocol, Request,
    descriptor::MessageDescriptor,
    system::ChannelOnly,
    transport::CloseFrame,
    validate::{ValidationError, checked_text},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

/// A server that was generated from another spec, of an accepted version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionSkew {
    /// The server's version.
    pub version: String,
    /// The hash of the server's spec.
    pub hash: String,
}

impl fmt::Display for VersionSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "skew: the server was generated from another spec, version {} ({}); generate both ends from the same one",
            self.version, self.hash
        )
    }
}

/// How a client stands with its server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It connects for the first time.
    Connecting,
    /// The session is open.
    Connected,
    /// The connection was lost, and is made again.
    Reconnecting,
    /// It is over: why, where that is known.
    Closed(Option<CloseFrame>),
}

/// Closes the client when the last who uses it is gone.
pub(crate) struct CloseOnDrop {
    pub(crate) core: Arc<Core>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.core.outbound.close(CloseFrame::new(1000, ""), false);
    }
}

/// A client of the protocol `P`. A clone is a counted reference.
pub struct Client<P> {
    handle: Arc<CloseOnDrop>,
    protocol: PhantomData<fn() -> P>,
}

impl<P> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            protocol: PhantomData,
        }
    }
}

impl<P> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("core", &self.handle.core)
            .finish()
    }
}

impl<P: Protocol> Client<P> {
    /// A client of the server at a URL that begins with `ws://` or `http://`. Await it; it is tried once.
    pub fn connect(url: impl Into<String>) -> ClientBuilder<P> {
        ClientBuilder::to(url)
    }

    /// Sends a request that has one reply.
    pub fn call<M>(&self, message: &M) -> Call<P::Server, M::Reply, M::Error>
    where
        M: Request + Message<P::Client>,
        M::Reply: Message<P::Server>,
    {
        let ask = ask::<P::Client, M>(message).map(|ask| RequestMessage {
            answers: ReplyIndices::one(place::<P::Server, M::Reply>()),
            ..ask
        });
        Call::new(self.handle.core.clone(), ask, self.timeout::<M>())
    }

    /// Sends a request that is answered with a stream, which `C` cancels.
    ///
    /// # Errors
    /// Where the server does not begin the stream.
    pub async fn stream<M, C>(
        &self,
        message: &M,
    ) -> Result<Streaming<P::Server, M::Reply, M::Item, M::End, M::Error>, CallError<M::Error>>
    where
        M: Request + Message<P::Client>,
        M::Reply: Message<P::Server>,
        M::Item: Message<P::Server>,
        M::End: Message<P::Server>,
        C: Message<P::Client>,
    {
        let shape = Shape {
            ack: place::<P::Server, M::Reply>().is_some(),
            end: place::<P::Server, M::End>(),
            cancel: place::<P::Client, C>().map(|at| P::Client::DESCRIPTOR.messages[at].tag),
        };
        let ask = ask::<P::Client, M>(message).map(|ask| RequestMessage {
            answers: ReplyIndices {
                first: place::<P::Server, M::Reply>(),
                item: place::<P::Server, M::Item>(),
                end: shape.end,
                ..ReplyIndices::NONE
            },
            ..ask
        });
        call::begin(self.handle.core.clone(), ask, shape, self.timeout::<M>())
            .await
            .and_then(Streaming::new)
            .map_err(CallError::from_failure)
    }

    /// Sends a message that has no reply. Where `limits.outbound` is taken by what waits to be sent and by requests without an
    /// answer, it waits. A volatile message is dropped where half of that is taken, and while there is no connection.
    ///
    /// # Errors
    /// Where the message breaks its own rules or the client is closed.
    pub fn send<M: Message<P::Client>>(&self, message: &M) -> Sent {
        let volatile = table::<P, M>().volatile;
        let core = self.handle.core.clone();
        Sent::new(send(core, ask::<P::Client, M>(message), volatile))
    }

    /// Joins a channel with a message of the protocol's; `leave` is sent when it is left.
    ///
    /// # Errors
    /// Where the server does not let it in.
    pub async fn join<C, M, L>(
        &self,
        channel: &C,
        message: &M,
        leave: Option<&L>,
    ) -> Result<Subscription<P::Server, M::Reply>, CallError<M::Error>>
    where
        C: ChannelKey,
        M: Request + Message<P::Client>,
        M::Reply: Message<P::Server>,
        L: Message<P::Client>,
    {
        let leave = leave.map(ask::<P::Client, L>).transpose();
        let ask = ask::<P::Client, M>(message).map(|ask| RequestMessage {
            answers: ReplyIndices::one(place::<P::Server, M::Reply>()),
            ..ask
        });
        subscription::join(
            self.handle.clone(),
            channel.key(),
            ask,
            leave,
            self.timeout::<M>(),
        )
        .await
    }

    /// Joins a channel that has no message for that.
    ///
    /// # Errors
    /// Where the server does not let it in.
    pub async fn join_by_key<C: ChannelKey>(
        &self,
        channel: &C,
    ) -> Result<Subscription<P::Server, ()>, CallError<NoError>> {
        let key = channel.key();
        let roles = &P::DESCRIPTOR.session.roles;
        let ask = |tag| {
            let payload = serde_json::value::to_raw_value(&ChannelOnly(Cow::Borrowed(&*key)));
            let payload = Some(payload.map_err(|_| Failure::Encode)?.into());
            Ok(RequestMessage {
                tag,
                payload,
                channel: None,
                idempotent: true,
                answers: ReplyIndices::NONE,
            })
        };
        let (join, leave) = (ask(roles.join), ask(roles.leave).map(Some));
        subscription::join_by_key(
            self.handle.clone(),
            key,
            join,
            leave,
            P::DESCRIPTOR.session.timeout,
        )
        .await
    }

    /// What the server sends without being asked, from now on, apart from channels that were joined.
    pub fn notifications(&self) -> Notifications<P::Server> {
        Notifications {
            inbox: self.handle.core.listen(),
            handle: self.handle.clone(),
            types: PhantomData,
        }
    }

    /// How the server's spec differs, where it does.
    pub fn skew(&self) -> Option<VersionSkew> {
        self.handle.core.skew()
    }

    /// How the client stands with its server.
    pub fn state(&self) -> State {
        self.handle.core.status.borrow().clone()
    }

    /// Waits until it stands as `wanted`.
    pub async fn wait_for_state(&self, wanted: impl FnMut(&State) -> bool) -> State {
        let mut states = self.handle.core.status.subscribe();
        // The sender lives in the core, so this cannot fail.
        match states.wait_for(wanted).await {
            Ok(state) => state.clone(),
            Err(_) => State::Closed(None),
        }
    }

    /// While the client waits to connect again, it does so at once. While it is connected, it asks the server whether it is there,
    /// and takes the connection for lost where nothing comes within `session.timeout`. Otherwise nothing happens. For an
    /// application that knows more than the client: the network is back, or the machine was asleep.
    pub fn retry_now(&self) {
        self.handle.core.retry_now();
    }

    /// Writes what is queued, closes with 1000, and waits until it is done. What others still wait for fails.
    pub async fn close(&self) {
        self.handle
            .core
            .outbound
            .close(CloseFrame::new(1000, ""), false);
        self.wait_for_state(|state| matches!(state, State::Closed(_)))
            .await;
    }

    fn timeout<M: Message<P::Client>>(&self) -> Duration {
        table::<P, M>()
            .timeout
            .unwrap_or(P::DESCRIPTOR.session.timeout)
    }
}

/// The place of a message in its table; none for what stands for no message at all.
fn place<U: MessageSet, M: Message<U>>() -> Option<usize> {
    (M::INDEX < U::DESCRIPTOR.messages.len()).then_some(M::INDEX)
}

fn table<P: Protocol, M: Message<P::Client>>() -> &'static MessageDescriptor {
    &P::Client::DESCRIPTOR.messages[M::INDEX]
}

/// Checks a message, and makes it ready to be written.
fn ask<C: MessageSet, M: Message<C>>(message: &M) -> Result<RequestMessage, Failure> {
    ready(&C::DESCRIPTOR.messages[M::INDEX], checked_text(message))
}

fn ready(
    table: &MessageDescriptor,
    text: Result<Box<RawValue>, ValidationError>,
) -> Result<RequestMessage, Failure> {
    let text = text.map_err(Failure::Invalid)?;
    Ok(RequestMessage {
        tag: table.tag,
        payload: table.payload.then(|| text.into()),
        channel: None,
        idempotent: table.idempotent,
        answers: ReplyIndices::UNKNOWN,
    })
}

async fn send(
    core: Arc<Core>,
    ask: Result<RequestMessage, Failure>,
    volatile: bool,
) -> Result<(), Failure> {
    core.send(&ask?, volatile).await
}
