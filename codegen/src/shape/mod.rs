//! Which types a protocol needs: every schema gets a type that says what it says, in either language, or stays a
//! checked value with the reason why.

mod combine;
mod declare;
pub(crate) mod order;
pub(crate) mod surface;
mod taken;
mod uses;

use handfast_schema::SchemaId;
use handfast_spec::{
    Diagnostic,
    model::{MessageId, Protocol},
};
use std::collections::BTreeSet;

/// Every type of a protocol, and where each is used.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// The types, in the spec's order: `types`, data of errors, payloads; each before those declared inside it.
    pub decls: Vec<Decl>,
    /// What comes with each error, in the order of the model's.
    pub errors: Vec<Option<DeclId>>,
    /// The payloads, in the order of the model's messages.
    pub messages: Vec<MessageShape>,
    /// The parameters of each channel, in the order of the model's.
    pub channels: Vec<Vec<Use>>,
    /// The types of discriminants that are nothing else.
    implied: BTreeSet<DeclId>,
    /// How many of the first types have their names from the spec.
    named: usize,
}

impl Shapes {
    /// Whether a type is only that of discriminants, which variants of unions say in Rust.
    pub fn is_implied(&self, id: DeclId) -> bool {
        self.implied.contains(&id)
    }
}

/// The place of a type in [`Shapes::decls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclId(pub usize);

/// The payloads of a message.
#[derive(Clone, Debug)]
pub struct MessageShape {
    /// Which.
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
    /// The type; none where the message carries nothing.
    pub decl: Option<DeclId>,
}

/// A type with a name.
#[derive(Clone, Debug)]
pub struct Decl {
    /// Its name in Rust.
    pub rust: String,
    /// Its name in TypeScript.
    pub ts: String,
    /// What it is made from.
    pub schema: SchemaId,
    /// Its description, or that of the message it is the payload of.
    pub description: Option<String>,
    /// What it belongs to.
    pub section: Section,
    /// The message it is a part of and no other; none for what has a name of its own in the spec.
    pub message: Option<MessageId>,
    /// Who receives it.
    pub received: Received,
    /// What it is.
    pub kind: DeclKind,
}

/// Which part of the spec a type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// `types`
    Types,
    /// `errors`
    Errors,
    /// `messages`
    Payloads,
}

/// Which ends receive values of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The server does.
    pub by_server: bool,
    /// A client does.
    pub by_client: bool,
}

/// What a type is.
#[derive(Clone, Debug)]
pub enum DeclKind {
    /// An object with declared properties.
    Struct {
        /// The properties, in the spec's order.
        fields: Vec<StructField>,
        /// Whether unknown properties are refused whoever receives, where the schema says so itself.
        closed: Option<bool>,
    },
    /// One of some strings.
    Literals {
        /// The strings, each with its name as a variant.
        values: Vec<(String, String)>,
        /// Whether a client takes others.
        open: bool,
    },
    /// One of some objects, told apart by a property.
    Union {
        /// The property.
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
    /// Its schema as the property's position has it, with the constraints of its use.
    pub schema: SchemaId,
    /// Its type.
    pub ty: Use,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether it is the discriminant of every union that the struct is a branch of, and the struct is nothing else: in
    /// Rust the variant says it then, and there is no field.
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
    /// Whether the type has the discriminant as a field, because it is used outside of the union too.
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

/// A type where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// One with a name.
    Named(DeclId),
    /// One with a name that contains the type it is used in, so that it needs a place of its own.
    Boxed(DeclId),
    /// A string.
    Text,
    /// A 64-bit integer carried as a string: signed or not.
    TextInteger {
        /// Whether it may be negative.
        signed: bool,
    },
    /// Bytes carried as base64.
    Bytes,
    /// An integer within ±(2⁵³−1).
    Integer,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// Null.
    Null,
    /// An array.
    List(Box<Use>),
    /// An object whose properties are not declared.
    Map(Box<Use>),
    /// The type or null.
    Nullable(Box<Use>),
    /// A value that no type says faithfully, checked by its schema.
    Checked {
        /// Why.
        reason: &'static str,
    },
}

/// Finds the types of a protocol. Names that would become one are diagnostics.
pub fn shapes(protocol: &Protocol) -> (Shapes, Vec<Diagnostic>) {
    declare::declare(protocol)
}
