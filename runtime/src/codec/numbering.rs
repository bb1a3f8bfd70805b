//! The number that an encoded message gets when it is written: a message that is encoded once for many sessions has another in each.

use super::{Encoding, binary};
use crate::{
    descriptor::{FieldDescriptor, FieldKind},
    read::BinaryFormat,
};

/// How messages are numbered: the field, and the encoding of the messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbering {
    pub(crate) field: FieldDescriptor,
    pub(crate) encoding: Encoding,
}

impl Numbering {
    /// The most bytes that a number adds to a message. A name without control characters has at most twice its length in JSON.
    pub(crate) const fn overhead(field: FieldDescriptor) -> usize {
        field.name.len() * 2 + 32
    }

    /// Returns an encoded message with a number; `None` if it is not an object.
    pub(crate) fn number(&self, message: &[u8], number: u64) -> Option<Vec<u8>> {
        let FieldDescriptor { name, kind, .. } = self.field;
        let format = match self.encoding {
            Encoding::Json => {
                let rest = message.strip_prefix(b"{")?;
                let name = serde_json::to_string(name).ok()?;
                let comma = if rest.starts_with(b"}") { "" } else { "," };
                let quote = match kind {
                    FieldKind::Text => "\"",
                    FieldKind::Integer => "",
                };
                let first = format!("{{{name}:{quote}{number}{quote}{comma}");
                return Some([first.as_bytes(), rest].concat());
            }
            Encoding::MsgPack => BinaryFormat::MsgPack,
            Encoding::Cbor => BinaryFormat::Cbor,
        };
        match kind {
            FieldKind::Text => binary::with_member(format, message, name, &number.to_string()),
            FieldKind::Integer => binary::with_member(format, message, name, &number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::Outgoing,
        descriptor::{EnvelopeDescriptor, Tag},
        encoded::EncodedMessage,
    };

    #[test]
    fn a_number_is_added_to_any_message() {
        for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Cbor] {
            for (kind, expected) in [
                (
                    FieldKind::Integer,
                    r#"{"n":70000,"type":"news","payload":[1]}"#,
                ),
                (
                    FieldKind::Text,
                    r#"{"n":"70000","type":"news","payload":[1]}"#,
                ),
            ] {
                let codec = encoding.codec();
                let payload = [1];
                let message = Outgoing {
                    payload: Some(&payload),
                    ..Outgoing::new(&EnvelopeDescriptor::DEFAULT, Some(Tag::Text("news")))
                };
                let encoded = EncodedMessage::encode(codec, &message).expect("it is encoded");
                let numbering = Numbering {
                    field: FieldDescriptor::optional("n", kind),
                    encoding,
                };
                let numbered = numbering.number(encoded.bytes(), 70_000);
                let bytes = numbered.expect("it is an object").into();
                let source = encoding.source(&bytes).expect("text is UTF-8");
                let json = source.transcode(Encoding::Json).expect("it is well-formed");
                assert_eq!(String::from_utf8_lossy(&json), expected);
            }
        }
    }

    #[test]
    fn an_empty_object_gets_a_number_too() {
        let numbering = Numbering {
            field: FieldDescriptor::optional("seq", FieldKind::Integer),
            encoding: Encoding::Json,
        };
        let numbered = numbering.number(b"{}", 1);
        assert_eq!(numbered, Some(br#"{"seq":1}"#.to_vec()));
        assert_eq!(numbering.number(b"[]", 1), None);
    }
}
