//! Message encodings: the trait [`Codec`] and JSON.

use crate::{
    descriptor::{EnvelopeDescriptor, FieldKind, Tag, TimestampForm},
    envelope::Id,
};
use bytes::Bytes;
use bytestring::ByteString;
use std::{fmt, time::SystemTime};

/// An encoding of messages.
pub trait Codec: fmt::Debug + Send + Sync + 'static {
    /// Returns its name in the `encodings` of the spec.
    fn name(&self) -> &'static str;
    /// Returns whether its frames are text.
    fn is_text(&self) -> bool;
    /// Encodes a message.
    ///
    /// # Errors
    /// If the payload cannot be serialized, for example because a number is not finite.
    fn encode(&self, message: &Outgoing<'_>) -> Result<Vec<u8>, EncodeError>;
    /// Returns a frame as a source for decoding.
    ///
    /// # Errors
    /// If the frame is text and the codec binary or the reverse.
    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str>;
}

/// A frame as delivered by the transport.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'a> {
    /// A text frame.
    Text(Body<'a>),
    /// A binary frame.
    Binary(&'a [u8]),
}

/// A frame, ready to be decoded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source<'a> {
    /// JSON text.
    Json(Body<'a>),
}

/// A text, optionally with the reference-counted bytes that it borrows from: strings that are decoded from it can share those.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    text: &'a str,
    bytes: Option<&'a Bytes>,
}

impl<'a> Body<'a> {
    /// Returns the text.
    pub const fn text(self) -> &'a str {
        self.text
    }

    /// Returns the reference-counted bytes of the text, if it has them.
    pub(crate) const fn bytes(self) -> Option<&'a Bytes> {
        self.bytes
    }
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, bytes: None }
    }
}

impl<'a> From<&'a ByteString> for Body<'a> {
    fn from(text: &'a ByteString) -> Self {
        Self {
            text,
            bytes: Some(text.as_bytes()),
        }
    }
}

#[cfg(feature = "net")]
impl<'a> From<&'a tokio_tungstenite::tungstenite::Utf8Bytes> for Body<'a> {
    fn from(text: &'a tokio_tungstenite::tungstenite::Utf8Bytes) -> Self {
        Self {
            text,
            bytes: Some(text.as_ref()),
        }
    }
}

/// A message to encode.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The names of the envelope fields.
    pub envelope: &'a EnvelopeDescriptor,
    /// The discriminant.
    pub tag: Option<Tag>,
    /// The payload, if the message has one.
    pub payload: Option<&'a dyn erased_serde::Serialize>,
    /// The correlation id.
    pub id: Option<&'a Id>,
    /// Whether the id goes into the field for replies.
    pub is_reply: bool,
    /// The major version of the protocol.
    pub version: Option<i64>,
    /// The channel's key.
    pub channel: Option<&'a str>,
    /// The sequence number in the channel.
    pub seq: Option<u64>,
    /// The channel's epoch.
    pub epoch: Option<&'a str>,
    /// When it was published.
    pub timestamp: Option<SystemTime>,
    /// In replies, whether the request succeeded. It is encoded if the envelope has an outcome field.
    pub outcome: Option<bool>,
}

impl<'a> Outgoing<'a> {
    /// Creates a message with a discriminant and nothing else.
    pub const fn new(envelope: &'a EnvelopeDescriptor, tag: Option<Tag>) -> Self {
        Self {
            envelope,
            tag,
            payload: None,
            id: None,
            is_reply: false,
            version: None,
            channel: None,
            seq: None,
            epoch: None,
            timestamp: None,
            outcome: None,
        }
    }
}

/// A message cannot be encoded.
#[derive(Debug)]
pub struct EncodeError(serde_json::Error);

impl EncodeError {
    pub(crate) fn text(_: std::string::FromUtf8Error) -> Self {
        Self(serde::ser::Error::custom("the codec did not produce text"))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message cannot be encoded")
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Codec for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn is_text(&self) -> bool {
        true
    }

    fn encode(&self, m: &Outgoing<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut out = Object(Vec::with_capacity(256));
        let e = m.envelope;
        match m.tag {
            Some(Tag::Text(text)) => out.field(e.tag, &text)?,
            Some(Tag::Integer(n)) => out.field(e.tag, &n)?,
            None => {}
        }
        if let Some(payload) = m.payload {
            match e.content {
                Some(content) => out.field(content, &payload)?,
                None => out.splice(payload)?,
            }
        }
        if let Some(id) = m.id {
            let field = if m.is_reply {
                e.reply_to.or(e.id)
            } else {
                e.id
            };
            if let Some(field) = field {
                match id {
                    Id::Text(text) => out.field(field.name, text)?,
                    Id::Integer(n) => out.field(field.name, n)?,
                }
            }
        }
        if let (Some(succeeded), Some((field, success, failure))) = (m.outcome, e.outcome) {
            out.raw(field, if succeeded { success } else { failure })?;
        }
        if let (Some(version), Some(field)) = (m.version, e.version) {
            match field.kind {
                FieldKind::Integer => out.field(field.name, &version)?,
                FieldKind::Text => out.field(field.name, &version.to_string())?,
            }
        }
        if let (Some(channel), Some(field)) = (m.channel, e.channel) {
            out.field(field.name, &channel)?;
        }
        if let (Some(seq), Some(field)) = (m.seq, e.seq) {
            match field.kind {
                FieldKind::Integer => out.field(field.name, &seq)?,
                FieldKind::Text => out.field(field.name, &seq.to_string())?,
            }
        }
        if let (Some(epoch), Some(field)) = (m.epoch, e.epoch) {
            out.field(field.name, &epoch)?;
        }
        if let (Some(at), Some((field, form))) = (m.timestamp, e.timestamp) {
            let since = at
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            match form {
                TimestampForm::Rfc3339 => {
                    out.field(
                        field.name,
                        &humantime::format_rfc3339_millis(at).to_string(),
                    )?;
                }
                TimestampForm::UnixMs => out.field(field.name, &(since.as_millis() as u64))?,
                TimestampForm::UnixS => out.field(field.name, &since.as_secs())?,
            }
        }
        Ok(out.close())
    }

    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str> {
        match frame {
            Frame::Text(text) => Ok(Source::Json(text)),
            Frame::Binary(_) => Err("expected a text frame"),
        }
    }
}

/// A JSON object that is being written.
struct Object(Vec<u8>);

impl Object {
    fn field<T: serde::Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut self.0, name).map_err(EncodeError)?;
        self.0.push(b':');
        serde_json::to_writer(&mut self.0, value).map_err(EncodeError)
    }

    /// Writes a field whose value is JSON text.
    fn raw(&mut self, name: &str, json: &str) -> Result<(), EncodeError> {
        let value: &serde_json::value::RawValue =
            serde_json::from_str(json).map_err(EncodeError)?;
        self.field(name, value)
    }

    /// Writes the fields of an object next to the other fields.
    fn splice(&mut self, value: &dyn erased_serde::Serialize) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.0.push(b',');
        let body = self.0.len();
        serde_json::to_writer(&mut self.0, value).map_err(EncodeError)?;
        if self.0.get(body) != Some(&b'{') {
            return Err(EncodeError(serde::ser::Error::custom(
                "a payload without a content field must be an object",
            )));
        }
        self.0.pop();
        self.0.remove(body);
        match self.0.len() - body {
            0 => self.0.truncate(start),
            _ if start == 0 => self.0[0] = b'{',
            _ => {}
        }
        Ok(())
    }

    fn close(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }
}
