//! Messages without a reply.

use super::CallError;
use crate::{NoError, calls::Failure};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// A message without a reply. It is queued when first polled, and the future resolves once it is queued.
#[must_use = "a message is sent when this is awaited"]
pub struct Sent(BoxFuture<'static, Result<(), Failure>>);

impl Sent {
    pub(crate) fn new(queued: impl Future<Output = Result<(), Failure>> + Send + 'static) -> Self {
        Self(Box::pin(queued))
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").finish_non_exhaustive()
    }
}

impl Future for Sent {
    type Output = Result<(), CallError<NoError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let queued = self.0.as_mut().poll(cx);
        queued.map(|queued| queued.map_err(CallError::from_failure))
    }
}
