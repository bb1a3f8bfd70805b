//! The number that an encoded message gets when it is written: a message that is encoded once for many sessions has another in each.

use super::{Encoding, binary};
use crate::{
    descriptor::{FieldDescriptor, FieldKind},
    read::BinaryFormat,
    transport::Packet,
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
    pub(crate) fn number(&self, packet: &Packet, number: u64) -> Option<Packet> {
        match (self.encoding, packet) {
            (Encoding::Json, Packet::Text(text)) => {
                let rest = text.strip_prefix('{')?;
                let name = serde_json::to_string(self.field.name).ok()?;
                let comma = if rest.starts_with('}') { "" } else { "," };
                let quote = match self.field.kind {
                    FieldKind::Text => "\"",
                    FieldKind::Integer => "",
                };
                let text = format!("{{{name}:{quote}{number}{quote}{comma}{rest}");
                Some(Packet::Text(text.into()))
            }
            (Encoding::MsgPack, Packet::Binary(bytes)) => {
                self.number_map(BinaryFormat::MsgPack, bytes, number)
            }
            (Encoding::Cbor, Packet::Binary(bytes)) => {
                self.number_map(BinaryFormat::Cbor, bytes, number)
            }
            _ => None,
        }
    }

    fn number_map(&self, format: BinaryFormat, map: &[u8], number: u64) -> Option<Packet> {
        let FieldDescriptor { name, kind, .. } = self.field;
        let bytes = match kind {
            FieldKind::Text => binary::with_member(format, map, name, &number.to_string()),
            FieldKind::Integer => binary::with_member(format, map, name, &number),
        };
        Some(Packet::Binary(bytes?.into()))
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
                let bytes = codec.encode(&message).expect("it is encoded");
                let packet = Packet::encoded(bytes, codec.is_text()).expect("it is UTF-8");
                let numbering = Numbering {
                    field: FieldDescriptor::optional("n", kind),
                    encoding,
                };
                let numbered = numbering.number(&packet, 70_000).expect("it is an object");
                let source = codec.source(numbered.frame()).expect("the frame fits");
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
        let numbered = numbering.number(&Packet::Text("{}".into()), 1);
        assert_eq!(numbered, Some(Packet::Text(r#"{"seq":1}"#.into())));
        assert_eq!(numbering.number(&Packet::Text("[]".into()), 1), None);
    }
}
