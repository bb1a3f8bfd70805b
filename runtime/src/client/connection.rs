//! The task behind a client: it connects, says hello, reads and writes, and does so again when the connection is lost.

use super::{
    ConnectError, Skew,
    core::Core,
    dial::Dial,
    waiting::{Answers, Ask},
};
use crate::{
    codec::{Codec, Json},
    heart::{Beat, Heart},
    outbound::Item,
    random,
    system::{Head, Hello, Ready, RemoteError, Role, Side, check_version},
    table::CloseCondition,
    transport::{Arrival, Closing, Packet, Transport, TransportError},
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How long a close may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many rounds are made before others get their turn.
const ROUNDS: usize = 64;

/// Makes what proves who the client is, for each connection anew.
pub(crate) type Auth = Arc<
    dyn Fn() -> BoxFuture<'static, Result<Box<RawValue>, Box<dyn Error + Send + Sync>>>
        + Send
        + Sync,
>;

/// What a client needs to connect again.
pub(crate) struct Connector {
    pub(crate) core: Arc<Core>,
    pub(crate) dial: Dial,
    pub(crate) auth: Option<Auth>,
    pub(crate) reconnect: bool,
}

/// A transport after `ready`.
pub(crate) struct Connected {
    transport: Box<dyn Transport>,
    /// What is sent first.
    first: Vec<Packet>,
}

impl Connector {
    /// Connects once, and waits for `ready`.
    pub(crate) async fn connect(&self) -> Result<Connected, ConnectError> {
        let timeout = self.core.table.session.timeout;
        let auth = match &self.auth {
            Some(auth) => Some(auth().await.map_err(ConnectError::Auth)?),
            None => None,
        };
        let greeting = async {
            let mut transport = (self.dial)().await?;
            let skew = self.greet(&mut *transport, auth).await?;
            Ok(Connected {
                transport,
                first: self.core.begin(skew),
            })
        };
        tokio::time::timeout(timeout, greeting)
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }

    /// Says hello and waits for the answer.
    async fn greet(
        &self,
        transport: &mut dyn Transport,
        auth: Option<Box<RawValue>>,
    ) -> Result<Option<Skew>, ConnectError> {
        let table = self.core.table;
        let roles = &table.session.roles;
        if roles.hello.is_some() {
            let packet = self.hello(auth)?;
            transport.send(packet).await.map_err(lost)?;
        }
        if roles.ready.is_none() {
            return Ok(None);
        }
        let packet = loop {
            match transport.receive().await.map_err(lost)? {
                Arrival::Packet(packet) => break packet,
                Arrival::Alive => {}
                Arrival::Closed(closing) => {
                    let is_final = closing.as_ref().is_some_and(|c| c.is_final(table));
                    return Err(ConnectError::Closed { closing, is_final });
                }
            }
        };
        let source = Json
            .source(packet.frame())
            .map_err(|_| ConnectError::Unexpected)?;
        let head =
            Head::read(&source, &table.server.envelope).map_err(|_| ConnectError::Unexpected)?;
        match Role::of(head.tag.borrow(), roles) {
            Some(Role::Ready) => {
                let ready = Ready::read(&head).map_err(|_| ConnectError::Unexpected)?;
                check_version(Side::Server, &ready.version, table.version, table.accepts)
                    .map_err(|(side, message)| ConnectError::Version { side, message })?;
                let other = ready.hash.filter(|hash| hash != table.hash);
                Ok(other.map(|hash| {
                    tracing::warn!(
                        protocol = table.name,
                        ours = table.version,
                        theirs = ready.version,
                        "skew: the server was generated from another spec with an accepted version"
                    );
                    Skew {
                        version: ready.version,
                        hash,
                    }
                }))
            }
            Some(Role::Refuse | Role::Error) => {
                let error = RemoteError::read(&head).map_err(|_| ConnectError::Unexpected)?;
                Err(ConnectError::Refused(error))
            }
            _ => Err(ConnectError::Unexpected),
        }
    }

    fn hello(&self, auth: Option<Box<RawValue>>) -> Result<Packet, ConnectError> {
        let table = self.core.table;
        let hello = Hello {
            version: table.version.to_owned(),
            hash: Some(table.hash.to_owned()),
            auth,
        };
        let payload = serde_json::value::to_raw_value(&hello)
            .map_err(|error| ConnectError::Auth(error.into()))?;
        let ask = Ask {
            tag: table.session.roles.hello,
            payload: Some(payload.into()),
            channel: None,
            idempotent: true,
            answers: Answers::NONE,
        };
        self.core
            .encode(&ask, None)
            .map_err(|_| ConnectError::Unexpected)
    }

    /// Serves the connection, and others after it, until the client is closed or the server says that it is of no use.
    pub(crate) async fn run(self, mut connected: Connected) {
        let closing = loop {
            let mut session = Session::new(connected.transport, self.core.clone());
            let lost = match session.run(connected.first).await {
                Lost::Closed(closing) => break Some(closing),
                Lost::Broken(closing) => closing,
            };
            drop(session);
            let is_final = |closing: &Closing| closing.is_final(self.core.table);
            if !self.reconnect || lost.as_ref().is_some_and(is_final) {
                break lost;
            }
            self.core.lost();
            match self.again().await {
                Ok(next) => connected = next,
                Err(closing) => break closing,
            }
        };
        self.core.end(closing);
    }

    /// Connects again, after longer and longer waits: full jitter below a bound that doubles.
    ///
    /// # Errors
    /// Where that is of no use, or the client is closed.
    async fn again(&self) -> Result<Connected, Option<Closing>> {
        let (least, most) = self.core.table.session.backoff;
        let mut bound = least;
        loop {
            let part = random::number() as f64 / u64::MAX as f64;
            let attempt = async {
                tokio::time::sleep(bound.mul_f64(part)).await;
                self.connect().await
            };
            tokio::select! {
                closing = self.closing() => return Err(Some(closing)),
                connected = attempt => match connected {
                    Ok(connected) => return Ok(connected),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn Error, "the client cannot connect again");
                        if error.is_final() {
                            return Err(self.why(error));
                        }
                    }
                },
            }
            bound = (bound * 2).min(most);
        }
    }

    /// Why a client that cannot connect again is closed.
    fn why(&self, error: ConnectError) -> Option<Closing> {
        let (condition, words) = match error {
            ConnectError::Closed { closing, .. } => return closing,
            ConnectError::Version { message, .. } => (CloseCondition::Version, message),
            ConnectError::Refused(error) if error.side.is_some() => {
                (CloseCondition::Version, error.to_string())
            }
            ConnectError::Refused(error) => (CloseCondition::Unauthorized, error.to_string()),
            _ => return None,
        };
        Some(Closing::new(self.core.table.close_code(condition), words))
    }

    /// Waits until the application closes the client.
    async fn closing(&self) -> Closing {
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

/// One connection of a client.
struct Session {
    transport: Box<dyn Transport>,
    core: Arc<Core>,
    heart: Option<Heart>,
    /// Until the rooms should be joined again.
    rejoining: Option<Pin<Box<Sleep>>>,
    batch: Vec<Item>,
    flushing: bool,
}

/// How a connection of a client ends.
enum Lost {
    /// The application closed the client.
    Closed(Closing),
    /// The server closed, the transport broke, or nothing was heard.
    Broken(Option<Closing>),
}

impl Session {
    fn new(transport: Box<dyn Transport>, core: Arc<Core>) -> Self {
        let session = &core.table.session;
        let heart = session
            .heartbeat
            .filter(|_| session.roles.ping.is_some())
            .map(|interval| Heart::new(interval, session.timeout));
        Self {
            transport,
            core,
            heart,
            rejoining: None,
            batch: Vec::new(),
            flushing: false,
        }
    }

    async fn run(&mut self, first: Vec<Packet>) -> Lost {
        if !first.is_empty() {
            let timeout = self.core.table.session.timeout;
            self.rejoining = Some(Box::pin(tokio::time::sleep(timeout)));
        }
        for packet in first {
            if self.transport.feed(packet).is_err() {
                return Lost::Broken(None);
            }
            self.flushing = true;
        }
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        if let Lost::Closed(closing) = &end {
            let written = std::future::poll_fn(|cx| match self.poll_write(cx) {
                Ok(_) if !self.core.outbound.is_idle() => Poll::Pending,
                _ => Poll::Ready(()),
            });
            let _ = tokio::time::timeout(PATIENCE, written).await;
            self.transport.close(closing, PATIENCE).await;
        }
        end
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Lost> {
        self.core.outbound.running();
        for _ in 0..ROUNDS {
            if let Some(close) = self.core.outbound.closing() {
                return Poll::Ready(Lost::Closed(close.closing));
            }
            let read = match self.poll_read(cx) {
                Ok(read) => read,
                Err(closing) => return Poll::Ready(Lost::Broken(closing)),
            };
            let wrote = match self.poll_write(cx) {
                Ok(wrote) => wrote,
                Err(error) => {
                    tracing::debug!(error = &error as &dyn Error, "the connection is lost");
                    return Poll::Ready(Lost::Broken(None));
                }
            };
            if let Some(sleep) = &mut self.rejoining
                && sleep.as_mut().poll(cx).is_ready()
            {
                self.rejoining = None;
                self.core.rejoin_late();
            }
            match self.heart.as_mut().map(|heart| heart.poll(cx)) {
                Some(Poll::Ready(Beat::Ask)) => self.core.say(self.core.table.session.roles.ping),
                Some(Poll::Ready(Beat::Silent)) => {
                    let code = self.core.table.close_code(CloseCondition::Silent);
                    let closing = Closing::new(code, "nothing was heard for too long");
                    // Said once; nobody waits for an answer.
                    let _ = self.transport.poll_close(cx, &closing);
                    return Poll::Ready(Lost::Broken(Some(closing)));
                }
                Some(Poll::Pending) | None => {}
            }
            if !(read || wrote || self.core.outbound.rest(cx.waker(), None)) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, Option<Closing>> {
        let Poll::Ready(arrival) = self.transport.poll_receive(cx) else {
            return Ok(false);
        };
        if let Some(heart) = &mut self.heart {
            heart.hear(Instant::now());
        }
        match arrival {
            Ok(Arrival::Packet(packet)) => self.core.receive(&packet),
            Ok(Arrival::Alive) => {}
            Ok(Arrival::Closed(closing)) => return Err(closing),
            Err(error) => {
                tracing::debug!(error = &error as &dyn Error, "the connection is lost");
                return Err(None);
            }
        }
        Ok(true)
    }

    fn poll_write(&mut self, cx: &mut task::Context<'_>) -> Result<bool, TransportError> {
        let mut wrote = false;
        loop {
            if !self.flushing {
                self.core.outbound.take(&mut self.batch);
                if self.batch.is_empty() {
                    return Ok(wrote);
                }
                self.core.written(
                    self.batch
                        .iter()
                        .map(|item| item.mark)
                        .filter(|mark| *mark != 0),
                );
                for item in self.batch.drain(..) {
                    self.transport.feed(item.packet)?;
                }
                self.flushing = true;
            }
            match self.transport.poll_flush(cx)? {
                Poll::Pending => return Ok(wrote),
                Poll::Ready(()) => {
                    self.flushing = false;
                    wrote = true;
                    self.core.outbound.flushed();
                }
            }
        }
    }
}
