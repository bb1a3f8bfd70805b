//! What identifies a volatile message among those that wait: its type, its channel, and the value of a field.

use crate::descriptor::MessageDescriptor;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{fmt, sync::Arc};

/// The key of a volatile message: a newer message with the same key replaces it while it waits.
///
/// It is the whole text and not a hash of it: whoever could make two keys collide would make the messages of others disappear.
pub(crate) type VolatileKey = Arc<str>;

/// Returns the key of a message, if it has one.
pub(crate) fn volatile_key(
    message: &MessageDescriptor,
    channel: Option<&str>,
    payload: Option<&RawValue>,
) -> Option<VolatileKey> {
    let field = message.volatile_key?;
    let value = payload.and_then(|payload| Find(field).deserialize(payload).ok().flatten());
    let Some(value) = value else {
        tracing::error!(
            message_type = message.name,
            field,
            "the `volatileKey` of a message is not in its payload: it replaces nothing"
        );
        return None;
    };
    // JSON text and names contain no NUL.
    let (name, channel) = (message.name, channel.unwrap_or_default());
    Some(format!("{name}\0{channel}\0{value}").into())
}

/// Finds the value of a field of an object, as JSON text.
struct Find<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(Is(self.0))? {
            if is_it {
                found = Some(map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a name is this one.
struct Is<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::ReplyKind;

    #[test]
    fn a_key_is_the_message_its_channel_and_the_value_of_its_field() {
        let message = MessageDescriptor {
            name: "cursor",
            tag: None,
            payload: true,
            fields: None,
            channel: None,
            volatile: true,
            volatile_key: Some("us\"er"),
            concurrent: false,
            idempotent: false,
            timeout: None,
            reply: ReplyKind::None,
            envelope: None,
        };
        let key = |channel, text: &str| {
            let payload = RawValue::from_string(text.to_owned()).expect("it is JSON");
            volatile_key(&message, channel, Some(&payload))
        };
        let text = r#"{"x":[1,{}],"us\"er":"a\u0000b","y":null}"#;
        assert_eq!(
            key(Some("room:1"), text).as_deref(),
            Some("cursor\0room:1\0\"a\\u0000b\"")
        );
        assert_eq!(
            key(None, r#"{"us\"er":1}"#).as_deref(),
            Some("cursor\0\x001")
        );
        assert_eq!(key(None, "{}"), None);
        assert_eq!(key(None, "[]"), None);
        assert_eq!(volatile_key(&message, None, None), None);
    }
}
