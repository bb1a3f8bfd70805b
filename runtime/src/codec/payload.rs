//! Payloads that exist as JSON text, in any encoding.

use crate::descriptor::{Tag, TagRef, UnionDescriptor};
use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;

/// A payload as JSON text: what waits to be sent, and what is published. In binary encodings it is written by its type, so that a field of bytes is
/// a byte string; text that is not valid for its type is transcoded as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonPayload<'a> {
    union: &'static UnionDescriptor,
    index: Option<usize>,
    json: &'a RawValue,
}

impl<'a> JsonPayload<'a> {
    /// Creates the payload of the message with a tag.
    pub(crate) fn new(
        union: &'static UnionDescriptor,
        tag: Option<Tag>,
        json: &'a RawValue,
    ) -> Self {
        let index = tag.and_then(|tag| {
            (union.lookup)(match tag {
                Tag::Text(text) => TagRef::Text(text),
                Tag::Integer(n) => TagRef::Integer(n),
            })
        });
        Self { union, index, json }
    }
}

impl Serialize for JsonPayload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(index) = self.index.filter(|_| !serializer.is_human_readable()) else {
            return self.json.serialize(serializer);
        };
        let (mut serializer, mut written) = (Some(serializer), None);
        (self.union.typed)(index, self.json.get(), &mut |payload| {
            let serializer = serializer.take();
            written = serializer.map(|serializer| erased_serde::serialize(payload, serializer));
        });
        match (written, serializer) {
            (Some(written), _) => written,
            (None, Some(serializer)) => self.json.serialize(serializer),
            (None, None) => Err(S::Error::custom("the payload was not written")),
        }
    }
}
