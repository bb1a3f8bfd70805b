//! What a connection has to do: one handler at a time, in the order of the messages, and streams beside it.

use super::{Action, Received};
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
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Sleep;

/// The handlers of one connection. They run in its task and end with it.
pub(crate) struct Jobs {
    running: Option<Running>,
    streams: FuturesUnordered<Abortable<Job>>,
    open: HashMap<Id, AbortHandle>,
    /// How many streams may be open.
    limit: usize,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs")
            .field("running", &self.running.is_some())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

/// A handler at work.
struct Job {
    id: Option<Id>,
    asks: bool,
    message: &'static str,
    work: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, ()>>>,
}

/// The handler whose turn it is.
struct Running {
    job: Job,
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

impl Job {
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

impl Future for Job {
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

impl Jobs {
    pub(crate) fn new(streams: usize) -> Self {
        Self {
            running: None,
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
                    job: Job::new(id, asks, message, work),
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
                let job = Job::new(id, asks, message, work);
                self.streams.push(Abortable::new(job, registration));
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

    /// Goes on with the handler whose turn it is, and with the streams where they `may` say something. Ready when one is
    /// done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, may: bool) -> Poll<Done> {
        if may {
            while let Poll::Ready(Some(done)) = self.streams.poll_next_unpin(cx) {
                // One that was cancelled says nothing more, and its id is free already.
                if let Ok(done) = done {
                    if let Some(id) = &done.id {
                        self.open.remove(id);
                    }
                    return Poll::Ready(done);
                }
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
