//! Encoded messages that are sent. All that hold one share it: the queue, what is not acknowledged, and the answers to repeated requests.

use crate::codec::{Codec, EncodeError, Outgoing};
use std::{
    cell::{Cell, RefCell},
    fmt,
    sync::Arc,
};

/// The unit of the capacities that are used again, in bytes.
const UNIT: usize = 64;

/// How many units the largest of them has.
const UNITS: usize = 4;

/// How many bytes a thread keeps of each capacity: what a peer acknowledges at once. It stays when all connections are gone.
const KEPT: usize = 16 * 1024;

/// The largest buffer that a thread keeps for its next message, in bytes.
const LARGEST_KEPT: usize = 64 * 1024;

thread_local! {
    /// Where messages are written, so that each takes no more memory than it has bytes.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// The memory of short messages that nobody holds any more, by capacity. An allocator would have to search for it.
    static FREE: RefCell<[Vec<Arc<Content>>; UNITS]> = const { RefCell::new([const { Vec::new() }; UNITS]) };
}

/// An encoded message. Cloning is cheap: the bytes are shared.
#[derive(Clone)]
pub struct EncodedMessage {
    /// `None` only while it is dropped.
    content: Option<Arc<Content>>,
}

struct Content {
    bytes: Vec<u8>,
    is_text: bool,
}

/// Encodes a message, and calls `take` with its bytes, and whether it is sent as text.
///
/// # Errors
/// If the payload cannot be serialized.
pub(crate) fn encode<R>(
    codec: &dyn Codec,
    message: &Outgoing<'_>,
    take: impl FnOnce(&[u8], bool) -> R,
) -> Result<R, EncodeError> {
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    let encoded = codec.encode_to(message, &mut buffer);
    let taken = encoded.map(|()| take(&buffer, codec.is_text()));
    if buffer.capacity() <= LARGEST_KEPT {
        let _ = BUFFER.try_with(|kept| kept.set(buffer));
    }
    taken
}

impl EncodedMessage {
    /// Encodes a message.
    ///
    /// # Errors
    /// If the payload cannot be serialized.
    #[cfg(any(feature = "client", test))]
    pub(crate) fn encode(codec: &dyn Codec, message: &Outgoing<'_>) -> Result<Self, EncodeError> {
        encode(codec, message, Self::new)
    }

    /// Copies a message that is encoded. `is_text` says that it is UTF-8, and sent as text.
    pub(crate) fn new(bytes: &[u8], is_text: bool) -> Self {
        let units = bytes.len().div_ceil(UNIT).max(1);
        let mut content = take(units).unwrap_or_else(|| {
            let capacity = if units <= UNITS {
                units * UNIT
            } else {
                bytes.len()
            };
            let bytes = Vec::with_capacity(capacity);
            Arc::new(Content { bytes, is_text })
        });
        if let Some(content) = Arc::get_mut(&mut content) {
            content.bytes.extend_from_slice(bytes);
            content.is_text = is_text;
        }
        let content = Some(content);
        Self { content }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.content.as_ref().map_or(&[], |content| &content.bytes)
    }

    /// Returns its size in bytes, without the framing of the transport.
    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether it is sent as text.
    pub(crate) fn is_text(&self) -> bool {
        self.content.as_ref().is_some_and(|content| content.is_text)
    }
}

impl Drop for EncodedMessage {
    fn drop(&mut self) {
        if let Some(mut content) = self.content.take()
            && Arc::strong_count(&content) == 1
            && let Some(Content { bytes, .. }) = Arc::get_mut(&mut content)
        {
            bytes.clear();
            let capacity = bytes.capacity();
            put(content, capacity);
        }
    }
}

impl fmt::Debug for EncodedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.bytes()))
    }
}

impl PartialEq for EncodedMessage {
    fn eq(&self, other: &Self) -> bool {
        (self.is_text(), self.bytes()) == (other.is_text(), other.bytes())
    }
}

impl Eq for EncodedMessage {}

// A thread that ends keeps nothing any more; what it drops last may still be a message.

fn take(units: usize) -> Option<Arc<Content>> {
    let take = |free: &RefCell<[Vec<_>; UNITS]>| free.borrow_mut().get_mut(units - 1)?.pop();
    FREE.try_with(take).ok().flatten()
}

fn put(content: Arc<Content>, capacity: usize) {
    if !capacity.is_multiple_of(UNIT) {
        return;
    }
    let _ = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        let of_capacity = free.get_mut((capacity / UNIT).wrapping_sub(1));
        if let Some(free) = of_capacity.filter(|free| free.len() < KEPT / (capacity + UNIT)) {
            free.push(content);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_short_messages_is_used_again() {
        let address = |message: &EncodedMessage| message.bytes().as_ptr().addr();
        let first = EncodedMessage::new(&[b'x'; 70], true);
        let (at, copy) = (address(&first), first.clone());
        drop(first);
        // Somebody has it still.
        let second = EncodedMessage::new(&[b'y'; 100], false);
        assert_ne!(address(&second), at);
        assert_eq!(copy.bytes(), [b'x'; 70]);
        drop(copy);
        // It has not the room.
        assert_ne!(address(&EncodedMessage::new(&[b'z'; 200], true)), at);
        let third = EncodedMessage::new(&[b'z'; 128], false);
        assert_eq!(address(&third), at);
        assert_eq!((third.bytes(), third.is_text()), (&[b'z'; 128][..], false));
    }

    #[test]
    fn a_thread_keeps_no_more_than_so_many() {
        for length in [0, 1, 64, 65, 256, 257, 1000] {
            let bytes = vec![b'x'; length];
            let message = || EncodedMessage::new(&bytes, true);
            let messages: Vec<_> = std::iter::repeat_with(message).take(10_000).collect();
            assert!(messages.iter().all(|message| message.bytes() == bytes));
        }
        let kept = FREE.with_borrow(|free| {
            let of_each = free.iter().flatten();
            of_each
                .map(|content| content.bytes.capacity())
                .sum::<usize>()
        });
        assert!((KEPT..=UNITS * KEPT).contains(&kept), "{kept}");
    }
}
