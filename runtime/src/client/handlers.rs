//! The handlers of the server's requests. They run beside the client's task, a bounded number of them, and end with their session.

use super::{
    Client,
    core::Core,
    handle::CloseOnDrop,
    pending::{PendingState, QueuedMessage},
    responder::{Output, Responder},
};
use crate::{
    DecodeError, DecodeErrorKind, Id, MessageSet, Protocol, SessionCode, Side,
    calls::{Delivery, Permit},
    descriptor::{MessageDescriptor, ReplyKind},
    encoded::EncodedMessage,
    replies::{ErrorPayload, Replier},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    collections::HashMap,
    fmt,
    marker::PhantomData,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
};
use tokio::{sync::mpsc, task::AbortHandle};

/// Calls the handler of a request; `None` if the message is not one.
pub(super) type Run =
    Arc<dyn Fn(Delivery, Responder) -> Option<BoxFuture<'static, ()>> + Send + Sync>;

/// Calls the handler of a message of the server, as expanded code does; `None` if the message is not a request.
pub type Dispatch<M, A> = fn(M, &Arc<A>, Responder) -> Option<BoxFuture<'static, ()>>;

/// What handles the requests of the server of the protocol `P`. `#[protocol]` makes it of an application; pass it to
/// [`ClientBuilder::to_with`](super::ClientBuilder::to_with) or [`ClientBuilder::over_with`](super::ClientBuilder::over_with).
pub struct Handlers<P> {
    pub(super) run: Run,
    protocol: PhantomData<fn() -> P>,
}

impl<P> fmt::Debug for Handlers<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").finish_non_exhaustive()
    }
}

impl<P: Protocol> Handlers<P> {
    /// Creates it of an application, and of the function that calls the handler of a message.
    pub fn new<A: Send + Sync + 'static>(app: A, dispatch: Dispatch<P::Server, A>) -> Self {
        let app = Arc::new(app);
        Self {
            run: Arc::new(move |delivery, responder| {
                let message = delivery.typed::<P::Server>()?.message;
                dispatch(message, &app, responder)
            }),
            protocol: PhantomData,
        }
    }
}

/// The handlers as the untyped client has them.
pub(crate) struct RequestHandlers {
    pub(super) run: Run,
    /// Handlers get a client, and do not keep it.
    pub(super) handle: Weak<CloseOnDrop>,
}

/// The handlers that are running.
#[derive(Default)]
pub(crate) struct Handling {
    /// By the id of their request, each with a number of its own.
    running: HashMap<Id, (u64, AbortHandle)>,
    last: u64,
    /// Counts the sessions: what belongs to an earlier one is not sent.
    session: u64,
}

impl Handling {
    /// Drops every handler: their session has ended.
    pub(super) fn end(&mut self) {
        self.session += 1;
        for (_, (_, handler)) in self.running.drain() {
            handler.abort();
        }
    }
}

/// A request of the server, as its responder knows it.
#[derive(Debug)]
pub(crate) struct Handled {
    pub(crate) message: &'static str,
    pub(crate) id: Id,
    pub(crate) session: u64,
}

impl PendingState {
    /// Drops the handlers of the session that has ended, and what they have answered.
    pub(super) fn end_handling(&mut self) {
        self.handling.end();
        self.held.clear();
    }
}

impl Core {
    /// Handles a message of the server if it is a request or cancels one. Otherwise returns it.
    pub(super) fn handle(
        self: &Arc<Self>,
        inner: &mut PendingState,
        delivery: Delivery,
    ) -> Option<Delivery> {
        let message = self.descriptor.server.messages.get(delivery.index)?;
        let Some(handlers) = self.handlers.get() else {
            return Some(delivery);
        };
        let Some(id) = delivery.envelope.id.clone().filter(|id| !id.is_long()) else {
            if let Some(suppressed) = self.log.allow() {
                tracing::warn!(
                    message_type = message.name,
                    suppressed,
                    "a request of the server has no id of at most 128 characters, and cannot be answered"
                );
            }
            return None;
        };
        if message.reply == ReplyKind::Cancel {
            if let Some((_, handler)) = inner.handling.running.remove(&id) {
                handler.abort();
            }
            return None;
        }
        let refused = if inner.handling.running.contains_key(&id) {
            Some((
                SessionCode::IdReused,
                "a request with this id is being handled",
            ))
        } else if inner.handling.running.len() >= self.limits.streams.max(1) as usize {
            Some((SessionCode::TooMany, "too many requests are being handled"))
        } else {
            None
        };
        if let Some((code, text)) = refused {
            self.refuse(inner, &id, &ErrorPayload::new(code, text));
            return None;
        }
        self.start(inner, handlers, message, id, delivery);
        None
    }

    /// Starts the handler of a request.
    fn start(
        self: &Arc<Self>,
        inner: &mut PendingState,
        handlers: &RequestHandlers,
        message: &'static MessageDescriptor,
        id: Id,
        delivery: Delivery,
    ) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let responder = Responder::new(
            self.clone(),
            handlers.handle.clone(),
            Handled {
                message: message.name,
                id: id.clone(),
                session: inner.handling.session,
            },
            sender,
        );
        let Some(work) = (handlers.run)(delivery, responder.clone()) else {
            return;
        };
        inner.handling.last += 1;
        let (number, core, key) = (inner.handling.last, self.clone(), id.clone());
        let task = tokio::spawn(async move {
            run(&core, message, work, responder, receiver).await;
            let mut inner = core.lock();
            if inner
                .handling
                .running
                .get(&key)
                .is_some_and(|(running, _)| *running == number)
            {
                inner.handling.running.remove(&key);
            }
        });
        inner
            .handling
            .running
            .insert(id, (number, task.abort_handle()));
    }

    /// Whether a message that could not be decoded is a request of the server.
    pub(super) fn is_request(&self, rejected: &DecodeError) -> bool {
        let server = self.descriptor.server;
        let tag = rejected.tag.as_ref();
        let index = tag.and_then(|tag| (server.lookup)(tag.borrow()));
        let message = index.and_then(|index| server.messages.get(index));
        message.is_some_and(|message| message.reply.is_request())
    }

    /// Answers a message that could not be decoded and is no reply, if it is a request of the server. Returns whether it is one. An unknown
    /// message with an id may be one of a newer server.
    pub(super) fn refuse_invalid(&self, inner: &mut PendingState, rejected: &DecodeError) -> bool {
        let id = rejected.id.as_ref().filter(|id| !id.is_long());
        let (Some(_), Some(id)) = (self.handlers.get(), id) else {
            return false;
        };
        let is_request = self.is_request(rejected) || rejected.kind == DecodeErrorKind::UnknownType;
        if is_request {
            self.refuse(inner, id, &ErrorPayload::of(rejected));
        }
        is_request
    }

    /// Answers a request with an error, if there is room: what a server makes a client say uses at most half of `limits.outbound`.
    fn refuse(&self, inner: &mut PendingState, id: &Id, error: &ErrorPayload<'_>) {
        let Some(packet) = self.encode_error(id, error) else {
            return;
        };
        match self.budget.try_take_volatile(packet.len()) {
            Some(permit) => self.queue_answer(inner, packet, permit),
            None => {
                if let Some(suppressed) = self.log.allow() {
                    tracing::warn!(
                        suppressed,
                        "a request of the server is not answered: the queue is full"
                    );
                }
            }
        }
    }

    /// Queues an answer to a request of a session. It waits as long as it is not known whether the session goes on.
    pub(super) fn answer(&self, session: u64, packet: EncodedMessage, permit: Permit) {
        let mut inner = self.lock();
        if inner.handling.session != session || inner.ended {
            return;
        }
        if inner.may_go_on || inner.resuming {
            inner.held.push((packet, permit));
        } else {
            self.queue_answer(&mut inner, packet, permit);
        }
    }

    /// The session goes on: queues what has answered its requests meanwhile.
    pub(super) fn went_on(&self, inner: &mut PendingState) {
        if std::mem::take(&mut inner.resuming) {
            inner.resumed = Some(true);
        }
        for (packet, permit) in std::mem::take(&mut inner.held) {
            self.queue_answer(inner, packet, permit);
        }
    }

    fn queue_answer(&self, inner: &mut PendingState, packet: EncodedMessage, permit: Permit) {
        let queued = QueuedMessage {
            permit: Some(permit),
            volatile: false,
            is_transient: true,
        };
        self.queue(inner, packet, queued);
    }

    /// Withdraws the queued answers and cancels of a session that was lost.
    pub(super) fn withdraw_transient(&self, inner: &mut PendingState) {
        let transient = inner.unsent.iter().filter(|(_, it)| it.is_transient);
        let marks: Vec<u64> = transient.map(|(mark, _)| *mark).collect();
        for mark in marks {
            inner.unsent.remove(&mark);
            self.outbound.withdraw(mark);
        }
    }
}

/// Runs a handler and sends what it answers.
async fn run(
    core: &Core,
    message: &'static MessageDescriptor,
    work: BoxFuture<'static, ()>,
    responder: Responder,
    mut outputs: mpsc::UnboundedReceiver<Output>,
) {
    let session = responder.session();
    let limited = async {
        let work = AssertUnwindSafe(work).catch_unwind();
        let timeout = message.timeout.unwrap_or(core.descriptor.session.timeout);
        let limit = core.limits.handler_timeout.of(timeout);
        match limit.filter(|_| message.reply == ReplyKind::One) {
            Some(limit) => tokio::time::timeout(limit, work).await,
            None => Ok(work.await),
        }
    };
    let mut limited = std::pin::pin!(limited);
    let mut is_done = false;
    loop {
        let output = tokio::select! {
            biased;
            output = outputs.recv() => output,
            result = &mut limited, if !is_done => {
                is_done = true;
                conclude(message, &responder, result);
                // What was sent is still taken.
                outputs.close();
                continue;
            }
        };
        let Some(Output { packet, permit }) = output else {
            return;
        };
        let permit = match permit {
            Some(permit) => Ok(permit),
            None => core.budget.take(packet.len()).await,
        };
        match permit {
            Ok(permit) => core.answer(session, packet, permit),
            // The client is closed.
            Err(_) => return,
        }
    }
}

/// Answers for a handler that panicked or took too long.
fn conclude(
    message: &'static MessageDescriptor,
    responder: &Responder,
    result: Result<std::thread::Result<()>, tokio::time::error::Elapsed>,
) {
    match result {
        Ok(Ok(())) => {}
        Ok(Err(_)) => {
            tracing::error!(message_type = message.name, "a handler panicked");
            responder.send_error(&ErrorPayload::internal(Side::Client));
        }
        Err(_) => {
            tracing::error!(
                message_type = message.name,
                "a handler exceeded `limits.handlerTimeout` and was dropped"
            );
            let error = ErrorPayload::new(SessionCode::Timeout, "the client took too long");
            responder.send_error(&error);
        }
    }
}

impl Responder {
    /// Returns the client, unless the application has dropped it.
    pub fn client<P: Protocol>(&self) -> Option<Client<P>>
    where
        P::Client: MessageSet,
    {
        Some(Client {
            handle: self.handle.upgrade()?,
            protocol: PhantomData,
        })
    }
}
