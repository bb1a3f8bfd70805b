//! Pings, acknowledgements, and what is said of channels: joins, leaves, gaps.

#[cfg(feature = "server")]
use super::Role;
#[cfg(feature = "client")]
use super::find;
use super::{Head, count, get, missing};
use crate::GapReason;
#[cfg(feature = "net")]
use crate::codec::ErasedPayload;
#[cfg(feature = "server")]
use crate::descriptor::{self, Presence, ProtocolDescriptor, Tag, TagRef, UnionDescriptor};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The largest field of a ping that its pong repeats, in bytes of JSON.
#[cfg(feature = "net")]
const MAX_NONCE: usize = 1024;

/// The field of a ping that its pong repeats, if the protocol has one.
#[cfg(feature = "net")]
#[derive(Debug, Default)]
pub(crate) struct PingFields {
    nonce: Option<Box<RawValue>>,
}

#[cfg(feature = "net")]
impl PingFields {
    pub(crate) fn read(head: &Head<'_>) -> Self {
        let nonce = head.mapped.and_then(|_| {
            let fields = head.payload().ok()?;
            // An absent payload has nothing to repeat.
            head.payload.as_ref()?;
            fields.get("nonce").map(|raw| (*raw).to_owned())
        });
        Self {
            nonce: nonce.filter(|nonce| nonce.get().len() <= MAX_NONCE),
        }
    }

    /// Returns the fields of the pong, if it has any.
    pub(crate) fn fields(&self) -> Option<&dyn ErasedPayload> {
        match self.nonce {
            Some(_) => Some(self),
            None => None,
        }
    }
}

#[cfg(feature = "net")]
impl Serialize for PingFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(nonce) = &self.nonce {
            map.serialize_entry("nonce", nonce)?;
        }
        map.end()
    }
}

/// The payload of `received`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReceivedNotice {
    /// How many messages its sender has received.
    pub(crate) received: Option<u64>,
    /// All messages up to this number count as received; what follows is the next.
    pub(crate) sent: Option<u64>,
}

impl ReceivedNotice {
    /// Reads an acknowledgement of a client that is written as generated clients write it. There is one for every 64 messages. `None` if it may be
    /// any other message, or a wrong one.
    #[cfg(feature = "server")]
    pub(crate) fn quick(text: &str, protocol: &ProtocolDescriptor) -> Option<Self> {
        // Most messages are longer.
        if text.len() > 96 {
            return None;
        }
        let UnionDescriptor {
            envelope,
            layout,
            lookup,
            ..
        } = protocol.client;
        let session = &protocol.session;
        let Some(Tag::Text(tag)) = Role::Received.tag(&session.roles) else {
            return None;
        };
        let rest = quick_name(text.strip_prefix('{')?, envelope.tag)?;
        let rest = rest.strip_prefix('"')?.strip_prefix(tag)?;
        let rest = quick_name(rest.strip_prefix("\",")?, envelope.content?)?;
        let digits = quick_name(rest.strip_prefix('{')?, "received")?.strip_suffix("}}")?;
        let is_number = (1..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let is_alone = layout.roles().iter().all(|role| match role {
            descriptor::Role::Field(_, field) => field.presence == Presence::Optional,
            _ => true,
        });
        let is_own =
            Role::Received.mapped(&session.mapped).is_none() && lookup(TagRef::Text(tag)).is_none();
        if !(is_number && is_alone && is_own) {
            return None;
        }
        Some(Self {
            received: digits.parse().ok(),
            sent: None,
        })
    }

    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        let notice = Self {
            received: count(&payload, "received")?,
            sent: count(&payload, "sent")?,
        };
        match notice.received.or(notice.sent) {
            Some(_) => Ok(notice),
            None => Err(missing("received")),
        }
    }
}

/// Returns what follows a name and its colon, if the text begins with them, without escapes and white space.
#[cfg(feature = "server")]
fn quick_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.strip_prefix('"')?.strip_prefix(name)?;
    rest.strip_prefix("\":")
}

impl Serialize for ReceivedNotice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(received) = &self.received {
            map.serialize_entry("received", received)?;
        }
        if let Some(sent) = &self.sent {
            map.serialize_entry("sent", sent)?;
        }
        map.end()
    }
}

/// The payload of the session's own `join` and `leave`.
pub(crate) struct ChannelOnly<'a>(pub(crate) Cow<'a, str>);

impl ChannelOnly<'_> {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        get(&head.payload()?, "channel").map(|key: String| Self(key.into()))
    }
}

impl Serialize for ChannelOnly<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("channel", &*self.0)?;
        map.end()
    }
}

/// The payload of `gap`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GapNotice<'a> {
    /// The channel; absent if messages of the session are missing.
    pub(crate) channel: Option<Cow<'a, str>>,
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) reason: Option<GapReason>,
}

#[cfg(feature = "client")]
impl GapNotice<'static> {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            channel: find::<String>(&payload, "channel")?.map(Cow::Owned),
            from: count(&payload, "from")?,
            to: count(&payload, "to")?,
            reason: find::<String>(&payload, "reason")?.map(|reason| GapReason::of(&reason)),
        })
    }
}

impl Serialize for GapNotice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(channel) = self.channel.as_deref() {
            map.serialize_entry("channel", channel)?;
        }
        if let Some(from) = self.from {
            map.serialize_entry("from", &from)?;
        }
        if let Some(to) = self.to {
            map.serialize_entry("to", &to)?;
        }
        if let Some(reason) = self.reason {
            map.serialize_entry("reason", reason.as_str())?;
        }
        map.end()
    }
}

/// The payload of `skip`: a number of a channel whose message is not for this client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SkipNotice<'a> {
    pub(crate) channel: Cow<'a, str>,
    pub(crate) seq: u64,
}

#[cfg(feature = "client")]
impl SkipNotice<'static> {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            channel: get::<String>(&payload, "channel")?.into(),
            seq: count(&payload, "seq")?.ok_or_else(|| missing("seq"))?,
        })
    }
}

impl Serialize for SkipNotice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("channel", &*self.channel)?;
        map.serialize_entry("seq", &self.seq)?;
        map.end()
    }
}
