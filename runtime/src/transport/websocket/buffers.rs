//! Buffers that the WebSockets of a thread share. Most connections are idle most of the time, and an idle one has no buffer.

use super::{frame::Mask, frame_reader::Event};
use crate::transport::{SHORT, TransportError};
use bytes::{Bytes, BytesMut};
use std::{cell::RefCell, collections::VecDeque, task::Poll};
use tokio::io::ReadBuf;

/// How many bytes are read at once.
const READ: usize = 16 * 1024;

/// How many bytes of short messages share an allocation.
const SHARED: usize = 8 * 1024;

/// How many unused buffers of a kind a thread keeps.
const KEPT: usize = 4;

/// The capacity of the largest buffer for writing that a thread keeps, in bytes.
const LARGEST_KEPT: usize = 128 * 1024;

thread_local! {
    static READING: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
    static MESSAGES: RefCell<BytesMut> = RefCell::new(BytesMut::new());
    static PARSED: RefCell<Vec<Events>> = const { RefCell::new(Vec::new()) };
    static WRITING: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// The last of them may be an error.
type Events = VecDeque<Result<Event, TransportError>>;

/// Events that were parsed and not returned yet. It has a buffer only while there are any.
#[derive(Debug, Default)]
pub(super) struct Parsed(Events);

impl Parsed {
    pub(super) fn push(&mut self, event: Result<Event, TransportError>) {
        if self.0.capacity() == 0 {
            self.0 = take(&PARSED).unwrap_or_default();
        }
        self.0.push_back(event);
    }

    /// Returns the first.
    pub(super) fn pop(&mut self) -> Option<Result<Event, TransportError>> {
        let event = self.0.pop_front()?;
        if self.0.is_empty() {
            put(&PARSED, std::mem::take(&mut self.0));
        }
        Some(event)
    }
}

/// Bytes that were read and not parsed yet. It has a buffer only while there are any.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Option<Box<[u8]>>,
    start: usize,
    end: usize,
}

impl Input {
    /// The bytes that are not parsed yet.
    pub(super) fn unparsed(&self) -> &[u8] {
        match &self.buffer {
            Some(buffer) => &buffer[self.start..self.end],
            None => &[],
        }
    }

    /// Drops all bytes but the last `rest`.
    pub(super) fn parsed(&mut self, rest: usize) {
        self.start = self.end - rest;
        if rest == 0 {
            self.clear();
        }
    }

    /// Drops all bytes.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        if let Some(buffer) = self.buffer.take() {
            put(&READING, buffer);
        }
    }

    /// Reads into an empty input.
    pub(super) fn read<E>(
        &mut self,
        read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<Result<(), E>>,
    ) -> Poll<Result<(), E>> {
        let buffer = take(&READING).unwrap_or_else(|| vec![0; READ].into());
        let buffer = self.buffer.insert(buffer);
        let mut bytes = ReadBuf::new(buffer);
        let done = read(&mut bytes);
        (self.start, self.end) = (0, bytes.filled().len());
        if self.end == 0 {
            self.clear();
        }
        done
    }

    /// Puts bytes in that were read elsewhere.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let bytes = [self.unparsed(), bytes].concat();
            (self.start, self.end) = (0, bytes.len());
            self.buffer = Some(bytes.into());
        }
    }
}

/// Copies the payload of a message, unmasked, if it is short. The messages that have arrived together share memory, which is used again as soon as all of
/// them are dropped: an allocator would search for that of each.
pub(super) fn message(payload: &[u8], mask: Option<Mask>) -> Option<Bytes> {
    let copy = |messages: &RefCell<BytesMut>| {
        let mut messages = messages.borrow_mut();
        messages.extend_from_slice(payload);
        if let Some(mask) = mask {
            mask.apply(&mut messages, 0);
        }
        messages.split().freeze()
    };
    let is_short = payload.len() <= SHORT;
    is_short.then(|| MESSAGES.try_with(copy).ok()).flatten()
}

/// Makes room for the messages in so many bytes. Called before them, when those that arrived before are dropped, it takes no memory anew.
pub(super) fn begin_messages(bytes: usize) {
    let _ = MESSAGES.try_with(|messages| {
        let mut messages = messages.borrow_mut();
        if messages.capacity() < bytes.min(SHARED) {
            messages.reserve(SHARED);
        }
    });
}

/// Returns an empty buffer for writing.
pub(super) fn for_writing() -> Vec<u8> {
    take(&WRITING).unwrap_or_default()
}

/// Gives a buffer for writing back.
pub(super) fn written(mut buffer: Vec<u8>) {
    if (1..=LARGEST_KEPT).contains(&buffer.capacity()) {
        buffer.clear();
        put(&WRITING, buffer);
    }
}

type Kept<T> = std::thread::LocalKey<RefCell<Vec<T>>>;

// A thread that ends has no buffers any more; what it drops last may still be a connection.

fn take<T>(kept: &'static Kept<T>) -> Option<T> {
    kept.try_with(|kept| kept.borrow_mut().pop()).ok().flatten()
}

fn put<T>(kept: &'static Kept<T>, buffer: T) {
    let _ = kept.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    });
}
