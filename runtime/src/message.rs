//! What `#[protocol]` implements: payloads, the unions of messages, errors, channels.

use crate::{
    descriptor::{ChannelDescriptor, ProtocolDescriptor, Tag, UnionDescriptor},
    read::{ArrayReader, Pass, ReadContext, ReadResult, Reader, Rules, TupleReader},
};
use std::{any::Any, fmt};

/// A value that can be read in one pass that reports every violation, and written with serde.
///
/// `#[protocol]` implements it for structs and enums; the runtime does for numbers, strings, collections.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried in a message",
    label = "this type has no `#[protocol]`",
    note = "put `#[protocol]` on the type, or use one of `bool`, the integers, `f64`, `String`, `ByteString`, `Vec`, `BTreeMap`, `Option`, `Nullable`, `Bytes` and `ValidatedJson`"
)]
pub trait Payload: Sized + serde::Serialize {
    /// Reads a value. What the value breaks goes into `cx`, and then there is no value: `Ok(None)`. An object is read by
    /// its [`fields`](Self::fields).
    ///
    /// # Errors
    /// Where the text is not JSON; nothing can be read after that.
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, _rules: Rules) -> ReadResult<Self> {
        Self::fields(Pass::Read(r, cx))
    }

    /// Reads or writes the fields of an object. What is no object has none, and reads itself.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn fields(_pass: Pass<'_, '_, Self>) -> ReadResult<Self> {
        Ok(None)
    }

    /// Reads a value, and makes another of it.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn read_as<T>(
        r: &mut Reader<'_>,
        cx: &mut ReadContext,
        rules: Rules,
        make: impl FnOnce(Self) -> T,
    ) -> ReadResult<T> {
        Ok(Self::read(r, cx, rules)?.map(make))
    }

    /// Whether a field of the type may be absent.
    const OPTIONAL: bool = false;

    /// What stands for a field that is absent; none, where it has to be there.
    const ABSENT: Option<Self> = None;

    /// Reads an item of a tuple into its place.
    fn read_item(tuple: &mut TupleReader<'_, '_>, slot: &mut Option<Self>, rules: Rules) {
        tuple.fill(slot, rules);
    }

    /// Reads the items of an array.
    fn read_items(array: &mut ArrayReader<'_, '_>, items: &mut Vec<Self>, rules: Rules) {
        array.items(items, rules);
    }

    /// Writes a field, unless it is absent.
    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        fields.field(name, self);
    }
}

/// Where the fields of an object are written to.
#[derive(Debug)]
pub struct FieldWriter<'a>(&'a mut dyn FieldSink);

/// What fields are written to: an object of some encoding, or a count.
pub(crate) trait FieldSink {
    fn field(&mut self, name: &str, value: &dyn erased_serde::Serialize);
}

impl<'a> FieldWriter<'a> {
    pub(crate) fn new(sink: &'a mut dyn FieldSink) -> Self {
        Self(sink)
    }

    /// The same, for a while.
    pub fn again(&mut self) -> FieldWriter<'_> {
        FieldWriter(&mut *self.0)
    }

    /// Writes a field.
    pub fn field(&mut self, name: &str, value: &dyn erased_serde::Serialize) {
        self.0.field(name, value);
    }
}

impl fmt::Debug for dyn FieldSink + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldSink")
    }
}

/// An object, whose fields can be laid among others.
pub trait Fields: Payload {
    /// Writes them.
    fn write(&self, fields: &mut FieldWriter<'_>) {
        // Nothing is read, so nothing stops.
        let _ = <Self as Payload>::fields(Pass::Write(self, fields.again()));
    }
}

impl<T: Fields> Fields for Box<T> {
    fn write(&self, fields: &mut FieldWriter<'_>) {
        (**self).write(fields);
    }
}

/// The fields are those of the object that it is; a value that is none has no fields.
impl Fields for crate::ValidatedJson {}

/// A discriminated union of all that one end sends.
pub trait MessageSet: Sized + Send + Sync + 'static {
    /// The messages, in the order of the variants.
    const DESCRIPTOR: &'static UnionDescriptor;

    /// Reads the payload of the message at a place in the table.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn read(index: usize, r: &mut Reader<'_>, cx: &mut ReadContext) -> ReadResult<Self>;

    /// Its place in the table.
    fn index(&self) -> usize;

    /// The payload by itself, whatever its type; the message, where it has none of a type of its own.
    fn into_payload(self) -> Box<dyn Any>;

    /// Writes what it carries.
    ///
    /// # Errors
    /// Those of the serializer.
    fn serialize_payload<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// What a message carries, to be written.
#[derive(Clone, Copy, Debug)]
pub struct PayloadOf<'a, M>(pub &'a M);

impl<M: MessageSet> serde::Serialize for PayloadOf<'_, M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_payload(serializer)
    }
}

/// A payload that is one of the messages `U`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the messages `{U}`",
    note = "a message is sent by the end that the spec names in `from:`"
)]
pub trait Message<U: MessageSet>: Payload + serde::Serialize + Send + Sync + 'static {
    /// Its place in the table.
    const INDEX: usize;

    /// Takes it out of the union; none, where the message is another.
    fn from_union(message: U) -> Option<Self> {
        message
            .into_payload()
            .downcast()
            .ok()
            .map(|payload| *payload)
    }
}

/// A message that may be published to the channel `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not published to `{C}`",
    note = "the spec names the channel of a message with `channel:`"
)]
pub trait ChannelMessage<C>: Message<Self::Union> {
    /// The messages that the server sends.
    type Union: MessageSet;
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
    type Error: DeclaredErrors;
}

/// No error is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoError {}

impl DeclaredErrors for NoError {
    fn descriptor(&self) -> ErrorDescriptor<'_> {
        match *self {}
    }
    fn bare(_: usize) -> Option<Self> {
        None
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
    const DESCRIPTOR: &'static ChannelDescriptor;

    /// Its key on the wire, such as `room:lobby`.
    fn key(&self) -> String;
}

/// A message that names a channel by its parameters, such as the one that joins it.
pub trait ChannelKeyOf<C> {
    /// The channel's key on the wire.
    fn key(&self) -> String;
}

/// A channel by its key, where its parameters are not at hand.
#[derive(Clone, Debug)]
pub struct MessageChannel<C> {
    key: String,
    channel: std::marker::PhantomData<fn() -> C>,
}

impl<C> MessageChannel<C> {
    /// The channel that a message names.
    pub fn from_message(message: &impl ChannelKeyOf<C>) -> Self {
        Self {
            key: message.key(),
            channel: std::marker::PhantomData,
        }
    }
}

impl<C: ChannelKey> ChannelKey for MessageChannel<C> {
    const DESCRIPTOR: &'static ChannelDescriptor = C::DESCRIPTOR;

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// What stands for a part of a reply that the protocol does not have: a stream without an acknowledgement or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMessage {}

impl Payload for NoMessage {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, _: Rules) -> ReadResult<Self> {
        r.skip()?;
        cx.violation(handfast_schema::details::ViolationDetail::new(
            "not",
            "is not allowed",
        ));
        Ok(None)
    }
}

impl serde::Serialize for NoMessage {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

/// It is in no union: its place lies behind every table's end.
impl<U: MessageSet> Message<U> for NoMessage {
    const INDEX: usize = usize::MAX;
}

/// What the spec says of an error.
pub struct ErrorDescriptor<'a> {
    /// The code on the wire.
    pub code: Tag,
    /// What it means, in the spec's words.
    pub message: &'static str,
    /// Whether the same request may be tried again.
    pub retryable: bool,
    /// What comes with it.
    pub data: Option<&'a dyn erased_serde::Serialize>,
}

impl fmt::Debug for ErrorDescriptor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorDescriptor")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("retryable", &self.retryable)
            .finish_non_exhaustive()
    }
}

/// The errors that a request may be answered with, and their data.
pub trait DeclaredErrors: Sized + Send + Sync + 'static {
    /// What the spec says of it.
    fn descriptor(&self) -> ErrorDescriptor<'_>;

    /// The code on the wire.
    fn code(&self) -> Tag {
        self.descriptor().code
    }

    /// What it means, in the spec's words.
    fn message(&self) -> &'static str {
        self.descriptor().message
    }

    /// Whether the same request may be tried again.
    fn retryable(&self) -> bool {
        self.descriptor().retryable
    }

    /// What comes with it.
    fn data(&self) -> Option<&dyn erased_serde::Serialize> {
        self.descriptor().data
    }

    /// The error at an index among those without data; `None` after the last.
    fn bare(index: usize) -> Option<Self>;

    /// Reads the error with a code from its data.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn read(
        code: &crate::TagBuf,
        _data: Option<&mut Reader<'_>>,
        _cx: &mut ReadContext,
    ) -> ReadResult<Self> {
        Ok(bare(code))
    }
}

/// The error with a code, among those that come without data.
pub fn bare<E: DeclaredErrors>(code: &crate::TagBuf) -> Option<E> {
    let mut bare = (0..).map_while(E::bare);
    bare.find(|error| error.code() == code.borrow())
}

/// A protocol: the marker type that stands for the whole.
pub trait Protocol: Send + Sync + 'static {
    /// What the client sends.
    type Client: MessageSet;
    /// What the server sends.
    type Server: MessageSet;
    /// All there is to know.
    const DESCRIPTOR: &'static ProtocolDescriptor;
}
