//! MessagePack and CBOR (RFC 8949).

mod serializer;
mod writer;

use self::{
    serializer::Serializer,
    writer::{Container, Open, Writer},
};
use super::{
    Codec, EncodeError, ErasedPayload, Frame, Outgoing, Source,
    envelope::{self, ObjectWriter, not_an_object},
};
use crate::read::BinaryFormat;
#[cfg(feature = "server")]
use crate::read::BinaryReader;
use serde::Serialize;

/// MessagePack.
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPack;

/// CBOR (RFC 8949).
#[derive(Clone, Copy, Debug, Default)]
pub struct Cbor;

const WRONG_FRAME: &str = "expected a binary frame";

impl Codec for MsgPack {
    fn name(&self) -> &'static str {
        "msgpack"
    }

    fn is_text(&self) -> bool {
        false
    }

    fn encode_to(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode(BinaryFormat::MsgPack, message, out)
    }

    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str> {
        match frame {
            Frame::Binary(bytes) => Ok(Source::MsgPack(bytes)),
            Frame::Text(_) => Err(WRONG_FRAME),
        }
    }
}

impl Codec for Cbor {
    fn name(&self) -> &'static str {
        "cbor"
    }

    fn is_text(&self) -> bool {
        false
    }

    fn encode_to(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode(BinaryFormat::Cbor, message, out)
    }

    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str> {
        match frame {
            Frame::Binary(bytes) => Ok(Source::Cbor(bytes)),
            Frame::Text(_) => Err(WRONG_FRAME),
        }
    }
}

fn encode(
    format: BinaryFormat,
    message: &Outgoing<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut out = Writer::new(format, std::mem::take(bytes));
    let open = out.begin(Container::Map, None);
    let mut object = Object { out, open };
    envelope::write(message, &mut object)?;
    let Object { mut out, open } = object;
    out.end(&open);
    *bytes = out.into_bytes();
    Ok(())
}

/// Encodes a value by itself.
///
/// # Errors
/// If the value cannot be serialized.
pub(crate) fn to_bytes<T: Serialize + ?Sized>(
    format: BinaryFormat,
    value: &T,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Writer::new(format, Vec::new());
    value
        .serialize(Serializer::new(&mut out))
        .map_err(EncodeError)?;
    Ok(out.into_bytes())
}

/// Returns a map with another member before the others; `None` if the bytes are not a map.
#[cfg(feature = "server")]
pub(super) fn with_member<T: Serialize + ?Sized>(
    format: BinaryFormat,
    map: &[u8],
    name: &str,
    value: &T,
) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(format, map, 1);
    let count = reader.enter_map().ok()?;
    let rest = map.get(reader.offset()..)?;
    let mut out = Writer::new(format, Vec::new());
    out.begin(Container::Map, Some(count + 1));
    out.text(name);
    value.serialize(Serializer::new(&mut out)).ok()?;
    let mut bytes = out.into_bytes();
    bytes.extend_from_slice(rest);
    Some(bytes)
}

/// A map that is being written.
struct Object {
    out: Writer,
    open: Open,
}

impl ObjectWriter for Object {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.open.count += 1;
        self.out.text(name);
        value
            .serialize(Serializer::new(&mut self.out))
            .map_err(EncodeError)
    }

    fn splice(&mut self, value: &dyn ErasedPayload) -> Result<(), EncodeError> {
        let start = self.out.len();
        value
            .serialize(Serializer::new(&mut self.out))
            .map_err(EncodeError)?;
        let count = self.out.remove_map_head(start).ok_or_else(not_an_object)?;
        self.open.count += count;
        Ok(())
    }
}
