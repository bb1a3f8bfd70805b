//! Dispatch of the server's requests to handlers, for the code that `#[protocol]` expands to.

use super::{StreamResponder, StreamSender, responder::Responder};
use crate::{DeclaredErrors, HandlerError, Message, MessageSet, replies::Replier};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// A handler of the application.
type Handler<A, M, X, T> = for<'a> fn(&'a A, M, &'a X) -> BoxFuture<'a, T>;

/// Runs the handler of a request and replies with its result.
pub fn answer_server<U, A, M, X, R, E>(
    app: Arc<A>,
    responder: Responder,
    client: X,
    message: M,
    handler: Handler<A, M, X, Result<R, HandlerError<E>>>,
) -> BoxFuture<'static, ()>
where
    U: MessageSet,
    A: Send + Sync + 'static,
    M: Send + 'static,
    X: Send + Sync + 'static,
    R: Message<U>,
    E: DeclaredErrors,
{
    Box::pin(async move {
        let result = handler(&app, message, &client).await;
        responder.answer::<U, R, E>(result);
    })
}

/// Returns the responder of a stream with an acknowledgement.
pub fn stream_to_server<U, A, I>(responder: &Responder) -> StreamResponder<A, I>
where
    U: MessageSet,
    A: Message<U>,
    I: Message<U>,
{
    StreamResponder::new(responder.clone(), U::DESCRIPTOR, A::INDEX, I::INDEX)
}

/// Returns the sender of a stream without an acknowledgement.
pub fn stream_items_to_server<U, I>(responder: &Responder) -> StreamSender<I>
where
    U: MessageSet,
    I: Message<U>,
{
    responder.accept();
    StreamSender::new(responder.clone(), U::DESCRIPTOR, I::INDEX)
}
