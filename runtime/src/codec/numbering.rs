//! The number that an encoded message gets when it is written: a message that is encoded once for many sessions has another in each.

use super::{Encoding, binary};
use crate::{
    descriptor::{FieldDescriptor, FieldKind},
    encoded::EncodedMessage,
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

    /// Returns a message with a number; `None` if it is not an object.
    pub(crate) fn number(&self, packet: &EncodedMessage, number: u64) -> Option<EncodedMessage> {
        match self.encoding {
            Encoding::Json => {
                let rest = packet.bytes().strip_prefix(b"{")?;
                let name = serde_json::to_string(self.field.name).ok()?;
                let comma = if rest.starts_with(b"}") { "" } else { "," };
                let quote = match self.field.kind {
                    FieldKind::Text => "\"",
                    FieldKind::Integer => "",
                };
                let first = format!("{{{name}:{quote}{number}{quote}{comma}");
                Some(EncodedMessage::new(
                    &[first.as_bytes(), rest].concat(),
                    true,
                ))
            }
            Encoding::MsgPack => self.number_map(BinaryFormat::MsgPack, packet.bytes(), number),
            Encoding::Cbor => self.number_map(BinaryFormat::Cbor, packet.bytes(), number),
        }
    }

    fn number_map(&self, format: BinaryFormat, map: &[u8], number: u64) -> Option<EncodedMessage> {
        let FieldDescriptor { name, kind, .. } = self.field;
        let bytes = match kind {
            FieldKind::Text => binary::with_member(format, map, name, &number.to_string()),
            FieldKind::Integer => binary::with_member(format, map, name, &number),
        };
        Some(EncodedMessage::new(&bytes?, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::Outgoing,
        descriptor::{EnvelopeDescriptor, Tag},
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
                let numbered = numbering.number(&encoded, 70_000).expect("it is an object");
                let bytes = numbered.bytes().to_vec().into();
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
        let text = |text: &str| EncodedMessage::new(text.as_bytes(), true);
        let numbered = numbering.number(&text("{}"), 1);
        assert_eq!(numbered, Some(text(r#"{"seq":1}"#)));
        assert_eq!(numbering.number(&text("[]"), 1), None);
    }
}
