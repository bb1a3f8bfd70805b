//! The session's own messages: hello, ready, refuse, error, ping, pong, join, leave, gap.
//!
//! They are few and rare, so they are read in two steps through [`Head`], and written like any other message.

use crate::{
    Id, SessionCode, Side, TagBuf,
    codec::Source,
    descriptor::{EnvelopeDescriptor, Roles, TagRef},
};
use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::SerializeMap,
};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::HashMap, fmt};

/// The fields of an object, unread.
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

/// What each of the session's own messages is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Hello,
    Ready,
    Refuse,
    Gap,
    Join,
    Leave,
    Ping,
    Pong,
    Error,
}

impl Role {
    /// The role that a tag plays.
    pub(crate) fn of(tag: TagRef<'_>, roles: &Roles) -> Option<Self> {
        [
            (roles.hello, Self::Hello),
            (roles.ready, Self::Ready),
            (roles.refuse, Self::Refuse),
            (roles.gap, Self::Gap),
            (roles.join, Self::Join),
            (roles.leave, Self::Leave),
            (roles.ping, Self::Ping),
            (roles.pong, Self::Pong),
            (roles.error, Self::Error),
        ]
        .into_iter()
        .find(|(role, _)| role.is_some_and(|role| role == tag))
        .map(|(_, role)| role)
    }
}

/// The envelope of a message, its payload unread.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) tag: TagBuf,
    pub(crate) id: Option<Id>,
    pub(crate) channel: Option<String>,
    #[cfg(feature = "client")]
    pub(crate) seq: Option<u64>,
    #[cfg(feature = "client")]
    pub(crate) epoch: Option<String>,
    payload: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Reads the envelope of a message.
    pub(crate) fn read(
        source: &Source<'a>,
        envelope: &EnvelopeDescriptor,
    ) -> Result<Self, serde_json::Error> {
        let Source::Json(body) = *source;
        let all = fields(body.text())?;
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
            #[cfg(feature = "client")]
            seq: find(&all, at(envelope.seq))?,
            #[cfg(feature = "client")]
            epoch: find(&all, at(envelope.epoch))?,
            payload: match envelope.content {
                Some(content) => all.get(content).map(|raw| raw.get()),
                None => Some(body.text()),
            },
        })
    }

    /// The fields of its payload.
    fn payload(&self) -> Result<Fields<'a>, serde_json::Error> {
        self.payload.map_or(Ok(Fields::new()), fields)
    }
}

/// The first message of a client.
#[derive(Debug)]
pub(crate) struct Hello {
    pub(crate) version: String,
    /// Nothing is compared where it is not told.
    pub(crate) hash: Option<String>,
    /// What proves who the client is, unread.
    pub(crate) auth: Option<Box<RawValue>>,
}

#[cfg(feature = "server")]
impl Hello {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            version: get(&payload, "version")?,
            hash: find(&payload, "hash")?,
            auth: payload.get("auth").map(|raw| (*raw).to_owned()),
        })
    }
}

impl Serialize for Hello {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &self.version)?;
        if let Some(hash) = &self.hash {
            map.serialize_entry("hash", hash)?;
        }
        if let Some(auth) = &self.auth {
            map.serialize_entry("auth", auth)?;
        }
        map.end()
    }
}

/// The session began.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) version: String,
    /// Nothing is compared where it is not told.
    pub(crate) hash: Option<String>,
    pub(crate) session: String,
}

#[cfg(feature = "client")]
impl Ready {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            version: get(&payload, "version")?,
            hash: find(&payload, "hash")?,
            session: find(&payload, "session")?.unwrap_or_default(),
        })
    }
}

impl Serialize for Ready {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &self.version)?;
        if let Some(hash) = &self.hash {
            map.serialize_entry("hash", hash)?;
        }
        map.serialize_entry("session", &self.session)?;
        map.end()
    }
}

/// An `error` or a `refuse`, as the other end sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// The code: `FAILED` where the other end says that a request failed and gives no code. Then `data` is all that it said.
    pub code: TagBuf,
    /// What the other end says of it.
    pub message: String,
    /// Whether the same request may be tried again.
    pub retryable: bool,
    /// What comes with the code, as JSON text.
    pub data: Option<String>,
    /// What the other end found wrong with the payload.
    pub violations: Vec<RemoteViolation>,
    /// Which end is too old, where that is why.
    pub side: Option<Side>,
}

/// One thing the other end found wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteViolation {
    /// Where in the message (RFC 6901).
    pub path: String,
    /// The keyword of the schema that refused it.
    pub keyword: String,
    /// What the schema allows, for people.
    pub message: String,
    /// What the schema allows: the keyword's value, or the name that is missing.
    pub allowed: Option<Value>,
}

#[cfg(feature = "client")]
impl RemoteError {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        Self::of(&head.payload()?)
    }

    /// The payload of a reply whose envelope says that the request failed.
    pub(crate) fn failed(payload: Option<&str>) -> Self {
        let read = payload.and_then(|text| Self::of(&fields(text).ok()?).ok());
        read.unwrap_or_else(|| Self {
            code: TagBuf::Text(SessionCode::Failed.as_str().into()),
            message: "the request failed".into(),
            retryable: false,
            data: payload.map(str::to_owned),
            violations: Vec::new(),
            side: None,
        })
    }

    fn of(payload: &Fields<'_>) -> Result<Self, serde_json::Error> {
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
            code: match get(payload, "code")? {
                Value::Number(n) if n.is_i64() => TagBuf::Integer(n.as_i64().unwrap_or_default()),
                Value::String(text) => TagBuf::Text(text.into()),
                _ => {
                    return Err(serde_json::Error::custom(
                        "the code is neither a string nor an integer",
                    ));
                }
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

#[cfg(feature = "client")]
/// The payload of `gap`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GapNotice {
    pub(crate) channel: String,
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
}

#[cfg(feature = "client")]
impl GapNotice {
    pub(crate) fn read(head: &Head<'_>) -> Result<Self, serde_json::Error> {
        let payload = head.payload()?;
        Ok(Self {
            channel: get(&payload, "channel")?,
            from: find(&payload, "from")?,
            to: find(&payload, "to")?,
        })
    }
}

/// Whether a version of the other end is taken; where it is not, which side is too old.
///
/// A pre-release counts as the version it leads to.
///
/// # Errors
/// The side that is too old, and words that say so: `speaker` names the end that speaks `version`.
pub(crate) fn check_version(
    speaker: Side,
    version: &str,
    own: &str,
    accepts: &str,
) -> Result<(), (Side, String)> {
    let taker = match speaker {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    let (Ok(requirement), Ok(own)) = (
        semver::VersionReq::parse(accepts),
        semver::Version::parse(own),
    ) else {
        // The tables were checked when they were generated; with a bad one there is nothing to compare with.
        return Ok(());
    };
    let spoken = semver::Version::parse(version);
    let release = spoken
        .as_ref()
        .map(|v| semver::Version::new(v.major, v.minor, v.patch))
        .ok();
    if release
        .as_ref()
        .is_some_and(|release| requirement.matches(release))
    {
        return Ok(());
    }
    // What is no version at all is older than versions.
    let old = if spoken.is_ok_and(|spoken| spoken > own) {
        taker
    } else {
        speaker
    };
    // The words never repeat what is no version: it is the other end's, and may be anything.
    let version = if release.is_some() {
        version
    } else {
        "no version"
    };
    Err((
        old,
        format!(
            "the {speaker} speaks {version}, and this {taker} takes {accepts}: the {old} is too old"
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
