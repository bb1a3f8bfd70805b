//! Message encodings: the trait [`Codec`], JSON, MessagePack and CBOR.

mod binary;
mod envelope;
mod json;
#[cfg(feature = "server")]
mod numbering;
#[cfg(feature = "net")]
mod payload;
mod timestamp;

pub use binary::{Cbor, MsgPack};
pub(crate) use envelope::envelope_fields;
pub use json::Json;
#[cfg(feature = "server")]
pub(crate) use numbering::Numbering;
#[cfg(feature = "net")]
pub(crate) use payload::JsonPayload;
pub(crate) use timestamp::read_rfc3339;

use crate::{
    descriptor::{EnvelopeDescriptor, Tag},
    envelope::{Envelope, Id},
    message::{MessageSet, PayloadOf},
    read::{BinaryFormat, Reader, Stop, Transcoded},
};
use bytes::Bytes;
use bytestring::ByteString;
use std::{borrow::Cow, fmt, ops::Range, time::SystemTime};

/// The maximum nesting depth of what is transcoded.
pub(crate) const DEPTH: u32 = 256;

/// How the names begin of the structs by which `serde_json` serializes a `RawValue`, or a number of arbitrary precision: their only field is JSON
/// text.
const PRIVATE: &str = "$serde_json::private::";

/// The encodings that a protocol can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// JSON text (RFC 8259).
    Json,
    /// MessagePack.
    MsgPack,
    /// CBOR (RFC 8949).
    Cbor,
}

impl Encoding {
    #[cfg(feature = "net")]
    /// Returns the encoding with a name in the `encodings` of the spec.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let all = [Self::Json, Self::MsgPack, Self::Cbor];
        all.into_iter().find(|one| one.codec().name() == name)
    }

    /// Returns a message as a source for decoding, in this encoding. JSON text has to be UTF-8.
    ///
    /// # Errors
    /// If it is not.
    pub fn source(self, message: &Bytes) -> Result<Source<'_>, std::str::Utf8Error> {
        Ok(match self {
            Self::Json => Source::Json(std::str::from_utf8(message)?.into()),
            Self::MsgPack => Source::MsgPack(message),
            Self::Cbor => Source::Cbor(message),
        })
    }

    /// Returns its codec.
    pub fn codec(self) -> &'static dyn Codec {
        match self {
            Self::Json => &Json,
            Self::MsgPack => &MsgPack,
            Self::Cbor => &Cbor,
        }
    }
}

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
    fn encode(&self, message: &Outgoing<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        self.encode_to(message, &mut bytes)?;
        Ok(bytes)
    }
    /// Encodes a message into an empty buffer. If it fails, what the buffer contains has no meaning.
    ///
    /// # Errors
    /// If the payload cannot be serialized, for example because a number is not finite.
    fn encode_to(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
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
    Binary(&'a Bytes),
}

/// A frame, ready to be decoded.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Source<'a> {
    /// JSON text.
    Json(Body<'a>),
    /// MessagePack.
    MsgPack(&'a Bytes),
    /// CBOR.
    Cbor(&'a Bytes),
}

impl<'a> Source<'a> {
    /// Returns a reader of the message with at most `depth` nested arrays and objects.
    pub(crate) fn reader(self, depth: u32) -> Reader<'a> {
        match self {
            Self::Json(body) => Reader::body(body, depth),
            Self::MsgPack(bytes) => Reader::shared(BinaryFormat::MsgPack, bytes, depth),
            Self::Cbor(bytes) => Reader::shared(BinaryFormat::Cbor, bytes, depth),
        }
    }

    /// Returns the value in a range of the message, as JSON text. `None` if it is malformed.
    pub(crate) fn json_text(self, range: Range<usize>, depth: u32) -> Option<Cow<'a, str>> {
        let transcode = |format, bytes: &'a Bytes| {
            let mut reader = Reader::binary(format, bytes.get(range.clone())?, depth);
            let text = serde_json::to_string(&Transcoded::new(&mut reader)).ok()?;
            reader.end().ok().map(|()| text.into())
        };
        match self {
            Self::Json(body) => body.text().get(range.clone()).map(Cow::Borrowed),
            Self::MsgPack(bytes) => transcode(BinaryFormat::MsgPack, bytes),
            Self::Cbor(bytes) => transcode(BinaryFormat::Cbor, bytes),
        }
    }

    /// Writes the message in another encoding, as it is: nothing is checked but that it is well-formed. A byte string becomes base64 in JSON, where it
    /// stays a text afterwards.
    ///
    /// # Errors
    /// If the message is malformed, or has more than 256 nested arrays and objects.
    pub fn transcode(self, to: Encoding) -> Result<Vec<u8>, EncodeError> {
        let mut reader = self.reader(DEPTH);
        let written = {
            let value = Transcoded::new(&mut reader);
            match to {
                Encoding::Json => serde_json::to_vec(&value).map_err(EncodeError),
                Encoding::MsgPack => binary::to_bytes(BinaryFormat::MsgPack, &value),
                Encoding::Cbor => binary::to_bytes(BinaryFormat::Cbor, &value),
            }
        }?;
        let trailing = || EncodeError(serde::ser::Error::custom("something follows the value"));
        reader.end().map(|()| written).map_err(|Stop| trailing())
    }

    #[cfg(feature = "net")]
    /// Returns its size in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Json(body) => body.text().len(),
            Self::MsgPack(bytes) | Self::Cbor(bytes) => bytes.len(),
        }
    }
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

/// What is encoded as the payload of a message, whatever its type. JSON, the usual encoding, is written without a type-erased serializer.
pub trait ErasedPayload: erased_serde::Serialize {
    /// Appends the payload as JSON text.
    ///
    /// # Errors
    /// If it cannot be serialized.
    fn append_json(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

impl<T: serde::Serialize> ErasedPayload for T {
    fn append_json(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        json::append(out, self)
    }
}

erased_serde::serialize_trait_object!(ErasedPayload);

/// A message to encode.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The names of the envelope fields.
    pub envelope: &'a EnvelopeDescriptor,
    /// The discriminant.
    pub tag: Option<Tag>,
    /// The payload, if the message has one.
    pub payload: Option<&'a dyn ErasedPayload>,
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

/// Encodes a message with its envelope.
///
/// # Errors
/// If the payload cannot be serialized, or has no field of its own and a member with the name of a field of the envelope.
///
/// ```
/// # use handfast::protocol;
/// use handfast::{NoPendingReplies, Side, codec::{Encoding, Source}, decode, encode};
///
/// #[protocol(server)]
/// #[derive(Clone, Debug, PartialEq)]
/// pub enum ServerMessage {
///     #[message("move")]
///     Move { x: i64, y: i64 },
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let envelope = ServerMessage::decode(r#"{"type":"move","payload":{"x":1,"y":2}}"#)?;
/// let bytes = encode(&envelope, Encoding::MsgPack)?;
/// assert_eq!(bytes, b"\x82\xA4type\xA4move\xA7payload\x82\xA1x\x01\xA1y\x02");
///
/// let source = Source::MsgPack(&bytes.into());
/// let read = decode::<ServerMessage>(source, Side::Server, 64, &NoPendingReplies)?;
/// assert_eq!(read.message, envelope.message);
/// # Ok(())
/// # }
/// ```
pub fn encode<M: MessageSet>(
    envelope: &Envelope<M>,
    encoding: Encoding,
) -> Result<Vec<u8>, EncodeError> {
    let message = &M::DESCRIPTOR.messages[envelope.message.index()];
    let payload = PayloadOf(&envelope.message);
    let fields = match message.envelope {
        Some(own) => &own.fields,
        None => &M::DESCRIPTOR.envelope,
    };
    if message.payload
        && fields.content.is_none()
        && let Some(name) = envelope_fields(fields, &payload).first()
    {
        let text = format!("`{name}` is a field of the envelope");
        return Err(EncodeError(serde::ser::Error::custom(text)));
    }
    encoding.codec().encode(&Outgoing {
        payload: message.payload.then_some(&payload as &dyn ErasedPayload),
        id: envelope.id.as_ref(),
        version: envelope.version,
        channel: envelope.channel.as_deref(),
        seq: envelope.seq,
        epoch: envelope.epoch.as_deref(),
        timestamp: envelope.timestamp,
        ..Outgoing::new(fields, message.tag)
    })
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
