//! The handshake of a client: hello, and what the server answers.

use super::{ConnectError, VersionSkew, core::Core};
use crate::{
    Side,
    descriptor::ProtocolDescriptor,
    early::Early,
    encoded::EncodedMessage,
    system::{Head, Hello, Ready, RemoteError, Resume, Role, check_version},
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
    pub(super) early: Early,
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

    /// Sends `hello` and waits for `ready` or `refuse`. `resumes` are the session that is to go on, and how many of its messages were received.
    pub(super) async fn handshake(
        &self,
        transport: &mut dyn Transport,
        auth: Option<Box<RawValue>>,
        resumes: Option<(&str, u64)>,
    ) -> Result<Welcome, ConnectError> {
        let descriptor = self.descriptor;
        let roles = &descriptor.session.roles;
        let mut opening = self.opening(auth, resumes)?;
        let mut early = Early::default();
        // The server may speak first.
        let mut is_greeted = roles.greeting.is_none();
        loop {
            if is_greeted {
                for packet in std::mem::take(&mut opening) {
                    transport.send(&packet).await.map_err(lost)?;
                }
            }
            if is_greeted && roles.ready.is_none() {
                return Ok(Welcome {
                    skew: None,
                    session: String::new(),
                    resumed: false,
                    received: None,
                    expires: None,
                    early,
                });
            }
            let packet = next_packet(transport, descriptor).await?;
            let source = self
                .codec
                .source(packet.frame())
                .map_err(|_| ConnectError::UnexpectedReply)?;
            let (head, role) = Head::find(
                &source,
                descriptor.server,
                Side::Server,
                &descriptor.session,
            )
            .map_err(|_| ConnectError::UnexpectedReply)?;
            match role {
                Some(Role::Greeting) if !is_greeted => is_greeted = true,
                Some(Role::Ready) if is_greeted => {
                    return self.read_ready(&head, early);
                }
                Some(Role::Refuse | Role::Error) => {
                    return Err(refusal(&head, transport, descriptor).await);
                }
                Some(Role::Ping) => {
                    if let Some(pong) = self.encode_pong(&head) {
                        transport.send(&pong).await.map_err(lost)?;
                    }
                }
                Some(Role::Pong) => {}
                // As a client that does not know the message would do, it is handled once there is a session.
                None => {
                    if !early.keep(packet, self.limits.inbound) {
                        return Err(ConnectError::UnexpectedReply);
                    }
                }
                _ => return Err(ConnectError::UnexpectedReply),
            }
        }
    }

    /// Reads the server's `ready`.
    fn read_ready(&self, head: &Head<'_>, early: Early) -> Result<Welcome, ConnectError> {
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
        let other = ready.hash.filter(|hash| hash != descriptor.hash);
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
            hash: Some(descriptor.hash.to_owned()),
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

/// Reads a refusal. If it has no place for `retryable`, the code of the close that follows says whether it is final.
pub(super) async fn refusal(
    head: &Head<'_>,
    transport: &mut dyn Transport,
    descriptor: &'static ProtocolDescriptor,
) -> ConnectError {
    let Ok(mut error) = RemoteError::read(head) else {
        return ConnectError::UnexpectedReply;
    };
    if !head.has_place_for("retryable") {
        let closed = loop {
            if let Err(closed) = next_packet(transport, descriptor).await {
                break closed;
            }
        };
        error.retryable = !closed.is_final();
    }
    ConnectError::Refused(error)
}

/// Waits for the next message of the handshake.
pub(super) async fn next_packet(
    transport: &mut dyn Transport,
    descriptor: &'static ProtocolDescriptor,
) -> Result<Packet, ConnectError> {
    loop {
        match transport.receive().await.map_err(lost)? {
            TransportEvent::Packet(packet) => return Ok(packet),
            TransportEvent::Alive => {}
            TransportEvent::Closed(closing) => {
                let is_final = closing.as_ref().is_some_and(|c| c.is_final(descriptor));
                return Err(ConnectError::Closed { closing, is_final });
            }
        }
    }
}

pub(super) fn lost(error: TransportError) -> ConnectError {
    ConnectError::Transport(error.into())
}
