//! The task of a client: it connects, performs the handshake, serves the session, and reconnects.

use super::{
    ConnectError, VersionSkew,
    backoff::Backoff,
    core::Core,
    dial::Dial,
    session::{Session, SessionEnd},
};
use crate::{
    Side,
    descriptor::{CloseReason, ProtocolDescriptor},
    early::Early,
    session::link::Link,
    system::{Head, Hello, Ready, RemoteError, Resume, Role, check_version},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
    transport_io::{CLOSE_TIMEOUT, Clock},
};
use serde_json::value::RawValue;
use std::{error::Error, sync::Arc, task::Poll};
use tokio::time::Instant;

/// The longest version and hash that are accepted from a server. Both are stored and logged.
const MAX_NAME: usize = 64;

/// What a client needs to connect and reconnect.
pub(crate) struct Connector {
    pub(crate) core: Arc<Core>,
    pub(crate) dial: Dial,
    pub(crate) reconnect: bool,
    /// Whether the encoding is negotiated by a message.
    pub(crate) negotiate: bool,
    /// The session of the last connection, if it can be resumed.
    session: Option<String>,
    /// The one that replaces it once the server has answered that it resumes, or does not.
    next_session: Option<String>,
    /// Until when a session that was lost can be resumed by the numbers of its messages.
    resume_until: Option<Instant>,
    link: Link,
    clock: Clock,
}

/// What the server's `ready` says.
struct Welcome {
    skew: Option<VersionSkew>,
    session: String,
    resumed: bool,
    /// How many messages the server has received in the session, if it counts.
    received: Option<u64>,
    /// The milliseconds until the authentication expires.
    expires: Option<u64>,
    /// What the server sent before.
    early: Early,
}

/// Closes the client when its task ends for any reason, including a panic or the end of its runtime.
struct EndOnDrop(Arc<Core>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end(None);
    }
}

impl Connector {
    pub(crate) fn new(core: Arc<Core>, dial: Dial, reconnect: bool) -> Self {
        let link = Link::new(core.limits.outbound);
        Self {
            core,
            dial,
            reconnect,
            negotiate: false,
            session: None,
            next_session: None,
            resume_until: None,
            link,
            clock: Clock::new(),
        }
    }

    /// Makes one attempt to connect and waits for `ready`, within `session.timeout`.
    pub(crate) async fn connect(&mut self) -> Result<Box<dyn Transport>, ConnectError> {
        let timeout = self.core.descriptor.session.timeout;
        let attempt = async {
            let auth = match &self.core.auth {
                Some(auth) => Some(auth().await.map_err(ConnectError::Auth)?),
                None => None,
            };
            let mut transport = (self.dial)().await?;
            if self.negotiate {
                self.core.negotiate(&mut *transport).await?;
            }
            let welcome = self.handshake(&mut *transport, auth).await;
            if let Err(error @ ConnectError::Version { .. }) = &welcome
                && let Some(frame) = self.final_close(error)
            {
                transport.close(&frame, CLOSE_TIMEOUT).await;
            }
            let welcome = welcome?;
            // It precedes everything else.
            let resume = self.resume_message();
            let resuming = resume.is_some();
            if let Some(packet) = resume {
                transport.send(packet).await.map_err(lost)?;
            }
            Ok((transport, welcome, resuming))
        };
        let (transport, welcome, resuming) = tokio::time::timeout(timeout, attempt)
            .await
            .unwrap_or(Err(ConnectError::Timeout))?;
        if self.is_numbered() {
            self.welcome_numbered(welcome, resuming);
        } else {
            self.welcome(welcome)?;
        }
        Ok(transport)
    }

    /// Whether sessions resume by the numbers of the server's messages.
    fn is_numbered(&self) -> bool {
        self.core.descriptor.session.numbered
    }

    /// Returns the message that asks for what was missed, if the session may be resumed.
    fn resume_message(&self) -> Option<Packet> {
        self.resume_until.filter(|until| Instant::now() < *until)?;
        self.core.resume_message(self.session.as_deref()?)
    }

    /// Begins a session of numbered messages, which may be the one before: the next message shows that.
    fn welcome_numbered(&mut self, welcome: Welcome, resuming: bool) {
        let core = &self.core;
        core.authenticated(welcome.expires);
        match (resuming, self.resume_until.take()) {
            (true, _) => core.expect_resumption(),
            (false, Some(_)) => core.session_lost(),
            (false, None) => {}
        }
        let session = match resuming {
            true => &mut self.next_session,
            false => &mut self.session,
        };
        *session = Some(welcome.session);
        let roles = &core.descriptor.session.roles;
        let mapped = core.descriptor.session.mapped.received;
        let acknowledges =
            roles.received.is_some() && mapped.is_none_or(|mapped| mapped.is_sent_by(Side::Client));
        let session = core.descriptor.session.of_side(false);
        let (outbound, now) = (core.limits.outbound, self.clock.now());
        self.link
            .attach(&session, acknowledges, false, outbound, now);
        core.begin(welcome.skew, false);
        for packet in welcome.early.into_packets() {
            core.receive(&packet);
        }
    }

    /// Resumes the session, or begins another.
    fn welcome(&mut self, welcome: Welcome) -> Result<(), ConnectError> {
        let Welcome {
            skew,
            session,
            resumed,
            received,
            early,
            expires,
        } = welcome;
        let core = &self.core;
        core.authenticated(expires);
        if resumed && !(core.is_detached() && received.is_some()) {
            return Err(ConnectError::UnexpectedReply);
        }
        let counting = received.is_some() && self.counts();
        match received.filter(|_| resumed) {
            Some(received) => {
                if core.resumed(received, skew).is_err() {
                    self.session = None;
                    core.lost(None);
                    return Err(ConnectError::UnexpectedReply);
                }
            }
            None => {
                if core.is_detached() {
                    core.lost(None);
                }
                core.begin(skew, counting);
            }
        }
        self.session = counting.then_some(session);
        let (session, outbound) = (&core.descriptor.session, core.limits.outbound);
        let now = self.clock.now();
        let session = session.of_side(false);
        self.link.attach(&session, counting, resumed, outbound, now);
        self.link.acknowledged();
        for packet in early.into_packets() {
            core.receive(&packet);
        }
        Ok(())
    }

    /// Whether the protocol lets sessions resume.
    fn counts(&self) -> bool {
        let session = &self.core.descriptor.session;
        let roles = &session.roles;
        session.resume.is_some()
            && !session.numbered
            && roles.hello.is_some()
            && roles.ready.is_some()
            && roles.received.is_some()
            && session.mapped.hello.is_none()
            && session.mapped.ready.is_none()
    }

    /// Sends `hello` and waits for `ready` or `refuse`.
    async fn handshake(
        &self,
        transport: &mut dyn Transport,
        auth: Option<Box<RawValue>>,
    ) -> Result<Welcome, ConnectError> {
        let descriptor = self.core.descriptor;
        let roles = &descriptor.session.roles;
        let mut opening = self.opening(auth)?;
        let mut early = Early::default();
        // The server may speak first.
        let mut is_greeted = roles.greeting.is_none();
        loop {
            if is_greeted {
                for packet in std::mem::take(&mut opening) {
                    transport.send(packet).await.map_err(lost)?;
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
                .core
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
                    let error =
                        RemoteError::read(&head).map_err(|_| ConnectError::UnexpectedReply)?;
                    return Err(ConnectError::Refused(error));
                }
                Some(Role::Ping) => {
                    if let Some(pong) = self.core.encode_pong(&head) {
                        transport.send(pong).await.map_err(lost)?;
                    }
                }
                Some(Role::Pong) => {}
                None if is_early(descriptor, &head) => {
                    if !early.keep(packet, self.core.limits.inbound) {
                        return Err(ConnectError::UnexpectedReply);
                    }
                }
                _ => return Err(ConnectError::UnexpectedReply),
            }
        }
    }

    /// Reads the server's `ready`.
    fn read_ready(&self, head: &Head<'_>, early: Early) -> Result<Welcome, ConnectError> {
        let descriptor = self.core.descriptor;
        let ready = Ready::read(head).map_err(|_| ConnectError::UnexpectedReply)?;
        let long = |text: &str| text.len() > MAX_NAME;
        if ready.version.as_deref().is_some_and(long)
            || long(&ready.session)
            || ready.hash.as_deref().is_some_and(long)
        {
            return Err(ConnectError::UnexpectedReply);
        }
        if let Some(version) = &ready.version {
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
    fn opening(&self, auth: Option<Box<RawValue>>) -> Result<Vec<Packet>, ConnectError> {
        let descriptor = self.core.descriptor;
        let (auth, following) = match descriptor.session.auth_follows() {
            true => (None, auth),
            false => (auth, None),
        };
        let hello = Hello {
            version: Some(descriptor.version.to_owned()),
            hash: Some(descriptor.hash.to_owned()),
            auth,
            resume: self.counts().then(|| Resume {
                session: self
                    .session
                    .clone()
                    .filter(|_| self.core.is_detached())
                    .map(|session| (session, self.link.received())),
            }),
        };
        let hello = self.core.session_message(Role::Hello, Some(&hello));
        let following = following
            .as_ref()
            .map(|auth| self.core.session_message(Role::Auth, Some(auth)));
        let mut packets = Vec::new();
        for message in [Some(hello), following].into_iter().flatten() {
            let message = message.map_err(|error| ConnectError::Auth(error.into()))?;
            if let Some(message) = message {
                let packet = self.core.encode(&message, None);
                packets.push(packet.map_err(|_| ConnectError::UnexpectedReply)?);
            }
        }
        Ok(packets)
    }

    /// Serves this connection and its successors until the client is closed or the server closes for good. Dropping the future
    /// closes the client.
    pub(crate) fn run(self, transport: Box<dyn Transport>) -> impl Future<Output = ()> + Send {
        let ending = EndOnDrop(self.core.clone());
        async move {
            let core = self.core.clone();
            let closing = tokio::select! {
                biased;
                closing = self.serve(transport) => closing,
                never = core.keep_authenticated() => match never {},
            };
            ending.0.end(closing);
        }
    }

    async fn serve(mut self, mut transport: Box<dyn Transport>) -> Option<CloseFrame> {
        let descriptor = self.core.descriptor;
        let mut backoff = Backoff::new(&descriptor.session);
        loop {
            let began = Instant::now();
            let link = std::mem::replace(&mut self.link, Link::new(self.core.limits.outbound));
            let mut session = Session::new(transport, self.core.clone(), link, self.clock);
            let lost = match session.run().await {
                SessionEnd::Closed(closing) => return Some(closing),
                SessionEnd::Broken(closing) => closing,
            };
            self.link = session.into_link();
            if !self.reconnect || self.is_final(lost.as_ref()) {
                return lost;
            }
            if self.is_numbered() {
                // What the client sends is not counted.
                self.core.lost(lost.as_ref());
                if let Some(next) = self.next_session.take()
                    && !self.core.is_resuming()
                {
                    self.session = Some(next);
                }
                self.resume_until = descriptor
                    .session
                    .resume
                    .filter(|_| self.is_resumable(lost.as_ref()))
                    .map(|resume| Instant::now() + resume);
                if self.resume_until.is_none() {
                    self.core.session_lost();
                }
            } else if self.is_resumable(lost.as_ref()) {
                self.core.detach();
            } else {
                self.session = None;
                self.core.lost(lost.as_ref());
            }
            backoff.ended(began.elapsed());
            if lost.as_ref().is_some_and(|lost| lost.is_busy(descriptor)) {
                backoff.slow_down();
            }
            transport = match self.reconnect_with_backoff(&mut backoff, lost).await {
                Ok(transport) => transport,
                Err(closing) => return closing,
            };
        }
    }

    /// Whether the client does not reconnect after this close. If its authentication has expired, it may have other credentials.
    fn is_final(&self, closing: Option<&CloseFrame>) -> bool {
        let descriptor = self.core.descriptor;
        let unauthorized = descriptor.close_code(CloseReason::Unauthorized);
        closing.is_some_and(|closing| {
            closing.is_final(descriptor)
                && !(closing.code == unauthorized && self.core.has_expired())
        })
    }

    /// Whether the server keeps the session after the connection ended like this.
    fn is_resumable(&self, closing: Option<&CloseFrame>) -> bool {
        let silent = self.core.descriptor.close_code(CloseReason::Silent);
        self.session.is_some() && closing.is_none_or(|closing| closing.code == silent)
    }

    /// Reconnects with backoff. `last` is the close frame of the lost connection.
    ///
    /// # Errors
    /// If retrying is useless, the attempts are used up, or the client is closed.
    async fn reconnect_with_backoff(
        &mut self,
        backoff: &mut Backoff,
        mut last: Option<CloseFrame>,
    ) -> Result<Box<dyn Transport>, Option<CloseFrame>> {
        let core = self.core.clone();
        let descriptor = core.descriptor;
        // Then the server has given the session up.
        let expires = Instant::now() + descriptor.session.resume.unwrap_or_default();
        while let Some(wait) = backoff.next() {
            let attempt = async {
                let retry = core.retry.notified();
                let _ = tokio::time::timeout(wait, retry).await;
                self.connect().await
            };
            let expired = async {
                tokio::time::sleep_until(expires).await;
                if core.is_detached() {
                    core.lost(None);
                }
                std::future::pending::<()>().await
            };
            let error = tokio::select! {
                closing = closing(&core) => return Err(Some(closing)),
                connected = attempt => match connected {
                    Ok(transport) => return Ok(transport),
                    Err(error) => error,
                },
                // It never is.
                () = expired => continue,
            };
            tracing::warn!(error = &error as &dyn Error, "reconnecting failed");
            if error.is_final() {
                return Err(self.final_close(&error));
            }
            if error.is_busy(descriptor) {
                backoff.slow_down();
            }
            if let ConnectError::Closed { closing, .. } = error {
                last = closing;
            }
        }
        tracing::warn!("reconnecting is given up: `backoff.attempts` attempts failed");
        Err(last)
    }

    /// The close frame for a client that cannot reconnect.
    fn final_close(&self, error: &ConnectError) -> Option<CloseFrame> {
        let (condition, reason) = match error {
            ConnectError::Closed { closing, .. } => return closing.clone(),
            ConnectError::Version { message, .. } => (CloseReason::Version, message.clone()),
            ConnectError::Refused(error) if error.side.is_some() => {
                (CloseReason::Version, error.to_string())
            }
            ConnectError::Refused(error) => (CloseReason::Unauthorized, error.to_string()),
            _ => return None,
        };
        Some(CloseFrame::new(
            self.core.descriptor.close_code(condition),
            reason,
        ))
    }
}

/// Waits until the application closes the client.
async fn closing(core: &Core) -> CloseFrame {
    std::future::poll_fn(|cx| {
        let outbound = &core.outbound;
        match outbound.closing() {
            Some(close) => Poll::Ready(close.closing),
            None if outbound.rest(cx.waker(), None) && outbound.closing().is_some() => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Pending,
        }
    })
    .await
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

/// Whether the server may send a message before ready.
fn is_early(descriptor: &ProtocolDescriptor, head: &Head<'_>) -> bool {
    let early = descriptor.session.before_ready;
    let index = (descriptor.server.lookup)(head.tag.borrow());
    index.is_some_and(|index| early.contains(&descriptor.server.messages[index].name))
}

pub(super) fn lost(error: TransportError) -> ConnectError {
    ConnectError::Transport(error.into())
}
