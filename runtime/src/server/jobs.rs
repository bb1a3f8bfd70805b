//! What a connection has to do: handlers in the order of their messages, and streams beside them.

use super::{Action, Received};
use crate::Id;
use futures_util::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture, CatchUnwind},
    stream::FuturesUnordered,
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

/// How many messages wait to be handled before the connection stops reading. A client that sends more is slowed down by
/// the transport.
const WAITING: usize = 64;

/// How many streams a connection may have open.
const STREAMS: usize = 256;

/// The handlers of one connection. They run in its task and end with it.
#[derive(Default)]
pub(crate) struct Jobs {
    running: Option<Job>,
    waiting: VecDeque<Job>,
    streams: FuturesUnordered<Abortable<Job>>,
    open: HashMap<Id, AbortHandle>,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs")
            .field("waiting", &self.waiting.len())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

/// A handler at work.
struct Job {
    id: Option<Id>,
    work: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, ()>>>,
}

/// A handler that is done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) id: Option<Id>,
    pub(crate) panicked: bool,
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
    fn new(id: Option<Id>, work: BoxFuture<'static, ()>) -> Self {
        Self {
            id,
            work: AssertUnwindSafe(work).catch_unwind(),
        }
    }
}

impl Future for Job {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        self.work.poll_unpin(cx).map(|result| Done {
            id: self.id.take(),
            panicked: result.is_err(),
        })
    }
}

impl Jobs {
    /// Whether no more messages should be read for now.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    /// Whether every handler that has an order is done.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// Takes what a message asks for.
    pub(crate) fn add(
        &mut self,
        Received { id, action }: Received,
    ) -> Result<(), (Option<Id>, Declined)> {
        match action {
            Action::Run(work) => self.waiting.push_back(Job::new(id, work)),
            Action::Stream(work) => {
                if id.as_ref().is_some_and(|id| self.open.contains_key(id)) {
                    return Err((id, Declined::IdInUse));
                }
                if self.streams.len() >= STREAMS {
                    return Err((id, Declined::TooMany));
                }
                let (handle, registration) = AbortHandle::new_pair();
                if let Some(id) = &id {
                    self.open.insert(id.clone(), handle);
                }
                self.streams
                    .push(Abortable::new(Job::new(id, work), registration));
            }
            Action::Cancel => {
                if let Some(handle) = id.and_then(|id| self.open.remove(&id)) {
                    handle.abort();
                }
            }
        }
        Ok(())
    }

    /// Drops every stream.
    pub(crate) fn end_streams(&mut self) {
        self.open.clear();
        self.streams = FuturesUnordered::new();
    }

    /// Goes on with the handlers; begins the next one in order only where it `may`. Ready when one is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, may: bool) -> Poll<Done> {
        while let Poll::Ready(Some(done)) = self.streams.poll_next_unpin(cx) {
            // One that was cancelled says nothing more, and its id is free already.
            if let Ok(done) = done {
                if let Some(id) = &done.id {
                    self.open.remove(id);
                }
                return Poll::Ready(done);
            }
        }
        if self.running.is_none() && may {
            self.running = self.waiting.pop_front();
        }
        let Some(job) = &mut self.running else {
            return Poll::Pending;
        };
        let done = std::task::ready!(job.poll_unpin(cx));
        self.running = None;
        Poll::Ready(done)
    }
}
