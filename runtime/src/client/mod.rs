//! Calling a server.
//!
//! `#[protocol]` wraps [`Client`] in a type with a method for each message. A client is one task, which reads, writes and
//! connects again; it ends when the last [`Client`], [`Joined`], [`Incoming`] and [`Streaming`] is dropped, or with
//! [`Client::close`].
//!
//! - Everything is bounded. What waits to be sent and what is not answered has `limits.outbound` bytes, 256 more counted for
//!   each; callers wait for room. A channel or [`Incoming`] that nobody looks at drops what does not fit, and says so with a
//!   [`Gap`]; a stream fails with [`StreamError::Slow`]. The client itself never stops reading.
//! - When the connection is lost, it is made again, after a random wait below a bound that doubles (`session.backoff`), unless
//!   the close code is final (1000, 1008, 4401, 4403, 4406, 4409, or what the protocol's `closes` has in their place) or
//!   `backoff.attempts` failed in a row. Channels are joined again, at most sixteen at a time, with a gap where something was
//!   missed; where the server refuses for now, that is tried again, and [`Event::Lost`] tells where it refuses for good.
//!   Requests that were not written yet, or are idempotent and no streams, are sent; all others fail with
//!   [`CallError::OutcomeUnknown`]; streams end with it.
//! - A client whose task died, because its runtime was dropped or [`Connect::auth_with`] panicked, is closed.

mod arrival;
mod backoff;
mod budget;
mod call;
mod connect;
mod connection;
mod core;
mod delivery;
mod dial;
mod entrance;
mod error;
mod inbox;
mod lifecycle;
mod log;
mod rejoin;
mod room;
mod rooms;
mod session;
mod waiting;

pub use call::{Call, Sent, StreamError, Streaming};
pub use connect::Connect;
pub use entrance::{Entrance, OwnEntrance};
pub use error::{CallError, ConnectError};
pub use room::{Event, Gap, Incoming, Joined};

use self::{
    call::Shape,
    core::Core,
    error::Failure,
    waiting::{Answers, Ask},
};
use crate::{
    ChannelKey, MessageOf, Messages, NoError, Protocol, Request,
    system::ChannelOnly,
    table::MessageTable,
    transport::Closing,
    validate::{Invalid, checked_text},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

/// A server that was generated from another spec, of an accepted version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skew {
    /// The server's version.
    pub version: String,
    /// The hash of the server's spec.
    pub hash: String,
}

impl fmt::Display for Skew {
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
    Closed(Option<Closing>),
}

/// Closes the client when the last who uses it is gone.
pub(crate) struct Handle {
    pub(crate) core: Arc<Core>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.core.outbound.close(Closing::new(1000, ""), false);
    }
}

/// A client of the protocol `P`. A clone is a counted reference.
pub struct Client<P> {
    handle: Arc<Handle>,
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
    pub fn connect(url: impl Into<String>) -> Connect<P> {
        Connect::to(url)
    }

    /// Sends a request that has one reply.
    pub fn call<M>(&self, message: &M) -> Call<P::Server, M::Reply, M::Error>
    where
        M: Request + MessageOf<P::Client>,
        M::Reply: MessageOf<P::Server>,
    {
        let ask = ask::<P::Client, M>(message).map(|ask| Ask {
            answers: Answers::one(place::<P::Server, M::Reply>()),
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
        M: Request + MessageOf<P::Client>,
        M::Reply: MessageOf<P::Server>,
        M::Item: MessageOf<P::Server>,
        M::End: MessageOf<P::Server>,
        C: MessageOf<P::Client>,
    {
        let shape = Shape {
            ack: place::<P::Server, M::Reply>().is_some(),
            end: place::<P::Server, M::End>(),
            cancel: place::<P::Client, C>().map(|at| P::Client::TABLE.messages[at].tag),
        };
        let ask = ask::<P::Client, M>(message).map(|ask| Ask {
            answers: Answers {
                first: place::<P::Server, M::Reply>(),
                item: place::<P::Server, M::Item>(),
                end: shape.end,
                ..Answers::NONE
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
    pub fn send<M: MessageOf<P::Client>>(&self, message: &M) -> Sent {
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
    ) -> Result<Joined<P::Server, M::Reply>, CallError<M::Error>>
    where
        C: ChannelKey,
        M: Request + MessageOf<P::Client>,
        M::Reply: MessageOf<P::Server>,
        L: MessageOf<P::Client>,
    {
        let leave = leave.map(ask::<P::Client, L>).transpose();
        let ask = ask::<P::Client, M>(message).map(|ask| Ask {
            answers: Answers::one(place::<P::Server, M::Reply>()),
            ..ask
        });
        room::join(
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
    ) -> Result<Joined<P::Server, ()>, CallError<NoError>> {
        let key = channel.key();
        let roles = &P::TABLE.session.roles;
        let ask = |tag| {
            let payload = serde_json::value::to_raw_value(&ChannelOnly(Cow::Borrowed(&*key)));
            let payload = Some(payload.map_err(|_| Failure::Unwritable)?.into());
            Ok(Ask {
                tag,
                payload,
                channel: None,
                idempotent: true,
                answers: Answers::NONE,
            })
        };
        let (join, leave) = (ask(roles.join), ask(roles.leave).map(Some));
        room::join_by_key(
            self.handle.clone(),
            key,
            join,
            leave,
            P::TABLE.session.timeout,
        )
        .await
    }

    /// What the server sends without being asked, from now on, apart from channels that were joined.
    pub fn messages(&self) -> Incoming<P::Server> {
        Incoming {
            inbox: self.handle.core.listen(),
            handle: self.handle.clone(),
            types: PhantomData,
        }
    }

    /// How the server's spec differs, where it does.
    pub fn skew(&self) -> Option<Skew> {
        self.handle.core.skew()
    }

    /// How the client stands with its server.
    pub fn state(&self) -> State {
        self.handle.core.status.borrow().clone()
    }

    /// Waits until it stands as `wanted`.
    pub async fn state_where(&self, wanted: impl FnMut(&State) -> bool) -> State {
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
            .close(Closing::new(1000, ""), false);
        self.state_where(|state| matches!(state, State::Closed(_)))
            .await;
    }

    fn timeout<M: MessageOf<P::Client>>(&self) -> Duration {
        table::<P, M>().timeout.unwrap_or(P::TABLE.session.timeout)
    }
}

/// The place of a message in its table; none for what stands for no message at all.
fn place<U: Messages, M: MessageOf<U>>() -> Option<usize> {
    (M::INDEX < U::TABLE.messages.len()).then_some(M::INDEX)
}

fn table<P: Protocol, M: MessageOf<P::Client>>() -> &'static MessageTable {
    &P::Client::TABLE.messages[M::INDEX]
}

/// Checks a message, and makes it ready to be written.
fn ask<C: Messages, M: MessageOf<C>>(message: &M) -> Result<Ask, Failure> {
    ready(&C::TABLE.messages[M::INDEX], checked_text(message))
}

fn ready(table: &MessageTable, text: Result<Box<RawValue>, Invalid>) -> Result<Ask, Failure> {
    let text = text.map_err(Failure::Invalid)?;
    Ok(Ask {
        tag: table.tag,
        payload: table.payload.then(|| text.into()),
        channel: None,
        idempotent: table.idempotent,
        answers: Answers::UNTOLD,
    })
}

async fn send(core: Arc<Core>, ask: Result<Ask, Failure>, volatile: bool) -> Result<(), Failure> {
    core.send(&ask?, volatile).await
}
