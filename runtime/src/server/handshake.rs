//! The handshake: hello, then ready or refuse. A connection that resumes a session is handed over to it.

mod numbered;
mod opening;
mod resumed;

use super::{
    ConnectRequest, ConnectionInfo, SessionState,
    attach::Attach,
    connection::{Connection, Established},
    connection_handle::Peer,
    encoder::SessionMessage,
    endpoint::Endpoint,
    expiry::announced,
    kept_info::KeptInfo,
    sessions::Doubt,
    state::{Admission, ServerState},
};
use crate::{
    SessionCode, Side, TagBuf,
    descriptor::CloseReason,
    encoded::EncodedMessage,
    handshake::Step,
    metrics,
    system::{Greeting, Ready, Resume, Role},
    transport::{CloseFrame, Transport},
    transport_io::CLOSE_TIMEOUT,
};
use futures_util::{FutureExt, future::BoxFuture};
use numbered::First;
use opening::{End, Event, Opening};
use resumed::{Resumed, hand_over};
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::time::Instant;
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
    let server = &*endpoint.state;
    let info = Arc::new(info);
    let mut opening = Opening::new(
        server,
        admission.allowance.clone(),
        encoding,
        Instant::now(),
    );
    let accepted = match establish(&mut *transport, &endpoint, &info, &mut opening).await {
        Ok(accepted) => accepted,
        Err(closing) => {
            if let Some(closing) = &closing {
                tracing::info!(address = ?info.address, ?closing, "the handshake failed");
            }
            turn_away(server, transport, closing).await;
            return None;
        }
    };
    begin(transport, &endpoint, opening, accepted, admission).await
}

/// Closes a connection that gets no session. Without a close frame, the client has closed, and is answered.
async fn turn_away(
    server: &ServerState,
    mut transport: Box<dyn Transport>,
    closing: Option<CloseFrame>,
) {
    metrics::closed(
        server.protocol,
        closing.as_ref().map(|closing| closing.code),
    );
    let closing = closing.unwrap_or_else(|| CloseFrame::new(1000, ""));
    transport.close(&closing, CLOSE_TIMEOUT).await;
}

/// Resumes the session of a client that is accepted, or begins one.
async fn begin(
    mut transport: Box<dyn Transport>,
    endpoint: &Endpoint,
    mut opening: Opening<'_>,
    accepted: Accepted,
    admission: Admission,
) -> Option<Session> {
    let Accepted {
        session,
        info,
        version,
        resume,
    } = accepted;
    let state = &*endpoint.state;
    let principal = endpoint.service.principal(&session);
    let principal: Option<Arc<str>> = principal.map(|principal| (*principal).into());
    // Rate limits apply to all connections of an authenticated user together, whatever their addresses.
    if let Some(principal) = &principal {
        opening.allowance = Arc::new(state.senders.principal(principal));
    }
    let Ok(token) = crate::random::secret() else {
        tracing::error!("the random number generator of the system failed");
        let code = state.protocol.close_code(CloseReason::Internal);
        let closing = CloseFrame::new(code, "the server failed");
        turn_away(state, transport, Some(closing)).await;
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
    let ready = Ready {
        version: Some(state.protocol.version.to_owned()),
        hash: state.protocol.announced_hash(),
        session: token,
        resumed: false,
        received: counting.then_some(0),
        expires: endpoint.service.expires(&session).map(announced),
    };
    let ready_message = || SessionMessage {
        built: welcome.as_deref(),
        ..SessionMessage::new(Role::Ready, &ready)
    };
    // Why the client may not know that another session begins.
    let mut doubt = None;
    let resumed = if numbered {
        let packet = state.encoder.session(opening.encoding, &ready_message());
        match first(&mut *transport, &mut opening, packet, principal.as_deref()).await {
            Ok(First::Resumes(resumed)) => Some(resumed),
            Ok(First::Refused(after)) => {
                doubt = Some(after.map_or(Doubt::Unheard, Doubt::Refused));
                None
            }
            Ok(First::Unheard) => {
                doubt = Some(Doubt::Unheard);
                None
            }
            Ok(First::Other) => None,
            Err(closing) => {
                turn_away(state, transport, closing).await;
                return None;
            }
        }
    } else {
        let asked = resume.and_then(|resume| resume.session);
        asked.filter(|_| counting).and_then(|asked| {
            let found = Resumed::find(state, asked, principal.as_deref(), opening.encoding);
            if found.is_none() {
                metrics::resume(false);
            }
            found
        })
    };
    let Opening {
        allowance,
        encoding,
        control,
        early,
        rate,
        ..
    } = opening;
    let mut attach = Box::new(Attach {
        transport,
        received: 0,
        token: String::new(),
        next_token: ready.session.clone(),
        peer: Peer {
            session,
            info: Arc::new(KeptInfo::new(&info)),
            version,
        },
        admission,
        allowance,
        control,
        early,
        back: None,
    });
    // The answer to a client whose session ends while it is resumed.
    let mut refusal = None;
    if let Some(resumed) = resumed {
        let received = resumed.received;
        attach = hand_over(state, resumed, attach).await?;
        if numbered {
            refusal = state.encoder.not_resumed(encoding, Some(received), None);
            doubt = Some(Doubt::Refused(received));
        }
    }
    let Attach {
        transport,
        peer,
        admission,
        allowance,
        control,
        early,
        ..
    } = *attach;
    let doubt = doubt.filter(|_| !state.protocol.session.names_session());
    let connection = state.connect(peer, principal, encoding);
    let span = tracing::info_span!(
        "session",
        connection = connection.id,
        principal = connection.principal.as_deref()
    );
    if counting || numbered {
        let sessions = &state.sessions;
        sessions.set_token(&connection, None, &ready.session);
        if let Some(doubt) = doubt {
            sessions.doubt(connection.id, doubt);
        }
    }
    if !numbered {
        connection.control(&ready_message());
    } else if let Some(refusal) = refusal {
        connection.outbound.control(refusal, 0);
    }
    let established = Established {
        transport,
        connection,
        admission,
        allowance,
        control,
        counting,
        unheard: doubt == Some(Doubt::Unheard),
        early: early.into_messages(),
        rate,
    };
    let session: BoxFuture<'static, ()> =
        Box::pin(Box::new(Connection::new(established, endpoint)).run());
    Some(session.instrument(span))
}

/// A client that is accepted.
struct Accepted {
    session: SessionState,
    info: Arc<ConnectionInfo>,
    /// The version of its protocol.
    version: Arc<str>,
    /// What its hello says of resuming.
    resume: Option<Resume>,
}

/// Waits for the hello, and asks the application whether it accepts the client.
///
/// # Errors
/// The close frame to send; `None` if the client is gone already.
async fn establish(
    transport: &mut dyn Transport,
    endpoint: &Endpoint,
    info: &Arc<ConnectionInfo>,
    opening: &mut Opening<'_>,
) -> Result<Accepted, Option<CloseFrame>> {
    let server = &*endpoint.state;
    let protocol = server.protocol;
    let session = &protocol.session;
    if server.is_shutting_down() {
        return Err(opening.shutting_down().closing);
    }
    greet(transport, endpoint, info, opening.encoding).await?;
    let (mut info, encoding) = (info.clone(), opening.encoding);
    let (mut version, mut auth, mut resume) = (Arc::<str>::from(""), None, None);
    if session.roles.hello.is_some() {
        let hello = drive(transport, opening, Opening::hello).await?;
        if opening.encoding != encoding {
            info = Arc::new(ConnectionInfo {
                encoding: Some(server.encoder.encodings[opening.encoding].0),
                ..ConnectionInfo::clone(&info)
            });
        }
        version = hello.version.unwrap_or_default().into();
        (auth, resume) = (hello.auth, hello.resume);
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
    let failed = |reason| Err(opening.end(CloseReason::Internal, reason).closing);
    let rejection = match tokio::time::timeout(session.timeout, connecting).await {
        Ok(Ok(Ok(session))) => {
            return Ok(Accepted {
                session,
                info,
                version,
                resume,
            });
        }
        Ok(Ok(Err(rejection))) => rejection,
        Ok(Err(_)) => {
            tracing::error!("the session handler panicked");
            return failed("the server failed");
        }
        Err(_) => {
            tracing::error!("the session handler timed out");
            return failed("the server took too long");
        }
    };
    let data = rejection.data.as_deref();
    let packet = server
        .encoder
        .rejection(opening.encoding, &rejection.payload(&data));
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
    Err(opening.end(condition, reason).closing)
}

/// Sends ready, and waits for the first message after it, if there is a session that the client could resume.
///
/// # Errors
/// The close frame to send; `None` if the client is gone already.
async fn first(
    transport: &mut dyn Transport,
    opening: &mut Opening<'_>,
    ready: Option<EncodedMessage>,
    principal: Option<&str>,
) -> Result<First, Option<CloseFrame>> {
    send(transport, ready).await?;
    if !opening.ready(principal, Instant::now()) {
        return Ok(First::Unheard);
    }
    let first = |opening: &mut Opening<'_>, event, now| opening.first(event, principal, now);
    drive(transport, opening, first).await
}

/// Tells an opening what happens, and sends what it answers, until it has what it waits for.
///
/// # Errors
/// The close frame to send; `None` if the client is gone already.
async fn drive<'a, T>(
    transport: &mut dyn Transport,
    opening: &mut Opening<'a>,
    handle: impl Fn(&mut Opening<'a>, Event, Instant) -> Result<Step<T>, End>,
) -> Result<T, Option<CloseFrame>> {
    loop {
        let event = tokio::select! {
            biased;
            () = opening.server.shutdown_started() => Event::ShuttingDown,
            () = tokio::time::sleep_until(opening.deadline) => Event::TimedOut,
            arrived = transport.receive() => Event::Arrived(arrived),
        };
        match handle(opening, event, Instant::now()) {
            Ok(Step {
                send: packets,
                done,
            }) => {
                for packet in packets {
                    send(transport, Some(packet)).await?;
                }
                if let Some(done) = done {
                    return Ok(done);
                }
            }
            Err(End { last, closing }) => {
                send(transport, last).await?;
                return Err(closing);
            }
        }
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
