//! The handshake: hello, then ready or refuse. A connection that resumes a session is handed over to it.

mod numbered;

use super::{
    ConnectRequest, ConnectionInfo, SessionState,
    allowances::Allowance,
    attach::Attach,
    connection::{CONTROL, Connection, Established},
    connection_handle::{ConnectionHandle, Peer},
    encoder::SessionMessage,
    endpoint::Endpoint,
    expiry::announced,
    kept_info::KeptInfo,
    state::{Admission, ServerState},
    system,
    token_bucket::TokenBucket,
};
use crate::{
    SessionCode, Side, TagBuf,
    codec::Encoding,
    descriptor::CloseReason,
    metrics,
    replies::ErrorPayload,
    system::{Greeting, Head, Hello, Negotiation, Ready, Resume, Role, check_version},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
    transport_io::CLOSE_TIMEOUT,
};
use futures_util::{FutureExt, future::BoxFuture};
use numbered::Resumed;
use serde_json::value::RawValue;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::time::Instant;
use tracing::Instrument;

/// The close code "try again later" (RFC 6455, section 11.7: the IANA registry).
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

/// The maximum length of a client's version, in bytes: a rejection repeats it.
const MAX_VERSION: usize = 64;

/// What a message that waits for ready counts, beside its bytes.
const EARLY_OVERHEAD: usize = 128;

/// Serves a connection from the handshake to its end.
pub(crate) async fn serve(
    transport: Box<dyn Transport>,
    endpoint: Arc<Endpoint>,
    info: ConnectionInfo,
    admission: Admission,
    encoding: usize,
) {
    let opened = Box::pin(open(transport, endpoint, info, admission, encoding)).await;
    if let Some(session) = opened {
        session.await;
    }
}

/// A session that is to be served, within its span.
pub(crate) type Session = tracing::instrument::Instrumented<BoxFuture<'static, ()>>;

/// Performs the handshake. Returns the session, unless the client is refused, or resumes one that is served already.
pub(crate) async fn open(
    mut transport: Box<dyn Transport>,
    endpoint: Arc<Endpoint>,
    info: ConnectionInfo,
    admission: Admission,
    encoding: usize,
) -> Option<Session> {
    let info = Arc::new(info);
    let mut control = TokenBucket::new(CONTROL, Instant::now());
    let allowance = admission.allowance.clone();
    let established = establish(
        &mut *transport,
        &endpoint,
        &info,
        &allowance,
        encoding,
        &mut control,
    )
    .await;
    let Accepted {
        session,
        info,
        encoding,
        version,
        resume,
        mut early,
    } = match established {
        Ok(established) => established,
        // Answers a close by the client.
        Err(None) => {
            metrics::closed(endpoint.state.protocol, None);
            transport
                .close(&CloseFrame::new(1000, ""), CLOSE_TIMEOUT)
                .await;
            return None;
        }
        Err(Some(closing)) => {
            tracing::info!(address = ?info.address, %closing, "the handshake failed");
            metrics::closed(endpoint.state.protocol, Some(closing.code));
            transport.close(&closing, CLOSE_TIMEOUT).await;
            return None;
        }
    };
    let state = &endpoint.state;
    let principal = endpoint.service.principal(&session);
    let principal: Option<Arc<str>> = principal.map(|principal| (*principal).into());
    // Rate limits apply to all connections of an authenticated user together, whatever their addresses.
    let allowance = match &principal {
        Some(principal) => Arc::new(state.senders.principal(principal)),
        None => allowance,
    };
    let Ok(token) = crate::random::secret() else {
        tracing::error!("the random number generator of the system failed");
        let code = state.protocol.close_code(CloseReason::Internal);
        let closing = CloseFrame::new(code, "the server failed");
        transport.close(&closing, CLOSE_TIMEOUT).await;
        return None;
    };
    let roles = &state.protocol.session.roles;
    let numbered = state.protocol.session.numbered;
    let counting = resume.is_some()
        && !numbered
        && state.protocol.session.resume.is_some()
        && roles.ready.is_some()
        && roles.received.is_some()
        && state.protocol.session.mapped.ready.is_none();
    let welcome = endpoint.service.welcome(&session);
    let expires = endpoint.service.expires(&session);
    let peer = Peer {
        session,
        info: Arc::new(KeptInfo::new(&info)),
        version,
    };
    let resumed = resume
        .and_then(|resume| resume.session)
        .filter(|_| counting);
    let asked = resumed.is_some();
    let resumed = resumed.and_then(|(token, received)| {
        let handle = resumable(state, &token, received, principal.as_deref(), encoding)?;
        Some(Resumed {
            handle,
            token,
            received,
        })
    });
    if asked {
        metrics::resume(resumed.is_some());
    }
    let mut ready = Ready {
        version: Some(state.protocol.version.to_owned()),
        hash: Some(state.protocol.hash.to_owned()),
        session: token,
        resumed: false,
        received: counting.then_some(0),
        expires: expires.map(announced),
    };
    let resumed = if numbered {
        let packet = {
            let message = SessionMessage {
                built: welcome.as_deref(),
                ..SessionMessage::new(Role::Ready, &ready)
            };
            state.encoder.session(encoding, &message)
        };
        let mut phase = Phase {
            server: state,
            allowance: &allowance,
            encoding,
            control: &mut control,
            early_bytes: early.iter().map(|one| one.len() + EARLY_OVERHEAD).sum(),
            early: &mut early,
        };
        let principal = principal.as_deref();
        match phase.resume(&mut *transport, packet, principal).await {
            Ok(resumed) => resumed,
            Err(closing) => {
                metrics::closed(state.protocol, closing.as_ref().map(|closing| closing.code));
                let closing = closing.unwrap_or_else(|| CloseFrame::new(1000, ""));
                transport.close(&closing, CLOSE_TIMEOUT).await;
                return None;
            }
        }
    } else {
        resumed
    };
    // The answer to a client whose session ends while it is resumed.
    let mut refusal = None;
    let (transport, peer, admission, allowance, control) = match resumed {
        None => (transport, peer, admission, allowance, control),
        Some(Resumed {
            handle,
            token: used,
            received,
        }) => {
            let attach = Box::new(Attach {
                transport,
                received,
                token: used,
                next_token: ready.session,
                peer,
                admission,
                allowance,
                control,
            });
            let Err(attach) = handle.attach(attach) else {
                return None;
            };
            // The session has ended meanwhile, or gone on elsewhere.
            let Attach {
                transport,
                peer,
                admission,
                allowance,
                control,
                next_token,
                ..
            } = *attach;
            ready.session = next_token;
            if numbered {
                refusal = state.encoder.not_resumed(encoding, Some(received), None);
            }
            (transport, peer, admission, allowance, control)
        }
    };
    let connection = state.connect(peer, principal, encoding);
    let span = tracing::info_span!(
        "session",
        connection = connection.id,
        principal = connection.principal.as_deref()
    );
    if counting || numbered {
        let sessions = &state.sessions;
        sessions.set_token(&connection, None, &ready.session);
    }
    if numbered {
        refusal
            .into_iter()
            .for_each(|packet| connection.outbound.control(packet, 0));
    } else {
        let message = SessionMessage {
            built: welcome.as_deref(),
            ..SessionMessage::new(Role::Ready, &ready)
        };
        connection.control(&message);
    }
    let established = Established {
        transport,
        connection,
        admission,
        allowance,
        control,
        counting,
        early,
    };
    let session: BoxFuture<'static, ()> =
        Box::pin(Box::new(Connection::new(established, &endpoint)).run());
    Some(session.instrument(span))
}

/// Returns the session with a token, if the client may resume it.
fn resumable(
    state: &ServerState,
    token: &str,
    received: u64,
    principal: Option<&str>,
    encoding: usize,
) -> Option<Arc<ConnectionHandle>> {
    let handle = state.sessions.find(token)?;
    let same = handle.principal.as_deref() == principal && handle.encoding == encoding;
    (same && handle.outbound.can_resume(received)).then_some(handle)
}

/// A client that is accepted.
struct Accepted {
    session: SessionState,
    info: Arc<ConnectionInfo>,
    /// The encoding that the ends have agreed on.
    encoding: usize,
    /// The version of its protocol.
    version: Arc<str>,
    /// What its hello says of resuming.
    resume: Option<Resume>,
    /// What it sent before its hello, to be handled once it is ready.
    early: Vec<Packet>,
}

/// Waits for the hello and replies to it.
///
/// The close frame to send; `None` if the client is gone already.
async fn establish(
    transport: &mut dyn Transport,
    endpoint: &Endpoint,
    info: &Arc<ConnectionInfo>,
    allowance: &Allowance,
    mut encoding: usize,
    control: &mut TokenBucket,
) -> Result<Accepted, Option<CloseFrame>> {
    let server = &*endpoint.state;
    let protocol = server.protocol;
    let session = &protocol.session;
    let close =
        |condition, reason: String| Some(CloseFrame::new(protocol.close_code(condition), reason));
    if server.is_shutting_down() {
        return Err(close(
            CloseReason::GoingAway,
            "the server is shutting down".into(),
        ));
    }
    let (mut info, mut auth) = (info.clone(), None);
    let (mut version, mut resume) = (Arc::<str>::from(""), None);
    let mut early = Vec::new();
    greet(transport, endpoint, &info, encoding).await?;
    if session.roles.hello.is_some() {
        let mut phase = Phase {
            server,
            allowance,
            encoding,
            control,
            early: &mut early,
            early_bytes: 0,
        };
        let hello = in_time(server, session.timeout, phase.hello(transport)).await;
        if phase.encoding != encoding {
            encoding = phase.encoding;
            info = Arc::new(ConnectionInfo {
                encoding: Some(server.encoder.encodings[encoding].0),
                ..ConnectionInfo::clone(&info)
            });
        }
        let hello = hello?;
        let checked = hello.version.as_deref().map_or(Ok(()), |version| {
            check_version(Side::Client, version, protocol.version, protocol.accepts)
        });
        if let Err((side, reason)) = checked {
            let packet = {
                let payload = ErrorPayload {
                    side: Some(side),
                    ..ErrorPayload::new(SessionCode::Version, &*reason)
                };
                server.encoder.rejection(encoding, &payload)
            };
            send(transport, packet).await?;
            return Err(close(CloseReason::Version, reason));
        }
        if hello
            .hash
            .as_deref()
            .is_some_and(|hash| hash != protocol.hash)
        {
            tracing::warn!(
                protocol = protocol.name,
                server_version = protocol.version,
                client_version = hello.version.as_deref(),
                "version skew: the client was generated from a different spec with an accepted version"
            );
        }
        version = hello.version.unwrap_or_default().into();
        auth = hello.auth;
        if session.auth_follows() {
            auth = Some(in_time(server, session.timeout, phase.credentials(transport)).await?);
        }
        resume = hello.resume;
    }
    let request = ConnectRequest::new(auth, info.clone(), (*version).to_owned());
    let connecting = AssertUnwindSafe(endpoint.service.connect(request)).catch_unwind();
    let rejection = match tokio::time::timeout(session.timeout, connecting).await {
        Ok(Ok(Ok(session))) => {
            return Ok(Accepted {
                session,
                info,
                encoding,
                version,
                resume,
                early,
            });
        }
        Ok(Ok(Err(rejection))) => rejection,
        Ok(Err(_)) => {
            tracing::error!("the session handler panicked");
            return Err(close(CloseReason::Internal, "the server failed".into()));
        }
        Err(_) => {
            tracing::error!("the session handler timed out");
            return Err(close(
                CloseReason::Internal,
                "the server took too long".into(),
            ));
        }
    };
    let data = rejection.data.as_deref();
    let packet = server
        .encoder
        .rejection(encoding, &rejection.payload(&data));
    send(transport, packet).await?;
    let reason = rejection.reason();
    if rejection.retryable {
        return Err(Some(CloseFrame::new(TRY_AGAIN_LATER, reason)));
    }
    // An invalid hello is an invalid message.
    let invalid = rejection.code == TagBuf::Text(SessionCode::Invalid.as_str().into());
    let condition = match protocol.closes_for(CloseReason::Invalid) {
        Some(_) if invalid => CloseReason::Invalid,
        _ => CloseReason::Unauthorized,
    };
    Err(close(condition, reason))
}

/// Waits for what begins a session, unless the server shuts down.
async fn in_time<T>(
    server: &ServerState,
    timeout: Duration,
    awaited: impl Future<Output = Result<T, Option<CloseFrame>>>,
) -> Result<T, Option<CloseFrame>> {
    let close = |condition, reason| {
        let code = server.protocol.close_code(condition);
        Err(Some(CloseFrame::new(code, reason)))
    };
    tokio::select! {
        result = tokio::time::timeout(timeout, awaited) => result
            .unwrap_or_else(|_| close(CloseReason::HelloTimeout, "no hello arrived in time")),
        () = server.shutdown_started() => close(CloseReason::GoingAway, "the server is shutting down"),
    }
}

/// Sends the greeting, if the server speaks first.
async fn greet(
    transport: &mut dyn Transport,
    endpoint: &Endpoint,
    info: &ConnectionInfo,
    encoding: usize,
) -> Result<(), Option<CloseFrame>> {
    let server = &endpoint.state;
    if server.protocol.session.roles.greeting.is_none() {
        return Ok(());
    }
    let packet = {
        let built = endpoint.service.greeting(info);
        let greeting = Greeting {
            version: server.protocol.version,
        };
        let message = SessionMessage {
            built: built.as_deref(),
            ..SessionMessage::new(Role::Greeting, &greeting)
        };
        server.encoder.session(encoding, &message)
    };
    send(transport, packet).await
}

async fn send(
    transport: &mut dyn Transport,
    packet: Option<Packet>,
) -> Result<(), Option<CloseFrame>> {
    let Some(packet) = packet else {
        return Ok(());
    };
    match tokio::time::timeout(CLOSE_TIMEOUT, transport.send(packet)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

/// What a message before ready is.
enum Early {
    Hello(Box<Hello>),
    /// What authenticates the client.
    Auth(Box<RawValue>),
    /// It is allowed. It may have an answer.
    Allowed(Option<Packet>),
    /// It is a bad message, with this answer.
    Wrong(Option<Packet>),
}

/// A connection before its hello.
struct Phase<'a> {
    server: &'a ServerState,
    allowance: &'a Allowance,
    encoding: usize,
    control: &'a mut TokenBucket,
    /// Messages that are allowed before ready.
    early: &'a mut Vec<Packet>,
    early_bytes: usize,
}

impl Phase<'_> {
    fn close(&self, condition: CloseReason) -> Option<CloseFrame> {
        Some(CloseFrame::new(
            self.server.protocol.close_code(condition),
            "",
        ))
    }

    /// Waits for a message.
    async fn packet(
        &mut self,
        transport: &mut dyn Transport,
    ) -> Result<Packet, Option<CloseFrame>> {
        let packet = loop {
            match transport.receive().await {
                Ok(TransportEvent::Packet(packet)) => break packet,
                Ok(TransportEvent::Alive) if self.control.take(Instant::now()) => {}
                Ok(TransportEvent::Alive) => return Err(self.close(CloseReason::RateLimited)),
                Ok(TransportEvent::Closed(_)) => return Err(None),
                Err(TransportError::TooLarge { .. }) => {
                    return Err(self.close(CloseReason::TooLarge));
                }
                Err(TransportError::Protocol { code, reason }) => {
                    return Err(Some(CloseFrame::new(code, reason)));
                }
                Err(_) => return Err(None),
            }
        };
        if packet.len() > self.server.limits.message {
            return Err(self.close(CloseReason::TooLarge));
        }
        // A client that keeps reconnecting causes as much work as one that keeps sending messages.
        if !self.allowance.take(Instant::now()) {
            let packet = {
                let reason = "too many messages in too short a time";
                let error = ErrorPayload::new(SessionCode::RateLimited, reason).retryable();
                self.server.encoder.rejection(self.encoding, &error)
            };
            send(transport, packet).await?;
            let code = self.server.protocol.close_code(CloseReason::RateLimited);
            return Err(Some(CloseFrame::new(code, "too many messages")));
        }
        Ok(packet)
    }

    /// Waits for the hello.
    async fn hello(&mut self, transport: &mut dyn Transport) -> Result<Hello, Option<CloseFrame>> {
        loop {
            if let Early::Hello(hello) = self.next(transport, Role::Hello).await? {
                return Ok(*hello);
            }
        }
    }

    /// Waits for what authenticates the client, where that is a message after the hello.
    async fn credentials(
        &mut self,
        transport: &mut dyn Transport,
    ) -> Result<Box<RawValue>, Option<CloseFrame>> {
        loop {
            if let Early::Auth(auth) = self.next(transport, Role::Auth).await? {
                return Ok(auth);
            }
        }
    }

    /// Waits for a message in a role. Other messages are answered with an error, up to `limits.violations`.
    async fn next(
        &mut self,
        transport: &mut dyn Transport,
        role: Role,
    ) -> Result<Early, Option<CloseFrame>> {
        let mut violations = self.server.limits.violations.max(1);
        while violations > 0 {
            let packet = self.packet(transport).await?;
            match self.judge(packet, role)? {
                found @ (Early::Hello(_) | Early::Auth(_)) => return Ok(found),
                Early::Allowed(answer) => send(transport, answer).await?,
                Early::Wrong(answer) => {
                    violations -= 1;
                    send(transport, answer).await?;
                }
            }
        }
        Err(self.close(CloseReason::Violations))
    }

    /// Decides what a message before ready is. `awaited` is the role of the message that comes next.
    fn judge(&mut self, packet: Packet, awaited: Role) -> Result<Early, Option<CloseFrame>> {
        let protocol = self.server.protocol;
        let encoder = &self.server.encoder;
        let source = encoder.codec(self.encoding).source(packet.frame());
        let found = source.ok().and_then(|source| {
            Head::find(&source, protocol.client, Side::Client, &protocol.session).ok()
        });
        let (condition, error) = match &found {
            Some((head, Some(Role::Auth))) if awaited == Role::Auth => {
                match head.raw_payload(&protocol.client.envelope) {
                    Ok(auth) => return Ok(Early::Auth(auth)),
                    Err(_) => (
                        CloseReason::Invalid,
                        ErrorPayload::new(SessionCode::Invalid, "the credentials do not fit"),
                    ),
                }
            }
            Some((head, Some(Role::Hello))) if awaited == Role::Hello => match Hello::read(head) {
                Ok(hello)
                    if hello
                        .version
                        .as_ref()
                        .is_none_or(|v| v.len() <= MAX_VERSION) =>
                {
                    return Ok(Early::Hello(Box::new(hello)));
                }
                _ => (
                    CloseReason::Invalid,
                    ErrorPayload::new(SessionCode::Invalid, "the hello does not fit"),
                ),
            },
            // Messages before it would be in another encoding.
            Some((head, Some(Role::Negotiate)))
                if awaited == Role::Hello && self.early.is_empty() =>
            {
                match Negotiation::read(head)
                    .ok()
                    .and_then(|asked| self.encoding_of(&asked.0))
                {
                    Some(found) => {
                        let agreed = Negotiation(encoder.encodings[found].0.codec().name().into());
                        let message = SessionMessage::new(Role::Negotiate, &agreed);
                        let answer = encoder.session(self.encoding, &message);
                        self.encoding = found;
                        return Ok(Early::Allowed(answer));
                    }
                    None => (
                        CloseReason::Invalid,
                        ErrorPayload::new(
                            SessionCode::Invalid,
                            "the protocol does not have this encoding",
                        ),
                    ),
                }
            }
            Some((head, role)) if self.is_early(head, *role) => {
                match role {
                    Some(Role::Ping) if !self.control.take(Instant::now()) => {
                        return Err(self.close(CloseReason::RateLimited));
                    }
                    Some(Role::Ping) => {
                        let ping = system::Ping::read(head);
                        let pong = encoder.session(self.encoding, &ping.pong());
                        return Ok(Early::Allowed(pong));
                    }
                    Some(_) => {}
                    None => {
                        drop(found);
                        self.keep(packet)?;
                    }
                }
                return Ok(Early::Allowed(None));
            }
            Some((_, Some(Role::Hello))) => (
                CloseReason::RepeatedHello,
                ErrorPayload::new(SessionCode::NotReady, "a second hello"),
            ),
            Some(_) => (
                CloseReason::NotReady,
                ErrorPayload::new(
                    SessionCode::NotReady,
                    match awaited {
                        Role::Auth => "what authenticates the client comes first",
                        _ => "the hello comes first",
                    },
                ),
            ),
            None => (
                CloseReason::Invalid,
                ErrorPayload::new(SessionCode::Syntax, "this is no message"),
            ),
        };
        if let Some(code) = protocol.closes_for(condition) {
            return Err(Some(CloseFrame::new(code, error.message.into_owned())));
        }
        let id = found.as_ref().and_then(|(head, _)| head.id.as_ref());
        Ok(Early::Wrong(encoder.error(self.encoding, id, &error)))
    }

    /// Returns the index of the encoding with a name.
    fn encoding_of(&self, name: &str) -> Option<usize> {
        self.server.encoder.index_of(Some(Encoding::of(name)?))
    }

    /// Whether a message is allowed before the hello: the protocol says so of it.
    fn is_early(&self, head: &Head<'_>, role: Option<Role>) -> bool {
        let protocol = self.server.protocol;
        let early = protocol.session.before_ready;
        match role {
            Some(role @ (Role::Ping | Role::Pong)) => role
                .mapped(&protocol.session.mapped)
                .is_some_and(|mapped| early.contains(&mapped.name)),
            Some(_) => false,
            None => {
                let index = (protocol.client.lookup)(head.tag.borrow());
                index.is_some_and(|index| early.contains(&protocol.client.messages[index].name))
            }
        }
    }

    /// Keeps a message until the session is ready, within `limits.inbound`.
    fn keep(&mut self, packet: Packet) -> Result<(), Option<CloseFrame>> {
        self.early_bytes += packet.len() + EARLY_OVERHEAD;
        if self.early_bytes > self.server.limits.inbound {
            return Err(self.close(CloseReason::RateLimited));
        }
        self.early.push(packet);
        Ok(())
    }
}
