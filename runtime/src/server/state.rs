//! What all connections of a server share.

use super::{
    address::{ClientAddress, Network},
    allowances::{Allowance, SenderAllowances},
    connection_handle::ConnectionHandle,
    connection_info::{ConnectionInfo, SessionState},
    encoder::Encoder,
    hub::Hub,
};
use crate::{
    Payload, ValidationError,
    broker::{Broker, Publication},
    codec::Codec,
    descriptor::{ChannelDescriptor, CloseReason, Limits, MessageDescriptor, ProtocolDescriptor},
    validate::validate_within,
};
use handfast_naming::key;
use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// How long the count of a channel without history lives on where nobody is in it, unless sessions are resumed for longer.
const KEEP: Duration = Duration::from_secs(60);

/// What all connections of a server share.
pub(crate) struct ServerState {
    pub(crate) protocol: &'static ProtocolDescriptor,
    pub(crate) limits: Limits,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) bounds: Bounds,
    pub(crate) senders: SenderAllowances,
    pub(crate) hub: Arc<Hub>,
    connections: Mutex<HashMap<u64, Arc<ConnectionHandle>>>,
    last: AtomicU64,
    going: watch::Sender<bool>,
    /// How many connections there are, those included that have not said hello.
    pub(crate) alive: watch::Sender<usize>,
}

/// What a server allows in all, whatever its protocol.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// How many connections there may be.
    pub(crate) connections: usize,
    /// How many of them one address may have.
    pub(crate) connections_per_address: usize,
    /// Whose word on where a request came from is taken.
    pub(crate) trusted: Vec<Network>,
    /// Whether what the server sends is checked first.
    pub(crate) checks: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 100,
            trusted: Vec::new(),
            checks: cfg!(debug_assertions),
        }
    }
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtCapacity {
    /// There are too many.
    InAll,
    /// There are too many of its address.
    OfAddress,
}

/// A connection, from before its hello until it is gone.
pub(crate) struct Admission {
    server: Arc<ServerState>,
    pub(crate) allowance: Arc<Allowance>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.server.alive.send_modify(|count| *count -= 1);
    }
}

impl fmt::Debug for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerState")
            .field("protocol", &self.protocol.name)
            .field("connections", &*self.alive.borrow())
            .finish_non_exhaustive()
    }
}

impl ServerState {
    pub(crate) fn new(
        protocol: &'static ProtocolDescriptor,
        limits: Limits,
        codecs: Arc<[(Arc<dyn Codec>, &'static str)]>,
        broker: Arc<dyn Broker>,
        bounds: Bounds,
    ) -> Arc<Self> {
        let encoder = Arc::new(Encoder::new(protocol, codecs, limits.message));
        Arc::new(Self {
            protocol,
            limits,
            hub: Hub::attach(encoder.clone(), broker.clone()),
            encoder,
            broker,
            senders: SenderAllowances::new(limits.rate, bounds.connections_per_address),
            bounds,
            connections: Mutex::default(),
            last: AtomicU64::new(0),
            going: watch::Sender::new(false),
            alive: watch::Sender::new(0),
        })
    }

    /// Takes another connection, where there is room for it. Addresses of this machine and of trusted proxies have no bounds of their
    /// own: many clients may be behind them.
    pub(crate) fn admit(
        self: &Arc<Self>,
        origin: Option<ClientAddress>,
    ) -> Result<Admission, AtCapacity> {
        let allowance = match origin {
            Some(ClientAddress {
                address,
                hidden: true,
            }) => self.senders.behind(address.ip()),
            Some(ClientAddress { address, .. }) if !self.is_near(address.ip()) => {
                self.senders.address(address.ip())
            }
            _ => Some(Allowance::default()),
        };
        let allowance = allowance.ok_or(AtCapacity::OfAddress)?;
        let mut room = false;
        self.alive.send_if_modified(|count| {
            room = *count < self.bounds.connections;
            *count += usize::from(room);
            room
        });
        if !room {
            return Err(AtCapacity::InAll);
        }
        Ok(Admission {
            server: self.clone(),
            allowance: Arc::new(allowance),
        })
    }

    /// Whether an address is of this machine or of a trusted proxy.
    fn is_near(&self, address: IpAddr) -> bool {
        let trusted = &self.bounds.trusted;
        address.to_canonical().is_loopback()
            || trusted.iter().any(|network| network.contains(address))
    }

    /// How long a handler may take for a message whose reply is waited for so long.
    pub(crate) fn handler_timeout(&self, timeout: Option<Duration>) -> Option<Duration> {
        let timeout = timeout.unwrap_or(self.protocol.session.timeout);
        self.limits.handler_timeout.of(timeout)
    }

    /// Whether a message may be sent: it keeps its own rules, or nobody asked.
    pub(crate) fn is_valid<M: Payload>(&self, name: &str, message: &M) -> bool {
        if !self.bounds.checks {
            return true;
        }
        // The envelope lies around it.
        let depth = self.limits.depth.saturating_sub(1);
        validate_within(message, depth)
            .map_err(|invalid| report_invalid(name, &invalid))
            .is_ok()
    }

    /// Publishes a message to a channel.
    pub(crate) fn publish(
        &self,
        channel: Arc<str>,
        message: &'static MessageDescriptor,
        payload: &dyn erased_serde::Serialize,
    ) {
        let payload = match message
            .payload
            .then(|| serde_json::value::to_raw_value(payload))
        {
            Some(Ok(payload)) => Some(payload.into()),
            Some(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    message_type = message.name,
                    "a message cannot be written"
                );
                return;
            }
            None => None,
        };
        self.broker.publish(Publication {
            channel,
            message,
            payload,
            at: SystemTime::now(),
        });
    }

    /// How long the count of a channel is kept when nobody is in it.
    pub(crate) fn keep(&self, channel: Option<&ChannelDescriptor>) -> Duration {
        let history = channel.and_then(|channel| channel.history?.1);
        let resume = self.protocol.session.resume.unwrap_or_default();
        history.unwrap_or(KEEP).max(resume)
    }

    /// The channel that a key belongs to.
    pub(crate) fn channel_of(&self, key: &str) -> Option<&'static ChannelDescriptor> {
        self.protocol
            .channels
            .iter()
            .find(|channel| key::matches(channel.key, key))
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionHandle>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection.
    pub(crate) fn connect(
        &self,
        session: SessionState,
        info: Arc<ConnectionInfo>,
        allowance: Arc<Allowance>,
        encoding: usize,
    ) -> Arc<ConnectionHandle> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Arc::new(ConnectionHandle::new(
            id,
            self.encoder.clone(),
            &self.limits,
            session,
            info,
            allowance,
            encoding,
        ));
        self.connections().insert(id, connection.clone());
        if self.is_going() {
            go_away(&connection);
        }
        connection
    }

    pub(crate) fn disconnect(&self, connection: &ConnectionHandle) {
        connection.outbound.end();
        self.hub.leave_all(connection);
        self.connections().remove(&connection.id);
    }

    pub(crate) fn is_going(&self) -> bool {
        *self.going.borrow()
    }

    /// Waits until the server goes away.
    pub(crate) async fn gone(&self) {
        let mut going = self.going.subscribe();
        // The sender lives here, so this cannot fail.
        let _ = going.wait_for(|going| *going).await;
    }

    /// Asks every connection to finish what it does and to close.
    pub(crate) fn go(&self) {
        self.going.send_replace(true);
        let connections: Vec<_> = self.connections().values().cloned().collect();
        connections
            .iter()
            .for_each(|connection| go_away(connection));
    }
}

pub(crate) fn report_invalid(name: &str, invalid: &ValidationError) {
    tracing::error!(
        message_type = name,
        violations = %invalid,
        "a message of this server's own does not fit its schema, and is not sent"
    );
}

fn go_away(connection: &ConnectionHandle) {
    connection.close(CloseReason::GoingAway, "the server goes away", true);
}
