//! The tree of a type, and unions of types.

use handfast_schema::{Schema, SchemaId, Type};
use serde_json::Value;
use std::{collections::BTreeSet, fmt};

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ty {
    /// `unknown`; with a reason where the schema says more.
    Unknown(Option<UntypedReason>),
    Never,
    /// All values of one kind of scalar.
    Scalar(Kinds),
    Literal(String, Kinds),
    /// Another type without parts, as it is written.
    Atom(String, Kinds),
    Name(Name),
    List(Box<Ty>),
    Tuple(Vec<Place>),
    Object(Object),
    /// Alternatives, none of which is a union.
    Union(Vec<Ty>),
    /// Types that all hold, none of which is an intersection.
    Both(Vec<Ty>),
}

/// A declared type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) schema: SchemaId,
    pub(super) kinds: Kinds,
}

/// A place of a tuple.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Required(Ty),
    Optional(Ty),
    /// Any number, at the end.
    Rest(Ty),
}

/// The properties of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    pub(super) members: Vec<Member>,
    pub(super) indexes: Vec<Index>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) optional: bool,
    pub(super) ty: Ty,
    /// What its documentation says: words, and tags.
    pub(super) words: String,
    pub(super) tags: Vec<String>,
}

/// An index signature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Index {
    /// `string`, or a template with the type of names.
    pub(super) key: String,
    pub(super) ty: Ty,
    /// Whether it only says that others may be there, which the schema does not say itself.
    pub(super) implicit: bool,
}

/// The kinds of values that JSON has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const OBJECT: Self = Self(1);
    pub(super) const ARRAY: Self = Self(2);
    pub(super) const STRING: Self = Self(4);
    pub(super) const NUMBER: Self = Self(8);
    pub(super) const BOOLEAN: Self = Self(16);
    pub(super) const NULL: Self = Self(32);
    pub(super) const ALL: Self = Self(63);

    /// Each kind, in the order in which types list them.
    pub(super) const EACH: [Self; 6] = [
        Self::OBJECT,
        Self::ARRAY,
        Self::STRING,
        Self::NUMBER,
        Self::BOOLEAN,
        Self::NULL,
    ];

    pub(super) const fn of_type(ty: Type) -> Self {
        match ty {
            Type::Null => Self::NULL,
            Type::Boolean => Self::BOOLEAN,
            Type::Integer | Type::Number => Self::NUMBER,
            Type::String => Self::STRING,
            Type::Array => Self::ARRAY,
            Type::Object => Self::OBJECT,
        }
    }

    pub(super) const fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// What `type` says.
    pub(super) fn of_schema(schema: &Schema) -> Self {
        let types = schema.types.map(|types| types.iter().map(Self::of_type));
        types.map_or(Self::ALL, |types| types.fold(Self::NONE, Self::or))
    }

    #[must_use]
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// Why the type of a place says less than its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UntypedReason {
    /// `patternProperties` beside other properties that may be anything, with a pattern that no template literal expresses.
    Pattern,
    /// The rest of an object, where a declared property may be anything: an index signature has to fit that as well.
    Widened,
    /// `not`, with nothing beside it that says what the value is.
    Not,
    /// `if`, `then` and `else`, with nothing beside them that says what the value is.
    Condition,
    /// `dependentSchemas` or `dependentRequired`, with nothing beside them that says what the value is.
    Dependent,
    /// A `const` or an `enum` with an array or an object that is too large to be written as a type.
    LargeConstant,
    /// `unevaluatedProperties` or `unevaluatedItems` beside schemas that evaluate others in a way that no type expresses.
    Unevaluated,
}

impl UntypedReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Pattern,
        Self::Widened,
        Self::Not,
        Self::Condition,
        Self::Dependent,
        Self::LargeConstant,
        Self::Unevaluated,
    ];

    /// What to write instead.
    pub const fn instead(self) -> &'static str {
        match self {
            Self::Pattern => {
                "add `additionalProperties: false`, or use a pattern that is a prefix or a suffix, such as `^x-`"
            }
            Self::Widened => {
                "say what the declared properties are, or move the others into a property of their own"
            }
            Self::Not | Self::Condition | Self::Dependent => {
                "say beside it what the value is, with `type`"
            }
            Self::LargeConstant => {
                "describe the value with `type` and `properties` or `prefixItems` beside it"
            }
            Self::Unevaluated => {
                "use `additionalProperties` or `items` in the schema that has the properties"
            }
        }
    }
}

impl fmt::Display for UntypedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pattern => {
                "other properties may be anything, and its pattern is no prefix or suffix"
            }
            Self::Widened => {
                "a declared property may be anything, which its index signature has to fit"
            }
            Self::Not => "only a `not` describes it",
            Self::Condition => "only an `if` describes it",
            Self::Dependent => "only what depends on other properties describes it",
            Self::LargeConstant => "its constant is too large for a type",
            Self::Unevaluated => "what is unevaluated depends on other schemas",
        })
    }
}

impl Object {
    /// Any object.
    pub(super) fn any() -> Self {
        Self::map(Ty::Unknown(None))
    }

    /// An object without declared properties.
    pub(super) fn map(ty: Ty) -> Self {
        let index = Index {
            key: STRING_KEY.to_owned(),
            ty,
            implicit: false,
        };
        Self {
            members: Vec::new(),
            indexes: vec![index],
        }
    }

    fn is_any(&self) -> bool {
        self.members.is_empty()
            && matches!(self.indexes.as_slice(), [index] if index.ty == Ty::Unknown(None))
    }
}

/// The key of an index signature for every name.
pub(super) const STRING_KEY: &str = "string";

impl Name {
    /// The values of these kinds.
    pub(super) fn restricted(self, kinds: Kinds) -> Self {
        let left = self.kinds.and(kinds);
        let others = self.kinds.without(left);
        if others.is_empty() {
            return self;
        }
        let text = match left {
            Kinds::OBJECT => format!("hf.ObjectsOf<{}>", self.text),
            _ => format!("Exclude<{}, {}>", self.text, Ty::all_of(others).one_line()),
        };
        Self {
            text,
            kinds: left,
            ..self
        }
    }
}

impl Member {
    pub(super) fn plain(name: String, optional: bool, ty: Ty) -> Self {
        Self {
            name,
            optional,
            ty,
            words: String::new(),
            tags: Vec::new(),
        }
    }
}

impl Ty {
    pub(super) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Any string, beside literals that an editor completes.
    pub(super) fn other_string() -> Self {
        Self::Atom("(string & {})".to_owned(), Kinds::STRING)
    }

    /// Every value of a kind.
    pub(super) fn any_of(kind: Kinds) -> Self {
        match kind {
            Kinds::OBJECT => Self::Object(Object::any()),
            Kinds::ARRAY => Self::Unknown(None).list(),
            scalar => Self::Scalar(scalar),
        }
    }

    /// Every value of some kinds.
    pub(super) fn all_of(kinds: Kinds) -> Self {
        let each = Kinds::EACH.into_iter();
        either(each.filter(|kind| kinds.contains(*kind)).map(Self::any_of))
    }

    /// The kinds of its values.
    pub(super) fn kinds(&self) -> Kinds {
        match self {
            Self::Unknown(_) => Kinds::ALL,
            Self::Never => Kinds::NONE,
            Self::Scalar(kinds) | Self::Literal(_, kinds) | Self::Atom(_, kinds) => *kinds,
            Self::Name(name) => name.kinds,
            Self::List(_) | Self::Tuple(_) => Kinds::ARRAY,
            Self::Object(_) => Kinds::OBJECT,
            Self::Union(members) => (members.iter().map(Self::kinds)).fold(Kinds::NONE, Kinds::or),
            Self::Both(parts) => (parts.iter().map(Self::kinds)).fold(Kinds::ALL, Kinds::and),
        }
    }

    /// Whether it says nothing but what kinds its values have.
    pub(super) fn is_bare(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::List(item) => **item == Self::Unknown(None),
            Self::Object(object) => object.is_any(),
            Self::Union(members) => members.iter().all(Self::is_bare),
            _ => false,
        }
    }

    /// What is written for a place that may be absent.
    pub(super) fn undefined() -> Self {
        Self::Atom("undefined".to_owned(), Kinds::NONE)
    }

    /// How many parts are written out.
    pub(super) fn size(&self) -> usize {
        let all = |types: &mut dyn Iterator<Item = &Self>| types.map(Self::size).sum::<usize>();
        match self {
            Self::List(item) => item.size(),
            Self::Tuple(places) => all(&mut places.iter().map(Place::ty)),
            Self::Object(object) => {
                let members = object.members.iter().map(|member| &member.ty);
                all(&mut members.chain(object.indexes.iter().map(|index| &index.ty)))
            }
            Self::Union(types) | Self::Both(types) => all(&mut types.iter()),
            _ => 1,
        }
    }

    /// The type without index signatures that the schema does not mention.
    pub(super) fn without_implicit(self) -> Self {
        match self {
            Self::Object(mut object) => {
                object.indexes.retain(|index| !index.implicit);
                match object.members.is_empty() && object.indexes.is_empty() {
                    true => Self::Unknown(None),
                    false => Self::Object(object),
                }
            }
            Self::Both(parts) => {
                Self::Both(parts.into_iter().map(Self::without_implicit).collect())
            }
            Self::Union(members) => either(members.into_iter().map(Self::without_implicit)),
            other => other,
        }
    }

    /// As the members of a union.
    pub(super) fn into_members(self) -> Vec<Self> {
        match self {
            Self::Union(members) => members,
            one => vec![one],
        }
    }

    /// Whether all its values are literals.
    pub(super) fn is_literal(&self) -> bool {
        match self {
            Self::Literal(..) => true,
            Self::Union(members) => members.iter().all(Self::is_literal),
            _ => false,
        }
    }

    /// Why it contains `unknown`, outside of named types and of the members of objects, which are places of their own.
    pub(super) fn untyped(&self) -> Option<UntypedReason> {
        match self {
            Self::Unknown(reason) => *reason,
            Self::List(item) => item.untyped(),
            Self::Tuple(places) => places.iter().find_map(|place| place.ty().untyped()),
            Self::Object(object) => object.indexes.iter().find_map(|index| index.ty.untyped()),
            Self::Union(all) | Self::Both(all) => all.iter().find_map(Self::untyped),
            _ => None,
        }
    }
}

impl Place {
    pub(super) const fn ty(&self) -> &Ty {
        match self {
            Self::Required(ty) | Self::Optional(ty) | Self::Rest(ty) => ty,
        }
    }
}

/// A union, without duplicates. Null comes last.
pub(super) fn either(members: impl IntoIterator<Item = Ty>) -> Ty {
    let mut distinct: Vec<Ty> = Vec::new();
    let mut known = BTreeSet::new();
    let mut unknown = None;
    for member in members.into_iter().flat_map(Ty::into_members) {
        match member {
            // One that says nothing leaves nothing to say of the others.
            Ty::Unknown(None) => return Ty::Unknown(None),
            Ty::Unknown(reason) => unknown = reason,
            Ty::Never => {}
            member => {
                if known.insert(member.clone()) {
                    distinct.push(member);
                }
            }
        }
    }
    if unknown.is_some() {
        return Ty::Unknown(unknown);
    }
    collapse(&mut distinct, &known);
    if distinct.len() < 2 {
        return distinct.pop().unwrap_or(Ty::Never);
    }
    // What stands for nothing comes last.
    let place = |ty: &Ty| match ty {
        Ty::Atom(_, Kinds::NONE) => 2,
        Ty::Scalar(Kinds::NULL) => 1,
        _ => 0,
    };
    distinct.sort_by_key(place);
    Ty::Union(distinct)
}

/// Leaves out literals beside all values of their kind, except for strings, which an editor completes. Both booleans are
/// `boolean`.
fn collapse(members: &mut Vec<Ty>, known: &BTreeSet<Ty>) {
    let all = |kind| known.contains(&Ty::Scalar(kind));
    let literal = |text: &str| known.contains(&Ty::Literal(text.to_owned(), Kinds::BOOLEAN));
    let booleans = all(Kinds::BOOLEAN) || literal("true") && literal("false");
    for member in members.iter_mut() {
        match member {
            Ty::Literal(_, Kinds::BOOLEAN) if booleans => *member = Ty::Scalar(Kinds::BOOLEAN),
            Ty::Literal(_, Kinds::NUMBER) if all(Kinds::NUMBER) => {
                *member = Ty::Scalar(Kinds::NUMBER);
            }
            _ => {}
        }
    }
    let last = members
        .iter()
        .rposition(|member| matches!(member, Ty::Literal(_, Kinds::STRING)));
    if let Some(last) = last.filter(|_| all(Kinds::STRING)) {
        members.insert(last + 1, Ty::other_string());
        members.retain(|member| *member != Ty::Scalar(Kinds::STRING));
    }
    let mut seen = BTreeSet::new();
    members.retain(|member| seen.insert(member.clone()));
}
