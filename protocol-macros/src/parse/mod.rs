//! The first stage: from an item and the options of its attributes to plain structs. All errors are found here.

mod channels;
mod constants;
mod enums;
mod envelope;
mod errors;
mod fields;
mod json;
mod messages;
mod options;
mod protocol_struct;
mod rules;
mod structs;
mod types;
mod untagged;
mod variants;
mod versions;
mod wire_names;

pub(crate) use channels::{Channel, KeyPart};
pub(crate) use constants::{Constant, ConstantEnum};
pub(crate) use enums::{StringEnum, TaggedEnum};
pub(crate) use envelope::{Envelope, EnvelopeField};
pub(crate) use errors::{DeclaredError, ErrorEnum};
pub(crate) use fields::{Field, FieldRole};
pub(crate) use messages::{Message, MessageUnion, Reply, Side, Tag};
pub(crate) use options::{Ctxt, Options};
pub(crate) use protocol_struct::{Limits, MappedRole, ProtocolStruct, RolePlayer, Session};
pub(crate) use rules::{Rule, SchemaText, has_known_name, is_checked};
pub(crate) use structs::{Newtype, Struct};
pub(crate) use types::{box_of, is, option_of};
pub(crate) use untagged::{Attempts, Guard, UntaggedContent, UntaggedEnum, UntaggedVariant};
pub(crate) use variants::Content;

use syn::{Data, DeriveInput, Fields};

/// An item with `#[protocol]`.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each attribute, for a moment"
)]
pub(crate) enum Item {
    Protocol(ProtocolStruct),
    Channel(Channel),
    Newtype(Newtype),
    Struct(Struct),
    Messages(MessageUnion),
    Errors(ErrorEnum),
    TaggedEnum(TaggedEnum),
    UntaggedEnum(UntaggedEnum),
    StringEnum(StringEnum),
    ConstantEnum(ConstantEnum),
}

impl Item {
    /// Whether other items of a protocol, and its applications, name what this one expands to, and it expands to something that compiles.
    pub(crate) fn is_referred_to(&self) -> bool {
        match self {
            Self::Protocol(_) | Self::Channel(_) => true,
            Self::Messages(union) => union.is_unique,
            _ => false,
        }
    }
}

/// Options that go on another kind of item than the one with the mistake.
pub(crate) const ELSEWHERE: [(&str, &str); 12] = [
    ("client", "an enum, of the messages of a client"),
    ("server", "an enum, of the messages of a server"),
    ("errors", "an enum, of the errors of a request"),
    ("tag", "an enum whose variants have values"),
    ("untagged", "an enum whose variants have values"),
    ("envelope", "an enum of messages, or on one message"),
    (
        "version",
        "a struct without fields, which stands for the protocol",
    ),
    ("channel", "a struct with named fields, and on messages"),
    ("tuple", "a struct with unnamed fields"),
    ("object", "a struct around one value"),
    ("closed", "a struct with named fields"),
    ("open", "a struct with named fields"),
];

/// Parses an item, and removes our attributes from its fields and variants. `None` means that `cx` has an error.
pub(crate) fn item(cx: &Ctxt, options: &mut Options, input: &mut DeriveInput) -> Option<Item> {
    if let (Some(parameter), Data::Struct(_) | Data::Enum(_)) =
        (input.generics.params.first(), &input.data)
    {
        cx.error(
            parameter,
            "a type with `#[protocol]` has no parameters: a message has one type",
        );
        return None;
    }
    let DeriveInput {
        attrs,
        vis,
        ident,
        data,
        ..
    } = input;
    match data {
        Data::Union(data) => {
            cx.error(
                data.union_token,
                "`#[protocol]` goes on a struct or an enum, not on a union",
            );
            None
        }
        Data::Struct(data) => match &data.fields {
            Fields::Unit if options.has("version") => {
                protocol_struct::take(cx, options, ident, vis).map(Item::Protocol)
            }
            _ if options.has("channel") => {
                channels::take(cx, options, ident, attrs, data).map(Item::Channel)
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 && !options.has("tuple") => {
                Newtype::take(cx, options, ident, data).map(Item::Newtype)
            }
            _ => Some(Item::Struct(Struct::take(cx, options, ident, data))),
        },
        Data::Enum(data) if options.has("client") || options.has("server") => {
            messages::take(cx, options, ident, vis, data).map(Item::Messages)
        }
        Data::Enum(data) if options.has("errors") => {
            Some(Item::Errors(errors::take(cx, options, ident, data)))
        }
        Data::Enum(data) if options.has("untagged") => {
            UntaggedEnum::take(cx, options, ident, data).map(Item::UntaggedEnum)
        }
        Data::Enum(data) if options.has("tag") => {
            TaggedEnum::take(cx, options, ident, data).map(Item::TaggedEnum)
        }
        Data::Enum(data) if constants::names_values(data) => {
            ConstantEnum::take(cx, options, ident, data).map(Item::ConstantEnum)
        }
        Data::Enum(data) => StringEnum::take(cx, options, ident, data).map(Item::StringEnum),
    }
}
