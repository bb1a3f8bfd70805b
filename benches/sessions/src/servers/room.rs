//! Who is in the room: a queue for each, written by its own task.

use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

#[derive(Debug)]
pub(super) struct Room<T>(Mutex<Vec<UnboundedSender<T>>>);

impl<T> Default for Room<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Room<T> {
    pub(super) fn enter(&self, queue: UnboundedSender<T>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(queue);
    }

    pub(super) fn publish(&self, message: &T) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|queue| queue.send(message.clone()).is_ok());
    }
}
