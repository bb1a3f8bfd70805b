//! Schemas kept as JSON, for values that have no faithful Rust type.

use super::{JsonReader, Rule, Rules};
use handfast_schema::{Dialect, SchemaId, Schemas, Side, Validator, Violations};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, OnceLock, PoisonError},
};

/// The maximum nesting depth of a schema.
const DEPTH: u32 = 1024;

/// JSON Schemas that refer to each other, each written once for all the types that need it: `schema = DEFINITIONS["Name"]` in
/// `#[protocol]` names one of them.
///
/// ```
/// use handfast::{ValidatedJson, Definitions, protocol, Validate};
///
/// static DEFINITIONS: Definitions = Definitions::new(
///     r##"{
/// "Tree": { "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "$ref": "#/$defs/Tree" } }] }
/// }"##,
/// );
///
/// #[protocol(schema = DEFINITIONS["Tree"])]
/// #[derive(Clone, Debug)]
/// pub struct Tree(ValidatedJson);
///
/// assert!(Tree::try_from(ValidatedJson(serde_json::json!([1, [2]]))).is_ok());
/// assert!(Tree::try_from(ValidatedJson(serde_json::json!([1, ["2"]]))).is_err());
/// ```
#[derive(Debug)]
pub struct Definitions {
    text: &'static str,
    /// The parsed definitions for each dialect, created at first use.
    read: [OnceLock<Option<Read>>; 2],
}

#[derive(Debug)]
struct Read {
    validator: Validator<'static>,
    /// The schemas by their addresses.
    ids: HashMap<String, SchemaId>,
}

impl Definitions {
    /// Creates definitions from the text of a JSON object: schemas of draft 2020-12 by their names. A `$ref` among them is `#/$defs/Name`.
    /// They are parsed at first use; if that fails, every value is invalid.
    ///
    /// A schema in a definition is named by a JSON Pointer behind the definition's name (RFC 6901), as in
    /// `DEFINITIONS["Task/properties/owner/anyOf/1"]`.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            read: [const { OnceLock::new() }; 2],
        }
    }

    fn read(&self, dialect: Dialect) -> Option<&Read> {
        let place = usize::from(dialect == Dialect::Handfast);
        let read = self.read[place].get_or_init(|| {
            let document = json!({ "$defs": json(self.text)? });
            let (schemas, ids) = Schemas::definitions_of(dialect, &document).ok()?;
            let validator = Validator::owned(schemas);
            let ids = ids.into_iter().collect();
            Some(Read { validator, ids })
        });
        read.as_ref()
    }
}

/// Parses the JSON of a schema. Not with serde_json, whose numbers are not always the nearest doubles.
fn json(text: &'static str) -> Option<Value> {
    JsonReader::new(text, DEPTH).value().ok()
}

/// A schema kept as JSON.
#[derive(Clone, Copy, Debug)]
pub enum SchemaText {
    /// The text of a self-contained schema.
    Own(&'static str),
    /// One of several definitions, or a schema in one, by its address.
    Of(&'static Definitions, &'static str),
}

/// Returns the schema among the rules.
pub(super) fn of(rules: Rules) -> Option<(SchemaText, Dialect)> {
    rules.iter().find_map(|rule| match rule {
        Rule::Schema(text) => Some((*text, Dialect::Handfast)),
        Rule::JsonSchema(text) => Some((*text, Dialect::JsonSchema)),
        _ => None,
    })
}

/// Validates a value against a schema as the receiving side `side`. `None` if the schema cannot be parsed.
pub(super) fn violations(
    text: SchemaText,
    dialect: Dialect,
    value: &Value,
    side: Side,
) -> Option<Violations> {
    let (validator, root) = resolve(text, dialect)?;
    Some(validator.collect(root, value, Some(side)))
}

/// Whether a value satisfies the schema among the rules, which is an assertion: neither of Handfast's defaults applies.
pub(super) fn fits(rules: Rules, value: &Value) -> bool {
    of(rules)
        .and_then(|(text, dialect)| resolve(text, dialect))
        .is_some_and(|(validator, root)| validator.is_valid(root, value, None))
}

/// Returns the schema, and the validator that has it. `None` if it cannot be parsed.
pub(super) fn resolve(text: SchemaText, dialect: Dialect) -> Option<Resolved> {
    match text {
        SchemaText::Own(text) => own(text, dialect),
        SchemaText::Of(definitions, address) => {
            let read = definitions.read(dialect)?;
            Some((&read.validator, *read.ids.get(address)?))
        }
    }
}

/// A schema, and the validator that has it.
pub(super) type Resolved = (&'static Validator<'static>, SchemaId);

/// Returns the validator of a self-contained schema, created once and never freed: a program has as many as its types have schemas.
fn own(text: &'static str, dialect: Dialect) -> Option<Resolved> {
    type Validators = BTreeMap<(&'static str, bool), Option<Resolved>>;
    static VALIDATORS: Mutex<Validators> = Mutex::new(BTreeMap::new());
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let (schemas, root) = Schemas::from_json_of(dialect, &json(text)?).ok()?;
        let validator: &Validator<'_> = Box::leak(Box::new(Validator::owned(schemas)));
        Some((validator, root))
    };
    let key = (text, dialect == Dialect::Handfast);
    *validators.entry(key).or_insert_with(make)
}
