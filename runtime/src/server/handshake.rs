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
    state::{Admission, ServerState},
    system,
    token_bucket::TokenBucket,
};
use crate::{
    SessionCode, Side, TagBuf,
    descriptor::CloseReason,
    metrics,
    replies::ErrorPayload,
    system::{Greeting, Head, Hello, Ready, Resume, Role, check_version},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
    transport_io::CLOSE_TIMEOUT,
};
use futures_util::FutureExt;
use numbered::Resumed;
use std::{panic::AssertUnwindSafe, sync::Arc};
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
    mut transport: Box<dyn Transport>,
    endpoint: Arc<Endpoint>,
    info: ConnectionInfo,
    admission: Admission,
    encoding: usize,
) {
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
        version,
        resume,
        mut early,
    } = match established {
        Ok(established) => established,
        // Answers a close by the client.
        Err(None) => {
            metrics::closed(endpoint.state.protocol, None);
            return transport
                .close(&CloseFrame::new(1000, ""), CLOSE_TIMEOUT)
                .await;
        }
        Err(Some(closing)) => {
            tracing::info!(address = ?info.address, %closing, "the handshake failed");
            metrics::closed(endpoint.state.protocol, Some(closing.code));
            return transport.close(&closing, CLOSE_TIMEOUT).await;
        }
    };
    let state = &endpoint.state;
    let principal = endpoint.service.principal(&session);
    let principal: Option<Box<str>> = principal.map(|principal| (*principal).into());
    // Rate limits apply to all connections of an authenticated user together, whatever their addresses.
    let allowance = match &principal {
        Some(principal) => Arc::new(state.senders.principal(principal)),
        None => allowance,
    };
    let Ok(token) = crate::random::secret() else {
        tracing::error!("the random number generator of the system failed");
        let code = state.protocol.close_code(CloseReason::Internal);
        let closing = CloseFrame::new(code, "the server failed");
        return transport.close(&closing, CLOSE_TIMEOUT).await;
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
        info,
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
                return transport.close(&closing, CLOSE_TIMEOUT).await;
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
                return;
            };
            // The session has ended meanwhile.
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
    let session = Connection::new(established, &endpoint).run();
    session.instrument(span).await;
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
    encoding: usize,
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
    let mut request = ConnectRequest::new(None, info.clone(), String::new());
    let (mut version, mut resume) = (Arc::from(""), None);
    let mut early = Vec::new();
    greet(transport, endpoint, info, encoding).await?;
    if session.roles.hello.is_some() {
        let mut phase = Phase {
            server,
            allowance,
            encoding,
            control,
            early: &mut early,
            early_bytes: 0,
        };
        let hello = tokio::time::timeout(session.timeout, phase.hello(transport));
        let hello = tokio::select! {
            hello = hello => hello,
            () = server.shutdown_started() => {
                let reason = "the server is shutting down".into();
                return Err(close(CloseReason::GoingAway, reason));
            }
        };
        let hello = match hello {
            Ok(hello) => hello?,
            Err(_) => {
                return Err(close(
                    CloseReason::HelloTimeout,
                    "no hello arrived in time".into(),
                ));
            }
        };
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
        let said = hello.version.unwrap_or_default();
        version = said.as_str().into();
        (request.auth, request.version) = (hello.auth, said);
        resume = hello.resume;
    }
    let connecting = AssertUnwindSafe(endpoint.service.connect(request)).catch_unwind();
    let rejection = match tokio::time::timeout(session.timeout, connecting).await {
        Ok(Ok(Ok(session))) => {
            return Ok(Accepted {
                session,
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

    /// Waits for the hello. Other messages are answered with an error, up to `limits.violations`.
    async fn hello(&mut self, transport: &mut dyn Transport) -> Result<Hello, Option<CloseFrame>> {
        let mut violations = self.server.limits.violations.max(1);
        while violations > 0 {
            let packet = self.packet(transport).await?;
            match self.judge(packet)? {
                Early::Hello(hello) => return Ok(*hello),
                Early::Allowed(answer) => send(transport, answer).await?,
                Early::Wrong(answer) => {
                    violations -= 1;
                    send(transport, answer).await?;
                }
            }
        }
        Err(self.close(CloseReason::Violations))
    }

    /// Decides what a message before ready is.
    fn judge(&mut self, packet: Packet) -> Result<Early, Option<CloseFrame>> {
        let protocol = self.server.protocol;
        let encoder = &self.server.encoder;
        let source = encoder.codec(self.encoding).source(packet.frame());
        let found = source.ok().and_then(|source| {
            Head::find(&source, protocol.client, Side::Client, &protocol.session).ok()
        });
        let (condition, error) = match &found {
            Some((head, Some(Role::Hello))) => match Hello::read(head) {
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
            Some(_) => (
                CloseReason::NotReady,
                ErrorPayload::new(SessionCode::NotReady, "the hello comes first"),
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
