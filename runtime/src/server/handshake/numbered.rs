//! Sessions whose messages have numbers: the first message of a client after ready may ask for those after one.

use super::{
    opening::{End, Event, Opening},
    resumed::Resumed,
};
use crate::{
    Side,
    handshake::Step,
    metrics,
    server::connection_handle::ConnectionHandle,
    system::{Head, ResumeAfter, Role},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a new session waits for the first message of its client, if that could resume another: the client would take the messages of this
/// one for those of the other.
const WAIT: Duration = Duration::from_secs(1);

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

impl Opening<'_> {
    /// Ready is sent. Returns whether there is a session that the client could resume, so that its first message is waited for.
    pub(super) fn ready(&mut self, principal: Option<&str>, now: Instant) -> bool {
        self.deadline = now + WAIT;
        let sessions = &self.server.sessions;
        match self.server.protocol.session.names_session() {
            true => !sessions.is_empty(),
            false => principal.is_some_and(|principal| sessions.is_any_detached(principal)),
        }
    }

    /// Handles an event until there is the first message after ready. If its session does not resume, the client is sent the reason; any other message is
    /// kept for the new session.
    pub(super) fn first(
        &mut self,
        event: Event,
        principal: Option<&str>,
        now: Instant,
    ) -> Result<Step<First>, End> {
        let packet = match event {
            Event::Arrived(arrived) => match self.admit(arrived, now)? {
                Some(packet) => packet,
                None => return Ok(Step::WAIT),
            },
            Event::TimedOut => return Ok(Step::done(First::Unheard)),
            Event::ShuttingDown => return Err(self.shutting_down()),
        };
        let protocol = self.server.protocol;
        let encoder = &self.server.encoder;
        let source = encoder.codec(self.encoding).source(packet.frame());
        let found = source.ok().and_then(|source| {
            Head::find(&source, protocol.client, Side::Client, &protocol.session).ok()
        });
        match &found {
            Some((head, Some(Role::Resume))) => {
                Ok(self.resume(ResumeAfter::read(head).ok(), principal))
            }
            Some((head, Some(role @ (Role::Ping | Role::Pong)))) => {
                Ok(Step::send(self.ping(head, *role, now)?))
            }
            _ => {
                drop(found);
                self.keep(packet, now)?;
                Ok(Step::done(First::Other))
            }
        }
    }

    /// Finds the session that a client asks for, or refuses.
    fn resume(&self, after: Option<ResumeAfter>, principal: Option<&str>) -> Step<First> {
        let found = after.as_ref().ok_or(None).and_then(|after| {
            let handle = self.find(after, principal).ok_or(None)?;
            match handle.outbound.can_resume(after.seq) {
                true => Ok(handle),
                false => Err(Some(handle.outbound.last())),
            }
        });
        match (found, after) {
            (Ok(handle), Some(after)) => Step::done(First::Resumes(Resumed {
                handle,
                token: after.session.unwrap_or_default(),
                received: after.seq,
            })),
            (found, after) => {
                metrics::resume(false);
                let last = found.err().flatten();
                let after = after.map(|after| after.seq);
                self.give_up(principal);
                Step {
                    done: Some(First::Refused(after)),
                    ..Step::send(self.server.encoder.not_resumed(self.encoding, after, last))
                }
            }
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
        handle.is_of(principal, self.encoding).then_some(handle)
    }

    /// The client begins another session: those of its principal that wait end, where sessions have no names.
    fn give_up(&self, principal: Option<&str>) {
        let session = &self.server.protocol.session;
        if let Some(principal) = principal.filter(|_| !session.names_session()) {
            self.server.sessions.give_up(principal);
        }
    }
}
