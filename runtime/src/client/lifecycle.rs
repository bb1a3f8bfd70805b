//! What happens to pending requests and channels when sessions begin and end.

use super::{
    State, VersionSkew,
    core::Core,
    pending::{PendingRequest, ReplyTo},
};
use crate::{
    calls::Failure, descriptor::CloseReason, session::counting::NeverSent, transport::CloseFrame,
};
use tokio::time::Instant;

impl Core {
    /// Begins a session; `counting` if both ends count messages. Rejoins are queued before everything that is already queued.
    pub(crate) fn begin(&self, skew: Option<VersionSkew>, counting: bool) {
        let mut inner = self.lock();
        inner.skew = skew;
        inner.online = true;
        inner.resumed = (!inner.resuming).then_some(false);
        if counting {
            self.outbound.begin_counting();
        }
        // A ping that was requested for the previous connection is no longer needed.
        let _ = self.take_ping_request();
        let first = self.begin_rejoins(&mut inner, Instant::now());
        self.outbound.enqueue_first(first);
        self.schedule_rejoin();
        drop(inner);
        self.status.send_replace(State::Connected);
    }

    /// Handles a lost connection whose session may be resumed: everything stays as it is, but volatile messages are dropped.
    pub(crate) fn detach(&self) {
        self.outbound.detach();
        let mut inner = self.lock();
        (inner.online, inner.detached) = (false, true);
        inner.busy = false;
        inner.flushing.clear();
        inner.unsent.retain(|_, unsent| !unsent.volatile);
        inner.pong = false;
    }

    /// Resumes the session, of which the server has received so many messages.
    ///
    /// # Errors
    /// If the server cannot have received so many.
    pub(crate) fn resumed(
        &self,
        received: u64,
        skew: Option<VersionSkew>,
    ) -> Result<(), NeverSent> {
        let mut inner = self.lock();
        self.outbound.resume(received, None)?;
        inner.skew = skew;
        (inner.online, inner.detached) = (true, false);
        inner.resumed = Some(true);
        let _ = self.take_ping_request();
        self.schedule_rejoin();
        drop(inner);
        self.status.send_replace(State::Connected);
        Ok(())
    }

    /// Whether the session waits to be resumed.
    pub(crate) fn is_detached(&self) -> bool {
        self.lock().detached
    }

    /// Handles the end of a session. Requests that were sent fail, unless they are idempotent: those are queued again, before
    /// requests that were not sent yet. If either end closed because a message was too large, nothing is sent again.
    pub(crate) fn lost(&self, closing: Option<&CloseFrame>) {
        let is = |condition| {
            let code = self.descriptor.close_code(condition);
            closing.is_some_and(|closing| closing.code == code)
        };
        let too_large = is(CloseReason::TooLarge);
        self.outbound.detach();
        self.outbound.end_counting();
        let mut inner = self.lock();
        (inner.online, inner.detached) = (false, false);
        inner.busy = is(CloseReason::RateLimited);
        if !inner.may_go_on {
            inner.end_handling();
        }
        self.withdraw_transient(&mut inner);
        inner.ordered.clear();
        inner.flushing.clear();
        inner.unsent.retain(|_, unsent| !unsent.volatile);
        inner.pong = false;
        // A new session starts in no channel, so there is nothing to leave. Its begin rejoins the channels.
        for mark in std::mem::take(&mut inner.leaving) {
            inner.unwritten.remove(&mark);
            self.outbound.withdraw(mark);
        }
        inner.unanswered.clear();
        inner.channels.disconnected();
        let mut resend = Vec::new();
        let mut failed = Vec::new();
        for (id, pending) in &mut inner.pending {
            match &pending.reply_to {
                ReplyTo::Leave(_) => failed.push(id.clone()),
                // The next hello has newer credentials.
                ReplyTo::Rejoin(..) | ReplyTo::Auth(_) => {
                    if !pending.written {
                        self.outbound.withdraw(pending.mark);
                    }
                    failed.push(id.clone());
                }
                _ if !pending.written => {}
                _ if pending.resendable && !too_large => {
                    pending.written = false;
                    pending.lost = true;
                    let replies = (pending.replies, pending.permit.clone());
                    resend.push((pending.mark, pending.packet.clone(), replies));
                }
                _ => failed.push(id.clone()),
            }
        }
        let failed: Vec<PendingRequest> = failed
            .iter()
            .filter_map(|id| inner.pending.remove(id))
            .collect();
        for pending in &failed {
            inner.unwritten.remove(&pending.mark);
        }
        resend.sort_unstable_by_key(|(mark, ..)| *mark);
        let mut packets = Vec::with_capacity(resend.len());
        for (mark, packet, replies) in resend {
            if self.by_order() {
                inner.unwritten.insert(mark, replies);
            }
            packets.push((packet, mark));
        }
        self.outbound.enqueue_first(packets);
        drop(inner);
        for pending in failed {
            match pending.reply_to {
                ReplyTo::Leave(reply) => {
                    let _ = reply.send(Ok(None));
                }
                reply_to => reply_to.fail(Failure::OutcomeUnknown),
            }
        }
    }

    /// Closes the client for good. Further calls have no effect.
    pub(crate) fn end(&self, closing: Option<CloseFrame>) {
        self.outbound.end();
        self.budget.close();
        let (pending, listeners) = {
            let mut inner = self.lock();
            if std::mem::replace(&mut inner.ended, true) {
                return;
            }
            (inner.online, inner.detached) = (false, false);
            inner.channels.end();
            inner.end_handling();
            inner.unwritten.clear();
            inner.ordered.clear();
            inner.unsent.clear();
            (
                std::mem::take(&mut inner.pending),
                inner.listeners.inboxes().collect::<Vec<_>>(),
            )
        };
        for pending in pending.into_values() {
            let failure = if pending.written || pending.lost {
                Failure::OutcomeUnknown
            } else {
                Failure::Closed
            };
            pending.reply_to.fail(failure);
        }
        for inbox in listeners {
            inbox.end(None);
        }
        self.status.send_replace(State::Closed(closing));
    }
}
