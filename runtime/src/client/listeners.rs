//! Who reads the messages that are neither replies nor belong to a joined channel.

use crate::calls::{Entry, Inbox};
use std::sync::{Arc, Weak};

/// The queues of all readers. Until there is one, what arrives is kept for the first.
#[derive(Default)]
pub(crate) struct Listeners {
    all: Vec<Weak<Inbox>>,
    /// The queue of the first reader, until it takes that.
    first: Option<Arc<Inbox>>,
}

impl Listeners {
    /// `first` is the queue of the first reader.
    pub(super) fn new(first: Inbox) -> Self {
        let first = Arc::new(first);
        Self {
            all: vec![Arc::downgrade(&first)],
            first: Some(first),
        }
    }

    /// Returns the queue of another reader: that of the first, or a new one.
    pub(super) fn add(&mut self, new: impl FnOnce() -> Inbox) -> Arc<Inbox> {
        if let Some(first) = self.first.take() {
            return first;
        }
        let inbox = Arc::new(new());
        self.all.retain(|listener| listener.strong_count() > 0);
        self.all.push(Arc::downgrade(&inbox));
        inbox
    }

    /// Whether nobody reads this queue yet.
    pub(super) fn is_unread(&self, inbox: &Arc<Inbox>) -> bool {
        self.first
            .as_ref()
            .is_some_and(|first| Arc::ptr_eq(first, inbox))
    }

    pub(super) fn inboxes(&self) -> impl Iterator<Item = Arc<Inbox>> {
        self.all.iter().filter_map(Weak::upgrade)
    }

    /// Adds an entry of so many bytes to each queue.
    pub(super) fn notify(&self, entry: impl Fn() -> Entry, bytes: usize) {
        self.inboxes()
            .for_each(|inbox| inbox.push(entry(), bytes, false));
    }
}
