//! One connection after its hello: reads, hands messages to handlers, writes what they and others queue.
//!
//! All of it is one task, woken by the transport, by its handlers, by whoever queues something and by its timers. Whatever ends
//! it, its handlers are dropped with it and it leaves every channel.
//!
//! It handles nothing new while more than half of what may wait to be written is taken, so that whatever it says of itself
//! (replies, errors, pongs) finds room. It reads on meanwhile, as far as `limits.inbound` reaches, so that a cancel or the
//! end of the connection is seen; where that is full, it stops reading, and the timeout of the handler, or that of a peer that does not
//! read, is what ends the wait.

use super::{
    Context, Received,
    fault::Fault,
    inbound::Inbound,
    jobs::{Declined, Done, Jobs, Outcome},
    link::{self, Link},
    rate::Bucket,
    stall::Stall,
    system::{self, Urgent},
};
use crate::{
    Id, Reason, Rejected,
    heart::{Beat, Heart},
    outbound::{Close, Item},
    table::{CloseCondition, Tag},
    transport::{Arrival, Closing, Packet, Transport, TransportError},
};
use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How long a close may take, and what is written before it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How many rounds are made before others get their turn.
const ROUNDS: usize = 2;

/// How many messages are read and handled before what they are answered with is written. Writing each by itself costs several
/// times what handling it does.
const BATCH: usize = 32;

/// How often a connection that does not read looks whether the other end is still there.
const HANG_UP: Duration = Duration::from_secs(1);

/// Control frames and pings of the session: so many, filled anew within a second. A heartbeat needs one in many seconds.
pub(crate) const CONTROL: (u64, Duration) = (100, Duration::from_secs(1));

/// A connection after its hello.
pub(crate) struct Connection {
    transport: Box<dyn Transport>,
    link: Arc<Link>,
    jobs: Jobs,
    inbound: Inbound,
    rate: Option<Bucket>,
    control: Bucket,
    heart: Option<Heart>,
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
    batch: Vec<Item>,
    flushing: bool,
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
    Close(Closing),
}

/// Leaves every channel when the connection's task ends, however it does.
struct Leave(Arc<Link>);

impl Drop for Leave {
    fn drop(&mut self) {
        let server = self.0.server.clone();
        server.disconnect(&self.0);
        server.service.closed(&self.0.session);
    }
}

impl Connection {
    pub(crate) fn new(transport: Box<dyn Transport>, link: Arc<Link>, control: Bucket) -> Self {
        let session = &link.server.table.session;
        let limits = &link.server.limits;
        let streams = usize::try_from(limits.streams).unwrap_or(usize::MAX);
        Self {
            transport,
            jobs: Jobs::new(streams),
            inbound: Inbound::new(limits.inbound),
            rate: limits.rate.map(|rate| Bucket::new(rate, Instant::now())),
            control,
            heart: session
                .heartbeat
                .filter(|_| session.roles.ping.is_some())
                .map(|interval| Heart::new(interval, session.timeout)),
            stall: Stall::new(session.heartbeat.unwrap_or_default() + session.timeout),
            paused: None,
            owes_pong: false,
            bad: 0,
            fast: 0,
            logged: Logged::default(),
            batch: Vec::new(),
            flushing: false,
            close: None,
            deadline: None,
            link,
        }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self) {
        let leave = Leave(self.link.clone());
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        // Handlers end here: nothing of theirs is written after this.
        self.jobs.end();
        match end {
            End::Lost => {
                drop(leave);
                self.transport
                    .close(&Closing::new(1000, ""), PATIENCE)
                    .await;
            }
            End::Stalled => drop(leave),
            End::Close(closing) => {
                tracing::debug!(connection = self.link.id, %closing, "a connection is closed");
                // What is queued for a client that does not read is not waited for.
                if closing.code != self.link.server.table.close_code(CloseCondition::Slow) {
                    let written = std::future::poll_fn(|cx| self.poll_write_all(cx));
                    let _ = tokio::time::timeout(PATIENCE, written).await;
                }
                drop(leave);
                self.transport.close(&closing, PATIENCE).await;
            }
        }
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<End> {
        self.link.outbound.running();
        for _ in 0..ROUNDS {
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
                if !(self.poll_jobs(cx) | handled | read) {
                    break;
                }
                worked = true;
            }
            let Ok(wrote) = self.poll_write(cx) else {
                return Poll::Ready(End::Lost);
            };
            if let Some(end) = self.poll_timers(cx) {
                return Poll::Ready(end);
            }
            let rest = || self.link.outbound.rest(cx.waker(), self.close.as_ref());
            if !(worked || wrote || rest()) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether it is time to close.
    fn closing(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        self.close = self.link.outbound.closing();
        let close = self.close.as_ref()?;
        if close.graceful {
            if self.deadline.is_none() {
                self.jobs.end_streams();
                let timeout = self.link.server.table.session.timeout;
                self.deadline = Some(Box::pin(tokio::time::sleep(timeout)));
            }
            let late = self
                .deadline
                .as_mut()
                .is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
            let idle = self.jobs.is_idle() && self.inbound.is_empty();
            if !idle && !late {
                return None;
            }
        }
        Some(End::Close(close.closing.clone()))
    }

    /// The end of a connection that broke a rule, with the code for it.
    fn end(&self, condition: CloseCondition, words: &'static str) -> End {
        End::Close(Closing::new(
            self.link.server.table.close_code(condition),
            words,
        ))
    }

    fn poll_jobs(&mut self, cx: &mut task::Context<'_>) -> bool {
        let may = !self.link.outbound.is_busy();
        let Poll::Ready(Done {
            id,
            message,
            outcome,
        }) = self.jobs.poll(cx, may)
        else {
            return false;
        };
        // A handler may have asked for the end.
        self.close = self.link.outbound.closing();
        match outcome {
            Outcome::Finished => {}
            Outcome::Panicked => {
                tracing::error!(connection = self.link.id, message, "a handler panicked");
                self.link
                    .fail(id.as_ref(), &Fault::new("INTERNAL", "the server failed"));
            }
            Outcome::TimedOut => {
                if !std::mem::replace(&mut self.logged.timeout, true) {
                    tracing::error!(
                        connection = self.link.id,
                        message,
                        "a handler took longer than `limits.handlerTimeout`, and was dropped"
                    );
                }
                let fault = Fault::new("TIMEOUT", "the server took too long");
                self.link.fail(id.as_ref(), &fault);
            }
        }
        true
    }

    /// Handles the message that waits longest, where it is its turn.
    fn handle_next(&mut self) -> bool {
        if self.owes_pong && self.has_room() {
            self.owes_pong = false;
            self.say(self.link.server.table.session.roles.pong);
            return true;
        }
        if self.inbound.is_empty() || !self.may_handle() {
            return false;
        }
        let Some(packet) = self.inbound.pop() else {
            return false;
        };
        self.receive(&packet);
        true
    }

    /// Whether there is room for an answer, and the connection is not about to end for a reason that does not wait.
    fn has_room(&self) -> bool {
        !self.link.outbound.is_busy() && self.close.as_ref().is_none_or(|close| close.graceful)
    }

    /// Whether a message may be handled now: no other is, and there is room for what it is answered with.
    fn may_handle(&self) -> bool {
        self.jobs.is_idle() && self.has_room()
    }

    /// Reads one message. Nothing is read while too much waits, or once the connection is about to end.
    fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, End> {
        if self.close.is_some() {
            return Ok(false);
        }
        if self.inbound.is_full() {
            return self.poll_paused(cx).map(|()| false);
        }
        self.paused = None;
        let Poll::Ready(arrival) = self.transport.poll_receive(cx) else {
            return Ok(false);
        };
        let now = Instant::now();
        if let Some(heart) = &mut self.heart {
            heart.hear(now);
        }
        match arrival {
            Ok(Arrival::Alive) => self.control(now)?,
            Ok(Arrival::Packet(packet)) if packet.len() > self.link.server.limits.message => {
                return Err(self.too_large());
            }
            Ok(Arrival::Packet(packet)) => self.arrived(packet, now)?,
            Ok(Arrival::Closed(closing)) => {
                tracing::debug!(connection = self.link.id, ?closing, "the client closed");
                return Err(End::Lost);
            }
            Err(TransportError::TooLarge { .. }) => return Err(self.too_large()),
            Err(TransportError::Protocol { code, reason }) => {
                tracing::info!(
                    connection = self.link.id,
                    code,
                    reason,
                    "the client broke the rules of WebSocket"
                );
                return Err(End::Close(Closing::new(code, reason)));
            }
            Err(error) => {
                tracing::debug!(
                    connection = self.link.id,
                    error = &error as &dyn std::error::Error,
                    "lost"
                );
                return Err(End::Lost);
            }
        }
        Ok(true)
    }

    /// Nothing is read for now. That the client is not heard is no fault of its own; whether it is there is asked of the
    /// transport.
    fn poll_paused(&mut self, cx: &mut task::Context<'_>) -> Result<(), End> {
        if let Some(heart) = &mut self.heart {
            heart.hear(Instant::now());
        }
        if !std::mem::replace(&mut self.logged.inbound, true) {
            tracing::info!(
                connection = self.link.id,
                "`limits.inbound` is reached: nothing more is read until there is room"
            );
        }
        let session = &self.link.server.table.session;
        let paused = self.paused.get_or_insert_with(|| Paused {
            sleep: Box::pin(tokio::time::sleep(HANG_UP)),
            probed: Instant::now(),
        });
        while paused.sleep.as_mut().poll(cx).is_ready() {
            if self.transport.is_hung_up() {
                tracing::debug!(connection = self.link.id, "the client hung up");
                return Err(End::Lost);
            }
            let now = Instant::now();
            paused.sleep.as_mut().reset(now + HANG_UP);
            // The end of a stream does not arrive where what was sent before it finds no room. But a system whose program is gone
            // answers whatever it is sent with a reset.
            if let (Some(ping), Some(heartbeat)) = (session.roles.ping, session.heartbeat)
                && now >= paused.probed + heartbeat
                && self.link.outbound.is_idle()
            {
                paused.probed = now;
                self.link.answer(&self.link.server.outgoing(Some(ping)));
            }
        }
        Ok(())
    }

    /// Counts what carries no message.
    fn control(&mut self, now: Instant) -> Result<(), End> {
        if self.control.take(now) {
            return Ok(());
        }
        tracing::info!(connection = self.link.id, "too many pings");
        Err(self.end(CloseCondition::RateLimited, "too many pings"))
    }

    /// A message came: it is handled at once where nothing has to be waited for, and otherwise when it is its turn; but what need not
    /// wait is acted on.
    fn arrived(&mut self, packet: Packet, now: Instant) -> Result<(), End> {
        if self.inbound.is_empty() && self.may_handle() {
            if let Some(Urgent::Ping | Urgent::Pong) = self.receive(&packet) {
                self.control(now)?;
            }
            return Ok(());
        }
        match system::urgent(&self.link, &packet) {
            Some(Urgent::Ping) => {
                self.control(now)?;
                self.owes_pong = true;
            }
            Some(Urgent::Pong) => self.control(now)?,
            Some(Urgent::Cancel(id)) => {
                // What it weighs is gone; that it came still counts.
                if self.is_in_time(now) {
                    self.jobs.cancel(&id);
                } else {
                    self.inbound.push(packet);
                }
            }
            None => self.inbound.push(packet),
        }
        Ok(())
    }

    fn too_large(&self) -> End {
        let limit = self.link.server.limits.message;
        let words = format!("a message may have {limit} bytes");
        self.link
            .fail(None, &Fault::new("TOO_LARGE", words.clone()));
        End::Close(Closing::new(
            self.link.server.table.close_code(CloseCondition::TooLarge),
            words,
        ))
    }

    /// Writes what is queued. Whether anything was.
    fn poll_write(&mut self, cx: &mut task::Context<'_>) -> Result<bool, TransportError> {
        let mut wrote = false;
        loop {
            if !self.flushing {
                self.link.outbound.take(&mut self.batch);
                if self.batch.is_empty() {
                    return Ok(wrote);
                }
                for item in self.batch.drain(..) {
                    self.transport.feed(item.packet)?;
                }
                self.batch.shrink_to(16);
                self.flushing = true;
            }
            match self.transport.poll_flush(cx)? {
                Poll::Pending => return Ok(wrote),
                Poll::Ready(()) => {
                    self.flushing = false;
                    wrote = true;
                    self.link.outbound.flushed();
                }
            }
        }
    }

    fn poll_write_all(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        match self.poll_write(cx) {
            Ok(_) if !self.link.outbound.is_idle() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    fn poll_timers(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        let stalled = self
            .stall
            .poll(cx, self.flushing.then(|| self.transport.written()));
        if stalled.is_ready() {
            tracing::info!(connection = self.link.id, "the client does not read");
            return Some(End::Stalled);
        }
        match self.heart.as_mut()?.poll(cx) {
            Poll::Pending => None,
            Poll::Ready(Beat::Ask) => {
                self.say(self.link.server.table.session.roles.ping);
                None
            }
            Poll::Ready(Beat::Silent) => {
                // Nobody reads what is queued.
                self.link.outbound.end();
                Some(self.end(CloseCondition::Silent, "nothing was heard for too long"))
            }
        }
    }

    /// Queues one of the session's own messages that carries nothing.
    fn say(&self, tag: Option<Tag>) {
        if tag.is_some() {
            self.link.answer(&self.link.server.outgoing(tag));
        }
    }

    /// Whether a message is within the rate of its connection, and within that of its address.
    fn is_in_time(&mut self, now: Instant) -> bool {
        let own = self.rate.as_mut().is_none_or(|rate| rate.take(now));
        own && self.link.address.take(now)
    }

    /// Reads a message, and begins what it asks for. What it was, where it counts as a sign of life alone.
    fn receive(&mut self, packet: &Packet) -> Option<Urgent> {
        let server = self.link.server.clone();
        let source = server.codec(self.link.encoding).source(packet.frame());
        let received = source
            .map_err(|message| {
                Box::new(Rejected {
                    reason: Reason::Syntax { offset: 0, message },
                    tag: None,
                    id: None,
                    channel: None,
                    payload: None,
                })
            })
            .and_then(|source| {
                server
                    .service
                    .receive(source, Context::new(self.link.clone()))
            });
        let received = match received {
            Ok(received) => received,
            Err(rejected) => match system::read(&self.link, packet, &rejected) {
                Some(system::Request::Urgent(urgent)) => {
                    self.bad = 0;
                    if matches!(urgent, Urgent::Ping) {
                        self.say(server.table.session.roles.pong);
                    }
                    return Some(urgent);
                }
                Some(system::Request::Run(received)) => received,
                None => {
                    self.bad(&rejected);
                    return None;
                }
            },
        };
        if received.id.as_ref().is_some_and(link::is_long) {
            self.bad(&link::long_id(&server.table.client.envelope));
            return None;
        }
        self.bad = 0;
        if !self.is_in_time(Instant::now()) {
            self.too_fast(received.id.as_ref());
            return None;
        }
        self.fast = 0;
        self.begin(received);
        None
    }

    fn begin(&mut self, received: Received) {
        if let Err((id, declined)) = self.jobs.begin(received) {
            let fault = match declined {
                Declined::IdInUse => Fault::new("ID_REUSED", "a stream with this id is open"),
                Declined::TooMany => {
                    if !std::mem::replace(&mut self.logged.streams, true) {
                        tracing::info!(connection = self.link.id, "`limits.streams` is reached");
                    }
                    Fault::new("TOO_MANY", "too many streams are open")
                }
            };
            self.link.fail(id.as_ref(), &fault);
        }
    }

    fn bad(&mut self, rejected: &Rejected) {
        if !self.is_in_time(Instant::now()) {
            return self.too_fast(rejected.id.as_ref());
        }
        self.link.fail(rejected.id.as_ref(), &Fault::of(rejected));
        self.bad += 1;
        if self.bad >= self.link.server.limits.violations.max(1) {
            tracing::info!(connection = self.link.id, "too many bad messages");
            self.link
                .close(CloseCondition::Violations, "too many bad messages", false);
            self.close = self.link.outbound.closing();
        }
    }

    fn too_fast(&mut self, id: Option<&Id>) {
        if !std::mem::replace(&mut self.logged.rate, true) {
            tracing::info!(connection = self.link.id, "`limits.rate` is reached");
        }
        let fault = Fault::new("RATE_LIMITED", "too many messages in too short a time").retryable();
        self.link.fail(id, &fault);
        self.fast += 1;
        if self.fast >= self.link.server.limits.violations.max(1) {
            self.link
                .close(CloseCondition::RateLimited, "too many messages", false);
            self.close = self.link.outbound.closing();
        }
    }
}
