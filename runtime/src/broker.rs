//! The broker (backplane) between servers: it numbers the messages of each channel, stores the history of those that have one, and
//! delivers them to every server with a subscriber.
//!
//! [`InMemory`] connects any number of servers in one process. To connect several processes, implement [`Broker`].

mod direct;
mod in_memory;
mod presence;
mod stored;

pub use direct::{Command, Recipients, SessionEntry, SessionList};
pub use in_memory::InMemory;
pub use presence::{Presence, PresenceChange, Roster};

use crate::{GapReason, descriptor::MessageDescriptor};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

/// A message to all subscribers of a channel.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The channel's key.
    pub channel: Arc<str>,
    /// Which message it is. Between processes, send its name.
    pub message: &'static MessageDescriptor,
    /// The payload as JSON text.
    pub payload: Option<Arc<RawValue>>,
    /// When it was published.
    pub at: SystemTime,
    /// The member that does not receive it. If it is numbered, that member receives its number.
    pub except: Option<MemberId>,
}

/// A connection to a server of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberId {
    /// The server.
    pub server: ServerId,
    /// The id of the connection, unique within the server.
    pub connection: u64,
}

/// A position in the message stream of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// The epoch of the stream: random, and different if the numbering starts again. It has at most 64 characters; clients take a longer one for none.
    pub epoch: Arc<str>,
    /// The sequence number of the last message; 0 if there was none.
    pub seq: u64,
}

/// A server as the broker sees it.
pub trait Deliver: Send + Sync {
    /// Delivers a publication to the subscribers on this server. `position` is the position of the publication; a volatile message
    /// does not advance it. Never blocks.
    fn deliver(&self, publication: &Publication, position: &StreamPosition);

    /// Delivers a change of who is in a channel. `revision` is the number of changes with this one. If one was missed, the server asks for
    /// [`Broker::presence`]. Never blocks.
    fn presence(&self, channel: &Arc<str>, change: &PresenceChange, revision: u64);

    /// Does something to sessions of this server. Never blocks.
    fn command(&self, to: &Recipients, command: &Command);

    /// Returns sessions of this server, at most `limit`.
    fn sessions(&self, of: &Recipients, limit: usize) -> SessionList;
}

/// The id of a server at its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerId(pub u64);

/// An error of a broker.
#[derive(Debug)]
pub struct BrokerError(pub Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the broker failed")
    }
}

impl std::error::Error for BrokerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// What a broker keeps of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long its position is kept after its last subscription or publication.
    pub keep: Duration,
    /// What of its messages is stored; `None` if nothing is.
    pub history: Option<HistoryLimits>,
}

/// The bounds of the history of a channel. The oldest messages are evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// The maximum number of messages.
    pub size: u64,
    /// How long a message is stored; `None` for no limit.
    pub ttl: Option<Duration>,
    /// The maximum size, in bytes, where each message counts as 256 bytes more than its payload.
    pub bytes: usize,
    /// The maximum size of the histories of all channels together, in bytes.
    pub total: usize,
}

/// A part of the history of a channel.
#[derive(Clone, Debug)]
pub struct History {
    /// The current position of the channel.
    pub position: StreamPosition,
    /// The messages that were asked for, with their sequence numbers, in order. A number that is missing among them is lost.
    pub publications: Vec<(u64, Arc<Publication>)>,
    /// Why messages at the beginning are lost, if some are.
    pub lost: Option<GapReason>,
}

/// The outcome of a publication: a future of its position, which is `None` if nothing numbers the channel because it has neither
/// subscriptions nor a history. It need not be awaited.
pub struct Receipt(Pending);

enum Pending {
    Done(Option<Result<Option<StreamPosition>, BrokerError>>),
    Later(BoxFuture<'static, Result<Option<StreamPosition>, BrokerError>>),
}

impl Receipt {
    /// Creates the receipt of a publication whose outcome is known.
    pub fn done(result: Result<Option<StreamPosition>, BrokerError>) -> Self {
        Self(Pending::Done(Some(result)))
    }

    /// Creates the receipt of a publication that is in progress. The future may be dropped without being polled.
    pub fn later(
        result: impl Future<Output = Result<Option<StreamPosition>, BrokerError>> + Send + 'static,
    ) -> Self {
        Self(Pending::Later(Box::pin(result)))
    }
}

impl Future for Receipt {
    type Output = Result<Option<StreamPosition>, BrokerError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Pending::Done(result) => result.take().map_or(Poll::Pending, Poll::Ready),
            Pending::Later(result) => result.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").finish_non_exhaustive()
    }
}

/// Numbers publications, stores histories, knows who is in a channel, and delivers all of that to servers.
///
/// A server that ends calls [`Broker::detach`]. A broker between processes must also notice a server that is gone without that, and then do the
/// same: its members are not in their channels any more.
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// Adds a server. It receives publications until it is dropped.
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId;

    /// Removes a server, with its subscriptions and its members of channels.
    fn detach(&self, server: ServerId);

    /// Adds a subscription of a server to a channel, and returns the current position: every message after it is delivered, and none
    /// up to it. Each call is undone by one call of [`Broker::unsubscribe`].
    ///
    /// # Errors
    /// If the broker cannot subscribe, for example because it is unreachable.
    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>>;

    /// Removes a subscription of a server to a channel. The position of a channel without subscriptions is kept for `keep`, or for
    /// longer if an earlier call asked for that, and not much longer. If it is zero, no client has the position.
    fn unsubscribe(&self, server: ServerId, channel: &str, keep: Duration);

    /// Numbers a message, stores it if the channel has a history, and delivers it, in the order of the calls. Never blocks. A volatile
    /// message is delivered only. A message that cannot be delivered leaves a gap in the sequence numbers, so that clients notice it.
    fn publish(&self, publication: Publication, retention: &Retention) -> Receipt;

    /// Returns the oldest stored messages after a position, `limit` at most. If the channel has another epoch, there are none.
    ///
    /// # Errors
    /// If the broker cannot read the history, for example because it is unreachable.
    fn history<'a>(
        &'a self,
        channel: &'a Arc<str>,
        since: &'a StreamPosition,
        limit: usize,
    ) -> BoxFuture<'a, Result<History, BrokerError>>;

    /// Changes who is in a channel, and delivers that to its subscribers, in the order of the calls. Never blocks. The server of the member is
    /// subscribed to the channel.
    fn set_presence(&self, channel: &Arc<str>, change: PresenceChange);

    /// Returns who is in a channel, or `None` if nothing has changed since the revision `known`.
    ///
    /// # Errors
    /// If the broker fails, for example because it is unreachable.
    fn presence<'a>(
        &'a self,
        channel: &'a Arc<str>,
        known: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<Roster>, BrokerError>>;

    /// Does something to sessions, on all servers. Never blocks. What cannot be delivered is lost.
    fn command(&self, to: Recipients, command: Command);

    /// Returns sessions of all servers, at most `limit`.
    ///
    /// # Errors
    /// If the broker fails, for example because it is unreachable.
    fn sessions<'a>(
        &'a self,
        of: &'a Recipients,
        limit: usize,
    ) -> BoxFuture<'a, Result<SessionList, BrokerError>>;
}
