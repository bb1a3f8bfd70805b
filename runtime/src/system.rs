//! The session's own messages: hello, ready, refuse, auth, error, ping, pong, received, join, leave, gap, skip, presence.
//!
//! They are few and rare, so they are decoded in two steps through [`Head`], and encoded like any other message. Where a message of the
//! application plays a role, `mapped` moves the role's fields from and to their places in its payload.

pub(crate) mod mapped;

mod presence;

pub(crate) use presence::{MemberNotice, PresenceKind, PresenceNotice};

use crate::{
    GapReason, Id, SessionCode, Side, TagBuf,
    codec::Source,
    descriptor::{EnvelopeDescriptor, MappedRole, MappedRoles, Roles, Tag, TagRef},
};
use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::SerializeMap,
};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::HashMap, fmt};

/// The largest field of a ping that its pong repeats, in bytes of JSON.
#[cfg(feature = "net")]
const MAX_NONCE: usize = 1024;

/// The members of an object as raw JSON.
type Fields<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

fn fields(text: &str) -> Result<Fields<'_>, serde_json::Error> {
    serde_json::from_str(text)
}

fn get<T: DeserializeOwned>(fields: &Fields<'_>, name: &str) -> Result<T, serde_json::Error> {
    match fields.get(name) {
        Some(raw) => serde_json::from_str(raw.get()),
        None => Err(serde_json::Error::custom(format!("`{name}` is missing"))),
    }
}

/// A field that may be absent or null.
fn find<T: DeserializeOwned>(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Option<T>, serde_json::Error> {
    fields
        .get(name)
        .map_or(Ok(None), |raw| serde_json::from_str(raw.get()))
}

/// A sequence number, which may be written as `9.0`, or as text if the protocol has it so.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64().or_else(|| {
            n.as_f64()
                .filter(|n| n.fract() == 0.0 && *n >= 0.0)
                .map(|n| n as u64)
        }),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
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

    /// Returns the role of a discriminant.
    pub(crate) fn of(tag: TagRef<'_>, roles: &Roles) -> Option<Self> {
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
        .find(|(role, _)| role.is_some_and(|role| role == tag))
        .map(|(_, role)| role)
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

/// The maximum nesting depth of the session's own messages.
const DEPTH: u32 = 128;

impl<'a> Head<'a> {
    /// Reads the envelope of a message.
    pub(crate) fn read(
        source: &Source<'a>,
        envelope: &EnvelopeDescriptor,
    ) -> Result<Self, serde_json::Error> {
        match source.json_text(0..source.len(), DEPTH) {
            Some(Cow::Borrowed(text)) => Self::of(text, envelope),
            Some(Cow::Owned(text)) => Head::of(&text, envelope).map(Head::into_owned),
            None => Err(serde_json::Error::custom("the message is malformed")),
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
        let at = |field: Option<crate::descriptor::FieldDescriptor>| {
            field.map_or("", |field| field.name)
        };
        Ok(Self {
            tag: match get(&all, envelope.tag)? {
                Value::String(text) => TagBuf::Text(text.into()),
                Value::Number(n) if n.is_i64() => TagBuf::Integer(n.as_i64().unwrap_or_default()),
                _ => {
                    return Err(serde_json::Error::custom(
                        "the tag is neither a string nor an integer",
                    ));
                }
            },
            id: match find(&all, at(envelope.reply_to.or(envelope.id)))? {
                Some(Value::String(text)) => Some(Id::Text(text)),
                Some(Value::Number(n)) => n.as_i64().map(Id::Integer),
                _ => None,
            },
            channel: find(&all, at(envelope.channel))?,
            seq: find(&all, at(envelope.seq))?.as_ref().and_then(number),
            epoch: match find(&all, at(envelope.epoch))? {
                Some(Value::String(text)) => Some(text),
                Some(Value::Number(n)) => Some(n.to_string()),
                _ => None,
            },
            payload: match envelope.content {
                Some(content) => all.get(content).map(|raw| raw.get().into()),
                None => Some(text.into()),
            },
            mapped: None,
        })
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

    /// Returns the members of the payload.
    /// Returns the fields of the role.
    fn payload(&self) -> Result<Fields<'_>, serde_json::Error> {
        match (self.mapped, self.payload.as_deref()) {
            (Some(mapped), payload) => mapped::read(mapped, payload.unwrap_or("{}")),
            (None, payload) => payload.map_or(Ok(Fields::new()), fields),
        }
    }
}

/// The first message of a client.
#[derive(Debug)]
pub(crate) struct Hello {
    /// Always present, unless a message of the application plays the role. If it is absent, nothing is compared.
    pub(crate) version: Option<String>,
    /// If it is absent, nothing is compared.
    pub(crate) hash: Option<String>,
    /// The authentication payload as raw JSON.
    pub(crate) auth: Option<Box<RawValue>>,
    /// Present if the client counts messages.
    pub(crate) resume: Option<Resume>,
}

/// Asks for the messages of a session after one, if the server numbers them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResumeAfter {
    /// The token of the session. If it is absent, the session is the last one of the same principal.
    pub(crate) session: Option<String>,
    /// The number of the last message that the client has received.
    pub(crate) seq: u64,
}

#[cfg(feature = "server")]
impl ResumeAfter {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        let seq: Value = get(&payload, "seq")?;
        Ok(Self {
            session: find(&payload, "session")?,
            seq: number(&seq).ok_or_else(|| serde_json::Error::custom("`seq` is no number"))?,
        })
    }
}

impl Serialize for ResumeAfter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        if let Some(session) = &self.session {
            map.serialize_entry("session", session)?;
        }
        map.end()
    }
}

/// Asks to count messages, and to resume a session if there is one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    /// The token of the session to resume, and how many of its messages the client has received.
    pub(crate) session: Option<(String, u64)>,
}

#[cfg(feature = "server")]
impl Resume {
    fn read(text: &str) -> Result<Self, serde_json::Error> {
        let payload = fields(text)?;
        let session = find(&payload, "session")?;
        let received = find(&payload, "received")?.unwrap_or_default();
        Ok(Self {
            session: session.map(|session| (session, received)),
        })
    }
}

impl Serialize for Resume {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((session, received)) = &self.session {
            map.serialize_entry("session", session)?;
            map.serialize_entry("received", received)?;
        }
        map.end()
    }
}

impl Head<'_> {
    /// Returns the version in a hello or ready.
    fn version(&self, payload: &Fields<'_>) -> Result<Option<String>, serde_json::Error> {
        match self.mapped {
            None => get(payload, "version").map(Some),
            Some(_) => find(payload, "version"),
        }
    }
}

#[cfg(feature = "server")]
impl Hello {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            version: head.version(&payload)?,
            hash: find(&payload, "hash")?,
            auth: payload.get("auth").map(|raw| (*raw).to_owned()),
            resume: match payload.get("resume").map(|raw| raw.get()) {
                None | Some("null") => None,
                Some(text) => Some(Resume::read(text)?),
            },
        })
    }
}

impl Serialize for Hello {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(version) = &self.version {
            map.serialize_entry("version", version)?;
        }
        if let Some(hash) = &self.hash {
            map.serialize_entry("hash", hash)?;
        }
        if let Some(auth) = &self.auth {
            map.serialize_entry("auth", auth)?;
        }
        if let Some(resume) = &self.resume {
            map.serialize_entry("resume", resume)?;
        }
        map.end()
    }
}

/// The fields of a greeting.
#[cfg(feature = "server")]
pub(crate) struct Greeting {
    pub(crate) version: &'static str,
}

#[cfg(feature = "server")]
impl Serialize for Greeting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("version", self.version)?;
        map.end()
    }
}

/// The encoding that a client asks for, or that a server agrees to.
#[cfg(feature = "net")]
pub(crate) struct Negotiation<'a>(pub(crate) Cow<'a, str>);

#[cfg(feature = "net")]
impl Negotiation<'_> {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        get(&head.payload()?, "encoding").map(Self)
    }
}

#[cfg(feature = "net")]
impl Serialize for Negotiation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("encoding", &*self.0)?;
        map.end()
    }
}

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
    pub(crate) fn fields(&self) -> Option<&dyn erased_serde::Serialize> {
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

/// The reply to a hello: the session has started.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Always present, unless a message of the application plays the role. If it is absent, nothing is compared.
    pub(crate) version: Option<String>,
    /// If it is absent, nothing is compared.
    pub(crate) hash: Option<String>,
    /// The token by which the session can be resumed.
    pub(crate) session: String,
    /// Whether the session that the client asked for was resumed.
    pub(crate) resumed: bool,
    /// How many messages of the client the server has received in this session. If it is absent, the server does not count.
    pub(crate) received: Option<u64>,
    /// The milliseconds until the authentication expires.
    pub(crate) expires: Option<u64>,
}

#[cfg(feature = "client")]
impl Ready {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            version: head.version(&payload)?,
            hash: find(&payload, "hash")?,
            session: find(&payload, "session")?.unwrap_or_default(),
            resumed: find(&payload, "resumed")?.unwrap_or_default(),
            received: find(&payload, "received")?,
            expires: find(&payload, "expires")?,
        })
    }
}

impl Serialize for Ready {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(version) = &self.version {
            map.serialize_entry("version", version)?;
        }
        if let Some(hash) = &self.hash {
            map.serialize_entry("hash", hash)?;
        }
        map.serialize_entry("session", &self.session)?;
        if self.resumed {
            map.serialize_entry("resumed", &true)?;
        }
        if let Some(received) = &self.received {
            map.serialize_entry("received", received)?;
        }
        if let Some(expires) = &self.expires {
            map.serialize_entry("expires", expires)?;
        }
        map.end()
    }
}

/// The answer to `auth`: the client is authenticated.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// The milliseconds until the authentication expires.
    pub(crate) expires: Option<u64>,
}

#[cfg(feature = "client")]
impl Authenticated {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let expires = find(&head.payload()?, "expires")?;
        Ok(Self { expires })
    }
}

impl Serialize for Authenticated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(expires) = &self.expires {
            map.serialize_entry("expires", expires)?;
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
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            received: find(&payload, "received")?,
            sent: find(&payload, "sent")?,
        })
    }
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

/// The payload of an `error` or `refuse`, as the peer sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// The code; `FAILED` if the peer reports a failed request without a code. Then `data` is the whole payload.
    pub code: TagBuf,
    /// The message of the peer.
    pub message: String,
    /// Whether the request may be retried.
    pub retryable: bool,
    /// The data of the error, as JSON text.
    pub data: Option<String>,
    /// The violations that the peer found in the payload.
    pub violations: Vec<RemoteViolation>,
    /// The side that is too old, if the versions are incompatible.
    pub side: Option<Side>,
}

/// A violation that the peer found in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteViolation {
    /// The location in the message (JSON Pointer, RFC 6901).
    pub path: String,
    /// The JSON Schema keyword that is violated.
    pub keyword: String,
    /// A human-readable description of what the schema allows.
    pub message: String,
    /// What the schema allows: the value of the keyword, or the name of the missing property.
    pub allowed: Option<Value>,
}

impl RemoteError {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        Self::of(&head.payload()?, head.mapped.is_some())
    }

    /// The payload of a reply whose envelope reports a failure.
    pub(crate) fn failed(payload: Option<&str>, mapped: Option<&MappedRole>) -> Self {
        let read = payload.and_then(|text| {
            let fields = match mapped {
                Some(mapped) => mapped::read(mapped, text),
                None => fields(text),
            };
            Self::of(&fields.ok()?, false).ok()
        });
        read.unwrap_or_else(|| Self {
            code: TagBuf::Text(SessionCode::Failed.as_str().into()),
            message: "the request failed".into(),
            retryable: false,
            data: payload.map(str::to_owned),
            violations: Vec::new(),
            side: None,
        })
    }

    /// The client exceeded the rate limit with its answer.
    #[cfg(feature = "server")]
    pub(crate) fn rate_limited() -> Self {
        Self {
            code: TagBuf::Text(SessionCode::RateLimited.as_str().into()),
            message: "the client sent too many messages in too short a time".into(),
            retryable: true,
            data: None,
            violations: Vec::new(),
            side: None,
        }
    }

    /// A message of the application in this role may have no code.
    fn of(payload: &Fields<'_>, is_mapped: bool) -> Result<Self, serde_json::Error> {
        let violations: Vec<HashMap<String, Value>> =
            find(payload, "violations")?.unwrap_or_default();
        let word = |entry: &HashMap<String, Value>, name: &str| {
            entry
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Ok(Self {
            code: match find(payload, "code")? {
                None if is_mapped => TagBuf::Text(SessionCode::Failed.as_str().into()),
                None => return Err(serde_json::Error::custom("`code` is missing")),
                Some(code) => match code {
                    Value::Number(n) if n.is_i64() => {
                        TagBuf::Integer(n.as_i64().unwrap_or_default())
                    }
                    Value::String(text) => TagBuf::Text(text.into()),
                    _ => {
                        return Err(serde_json::Error::custom(
                            "the code is neither a string nor an integer",
                        ));
                    }
                },
            },
            message: find(payload, "message")?.unwrap_or_default(),
            retryable: find(payload, "retryable")?.unwrap_or(false),
            data: payload.get("data").map(|raw| raw.get().to_owned()),
            violations: violations
                .iter()
                .map(|entry| RemoteViolation {
                    path: word(entry, "path"),
                    keyword: word(entry, "keyword"),
                    message: word(entry, "message"),
                    allowed: entry.get("allowed").cloned(),
                })
                .collect(),
            side: match find::<String>(payload, "side")?.as_deref() {
                Some("client") => Some(Side::Client),
                Some("server") => Some(Side::Server),
                _ => None,
            },
        })
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code.borrow())?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for (i, violation) in self.violations.iter().enumerate() {
            let separator = if i == 0 { ':' } else { ';' };
            write!(f, "{separator} {} {}", violation.path, violation.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for RemoteError {}

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
            from: find(&payload, "from")?,
            to: find(&payload, "to")?,
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
            seq: get(&payload, "seq")?,
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

/// Checks whether a version of the peer is accepted.
///
/// A pre-release counts as its release.
///
/// The side that is too old, and a message. `speaker` is the side with `version`.
pub(crate) fn check_version(
    speaker: Side,
    version: &str,
    own: &str,
    accepts: &str,
) -> Result<(), (Side, String)> {
    let receiver = match speaker {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    let (Ok(requirement), Ok(own)) = (
        semver::VersionReq::parse(accepts),
        semver::Version::parse(own),
    ) else {
        // The macro has validated the descriptor; if it is invalid nevertheless, there is nothing to compare with.
        return Ok(());
    };
    let parsed = semver::Version::parse(version);
    let release = parsed
        .as_ref()
        .map(|v| semver::Version::new(v.major, v.minor, v.patch))
        .ok();
    if release
        .as_ref()
        .is_some_and(|release| requirement.matches(release))
    {
        return Ok(());
    }
    // A string that is not a version counts as older than any version.
    let old = if parsed.is_ok_and(|parsed| parsed > own) {
        receiver
    } else {
        speaker
    };
    // The message never repeats an invalid version: it is the peer's and may contain anything.
    let version = if release.is_some() {
        version
    } else {
        "no version"
    };
    Err((
        old,
        format!(
            "the {speaker} speaks {version}, and this {receiver} takes {accepts}: the {old} is too old"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let check = |version, accepts| check_version(Side::Client, version, "1.2.0", accepts);
        assert_eq!(check("1.0.0", ">=1.0"), Ok(()));
        assert_eq!(check("1.3.0-beta.1", ">=1.0"), Ok(()));
        assert_eq!(
            check("0.9.0", ">=1.0"),
            Err((
                Side::Client,
                "the client speaks 0.9.0, and this server takes >=1.0: the client is too old"
                    .into()
            ))
        );
        assert_eq!(
            check("2.0.0", ">=1.0, <2"),
            Err((
                Side::Server,
                "the client speaks 2.0.0, and this server takes >=1.0, <2: the server is too old"
                    .into()
            ))
        );
        assert_eq!(
            check("latest", ">=1.0").map_err(|(side, _)| side),
            Err(Side::Client)
        );
    }

    #[test]
    fn a_remote_error_is_read_whole() {
        let text = r#"{"type":"error","payload":{"code":"ROOM_FULL","message":"Full.","retryable":true,"data":{"limit":9},
            "violations":[{"path":"/payload/text","keyword":"minLength","message":"must be longer","allowed":1}]},"id":"7"}"#;
        let head = Head::read(&Source::Json(text.into()), &EnvelopeDescriptor::DEFAULT)
            .expect("it is well formed");
        assert_eq!(head.id, Some(Id::Text("7".into())));
        let error = RemoteError::read(&head).expect("it is an error");
        assert_eq!(error.code, TagBuf::Text("ROOM_FULL".into()));
        assert!(error.retryable);
        assert_eq!(error.data.as_deref(), Some(r#"{"limit":9}"#));
        assert_eq!(error.violations[0].allowed, Some(1.into()));
        assert_eq!(
            error.to_string(),
            "ROOM_FULL: Full.: /payload/text must be longer"
        );
    }
}
