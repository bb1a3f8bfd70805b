//! Handing a connection to the task of the session that it resumes.

use super::{
    allowances::Allowance, connection_handle::Peer, state::Admission, token_bucket::TokenBucket,
};
use crate::{handshake::Early, transport::Transport};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::oneshot;

/// A connection whose client resumes a session.
pub(crate) struct Attach {
    pub(crate) transport: Box<dyn Transport>,
    /// How many of the session's messages the client has received.
    pub(crate) received: u64,
    /// The token of the hello.
    pub(crate) token: String,
    /// The token that replaces it.
    pub(crate) next_token: String,
    pub(crate) peer: Peer,
    pub(crate) admission: Admission,
    pub(crate) allowance: Arc<Allowance>,
    pub(crate) control: TokenBucket,
    /// What the client sent before ready, and whether it was within the rate of the connection.
    pub(crate) early: Early<bool>,
    /// Returns the connection to its handshake, if the session does not take it.
    pub(crate) back: Option<oneshot::Sender<Returned>>,
}

/// A connection that a session has not taken.
pub(crate) enum Returned {
    /// The session has ended, or has forgotten what the client has not received.
    Lost(Box<Attach>),
    /// The client has made another connection meanwhile.
    Replaced(Box<Attach>),
    /// The client has hung up meanwhile.
    Gone(Box<Attach>),
}

impl Attach {
    fn give_back(mut self: Box<Self>, returned: fn(Box<Self>) -> Returned) {
        if let Some(back) = self.back.take() {
            // Its handshake may have been dropped.
            let _ = back.send(returned(self));
        }
    }
}

/// The connection that a session takes next.
#[derive(Default)]
pub(crate) struct AttachSlot {
    state: Mutex<State>,
    full: AtomicBool,
}

#[derive(Default)]
struct State {
    next: Option<Box<Attach>>,
    /// The number of the newest connection that was put in.
    newest: u64,
    ended: bool,
}

impl AttachSlot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a connection in. It replaces one that was not taken yet: the client has given that up.
    ///
    /// # Errors
    /// If the session has ended, or was resumed on a newer connection: a client makes one connection after the other, so it has given this one
    /// up, and its hello has been on its way for long.
    pub(crate) fn put(&self, attach: Box<Attach>) -> Result<(), Box<Attach>> {
        let mut state = self.lock();
        let number = attach.admission.number;
        if state.ended || number < state.newest {
            return Err(attach);
        }
        state.newest = number;
        if let Some(replaced) = state.next.replace(attach) {
            replaced.give_back(Returned::Replaced);
        }
        self.full.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Takes the connection, if the session can be resumed by a client that has received so many messages.
    pub(crate) fn take(&self, can_resume: impl FnOnce(u64) -> bool) -> Option<Box<Attach>> {
        if !self.is_full() {
            return None;
        }
        let mut state = self.lock();
        self.full.store(false, Ordering::Release);
        let mut attach = state.next.take()?;
        if !can_resume(attach.received) {
            attach.give_back(Returned::Lost);
            return None;
        }
        attach.back = None;
        Some(attach)
    }

    /// Returns the connection with a number if it was not taken, and its client has hung up: until then nobody reads from it.
    pub(crate) fn return_if_gone(&self, number: u64) {
        let mut state = self.lock();
        let is_gone =
            |attach: &Attach| attach.admission.number == number && attach.transport.is_hung_up();
        if !state.next.as_deref().is_some_and(is_gone) {
            return;
        }
        self.full.store(false, Ordering::Release);
        if let Some(attach) = state.next.take() {
            attach.give_back(Returned::Gone);
        }
    }

    /// Accepts no further connection, and returns one that was not taken.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        self.full.store(false, Ordering::Release);
        if let Some(attach) = state.next.take() {
            attach.give_back(Returned::Lost);
        }
    }
}
