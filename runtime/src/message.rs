//! What `#[protocol]` implements: payloads, the unions of messages, errors, channels.

use crate::{
    read::{Cx, Reader, Rules, Step},
    table::{ChannelTable, ProtocolTable, Tag, UnionTable},
};
use serde::ser::SerializeMap;

/// A value that can be read in one pass that reports every violation, and written with serde.
///
/// `#[protocol]` implements it for structs and enums; the runtime does for numbers, strings, collections.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried in a message",
    label = "this type has no `#[protocol]`",
    note = "put `#[protocol]` on the type, or use one of `bool`, the integers, `f64`, `String`, `Vec`, `BTreeMap`, `Option`, `Nullable`, `Bytes` and `Checked`"
)]
pub trait Payload<'de>: Sized + serde::Serialize {
    /// Reads a value. What the value breaks goes into `cx`, and then there is no value: `Ok(None)`.
    ///
    /// # Errors
    /// Where the text is not JSON; nothing can be read after that.
    fn read<R: Reader<'de>>(r: &mut R, cx: &mut Cx, rules: &'static Rules) -> Step<Self>;

    /// Whether a field with this value is left away.
    fn is_absent(&self) -> bool {
        false
    }

    /// Writes a field with this value, unless it is left away.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write_field<M: SerializeMap>(
        &self,
        map: &mut M,
        name: &'static str,
    ) -> Result<(), M::Error> {
        if self.is_absent() {
            Ok(())
        } else {
            map.serialize_entry(name, self)
        }
    }
}

/// A struct whose fields can be laid among others.
pub trait Fields {
    /// How many fields there are to write.
    #[expect(
        clippy::extra_unused_lifetimes,
        reason = "bodies that are written by `#[protocol]` name it"
    )]
    fn count<'de>(&self) -> usize;

    /// Writes them.
    ///
    /// # Errors
    /// Those of the serializer.
    #[expect(
        clippy::extra_unused_lifetimes,
        reason = "bodies that are written by `#[protocol]` name it"
    )]
    fn write<'de, M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

impl<T: Fields> Fields for Box<T> {
    fn count(&self) -> usize {
        (**self).count()
    }

    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        (**self).write(map)
    }
}

/// A discriminated union of all that one end sends.
pub trait Messages: Sized + Send + Sync + 'static {
    /// The messages, in the order of the variants.
    const TABLE: &'static UnionTable;

    /// Reads the payload of the message at a place in the table.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn read<'de, R: Reader<'de>>(index: usize, r: &mut R, cx: &mut Cx) -> Step<Self>;

    /// The message at a place in the table, where it carries nothing.
    fn bare(index: usize) -> Option<Self>;

    /// Its place in the table.
    fn index(&self) -> usize;

    /// Writes what it carries.
    ///
    /// # Errors
    /// Those of the serializer.
    #[expect(
        clippy::extra_unused_lifetimes,
        reason = "bodies that are written by `#[protocol]` name it"
    )]
    fn serialize_payload<'de, S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error>;
}

/// What a message carries, to be written.
#[derive(Clone, Copy, Debug)]
pub struct PayloadOf<'a, M>(pub &'a M);

impl<M: Messages> serde::Serialize for PayloadOf<'_, M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_payload(serializer)
    }
}

/// A payload that is one of the messages `U`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the messages `{U}`",
    note = "a message is sent by the end that the spec names in `from:`"
)]
pub trait MessageOf<U: Messages>:
    for<'de> Payload<'de> + serde::Serialize + Send + Sync + 'static
{
    /// Its place in the table.
    const INDEX: usize;

    /// Takes it out of the union.
    ///
    /// # Errors
    /// The message, where it is another.
    fn from_union(message: U) -> Result<Self, U>;

    /// Puts it into the union.
    fn into_union(self) -> U;
}

/// A message that may be published to the channel `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not published to `{C}`",
    note = "the spec names the channel of a message with `channel:`"
)]
pub trait PublishTo<C>: MessageOf<Self::Union> {
    /// The messages that the server sends.
    type Union: Messages;
}

/// A message of the client's that is answered: by one reply, or by a stream of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not answered",
    note = "the spec names what answers a message with `reply:`"
)]
pub trait Request: Send + Sync + 'static {
    /// What answers it, or says that the stream begins.
    type Reply: Send + 'static;
    /// What the stream carries; nothing, where there is no stream.
    type Item: Send + 'static;
    /// What ends the stream.
    type End: Send + 'static;
    /// The errors it may be answered with.
    type Error: ErrorCodes;
}

/// No error is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoError {}

impl ErrorCodes for NoError {
    fn code(&self) -> Tag {
        match *self {}
    }
    fn message(&self) -> &'static str {
        match *self {}
    }
    fn retryable(&self) -> bool {
        match *self {}
    }
    fn data(&self) -> Option<&dyn erased_serde::Serialize> {
        match *self {}
    }
    fn read<'de, R: Reader<'de>>(_: &crate::TagBuf, _: Option<&mut R>, _: &mut Cx) -> Step<Self> {
        Ok(None)
    }
}

impl std::fmt::Display for NoError {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for NoError {}

/// A channel, with its parameters.
pub trait ChannelKey: Send + Sync + 'static {
    /// What the spec says of it.
    const TABLE: &'static ChannelTable;

    /// Its key on the wire, such as `room:lobby`.
    fn key(&self) -> String;
}

/// A message that names a channel by its parameters, such as the one that joins it.
pub trait KeyFrom<C> {
    /// The channel's key on the wire.
    fn key(&self) -> String;
}

/// A channel by its key, where its parameters are not at hand.
#[derive(Clone, Debug)]
pub struct Keyed<C> {
    key: String,
    channel: std::marker::PhantomData<fn() -> C>,
}

impl<C> Keyed<C> {
    /// The channel that a message names.
    pub fn from_message(message: &impl KeyFrom<C>) -> Self {
        Self {
            key: message.key(),
            channel: std::marker::PhantomData,
        }
    }
}

impl<C: ChannelKey> ChannelKey for Keyed<C> {
    const TABLE: &'static ChannelTable = C::TABLE;

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// What stands for a part of a reply that the protocol does not have: a stream without an acknowledgement or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {}

impl<'de> Payload<'de> for Nothing {
    fn read<R: Reader<'de>>(r: &mut R, cx: &mut Cx, _: &'static Rules) -> Step<Self> {
        r.skip()?;
        cx.violation(handfast_schema::words::Told::new("not", "is not allowed"));
        Ok(None)
    }
}

impl serde::Serialize for Nothing {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

/// It is in no union: its place lies behind every table's end.
impl<U: Messages> MessageOf<U> for Nothing {
    const INDEX: usize = usize::MAX;

    fn from_union(message: U) -> Result<Self, U> {
        Err(message)
    }

    fn into_union(self) -> U {
        match self {}
    }
}

/// The errors that a request may be answered with, and their data.
pub trait ErrorCodes: Sized + Send + Sync + 'static {
    /// The code on the wire.
    fn code(&self) -> Tag;
    /// What it means, in the spec's words.
    fn message(&self) -> &'static str;
    /// Whether the same request may be tried again.
    fn retryable(&self) -> bool;
    /// What comes with it.
    fn data(&self) -> Option<&dyn erased_serde::Serialize>;
    /// Reads the error with a code from its data.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn read<'de, R: Reader<'de>>(
        code: &crate::TagBuf,
        data: Option<&mut R>,
        cx: &mut Cx,
    ) -> Step<Self>;
}

/// A protocol: the marker type that stands for the whole.
pub trait Protocol: Send + Sync + 'static {
    /// What the client sends.
    type Client: Messages;
    /// What the server sends.
    type Server: Messages;
    /// All there is to know.
    const TABLE: &'static ProtocolTable;
}
