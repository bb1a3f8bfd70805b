//! The session's own messages: hello, ready, refuse, auth, error, ping, pong, received, join, leave, gap, skip, presence.
//!
//! They are few and rare, so they are decoded in two steps through [`Head`], and encoded like any other message. Where a message of the
//! application plays a role, `mapped` moves the role's fields from and to their places in its payload.

pub(crate) mod mapped;

mod handshake;
mod notices;
mod presence;
mod remote_error;

#[cfg(feature = "server")]
pub(crate) use handshake::Greeting;
pub(crate) use handshake::{
    Authenticated, Hello, Negotiation, Ready, Resume, ResumeAfter, check_version,
};
pub(crate) use notices::{ChannelOnly, GapNotice, PingFields, ReceivedNotice, SkipNotice};
pub(crate) use presence::{MemberNotice, PresenceKind, PresenceNotice};
pub use remote_error::{RemoteError, RemoteViolation};

#[cfg(feature = "client")]
use crate::decode::envelope_fits;
use crate::{
    Id, Side, TagBuf,
    codec::Source,
    descriptor::{
        EnvelopeDescriptor, MappedRole, MappedRoles, ProtocolDescriptor, Roles, SessionDescriptor,
        Tag, TagRef,
    },
};
use handfast_schema::number::MAX_SAFE_INTEGER;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Number, Value, value::RawValue};
use std::{borrow::Cow, collections::HashMap};

/// The members of an object as raw JSON.
type Fields<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

fn fields(text: &str) -> Result<Fields<'_>, serde_json::Error> {
    serde_json::from_str(text)
}

fn get<T: DeserializeOwned>(fields: &Fields<'_>, name: &str) -> Result<T, serde_json::Error> {
    match fields.get(name) {
        Some(raw) => serde_json::from_str(raw.get()),
        None => Err(missing(name)),
    }
}

fn missing(name: &str) -> serde_json::Error {
    serde_json::Error::custom(format!("`{name}` is missing"))
}

/// A field that may be absent. One that is null is present, and has another type.
fn find<T: DeserializeOwned>(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Option<T>, serde_json::Error> {
    let found = fields.get(name);
    found.map(|raw| serde_json::from_str(raw.get())).transpose()
}

/// A field of the envelope, which may be absent or null.
fn find_nullable<T: DeserializeOwned>(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Option<T>, serde_json::Error> {
    find::<Option<T>>(fields, name).map(Option::flatten)
}

/// An integer, as JSON Schema understands it: `9.0` is one.
fn integer(number: &Number) -> Option<i64> {
    let whole = |n: &f64| n.fract() == 0.0 && n.abs() < i64::MAX as f64;
    let as_double = || number.as_f64().filter(whole).map(|n| n as i64);
    number.as_i64().or_else(as_double)
}

/// An integer that a double represents exactly.
fn safe_integer(number: &Number) -> Option<i64> {
    integer(number).filter(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs())
}

/// A sequence number, which is text if the protocol has it so.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => safe_integer(n).and_then(|n| u64::try_from(n).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A field with a number that is not negative. It may be absent.
fn count(fields: &Fields<'_>, name: &str) -> Result<Option<u64>, serde_json::Error> {
    let Some(value) = find::<Number>(fields, name)? else {
        return Ok(None);
    };
    let count = safe_integer(&value).and_then(|n| u64::try_from(n).ok());
    let wrong = || serde_json::Error::custom(format!("`{name}` is no count"));
    count.map(Some).ok_or_else(wrong)
}

/// The roles of the session's own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Hello,
    Ready,
    Refuse,
    Resume,
    Gap,
    Skip,
    Presence,
    Join,
    Leave,
    Ping,
    Pong,
    Received,
    Error,
    Auth,
    Greeting,
    Negotiate,
}

impl Role {
    /// Returns the message of the application that plays the role.
    pub(crate) const fn mapped(self, mapped: &MappedRoles) -> Option<&'static MappedRole> {
        match self {
            Self::Hello => mapped.hello,
            Self::Ready => mapped.ready,
            Self::Refuse => mapped.refuse,
            Self::Resume => mapped.resume,
            Self::Gap => mapped.gap,
            Self::Skip => mapped.skip,
            Self::Join => mapped.join,
            Self::Leave => mapped.leave,
            Self::Ping => mapped.ping,
            Self::Pong => mapped.pong,
            Self::Received => mapped.received,
            Self::Error => mapped.error,
            Self::Greeting => mapped.greeting,
            Self::Negotiate => mapped.negotiate,
            Self::Presence => mapped.presence,
            // Handfast's own message: that of `session.auth` is its payload.
            Self::Auth => None,
        }
    }

    /// Returns the discriminant of the role's message.
    pub(crate) const fn tag(self, roles: &Roles) -> Option<Tag> {
        match self {
            Self::Hello => roles.hello,
            Self::Ready => roles.ready,
            Self::Refuse => roles.refuse,
            Self::Resume => roles.resume,
            Self::Gap => roles.gap,
            Self::Skip => roles.skip,
            Self::Join => roles.join,
            Self::Leave => roles.leave,
            Self::Ping => roles.ping,
            Self::Pong => roles.pong,
            Self::Received => roles.received,
            Self::Error => roles.error,
            Self::Greeting => roles.greeting,
            Self::Negotiate => roles.negotiate,
            Self::Presence => roles.presence,
            Self::Auth => roles.auth,
        }
    }

    /// Returns the field with the payload in messages of a side in this role; `None` if the payload's members are beside those of the envelope.
    pub(crate) fn content(
        self,
        protocol: &ProtocolDescriptor,
        sender: Side,
    ) -> Option<&'static str> {
        let mapped = self.mapped(&protocol.session.mapped);
        let own = mapped.and_then(|mapped| mapped.own_envelope(sender));
        let usual = match sender {
            Side::Client => &protocol.client.envelope,
            Side::Server => &protocol.server.envelope,
        };
        own.map_or(usual, |own| &own.fields).content
    }

    /// Whether messages in the role come from a side. A client sends errors if the server sends requests.
    pub(crate) const fn comes_from(self, sender: Side) -> bool {
        match self {
            Self::Hello | Self::Resume => matches!(sender, Side::Client),
            Self::Ready
            | Self::Refuse
            | Self::Gap
            | Self::Skip
            | Self::Presence
            | Self::Greeting => matches!(sender, Side::Server),
            Self::Join
            | Self::Leave
            | Self::Ping
            | Self::Pong
            | Self::Received
            | Self::Error
            | Self::Auth
            | Self::Negotiate => true,
        }
    }

    /// Returns the role of a discriminant in what a side sends.
    pub(crate) fn of(tag: TagRef<'_>, sender: Side, session: &SessionDescriptor) -> Option<Self> {
        let (roles, mapped) = (&session.roles, &session.mapped);
        [
            (roles.hello, Self::Hello),
            (roles.ready, Self::Ready),
            (roles.refuse, Self::Refuse),
            (roles.resume, Self::Resume),
            (roles.gap, Self::Gap),
            (roles.skip, Self::Skip),
            (roles.presence, Self::Presence),
            (roles.join, Self::Join),
            (roles.leave, Self::Leave),
            (roles.ping, Self::Ping),
            (roles.pong, Self::Pong),
            (roles.received, Self::Received),
            (roles.error, Self::Error),
            (roles.auth, Self::Auth),
            (roles.greeting, Self::Greeting),
            (roles.negotiate, Self::Negotiate),
        ]
        .into_iter()
        .filter(|(found, _)| found.is_some_and(|found| found == tag))
        .map(|(_, role)| role)
        .find(|role| {
            let played = role.mapped(mapped);
            role.comes_from(sender) && played.is_none_or(|played| played.is_sent_by(sender))
        })
    }

    /// Whether the envelope of a message of the server in this role is valid, if that matters.
    #[cfg(feature = "client")]
    pub(crate) fn envelope_fits(
        self,
        source: &Source<'_>,
        protocol: &'static ProtocolDescriptor,
    ) -> bool {
        let mapped = self.mapped(&protocol.session.mapped);
        let own = mapped.and_then(|mapped| mapped.own_envelope(Side::Server));
        self.is_known_by_its_tag()
            || envelope_fits(protocol.server, own, source, Side::Client, DEPTH)
    }

    /// Whether a message in this role is one whatever else is wrong with its envelope: it is not counted, and both ends must know that alike.
    pub(crate) const fn is_known_by_its_tag(self) -> bool {
        matches!(self, Self::Ping | Self::Pong | Self::Received)
    }
}

/// The envelope of a message, with its payload as raw JSON.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) tag: TagBuf,
    pub(crate) id: Option<Id>,
    pub(crate) channel: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) epoch: Option<String>,
    payload: Option<Cow<'a, str>>,
    /// The message of the application that it is.
    mapped: Option<&'static MappedRole>,
}

/// The maximum length of a channel's key, in bytes. Either end stores the keys of all channels that a client is in.
pub(crate) const MAX_KEY: usize = 1024;

/// The maximum nesting depth of the session's own messages.
const DEPTH: u32 = 128;

impl<'a> Head<'a> {
    /// Reads the envelope of a message.
    pub(crate) fn read(
        source: &Source<'a>,
        envelope: &EnvelopeDescriptor,
    ) -> Result<Self, serde_json::Error> {
        let malformed = || serde_json::Error::custom("the message is malformed");
        match source.json_text(0..source.len(), DEPTH) {
            // A binary message was read for it. What serde_json leaves unread is held to the same.
            Some(Cow::Borrowed(text)) => {
                let mut reader = source.reader(DEPTH);
                let read = reader.skip().and_then(|()| reader.end());
                read.map_err(|_| malformed())?;
                Self::of(text, envelope)
            }
            Some(Cow::Owned(text)) => Head::of(&text, envelope).map(Head::into_owned),
            None => Err(malformed()),
        }
    }

    /// Copies what is borrowed from the message.
    fn into_owned(self) -> Head<'static> {
        Head {
            payload: self.payload.map(|payload| payload.into_owned().into()),
            mapped: self.mapped,
            tag: self.tag,
            id: self.id,
            channel: self.channel,
            seq: self.seq,
            epoch: self.epoch,
        }
    }

    fn of(text: &'a str, envelope: &EnvelopeDescriptor) -> Result<Self, serde_json::Error> {
        let all = fields(text)?;
        let no_tag = || serde_json::Error::custom("the tag is neither a string nor an integer");
        let at = |field: Option<crate::descriptor::FieldDescriptor>| {
            field.map_or("", |field| field.name)
        };
        let id = |field| {
            Ok::<_, serde_json::Error>(match find_nullable(&all, at(field))? {
                Some(Value::String(text)) => Some(Id::Text(text)),
                Some(Value::Number(n)) => safe_integer(&n).map(Id::Integer),
                _ => None,
            })
        };
        Ok(Self {
            tag: match get(&all, envelope.tag)? {
                Value::String(text) => TagBuf::Text(text.into()),
                Value::Number(n) => integer(&n).map(TagBuf::Integer).ok_or_else(no_tag)?,
                _ => return Err(no_tag()),
            },
            // What answers a request has its id in a field of its own, in some protocols.
            id: match id(envelope.reply_to)? {
                None => id(envelope.id)?,
                id => id,
            },
            channel: match find_nullable(&all, at(envelope.channel))? {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            seq: find_nullable(&all, at(envelope.seq))?
                .as_ref()
                .and_then(number),
            epoch: match find_nullable(&all, at(envelope.epoch))? {
                Some(Value::String(text)) => Some(text),
                Some(Value::Number(n)) => safe_integer(&n).map(|n| n.to_string()),
                _ => None,
            },
            payload: match envelope.content {
                Some(content) => all.get(content).map(|raw| raw.get().into()),
                None => Some(text.into()),
            },
            mapped: None,
        })
    }

    /// Whether the message has a place for a field of its role: a message of the application may have none.
    #[cfg(feature = "client")]
    pub(crate) fn has_place_for(&self, field: &str) -> bool {
        let places = self.mapped.map(|mapped| mapped.fields);
        places.is_none_or(|places| places.iter().any(|(name, _)| *name == field))
    }

    /// Returns the payload as it was sent; if it is flattened into the envelope, what is not the envelope's. `{}` if there is none.
    #[cfg(feature = "server")]
    pub(crate) fn raw_payload(
        &self,
        envelope: &EnvelopeDescriptor,
    ) -> Result<Box<RawValue>, serde_json::Error> {
        if envelope.content.is_some() {
            let payload = self.payload.as_deref().unwrap_or("{}");
            return RawValue::from_string(payload.to_owned());
        }
        let mut payload = self.payload()?;
        let timestamp = envelope.timestamp.map(|(field, _)| field);
        let fields = [
            envelope.id,
            envelope.reply_to,
            envelope.version,
            envelope.channel,
            envelope.seq,
            envelope.epoch,
            timestamp,
        ];
        payload.remove(envelope.tag);
        for field in fields.into_iter().flatten() {
            payload.remove(field.name);
        }
        serde_json::value::to_raw_value(&payload)
    }

    /// Returns the members of the payload; where a message of the application plays the role, its fields.
    fn payload(&self) -> Result<Fields<'_>, serde_json::Error> {
        match (self.mapped, self.payload.as_deref()) {
            (Some(mapped), payload) => mapped::read(mapped, payload.unwrap_or("{}")),
            (None, payload) => payload.map_or(Ok(Fields::new()), fields),
        }
    }
}
