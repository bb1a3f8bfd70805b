//! An error of the other end.

use super::{Fields, Head, fields, find, integer, mapped};
use crate::{SessionCode, Side, TagBuf, descriptor::MappedRole};
use serde::de::Error as _;
use serde_json::Value;
use std::{collections::HashMap, fmt};

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

    /// A message of the application in this role may have neither code nor message.
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
                Some(code) => {
                    let code = match code {
                        Value::Number(n) => integer(&n).map(TagBuf::Integer),
                        Value::String(text) => Some(TagBuf::Text(text.into())),
                        _ => None,
                    };
                    let wrong = "the code is neither a string nor an integer";
                    code.ok_or_else(|| serde_json::Error::custom(wrong))?
                }
            },
            message: match find(payload, "message")? {
                None if !is_mapped => {
                    return Err(serde_json::Error::custom("`message` is missing"));
                }
                message => message.unwrap_or_default(),
            },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id, codec::Source, descriptor::EnvelopeDescriptor};

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
