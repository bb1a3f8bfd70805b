//! One connection after its hello: reads, hands messages to handlers, writes what they and others queue.
//!
//! All of it is one task, woken by the transport, by its handlers, by whoever queues something and by its timers. Whatever ends
//! it, its handlers are dropped with it and it leaves every channel.
//!
//! It handles nothing new while more than half of what may wait to be written is taken, so that whatever it says of itself
//! (replies, errors, pongs) finds room. It reads on meanwhile, as far as `limits.inbound` reaches, so that a cancel or the
//! end of the connection is seen; where that is full, it stops reading, and the timeout of the handler, or that of a peer that does not
//! read, is what ends the wait.

mod receive;

use super::{
    Context, Service,
    connection_handle::ConnectionHandle,
    endpoint::Endpoint,
    error_payload::ErrorPayload,
    handler_queue::{Done, HandlerQueue, Outcome},
    inbound::Inbound,
    stall::Stall,
    state::ServerState,
    token_bucket::TokenBucket,
};
use crate::{
    Id, SessionCode,
    descriptor::{CloseReason, Tag},
    heartbeat::HeartbeatAction,
    outbound::Close,
    transport::{CloseFrame, Transport, TransportError},
    transport_io::{TransportIo, write_all},
};
use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How many bytes are looked at before others get their turn.
const BUDGET: usize = 64 * 1024;

/// What an arrival costs of that beside its bytes.
const ARRIVAL: usize = 1024;

/// How many messages are read and handled before what they are answered with is written. Writing each by itself costs several
/// times what handling it does.
const BATCH: usize = 32;

/// How often a connection that does not read looks whether the other end is still there.
const HANG_UP: Duration = Duration::from_secs(1);

/// Control frames and pings of the session: so many, filled anew within a second. A heartbeat needs one in many seconds.
pub(crate) const CONTROL: (u64, Duration) = (100, Duration::from_secs(1));

/// A connection after its hello.
pub(crate) struct Connection {
    io: TransportIo,
    connection: Arc<ConnectionHandle>,
    server: Arc<ServerState>,
    service: Arc<dyn Service>,
    handlers: HandlerQueue,
    inbound: Inbound,
    rate: Option<TokenBucket>,
    control: TokenBucket,
    stall: Stall,
    /// There while nothing is read.
    paused: Option<Paused>,
    /// A ping of the session's waits for its answer. One answer is enough for all.
    owes_pong: bool,
    /// Bad messages in a row.
    bad: u32,
    /// Messages in a row that came too fast.
    fast: u32,
    logged: Logged,
    /// How much was looked at in this turn.
    spent: usize,
    close: Option<Close>,
    /// When a graceful end has taken long enough.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Which bounds were reached: each is logged once.
#[derive(Debug, Default)]
struct Logged {
    rate: bool,
    streams: bool,
    inbound: bool,
    timeout: bool,
}

/// Looks for a hang-up while nothing is read.
struct Paused {
    sleep: Pin<Box<Sleep>>,
    since: Instant,
    /// When something was written for the sake of it.
    probed: Instant,
}

/// How a connection ends.
enum End {
    /// The other end closed, or the transport broke.
    Lost,
    /// The other end takes nothing, a close frame neither.
    Stalled,
    /// It is closed from here, once everything that is queued is written.
    Close(CloseFrame),
}

/// Leaves every channel when the connection's task ends, however it does.
struct LeaveOnDrop {
    connection: Arc<ConnectionHandle>,
    server: Arc<ServerState>,
    service: Arc<dyn Service>,
}

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        self.server.disconnect(&self.connection);
        self.service.disconnected(&self.connection.session);
    }
}

impl Connection {
    pub(crate) fn new(
        transport: Box<dyn Transport>,
        connection: Arc<ConnectionHandle>,
        endpoint: &Endpoint,
        control: TokenBucket,
    ) -> Self {
        let server = endpoint.state.clone();
        let session = &server.protocol.session;
        let limits = &server.limits;
        let streams = usize::try_from(limits.streams).unwrap_or(usize::MAX);
        Self {
            io: TransportIo::new(transport, session),
            handlers: HandlerQueue::new(connection.clone(), streams),
            inbound: Inbound::new(limits.inbound),
            rate: limits
                .rate
                .map(|rate| TokenBucket::new(rate, Instant::now())),
            control,
            stall: Stall::new(session.heartbeat.unwrap_or_default() + session.timeout),
            paused: None,
            owes_pong: false,
            bad: 0,
            fast: 0,
            logged: Logged::default(),
            spent: 0,
            close: None,
            deadline: None,
            connection,
            service: endpoint.service.clone(),
            server,
        }
    }

    fn context(&self) -> Context {
        Context::new(self.connection.clone(), self.server.clone())
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self) {
        let leave = LeaveOnDrop {
            connection: self.connection.clone(),
            server: self.server.clone(),
            service: self.service.clone(),
        };
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        // Handlers end here: nothing of theirs is written after this.
        self.handlers.end();
        match end {
            End::Lost => {
                drop(leave);
                self.io.close(&CloseFrame::new(1000, "")).await;
            }
            End::Stalled => drop(leave),
            End::Close(closing) => {
                tracing::debug!(connection = self.connection.id, %closing, "a connection is closed");
                // What is queued for a client that does not read is not waited for.
                if closing.code != self.server.protocol.close_code(CloseReason::Slow) {
                    let connection = self.connection.clone();
                    write_all(&connection.outbound, |cx| self.poll_write(cx)).await;
                }
                drop(leave);
                self.io.close(&closing).await;
            }
        }
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<End> {
        self.connection.outbound.running();
        self.spent = 0;
        while self.spent < BUDGET {
            if let Some(end) = self.closing(cx) {
                return Poll::Ready(end);
            }
            let mut worked = false;
            for _ in 0..BATCH {
                let read = match self.poll_read(cx) {
                    Ok(read) => read,
                    Err(end) => return Poll::Ready(end),
                };
                let handled = self.handle_next();
                if !(self.poll_handlers(cx) | handled | read) {
                    break;
                }
                worked = true;
                if self.spent >= BUDGET {
                    break;
                }
            }
            let Ok(wrote) = self.poll_write(cx) else {
                return Poll::Ready(End::Lost);
            };
            if let Some(end) = self.poll_timers(cx) {
                return Poll::Ready(end);
            }
            let rest = || {
                self.connection
                    .outbound
                    .rest(cx.waker(), self.close.as_ref())
            };
            if !(worked || wrote || rest()) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether it is time to close.
    fn closing(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        self.close = self.connection.outbound.closing();
        let close = self.close.as_ref()?;
        if close.graceful {
            if self.deadline.is_none() {
                self.handlers.end_streams();
                let timeout = self.server.protocol.session.timeout;
                self.deadline = Some(Box::pin(tokio::time::sleep(timeout)));
            }
            let late = self
                .deadline
                .as_mut()
                .is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
            let idle = self.handlers.is_idle() && self.inbound.is_empty();
            if !idle && !late {
                return None;
            }
        }
        Some(End::Close(close.closing.clone()))
    }

    /// The end of a connection that broke a rule, with the code for it.
    fn end(&self, condition: CloseReason, words: &'static str) -> End {
        End::Close(CloseFrame::new(
            self.server.protocol.close_code(condition),
            words,
        ))
    }

    fn poll_handlers(&mut self, cx: &mut task::Context<'_>) -> bool {
        let Poll::Ready(Done {
            id,
            asks,
            message,
            outcome,
        }) = self.handlers.poll(cx)
        else {
            return false;
        };
        // A handler may have asked for the end.
        self.close = self.connection.outbound.closing();
        match outcome {
            Outcome::Finished => {}
            Outcome::Panicked => {
                tracing::error!(
                    connection = self.connection.id,
                    message_type = message,
                    "a handler panicked"
                );
                let error = ErrorPayload::new(SessionCode::Internal, "the server failed");
                self.fail(asks, id.as_ref(), &error);
            }
            Outcome::TimedOut => {
                if !std::mem::replace(&mut self.logged.timeout, true) {
                    tracing::error!(
                        connection = self.connection.id,
                        message_type = message,
                        "a handler took longer than `limits.handlerTimeout`, and was dropped"
                    );
                }
                let error = ErrorPayload::new(SessionCode::Timeout, "the server took too long");
                self.fail(asks, id.as_ref(), &error);
            }
        }
        true
    }

    /// Handles the message that waits longest, where it is its turn.
    fn handle_next(&mut self) -> bool {
        if self.owes_pong && self.has_room() {
            self.owes_pong = false;
            self.say(self.server.protocol.session.roles.pong);
            return true;
        }
        if self.inbound.is_empty() || !self.may_handle() {
            return false;
        }
        let Some((packet, in_time)) = self.inbound.pop() else {
            return false;
        };
        self.receive(&packet, Some(in_time));
        true
    }

    /// Whether there is room for an answer, and the connection is not about to end for a reason that does not wait.
    fn has_room(&self) -> bool {
        !self.connection.outbound.is_busy()
            && self.close.as_ref().is_none_or(|close| close.graceful)
    }

    /// Whether a message may be handled now: no other is, and there is room for what it is answered with.
    fn may_handle(&self) -> bool {
        self.handlers.is_idle() && self.has_room()
    }

    /// Writes what is queued, and returns whether anything was.
    fn poll_write(&mut self, cx: &mut task::Context<'_>) -> Result<bool, TransportError> {
        let outbound = &self.connection.outbound;
        self.io
            .poll_write(cx, outbound, |_| {}, || outbound.flushed())
    }

    fn poll_timers(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        let stalled = self.stall.poll(
            cx,
            self.io.is_flushing().then(|| self.io.transport.written()),
        );
        if stalled.is_ready() {
            tracing::info!(connection = self.connection.id, "the client does not read");
            return Some(End::Stalled);
        }
        match self.io.poll_heartbeat(cx) {
            Poll::Pending => None,
            Poll::Ready(HeartbeatAction::Ping) => {
                self.say(self.server.protocol.session.roles.ping);
                None
            }
            Poll::Ready(HeartbeatAction::TimedOut) => {
                // Nobody reads what is queued.
                self.connection.outbound.end();
                Some(self.end(CloseReason::Silent, "nothing was heard for too long"))
            }
        }
    }

    /// Answers a message with an error. Where answers are known by their order alone, one to a message that asks for none would be taken for
    /// that to another.
    fn fail(&self, asks: bool, id: Option<&Id>, error: &ErrorPayload<'_>) {
        if asks || !self.server.protocol.server.envelope.by_order {
            self.connection.fail(id, error);
        }
    }

    /// Queues one of the session's own messages that carries nothing.
    fn say(&self, tag: Option<Tag>) {
        if tag.is_some() {
            self.connection
                .answer(&self.connection.encoder.outgoing(tag));
        }
    }
}
