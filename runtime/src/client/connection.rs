//! The task of a client: it connects, performs the handshake, serves the session, and reconnects.

use super::{
    ConnectError, State,
    backoff::Backoff,
    core::Core,
    dial::Dial,
    handshake::{Welcome, lost},
    session::{Session, SessionEnd},
};
use crate::{
    Side,
    descriptor::CloseReason,
    encoded::EncodedMessage,
    session::link::Link,
    transport::{CloseFrame, Transport},
    transport_io::{CLOSE_TIMEOUT, Clock},
};
use std::{
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};
use tokio::time::Instant;

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
            self.core.hellos.fetch_add(1, Ordering::Release);
            let auth = match &self.core.auth {
                Some(auth) => Some(auth().await.map_err(ConnectError::Auth)?),
                None => None,
            };
            let mut transport = (self.dial)().await?;
            let session = self.session.as_deref().filter(|_| self.core.is_detached());
            let resumes = session.map(|session| (session, self.link.received()));
            let welcome = self
                .core
                .handshake(&mut *transport, self.negotiate, auth, resumes)
                .await;
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
                transport.send(&packet).await.map_err(lost)?;
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

    /// As [`Self::connect`], with further attempts as after the loss of a connection.
    pub(crate) async fn connect_with_backoff(
        &mut self,
    ) -> Result<Box<dyn Transport>, ConnectError> {
        let descriptor = self.core.descriptor;
        let mut backoff = Backoff::new(&descriptor.session);
        loop {
            let error = match self.connect().await {
                Err(error) if !error.is_final() => error,
                done => return done,
            };
            if error.is_busy(descriptor) {
                backoff.slow_down();
            }
            let Some(wait) = backoff.next() else {
                return Err(error);
            };
            let text = error.log_text();
            tracing::warn!(error = ?text, "connecting failed, and is tried again");
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether sessions resume by the numbers of the server's messages.
    fn is_numbered(&self) -> bool {
        self.core.descriptor.session.numbered
    }

    /// Returns the message that asks for what was missed, if the session may be resumed.
    fn resume_message(&self) -> Option<EncodedMessage> {
        self.resume_until.filter(|until| Instant::now() < *until)?;
        self.core.resume_message(self.session.as_deref()?)
    }

    /// Begins a session of numbered messages, which may be the one before: the next message shows that.
    fn welcome_numbered(&mut self, welcome: Welcome, resuming: bool) {
        let core = &self.core;
        core.welcomed(welcome.expires);
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
        for (packet, ()) in welcome.early.into_messages() {
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
        core.welcomed(expires);
        if resumed && !(core.is_detached() && received.is_some()) {
            return Err(ConnectError::UnexpectedReply);
        }
        let counting = received.is_some() && self.core.counts();
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
        for (packet, ()) in early.into_messages() {
            core.receive(&packet);
        }
        Ok(())
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
            backoff.ended(began.elapsed());
            if lost.as_ref().is_some_and(|lost| lost.is_busy(descriptor)) {
                backoff.slow_down();
            }
            let wait = self.core.plan_attempt(&mut backoff, lost.as_ref());
            if self.is_numbered() {
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
                if self.resume_until.is_some() {
                    self.core.keep_handling();
                }
                // What the client sends is not counted.
                self.core.lost(lost.as_ref());
                if self.resume_until.is_none() {
                    self.core.session_lost();
                }
            } else if self.is_resumable(lost.as_ref()) {
                self.core.detach();
            } else {
                self.session = None;
                self.core.lost(lost.as_ref());
            }
            transport = match self.reconnect_with_backoff(&mut backoff, wait, lost).await {
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

    /// Reconnects with backoff. `wait` is the delay before the first attempt, and `last` the close frame of the lost connection.
    ///
    /// # Errors
    /// If retrying is useless, the attempts are used up, or the client is closed.
    async fn reconnect_with_backoff(
        &mut self,
        backoff: &mut Backoff,
        mut wait: Option<Duration>,
        mut last: Option<CloseFrame>,
    ) -> Result<Box<dyn Transport>, Option<CloseFrame>> {
        let core = self.core.clone();
        let descriptor = core.descriptor;
        // Then the server has given the session up.
        let expires = Instant::now() + descriptor.session.resume.unwrap_or_default();
        while let Some(delay) = wait {
            let attempt = async {
                let retry = core.retry.notified();
                let _ = tokio::time::timeout(delay, retry).await;
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
            let text = error.log_text();
            tracing::warn!(error = ?text, "reconnecting failed");
            if error.is_final() {
                return Err(self.final_close(&error));
            }
            if error.is_busy(descriptor) {
                backoff.slow_down();
            }
            if let ConnectError::Closed { closing, .. } = error {
                last = closing;
            }
            wait = core.plan_attempt(backoff, last.as_ref());
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

impl Core {
    /// Returns the delay before the next attempt to connect, and announces it; `None` if `backoff.attempts` is used up.
    fn plan_attempt(
        &self,
        backoff: &mut Backoff,
        closing: Option<&CloseFrame>,
    ) -> Option<Duration> {
        let wait = backoff.next()?;
        self.status.send_replace(State::Reconnecting {
            closing: closing.cloned(),
            retry_at: (Instant::now() + wait).into_std(),
        });
        Some(wait)
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
