//! What an application has learned: the words that a conversation expects, with a value.

use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// What an application has learned, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: Mutex<VecDeque<(String, Value)>>,
    added: Notify,
}

impl Log {
    pub(crate) fn add(&self, words: impl Into<String>, value: Value) {
        let mut entries = self
            .0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        entries.push_back((words.into(), value));
        drop(entries);
        self.0.added.notify_one();
    }

    /// Takes the oldest entry that begins with this word, as soon as there is one.
    pub(crate) async fn next(&self, first: &str) -> (String, Value) {
        loop {
            if let Some(entry) = self.take(first) {
                return entry;
            }
            self.0.added.notified().await;
        }
    }

    fn take(&self, first: &str) -> Option<(String, Value)> {
        let mut entries = self
            .0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_of = |words: &str| words.split(' ').next() == Some(first);
        let at = entries.iter().position(|(words, _)| is_of(words))?;
        entries.remove(at)
    }

    /// What nobody expected.
    pub(crate) fn rest(&self) -> Vec<String> {
        let entries = self
            .0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        entries
            .iter()
            .map(|(words, value)| format!("{words} {value}"))
            .collect()
    }
}
