//! A request with one reply.

use super::{
    CallError, CallReply, Caller, Permit, RequestMessage, delivery::Delivery, error::Failure,
};
use crate::{DeclaredErrors, Id, Message, MessageSet};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;

/// Marks types that a value produces but does not contain.
pub(super) type Types<T> = PhantomData<fn() -> T>;

/// A pending request. It is sent when first polled. Dropping it discards the reply; the other end may still handle the request.
#[must_use = "a request is sent when it is awaited"]
pub struct Call<U, R, E> {
    reply: BoxFuture<'static, Result<Option<Delivery>, Failure>>,
    types: Types<(U, R, E)>,
}

impl<U, R, E> fmt::Debug for Call<U, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl<U, R, E> Call<U, R, E> {
    pub(crate) fn new(
        caller: Arc<dyn Caller>,
        request: Result<RequestMessage, Failure>,
        timeout: Duration,
    ) -> Self {
        Self {
            reply: Box::pin(call(caller, request, timeout)),
            types: PhantomData,
        }
    }
}

impl<U: MessageSet, R: Message<U>, E: DeclaredErrors> Future for Call<U, R, E> {
    type Output = Result<R, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.reply.as_mut().poll(cx).map(|reply| {
            reply
                .and_then(|delivery| take(delivery))
                .map_err(CallError::from_failure)
        })
    }
}

/// Extracts a message of type `R` from a delivery.
pub(crate) fn take<U: MessageSet, R: Message<U>>(delivery: Option<Delivery>) -> Result<R, Failure> {
    let message = delivery
        .and_then(Delivery::typed::<U>)
        .ok_or(Failure::UnexpectedReply)?
        .message;
    R::from_union(message).ok_or(Failure::UnexpectedReply)
}

/// Abandons a request on drop.
pub(crate) struct AbandonOnDrop<'a> {
    pub(crate) caller: &'a dyn Caller,
    pub(crate) id: Id,
}

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.caller.abandon(&self.id);
    }
}

async fn call(
    caller: Arc<dyn Caller>,
    request: Result<RequestMessage, Failure>,
    timeout: Duration,
) -> Result<Option<Delivery>, Failure> {
    let request = request?;
    let send = |reply, permit| caller.request(&request, CallReply::One(reply), permit);
    within(&*caller, request.len(), timeout, send).await
}

/// Waits for room, sends a request and waits for the reply, all of it within the timeout.
pub(crate) async fn within(
    caller: &dyn Caller,
    bytes: usize,
    timeout: Duration,
    send: impl FnOnce(oneshot::Sender<super::ReplyResult>, Permit) -> Result<Id, Failure>,
) -> Result<Option<Delivery>, Failure> {
    let exchange = async {
        let permit = caller.room(bytes).await?;
        let (sender, receiver) = oneshot::channel();
        let id = send(sender, permit)?;
        let _guard = AbandonOnDrop { caller, id };
        receiver.await.unwrap_or(Err(Failure::Closed))
    };
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err(Failure::Timeout))
}
