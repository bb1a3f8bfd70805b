//! The session's message `error`: it ends a request, or belongs to none.

use super::{Gap, core::Core, log::truncate};
use crate::{
    SessionCode,
    calls::{Entry, Failure},
    system::{Head, RemoteError},
};

impl Core {
    /// Ends the request that the server reports an error of. One that belongs to no request is the application's to read.
    pub(super) fn error(&self, head: &Head<'_>, bytes: usize) {
        // An invalid error reply still ends its request.
        let failure = match RemoteError::read(head) {
            Ok(error) => Failure::Remote(error),
            Err(_) => Failure::UnexpectedReply,
        };
        let mut inner = self.lock();
        // Without a number and an id, it is the answer to the question for what was missed, also if that came too late.
        let is_not_resumed = self.descriptor.session.numbered
            && head.seq.is_none()
            && head.id.is_none()
            && (std::mem::take(&mut inner.resuming) || failure.is_code(SessionCode::NotResumed));
        let id = if is_not_resumed {
            inner.renumber(Gap::UNBOUNDED);
            None
        } else if self.by_order() {
            inner.pop_ordered()
        } else {
            head.id.clone()
        };
        if let Some(id) = &id
            && let Some(pending) = inner.take(id)
        {
            return self.fail(&mut inner, id, pending, failure);
        }
        let Failure::Remote(error) = failure else {
            return;
        };
        if let Some(suppressed) = self.log.allow() {
            let error = truncate(&error);
            tracing::warn!(error, suppressed, "the server reports an error");
        }
        if id.is_none() && !is_not_resumed {
            let error = || Entry::Error(Box::new(error.clone()));
            inner.listeners.notify(error, bytes);
        }
    }
}
