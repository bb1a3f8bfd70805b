//! The handshake: hello, then ready or refuse. A connection that resumes a session is handed over to it.

use super::{
    ConnectRequest, ConnectionInfo, SessionState,
    allowances::Allowance,
    attach::Attach,
    connection::{CONTROL, Connection, Established},
    connection_handle::{ConnectionHandle, Peer},
    endpoint::Endpoint,
    expiry::announced,
    state::{Admission, ServerState},
    token_bucket::TokenBucket,
};
use crate::{
    SessionCode, Side,
    descriptor::CloseReason,
    metrics,
    replies::ErrorPayload,
    system::{Head, Hello, Ready, Resume, Role, check_version},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
    transport_io::CLOSE_TIMEOUT,
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::time::Instant;
use tracing::Instrument;

/// The close code "try again later" (RFC 6455, section 11.7: the IANA registry).
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

/// The maximum length of a client's version, in bytes: a rejection repeats it.
const MAX_VERSION: usize = 64;

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
        return transport.close(&closing, CLOSE_TIMEOUT).await;
    };
    let roles = &state.protocol.session.roles;
    let counting = resume.is_some()
        && state.protocol.session.resume.is_some()
        && roles.ready.is_some()
        && roles.received.is_some();
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
    let resumed = resumed.and_then(|(used, received)| {
        let handle = resumable(state, &used, received, principal.as_deref(), encoding)?;
        Some((handle, used, received))
    });
    if asked {
        metrics::resume(resumed.is_some());
    }
    let (transport, peer, admission, allowance, control, token) = match resumed {
        None => (transport, peer, admission, allowance, control, token),
        Some((handle, used, received)) => {
            let attach = Box::new(Attach {
                transport,
                received,
                token: used,
                next_token: token,
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
            (transport, peer, admission, allowance, control, next_token)
        }
    };
    let connection = state.connect(peer, principal, encoding);
    let span = tracing::info_span!(
        "session",
        connection = connection.id,
        principal = connection.principal.as_deref()
    );
    if let Some(tag) = roles.ready {
        let ready = Ready {
            version: state.protocol.version.to_owned(),
            hash: Some(state.protocol.hash.to_owned()),
            session: token,
            resumed: false,
            received: counting.then_some(0),
            expires: expires.map(announced),
        };
        if counting {
            let sessions = &state.sessions;
            sessions.set_token(&connection, None, &ready.session);
        }
        if let Some(packet) = state.encoder.message(encoding, Some(tag), &ready) {
            connection.outbound.control(packet, 0);
        }
    }
    let established = Established {
        transport,
        connection,
        admission,
        allowance,
        control,
        counting,
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
    if session.roles.hello.is_some() {
        let hello = tokio::time::timeout(
            session.timeout,
            hello(transport, server, allowance, encoding, control),
        );
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
        if let Err((side, reason)) = check_version(
            Side::Client,
            &hello.version,
            protocol.version,
            protocol.accepts,
        ) {
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
                client_version = hello.version,
                "version skew: the client was generated from a different spec with an accepted version"
            );
        }
        version = hello.version.as_str().into();
        (request.auth, request.version) = (hello.auth, hello.version);
        resume = hello.resume;
    }
    let connecting = AssertUnwindSafe(endpoint.service.connect(request)).catch_unwind();
    let rejection = match tokio::time::timeout(session.timeout, connecting).await {
        Ok(Ok(Ok(session))) => {
            return Ok(Accepted {
                session,
                version,
                resume,
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
    Err(close(CloseReason::Unauthorized, reason))
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

/// Waits for the hello. Other messages are answered with an error, up to `limits.violations`.
async fn hello(
    transport: &mut dyn Transport,
    server: &ServerState,
    allowance: &Allowance,
    encoding: usize,
    control: &mut TokenBucket,
) -> Result<Hello, Option<CloseFrame>> {
    let codec = server.encoder.codec(encoding);
    let close = |condition| CloseFrame::new(server.protocol.close_code(condition), "");
    for _ in 0..server.limits.violations.max(1) {
        let packet = loop {
            match transport.receive().await {
                Ok(TransportEvent::Packet(packet)) => break packet,
                Ok(TransportEvent::Alive) if control.take(Instant::now()) => {}
                Ok(TransportEvent::Alive) => return Err(Some(close(CloseReason::RateLimited))),
                Ok(TransportEvent::Closed(_)) => return Err(None),
                Err(TransportError::TooLarge { .. }) => {
                    return Err(Some(close(CloseReason::TooLarge)));
                }
                Err(TransportError::Protocol { code, reason }) => {
                    return Err(Some(CloseFrame::new(code, reason)));
                }
                Err(_) => return Err(None),
            }
        };
        if packet.len() > server.limits.message {
            return Err(Some(close(CloseReason::TooLarge)));
        }
        // A client that keeps reconnecting causes as much work as one that keeps sending messages.
        if !allowance.take(Instant::now()) {
            let reason = "too many messages in too short a time";
            let packet = server.encoder.rejection(
                encoding,
                &ErrorPayload::new(SessionCode::RateLimited, reason).retryable(),
            );
            send(transport, packet).await?;
            let code = server.protocol.close_code(CloseReason::RateLimited);
            return Err(Some(CloseFrame::new(code, "too many messages")));
        }
        let source = codec.source(packet.frame());
        let head = source
            .ok()
            .and_then(|source| Head::read(&source, &server.protocol.client.envelope).ok());
        let payload = |id, payload: ErrorPayload<'_>| server.encoder.error(encoding, id, &payload);
        let answer = match &head {
            Some(head)
                if Role::of(head.tag.borrow(), &server.protocol.session.roles)
                    == Some(Role::Hello) =>
            {
                match Hello::read(head) {
                    Ok(hello) if hello.version.len() <= MAX_VERSION => return Ok(hello),
                    _ => payload(
                        head.id.as_ref(),
                        ErrorPayload::new(SessionCode::Invalid, "the hello does not fit"),
                    ),
                }
            }
            Some(head) => payload(
                head.id.as_ref(),
                ErrorPayload::new(SessionCode::NotReady, "the hello comes first"),
            ),
            None => payload(
                None,
                ErrorPayload::new(SessionCode::Syntax, "this is no message"),
            ),
        };
        send(transport, answer).await?;
    }
    Err(Some(close(CloseReason::Violations)))
}
