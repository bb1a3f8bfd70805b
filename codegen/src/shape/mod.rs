//! Which types a protocol needs: every schema gets a type that expresses exactly the same, or the nearest one, beside which the schema
//! checks the values. What is neither remains a JSON value, with the reason why.

pub(crate) mod api_names;
mod choice;
mod combine;
mod declare;
mod exact;
mod facts;
mod form;
mod guards;
mod kinds;
mod name_scope;
pub(crate) mod order;
mod overlap;
mod products;
mod reason;
mod unions;
pub mod untyped;
mod uses;
mod variant_names;

pub use guards::Guard;
pub use kinds::Kinds;
pub use reason::Reason;

use handfast_schema::{Number, Schema, SchemaId};
use handfast_spec::{
    Diagnostic,
    model::{MessageId, Protocol},
};
use serde_json::Value;
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
    /// Its schema, or the first of those that say what it is.
    pub schema: SchemaId,
    /// Whether TypeScript has no such type: it writes the type where it is used.
    pub rust_only: bool,
    /// What checks its values beside its type.
    pub check: Check,
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

/// What checks the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The type itself: what it can be is what its schema allows.
    Type,
    /// Its schema, for this reason.
    Schema(Reason),
    /// The types of its branches, which may overlap, so that all of them are tried. Its schema says what is wrong with what none takes.
    Branches {
        /// Whether no other branch may take the value: `oneOf`.
        exclusive: bool,
    },
    /// The schema of what it is part of.
    Outside(Reason),
}

impl Check {
    /// Whether the type and those of its parts say exactly what its schema says.
    pub const fn is_type(self) -> bool {
        matches!(self, Self::Type | Self::Branches { .. })
    }

    /// Why the type does not say it all.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Type | Self::Branches { .. } => None,
            Self::Schema(reason) | Self::Outside(reason) => Some(reason),
        }
    }
}

/// The kind of a type.
#[derive(Clone, Debug)]
pub enum DeclKind {
    /// An object with declared properties.
    Struct {
        /// The properties, in the spec's order.
        fields: Vec<StructField>,
        /// The properties that are not declared, if anything is said of them.
        rest: Option<RestField>,
        /// Whether unknown properties are refused on both sides, because the schema says so.
        closed: Option<bool>,
    },
    /// A scalar out of a set.
    Literals {
        /// The values.
        values: Vec<LiteralVariant>,
        /// Whether a client accepts others, which are strings.
        open: bool,
    },
    /// A union of objects with a discriminant.
    Union {
        /// The discriminant.
        tag: String,
        /// The branches.
        branches: Vec<Branch>,
    },
    /// A union without a tag.
    Choice(Vec<Variant>),
    /// An array whose first items are declared.
    Tuple {
        /// Its first items.
        items: Vec<Item>,
        /// How many of them are certainly there.
        required: usize,
        /// What follows them.
        rest: Option<Item>,
    },
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
    /// Its schema in this property, with the constraints of its use; `None` if its schema only says that it is there.
    pub schema: Option<SchemaId>,
    /// Its type.
    pub ty: Use,
    /// Whether it is required.
    pub required: bool,
    /// Whether it is the discriminant of every union that has the struct as a branch, and the struct is used nowhere
    /// else: in Rust the variant replaces the field.
    pub discriminant: bool,
}

/// The properties of a struct that are not declared.
#[derive(Clone, Debug)]
pub struct RestField {
    /// Its name in Rust.
    pub rust: String,
    /// The schema of each, if there is one.
    pub schema: Option<SchemaId>,
    /// The type of each.
    pub ty: Use,
}

/// A constant of an enum.
#[derive(Clone, Debug)]
pub struct LiteralVariant {
    /// The constant.
    pub value: Value,
    /// Its name as a variant.
    pub rust: String,
    /// What is said of it.
    pub description: Option<String>,
}

/// A variant of a union without a tag.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub rust: String,
    /// What is said of it.
    pub description: Option<String>,
    /// The kinds of values that may be meant for it.
    pub kinds: Kinds,
    /// What its objects have, and those of no other variant.
    pub guards: Vec<Guard>,
    /// The schema that has to accept the value, where nothing else selects the variant.
    pub branch: Option<SchemaId>,
    /// What it contains.
    pub content: VariantContent,
}

/// What a variant contains.
#[derive(Clone, Debug)]
pub enum VariantContent {
    /// Nothing: it is this value.
    Constant(Value),
    /// A value of a type, whose schema is this one, if it has one of its own.
    Value(Use, Option<SchemaId>),
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
    /// Its schema, if it has one.
    pub schema: Option<SchemaId>,
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
    /// The type for the bounds of schemas that all hold.
    fn of(all: &[&Schema]) -> Self {
        let is = |bound: fn(&Schema) -> &Option<Number>, holds: fn(f64) -> bool| {
            let mut bounds = all.iter().filter_map(|schema| bound(schema).as_ref());
            bounds.any(|bound| bound.as_f64().is_some_and(holds))
        };
        if !is(|s| &s.minimum, |n| n > -1.0) && !is(|s| &s.exclusive_minimum, |n| n >= -1.0) {
            Self::I64
        } else if is(|s| &s.maximum, |n| n < 4_294_967_296.0)
            || is(|s| &s.exclusive_maximum, |n| n <= 4_294_967_296.0)
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
    /// A string that is of a type of another crate: its path.
    Foreign(String),
    /// A 64-bit integer sent as a string, signed or unsigned.
    TextInteger {
        /// Whether it is signed.
        signed: bool,
    },
    /// Bytes sent as base64.
    Bytes,
    /// An integer within ±(2⁵³−1).
    Integer(IntegerType),
    /// An integer of any size.
    AnyInteger,
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
    /// A value of one kind, or any value of the others.
    Implied(Box<Use>, Kinds),
    /// A JSON value, checked by its schema.
    Json(Reason),
    /// A type that does not say all that the schema says, which checks the value beside it.
    Beside(Box<Use>, Reason),
}

impl Use {
    /// The type without what is said beside it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Beside(inner, _) => inner.bare(),
            other => other,
        }
    }
}

/// Finds the types of a protocol. Names that would collide are diagnostics.
pub fn shapes(protocol: &Protocol) -> (Shapes, Vec<Diagnostic>) {
    declare::declare(protocol)
}
