//! From a fresh transport to a session: hello, and ready or refuse.

use super::{
    Opening, Peer, Session,
    connection::{CONTROL, Connection, PATIENCE},
    fault::Fault,
    link::{self, refuse, write},
    rate::Bucket,
    senders::Place,
    shared::{Admission, Shared},
};
use crate::{
    Side,
    system::{Head, Hello, Ready, Role, check_version},
    table::CloseCondition,
    transport::{Arrival, Closing, Packet, Transport, TransportError},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::time::Instant;

/// The close code for who is not let in now, and may be later (the registry of RFC 6455, section 11.7).
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

/// How many bytes the version of a client may have: a refusal names it.
const VERSION: usize = 64;

/// Serves a connection from its first byte to its last.
pub(crate) async fn serve(
    mut transport: Box<dyn Transport>,
    server: Arc<Shared>,
    peer: Peer,
    admission: Admission,
    encoding: usize,
) {
    let peer = Arc::new(peer);
    let mut control = Bucket::new(CONTROL, Instant::now());
    let place = admission.place.clone();
    let greeting = greet(
        &mut *transport,
        &server,
        &peer,
        &place,
        encoding,
        &mut control,
    )
    .await;
    let (session, ready) = match greeting {
        Ok(greeting) => greeting,
        // A close of the client's is answered.
        Err(None) => return transport.close(&Closing::new(1000, ""), PATIENCE).await,
        Err(Some(closing)) => {
            tracing::info!(address = ?peer.address, %closing, "no session began");
            return transport.close(&closing, PATIENCE).await;
        }
    };
    // Who is known counts by that, wherever they are.
    let place = match server.service.principal(&session) {
        Some(principal) => Arc::new(server.senders.principal(&principal)),
        None => place,
    };
    let link = server.connect(session, peer, place, encoding);
    if let Some(packet) = ready {
        link.outbound.answer(packet);
    }
    Connection::new(transport, link, control).run().await;
}

/// Waits for the hello and answers it.
///
/// # Errors
/// Why to close; none where there is nobody left to tell.
async fn greet(
    transport: &mut dyn Transport,
    server: &Arc<Shared>,
    peer: &Arc<Peer>,
    place: &Place,
    encoding: usize,
    control: &mut Bucket,
) -> Result<(Session, Option<Packet>), Option<Closing>> {
    let table = server.table;
    let session = &table.session;
    let close = |condition, words: String| Some(Closing::new(table.close_code(condition), words));
    if server.is_going() {
        return Err(close(
            CloseCondition::GoingAway,
            "the server goes away".into(),
        ));
    }
    let mut opening = Opening::new(None, peer.clone(), String::new());
    if session.roles.hello.is_some() {
        let hello = tokio::time::timeout(
            session.timeout,
            hello(transport, server, place, encoding, control),
        );
        let hello = tokio::select! {
            hello = hello => hello,
            () = server.gone() => {
                let words = "the server goes away".into();
                return Err(close(CloseCondition::GoingAway, words));
            }
        };
        let hello = match hello {
            Ok(hello) => hello?,
            Err(_) => {
                return Err(close(
                    CloseCondition::HelloTimeout,
                    "no hello came in time".into(),
                ));
            }
        };
        if let Err((side, words)) =
            check_version(Side::Client, &hello.version, table.version, table.accepts)
        {
            let packet = {
                let fault = Fault {
                    side: Some(side),
                    ..Fault::new("VERSION", &*words)
                };
                refuse(server, encoding, &fault)
            };
            send(transport, packet).await?;
            return Err(close(CloseCondition::Version, words));
        }
        if hello.hash.as_deref().is_some_and(|hash| hash != table.hash) {
            tracing::warn!(
                protocol = table.name,
                ours = table.version,
                theirs = hello.version,
                "skew: the client was generated from another spec with an accepted version"
            );
        }
        (opening.auth, opening.version) = (hello.auth, hello.version);
    }
    let asked = AssertUnwindSafe(server.service.open(opening)).catch_unwind();
    let refusal = match tokio::time::timeout(session.timeout, asked).await {
        Ok(Ok(Ok(opened))) => {
            return ready(server, encoding, opened).map_err(|error| {
                tracing::error!(%error, "there is no randomness");
                close(CloseCondition::Internal, "the server failed".into())
            });
        }
        Ok(Ok(Err(refusal))) => refusal,
        Ok(Err(_)) => {
            tracing::error!("the handler of the hello panicked");
            return Err(close(CloseCondition::Internal, "the server failed".into()));
        }
        Err(_) => {
            tracing::error!("the handler of the hello took too long");
            return Err(close(
                CloseCondition::Internal,
                "the server took too long".into(),
            ));
        }
    };
    let packet = refuse(server, encoding, &refusal.fault(&refusal.data.as_deref()));
    send(transport, packet).await?;
    let words = refusal.message.into_owned();
    if refusal.retryable {
        return Err(Some(Closing::new(TRY_AGAIN_LATER, words)));
    }
    Err(close(CloseCondition::Unauthorized, words))
}

/// What a session that began is told.
fn ready(
    server: &Shared,
    encoding: usize,
    session: Session,
) -> Result<(Session, Option<Packet>), getrandom::Error> {
    let Some(tag) = server.table.session.roles.ready else {
        return Ok((session, None));
    };
    let ready = Ready {
        version: server.table.version.to_owned(),
        hash: Some(server.table.hash.to_owned()),
        session: crate::random::secret()?,
    };
    Ok((session, write(server, encoding, Some(tag), &ready)))
}

async fn send(
    transport: &mut dyn Transport,
    packet: Option<Packet>,
) -> Result<(), Option<Closing>> {
    let Some(packet) = packet else {
        return Ok(());
    };
    match tokio::time::timeout(PATIENCE, transport.send(packet)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

/// Waits for the hello. Whatever else comes is answered with an error, as often as bad messages are borne.
async fn hello(
    transport: &mut dyn Transport,
    server: &Arc<Shared>,
    place: &Place,
    encoding: usize,
    control: &mut Bucket,
) -> Result<Hello, Option<Closing>> {
    let codec = server.codec(encoding);
    let close = |condition| Closing::new(server.table.close_code(condition), "");
    for _ in 0..server.limits.violations.max(1) {
        let packet = loop {
            match transport.receive().await {
                Ok(Arrival::Packet(packet)) => break packet,
                Ok(Arrival::Alive) if control.take(Instant::now()) => {}
                Ok(Arrival::Alive) => return Err(Some(close(CloseCondition::RateLimited))),
                Ok(Arrival::Closed(_)) => return Err(None),
                Err(TransportError::TooLarge { .. }) => {
                    return Err(Some(close(CloseCondition::TooLarge)));
                }
                Err(TransportError::Protocol { code, reason }) => {
                    return Err(Some(Closing::new(code, reason)));
                }
                Err(_) => return Err(None),
            }
        };
        if packet.len() > server.limits.message {
            return Err(Some(close(CloseCondition::TooLarge)));
        }
        // Who connects again and again asks for as much work as who sends messages.
        if !place.take(Instant::now()) {
            let words = "too many messages in too short a time";
            let packet = refuse(
                server,
                encoding,
                &Fault::new("RATE_LIMITED", words).retryable(),
            );
            send(transport, packet).await?;
            let code = server.table.close_code(CloseCondition::RateLimited);
            return Err(Some(Closing::new(code, "too many messages")));
        }
        let source = codec.source(packet.frame());
        let head = source
            .ok()
            .and_then(|source| Head::read(&source, &server.table.client.envelope).ok());
        let fault = |id, fault: Fault<'_>| link::error(server, codec, id, &fault);
        let answer = match &head {
            Some(head)
                if Role::of(head.tag.borrow(), &server.table.session.roles)
                    == Some(Role::Hello) =>
            {
                match Hello::read(head) {
                    Ok(hello) if hello.version.len() <= VERSION => return Ok(hello),
                    _ => fault(
                        head.id.as_ref(),
                        Fault::new("INVALID", "the hello does not fit"),
                    ),
                }
            }
            Some(head) => fault(
                head.id.as_ref(),
                Fault::new("NOT_READY", "the hello comes first"),
            ),
            None => fault(None, Fault::new("SYNTAX", "this is no message")),
        };
        send(transport, answer).await?;
    }
    Err(Some(close(CloseCondition::Violations)))
}
