//! Dispatch of decoded messages to handlers, for the code that `#[protocol]` expands to.

use super::{
    Action, Answer, Context, Received, StreamResponder, StreamSender,
    context::{Request, position},
    handling::Handling,
    middleware::{Progress, around},
    responder::Responder,
};
use crate::{
    DeclaredErrors, DecodeError, Envelope, HandlerError, Message, MessageSet, Side,
    calls::Delivery, codec::Source, decode, descriptor::ReplyKind, replies::Replier,
};
use std::sync::Arc;

/// A handler of the application, and the future that it returns for borrows of one lifetime.
pub trait Handler<'a, A: 'a, M, X: 'a, T>: FnOnce(&'a A, M, &'a X) -> Self::Work {
    /// What it does.
    type Work: Future<Output = T> + Send + 'a;
}

impl<'a, A: 'a, M, X: 'a, T, F, W> Handler<'a, A, M, X, T> for F
where
    F: FnOnce(&'a A, M, &'a X) -> W,
    W: Future<Output = T> + Send + 'a,
{
    type Work = W;
}

/// Decodes a client's message. `dispatch` maps the message and its responder to an action.
///
/// # Errors
/// If the message cannot be decoded.
pub fn receive<U: MessageSet>(
    source: Source<'_>,
    cx: Context,
    dispatch: impl FnOnce(U, Responder) -> Action + Send + 'static,
) -> Result<Received, Box<DecodeError>> {
    let depth = cx.caller.server.limits.depth;
    let envelope = decode::<U>(source, Side::Server, depth, &*cx.caller.connection)?;
    let message = &U::DESCRIPTOR.messages[envelope.message.index()];
    if message.reply == ReplyKind::Answer {
        return Ok(answered(message.name, envelope));
    }
    let expects_reply = message.reply.is_request();
    let request = Request {
        message: message.name,
        id: envelope.id,
        channel: envelope.channel,
        progress: Progress::default(),
        position: position(envelope.seq, envelope.epoch),
        expects_reply,
        timeout: match message.reply {
            ReplyKind::Stream => None,
            _ => cx.caller.server.handler_timeout(message.timeout),
        },
    }
    .share();
    let cx = Context {
        request: Some(request.clone()),
        caller: cx.caller,
    };
    let is_handled = matches!(
        message.reply,
        ReplyKind::None | ReplyKind::One | ReplyKind::Stream
    );
    let observed = (is_handled && Handling::is_observed(&cx)).then(|| cx.caller.clone());
    let middleware = observed
        .as_ref()
        .and_then(|caller| caller.server.middleware.clone());
    let responder = Responder::new(cx);
    let action = match middleware {
        None => dispatch(envelope.message, responder),
        Some(stack) => {
            let work = around(stack, envelope.message, responder, expects_reply, dispatch);
            match message.reply {
                ReplyKind::Stream => Action::Stream(Box::pin(work)),
                _ => Action::Run(Box::pin(work)),
            }
        }
    };
    let action = match action {
        Action::Run(work) if message.concurrent => Action::Concurrent(work),
        action => action,
    };
    Ok(Received {
        request,
        action,
        observed,
    })
}

/// Returns what completes a request of the server.
#[cold]
fn answered<U: MessageSet>(message: &'static str, envelope: Envelope<U>) -> Received {
    Received {
        request: Arc::new(Request {
            message,
            id: envelope.id.clone(),
            channel: None,
            progress: Progress::default(),
            position: None,
            expects_reply: false,
            timeout: None,
        }),
        action: Action::Answer(Box::new(Answer {
            message,
            delivery: Delivery::new(envelope),
        })),
        observed: None,
    }
}

/// Runs the handler of a request and replies with its result.
pub fn answer<U, A, M, X, R, E>(
    app: Arc<A>,
    cx: X,
    message: M,
    handler: impl for<'a> Handler<'a, A, M, X, Result<R, HandlerError<E>>> + Send + 'static,
) -> Action
where
    U: MessageSet,
    A: Send + Sync + 'static,
    M: Send + 'static,
    X: Into<Context> + Send + Sync + 'static,
    R: Message<U>,
    E: DeclaredErrors,
{
    Action::Run(Box::pin(async move {
        let result = handler(&app, message, &cx).await;
        Responder::new(cx.into()).answer::<U, R, E>(result);
    }))
}

/// Runs the handler of a message without a reply.
pub fn run<A, M, X>(
    app: Arc<A>,
    cx: X,
    message: M,
    handler: impl for<'a> Handler<'a, A, M, X, ()> + Send + 'static,
) -> Action
where
    A: Send + Sync + 'static,
    M: Send + 'static,
    X: Send + Sync + 'static,
{
    Action::Run(Box::pin(async move { handler(&app, message, &cx).await }))
}

/// Returns the responder of a stream with an acknowledgement.
pub fn stream<U, A, I>(responder: &Responder) -> StreamResponder<A, I>
where
    U: MessageSet,
    A: Message<U>,
    I: Message<U>,
{
    StreamResponder::new(responder.clone(), U::DESCRIPTOR, A::INDEX, I::INDEX)
}

/// Returns the sender of a stream without an acknowledgement.
pub fn stream_items<U, I>(responder: &Responder) -> StreamSender<I>
where
    U: MessageSet,
    I: Message<U>,
{
    responder.accept();
    StreamSender::new(responder.clone(), U::DESCRIPTOR, I::INDEX)
}
