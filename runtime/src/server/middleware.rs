//! Middleware: what runs around the handlers of all messages.

use super::{Context, Rejection, responder::Responder, service::Action};
use crate::{Id, MessageSet, Protocol, TagBuf};
use futures_util::future::BoxFuture;
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// What runs before and after the handler of each message of a client, such as a check of permissions, a quota or an audit log. `U` is the
/// union of the messages that the client sends.
///
/// Several are run in the order in which [`Builder::middleware`](super::Builder::middleware) added them, and after the handler in the
/// reverse order. The session's own messages have none: pings, acknowledgements, cancels, and joins and leaves of channels without messages
/// of their own.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// use handfast::server::{Context, Handled, Middleware, Rejection};
///
/// struct Guard;
///
/// impl Middleware<ClientMessage> for Guard {
///     async fn before(&self, message: &ClientMessage, cx: &Context) -> Result<(), Rejection> {
///         match message {
///             ClientMessage::ChatSend(m) if m.text.contains("http://") => {
///                 Err(Rejection::new("NO_LINKS", "links are not allowed"))
///             }
///             _ => Ok(()),
///         }
///     }
///
///     fn after(&self, handled: &Handled, cx: &Context) {
///         println!("{} {}: {} in {:?}", cx.connection_id(), handled.message, handled.outcome, handled.elapsed);
///     }
/// }
///
/// let server = Server::builder(App).middleware(Guard).build();
/// # #[cfg(feature = "client")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn run(server: Server) -> Result<(), Box<dyn std::error::Error>> {
/// # let client = connect(&server).await?;
/// # let message = |text: &str| ChatSend { room: "lobby".into(), text: text.into() };
/// # assert!(client.chat_send(message("hi")).await.is_ok());
/// # assert!(client.chat_send(message("http://a.example")).await.is_err());
/// # Ok(())
/// # }
/// # #[cfg(feature = "client")]
/// # run(server).expect("it works");
/// ```
pub trait Middleware<U: MessageSet>: Send + Sync + 'static {
    /// Called before the handler, where it would run: in the order of the messages, and within the time limit of the handler. Of messages that
    /// join a channel or ask for a stream as well. The session of the connection is [`Context::session`].
    ///
    /// # Errors
    /// The rejection answers the message, and neither further middleware nor the handler is called. If the message has no reply, it is
    /// reported as the error of a handler would be.
    fn before(
        &self,
        message: &U,
        cx: &Context,
    ) -> impl Future<Output = Result<(), Rejection>> + Send {
        let _ = (message, cx);
        std::future::ready(Ok(()))
    }

    /// Called when the handler has ended, however it did, if [`before`](Self::before) was called. Its reply is queued, unless it panicked or
    /// exceeded its time limit: the error follows.
    ///
    /// It must not block, because the connection waits for it.
    fn after(&self, handled: &Handled, cx: &Context) {
        let _ = (handled, cx);
    }
}

/// How a message was handled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Handled {
    /// The name of the message.
    pub message: &'static str,
    /// Its correlation id.
    pub id: Option<Id>,
    /// How it ended.
    pub outcome: Outcome,
    /// The time from when its handling began.
    pub elapsed: Duration,
}

impl Handled {
    pub(crate) fn new(
        message: &'static str,
        id: Option<Id>,
        outcome: Outcome,
        elapsed: Duration,
    ) -> Self {
        Self {
            message,
            id,
            outcome,
            elapsed,
        }
    }
}

/// How the handling of a message ended.
///
/// Its text is what logs and metrics show: `ok`, the code of the error, `panicked`, `timed_out`, `cancelled`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler succeeded. If the message has a reply, it is queued.
    Ok,
    /// It was answered with an error: a declared one, that of a [`Rejection`], or one of the session, such as `INTERNAL`.
    Error(TagBuf),
    /// The handler panicked.
    Panicked,
    /// The handler exceeded `limits.handlerTimeout`.
    TimedOut,
    /// The handler was dropped before its end: the client cancelled the stream, or the session ended.
    Cancelled,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Error(TagBuf::Text(code)) => f.write_str(code),
            Self::Error(TagBuf::Integer(code)) => code.fmt(f),
            Self::Panicked => f.write_str("panicked"),
            Self::TimedOut => f.write_str("timed_out"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// A server whose protocol is known. `#[protocol]` implements it for the generated `Server`.
pub trait TypedServer {
    /// The protocol.
    type Protocol: Protocol;
}

/// What is known of the handling of a message while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The error that the message was answered with.
    pub(crate) error: OnceLock<TagBuf>,
    /// How many middlewares were called.
    begun: AtomicUsize,
    /// Whether the requested stream was acknowledged.
    pub(crate) accepted: AtomicBool,
}

/// A [`Middleware`] whose type is erased.
trait DynMiddleware<U>: Send + Sync {
    fn before<'a>(
        &'a self,
        message: &'a U,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<(), Rejection>>;
    fn after(&self, handled: &Handled, cx: &Context);
}

impl<U: MessageSet, M: Middleware<U>> DynMiddleware<U> for M {
    fn before<'a>(
        &'a self,
        message: &'a U,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<(), Rejection>> {
        Box::pin(Middleware::before(self, message, cx))
    }

    fn after(&self, handled: &Handled, cx: &Context) {
        Middleware::after(self, handled, cx);
    }
}

/// The middleware of a server, in order.
struct Stack<U>(Vec<Box<dyn DynMiddleware<U>>>);

/// A [`Stack`] for the part of the server that does not know the protocol.
pub(crate) trait AnyStack: Any + Send + Sync {
    /// Calls what comes after a handler.
    fn after(&self, handled: &Handled, cx: &Context);
}

impl<U: MessageSet> AnyStack for Stack<U> {
    fn after(&self, handled: &Handled, cx: &Context) {
        let begun = cx
            .progress()
            .map_or(0, |of| of.begun.load(Ordering::Relaxed));
        for middleware in self.0.iter().take(begun).rev() {
            let call = AssertUnwindSafe(|| middleware.after(handled, cx));
            if catch_unwind(call).is_err() {
                tracing::error!(
                    connection = cx.connection_id(),
                    message_type = handled.message,
                    "middleware panicked"
                );
            }
        }
    }
}

/// Adds middleware to those of a server.
pub(crate) fn add<U: MessageSet>(
    stack: &mut Option<Box<dyn AnyStack>>,
    middleware: impl Middleware<U>,
) {
    let stack: &mut dyn Any = &mut **stack.get_or_insert_with(|| Box::new(Stack::<U>(Vec::new())));
    // All middleware of a server is for the same messages.
    if let Some(Stack(all)) = stack.downcast_mut::<Stack<U>>() {
        all.push(Box::new(middleware));
    }
}

/// Handles a message behind middleware. `dispatch` returns its action.
pub(crate) async fn around<U: MessageSet>(
    stack: Arc<dyn AnyStack>,
    message: U,
    responder: Responder,
    expects_reply: bool,
    dispatch: impl FnOnce(U, Responder) -> Action,
) {
    let cx = responder.context();
    let stack: Arc<dyn Any + Send + Sync> = stack;
    if let Ok(stack) = stack.downcast::<Stack<U>>() {
        for middleware in &stack.0 {
            if let Some(progress) = cx.progress() {
                progress.begun.fetch_add(1, Ordering::Relaxed);
            }
            if let Err(rejection) = middleware.before(&message, &cx).await {
                return responder.refuse(&rejection, expects_reply);
            }
        }
    }
    match dispatch(message, responder) {
        Action::Run(work) | Action::Concurrent(work) | Action::Stream(work) => work.await,
        Action::Cancel | Action::Answer(_) => {}
    }
}
