//! The end of a session's authentication. Credentials that arrived in time still count, even if other messages are handled before them.

use super::Connection;
use crate::{descriptor::CloseReason, server::system};
use std::task;

impl Connection {
    /// Closes the session if its authentication has expired, unless the client has sent new credentials.
    pub(super) fn poll_expiry(&mut self, cx: &mut task::Context<'_>) {
        let expiry = self.expiry.as_mut();
        if expiry.is_some_and(|expiry| expiry.poll(cx).is_ready()) {
            self.expiry = None;
            let (service, context) = (&*self.service, self.context.clone());
            let waiting = self.inbound.count_to_last(|packet| {
                let urgent = system::urgent(service, &context, packet);
                matches!(urgent, Some(system::Urgent::Auth))
            });
            self.renewal = Some(waiting);
        }
        self.end_expired();
    }

    /// Without a connection no message of the queue is handled: credentials that wait there come too late.
    pub(super) fn poll_expiry_detached(&mut self, cx: &mut task::Context<'_>) {
        self.poll_expiry(cx);
        self.renewal = self.renewal.map(|_| 0);
        self.end_expired();
    }

    /// A message of the queue is handled next.
    pub(super) fn begins_next(&mut self) {
        self.renewal = self.renewal.map(|waiting| waiting.saturating_sub(1));
    }

    /// Closes the session if its authentication has expired, and no credentials that arrived before are left to be checked.
    pub(super) fn end_expired(&mut self) {
        if self.renewal == Some(0) && !self.handlers.runs(system::AUTH) {
            self.renewal = None;
            tracing::info!(
                connection = self.connection.id,
                "the authentication has expired"
            );
            let reason = "the authentication has expired";
            self.connection
                .close(CloseReason::Unauthorized, reason, true);
        }
    }
}
