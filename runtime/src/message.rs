//! The traits that `#[protocol]` implements: payloads, message unions, errors.

use crate::{
    descriptor::{ProtocolDescriptor, Tag, UnionDescriptor},
    foreign::AsPayload,
    read::{ArrayReader, Pass, ReadContext, ReadResult, Reader, Rules, TupleReader},
};
use std::{any::Any, collections::BTreeMap, fmt};

/// A value that can be decoded in one pass, which reports every violation, and encoded with serde.
///
/// `#[protocol]` implements it for structs and enums; this crate implements it for numbers, strings and collections.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried in a message",
    label = "this type has no `#[protocol]`",
    note = "put `#[protocol]` on the type, or use one of `bool`, the integers, `f64`, `String`, `ByteString`, `Vec`, `BTreeMap`, `Option`, `Nullable`, `Integer`, `Bytes` and `ValidatedJson`",
    note = "a type that is a string on the wire implements `ForeignString`, with `handfast::foreign!`; those of uuid, chrono, time, jiff and url have a feature of handfast each"
)]
pub trait Payload: Sized + serde::Serialize {
    /// Reads a value. If it has violations, they are added to `cx`, and the result is `Ok(None)`. An object is read by its
    /// [`fields`](Self::fields).
    ///
    /// # Errors
    /// If the text is not valid JSON; reading cannot continue.
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, _rules: Rules) -> ReadResult<Self> {
        Self::fields(Pass::Read(r, cx))
    }

    /// Reads or writes the fields of an object. A type that is not an object has no fields and implements [`read`](Self::read).
    ///
    /// # Errors
    /// If the text is not valid JSON.
    fn fields(_pass: Pass<'_, '_, Self>) -> ReadResult<Self> {
        Ok(None)
    }

    /// Reads a value and converts it.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    fn read_as<T>(
        r: &mut Reader<'_>,
        cx: &mut ReadContext,
        rules: Rules,
        make: impl FnOnce(Self) -> T,
    ) -> ReadResult<T> {
        Ok(Self::read(r, cx, rules)?.map(make))
    }

    /// Whether a field of this type may be absent.
    const OPTIONAL: bool = false;

    /// The value of an absent field; `None` if the field is required.
    const ABSENT: Option<Self> = None;

    /// The fields of an object; `None` if the type does not name them all, or is not an object.
    const FIELDS: Option<&'static [FieldNeed]> = None;

    /// Whether an object may be written with members that its type does not name.
    const OPEN: bool = true;

    /// Reads an item of a tuple into its slot.
    fn read_item(tuple: &mut TupleReader<'_, '_>, slot: &mut Option<Self>, rules: Rules) {
        tuple.fill(slot, rules);
    }

    /// Reads the items of an array.
    fn read_items(array: &mut ArrayReader<'_, '_>, items: &mut Vec<Self>, rules: Rules) {
        array.items(items, rules);
    }

    /// Writes a field, unless it is absent.
    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        fields.field(name, &AsPayload(self));
    }

    /// Writes the value as it is on the wire. That is its `Serialize`, except for a [`ForeignString`](crate::ForeignString) and what contains
    /// one.
    ///
    /// # Errors
    /// The errors of the serializer.
    fn write_value<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// The name of a field on the wire, and whether it may be absent, if that is known.
pub type FieldNeed = (&'static str, Option<bool>);

/// Writes the fields of an object.
#[derive(Debug)]
pub struct FieldWriter<'a> {
    sink: &'a mut dyn FieldSink,
    /// The discriminant, if one is written already.
    discriminant: Option<&'a Discriminant<'a>>,
}

/// A discriminant that is written already, and those of the unions around.
#[derive(Debug)]
struct Discriminant<'a> {
    name: &'static str,
    value: &'a str,
    before: Option<&'a Self>,
}

/// What most fields are: written without a type-erased serializer where the encoding is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
}

impl serde::Serialize for Scalar<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(n) => serializer.serialize_i64(n),
            Self::Unsigned(n) => serializer.serialize_u64(n),
            Self::Boolean(is) => serializer.serialize_bool(is),
        }
    }
}

/// A destination for fields: an object in some encoding, or a counter.
pub(crate) trait FieldSink {
    fn field(&mut self, name: &str, value: &dyn erased_serde::Serialize);

    fn scalar(&mut self, name: &str, value: Scalar<'_>);
}

impl<'a> FieldWriter<'a> {
    pub(crate) fn new(sink: &'a mut dyn FieldSink) -> Self {
        Self {
            sink,
            discriminant: None,
        }
    }

    /// Reborrows the writer.
    pub fn again(&mut self) -> FieldWriter<'_> {
        FieldWriter {
            sink: &mut *self.sink,
            discriminant: self.discriminant,
        }
    }

    /// Writes the discriminant of a union, and then the other fields of the object. That of a union around is an error.
    pub fn union(
        &mut self,
        name: &'static str,
        value: &str,
        write: impl FnOnce(&mut FieldWriter<'_>),
    ) {
        if self.written(name).is_some() {
            self.sink.field(name, &TAG_OF_UNION);
            return;
        }
        self.sink.field(name, &value);
        let discriminant = Discriminant {
            name,
            value,
            before: self.discriminant,
        };
        write(&mut FieldWriter {
            sink: &mut *self.sink,
            discriminant: Some(&discriminant),
        });
    }

    /// Returns the value of a discriminant that is written already.
    fn written(&self, name: &str) -> Option<&'a str> {
        let mut next = self.discriminant;
        while let Some(Discriminant {
            name: written,
            value,
            before,
        }) = next
        {
            if *written == name {
                return Some(value);
            }
            next = *before;
        }
        None
    }

    /// Writes one field. One that is a discriminant is written already, and it is an error if its value is another.
    pub fn field(&mut self, name: &str, value: &dyn erased_serde::Serialize) {
        if self.discriminant.is_some()
            && let Some(written) = self.written(name)
        {
            return self.repeated(name, written, value);
        }
        self.sink.field(name, value);
    }

    /// As [`Self::field`], for a scalar.
    pub(crate) fn scalar(&mut self, name: &str, value: Scalar<'_>) {
        if self.discriminant.is_some() {
            return self.field(name, &value);
        }
        self.sink.scalar(name, value);
    }

    #[cold]
    fn repeated(&mut self, name: &str, written: &str, value: &dyn erased_serde::Serialize) {
        if !serde_json::to_value(value).is_ok_and(|value| value == written) {
            self.sink.field(name, &TAG_OF_UNION);
        }
    }

    /// Writes a field whose name the schema does not know. That of a discriminant is an error.
    pub(crate) fn member(&mut self, name: &str, value: &dyn erased_serde::Serialize) {
        let is_taken = self.written(name).is_some();
        self.sink
            .field(name, if is_taken { &FIELD_IN_REST } else { value });
    }

    /// Writes what no field of a struct takes. A name that is a field's, or a discriminant's, is an error.
    pub fn rest<T: Payload>(&mut self, fields: &[&str], rest: &BTreeMap<String, T>) {
        for (name, value) in rest {
            if fields.contains(&name.as_str()) {
                self.member(name, &FIELD_IN_REST);
            } else {
                self.member(name, &AsPayload(value));
            }
        }
    }
}

/// What cannot be written, because its name is that of another member.
struct NameTaken(&'static str);

const FIELD_IN_REST: NameTaken = NameTaken("the rest of an object has the name of a field");
const TAG_OF_UNION: NameTaken =
    NameTaken("a field has the name of the tag of the union that it is in, and another value");

impl serde::Serialize for NameTaken {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(self.0))
    }
}

impl fmt::Debug for dyn FieldSink + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldSink")
    }
}

/// An object whose fields can be flattened into another.
pub trait Fields: Payload {
    /// Writes the fields.
    fn write(&self, fields: &mut FieldWriter<'_>) {
        // Writing never returns `Stop`.
        let _ = <Self as Payload>::fields(Pass::Write(self, fields.again()));
    }
}

impl<T: Fields> Fields for Box<T> {
    fn write(&self, fields: &mut FieldWriter<'_>) {
        (**self).write(fields);
    }
}

/// Writes the fields of the object; a value that is not an object has none.
impl Fields for crate::ValidatedJson {}

/// The discriminated union of the messages that one side sends.
pub trait MessageSet: Sized + Send + Sync + 'static {
    /// The descriptor of the messages, in the order of the variants.
    const DESCRIPTOR: &'static UnionDescriptor;

    /// Reads the payload of the message at an index of the descriptor.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    fn read(index: usize, r: &mut Reader<'_>, cx: &mut ReadContext) -> ReadResult<Self>;

    /// The index in the descriptor.
    fn index(&self) -> usize;

    /// Returns the type-erased payload; the message itself if it has no payload type of its own.
    fn into_payload(self) -> Box<dyn Any>;

    /// Writes the payload.
    ///
    /// # Errors
    /// The errors of the serializer.
    fn serialize_payload<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// The payload of a message, for serialization.
#[derive(Clone, Copy, Debug)]
pub struct PayloadOf<'a, M>(pub &'a M);

impl<M: MessageSet> serde::Serialize for PayloadOf<'_, M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_payload(serializer)
    }
}

/// A message of the union `U`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the messages `{U}`",
    note = "a message is sent by the end that the spec names in `from:`"
)]
pub trait Message<U: MessageSet>: Payload + serde::Serialize + Send + Sync + 'static {
    /// The index in the descriptor.
    const INDEX: usize;

    /// Extracts the message from the union; `None` if it is another.
    fn from_union(message: U) -> Option<Self> {
        message
            .into_payload()
            .downcast()
            .ok()
            .map(|payload| *payload)
    }
}

/// A message that can be published to the channel `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not published to `{C}`",
    note = "the spec names the channel of a message with `channel:`"
)]
pub trait ChannelMessage<C>: Message<Self::Union> {
    /// The messages that the server sends.
    type Union: MessageSet;
}

/// A request, answered by one reply or a stream. `U` are the messages of the end that sends it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not answered",
    note = "the spec names what answers a message with `reply:`"
)]
pub trait Request<U: MessageSet>: Message<U> {
    /// The reply, or the acknowledgement of the stream.
    type Reply: Send + 'static;
    /// The items of the stream; [`NoMessage`] if there is no stream.
    type Item: Send + 'static;
    /// The last message of the stream.
    type End: Send + 'static;
    /// The declared errors.
    type Error: DeclaredErrors;
}

/// The messages of a server that sends no requests. A client of such a protocol needs no handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has requests, which the client has to answer",
    label = "the handlers of the client are missing",
    note = "implement `ServerRequestHandler`, and pass it to the generated `Client::connect_with` or `Client::over_with`"
)]
pub trait NoRequests: MessageSet {}

/// The errors of a request that declares none. It has no values.
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

/// The placeholder for a part of a reply that the protocol does not declare, such as the acknowledgement or end of a stream.
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

/// It is in no union: its index is out of bounds of every descriptor.
impl<U: MessageSet> Message<U> for NoMessage {
    const INDEX: usize = usize::MAX;
}

/// The descriptor of a declared error.
pub struct ErrorDescriptor<'a> {
    /// The code on the wire.
    pub code: Tag,
    /// The message declared in the spec.
    pub message: &'static str,
    /// Whether the request may be retried.
    pub retryable: bool,
    /// The data of the error, as it is on the wire.
    pub data: Option<Box<dyn erased_serde::Serialize + 'a>>,
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

/// The declared errors of a request, with their data.
pub trait DeclaredErrors: Sized + Send + Sync + 'static {
    /// The descriptor.
    fn descriptor(&self) -> ErrorDescriptor<'_>;

    /// The code on the wire.
    fn code(&self) -> Tag {
        self.descriptor().code
    }

    /// The message declared in the spec.
    fn message(&self) -> &'static str {
        self.descriptor().message
    }

    /// Whether the request may be retried.
    fn retryable(&self) -> bool {
        self.descriptor().retryable
    }

    /// The data of the error, as it is on the wire.
    fn data(&self) -> Option<Box<dyn erased_serde::Serialize + '_>> {
        self.descriptor().data
    }

    /// The error at an index among those without data; `None` after the last.
    fn bare(index: usize) -> Option<Self>;

    /// Decodes the error with a code from its data.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    fn read(
        code: &crate::TagBuf,
        _data: Option<&mut Reader<'_>>,
        _cx: &mut ReadContext,
    ) -> ReadResult<Self> {
        Ok(bare(code))
    }
}

/// Returns the error with a code, among those without data.
pub fn bare<E: DeclaredErrors>(code: &crate::TagBuf) -> Option<E> {
    let mut bare = (0..).map_while(E::bare);
    bare.find(|error| error.code() == code.borrow())
}

/// A protocol. Implemented by its marker type.
pub trait Protocol: Send + Sync + 'static {
    /// The messages that the client sends.
    type Client: MessageSet;
    /// The messages that the server sends.
    type Server: MessageSet;
    /// The descriptor of the protocol.
    const DESCRIPTOR: &'static ProtocolDescriptor;
}
