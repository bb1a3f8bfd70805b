//! Messages before a session is ready, and those that authenticate it.

use super::{Fields, Head, count, find, get};
#[cfg(feature = "server")]
use super::{fields, number};
use crate::Side;
#[cfg(feature = "server")]
use serde::de::Error as _;
use serde::{Serialize, Serializer, ser::SerializeMap};
#[cfg(feature = "server")]
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

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
        let received = count(&payload, "received")?.unwrap_or_default();
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
                None => None,
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
            received: count(&payload, "received")?,
            expires: count(&payload, "expires")?,
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
        let expires = count(&head.payload()?, "expires")?;
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

/// The largest number in a version: all numbers of 19 digits have 64 bits, so that no end has to compare more than digits.
const LARGEST_NUMBER: u64 = 9_999_999_999_999_999_999;

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
        // The macro has validated the descriptor. One that was made otherwise has nothing to compare with, and accepts no version.
        tracing::error!(
            own,
            accepts,
            "the protocol's own version or the versions that it accepts cannot be read: every peer is refused"
        );
        return Err((
            receiver,
            format!("this {receiver} does not know which versions it takes"),
        ));
    };
    let parsed = semver::Version::parse(version)
        .ok()
        .filter(|v| v.major.max(v.minor).max(v.patch) <= LARGEST_NUMBER);
    let release = parsed
        .as_ref()
        .map(|v| semver::Version::new(v.major, v.minor, v.patch));
    if release
        .as_ref()
        .is_some_and(|release| requirement.matches(release))
    {
        return Ok(());
    }
    // A string that is not a version counts as older than any version.
    let old = if parsed.is_some_and(|parsed| parsed > own) {
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
        // What cannot be compared is not accepted.
        let unreadable = Err((
            Side::Server,
            "this server does not know which versions it takes".into(),
        ));
        assert_eq!(check("1.2.0", "hello"), unreadable);
        assert_eq!(
            check_version(Side::Client, "1.2.0", "abc", "^1"),
            unreadable
        );
        assert_eq!(check("9999999999999999999.0.0", ">=1.0"), Ok(()));
        assert_eq!(
            check("10000000000000000000.0.0", ">=1.0").map_err(|(side, _)| side),
            Err(Side::Client)
        );
    }
}
