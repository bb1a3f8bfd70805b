//! Which types a protocol needs: every schema gets a type that expresses exactly the same, in both languages, or
//! remains a checked JSON value with the reason why.

pub(crate) mod api_names;
mod combine;
mod declare;
mod name_scope;
pub(crate) mod order;
mod uses;

use handfast_schema::{Number, Schema, SchemaId};
use handfast_spec::{
    Diagnostic,
    model::{MessageId, Protocol},
};
use std::collections::BTreeSet;

/// Every type of a protocol, and where each is used.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// The types, in the spec's order: `types`, data of errors, payloads, presence; each before those nested in it.
    pub decls: Vec<Decl>,
    /// The data of each error, in the order of the model's.
    pub errors: Vec<Option<DeclId>>,
    /// The payloads, in the order of the model's messages.
    pub messages: Vec<MessageShape>,
    /// The parameters of each channel, in the order of the model's.
    pub channels: Vec<Vec<Use>>,
    /// What is said of the members of each channel, in the order of the model's.
    pub infos: Vec<Option<DeclId>>,
    /// The types that are only used as discriminants.
    implied: BTreeSet<DeclId>,
    /// How many of the first types have their names from the spec.
    named: usize,
}

impl Shapes {
    /// Whether a type is only used as a discriminant, which the variants of unions replace in Rust.
    pub fn is_implied(&self, id: DeclId) -> bool {
        self.implied.contains(&id)
    }
}

/// The index of a type in [`Shapes::decls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclId(pub usize);

/// The payloads of a message.
#[derive(Clone, Debug)]
pub struct MessageShape {
    /// The message.
    pub id: MessageId,
    /// What the client sends, if it does.
    pub client: Option<PayloadShape>,
    /// What the server sends, if it does.
    pub server: Option<PayloadShape>,
}

/// A payload: every message has a type of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadShape {
    /// The type's name in Rust.
    pub rust: String,
    /// The type's name in TypeScript.
    pub ts: String,
    /// The type; `None` if the message has no payload.
    pub decl: Option<DeclId>,
}

/// A type with a name.
#[derive(Clone, Debug)]
pub struct Decl {
    /// Its name in Rust.
    pub rust: String,
    /// Its name in TypeScript.
    pub ts: String,
    /// Its schema.
    pub schema: SchemaId,
    /// Its description, or that of the message whose payload it is.
    pub description: Option<String>,
    /// What it belongs to.
    pub section: Section,
    /// The only message it is part of; `None` for a type with a name of its own in the spec.
    pub message: Option<MessageId>,
    /// Which sides receive it.
    pub received: Received,
    /// Its kind.
    pub kind: DeclKind,
}

/// The section of the spec a type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// `types`
    Types,
    /// `errors`
    Errors,
    /// `messages`
    Payloads,
    /// `channels`
    Channels,
}

/// Which sides receive values of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The server does.
    pub by_server: bool,
    /// A client does.
    pub by_client: bool,
}

/// The kind of a type.
#[derive(Clone, Debug)]
pub enum DeclKind {
    /// An object with declared properties.
    Struct {
        /// The properties, in the spec's order.
        fields: Vec<StructField>,
        /// Whether unknown properties are refused on both sides, because the schema says so.
        closed: Option<bool>,
    },
    /// A string out of a set.
    Literals {
        /// The strings, each with its name as a variant.
        values: Vec<(String, String)>,
        /// Whether a client accepts others.
        open: bool,
    },
    /// A union of objects with a discriminant.
    Union {
        /// The discriminant.
        tag: String,
        /// The branches.
        branches: Vec<Branch>,
    },
    /// An array of fixed length.
    Tuple(Vec<Item>),
    /// Anything else, under a name.
    Alias(Use),
}

/// A property of a struct.
#[derive(Clone, Debug)]
pub struct StructField {
    /// Its name on the wire.
    pub name: String,
    /// Its name in Rust.
    pub rust: String,
    /// Its schema in this property, with the constraints of its use.
    pub schema: SchemaId,
    /// Its type.
    pub ty: Use,
    /// Whether it is required.
    pub required: bool,
    /// Whether it is the discriminant of every union that has the struct as a branch, and the struct is used nowhere
    /// else: in Rust the variant replaces the field.
    pub discriminant: bool,
}

/// A branch of a union.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The value of the discriminant.
    pub value: String,
    /// Its name as a variant in Rust.
    pub rust: String,
    /// Its type.
    pub decl: DeclId,
    /// Whether the type has the discriminant as a field, because it is also used outside the union.
    pub tagged: bool,
}

/// An item of a tuple.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its schema.
    pub schema: SchemaId,
    /// Its type.
    pub ty: Use,
}

/// The Rust type of an integer: the smallest of these for its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerType {
    /// It may be negative.
    I64,
    /// It is never negative.
    U64,
    /// It is never negative, nor above `u32::MAX`.
    U32,
}

impl IntegerType {
    /// The type for the bounds of a schema.
    fn of(schema: &Schema) -> Self {
        let is = |bound: &Option<Number>, holds: fn(f64) -> bool| {
            bound.as_ref().and_then(Number::as_f64).is_some_and(holds)
        };
        if !is(&schema.minimum, |n| n > -1.0) && !is(&schema.exclusive_minimum, |n| n >= -1.0) {
            Self::I64
        } else if is(&schema.maximum, |n| n < 4_294_967_296.0)
            || is(&schema.exclusive_maximum, |n| n <= 4_294_967_296.0)
        {
            Self::U32
        } else {
            Self::U64
        }
    }
}

/// A type where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// A named type.
    Named(DeclId),
    /// A named type that contains the type it is used in, so that it needs a box.
    Boxed(DeclId),
    /// A string.
    Text,
    /// A 64-bit integer sent as a string, signed or unsigned.
    TextInteger {
        /// Whether it is signed.
        signed: bool,
    },
    /// Bytes sent as base64.
    Bytes,
    /// An integer within ±(2⁵³−1).
    Integer(IntegerType),
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// Null.
    Null,
    /// An array.
    List(Box<Use>),
    /// An object without declared properties.
    Map(Box<Use>),
    /// The type or null.
    Nullable(Box<Use>),
    /// A value that no type expresses faithfully, checked by its schema.
    Checked {
        /// The reason.
        reason: &'static str,
    },
}

/// Finds the types of a protocol. Names that would collide are diagnostics.
pub fn shapes(protocol: &Protocol) -> (Shapes, Vec<Diagnostic>) {
    declare::declare(protocol)
}
