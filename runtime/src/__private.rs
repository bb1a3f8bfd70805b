//! Items for expanded code only. They change without notice.

pub use crate::channel_key::{key_params, read_param};
#[cfg(feature = "client")]
pub use crate::client::{
    dispatch::{answer_server, stream_items_to_server, stream_to_server},
    handlers::Dispatch,
    responder::Responder as ClientResponder,
};
pub use crate::foreign::{AsPayload, read_foreign, write_foreign};
pub use crate::message::{ErrorDescriptor, FieldNeed, FieldWriter, bare};
#[cfg(feature = "net")]
pub use crate::replies::{ErrorPayload, Replier, StreamResponder, StreamSender};
#[cfg(feature = "server")]
pub use crate::server::{
    Info,
    dispatch::{answer, receive, run, stream, stream_items},
    responder::Responder,
};
pub use crate::{
    codec::Source,
    items::Items,
    read::{
        Attempts, Constant, Constants, Contains, Guard, Limit, Literals, Pass, Pattern,
        ReadContext, ReadResult, Reader, RestMembers, Rule, Rules, SchemaText, StructFields,
        TupleReader, TupleWidth, UnionBranches, Untagged, UntaggedBranch, constant, fields0,
        fields1, fields2, fields3, fields4, fields5, fields6, fields7, fields8, fields9, fields10,
        fields11, fields12, fields13, fields14, fields15, fields16, fill, fill_with_rest, kinds,
        literal, map, open_literal, read_checked, string, union, untagged,
    },
};
pub use core::{
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
};
pub use erased_serde::Serialize as ErasedSerialize;
#[cfg(feature = "net")]
pub use futures_util::future::BoxFuture;
pub use handfast_schema::{Type, TypeSet};
pub use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
#[cfg(feature = "server")]
pub use serde_json::value::RawValue;
pub use std::boxed::Box;

use crate::{
    DecodeError, Envelope, Fields, MessageSet, NoPendingReplies, Payload, PayloadOf, Side,
    Validate, ValidationError,
    codec::{Body, DEPTH, EncodeError, Encoding},
    descriptor::{Limits, MessageDescriptor, TagRef},
    message::{FieldSink, Scalar},
};

/// Writes the fields of a struct as an object.
///
/// # Errors
/// The errors of the serializer.
pub fn serialize_fields<T: Fields, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serialize_entries(serializer, &|fields| value.write(fields))
}

/// Writes fields as an object.
///
/// # Errors
/// The errors of the serializer.
pub fn serialize_entries<S: Serializer>(
    serializer: S,
    write: &dyn Fn(&mut FieldWriter<'_>),
) -> Result<S::Ok, S::Error> {
    // Text does not say how many there are.
    let count = (!serializer.is_human_readable()).then(|| {
        let mut count = Count(0);
        write(&mut FieldWriter::new(&mut count));
        count.0
    });
    let mut entries = Entries {
        map: serializer.serialize_map(count)?,
        result: Ok(()),
    };
    write(&mut FieldWriter::new(&mut entries));
    entries.result?;
    entries.map.end()
}

/// The number of fields, which some encodings write first.
struct Count(usize);

impl FieldSink for Count {
    fn field(&mut self, _: &str, _: &dyn ErasedSerialize) {
        self.0 += 1;
    }

    fn scalar(&mut self, _: &str, _: Scalar<'_>) {
        self.0 += 1;
    }
}

/// Serializes the members of an object and keeps the first error.
struct Entries<M: SerializeMap> {
    map: M,
    result: Result<(), M::Error>,
}

impl<M: SerializeMap> FieldSink for Entries<M> {
    fn field(&mut self, name: &str, value: &dyn ErasedSerialize) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(name, value);
        }
    }

    fn scalar(&mut self, name: &str, value: Scalar<'_>) {
        if self.result.is_ok() {
            self.result = self.map.serialize_entry(name, &value);
        }
    }
}

/// Deserializes with serde from any format, through a JSON value. Unknown fields are ignored, as by a client.
///
/// The errors of the deserializer, and every violation of the value's schema.
pub fn deserialize<'de, T: Payload, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    crate::from_value(&value, &[], Side::Client).map_err(serde::de::Error::custom)
}

/// Returns the value if it is valid.
///
/// # Errors
/// Every violation of its schema.
pub fn checked<T: Serialize + Payload>(value: T) -> Result<T, ValidationError> {
    value.validate().map(|()| value)
}

/// Decodes a message without any pending request, as the side that receives it.
///
/// # Errors
/// If the message cannot be decoded.
pub fn decode_text<'a, M: MessageSet>(
    text: impl Into<Body<'a>>,
    side: Side,
) -> Result<Envelope<M>, Box<DecodeError>> {
    crate::decode(
        Source::Json(text.into()),
        side,
        Limits::DEFAULT.depth,
        &NoPendingReplies,
    )
}

/// Encodes a message as JSON text.
///
/// # Errors
/// If a number is not finite.
pub fn encode_text<M: MessageSet>(envelope: &Envelope<M>) -> Result<String, EncodeError> {
    let bytes = crate::encode(envelope, Encoding::Json)?;
    String::from_utf8(bytes).map_err(EncodeError::text)
}

/// Reads the payload of the message at an index from JSON text, and passes it to `write` if it is valid and has no unknown fields.
pub fn typed<M: MessageSet>(index: usize, json: &str, write: &mut dyn FnMut(&dyn ErasedSerialize)) {
    let mut cx = ReadContext::new(Side::Server);
    if let Ok(Some(message)) = M::read(index, &mut Reader::json(json, DEPTH), &mut cx) {
        write(&PayloadOf(&message));
    }
}

/// Returns the payload of a message that the application built for a role of the session. One that is invalid is logged and not sent.
#[cfg(feature = "server")]
pub fn built<T: Serialize + Payload>(payload: &T) -> Option<Box<RawValue>> {
    if cfg!(debug_assertions)
        && let Err(invalid) = payload.validate()
    {
        tracing::error!(violations = %invalid, "the payload of a message in a role of the session violates its schema and is not sent");
        return None;
    }
    serde_json::value::to_raw_value(&AsPayload(payload)).ok()
}

/// Looks up a discriminant in a hash table: one hash, and usually one comparison.
pub fn probe(slots: &[u64], messages: &[MessageDescriptor], tag: TagRef<'_>) -> Option<usize> {
    let hash = match tag {
        TagRef::Text(text) => hash(text.as_bytes()),
        TagRef::Integer(n) => hash(&n.to_le_bytes()),
    };
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    loop {
        let index = (slots[slot] as u32).checked_sub(1)? as usize;
        if (slots[slot] >> 32) as u32 == hash
            && messages.get(index)?.tag.is_some_and(|known| known == tag)
        {
            return Some(index);
        }
        slot = (slot + 1) & mask;
    }
}

/// FxHash, eight bytes at a time. The macro fills the table with the same function.
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (eights, rest) = bytes.as_chunks();
    let hash = eights.iter().fold(bytes.len() as u64, |hash, eight| {
        mix(hash, u64::from_le_bytes(*eight))
    });
    let hash = match (rest, bytes.last_chunk()) {
        ([], _) => hash,
        (_, Some(last)) => mix(hash, u64::from_le_bytes(*last)),
        (rest, None) => mix(
            hash,
            rest.iter().fold(0, |word, b| word << 8 | u64::from(*b)),
        ),
    };
    // Discriminants differ in few bits, which the last step spreads over all.
    ((hash ^ hash >> 32).wrapping_mul(FACTOR) >> 32) as u32
}

/// Encodes what the members of a channel learn of one of them.
#[cfg(feature = "server")]
pub fn presence<T: Payload>(info: &T) -> Info {
    Some(serde_json::value::to_raw_value(&AsPayload(info)))
}
