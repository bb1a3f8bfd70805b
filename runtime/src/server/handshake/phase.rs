//! A connection before its session is ready: what a client may send, and what it is answered.

use super::send;
use crate::{
    SessionCode, Side,
    codec::Encoding,
    descriptor::CloseReason,
    early::Early,
    encoded::EncodedMessage,
    replies::ErrorPayload,
    server::{
        allowances::Allowance, encoder::SessionMessage, state::ServerState, system,
        token_bucket::TokenBucket,
    },
    system::{Head, Hello, Negotiation, Role},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
};
use serde_json::value::RawValue;
use tokio::time::Instant;

/// The maximum length of a client's version, in bytes: a rejection repeats it.
const MAX_VERSION: usize = 64;

/// What a message before ready is.
pub(super) enum Judged {
    Hello(Box<Hello>),
    /// What authenticates the client.
    Auth(Box<RawValue>),
    /// It is allowed. It may have an answer.
    Allowed(Option<EncodedMessage>),
    /// It is a bad message, with this answer.
    Wrong(Option<EncodedMessage>),
}

/// A connection before its hello.
pub(super) struct Phase<'a> {
    pub(super) server: &'a ServerState,
    pub(super) allowance: &'a Allowance,
    pub(super) encoding: usize,
    pub(super) control: &'a mut TokenBucket,
    /// Messages that are allowed before ready.
    pub(super) early: &'a mut Early,
}

impl Phase<'_> {
    pub(super) fn close(&self, condition: CloseReason) -> Option<CloseFrame> {
        Some(CloseFrame::new(
            self.server.protocol.close_code(condition),
            "",
        ))
    }

    /// Waits for a message.
    pub(super) async fn packet(
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
    pub(super) async fn hello(
        &mut self,
        transport: &mut dyn Transport,
    ) -> Result<Hello, Option<CloseFrame>> {
        loop {
            if let Judged::Hello(hello) = self.next(transport, Role::Hello).await? {
                return Ok(*hello);
            }
        }
    }

    /// Waits for what authenticates the client, where that is a message after the hello.
    pub(super) async fn credentials(
        &mut self,
        transport: &mut dyn Transport,
    ) -> Result<Box<RawValue>, Option<CloseFrame>> {
        loop {
            if let Judged::Auth(auth) = self.next(transport, Role::Auth).await? {
                return Ok(auth);
            }
        }
    }

    /// Waits for a message in a role. Other messages are answered with an error, up to `limits.violations`.
    pub(super) async fn next(
        &mut self,
        transport: &mut dyn Transport,
        role: Role,
    ) -> Result<Judged, Option<CloseFrame>> {
        let mut violations = self.server.limits.violations.max(1);
        while violations > 0 {
            let packet = self.packet(transport).await?;
            match self.judge(packet, role)? {
                found @ (Judged::Hello(_) | Judged::Auth(_)) => return Ok(found),
                Judged::Allowed(answer) => send(transport, answer).await?,
                Judged::Wrong(answer) => {
                    violations -= 1;
                    send(transport, answer).await?;
                }
            }
        }
        Err(self.close(CloseReason::Violations))
    }

    /// Decides what a message before ready is. `awaited` is the role of the message that comes next.
    fn judge(&mut self, packet: Packet, awaited: Role) -> Result<Judged, Option<CloseFrame>> {
        let protocol = self.server.protocol;
        let encoder = &self.server.encoder;
        let source = encoder.codec(self.encoding).source(packet.frame());
        let found = source.ok().and_then(|source| {
            Head::find(&source, protocol.client, Side::Client, &protocol.session).ok()
        });
        let (condition, error) = match &found {
            Some((head, Some(Role::Auth))) if awaited == Role::Auth => {
                match head.raw_payload(&protocol.client.envelope) {
                    Ok(auth) => return Ok(Judged::Auth(auth)),
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
                    return Ok(Judged::Hello(Box::new(hello)));
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
                        return Ok(Judged::Allowed(answer));
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
                        return Ok(Judged::Allowed(pong));
                    }
                    Some(_) => {}
                    None => {
                        drop(found);
                        self.keep(packet)?;
                    }
                }
                return Ok(Judged::Allowed(None));
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
        Ok(Judged::Wrong(encoder.error(self.encoding, id, &error)))
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
    pub(super) fn keep(&mut self, packet: Packet) -> Result<(), Option<CloseFrame>> {
        match self.early.keep(packet, self.server.limits.inbound) {
            true => Ok(()),
            false => Err(self.close(CloseReason::RateLimited)),
        }
    }
}
