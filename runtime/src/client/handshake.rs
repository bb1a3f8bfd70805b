//! The handshake of a client: the encoding, hello, and what the server answers.

use super::{ConnectError, VersionSkew, core::Core};
use crate::{
    Side,
    codec::Encoding,
    encoded::EncodedMessage,
    handshake::{Early, Step},
    system::{Head, Hello, Negotiation, Ready, RemoteError, Resume, Role, check_version},
    transport::{Packet, Transport, TransportError, TransportEvent},
};
use serde_json::value::RawValue;

/// The longest version, hash and session that are accepted from a server, in characters. They are stored, and some are logged.
const MAX_NAME: usize = 64;

/// What the server's `ready` says.
pub(super) struct Welcome {
    pub(super) skew: Option<VersionSkew>,
    pub(super) session: String,
    pub(super) resumed: bool,
    /// How many messages the server has received in the session, if it counts.
    pub(super) received: Option<u64>,
    /// The milliseconds until the authentication expires.
    pub(super) expires: Option<u64>,
    /// What the server sent before.
    pub(super) early: Early<()>,
}

impl Core {
    /// Whether the protocol lets sessions resume.
    pub(super) fn counts(&self) -> bool {
        let session = &self.descriptor.session;
        let roles = &session.roles;
        session.resume.is_some()
            && !session.numbered
            && roles.hello.is_some()
            && roles.ready.is_some()
            && roles.received.is_some()
            && session.mapped.hello.is_none()
            && session.mapped.ready.is_none()
    }

    /// Performs the handshake. `resumes` are the session that is to go on, and how many of its messages were received.
    pub(super) async fn handshake(
        &self,
        transport: &mut dyn Transport,
        negotiate: bool,
        auth: Option<Box<RawValue>>,
        resumes: Option<(&str, u64)>,
    ) -> Result<Welcome, ConnectError> {
        let opening = self.opening(auth, resumes)?;
        let (mut handshake, mut step) = Handshake::begin(self, negotiate, opening)?;
        loop {
            for packet in &step.send {
                transport.send(packet).await.map_err(lost)?;
            }
            if let Some(welcome) = step.done {
                return Ok(welcome);
            }
            step = handshake.handle(transport.receive().await)?;
        }
    }

    /// Reads the server's `ready`.
    fn read_ready(&self, head: &Head<'_>, early: Early<()>) -> Result<Welcome, ConnectError> {
        let descriptor = self.descriptor;
        let ready = Ready::read(head).map_err(|_| ConnectError::UnexpectedReply)?;
        let long = |text: &str| text.chars().count() > MAX_NAME;
        if long(&ready.session) || ready.hash.as_deref().is_some_and(long) {
            return Err(ConnectError::UnexpectedReply);
        }
        if let Some(version) = &ready.version {
            // One that is too long is none.
            let version = if long(version) { "" } else { version };
            check_version(
                Side::Server,
                version,
                descriptor.version,
                descriptor.accepts,
            )
            .map_err(|(side, message)| ConnectError::Version { side, message })?;
        }
        let version = ready.version.unwrap_or_default();
        let other = ready.hash.filter(|hash| descriptor.is_skew(hash));
        let skew = other.map(|hash| {
            tracing::warn!(
                protocol = descriptor.name,
                ours = descriptor.version,
                theirs = version,
                "skew: the server was generated from a different spec with an accepted version"
            );
            VersionSkew { version, hash }
        });
        Ok(Welcome {
            skew,
            session: ready.session,
            resumed: ready.resumed,
            received: ready.received,
            expires: ready.expires,
            early,
        })
    }

    /// Encodes the hello, if the protocol has one, and what authenticates the client, if that is another message.
    fn opening(
        &self,
        auth: Option<Box<RawValue>>,
        resumes: Option<(&str, u64)>,
    ) -> Result<Vec<EncodedMessage>, ConnectError> {
        let descriptor = self.descriptor;
        let (auth, following) = match descriptor.session.auth_follows() {
            true => (None, auth),
            false => (auth, None),
        };
        let hello = Hello {
            version: Some(descriptor.version.to_owned()),
            hash: descriptor.announced_hash(),
            auth,
            resume: self.counts().then(|| Resume {
                session: resumes.map(|(session, received)| (session.to_owned(), received)),
            }),
        };
        let hello = self.session_message(Role::Hello, Some(&hello));
        let following = following
            .as_ref()
            .map(|auth| self.session_message(Role::Auth, Some(auth)));
        let mut packets = Vec::new();
        for message in [Some(hello), following].into_iter().flatten() {
            let message = message.map_err(|error| ConnectError::Auth(error.into()))?;
            if let Some(message) = message {
                let packet = self.encode(&message, None);
                let packet = packet.map_err(|_| ConnectError::UnexpectedReply)?;
                if packet.len() > self.limits.message {
                    let error = "the hello is larger than `limits.message`";
                    return Err(ConnectError::Auth(error.into()));
                }
                packets.push(packet);
            }
        }
        Ok(packets)
    }
}

/// The handshake of a client, without I/O and without a clock.
struct Handshake<'a> {
    core: &'a Core,
    stage: Stage,
    /// The hello, and what authenticates the client, until they are sent.
    opening: Vec<EncodedMessage>,
    /// What the server sent before ready.
    early: Early<()>,
}

enum Stage {
    /// The server is asked for the client's encoding.
    Negotiating,
    /// The server speaks first.
    Greeting,
    /// The client has said what it has to say.
    Ready,
    /// The server has refused the client. The code of the close that follows says whether that is final.
    Refused(RemoteError),
}

impl<'a> Handshake<'a> {
    /// Begins, with what comes first: the opening, unless the encoding is agreed on before, or the server speaks first.
    fn begin(
        core: &'a Core,
        negotiate: bool,
        opening: Vec<EncodedMessage>,
    ) -> Result<(Self, Step<Welcome>), ConnectError> {
        let mut handshake = Self {
            core,
            stage: Stage::Greeting,
            opening,
            early: Early::default(),
        };
        let step = if negotiate {
            handshake.stage = Stage::Negotiating;
            let asked = core.ask_for_encoding();
            let why = "its message cannot be encoded";
            Step::send(Some(asked.ok_or(ConnectError::Negotiation(why))?))
        } else if core.descriptor.session.roles.greeting.is_none() {
            handshake.open()
        } else {
            Step::WAIT
        };
        Ok((handshake, step))
    }

    /// It is the client's turn.
    fn open(&mut self) -> Step<Welcome> {
        self.stage = Stage::Ready;
        let has_ready = self.core.descriptor.session.roles.ready.is_some();
        Step {
            send: std::mem::take(&mut self.opening),
            done: (!has_ready).then(|| Welcome {
                skew: None,
                session: String::new(),
                resumed: false,
                received: None,
                expires: None,
                early: std::mem::take(&mut self.early),
            }),
        }
    }

    /// Handles what arrives.
    fn handle(
        &mut self,
        event: Result<TransportEvent, TransportError>,
    ) -> Result<Step<Welcome>, ConnectError> {
        let descriptor = self.core.descriptor;
        let closed = match event {
            Ok(TransportEvent::Packet(packet)) => return self.receive(packet),
            Ok(TransportEvent::Alive) => return Ok(Step::WAIT),
            Ok(TransportEvent::Closed(closing)) => {
                let is_final = closing.as_ref().is_some_and(|c| c.is_final(descriptor));
                ConnectError::Closed { closing, is_final }
            }
            Err(error) => lost(error),
        };
        Err(match std::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Refused(error) => ConnectError::Refused(RemoteError {
                retryable: !closed.is_final(),
                ..error
            }),
            _ => closed,
        })
    }

    fn receive(&mut self, packet: Packet) -> Result<Step<Welcome>, ConnectError> {
        let core = self.core;
        let descriptor = core.descriptor;
        let codec = match self.stage {
            Stage::Negotiating => Encoding::Json.codec(),
            Stage::Greeting | Stage::Ready => core.codec,
            Stage::Refused(_) => return Ok(Step::WAIT),
        };
        let unexpected = |_| ConnectError::UnexpectedReply;
        let source = codec.source(packet.frame()).map_err(|_| unexpected(()))?;
        let session = &descriptor.session;
        let Ok((head, role)) = Head::find(&source, descriptor.server, Side::Server, session) else {
            let tag = core.read(&packet, core).err().and_then(|error| error.tag);
            let is_own =
                tag.is_some_and(|tag| Role::of(tag.borrow(), Side::Server, session).is_some());
            return match is_own {
                true => Err(unexpected(())),
                false => self.keep(packet),
            };
        };
        if role.is_some_and(|role| !role.envelope_fits(&source, descriptor)) {
            return Err(unexpected(()));
        }
        match (&self.stage, role) {
            (_, Some(Role::Refuse | Role::Error)) => self.refused(&head),
            (Stage::Negotiating, Some(Role::Negotiate)) => match Negotiation::read(&head) {
                Ok(agreed) if agreed.0 == core.codec.name() => Ok(self.open()),
                _ => Err(unexpected(())),
            },
            (Stage::Negotiating, _) => Err(unexpected(())),
            (_, None) => self.keep(packet),
            (Stage::Greeting, Some(Role::Greeting)) => Ok(self.open()),
            (Stage::Ready, Some(Role::Ready)) => {
                let early = std::mem::take(&mut self.early);
                core.read_ready(&head, early).map(Step::done)
            }
            (_, Some(Role::Ping)) => Ok(Step::send(core.encode_pong(&head))),
            (_, Some(Role::Pong)) => Ok(Step::WAIT),
            _ => Err(unexpected(())),
        }
    }

    /// Keeps what is no message of the session, as a client that does not know it would do: it is handled once there is a session.
    fn keep(&mut self, packet: Packet) -> Result<Step<Welcome>, ConnectError> {
        let is_kept = !matches!(self.stage, Stage::Negotiating)
            && self.early.keep(packet, (), self.core.limits.inbound);
        match is_kept {
            true => Ok(Step::WAIT),
            false => Err(ConnectError::UnexpectedReply),
        }
    }

    /// Reads a refusal. If it has no place for `retryable`, the code of the close that follows says whether it is final.
    fn refused(&mut self, head: &Head<'_>) -> Result<Step<Welcome>, ConnectError> {
        let error = RemoteError::read(head).map_err(|_| ConnectError::UnexpectedReply)?;
        if head.has_place_for("retryable") {
            return Err(ConnectError::Refused(error));
        }
        self.stage = Stage::Refused(error);
        Ok(Step::WAIT)
    }
}

pub(super) fn lost(error: TransportError) -> ConnectError {
    ConnectError::Transport(error.into())
}
