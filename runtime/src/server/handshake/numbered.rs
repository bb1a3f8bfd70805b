//! Sessions whose messages have numbers: the first message of a client after ready may ask for those after one.

use super::{phase::Phase, send};
use crate::{
    Side,
    descriptor::CloseReason,
    encoded::EncodedMessage,
    metrics,
    server::{connection_handle::ConnectionHandle, system},
    system::{Head, ResumeAfter, Role},
    transport::{CloseFrame, Transport},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a new session waits for the first message of its client, if that could resume another: the client would take the messages of this
/// one for those of the other.
const WAIT: Duration = Duration::from_secs(1);

/// A session that its client resumes.
pub(super) struct Resumed {
    pub(super) handle: Arc<ConnectionHandle>,
    /// The token that the client used; empty if it named no session.
    pub(super) token: String,
    /// The number of the last message that the client has received.
    pub(super) received: u64,
}

/// What the first message after ready is.
pub(super) enum First {
    /// It resumes a session.
    Resumes(Resumed),
    /// It asks for what comes after a number, if it could be read, and was refused.
    Refused(Option<u64>),
    /// It is another one: the client resumes nothing.
    Other,
    /// There was none yet.
    Unheard,
}

impl Phase<'_> {
    /// Sends ready, and waits for the first message after it, if there is a session that the client could resume. Returns that session if the message asks for
    /// it. If the session does not resume, the client is sent the reason; any other message is kept for the new session.
    ///
    /// # Errors
    /// The close frame to send; `None` if the client is gone already.
    pub(super) async fn resume(
        &mut self,
        transport: &mut dyn Transport,
        ready: Option<EncodedMessage>,
        principal: Option<&str>,
    ) -> Result<First, Option<CloseFrame>> {
        let server = self.server;
        let protocol = server.protocol;
        let encoder = &server.encoder;
        send(transport, ready).await?;
        if !self.may_resume(principal) {
            return Ok(First::Unheard);
        }
        let deadline = Instant::now() + WAIT;
        loop {
            let packet = tokio::select! {
                packet = tokio::time::timeout_at(deadline, self.packet(transport)) => packet,
                () = server.shutdown_started() => {
                    return Err(self.close(CloseReason::GoingAway));
                }
            };
            let Ok(packet) = packet else {
                return Ok(First::Unheard);
            };
            let packet = packet?;
            let source = encoder.codec(self.encoding).source(packet.frame());
            let found = source.ok().and_then(|source| {
                Head::find(&source, protocol.client, Side::Client, &protocol.session).ok()
            });
            match &found {
                Some((head, Some(Role::Resume))) => {
                    let after = ResumeAfter::read(head).ok();
                    let found = after.as_ref().ok_or(None).and_then(|after| {
                        let handle = self.find(after, principal).ok_or(None)?;
                        match handle.outbound.can_resume(after.seq) {
                            true => Ok(handle),
                            false => Err(Some(handle.outbound.last())),
                        }
                    });
                    if found.is_err() {
                        metrics::resume(false);
                    }
                    return match (found, after) {
                        (Ok(handle), Some(after)) => Ok(First::Resumes(Resumed {
                            handle,
                            token: after.session.unwrap_or_default(),
                            received: after.seq,
                        })),
                        (found, after) => {
                            let last = found.err().flatten();
                            let after = after.map(|after| after.seq);
                            let packet = encoder.not_resumed(self.encoding, after, last);
                            self.give_up(principal);
                            send(transport, packet).await?;
                            Ok(First::Refused(after))
                        }
                    };
                }
                Some((head, Some(role @ (Role::Ping | Role::Pong)))) => {
                    if !self.control.take(Instant::now()) {
                        return Err(self.close(CloseReason::RateLimited));
                    }
                    if *role == Role::Ping {
                        let ping = system::Ping::read(head);
                        let pong = encoder.session(self.encoding, &ping.pong());
                        send(transport, pong).await?;
                    }
                }
                _ => {
                    drop(found);
                    self.keep(packet)?;
                    return Ok(First::Other);
                }
            }
        }
    }

    /// Whether there is a session that the client could resume.
    fn may_resume(&self, principal: Option<&str>) -> bool {
        let sessions = &self.server.sessions;
        match self.server.protocol.session.names_session() {
            true => !sessions.is_empty(),
            false => principal.is_some_and(|principal| sessions.is_any_detached(principal)),
        }
    }

    /// Returns the session that a client asks for, if it is its own.
    fn find(&self, after: &ResumeAfter, principal: Option<&str>) -> Option<Arc<ConnectionHandle>> {
        let sessions = &self.server.sessions;
        let handle = match &after.session {
            Some(token) => sessions.find(token)?,
            None if self.server.protocol.session.names_session() => return None,
            None => sessions.only_of(principal?, after.seq)?,
        };
        let same = handle.principal.as_deref() == principal && handle.encoding == self.encoding;
        same.then_some(handle)
    }

    /// The client begins another session: those of its principal that wait end, where sessions have no names.
    fn give_up(&self, principal: Option<&str>) {
        let session = &self.server.protocol.session;
        if let Some(principal) = principal.filter(|_| !session.names_session()) {
            self.server.sessions.give_up(principal);
        }
    }
}
