//! A connection before its session is ready, without I/O and without a clock: what a client may send, and what it is answered.

use crate::{
    SessionCode, Side,
    codec::Encoding,
    descriptor::CloseReason,
    encoded::EncodedMessage,
    handshake::{Early, Step},
    replies::ErrorPayload,
    server::{
        allowances::Allowance, connection::CONTROL, encoder::SessionMessage, state::ServerState,
        system, token_bucket::TokenBucket,
    },
    system::{Head, Hello, Negotiation, Role, check_version},
    transport::{CloseFrame, Packet, TransportError, TransportEvent},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};
use tokio::time::Instant;

/// The maximum length of a client's version, in bytes: a rejection repeats it.
const MAX_VERSION: usize = 64;

/// What happens to a connection.
pub(super) enum Event {
    /// The transport has an event, or failed.
    Arrived(Result<TransportEvent, TransportError>),
    /// The deadline has passed.
    TimedOut,
    /// The server shuts down.
    ShuttingDown,
}

/// The end of a connection that gets no session.
#[derive(Debug)]
pub(super) struct End {
    /// What is sent before.
    pub(super) last: Option<EncodedMessage>,
    /// The close frame to send; `None` if the client is gone already.
    pub(super) closing: Option<CloseFrame>,
}

impl End {
    pub(super) const GONE: Self = Self {
        last: None,
        closing: None,
    };
}

impl From<CloseFrame> for End {
    fn from(closing: CloseFrame) -> Self {
        Self {
            last: None,
            closing: Some(closing),
        }
    }
}

/// What a message before ready is.
enum Judged {
    Hello(Box<Hello>),
    /// What authenticates the client.
    Auth(Box<RawValue>),
    /// It is allowed. It may have an answer.
    Allowed(Option<EncodedMessage>),
    /// It is a bad message, with this answer.
    Wrong(Option<EncodedMessage>),
}

/// A connection before its session is ready.
pub(super) struct Opening<'a> {
    pub(super) server: &'a ServerState,
    pub(super) allowance: Arc<Allowance>,
    /// The encoding that the ends have agreed on.
    pub(super) encoding: usize,
    pub(super) control: TokenBucket,
    /// Messages that are allowed before ready, and handled after it, and whether each was within the rate of the connection.
    pub(super) early: Early<bool>,
    /// The rate of the connection. Of what comes before ready only these messages count: a hello has the rate of its address.
    pub(super) rate: Option<TokenBucket>,
    /// When [`Event::TimedOut`] is due.
    pub(super) deadline: Instant,
    /// How many bad messages end it.
    violations: u32,
    /// The hello, if what authenticates the client follows it.
    hello: Option<Box<Hello>>,
}

impl<'a> Opening<'a> {
    pub(super) fn new(
        server: &'a ServerState,
        allowance: Arc<Allowance>,
        encoding: usize,
        now: Instant,
    ) -> Self {
        Self {
            server,
            allowance,
            encoding,
            control: TokenBucket::new(CONTROL, now),
            early: Early::default(),
            rate: server.limits.rate.map(|rate| TokenBucket::new(rate, now)),
            deadline: now + server.protocol.session.timeout,
            violations: server.limits.violations.max(1),
            hello: None,
        }
    }

    /// Handles an event until there is a hello, with what authenticates the client.
    pub(super) fn hello(&mut self, event: Event, now: Instant) -> Result<Step<Box<Hello>>, End> {
        let packet = match event {
            Event::Arrived(arrived) => match self.admit(arrived, now)? {
                Some(packet) => packet,
                None => return Ok(Step::WAIT),
            },
            Event::TimedOut => {
                return Err(self.end(CloseReason::HelloTimeout, "no hello arrived in time"));
            }
            Event::ShuttingDown => return Err(self.shutting_down()),
        };
        let awaited = match self.hello {
            None => Role::Hello,
            Some(_) => Role::Auth,
        };
        match self.judge(packet, awaited, now)? {
            Judged::Hello(hello) => {
                self.check_version(&hello)?;
                if !self.server.protocol.session.auth_follows() {
                    return Ok(Step::done(hello));
                }
                self.hello = Some(hello);
                self.deadline = now + self.server.protocol.session.timeout;
                Ok(Step::WAIT)
            }
            Judged::Auth(auth) => {
                let hello = self.hello.take().map(|hello| Hello {
                    auth: Some(auth),
                    ..*hello
                });
                Ok(Step {
                    done: hello.map(Box::new),
                    ..Step::WAIT
                })
            }
            Judged::Allowed(answer) => Ok(Step::send(answer)),
            Judged::Wrong(answer) => {
                self.violations -= 1;
                match self.violations {
                    0 => Err(End {
                        last: answer,
                        ..self.end(CloseReason::Violations, "")
                    }),
                    _ => Ok(Step::send(answer)),
                }
            }
        }
    }

    /// Closes the connection for a reason.
    pub(super) fn end(&self, condition: CloseReason, reason: impl Into<Cow<'static, str>>) -> End {
        CloseFrame::new(self.server.protocol.close_code(condition), reason).into()
    }

    pub(super) fn shutting_down(&self) -> End {
        self.end(CloseReason::GoingAway, "the server is shutting down")
    }

    /// Takes what arrived. Returns a message, if it is one and the client may send it.
    pub(super) fn admit(
        &mut self,
        arrived: Result<TransportEvent, TransportError>,
        now: Instant,
    ) -> Result<Option<Packet>, End> {
        let packet = match arrived {
            Ok(TransportEvent::Packet(packet)) => packet,
            Ok(TransportEvent::Alive) => return self.control(now).map(|()| None),
            Ok(TransportEvent::Closed(_)) => return Err(End::GONE),
            Err(TransportError::TooLarge { .. }) => {
                return Err(self.too_large());
            }
            Err(TransportError::Protocol { code, reason }) => {
                return Err(CloseFrame::new(code, reason).into());
            }
            Err(_) => return Err(End::GONE),
        };
        if packet.len() > self.server.limits.message {
            return Err(self.too_large());
        }
        // A client that keeps reconnecting causes as much work as one that keeps sending messages.
        if !self.allowance.take(now) {
            let reason = "too many messages in too short a time";
            let error = ErrorPayload::new(SessionCode::RateLimited, reason).retryable();
            return Err(End {
                last: self.server.encoder.rejection(self.encoding, &error),
                ..self.end(CloseReason::RateLimited, "too many messages")
            });
        }
        Ok(Some(packet))
    }

    fn too_large(&self) -> End {
        self.end(CloseReason::TooLarge, self.server.too_large())
    }

    /// Counts a control frame or a ping of the session.
    fn control(&mut self, now: Instant) -> Result<(), End> {
        match self.control.take(now) {
            true => Ok(()),
            false => Err(self.end(CloseReason::RateLimited, "")),
        }
    }

    /// Counts a ping or a pong of the session, and returns the answer.
    pub(super) fn ping(
        &mut self,
        head: &Head<'_>,
        role: Role,
        now: Instant,
    ) -> Result<Option<EncodedMessage>, End> {
        self.control(now)?;
        if role != Role::Ping {
            return Ok(None);
        }
        let pong = system::Ping::read(head);
        Ok(self.server.encoder.session(self.encoding, &pong.pong()))
    }

    /// Refuses a client of a version that does not fit.
    fn check_version(&self, hello: &Hello) -> Result<(), End> {
        let protocol = self.server.protocol;
        let checked = hello.version.as_deref().map_or(Ok(()), |version| {
            check_version(Side::Client, version, protocol.version, protocol.accepts)
        });
        if let Err((side, reason)) = checked {
            let payload = ErrorPayload {
                side: Some(side),
                ..ErrorPayload::new(SessionCode::Version, &*reason)
            };
            let last = self.server.encoder.rejection(self.encoding, &payload);
            return Err(End {
                last,
                ..self.end(CloseReason::Version, reason)
            });
        }
        if hello
            .hash
            .as_deref()
            .is_some_and(|hash| protocol.is_skew(hash))
        {
            tracing::warn!(
                protocol = protocol.name,
                server_version = protocol.version,
                client_version = hello.version.as_deref(),
                "version skew: the client was generated from a different spec with an accepted version"
            );
        }
        Ok(())
    }

    /// Decides what a message before ready is. `awaited` is the role of the message that comes next.
    fn judge(&mut self, packet: Packet, awaited: Role, now: Instant) -> Result<Judged, End> {
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
            Some((head, Some(role @ (Role::Ping | Role::Pong))))
                if self.is_early(head, Some(*role)) =>
            {
                return self.ping(head, *role, now).map(Judged::Allowed);
            }
            Some((head, None)) if self.is_early(head, None) => {
                drop(found);
                self.keep(packet, now)?;
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
            return Err(CloseFrame::new(code, error.message.into_owned()).into());
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
            Some(role) => role
                .mapped(&protocol.session.mapped)
                .is_some_and(|mapped| early.contains(&mapped.name)),
            None => {
                let index = (protocol.client.lookup)(head.tag.borrow());
                index.is_some_and(|index| early.contains(&protocol.client.messages[index].name))
            }
        }
    }

    /// Keeps a message until the session is ready, within `limits.inbound`.
    pub(super) fn keep(&mut self, packet: Packet, now: Instant) -> Result<(), End> {
        let within_rate = self.rate.as_mut().is_none_or(|rate| rate.take(now));
        match self
            .early
            .keep(packet, within_rate, self.server.limits.inbound)
        {
            true => Ok(()),
            false => Err(self.end(CloseReason::RateLimited, "")),
        }
    }
}
