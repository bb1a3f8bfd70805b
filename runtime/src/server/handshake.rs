//! The handshake: hello, then ready or refuse. A connection that resumes a session is handed over to it.

mod numbered;
mod phase;

use super::{
    ConnectRequest, ConnectionInfo, SessionState,
    allowances::Allowance,
    attach::{Attach, Returned},
    connection::{CONTROL, Connection, Established, HANG_UP},
    connection_handle::{ConnectionHandle, Peer},
    encoder::SessionMessage,
    endpoint::Endpoint,
    expiry::announced,
    kept_info::KeptInfo,
    sessions::Doubt,
    state::{Admission, ServerState},
    token_bucket::TokenBucket,
};
use crate::{
    SessionCode, Side, TagBuf,
    descriptor::CloseReason,
    early::Early,
    encoded::EncodedMessage,
    metrics,
    replies::ErrorPayload,
    system::{Greeting, Ready, Resume, Role, check_version},
    transport::{CloseFrame, Transport},
    transport_io::CLOSE_TIMEOUT,
};
use futures_util::{FutureExt, future::BoxFuture};
use numbered::{First, Resumed};
use phase::Phase;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::Instant};
use tracing::Instrument;

/// The close code "try again later" (RFC 6455, section 11.7: the IANA registry).
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

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
            tracing::info!(address = ?info.address, ?closing, "the handshake failed");
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
    let has_names = state.protocol.session.names_session();
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
    if asked && resumed.is_none() {
        metrics::resume(false);
    }
    let mut ready = Ready {
        version: Some(state.protocol.version.to_owned()),
        hash: Some(state.protocol.hash.to_owned()),
        session: token,
        resumed: false,
        received: counting.then_some(0),
        expires: expires.map(announced),
    };
    // Why the client may not know that another session begins.
    let mut doubt = None;
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
            early: &mut early,
        };
        let principal = principal.as_deref();
        match phase.resume(&mut *transport, packet, principal).await {
            Ok(First::Resumes(resumed)) => Some(resumed),
            Ok(First::Refused(Some(after))) => {
                doubt = Some(Doubt::Refused(after));
                None
            }
            Ok(First::Refused(None) | First::Unheard) => {
                doubt = Some(Doubt::Unheard);
                None
            }
            Ok(First::Other) => None,
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
            let (back, returned) = oneshot::channel();
            let number = admission.number;
            let attach = Box::new(Attach {
                transport,
                received,
                token: used,
                next_token: ready.session,
                peer,
                admission,
                allowance,
                control,
                back: Some(back),
            });
            let returned = match handle.attach(attach) {
                Ok(()) => taken_or(returned, &handle, number).await,
                Err(attach) => Some(Returned::Lost(attach)),
            };
            metrics::resume(returned.is_none());
            let attach = match returned? {
                Returned::Lost(attach) => attach,
                Returned::Gone(mut attach) => {
                    metrics::closed(state.protocol, None);
                    let closing = CloseFrame::new(1000, "");
                    attach.transport.close(&closing, CLOSE_TIMEOUT).await;
                    return None;
                }
                Returned::Replaced(mut attach) => {
                    let code = state.protocol.close_code(CloseReason::TakenOver);
                    let closing = CloseFrame::new(code, "another connection resumes the session");
                    metrics::closed(state.protocol, Some(code));
                    attach.transport.close(&closing, CLOSE_TIMEOUT).await;
                    return None;
                }
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
                doubt = Some(Doubt::Refused(received));
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
        if let Some(doubt) = doubt.filter(|_| !has_names) {
            sessions.doubt(connection.id, doubt);
        }
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
        unheard: doubt == Some(Doubt::Unheard) && !has_names,
        early,
    };
    let session: BoxFuture<'static, ()> =
        Box::pin(Box::new(Connection::new(established, &endpoint)).run());
    Some(session.instrument(span))
}

/// Waits until a session has taken a connection, or returns it. A session whose handler keeps its thread takes none, so the connection is asked whether its
/// client is still there.
async fn taken_or(
    mut returned: oneshot::Receiver<Returned>,
    handle: &ConnectionHandle,
    number: u64,
) -> Option<Returned> {
    loop {
        match tokio::time::timeout(HANG_UP, &mut returned).await {
            Ok(returned) => return returned.ok(),
            Err(_) => handle.return_if_gone(number),
        }
    }
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
    early: Early,
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
    let mut early = Early::default();
    greet(transport, endpoint, &info, encoding).await?;
    if session.roles.hello.is_some() {
        let mut phase = Phase {
            server,
            allowance,
            encoding,
            control,
            early: &mut early,
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
    let place = match session.auth_follows() {
        true => (protocol.client.envelope.content, ""),
        false => (
            Role::Hello.content(protocol, Side::Client),
            session.auth_pointer(),
        ),
    };
    let request = ConnectRequest::new(auth, info.clone(), (*version).to_owned(), place);
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
    packet: Option<EncodedMessage>,
) -> Result<(), Option<CloseFrame>> {
    let Some(packet) = packet else {
        return Ok(());
    };
    match tokio::time::timeout(CLOSE_TIMEOUT, transport.send(&packet)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}
