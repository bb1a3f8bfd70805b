//! The tree: an arena of schemas, each with the whole vocabulary of draft 2020-12.

use serde_json::Value;
use std::collections::BTreeSet;

/// The location of a schema or a declaration: the index of a source, and a byte range in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The index of the source file, in the order in which the files were first read; 0 is the protocol itself.
    pub source: u32,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// The index of a schema in its [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub u32);

/// What schemas mean where they leave something open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Handfast's two defaults apply: a server refuses unknown fields, and an `integer` without bounds is within
    /// ±(2⁵³−1).
    #[default]
    Handfast,
    /// Exactly what JSON Schema says.
    JsonSchema,
}

/// Every schema of a protocol. References are indices, so cycles need no special treatment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schemas {
    nodes: Vec<Schema>,
    dialect: Dialect,
    /// Whether the default of integers applies in a dialect without defaults.
    bounds_integers: bool,
}

impl Schemas {
    /// An empty set of schemas of a dialect.
    pub const fn new(dialect: Dialect) -> Self {
        Self {
            nodes: Vec::new(),
            dialect,
            bounds_integers: false,
        }
    }

    /// Bounds integers as Handfast's dialect does, in a dialect that has none of the defaults.
    pub const fn bound_integers(&mut self) {
        self.bounds_integers = true;
    }

    /// Their dialect.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether Handfast's two defaults apply.
    pub const fn has_defaults(&self) -> bool {
        matches!(self.dialect, Dialect::Handfast)
    }

    /// Whether an `integer` without bounds is within ±(2⁵³−1): in Handfast's dialect, and where
    /// [`Self::bound_integers`] says so. It applies to values that a side receives, and not to schemas that test a value.
    pub const fn safe_integers(&self) -> bool {
        self.has_defaults() || self.bounds_integers
    }

    /// Adds a schema and returns its id.
    pub fn push(&mut self, schema: Schema) -> SchemaId {
        let id = SchemaId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(schema);
        id
    }

    /// The number of schemas.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no schemas.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every schema with its id, in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = (SchemaId, &Schema)> {
        (0u32..).map(SchemaId).zip(&self.nodes)
    }
}

impl std::ops::Index<SchemaId> for Schemas {
    type Output = Schema;
    fn index(&self, id: SchemaId) -> &Schema {
        &self.nodes[id.0 as usize]
    }
}

impl std::ops::IndexMut<SchemaId> for Schemas {
    fn index_mut(&mut self, id: SchemaId) -> &mut Schema {
        &mut self.nodes[id.0 as usize]
    }
}

/// One of the two ends of a connection.
///
/// For a value that is read, the end that receives it: a server refuses fields that a schema does not declare, and a
/// client drops them, so that a server can add a field before its clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Side {
    /// `client` or `server`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A JSON number, kept as it was written; compared as a double.
pub type Number = serde_json::Number;

/// One of the seven types `type` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// `null`
    Null,
    /// `true` and `false`
    Boolean,
    /// A number with no fractional part: `1.0` and `-0` are integers.
    Integer,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Type {
    /// All seven, in the order in which messages list them.
    pub const ALL: [Self; 7] = [
        Self::Null,
        Self::Boolean,
        Self::Integer,
        Self::Number,
        Self::String,
        Self::Array,
        Self::Object,
    ];

    /// The name the `type` keyword uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// The type with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.name() == name)
    }
}

/// The types that a `type` keyword allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TypeSet(u8);

impl TypeSet {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// This set and one more type.
    #[must_use]
    pub const fn with(self, ty: Type) -> Self {
        Self(self.0 | 1 << ty as u8)
    }

    /// Whether the set contains the type.
    pub const fn contains(self, ty: Type) -> bool {
        self.0 & (1 << ty as u8) != 0
    }

    /// This set without one type.
    #[must_use]
    pub const fn without(self, ty: Type) -> Self {
        Self(self.0 & !(1 << ty as u8))
    }

    /// The types of the set, in the order of [`Type::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |ty| self.contains(*ty))
    }

    /// The only type of the set, if it has exactly one.
    pub fn single(self) -> Option<Type> {
        let mut types = self.iter();
        types.next().filter(|_| types.next().is_none())
    }
}

/// What a schema says for people and tools. It has no effect on validation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// `title`
    pub title: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `default`; never filled in, at either end.
    pub default: Option<Value>,
    /// `examples`
    pub examples: Vec<Value>,
    /// `deprecated`
    pub deprecated: bool,
    /// `readOnly`
    pub read_only: bool,
    /// `writeOnly`
    pub write_only: bool,
    /// `$comment`
    pub comment: Option<String>,
    /// `format`, if it is not an assertion
    pub format: Option<String>,
    /// `contentEncoding`, if it is not an assertion
    pub content_encoding: Option<String>,
    /// `contentMediaType`
    pub content_media_type: Option<String>,
    /// `contentSchema`
    pub content_schema: Option<SchemaId>,
    /// `rust:`, the name in Rust.
    pub rust: Option<String>,
    /// `ts:`, the name in TypeScript.
    pub ts: Option<String>,
}

/// A `$dynamicRef`.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicRef {
    /// Its target before the dynamic scope is searched.
    pub initial: SchemaId,
    /// The `$dynamicAnchor` it searches for, if its initial target declares that anchor.
    pub anchor: Option<String>,
}

/// One schema: a boolean, or all of its keywords. An absent keyword is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Its location.
    pub span: Span,
    /// `true` or `false`; a schema without assertions is `true`, whatever its annotations.
    pub boolean: Option<bool>,
    /// Its annotations.
    pub annotations: Annotations,

    /// `type`
    pub types: Option<TypeSet>,
    /// `const`
    pub constant: Option<Value>,
    /// `enum`
    pub enumeration: Option<Vec<Value>>,
    /// `open: true` beside an `enum` of strings: a client accepts values it does not know.
    pub open: bool,

    /// `multipleOf`
    pub multiple_of: Option<Number>,
    /// `maximum`
    pub maximum: Option<Number>,
    /// `exclusiveMaximum`
    pub exclusive_maximum: Option<Number>,
    /// `minimum`
    pub minimum: Option<Number>,
    /// `exclusiveMinimum`
    pub exclusive_minimum: Option<Number>,

    /// `maxLength`, in code points
    pub max_length: Option<u64>,
    /// `minLength`, in code points
    pub min_length: Option<u64>,
    /// `pattern`, an ECMA-262 regular expression, unanchored
    pub pattern: Option<String>,
    /// `format`
    pub format: Option<String>,
    /// `contentEncoding`
    pub content_encoding: Option<String>,

    /// `prefixItems`
    pub prefix_items: Vec<SchemaId>,
    /// `items`
    pub items: Option<SchemaId>,
    /// `contains`
    pub contains: Option<SchemaId>,
    /// `minContains`
    pub min_contains: Option<u64>,
    /// `maxContains`
    pub max_contains: Option<u64>,
    /// `maxItems`
    pub max_items: Option<u64>,
    /// `minItems`
    pub min_items: Option<u64>,
    /// `uniqueItems: true`
    pub unique_items: bool,
    /// `unevaluatedItems`
    pub unevaluated_items: Option<SchemaId>,

    /// `properties`, in the order they are written
    pub properties: Vec<(String, SchemaId)>,
    /// `patternProperties`, in the order they are written
    pub pattern_properties: Vec<(String, SchemaId)>,
    /// `additionalProperties`
    pub additional_properties: Option<SchemaId>,
    /// `propertyNames`
    pub property_names: Option<SchemaId>,
    /// `maxProperties`
    pub max_properties: Option<u64>,
    /// `minProperties`
    pub min_properties: Option<u64>,
    /// `required`, in the order written; [`Schema::required_in_order`] has the order of reports
    pub required: Vec<String>,
    /// `dependentRequired`
    pub dependent_required: Vec<(String, Vec<String>)>,
    /// `dependentSchemas`
    pub dependent_schemas: Vec<(String, SchemaId)>,
    /// `unevaluatedProperties`
    pub unevaluated_properties: Option<SchemaId>,

    /// `allOf`
    pub all_of: Vec<SchemaId>,
    /// `anyOf`
    pub any_of: Vec<SchemaId>,
    /// `oneOf`
    pub one_of: Vec<SchemaId>,
    /// `not`
    pub not: Option<SchemaId>,
    /// `if`
    pub condition: Option<SchemaId>,
    /// `then`
    pub then: Option<SchemaId>,
    /// `else`
    pub otherwise: Option<SchemaId>,

    /// `$ref`, resolved
    pub reference: Option<SchemaId>,
    /// `$dynamicRef`
    pub dynamic_reference: Option<DynamicRef>,
    /// `$dynamicAnchor`
    pub dynamic_anchor: Option<String>,
    /// The root of the schema resource (the nearest `$id`, file or named type) that this schema belongs to.
    pub resource: Option<SchemaId>,
}

impl Schema {
    /// The required names in the order in which violations are reported: the declared properties in their order, then
    /// the others as written.
    pub fn required_in_order(&self) -> impl Iterator<Item = &str> {
        let names = || self.properties.iter().map(|(name, _)| name.as_str());
        let required: BTreeSet<&str> = self.required.iter().map(String::as_str).collect();
        let declared: BTreeSet<&str> = match required.is_empty() {
            true => BTreeSet::new(),
            false => names().collect(),
        };
        let others = self.required.iter().map(String::as_str);
        names()
            .filter(move |name| required.contains(name))
            .chain(others.filter(move |name| !declared.contains(name)))
    }

    /// Turns a schema without assertions into `true`, whatever its annotations: `{}` is another spelling of it.
    pub fn simplify(&mut self) {
        let asks_nothing = Self {
            span: self.span,
            annotations: self.annotations.clone(),
            resource: self.resource,
            ..Self::default()
        };
        if *self == asks_nothing {
            self.boolean = Some(true);
        }
    }

    /// Whether the schema itself decides on additional fields, so that no default applies.
    pub const fn closes_itself(&self) -> bool {
        self.additional_properties.is_some() || self.unevaluated_properties.is_some()
    }

    /// Every direct subschema and every schema it refers to, of those that affect validation.
    pub fn subschemas(&self) -> Vec<SchemaId> {
        let mut all = Vec::new();
        self.clone().map_subschemas(|id| {
            all.push(id);
            id
        });
        all
    }

    /// Replaces each schema that [`Self::subschemas`] returns.
    pub(crate) fn map_subschemas(&mut self, mut map: impl FnMut(SchemaId) -> SchemaId) {
        let named = self
            .properties
            .iter_mut()
            .chain(&mut self.pattern_properties)
            .chain(&mut self.dependent_schemas)
            .map(|(_, id)| id);
        let lists = self
            .prefix_items
            .iter_mut()
            .chain(&mut self.all_of)
            .chain(&mut self.any_of)
            .chain(&mut self.one_of);
        let dynamic = self
            .dynamic_reference
            .as_mut()
            .map(|dynamic| &mut dynamic.initial);
        let single = [
            self.items.as_mut(),
            self.contains.as_mut(),
            self.unevaluated_items.as_mut(),
            self.additional_properties.as_mut(),
            self.property_names.as_mut(),
            self.unevaluated_properties.as_mut(),
            self.not.as_mut(),
            self.condition.as_mut(),
            self.then.as_mut(),
            self.otherwise.as_mut(),
            self.reference.as_mut(),
            dynamic,
        ];
        for id in named.chain(lists).chain(single.into_iter().flatten()) {
            *id = map(*id);
        }
    }

    /// Whether the schema is a `$ref` without any other assertion.
    pub fn only_refers(&self) -> bool {
        self.reference.is_some()
            && *self
                == Self {
                    span: self.span,
                    annotations: self.annotations.clone(),
                    reference: self.reference,
                    resource: self.resource,
                    ..Self::default()
                }
    }
}
