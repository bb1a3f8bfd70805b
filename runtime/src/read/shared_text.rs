//! Strings that share the memory of their message.

use bytes::Bytes;
use bytestring::ByteString;

/// Returns a string of a message, without a copy if the message can be shared. Memory that the message has with others is not: a string
/// would keep all of it.
pub(super) fn shared_text(
    message: Option<&Bytes>,
    shared: &mut Option<Bytes>,
    text: &str,
) -> ByteString {
    let slice = message.and_then(|message| {
        let shared = shared.get_or_insert_with(|| match message.is_unique() {
            true => message.clone(),
            false => Bytes::copy_from_slice(message),
        });
        let start = text.as_ptr().addr() - message.as_ptr().addr();
        // Safe code must validate UTF-8 again here; but only for what is shared.
        ByteString::try_from(shared.slice(start..start + text.len())).ok()
    });
    slice.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_part(text: &ByteString, of: &Bytes) -> bool {
        let text = text.as_bytes().as_ptr_range();
        of.as_ptr_range().contains(&text.start)
    }

    fn part(message: &Bytes, shared: &mut Option<Bytes>) -> ByteString {
        let text = std::str::from_utf8(&message[2..7]).expect("it is UTF-8");
        shared_text(Some(message), shared, text)
    }

    #[test]
    fn strings_share_a_message_that_has_its_own_memory() {
        let message = Bytes::from(b"[\"hello\"]".to_vec());
        let mut shared = None;
        for _ in 0..2 {
            let text = part(&message, &mut shared);
            assert_eq!(text, "hello");
            assert!(is_part(&text, &message));
        }
    }

    #[test]
    fn strings_do_not_keep_the_memory_that_messages_share() {
        let both = Bytes::from(b"[\"hello\"][\"other\"]".to_vec());
        let (first, second) = (both.slice(..9), both.slice(9..));
        let mut shared = None;
        let texts = [part(&first, &mut shared), part(&first, &mut shared)];
        for text in &texts {
            assert_eq!(*text, "hello");
            assert!(!is_part(text, &both));
        }
        // They share a copy.
        assert_eq!(texts[0].as_bytes().as_ptr(), texts[1].as_bytes().as_ptr());
        assert_eq!(part(&second, &mut None), "other");
    }
}
