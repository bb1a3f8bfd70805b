//! One session: reads messages, runs their handlers and writes the outbound queue.
//!
//! A session is one task, woken by its transport, its handlers, its timers and whoever queues a message. It outlives a connection that is
//! lost for `session.resume`: its handlers go on, and wait for room. However it ends, its handlers are dropped with it and it leaves every
//! channel.
//!
//! It starts no handler while more than half of the outbound queue is used, so that its own messages (replies, errors, pongs) find room.
//! Meanwhile it reads on, up to `limits.inbound`, to see a cancel or the end of the connection. If that is full, too, it stops reading; the
//! handler timeout or the write timeout then ends the wait.

mod call_replies;
mod detached;
mod ending;
mod expiring;
mod hooks;
mod receive;
mod rejecting;

use super::{
    Context, Service,
    allowances::Allowance,
    connection_handle::{ConnectionHandle, Peer},
    context::{Caller, Request},
    encoder::SessionMessage,
    endpoint::Endpoint,
    expiry::Expiry,
    handler_queue::{self, Done, HandlerQueue},
    inbound::Inbound,
    stall::Stall,
    state::{Admission, ServerState},
    system::Ping,
    token_bucket::TokenBucket,
};
use crate::{
    Id, SessionCode, Side,
    descriptor::CloseReason,
    metrics,
    outbound::Close,
    replies::ErrorPayload,
    session::link::{Link, LinkAction},
    system::{ReceivedNotice, Role},
    transport::{CloseFrame, Packet, Transport, TransportError},
    transport_io::{Clock, TransportIo, write_all},
};
use ending::End;
use hooks::LeaveOnDrop;
use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How many bytes are processed before the task yields.
const BUDGET: usize = 64 * 1024;

/// The cost of a message against [`BUDGET`], in addition to its bytes.
const ARRIVAL: usize = 1024;

/// How many messages are read and handled before their replies are written. Writing each reply separately costs several times as much as
/// handling its message.
const BATCH: usize = 32;

/// How long a task handles messages before it yields, so that other connections have their turn although handlers are slow.
const SLICE: Duration = Duration::from_micros(250);

/// How many messages are handled however long they take: what is published by one after the other is then written together, to each member
/// of a channel. Writing it separately costs several times as much.
const AT_LEAST: usize = 8;

/// How often a connection that does not read checks whether the peer has hung up.
pub(crate) const HANG_UP: Duration = Duration::from_secs(1);

/// The token bucket for control frames and session pings: 100 per second. A heartbeat needs one in many seconds.
pub(crate) const CONTROL: (u64, Duration) = (100, Duration::from_secs(1));

/// A session after its first hello.
///
/// A message that is sent to many wakes as many sessions, and none of them is in the processor's caches: what each of them looks at then is in few
/// lines of them. So fields are in the order in which they are written here, and what is rare comes last or is in a box.
#[repr(C, align(64))]
pub(crate) struct Connection {
    connection: Arc<ConnectionHandle>,
    /// How much of [`BUDGET`] this poll has used.
    budget_used: usize,
    /// When the present batch began. The clock is looked at once for all of its messages.
    now: Instant,
    /// The same by the clock of the session.
    time: Duration,
    /// If the authentication has expired: how many queued messages there are up to the last credentials that arrived before.
    renewal: Option<usize>,
    /// When the authentication expires.
    expiry: Option<Expiry>,
    close: Option<Close>,
    /// Present while reading is paused.
    paused: Option<Box<ReadPause>>,
    /// The last ping of the session that has not been answered yet. One pong answers all.
    pong_pending: Option<Box<Ping>>,
    stall: Stall,
    inbound: Inbound,
    io: TransportIo,
    handlers: HandlerQueue,
    server: Arc<ServerState>,
    service: Arc<dyn Service>,
    /// What the handlers of the next messages see, but for the message.
    context: Context,
    /// The limits that all connections of the client share.
    allowance: Arc<Allowance>,
    /// The connection counts towards the limits of the server. `None` while there is none.
    admission: Option<Admission>,
    rate: Option<TokenBucket>,
    control: TokenBucket,
    /// When a graceful shutdown stops waiting for handlers.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The number of consecutive invalid messages.
    invalid: u32,
    /// The number of consecutive messages over the rate limit.
    rate_limited: u32,
    logged: Logged,
    /// A message was dropped, because the server shuts down.
    has_dropped: bool,
    /// The client was not heard since its last hello: it may still have the token of that, or count in the session before.
    unconfirmed: bool,
}

/// Which limits were reached. Each is logged once per connection.
#[derive(Debug, Default)]
struct Logged {
    rate: bool,
    streams: bool,
    inbound: bool,
    timeout: bool,
    unreported: bool,
}

/// Detects a hang-up while reading is paused.
struct ReadPause {
    sleep: Pin<Box<Sleep>>,
    since: Instant,
    /// When a ping was last sent to probe the peer.
    probed: Instant,
}

/// What a handshake hands over to a new session.
pub(crate) struct Established {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) connection: Arc<ConnectionHandle>,
    pub(crate) admission: Admission,
    pub(crate) allowance: Arc<Allowance>,
    pub(crate) control: TokenBucket,
    /// Whether both ends count messages.
    pub(crate) counting: bool,
    /// It is to be noted when the client is heard.
    pub(crate) unheard: bool,
    /// What the client sent before its hello, and whether it was within the rate of the connection.
    pub(crate) early: Vec<(Packet, bool)>,
    pub(crate) rate: Option<TokenBucket>,
}

impl Connection {
    pub(crate) fn new(established: Established, endpoint: &Endpoint) -> Self {
        let Established {
            transport,
            connection,
            admission,
            allowance,
            control,
            counting,
            unheard,
            early,
            rate,
        } = established;
        let server = endpoint.state.clone();
        let session = &server.protocol.session;
        let limits = &server.limits;
        let streams = usize::try_from(limits.streams).unwrap_or(usize::MAX);
        let clock = Clock::new();
        let mut link = Link::new(limits.outbound);
        link.attach(
            &session.of_side(true),
            counting,
            false,
            limits.outbound,
            clock.now(),
        );
        if counting {
            connection.outbound.begin_counting();
        } else if let Some(numbering) = connection.encoder.numbering(connection.encoding)
            && session.resume.is_some()
        {
            connection.outbound.begin_numbering(numbering);
        }
        let mut inbound = Inbound::new(limits.inbound);
        for (packet, within_rate) in early {
            inbound.push(packet, within_rate);
        }
        let peer = connection.peer();
        let expires = endpoint.service.expires(&peer.session);
        Self {
            io: TransportIo::new(transport, link, clock),
            admission: Some(admission),
            context: Context::new(Arc::new(Caller {
                connection: connection.clone(),
                peer,
                server: server.clone(),
            })),
            allowance,
            unconfirmed: unheard,
            has_dropped: false,
            expiry: expires.map(Expiry::new),
            renewal: None,
            handlers: HandlerQueue::new(connection.clone(), streams),
            inbound,
            rate,
            control,
            stall: Stall::new(session.heartbeat.unwrap_or_default() + session.timeout),
            paused: None,
            pong_pending: None,
            invalid: 0,
            rate_limited: 0,
            logged: Logged::default(),
            budget_used: 0,
            now: Instant::now(),
            time: clock.now(),
            close: None,
            deadline: None,
            connection,
            service: endpoint.service.clone(),
            server,
        }
    }

    /// Calls a hook of the application.
    fn hook(&self, name: &'static str, call: impl FnOnce(&dyn Service)) {
        hooks::call(self.connection.id, name, || call(&*self.service));
    }

    /// Serves the session until it ends.
    pub(crate) async fn run(mut self: Box<Self>) {
        let leave = LeaveOnDrop {
            connection: self.connection.clone(),
            server: self.server.clone(),
            service: self.service.clone(),
            close: None,
        };
        self.hook("ready", |service| service.ready(self.context.clone()));
        let end = loop {
            let end = std::future::poll_fn(|cx| self.poll(cx)).await;
            let end = self.survive(end).await;
            match end {
                End::Attach(attach) => self.attach(*attach),
                end => break end,
            }
        };
        // Whoever wants to resume it begins another session.
        self.connection.end_attach();
        if self.admission.is_some() {
            metrics::closed(self.server.protocol, end.close_code());
        }
        // Handlers are dropped here: they queue nothing after this.
        self.handlers.end();
        match end {
            End::Closed(close) => {
                leave.end(close);
                self.io.close(&CloseFrame::new(1000, "")).await;
            }
            // The transport is gone, or is being closed already.
            End::Lost | End::Stalled | End::Silent | End::Attach(_) => drop(leave),
            End::Close(closing) => {
                tracing::debug!(
                    connection = self.connection.id,
                    ?closing,
                    "a connection is closed"
                );
                // Do not wait for a client that does not read.
                if closing.code != self.server.protocol.close_code(CloseReason::Slow) {
                    let connection = self.connection.clone();
                    write_all(&connection.outbound, |cx| self.poll_write(cx)).await;
                }
                leave.end(Some(closing.clone()));
                self.io.close(&closing).await;
            }
        }
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<End> {
        self.connection.outbound.running();
        self.budget_used = 0;
        let began = Instant::now();
        self.now = began;
        while self.budget_used < BUDGET {
            if let Some(end) = self.closing(cx) {
                return Poll::Ready(end);
            }
            if let Some(attach) = self.connection.take_attach() {
                return Poll::Ready(End::Attach(attach));
            }
            self.time = self.io.clock.of(self.now);
            let (mut worked, mut is_done) = (false, false);
            for taken in 1..=BATCH {
                let read = match self.poll_read(cx) {
                    Ok(read) => read,
                    Err(end) => return Poll::Ready(end),
                };
                let handled = self.handle_next();
                if !(self.poll_handlers(cx) | handled | read) {
                    is_done = true;
                    break;
                }
                worked = true;
                // Looking at the clock for each message would cost more than it is worth.
                if taken % AT_LEAST == 0 && began.elapsed() >= SLICE {
                    self.budget_used = BUDGET;
                }
                if self.budget_used >= BUDGET {
                    break;
                }
            }
            let Ok(wrote) = self.poll_write(cx) else {
                return Poll::Ready(End::Lost);
            };
            if let Some(end) = self.poll_timers(cx) {
                return Poll::Ready(end);
            }
            // Nothing is left to be read, and what has been written makes room for what waits here.
            let goes_on = !is_done
                || (worked && self.close.is_some())
                || (wrote && (self.pong_pending.is_some() || !self.inbound.is_empty()));
            let rest = || {
                self.connection
                    .outbound
                    .rest(cx.waker(), self.close.as_ref())
            };
            if !(goes_on || rest() || self.connection.has_attach()) {
                return Poll::Pending;
            }
            self.now = Instant::now();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_handlers(&mut self, cx: &mut task::Context<'_>) -> bool {
        let Poll::Ready(Done { request, end }) = self.handlers.poll(cx) else {
            return false;
        };
        // The handler may have closed the connection.
        self.close = self.connection.outbound.closing();
        if self.connection.take_refreshed() {
            self.set_peer(self.connection.peer());
        }
        self.end_expired();
        if end != handler_queue::End::Finished {
            self.handler_failed(&request, end);
        }
        Request::recycle(request);
        true
    }

    /// Replies to a message whose handler did not end by itself.
    #[cold]
    fn handler_failed(&mut self, request: &Request, end: handler_queue::End) {
        let message = request.message;
        match end {
            handler_queue::End::Finished => {}
            handler_queue::End::Panicked => {
                tracing::error!(
                    connection = self.connection.id,
                    message_type = message,
                    "a handler panicked"
                );
                let error = ErrorPayload::internal(Side::Server);
                self.fail(request.expects_reply, request.id.as_ref(), &error);
            }
            handler_queue::End::TimedOut => {
                if !std::mem::replace(&mut self.logged.timeout, true) {
                    tracing::error!(
                        connection = self.connection.id,
                        message_type = message,
                        "a handler exceeded `limits.handlerTimeout` and was dropped"
                    );
                }
                let error = ErrorPayload::new(SessionCode::Timeout, "the server took too long");
                self.fail(request.expects_reply, request.id.as_ref(), &error);
            }
        }
    }

    /// Handles the next queued message, if it can be handled now.
    fn handle_next(&mut self) -> bool {
        if self.has_room()
            && let Some(ping) = self.pong_pending.take()
        {
            self.pong(&ping);
            return true;
        }
        if self.inbound.is_empty() || !self.may_handle() {
            return false;
        }
        self.begins_next();
        let Some((packet, within_rate)) = self.inbound.pop() else {
            return false;
        };
        self.receive(&packet, Some(within_rate));
        true
    }

    /// Whether the outbound queue has room for a reply, and the connection is not closing immediately.
    fn has_room(&self) -> bool {
        !self.connection.outbound.is_busy()
            && self.close.as_ref().is_none_or(|close| close.graceful)
    }

    /// Whether a message can be handled now: no other is being handled, and there is room for its reply.
    fn may_handle(&self) -> bool {
        self.handlers.is_idle() && self.has_room()
    }

    /// Writes the outbound queue. Returns whether anything was written.
    fn poll_write(&mut self, cx: &mut task::Context<'_>) -> Result<bool, TransportError> {
        let connection = &self.connection;
        let outbound = &connection.outbound;
        let skip = |last| {
            connection.received_notice(&ReceivedNotice {
                received: None,
                sent: Some(last),
            })
        };
        let written = |marks: Vec<u64>| {
            if let Some(calls) = connection.calls_so_far() {
                calls.written(marks.into_iter());
            }
        };
        self.io
            .poll_write(cx, outbound, &skip, written, || outbound.flushed())
    }

    /// Uses the state of a client that has authenticated again for later messages.
    fn set_peer(&mut self, peer: Arc<Peer>) {
        self.expiry = self.service.expires(&peer.session).map(Expiry::new);
        self.renewal = None;
        self.context = Context::new(Arc::new(Caller {
            connection: self.connection.clone(),
            peer,
            server: self.server.clone(),
        }));
    }

    fn poll_timers(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        self.poll_expiry(cx);
        let stalled = self.stall.poll(
            cx,
            self.io.is_flushing().then(|| self.io.transport.written()),
        );
        if stalled.is_ready() {
            tracing::info!(
                connection = self.connection.id,
                "the client does not read: the connection is dropped"
            );
            return Some(End::Stalled);
        }
        match self.io.poll_link(cx, self.now) {
            Poll::Pending => None,
            Poll::Ready(LinkAction::Ping) => {
                self.connection.control(&SessionMessage::bare(Role::Ping));
                None
            }
            Poll::Ready(LinkAction::Acknowledge(received)) => {
                self.connection.acknowledge(received);
                None
            }
            Poll::Ready(LinkAction::Silent) => Some(End::Silent),
        }
    }

    /// Ends a request with an error. If replies are matched by order alone, a message without a reply gets none: the client would
    /// take it for the reply to another request.
    fn fail(&self, expects_reply: bool, id: Option<&Id>, error: &ErrorPayload<'_>) {
        if self.may_fail(expects_reply) {
            self.connection.fail(id, error);
        }
    }

    /// Whether an error can be sent about a message. Closes the connection if there is no room.
    fn may_fail(&self, expects_reply: bool) -> bool {
        if self.connection.outbound.is_full() {
            // What is handled in order finds room. Answers and acknowledgements overtake it.
            let reason = "the client reads too slowly";
            self.connection.close(CloseReason::Slow, reason, false);
            return false;
        }
        expects_reply || !self.server.protocol.server.envelope.by_order
    }

    /// Answers a ping, which also asks for an acknowledgement.
    fn pong(&mut self, ping: &Ping) {
        let now = self.io.clock.now();
        if let Some(received) = self.io.link.acknowledge(true, now) {
            self.connection.acknowledge(received);
        }
        self.connection.control(&ping.pong());
    }
}
