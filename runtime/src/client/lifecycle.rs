//! What becomes of all that a client waits for, as sessions begin and end.

use super::{
    State, VersionSkew,
    core::{Core, PONG},
    error::Failure,
    pending::{PendingRequest, ReplyTo},
};
use crate::{descriptor::CloseReason, transport::CloseFrame};
use std::sync::Weak;
use tokio::time::Instant;

impl Core {
    /// A session began. The channels are joined again before anything that waits.
    pub(crate) fn begin(&self, skew: Option<VersionSkew>) {
        let mut inner = self.lock();
        inner.skew = skew;
        inner.online = true;
        // A question about the connection before is answered.
        let _ = self.is_checked();
        let first = self.begin_rejoins(&mut inner, Instant::now());
        self.outbound.enqueue_first(first);
        self.rejoin_changed();
        drop(inner);
        self.status.send_replace(State::Connected);
    }

    /// The connection was lost. What was sent and may not be sent twice fails; what may is queued again, before what was not
    /// sent yet. Where the server or this client closed because of a message that is too large, nothing is sent twice.
    pub(crate) fn lost(&self, closing: Option<&CloseFrame>) {
        let is = |condition| {
            let code = self.table.close_code(condition);
            closing.is_some_and(|closing| closing.code == code)
        };
        let too_large = is(CloseReason::TooLarge);
        self.status.send_replace(State::Reconnecting);
        self.outbound.detach();
        let mut inner = self.lock();
        inner.online = false;
        inner.busy = is(CloseReason::RateLimited);
        inner.line.clear();
        inner.flushing.clear();
        inner.unsent.retain(|_, unsent| !unsent.volatile);
        inner.pong = false;
        self.outbound.withdraw(PONG);
        // A new session is in no channel: there is nothing to leave, and the channels are joined again as it begins.
        for mark in std::mem::take(&mut inner.leaving) {
            inner.unwritten.remove(&mark);
            self.outbound.withdraw(mark);
        }
        for (_, room) in inner.rooms.iter_mut() {
            room.disconnected();
        }
        let mut again = Vec::new();
        let mut over = Vec::new();
        for (id, waiting) in &mut inner.waiting {
            match &waiting.wants {
                ReplyTo::Leave(_) => over.push(id.clone()),
                ReplyTo::Rejoin(..) => {
                    if !waiting.written {
                        self.outbound.withdraw(waiting.mark);
                    }
                    over.push(id.clone());
                }
                _ if !waiting.written => {}
                _ if waiting.again && !too_large => {
                    waiting.written = false;
                    waiting.lost = true;
                    let answers = (waiting.answers, waiting.permit.clone());
                    again.push((waiting.mark, waiting.packet.clone(), answers));
                }
                _ => over.push(id.clone()),
            }
        }
        let over: Vec<PendingRequest> = over
            .iter()
            .filter_map(|id| inner.waiting.remove(id))
            .collect();
        again.sort_unstable_by_key(|(mark, ..)| *mark);
        let mut packets = Vec::with_capacity(again.len());
        for (mark, packet, answers) in again {
            if self.by_order() {
                inner.unwritten.insert(mark, answers);
            }
            packets.push((packet, mark));
        }
        self.outbound.enqueue_first(packets);
        drop(inner);
        for waiting in over {
            match waiting.wants {
                ReplyTo::Leave(answer) => {
                    let _ = answer.send(Ok(None));
                }
                wants => wants.fail(Failure::OutcomeUnknown),
            }
        }
    }

    /// The client is closed for good. Only the first time counts.
    pub(crate) fn end(&self, closing: Option<CloseFrame>) {
        self.outbound.end();
        self.budget.close();
        let (waiting, listeners) = {
            let mut inner = self.lock();
            if std::mem::replace(&mut inner.ended, true) {
                return;
            }
            inner.online = false;
            inner.rooms.end();
            inner.unwritten.clear();
            inner.line.clear();
            inner.unsent.clear();
            (
                std::mem::take(&mut inner.waiting),
                std::mem::take(&mut inner.listeners),
            )
        };
        for waiting in waiting.into_values() {
            let failure = if waiting.written || waiting.lost {
                Failure::OutcomeUnknown
            } else {
                Failure::Closed
            };
            waiting.wants.fail(failure);
        }
        for inbox in listeners.iter().filter_map(Weak::upgrade) {
            inbox.end(None);
        }
        self.status.send_replace(State::Closed(closing));
    }
}
