//! The part of a connection that others hold: what it may be sent, and where it is.

use super::{
    ConnectionInfo, SessionState,
    allowances::Allowance,
    error_payload::ErrorPayload,
    hub::{JoinError, KEY},
    state::ServerState,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, Violation,
    codec::{Codec, Outgoing},
    descriptor::{CloseReason, EnvelopeDescriptor, Presence, Tag},
    outbound::{EnqueueError, Outbound},
    transport::{CloseFrame, Packet},
};
use handfast_schema::{Pointer, details};
use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::SystemTime,
};

/// A connection, for those who send to it.
pub(crate) struct ConnectionHandle {
    pub(crate) id: u64,
    pub(crate) outbound: Outbound,
    /// Which of the server's encodings it speaks.
    pub(crate) encoding: usize,
    pub(crate) server: Arc<ServerState>,
    pub(crate) session: SessionState,
    pub(crate) info: Arc<ConnectionInfo>,
    pub(crate) address: Arc<Allowance>,
    /// Whether it was logged that it is in as many channels as it may be.
    pub(crate) channels_logged: AtomicBool,
    /// The channels it is in; none when it is over.
    joined: Mutex<Option<HashSet<Arc<str>>>>,
}

impl fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ConnectionHandle {
    pub(crate) fn new(
        id: u64,
        server: Arc<ServerState>,
        session: SessionState,
        info: Arc<ConnectionInfo>,
        address: Arc<Allowance>,
        encoding: usize,
    ) -> Self {
        Self {
            id,
            outbound: Outbound::new(server.limits.outbound),
            encoding,
            server,
            session,
            info,
            address,
            channels_logged: AtomicBool::new(false),
            joined: Mutex::new(Some(HashSet::new())),
        }
    }

    pub(crate) fn codec(&self) -> &dyn Codec {
        self.server.codec(self.encoding)
    }

    /// Asks for the connection to be closed.
    pub(crate) fn close(&self, condition: CloseReason, reason: &'static str, graceful: bool) {
        let code = self.server.table.close_code(condition);
        self.outbound.close(CloseFrame::new(code, reason), graceful);
    }

    /// Queues a message that nobody asked for. A connection without room for it is closed.
    pub(crate) fn push(&self, packet: Packet, volatile: bool) {
        if self.outbound.push(packet, volatile) == Err(EnqueueError::Full) && !volatile {
            if self.outbound.closing().is_none() {
                tracing::info!(
                    connection = self.id,
                    "`limits.outbound` is reached: the client reads too slowly, and is closed"
                );
            }
            self.close(CloseReason::Slow, "the client reads too slowly", false);
        }
    }

    /// Queues an answer.
    pub(crate) fn answer(&self, outgoing: &Outgoing<'_>) {
        match encode(self.codec(), outgoing, self.server.limits.message) {
            Some(packet) => self.outbound.answer(packet),
            None => self.fail(
                outgoing.id,
                &ErrorPayload::new("INTERNAL", "the answer cannot be written"),
            ),
        }
    }

    /// Queues an error.
    pub(crate) fn fail(&self, id: Option<&Id>, payload: &ErrorPayload<'_>) {
        if let Some(packet) = error(&self.server, self.codec(), id, payload) {
            self.outbound.answer(packet);
        }
    }

    /// Whether it may be in a channel.
    pub(crate) fn may_enter(&self, channel: &str) -> Result<(), JoinError> {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        self.judge(joined.as_ref(), channel)
    }

    fn judge(&self, joined: Option<&HashSet<Arc<str>>>, channel: &str) -> Result<(), JoinError> {
        let joined = joined.ok_or(JoinError::Ended)?;
        let most = usize::try_from(self.server.limits.channels).unwrap_or(usize::MAX);
        if channel.len() > KEY {
            Err(JoinError::LongKey)
        } else if joined.len() >= most && !joined.contains(channel) {
            Err(JoinError::TooMany)
        } else {
            Ok(())
        }
    }

    /// Notes that it is in a channel.
    pub(crate) fn enter(&self, channel: &Arc<str>) -> Result<(), JoinError> {
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        self.judge(joined.as_ref(), channel)?;
        if let Some(joined) = joined.as_mut() {
            joined.insert(channel.clone());
        }
        Ok(())
    }

    /// Notes that it is in a channel no more.
    pub(crate) fn exit(&self, channel: &str) {
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(joined) = joined.as_mut() {
            joined.remove(channel);
        }
    }

    /// The connection is over: it leaves every channel, and nothing is queued for it any more.
    pub(crate) fn end(&self) {
        self.outbound.end();
        let joined = self
            .joined
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for channel in joined.into_iter().flatten() {
            self.server.hub.leave(self.id, &channel);
        }
    }
}

/// A message on its way out, with what the envelope always has.
pub(crate) fn outgoing(
    envelope: &EnvelopeDescriptor,
    tag: Option<Tag>,
    major: i64,
) -> Outgoing<'_> {
    Outgoing {
        version: envelope
            .version
            .filter(|field| field.presence == Presence::Required)
            .map(|_| major),
        ..Outgoing::new(envelope, tag)
    }
}

/// Writes a message. What cannot be written is logged, and so is what is larger than `limit`: clients hold a server to it.
pub(crate) fn encode(codec: &dyn Codec, outgoing: &Outgoing<'_>, limit: usize) -> Option<Packet> {
    let packet = written(codec, outgoing)?;
    let (bytes, tag) = (packet.len(), &outgoing.tag);
    if bytes > limit {
        tracing::error!(
            bytes,
            limit,
            ?tag,
            "a message is larger than `limits.message`, and is not sent"
        );
        return None;
    }
    Some(packet)
}

/// The same, of whatever size.
fn written(codec: &dyn Codec, outgoing: &Outgoing<'_>) -> Option<Packet> {
    let written = codec
        .encode(outgoing)
        .map_err(Box::<dyn std::error::Error>::from);
    match written.and_then(|bytes| Packet::encoded(bytes, codec.is_text()).map_err(Into::into)) {
        Ok(packet) => Some(packet),
        Err(error) => {
            tracing::error!(error = &*error, tag = ?outgoing.tag, "a message cannot be written");
            None
        }
    }
}

/// Writes a message that is sent before there is a connection.
pub(crate) fn write(
    server: &ServerState,
    encoding: usize,
    tag: Option<Tag>,
    payload: &dyn erased_serde::Serialize,
) -> Option<Packet> {
    encode(
        server.codec(encoding),
        &Outgoing {
            payload: Some(payload),
            ..server.outgoing(tag)
        },
        server.limits.message,
    )
}

/// How many characters an id may have. It comes back with every answer, so that a longer one costs a server more than it is worth.
const ID: usize = 128;

/// Whether an id is longer than a server takes.
pub(crate) fn is_long(id: &Id) -> bool {
    match id {
        Id::Text(text) => text.len() > ID && text.chars().nth(ID).is_some(),
        Id::Integer(_) => false,
    }
}

/// What is wrong with a message that has such an id. It is answered without it.
pub(crate) fn long_id(envelope: &EnvelopeDescriptor) -> DecodeError {
    let name = envelope.id.map_or("id", |field| field.name);
    let mut path = Pointer::root();
    path.prepend_key(name);
    let violation = Violation::new(path, details::max_length(ID as u64));
    DecodeError::new(DecodeErrorKind::Envelope(vec![violation]))
}

/// Writes a report of what went wrong, by `write`. One that would be larger than a message may be is written without its violations, and one
/// whose data is too large as `INTERNAL`: whoever waits for it is not left without an answer.
fn fitting(
    limit: usize,
    payload: &ErrorPayload<'_>,
    write: impl Fn(&ErrorPayload<'_>) -> Option<Packet>,
) -> Option<Packet> {
    let whole = write(payload)?;
    if whole.len() <= limit {
        return Some(whole);
    }
    if payload.data.is_none() {
        return write(&ErrorPayload {
            code: payload.code,
            message: (&*payload.message).into(),
            retryable: payload.retryable,
            side: payload.side,
            ..ErrorPayload::default()
        });
    }
    let code = payload.code;
    tracing::error!(
        ?code,
        "the data of an error is larger than `limits.message`"
    );
    write(&ErrorPayload::new("INTERNAL", "the server failed"))
}

/// Writes a rejection, where the protocol has a message for it.
pub(crate) fn refuse(
    server: &ServerState,
    encoding: usize,
    payload: &ErrorPayload<'_>,
) -> Option<Packet> {
    let tag = server.table.session.roles.refuse?;
    fitting(server.limits.message, payload, |payload| {
        let outgoing = Outgoing {
            payload: Some(payload),
            ..server.outgoing(Some(tag))
        };
        written(server.codec(encoding), &outgoing)
    })
}

/// Writes an error, where the protocol has a message for it. A long id is not sent back.
pub(crate) fn error(
    server: &ServerState,
    codec: &dyn Codec,
    id: Option<&Id>,
    payload: &ErrorPayload<'_>,
) -> Option<Packet> {
    let tag = server.table.session.roles.error?;
    fitting(server.limits.message, payload, |payload| {
        let outgoing = Outgoing {
            payload: Some(payload),
            id: id.filter(|id| !is_long(id)),
            is_reply: true,
            outcome: Some(false),
            ..server.outgoing(Some(tag))
        };
        written(codec, &outgoing)
    })
}

/// The time that goes into what answers and is published, where the protocol has a field for it.
pub(crate) fn now(envelope: &EnvelopeDescriptor) -> Option<SystemTime> {
    envelope.timestamp.map(|_| SystemTime::now())
}
