//! Schemas kept as JSON, for values that have no faithful Rust type.

use super::{JsonReader, Rule, Rules};
use handfast_schema::{Dialect, SchemaId, Schemas, Side, Validator, Violations};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
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
    ids: BTreeMap<String, SchemaId>,
}

impl Definitions {
    /// Creates definitions from the text of a JSON object: schemas of draft 2020-12 by their names. A `$ref` among them is `#/$defs/Name`.
    /// They are parsed at first use; if that fails, every value is invalid.
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
    /// One of several definitions, by name.
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
    with(text, dialect, |validator, root| {
        validator.collect(root, value, Some(side))
    })
}

/// Whether a value satisfies the schema among the rules, which is an assertion: neither of Handfast's defaults applies.
pub(super) fn fits(rules: Rules, value: &Value) -> bool {
    of(rules).is_some_and(|(text, dialect)| {
        with(text, dialect, |validator, root| {
            validator.is_valid(root, value, None)
        })
        .unwrap_or(false)
    })
}

/// Runs the validator of a schema.
fn with<T>(
    text: SchemaText,
    dialect: Dialect,
    ask: impl FnOnce(&Validator<'static>, SchemaId) -> T,
) -> Option<T> {
    match text {
        SchemaText::Own(text) => {
            let checker = checker(text, dialect)?;
            Some(ask(&checker.0, checker.1))
        }
        SchemaText::Of(definitions, name) => {
            let read = definitions.read(dialect)?;
            Some(ask(&read.validator, *read.ids.get(name)?))
        }
    }
}

type Checker = (Validator<'static>, SchemaId);

/// Returns the validator of a schema, created once. A program has as many as its types have schemas.
fn checker(text: &'static str, dialect: Dialect) -> Option<Arc<Checker>> {
    type Checkers = BTreeMap<(&'static str, bool), Option<Arc<Checker>>>;
    static CHECKERS: Mutex<Checkers> = Mutex::new(BTreeMap::new());
    let mut checkers = CHECKERS.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let (schemas, root) = Schemas::from_json_of(dialect, &json(text)?).ok()?;
        Some(Arc::new((Validator::owned(schemas), root)))
    };
    let key = (text, dialect == Dialect::Handfast);
    checkers.entry(key).or_insert_with(make).clone()
}
