//! The state that all connections of a server share.

use super::{
    Service,
    address::{ClientAddress, Network},
    allowances::{Allowance, SenderAllowances},
    connection_handle::{ConnectionHandle, Peer},
    encoder::Encoder,
    hub::Hub,
    middleware::AnyStack,
    registry::Registry,
    sessions::Sessions,
};
use crate::{
    Payload, ValidationError,
    broker::{Broker, BrokerError, HistoryLimits, Publication, Receipt, Retention},
    descriptor::{ChannelDescriptor, CloseReason, Limits, MessageDescriptor, ProtocolDescriptor},
    metrics,
    validate::{beside_envelope, validate_within},
};
use handfast_naming::key;
use std::{
    any::Any,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::{Notify, watch};

/// How long the position of a channel without history is kept after its last member left, unless sessions can be resumed for longer.
const RETENTION: Duration = Duration::from_secs(60);

/// The state that all connections of a server share.
pub(crate) struct ServerState {
    pub(crate) protocol: &'static ProtocolDescriptor,
    pub(crate) limits: Limits,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) bounds: Bounds,
    pub(crate) senders: SenderAllowances,
    pub(crate) hub: Arc<Hub>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) middleware: Option<Arc<dyn AnyStack>>,
    pub(crate) service: Arc<dyn Service>,
    pub(crate) registry: Arc<Registry>,
    last: AtomicU64,
    /// How many connections were admitted.
    admitted: AtomicU64,
    shutting_down: watch::Sender<bool>,
    /// A session has ended.
    ended: Notify,
    /// The number of connections, including those that have not sent their hello yet.
    pub(crate) alive: watch::Sender<usize>,
}

/// The limits and settings of a server that are not part of its protocol.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The maximum number of connections.
    pub(crate) connections: usize,
    /// The maximum number of connections per address.
    pub(crate) connections_per_address: usize,
    /// The proxies whose `Forwarded` header is trusted.
    pub(crate) trusted: Vec<Network>,
    /// Whether outgoing messages are validated.
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

/// Why a connection is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtCapacity {
    /// The server has too many.
    InAll,
    /// The client's address has too many.
    OfAddress,
}

/// A counted connection, from before its hello until it has ended.
pub(crate) struct Admission {
    server: Arc<ServerState>,
    pub(crate) allowance: Arc<Allowance>,
    /// Counts the connections of the server.
    pub(crate) number: u64,
    /// What counts the connection where it was accepted.
    pub(crate) permit: Option<Box<dyn Any + Send>>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.server.alive.send_modify(|count| *count -= 1);
        metrics::connections(-1);
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

/// Reports channels that can have the same key. In a spec they are an error.
fn report_common_keys(channels: &[ChannelDescriptor]) {
    for (i, one) in channels.iter().enumerate() {
        for other in &channels[i + 1..] {
            if let Some(key) = key::common(one.key, other.key) {
                tracing::error!(
                    key,
                    "the channels `{}` and `{}` can have the same key: what is published to one reaches the members of the other",
                    one.name,
                    other.name
                );
            }
        }
    }
}

impl ServerState {
    pub(crate) fn new(
        service: Arc<dyn Service>,
        limits: Limits,
        broker: Arc<dyn Broker>,
        bounds: Bounds,
        middleware: Option<Arc<dyn AnyStack>>,
    ) -> Arc<Self> {
        let protocol = service.protocol();
        report_common_keys(protocol.channels);
        let encoder = Arc::new(Encoder::new(protocol, limits.message));
        let registry: Arc<Registry> = Arc::default();
        Arc::new(Self {
            protocol,
            limits,
            hub: Hub::attach(encoder.clone(), broker.clone(), limits, registry.clone()),
            encoder,
            broker,
            senders: SenderAllowances::new(limits.rate, bounds.connections_per_address),
            bounds,
            middleware,
            sessions: Arc::new(Sessions::new(limits.detached)),
            service,
            registry,
            last: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            shutting_down: watch::Sender::new(false),
            ended: Notify::new(),
            alive: watch::Sender::new(0),
        })
    }

    /// Admits a connection if the limits allow it. Loopback addresses and trusted proxies have no limit per address: many clients may be
    /// behind_proxy them.
    pub(crate) fn admit(
        self: &Arc<Self>,
        client: Option<ClientAddress>,
    ) -> Result<Admission, AtCapacity> {
        let allowance = match client {
            Some(ClientAddress {
                address,
                unidentified: true,
            }) => self.senders.behind_proxy(address.ip()),
            Some(ClientAddress { address, .. }) if !self.is_exempt(address.ip()) => {
                self.senders.address(address.ip())
            }
            _ => Some(Allowance::default()),
        };
        let allowance = allowance.ok_or(AtCapacity::OfAddress)?;
        let mut admitted = false;
        self.alive.send_if_modified(|count| {
            admitted = *count < self.bounds.connections;
            *count += usize::from(admitted);
            admitted
        });
        if !admitted {
            return Err(AtCapacity::InAll);
        }
        metrics::connections(1);
        Ok(Admission {
            server: self.clone(),
            allowance: Arc::new(allowance),
            number: self.admitted.fetch_add(1, Ordering::Relaxed) + 1,
            permit: None,
        })
    }

    /// Whether an address is loopback or a trusted proxy.
    pub(crate) fn is_exempt(&self, address: IpAddr) -> bool {
        let trusted = &self.bounds.trusted;
        address.to_canonical().is_loopback()
            || trusted.iter().any(|network| network.contains(address))
    }

    /// The reason for which a message that exceeds `limits.message` ends its connection.
    pub(crate) fn too_large(&self) -> String {
        format!("a message may have {} bytes", self.limits.message)
    }

    /// Returns the time limit of a handler, given the timeout of its message's reply.
    pub(crate) fn handler_timeout(&self, timeout: Option<Duration>) -> Option<Duration> {
        let timeout = timeout.unwrap_or(self.protocol.session.timeout);
        self.limits.handler_timeout.of(timeout)
    }

    /// Whether a message may be sent: it satisfies its schema, or validation is off, and it fits into its envelope. Violations are logged.
    pub(crate) fn is_valid<M: Payload>(&self, message: &MessageDescriptor, payload: &M) -> bool {
        let envelope = self.protocol.server.heading(message).envelope;
        beside_envelope(envelope, payload)
            .map_err(|invalid| report_invalid(message.name, &invalid))
            .is_ok()
            && self.satisfies(message.name, payload)
    }

    /// Whether a value satisfies its schema, or validation is off. Violations are logged.
    pub(crate) fn satisfies<M: Payload>(&self, name: &str, message: &M) -> bool {
        if !self.bounds.checks {
            return true;
        }
        // The envelope adds one level.
        let depth = self.limits.depth.saturating_sub(1);
        validate_within(message, depth)
            .map_err(|invalid| report_invalid(name, &invalid))
            .is_ok()
    }

    /// Publishes a message to a channel, to all members but the connection `except`.
    pub(crate) fn publish(
        &self,
        channel: Arc<str>,
        message: &'static MessageDescriptor,
        payload: &dyn erased_serde::Serialize,
        retention: &Retention,
        except: Option<u64>,
    ) -> Receipt {
        let payload = match message
            .payload
            .then(|| serde_json::value::to_raw_value(payload))
        {
            Some(Ok(payload)) => Some(payload.into()),
            Some(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    message_type = message.name,
                    "cannot encode a message"
                );
                return Receipt::done(Err(BrokerError(error.into())));
            }
            None => None,
        };
        let publication = Publication {
            channel,
            message,
            payload,
            at: SystemTime::now(),
            except: except.map(|connection| self.hub.member(connection)),
        };
        self.broker.publish(publication, retention)
    }

    /// What the broker keeps of a channel. A history without a `ttl` keeps the position for ever.
    pub(crate) fn retention(&self, channel: Option<&ChannelDescriptor>) -> Retention {
        let history = channel.and_then(|channel| channel.history);
        let resume = self.protocol.session.resume.unwrap_or_default();
        let ttl = history.map(|history| history.ttl.unwrap_or(Duration::MAX));
        Retention {
            keep: ttl.unwrap_or_default().max(RETENTION).max(resume),
            history: history.map(|history| HistoryLimits {
                size: history.size,
                ttl: history.ttl,
                bytes: history.bytes,
                total: self.limits.history,
            }),
        }
    }

    /// Returns the channel that a key belongs to.
    pub(crate) fn channel_of(&self, key: &str) -> Option<&'static ChannelDescriptor> {
        self.protocol
            .channels
            .iter()
            .find(|channel| key::matches(channel.key, key))
    }

    /// Registers a session.
    pub(crate) fn connect(
        &self,
        peer: Peer,
        principal: Option<Arc<str>>,
        encoding: usize,
    ) -> Arc<ConnectionHandle> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Arc::new(ConnectionHandle::new(
            id,
            self.encoder.clone(),
            &self.limits,
            self.sessions.clone(),
            peer,
            principal,
            encoding,
        ));
        self.registry.insert(&connection);
        if self.is_shutting_down() {
            close_going_away(&connection);
        }
        connection
    }

    /// Removes a session that has ended.
    pub(crate) fn disconnect(&self, connection: &ConnectionHandle) {
        connection.end_attach();
        self.sessions.remove(connection.id);
        connection.outbound.end();
        connection.end_calls();
        self.hub.leave_all(connection);
        self.registry.remove(connection);
        self.ended.notify_waiters();
    }

    /// Waits until every session has ended.
    pub(crate) async fn sessions_ended(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.registry.is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Returns the session with an id.
    pub(crate) fn connection(&self, id: u64) -> Option<Arc<ConnectionHandle>> {
        self.registry.get(id)
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        *self.shutting_down.borrow()
    }

    /// Waits until the server shuts down.
    pub(crate) async fn shutdown_started(&self) {
        let mut shutting_down = self.shutting_down.subscribe();
        // `self` holds the sender, so this cannot fail.
        let _ = shutting_down.wait_for(|shutting_down| *shutting_down).await;
    }

    /// Asks every connection to finish its handlers and to close.
    pub(crate) fn begin_shutdown(&self) {
        self.shutting_down.send_replace(true);
        let connections = self.registry.all();
        connections
            .iter()
            .for_each(|connection| close_going_away(connection));
    }
}

pub(crate) fn report_invalid(name: &str, invalid: &ValidationError) {
    tracing::error!(
        message_type = name,
        violations = %invalid,
        "an outgoing message violates its schema and is not sent"
    );
}

fn close_going_away(connection: &ConnectionHandle) {
    connection.close(CloseReason::GoingAway, "the server is shutting down", true);
}
