//! What a connection has to do: one handler at a time, in the order of the messages, and streams beside it.

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

/// The handlers of one connection. They run in its task and end with it.
pub(crate) struct HandlerQueue {
    running: Option<Running>,
    streams: FuturesUnordered<Abortable<Stream>>,
    connection: Arc<ConnectionHandle>,
    open: HashMap<Id, AbortHandle>,
    /// How many streams may be open.
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

/// A handler at work.
struct HandlerTask {
    id: Option<Id>,
    asks: bool,
    message: &'static str,
    work: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, ()>>>,
}

/// The handler whose turn it is.
struct Running {
    job: HandlerTask,
    timeout: Option<Duration>,
    /// Set up only where the handler does not end at once: most do.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// A handler that is done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) id: Option<Id>,
    /// Whether its message is answered.
    pub(crate) asks: bool,
    /// The name of its message.
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

/// Why a stream is not begun.
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
        asks: bool,
        message: &'static str,
        work: BoxFuture<'static, ()>,
    ) -> Self {
        Self {
            id,
            asks,
            message,
            work: AssertUnwindSafe(work).catch_unwind(),
        }
    }

    fn done(&mut self, outcome: Outcome) -> Done {
        Done {
            id: self.id.take(),
            asks: self.asks,
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

/// A stream's handler. It goes on only where there is room for what it may say: many may be woken at once.
struct Stream {
    job: HandlerTask,
    connection: Arc<ConnectionHandle>,
}

impl Future for Stream {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        // Where the connection is over, it is dropped soon.
        let _ = ready!(self.connection.outbound.poll_room(0, cx));
        self.job.poll_unpin(cx)
    }
}

impl Running {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        if let Poll::Ready(done) = self.job.poll_unpin(cx) {
            return Poll::Ready(done);
        }
        let Some(timeout) = self.timeout else {
            return Poll::Pending;
        };
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(self.job.done(Outcome::TimedOut))
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

    /// Whether no handler runs whose end the next message has to wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// Begins what a message asks for. Where that has an order, nothing that has one may run.
    pub(crate) fn begin(&mut self, received: Received) -> Result<(), (Option<Id>, Declined)> {
        let Received {
            id,
            action,
            asks,
            message,
            timeout,
        } = received;
        match action {
            Action::Run(work) => {
                debug_assert!(self.is_idle(), "messages are handled one by one");
                self.running = Some(Running {
                    job: HandlerTask::new(id, asks, message, work),
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
                let job = HandlerTask::new(id, asks, message, work);
                let connection = self.connection.clone();
                self.streams
                    .push(Abortable::new(Stream { job, connection }, registration));
            }
            Action::Cancel => {
                if let Some(id) = id {
                    self.cancel(&id);
                }
            }
        }
        Ok(())
    }

    /// Whether a stream with an id is open.
    pub(crate) fn has_stream(&self, id: &Id) -> bool {
        self.open.contains_key(id)
    }

    /// Ends the stream with an id.
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

    /// Drops everything.
    pub(crate) fn end(&mut self) {
        self.running = None;
        self.end_streams();
    }

    /// Goes on with the handler whose turn it is, and with the streams. Ready when one is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        while let Poll::Ready(Some(done)) = self.streams.poll_next_unpin(cx) {
            // One that was cancelled says nothing more, and its id is free already.
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
