//! The shared part of a connection: its outbound queue, session, metadata and memberships.

use super::{
    allowances::Allowance,
    connection_info::{ConnectionInfo, SessionState},
    encoder::Encoder,
    error_payload::ErrorPayload,
    membership::Membership,
};
use crate::{
    Id, SessionCode,
    codec::{Codec, Outgoing},
    descriptor::{CloseReason, Limits},
    outbound::{EnqueueError, Outbound},
    transport::{CloseFrame, Packet},
};
use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

/// A handle to a connection, through which the rest of the server sends to it and closes it.
pub(crate) struct ConnectionHandle {
    pub(crate) id: u64,
    pub(crate) outbound: Outbound,
    /// The index of the connection's encoding in [`Encoder::encodings`].
    pub(crate) encoding: usize,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) session: SessionState,
    pub(crate) info: Arc<ConnectionInfo>,
    pub(crate) allowance: Arc<Allowance>,
    pub(crate) membership: Membership,
    /// Whether reaching `limits.channels` was logged already.
    pub(crate) channels_logged: AtomicBool,
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
        encoder: Arc<Encoder>,
        limits: &Limits,
        session: SessionState,
        info: Arc<ConnectionInfo>,
        allowance: Arc<Allowance>,
        encoding: usize,
    ) -> Self {
        Self {
            id,
            outbound: Outbound::new(limits.outbound),
            encoding,
            encoder,
            session,
            info,
            allowance,
            membership: Membership::new(usize::try_from(limits.channels).unwrap_or(usize::MAX)),
            channels_logged: AtomicBool::new(false),
        }
    }

    pub(crate) fn codec(&self) -> &dyn Codec {
        self.encoder.codec(self.encoding)
    }

    pub(crate) fn encode(&self, outgoing: &Outgoing<'_>) -> Option<Packet> {
        self.encoder.encode(self.encoding, outgoing)
    }

    /// Requests that the connection be closed.
    pub(crate) fn close(&self, condition: CloseReason, reason: &'static str, graceful: bool) {
        let code = self.encoder.protocol.close_code(condition);
        self.outbound.close(CloseFrame::new(code, reason), graceful);
    }

    /// Queues a message that is not a reply. If it is not volatile and the queue is full, the connection is closed.
    pub(crate) fn push(&self, packet: Packet, volatile: bool) {
        if self.outbound.push(packet, volatile) == Err(EnqueueError::Full) && !volatile {
            if self.outbound.closing().is_none() {
                tracing::info!(
                    connection = self.id,
                    "closing a slow client: `limits.outbound` is reached"
                );
            }
            self.close(CloseReason::Slow, "the client reads too slowly", false);
        }
    }

    /// Queues a reply.
    pub(crate) fn answer(&self, outgoing: &Outgoing<'_>) {
        match self.encode(outgoing) {
            Some(packet) => self.outbound.answer(packet),
            None => self.fail(
                outgoing.id,
                &ErrorPayload::new(SessionCode::Internal, "the reply cannot be encoded"),
            ),
        }
    }

    /// Queues an error.
    pub(crate) fn fail(&self, id: Option<&Id>, payload: &ErrorPayload<'_>) {
        if let Some(packet) = self.encoder.error(self.encoding, id, payload) {
            self.outbound.answer(packet);
        }
    }
}
