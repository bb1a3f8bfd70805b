//! The task of a client: it connects, performs the handshake, serves the session, and reconnects.

use super::{
    ConnectError, VersionSkew,
    backoff::Backoff,
    core::Core,
    dial::Dial,
    pending::{ReplyIndices, RequestMessage},
    session::{Session, SessionEnd},
};
use crate::{
    Side,
    descriptor::CloseReason,
    system::{Head, Hello, Ready, RemoteError, Role, check_version},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent},
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{error::Error, sync::Arc, task::Poll};
use tokio::time::Instant;

/// The longest version and hash that are accepted from a server. Both are stored and logged.
const MAX_NAME: usize = 64;

/// Returns the credentials for one connection.
pub(crate) type Auth = Arc<
    dyn Fn() -> BoxFuture<'static, Result<Box<RawValue>, Box<dyn Error + Send + Sync>>>
        + Send
        + Sync,
>;

/// What a client needs to connect and reconnect.
pub(crate) struct Connector {
    pub(crate) core: Arc<Core>,
    pub(crate) dial: Dial,
    pub(crate) auth: Option<Auth>,
    pub(crate) reconnect: bool,
}

/// Closes the client when its task ends for any reason, including a panic or the end of its runtime.
struct EndOnDrop(Arc<Core>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end(None);
    }
}

impl Connector {
    /// Makes one attempt to connect and waits for `ready`, within `session.timeout`.
    pub(crate) async fn connect(&self) -> Result<Box<dyn Transport>, ConnectError> {
        let timeout = self.core.descriptor.session.timeout;
        let attempt = async {
            let auth = match &self.auth {
                Some(auth) => Some(auth().await.map_err(ConnectError::Auth)?),
                None => None,
            };
            let mut transport = (self.dial)().await?;
            let skew = self.handshake(&mut *transport, auth).await?;
            self.core.begin(skew);
            Ok(transport)
        };
        tokio::time::timeout(timeout, attempt)
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }

    /// Sends `hello` and waits for `ready` or `refuse`.
    async fn handshake(
        &self,
        transport: &mut dyn Transport,
        auth: Option<Box<RawValue>>,
    ) -> Result<Option<VersionSkew>, ConnectError> {
        let descriptor = self.core.descriptor;
        let roles = &descriptor.session.roles;
        if roles.hello.is_some() {
            let packet = self.hello(auth)?;
            transport.send(packet).await.map_err(lost)?;
        }
        if roles.ready.is_none() {
            return Ok(None);
        }
        let packet = loop {
            match transport.receive().await.map_err(lost)? {
                TransportEvent::Packet(packet) => break packet,
                TransportEvent::Alive => {}
                TransportEvent::Closed(closing) => {
                    let is_final = closing.as_ref().is_some_and(|c| c.is_final(descriptor));
                    return Err(ConnectError::Closed { closing, is_final });
                }
            }
        };
        let source = self
            .core
            .codec
            .source(packet.frame())
            .map_err(|_| ConnectError::UnexpectedReply)?;
        let head = Head::read(&source, &descriptor.server.envelope)
            .map_err(|_| ConnectError::UnexpectedReply)?;
        match Role::of(head.tag.borrow(), roles) {
            Some(Role::Ready) => {
                let ready = Ready::read(&head).map_err(|_| ConnectError::UnexpectedReply)?;
                let long = |text: &str| text.len() > MAX_NAME;
                if long(&ready.version) || ready.hash.as_deref().is_some_and(long) {
                    return Err(ConnectError::UnexpectedReply);
                }
                check_version(
                    Side::Server,
                    &ready.version,
                    descriptor.version,
                    descriptor.accepts,
                )
                .map_err(|(side, message)| ConnectError::Version { side, message })?;
                let other = ready.hash.filter(|hash| hash != descriptor.hash);
                Ok(other.map(|hash| {
                    tracing::warn!(
                        protocol = descriptor.name,
                        ours = descriptor.version,
                        theirs = ready.version,
                        "skew: the server was generated from a different spec with an accepted version"
                    );
                    VersionSkew {
                        version: ready.version,
                        hash,
                    }
                }))
            }
            Some(Role::Refuse | Role::Error) => {
                let error = RemoteError::read(&head).map_err(|_| ConnectError::UnexpectedReply)?;
                Err(ConnectError::Refused(error))
            }
            _ => Err(ConnectError::UnexpectedReply),
        }
    }

    fn hello(&self, auth: Option<Box<RawValue>>) -> Result<Packet, ConnectError> {
        let descriptor = self.core.descriptor;
        let hello = Hello {
            version: descriptor.version.to_owned(),
            hash: Some(descriptor.hash.to_owned()),
            auth,
        };
        let payload = serde_json::value::to_raw_value(&hello)
            .map_err(|error| ConnectError::Auth(error.into()))?;
        let request = RequestMessage {
            tag: descriptor.session.roles.hello,
            payload: Some(payload.into()),
            channel: None,
            idempotent: true,
            replies: ReplyIndices::NONE,
        };
        self.core
            .encode(&request, None)
            .map_err(|_| ConnectError::UnexpectedReply)
    }

    /// Serves this connection and its successors until the client is closed or the server closes for good. Dropping the future
    /// closes the client.
    pub(crate) fn run(self, transport: Box<dyn Transport>) -> impl Future<Output = ()> + Send {
        let ending = EndOnDrop(self.core.clone());
        async move {
            let closing = self.serve(transport).await;
            ending.0.end(closing);
        }
    }

    async fn serve(&self, mut transport: Box<dyn Transport>) -> Option<CloseFrame> {
        let descriptor = self.core.descriptor;
        let mut backoff = Backoff::new(&descriptor.session);
        loop {
            let began = Instant::now();
            let mut session = Session::new(transport, self.core.clone());
            let lost = match session.run().await {
                SessionEnd::Closed(closing) => return Some(closing),
                SessionEnd::Broken(closing) => closing,
            };
            drop(session);
            if !self.reconnect || lost.as_ref().is_some_and(|lost| lost.is_final(descriptor)) {
                return lost;
            }
            self.core.lost(lost.as_ref());
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

    /// Reconnects with backoff. `last` is the close frame of the lost connection.
    ///
    /// # Errors
    /// If retrying is useless, the attempts are used up, or the client is closed.
    async fn reconnect_with_backoff(
        &self,
        backoff: &mut Backoff,
        mut last: Option<CloseFrame>,
    ) -> Result<Box<dyn Transport>, Option<CloseFrame>> {
        let descriptor = self.core.descriptor;
        while let Some(wait) = backoff.next() {
            let attempt = async {
                let retry = self.core.retry.notified();
                let _ = tokio::time::timeout(wait, retry).await;
                self.connect().await
            };
            let error = tokio::select! {
                closing = self.closing() => return Err(Some(closing)),
                connected = attempt => match connected {
                    Ok(transport) => return Ok(transport),
                    Err(error) => error,
                },
            };
            tracing::warn!(error = &error as &dyn Error, "reconnecting failed");
            if error.is_final() {
                return Err(self.final_close(error));
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
    fn final_close(&self, error: ConnectError) -> Option<CloseFrame> {
        let (condition, reason) = match error {
            ConnectError::Closed { closing, .. } => return closing,
            ConnectError::Version { message, .. } => (CloseReason::Version, message),
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

    /// Waits until the application closes the client.
    async fn closing(&self) -> CloseFrame {
        std::future::poll_fn(|cx| {
            let outbound = &self.core.outbound;
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
}

fn lost(error: TransportError) -> ConnectError {
    ConnectError::Transport(error.into())
}
