//! The requests of the server to one client that wait for their replies.

use crate::{
    ExpectedReply, Id,
    calls::{Budget, CallReply, Delivered, Delivery, Failure, Permit, ReplyIndices, StreamShape},
    descriptor::FieldKind,
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The requests of the server to one client that wait for their replies. Their bytes are bounded, because a client may never answer.
#[derive(Debug)]
pub(crate) struct PendingCalls {
    pub(crate) budget: Budget,
    /// Whether ids are integers.
    integers: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the last request.
    last: u64,
    pending: HashMap<u64, PendingCall>,
    ended: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

struct PendingCall {
    /// It was handed to a transport.
    written: bool,
    replies: ReplyIndices,
    reply_to: CallReply,
    /// Its part of the budget; a stream that has begun has none.
    permit: Option<Permit>,
}

/// What an answer is to the requests of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It answers a request, or one that was abandoned.
    Expected,
    /// It answers a request that was never sent.
    NeverSent,
    /// It is not what the request asks for.
    Unexpected,
}

impl PendingCalls {
    /// Creates a table for requests of `limit` bytes in all, whose ids are of a kind.
    pub(crate) fn new(limit: usize, kind: Option<FieldKind>) -> Self {
        Self {
            budget: Budget::new(limit),
            integers: kind == Some(FieldKind::Integer),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, number: u64) -> Id {
        if self.integers {
            Id::Integer(i64::try_from(number).unwrap_or(i64::MAX))
        } else {
            Id::Text(number.to_string())
        }
    }

    /// The number of a request; `None` if no request has such an id.
    fn number(&self, id: &Id) -> Option<u64> {
        let number = match id {
            Id::Text(text) => text.parse().ok()?,
            Id::Integer(number) => u64::try_from(*number).ok()?,
        };
        (self.id(number) == *id).then_some(number)
    }

    /// Adds a request. `queue` queues it, given its id and its number, which is also its mark in the outbound queue.
    ///
    /// # Errors
    /// Those of `queue`, or if the session has ended.
    pub(crate) fn add(
        &self,
        replies: ReplyIndices,
        reply_to: CallReply,
        permit: Permit,
        queue: impl FnOnce(&Id, u64) -> Result<(), Failure>,
    ) -> Result<Id, Failure> {
        let mut state = self.lock();
        if state.ended {
            return Err(Failure::Closed);
        }
        let number = state.last + 1;
        let id = self.id(number);
        queue(&id, number)?;
        state.last = number;
        state.pending.insert(
            number,
            PendingCall {
                written: false,
                replies,
                reply_to,
                permit: Some(permit),
            },
        );
        Ok(id)
    }

    /// Records that requests were handed to the transport.
    pub(crate) fn written(&self, numbers: impl Iterator<Item = u64>) {
        let mut state = self.lock();
        for number in numbers {
            if let Some(pending) = state.pending.get_mut(&number) {
                pending.written = true;
            }
        }
    }

    /// Abandons a request. Returns its number, and whether it was written, if it is pending.
    pub(crate) fn abandon(&self, id: &Id) -> Option<(u64, bool)> {
        let number = self.number(id)?;
        let pending = self.lock().pending.remove(&number)?;
        Some((number, pending.written))
    }

    /// Which reply is expected for an id.
    pub(crate) fn expected(&self, id: &Id) -> Option<ExpectedReply> {
        let number = self.number(id)?;
        let replies = self.lock().pending.get(&number)?.replies;
        Some(replies.expected())
    }

    /// Whether a request with this id is pending and was written.
    pub(crate) fn is_pending(&self, id: &Id) -> bool {
        let Some(number) = self.number(id) else {
            return false;
        };
        let state = self.lock();
        state
            .pending
            .get(&number)
            .is_some_and(|pending| pending.written)
    }

    /// Whether any request waits for its reply.
    pub(crate) fn awaits(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Delivers a reply of so many bytes. If the stream that it belongs to overflowed, returns the stream, to cancel it.
    pub(crate) fn deliver(
        &self,
        id: &Id,
        delivery: Delivery,
        bytes: usize,
    ) -> (Answered, Option<StreamShape>) {
        let mut state = self.lock();
        let number = match self.check(&state, id) {
            Ok(number) => number,
            Err(answered) => return (answered, None),
        };
        let Some(mut pending) = state.pending.remove(&number) else {
            return (Answered::Expected, None);
        };
        if !pending.replies.has(delivery.index, false) {
            drop(state);
            let shape = shape_of(&pending.reply_to);
            pending.reply_to.fail(Failure::UnexpectedReply);
            return (Answered::Unexpected, shape);
        }
        match pending.reply_to {
            CallReply::One(reply) => {
                // The receiver may have been dropped.
                let _ = reply.send(Ok(Some(delivery)));
                (Answered::Expected, None)
            }
            CallReply::Stream(ref mut stream) => {
                pending.permit = None;
                let shape = stream.shape;
                match stream.deliver(delivery, bytes) {
                    Delivered::Open => {
                        state.pending.insert(number, pending);
                        (Answered::Expected, None)
                    }
                    Delivered::Ended => (Answered::Expected, None),
                    Delivered::Slow => (Answered::Expected, Some(shape)),
                }
            }
        }
    }

    /// Fails a request. Returns the stream that it is, to cancel it.
    pub(crate) fn fail(&self, id: &Id, failure: Failure) -> (Answered, Option<StreamShape>) {
        let mut state = self.lock();
        let number = match self.check(&state, id) {
            Ok(number) => number,
            Err(answered) => return (answered, None),
        };
        let pending = state.pending.remove(&number);
        drop(state);
        let shape = pending.as_ref().and_then(|one| shape_of(&one.reply_to));
        if let Some(pending) = pending {
            pending.reply_to.fail(failure);
        }
        (Answered::Expected, shape)
    }

    /// Returns the number of a request that was sent. An answer to one that is only queued is forged: ids can be guessed.
    fn check(&self, state: &State, id: &Id) -> Result<u64, Answered> {
        let number = self.number(id).ok_or(Answered::NeverSent)?;
        let is_queued = state.pending.get(&number).is_some_and(|one| !one.written);
        if number == 0 || number > state.last || is_queued {
            return Err(Answered::NeverSent);
        }
        Ok(number)
    }

    /// Fails every request: the session has ended.
    pub(crate) fn end(&self) {
        self.budget.close();
        let pending = {
            let mut state = self.lock();
            state.ended = true;
            std::mem::take(&mut state.pending)
        };
        for pending in pending.into_values() {
            pending.reply_to.fail(if pending.written {
                Failure::OutcomeUnknown
            } else {
                Failure::Closed
            });
        }
    }
}

fn shape_of(reply_to: &CallReply) -> Option<StreamShape> {
    match reply_to {
        CallReply::One(_) => None,
        CallReply::Stream(stream) => Some(stream.shape),
    }
}
