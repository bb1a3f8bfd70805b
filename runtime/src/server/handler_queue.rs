//! The handlers of a connection: one at a time, in the order of the messages; streams and concurrent messages beside them.

use super::{
    Action, Outcome, Received,
    connection_handle::ConnectionHandle,
    context::{Caller, Request},
    handling::Handling,
};
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

/// The handlers of one connection. They run in its task and are dropped with it. What is looked at whenever the task is woken comes first.
#[repr(C)]
pub(crate) struct HandlerQueue {
    /// `None` until there is one, as for the next.
    streams: Option<Box<FuturesUnordered<Abortable<Beside>>>>,
    /// The handlers of concurrent messages. `None` until there is one: most protocols have none.
    concurrent: Option<Box<FuturesUnordered<Beside>>>,
    running: Option<Running>,
    connection: Arc<ConnectionHandle>,
    open: HashMap<Id, AbortHandle>,
    /// The maximum number of open streams and concurrent messages together.
    limit: usize,
}

impl fmt::Debug for HandlerQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerQueue")
            .field("running", &self.running.is_some())
            .field("streams", &self.streams.as_ref().map_or(0, |all| all.len()))
            .finish_non_exhaustive()
    }
}

/// A running handler.
struct HandlerTask {
    request: Arc<Request>,
    work: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, ()>>>,
    /// `None` if nothing hears of it. Dropped after the handler, which it then reports as cancelled.
    handling: Option<Box<Handling>>,
}

/// A handler with its time limit.
struct Running {
    task: HandlerTask,
    /// Created only if the handler is still pending after its first poll; most are not.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// The result of a handler.
#[derive(Debug)]
pub(crate) struct Done {
    /// The message.
    pub(crate) request: Arc<Request>,
    pub(crate) end: End,
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finished,
    Panicked,
    TimedOut,
}

impl HandlerTask {
    #[inline]
    fn new(
        request: Arc<Request>,
        work: BoxFuture<'static, ()>,
        observed: Option<Arc<Caller>>,
    ) -> Self {
        Self {
            handling: observed.map(|caller| Handling::begin(caller, &request)),
            request,
            work: AssertUnwindSafe(work).catch_unwind(),
        }
    }

    fn ended(&mut self, end: End) -> End {
        if let Some(mut handling) = self.handling.take() {
            match end {
                End::Finished => handling.finish(),
                End::Panicked => handling.end(Outcome::Panicked),
                End::TimedOut => handling.end(Outcome::TimedOut),
            }
        }
        end
    }
}

impl Future for HandlerTask {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let task = &mut *self;
        let result = {
            let span = task.handling.as_ref().map(|handling| &handling.span);
            let _entered = span.map(tracing::Span::enter);
            ready!(task.work.poll_unpin(cx))
        };
        Poll::Ready(task.ended(match result {
            Ok(()) => End::Finished,
            Err(_) => End::Panicked,
        }))
    }
}

/// A handler that runs beside others. It is polled only if the outbound queue has room: many may be woken at once.
struct Beside {
    running: Running,
    connection: Arc<ConnectionHandle>,
}

impl Future for Beside {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        // If the connection has ended, this future is dropped soon.
        let end = if self.connection.outbound.poll_room(0, cx).is_pending() {
            ready!(self.running.poll_timeout(cx))
        } else {
            ready!(self.running.poll(cx))
        };
        let request = self.running.task.request.clone();
        Poll::Ready(Done { request, end })
    }
}

impl Running {
    #[inline]
    fn new(task: HandlerTask) -> Self {
        Self {
            task,
            deadline: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if let Poll::Ready(end) = self.task.poll_unpin(cx) {
            return Poll::Ready(end);
        }
        self.poll_timeout(cx)
    }

    /// The time limit of the handler. A stream has none.
    fn timeout(&self) -> Option<Duration> {
        self.task.request.timeout
    }

    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let Some(timeout) = self.timeout() else {
            return Poll::Pending;
        };
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(self.task.ended(End::TimedOut))
    }
}

impl HandlerQueue {
    pub(crate) fn new(connection: Arc<ConnectionHandle>, streams: usize) -> Self {
        Self {
            running: None,
            connection,
            streams: None,
            concurrent: None,
            open: HashMap::new(),
            limit: streams,
        }
    }

    /// Whether no handler is running that the next message must wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// Whether the handler of a message is running that others wait for.
    pub(crate) fn runs(&self, message: &str) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| running.task.request.message == message)
    }

    /// Whether no message is being handled that a graceful close waits for.
    pub(crate) fn is_done(&self) -> bool {
        self.is_idle() && self.concurrent.as_ref().is_none_or(|all| all.is_empty())
    }

    /// Whether as many handlers run beside others as may.
    fn is_full(&self) -> bool {
        let concurrent = self.concurrent.as_ref().map_or(0, |all| all.len());
        let streams = self.streams.as_ref().map_or(0, |all| all.len());
        streams + concurrent >= self.limit
    }

    /// Starts the handler of a message. If handlers of its kind run one by one, the queue must be idle. Fails if too many run beside others.
    pub(crate) fn begin(&mut self, received: Received) -> Result<(), Arc<Request>> {
        let Received {
            request,
            action,
            observed,
        } = received;
        match action {
            Action::Run(work) => {
                debug_assert!(self.is_idle(), "messages are handled one by one");
                let task = HandlerTask::new(request, work, observed);
                self.running = Some(Running::new(task));
            }
            Action::Concurrent(work) => {
                if self.is_full() {
                    return Err(request);
                }
                let task = HandlerTask::new(request, work, observed);
                let beside = self.beside(Running::new(task));
                self.concurrent.get_or_insert_default().push(beside);
            }
            Action::Stream(work) => {
                if self.is_full() {
                    return Err(request);
                }
                let (handle, registration) = AbortHandle::new_pair();
                if let Some(id) = &request.id {
                    self.open.insert(id.clone(), handle);
                    self.connection.outbound.begin_stream(id);
                }
                let task = HandlerTask::new(request, work, observed);
                let beside = self.beside(Running::new(task));
                self.streams
                    .get_or_insert_default()
                    .push(Abortable::new(beside, registration));
            }
            Action::Cancel => {
                if let Some(id) = &request.id {
                    self.cancel(id);
                }
            }
            // The connection handles it before it comes here.
            Action::Answer(_) => {}
        }
        Ok(())
    }

    fn beside(&self, running: Running) -> Beside {
        let connection = self.connection.clone();
        Beside {
            running,
            connection,
        }
    }

    /// Whether a stream with an id is open.
    pub(crate) fn has_stream(&self, id: &Id) -> bool {
        self.open.contains_key(id)
    }

    /// Drops the stream with an id.
    pub(crate) fn cancel(&mut self, id: &Id) {
        if let Some(handle) = self.open.remove(id) {
            self.connection.outbound.end_stream(id);
            handle.abort();
        }
    }

    /// Drops every stream.
    pub(crate) fn end_streams(&mut self) {
        self.open.clear();
        self.streams = None;
    }

    /// Drops every handler.
    pub(crate) fn end(&mut self) {
        self.running = None;
        self.concurrent = None;
        self.end_streams();
    }

    /// Polls all handlers. Ready when one is done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        while let Some(streams) = &mut self.streams
            && let Poll::Ready(Some(done)) = streams.poll_next_unpin(cx)
        {
            // A cancelled stream has no result, and its id is free already.
            if let Ok(done) = done {
                if let Some(id) = &done.request.id {
                    self.open.remove(id);
                    self.connection.outbound.end_stream(id);
                }
                return Poll::Ready(done);
            }
        }
        if let Some(concurrent) = &mut self.concurrent
            && let Poll::Ready(Some(done)) = concurrent.poll_next_unpin(cx)
        {
            return Poll::Ready(done);
        }
        let Some(running) = &mut self.running else {
            return Poll::Pending;
        };
        let end = ready!(running.poll(cx));
        let Some(running) = self.running.take() else {
            return Poll::Pending;
        };
        let request = running.task.request;
        Poll::Ready(Done { request, end })
    }
}
