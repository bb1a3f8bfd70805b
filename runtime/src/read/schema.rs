//! Schemas that are kept as JSON, for values that have no faithful Rust type.

use super::{JsonReader, Rule, Rules};
use handfast_schema::{Dialect, SchemaId, Schemas, Side, Validator, Violations};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// How deep a schema nests, at the most.
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
    /// As they are read with either dialect, when they are first needed.
    read: [OnceLock<Option<Read>>; 2],
}

#[derive(Debug)]
struct Read {
    validator: Validator<'static>,
    places: BTreeMap<String, SchemaId>,
}

impl Definitions {
    /// Definitions as the text of a JSON object: schemas of draft 2020-12 by their names. A `$ref` among them is
    /// `#/$defs/Name`. They are read when the first of them is needed; a value does not fit what cannot be read.
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
            let (schemas, places) = Schemas::definitions_of(dialect, &document).ok()?;
            let validator = Validator::owned(schemas);
            Some(Read { validator, places })
        });
        read.as_ref()
    }
}

/// JSON of a schema. Not by serde_json, whose numbers are not always the doubles nearest to what is written.
fn json(text: &'static str) -> Option<Value> {
    JsonReader::new(text, DEPTH).value().ok()
}

/// A schema that is kept as JSON.
#[derive(Clone, Copy, Debug)]
pub enum SchemaText {
    /// Its text, which refers to nothing else.
    Own(&'static str),
    /// One of several, by its name.
    Of(&'static Definitions, &'static str),
}

/// The schema among the rules.
pub(super) fn of(rules: Rules) -> Option<(SchemaText, Dialect)> {
    rules.iter().find_map(|rule| match rule {
        Rule::Schema(text) => Some((*text, Dialect::Handfast)),
        Rule::JsonSchema(text) => Some((*text, Dialect::JsonSchema)),
        _ => None,
    })
}

/// What is wrong with a value by a schema, at the end `side`; nothing at all where the schema cannot be read.
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

/// Whether a value fits the schema among the rules, which is asked of it as a test: neither default of a protocol holds.
pub(super) fn fits(rules: Rules, value: &Value) -> bool {
    of(rules).is_some_and(|(text, dialect)| {
        with(text, dialect, |validator, root| {
            validator.is_valid(root, value, None)
        })
        .unwrap_or(false)
    })
}

/// Asks the validator of a schema.
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
            Some(ask(&read.validator, *read.places.get(name)?))
        }
    }
}

type Checker = (Validator<'static>, SchemaId);

/// The checker of a schema, made once. A program has as many as it has such places.
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
