//! What hears of the handling of a message: its span, the middleware and the metrics.

use super::{
    Context,
    context::{Caller, Request},
    middleware::{Handled, Outcome},
};

use crate::metrics;
use std::{sync::Arc, time::Instant};
use tracing::Span;

/// A message that is being handled. Dropped before [`Handling::end`], it was cancelled.
pub(crate) struct Handling {
    cx: Context,
    message: &'static str,
    began: Instant,
    /// Entered whenever the handler runs.
    pub(crate) span: Span,
    ended: bool,
}

impl Handling {
    /// Whether anything hears of the handling of messages. If not, it costs nothing.
    pub(crate) fn is_observed(cx: &Context) -> bool {
        cfg!(feature = "metrics")
            || cx.caller.server.middleware.is_some()
            || tracing::enabled!(tracing::Level::DEBUG)
    }

    pub(crate) fn begin(caller: Arc<Caller>, request: &Arc<Request>) -> Box<Self> {
        let message = request.message;
        let cx = Context {
            caller,
            request: Some(request.clone()),
        };
        let span = tracing::debug_span!(
            "message",
            message_type = message,
            outcome = tracing::field::Empty
        );
        Box::new(Self {
            cx,
            message,
            began: Instant::now(),
            span,
            ended: false,
        })
    }

    /// The handler has ended without a panic.
    pub(crate) fn finish(&mut self) {
        let error = self.cx.progress().and_then(|of| of.error.get());
        let outcome = error.map_or(Outcome::Ok, |code| Outcome::Error(code.clone()));
        self.end(outcome);
    }

    pub(crate) fn end(&mut self, outcome: Outcome) {
        self.ended = true;
        let elapsed = self.began.elapsed();
        metrics::handled(self.message, &outcome, elapsed);
        self.span
            .record("outcome", tracing::field::display(&outcome));
        if let Some(middleware) = &self.cx.caller.server.middleware {
            let _entered = self.span.enter();
            let id = self.cx.id().cloned();
            let handled = Handled::new(self.message, id, outcome, elapsed);
            middleware.after(&handled, &self.cx);
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Outcome::Cancelled);
        }
    }
}
