//! The handlers of a connection: one at a time, in the order of the messages, and streams concurrently.

use super::{Action, Received, connection_handle::ConnectionHandle};
use crate::Id;
use futures_util::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture, CatchUnwind},
    stream::FuturesUnordered,
};
use std::{
    collections::HashMap,
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Sleep;

/// The handlers of one connection. They run in its task and are dropped with it.
pub(crate) struct HandlerQueue {
    running: Option<Running>,
    streams: FuturesUnordered<Abortable<Stream>>,
    connection: Arc<ConnectionHandle>,
    open: HashMap<Id, AbortHandle>,
    /// The maximum number of open streams.
    limit: usize,
}

impl fmt::Debug for HandlerQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerQueue")
            .field("running", &self.running.is_some())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

/// A running handler.
struct HandlerTask {
    id: Option<Id>,
    expects_reply: bool,
    message: &'static str,
    work: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, ()>>>,
}

/// The handler of the message that is being handled.
struct Running {
    task: HandlerTask,
    timeout: Option<Duration>,
    /// Created only if the handler is still pending after its first poll; most are not.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// The result of a handler.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) id: Option<Id>,
    /// Whether the message expects a reply.
    pub(crate) expects_reply: bool,
    /// The name of the message.
    pub(crate) message: &'static str,
    pub(crate) outcome: Outcome,
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Finished,
    Panicked,
    TimedOut,
}

/// Why a stream is not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declined {
    /// Another stream has the same id.
    IdInUse,
    /// Too many are open.
    TooMany,
}

impl HandlerTask {
    fn new(
        id: Option<Id>,
        expects_reply: bool,
        message: &'static str,
        work: BoxFuture<'static, ()>,
    ) -> Self {
        Self {
            id,
            expects_reply,
            message,
            work: AssertUnwindSafe(work).catch_unwind(),
        }
    }

    fn done(&mut self, outcome: Outcome) -> Done {
        Done {
            id: self.id.take(),
            expects_reply: self.expects_reply,
            message: self.message,
            outcome,
        }
    }
}

impl Future for HandlerTask {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        self.work.poll_unpin(cx).map(|result| {
            self.done(match result {
                Ok(()) => Outcome::Finished,
                Err(_) => Outcome::Panicked,
            })
        })
    }
}

/// A stream's handler. It is polled only if the outbound queue has room: many may be woken at once.
struct Stream {
    task: HandlerTask,
    connection: Arc<ConnectionHandle>,
}

impl Future for Stream {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        // If the connection has ended, this future is dropped soon.
        let _ = ready!(self.connection.outbound.poll_room(0, cx));
        self.task.poll_unpin(cx)
    }
}

impl Running {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        if let Poll::Ready(done) = self.task.poll_unpin(cx) {
            return Poll::Ready(done);
        }
        let Some(timeout) = self.timeout else {
            return Poll::Pending;
        };
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(self.task.done(Outcome::TimedOut))
    }
}

impl HandlerQueue {
    pub(crate) fn new(connection: Arc<ConnectionHandle>, streams: usize) -> Self {
        Self {
            running: None,
            connection,
            streams: FuturesUnordered::new(),
            open: HashMap::new(),
            limit: streams,
        }
    }

    /// Whether no handler is running that the next message must wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// Starts the handler of a message. If it is not a stream or a cancel, the queue must be idle.
    pub(crate) fn begin(&mut self, received: Received) -> Result<(), (Option<Id>, Declined)> {
        let Received {
            id,
            action,
            expects_reply,
            message,
            timeout,
        } = received;
        match action {
            Action::Run(work) => {
                debug_assert!(self.is_idle(), "messages are handled one by one");
                self.running = Some(Running {
                    task: HandlerTask::new(id, expects_reply, message, work),
                    timeout,
                    deadline: None,
                });
            }
            Action::Stream(work) => {
                if id.as_ref().is_some_and(|id| self.open.contains_key(id)) {
                    return Err((id, Declined::IdInUse));
                }
                if self.streams.len() >= self.limit {
                    return Err((id, Declined::TooMany));
                }
                let (handle, registration) = AbortHandle::new_pair();
                if let Some(id) = &id {
                    self.open.insert(id.clone(), handle);
                }
                let task = HandlerTask::new(id, expects_reply, message, work);
                let connection = self.connection.clone();
                self.streams
                    .push(Abortable::new(Stream { task, connection }, registration));
            }
            Action::Cancel => {
                if let Some(id) = id {
                    self.cancel(&id);
                }
            }
            // The connection handles it before it comes here.
            Action::Answer(_) => {}
        }
        Ok(())
    }

    /// Whether a stream with an id is open.
    pub(crate) fn has_stream(&self, id: &Id) -> bool {
        self.open.contains_key(id)
    }

    /// Drops the stream with an id.
    pub(crate) fn cancel(&mut self, id: &Id) {
        if let Some(handle) = self.open.remove(id) {
            handle.abort();
        }
    }

    /// Drops every stream.
    pub(crate) fn end_streams(&mut self) {
        self.open.clear();
        self.streams = FuturesUnordered::new();
    }

    /// Drops every handler.
    pub(crate) fn end(&mut self) {
        self.running = None;
        self.end_streams();
    }

    /// Polls all handlers. Ready when one is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        while let Poll::Ready(Some(done)) = self.streams.poll_next_unpin(cx) {
            // A cancelled stream has no result, and its id is free already.
            if let Ok(done) = done {
                if let Some(id) = &done.id {
                    self.open.remove(id);
                }
                return Poll::Ready(done);
            }
        }
        let Some(running) = &mut self.running else {
            return Poll::Pending;
        };
        let done = ready!(running.poll(cx));
        self.running = None;
        Poll::Ready(done)
    }
}
