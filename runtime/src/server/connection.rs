//! One connection after its hello: reads, hands messages to handlers, writes what they and others queue.
//!
//! All of it is one task, woken by the transport, by its handlers, by whoever queues something and by its timer. Whatever ends
//! it, its handlers are dropped with it and it leaves every channel.

use super::{
    Action, Context, Received,
    fault::Fault,
    jobs::{Declined, Done, Jobs},
    link::Link,
    rate::Bucket,
};
use crate::{
    Id, Reason, Rejected,
    codec::Outgoing,
    heart::{Beat, Heart},
    outbound::{Close, Item},
    system::{ChannelOnly, Head, Role},
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
const ROUNDS: usize = 64;

/// A connection after its hello.
pub(crate) struct Connection {
    transport: Box<dyn Transport>,
    link: Arc<Link>,
    jobs: Jobs,
    bucket: Option<Bucket>,
    heart: Option<Heart>,
    /// Bad messages in a row.
    bad: u32,
    /// Messages in a row that came too fast.
    fast: u32,
    batch: Vec<Item>,
    flushing: bool,
    close: Option<Close>,
    /// When a graceful end has taken long enough.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// How a connection ends.
enum End {
    /// The other end closed, or the transport broke.
    Lost,
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
    pub(crate) fn new(transport: Box<dyn Transport>, link: Arc<Link>) -> Self {
        let session = &link.server.table.session;
        Self {
            transport,
            jobs: Jobs::default(),
            bucket: link
                .server
                .limits
                .rate
                .map(|rate| Bucket::new(rate, Instant::now())),
            heart: session
                .heartbeat
                .filter(|_| session.roles.ping.is_some())
                .map(|interval| Heart::new(interval, session.timeout)),
            bad: 0,
            fast: 0,
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
        self.jobs = Jobs::default();
        match end {
            End::Lost => {
                drop(leave);
                self.transport
                    .close(&Closing::new(1000, ""), PATIENCE)
                    .await;
            }
            End::Close(closing) => {
                tracing::debug!(connection = self.link.id, %closing, "a connection is closed");
                let slow = closing.code == self.link.server.table.close_code(CloseCondition::Slow);
                if !slow {
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
            let worked = self.poll_jobs(cx);
            let read = match self.poll_read(cx) {
                Ok(read) => read,
                Err(end) => return Poll::Ready(end),
            };
            let Ok(wrote) = self.poll_write(cx) else {
                return Poll::Ready(End::Lost);
            };
            if let Some(end) = self.poll_heart(cx) {
                return Poll::Ready(end);
            }
            let rest = || self.link.outbound.rest(cx.waker(), self.close.as_ref());
            if !(worked || read || wrote || rest()) {
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
            if !self.jobs.is_idle() && !late {
                return None;
            }
        }
        Some(End::Close(close.closing.clone()))
    }

    fn poll_jobs(&mut self, cx: &mut task::Context<'_>) -> bool {
        let mut worked = false;
        while let Poll::Ready(Done { id, panicked }) =
            self.jobs.poll(cx, !self.link.outbound.is_busy())
        {
            worked = true;
            if panicked {
                tracing::error!(connection = self.link.id, "a handler panicked");
                self.link
                    .fail(id.as_ref(), &Fault::new("INTERNAL", "the server failed"));
            }
        }
        worked
    }

    /// Reads one message. Nothing is read while too many wait, or once the connection is about to end.
    fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, End> {
        if self.close.is_some() {
            return Ok(false);
        }
        if self.jobs.is_full() {
            if let Some(heart) = &mut self.heart {
                heart.hear(Instant::now());
            }
            return Ok(false);
        }
        let Poll::Ready(arrival) = self.transport.poll_receive(cx) else {
            return Ok(false);
        };
        let now = Instant::now();
        if let Some(heart) = &mut self.heart {
            heart.hear(now);
        }
        match arrival {
            Ok(Arrival::Alive) => {}
            Ok(Arrival::Packet(packet)) if packet.len() > self.link.server.limits.message => {
                return Err(self.too_large());
            }
            Ok(Arrival::Packet(packet)) => self.receive(&packet, now),
            Ok(Arrival::Closed(closing)) => {
                tracing::debug!(connection = self.link.id, ?closing, "the client closed");
                return Err(End::Lost);
            }
            Err(TransportError::TooLarge { .. }) => return Err(self.too_large()),
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

    fn poll_heart(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        match self.heart.as_mut()?.poll(cx) {
            Poll::Pending => None,
            Poll::Ready(Beat::Ask) => {
                self.say(self.link.server.table.session.roles.ping);
                None
            }
            Poll::Ready(Beat::Silent) => {
                let code = self.link.server.table.close_code(CloseCondition::Silent);
                // Nobody reads what is queued.
                self.link.outbound.end();
                Some(End::Close(Closing::new(
                    code,
                    "nothing was heard for too long",
                )))
            }
        }
    }

    /// Queues one of the session's own messages that carries nothing.
    fn say(&self, tag: Option<Tag>) {
        if tag.is_some() {
            self.link.answer(&self.link.server.outgoing(tag));
        }
    }

    /// A message came.
    fn receive(&mut self, packet: &Packet, now: Instant) {
        let fits = self.bucket.as_mut().is_none_or(|bucket| bucket.take(now));
        let server = self.link.server.clone();
        let codec = server.codec(self.link.encoding);
        let read = |frame| {
            codec.source(frame).map_err(|message| {
                Box::new(Rejected {
                    reason: Reason::Syntax { offset: 0, message },
                    tag: None,
                    id: None,
                    channel: None,
                    payload: None,
                })
            })
        };
        let received = read(packet.frame()).and_then(|source| {
            server
                .service
                .receive(source, Context::new(self.link.clone()))
        });
        let received = match received {
            Err(rejected) => match self.system(packet, &rejected) {
                Some(received) => received,
                None => return self.bad(&rejected),
            },
            Ok(received) => received,
        };
        self.bad = 0;
        if !fits {
            return self.too_fast(received.id.as_ref());
        }
        self.fast = 0;
        if let Err((id, declined)) = self.jobs.add(received) {
            let fault = match declined {
                Declined::IdInUse => Fault::new("ID_REUSED", "a stream with this id is open"),
                Declined::TooMany => {
                    Fault::new("RATE_LIMITED", "too many streams are open").retryable()
                }
            };
            self.link.fail(id.as_ref(), &fault);
        }
    }

    /// Answers a message that no handler sees. Where replies come in the order of the requests, so does this.
    fn fail(&mut self, id: Option<&Id>, fault: &Fault<'_>) {
        if !self.link.server.table.server.envelope.by_order {
            return self.link.fail(id, fault);
        }
        let packet = super::link::error(&self.link.server, self.link.codec(), id, fault);
        if let Some(packet) = packet {
            let link = self.link.clone();
            let answer = Box::pin(async move { link.outbound.answer(packet) });
            let action = Action::Run(answer);
            // Only streams are declined.
            let _ = self.jobs.add(Received { id: None, action });
        }
    }

    fn bad(&mut self, rejected: &Rejected) {
        self.fail(rejected.id.as_ref(), &Fault::of(rejected));
        self.bad += 1;
        if self.bad >= self.link.server.limits.violations.max(1) {
            self.link
                .close(CloseCondition::Violations, "too many bad messages", false);
        }
    }

    fn too_fast(&mut self, id: Option<&Id>) {
        let fault = Fault::new("RATE_LIMITED", "too many messages in too short a time").retryable();
        self.fail(id, &fault);
        self.fast += 1;
        if self.fast >= self.link.server.limits.violations.max(1) {
            self.link
                .close(CloseCondition::RateLimited, "too many messages", false);
        }
    }

    /// What one of the session's own messages asks for. None where it is none of those a client sends.
    fn system(&self, packet: &Packet, rejected: &Rejected) -> Option<Received> {
        let server = &self.link.server;
        let roles = &server.table.session.roles;
        if rejected.reason != Reason::UnknownType {
            return None;
        }
        let role = Role::of(rejected.tag.as_ref()?.borrow(), roles)?;
        let source = self.link.codec().source(packet.frame()).ok()?;
        let head = Head::read(&source, &server.table.client.envelope).ok()?;
        let cx = Context::new(self.link.clone()).request(head.id.clone(), head.channel.clone());
        let channel = || {
            ChannelOnly::read(&head)
                .ok()
                .map(|ChannelOnly(key)| key.into_owned())
        };
        let action = match role {
            Role::Ping => {
                self.say(roles.pong);
                Action::Cancel
            }
            Role::Pong => Action::Cancel,
            Role::Join => {
                let key = channel()?;
                let tag = roles.join;
                Action::Run(Box::pin(async move { join(cx, key, tag).await }))
            }
            Role::Leave => {
                let key = channel()?;
                let tag = roles.leave;
                Action::Run(Box::pin(async move {
                    cx.exit(&key, tag, &ChannelOnly((&*key).into()))
                }))
            }
            Role::Hello | Role::Ready | Role::Refuse | Role::Gap | Role::Error => return None,
        };
        let id = head.id.filter(|_| matches!(action, Action::Run(_)));
        Some(Received { id, action })
    }
}

/// Lets somebody into a channel that has no message for it.
async fn join(cx: Context, key: String, tag: Option<Tag>) {
    let server = cx.link.server.clone();
    let Some(channel) = server.channel_of(&key).filter(|channel| !channel.has_join) else {
        return cx.refuse(&super::Refusal::not_joinable());
    };
    if let Err(refusal) = server.service.admit(&key, cx.clone()).await {
        return cx.refuse(&refusal);
    }
    let payload = serde_json::value::to_raw_value(&ChannelOnly((&*key).into()));
    cx.enter(
        key.into(),
        server.keep(Some(channel)),
        tag,
        payload.map(Some),
        None,
    )
    .await;
}

/// Writes a message that is sent before there is a connection.
pub(crate) fn write(
    server: &super::shared::Shared,
    encoding: usize,
    tag: Option<Tag>,
    payload: &dyn erased_serde::Serialize,
) -> Option<Packet> {
    super::link::encode(
        server.codec(encoding),
        &Outgoing {
            payload: Some(payload),
            ..server.outgoing(tag)
        },
    )
}
