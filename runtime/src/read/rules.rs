//! The constraints of one place in a schema, as constants.

use handfast_schema::{Number, SchemaId, Schemas, Validator, words};
use regex::Regex;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{Cx, Num};

/// What a value has to keep, beside being of its type. Built in constants:
/// `Rules::NONE.min_length(1).max_length(2000)`.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    minimum: Option<Limit>,
    maximum: Option<Limit>,
    exclusive_minimum: Option<Limit>,
    exclusive_maximum: Option<Limit>,
    multiple_of: Option<Limit>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    pattern: Option<&'static Pattern>,
    format: Option<&'static str>,
    content_encoding: Option<&'static str>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) unique_items: bool,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) items: Option<&'static Rules>,
    pub(super) schema: Option<&'static str>,
    pub(super) null_apart: bool,
}

/// A bound of numbers, as it is written in the schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// An integer.
    Int(i64),
    /// Any other.
    Float(f64),
}

impl Limit {
    const fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => Num::Int(n).as_f64(),
            Self::Float(x) => x,
        }
    }

    fn number(self) -> Number {
        match self {
            Self::Int(n) => Number::from(n),
            Self::Float(x) => Number::from_f64(x).unwrap_or_else(|| Number::from(0)),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $ty:ty),* $(,)?) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $name(mut self, value: $ty) -> Self {
            self.$name = Some(value);
            self
        }
    )*};
}

impl Rules {
    /// No constraint.
    pub const NONE: Self = Self {
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        multiple_of: None,
        min_length: None,
        max_length: None,
        pattern: None,
        format: None,
        content_encoding: None,
        min_items: None,
        max_items: None,
        unique_items: false,
        min_properties: None,
        max_properties: None,
        items: None,
        schema: None,
        null_apart: false,
    };

    setters! {
        /// `minimum`
        minimum: Limit,
        /// `maximum`
        maximum: Limit,
        /// `exclusiveMinimum`
        exclusive_minimum: Limit,
        /// `exclusiveMaximum`
        exclusive_maximum: Limit,
        /// `multipleOf`
        multiple_of: Limit,
        /// `minLength`, in code points
        min_length: u64,
        /// `maxLength`, in code points
        max_length: u64,
        /// `pattern`
        pattern: &'static Pattern,
        /// `format`
        format: &'static str,
        /// `contentEncoding`, where the text stays a string
        content_encoding: &'static str,
        /// `minItems`
        min_items: u64,
        /// `maxItems`
        max_items: u64,
        /// `minProperties`
        min_properties: u64,
        /// `maxProperties`
        max_properties: u64,
        /// What every item of an array, or every value of a map, has to keep.
        items: &'static Rules,
        /// The JSON Schema of a value that has no faithful Rust type, as JSON text.
        schema: &'static str,
    }

    /// `uniqueItems: true`
    #[must_use]
    pub const fn unique_items(mut self) -> Self {
        self.unique_items = true;
        self
    }

    /// Null is a branch of its own, and not a `type` beside the other: what is wrong is told by the other branch.
    #[must_use]
    pub const fn null_apart(mut self) -> Self {
        self.null_apart = true;
        self
    }

    /// The rules of what lies inside.
    pub(super) const fn inner(&self) -> &'static Self {
        match self.items {
            Some(rules) => rules,
            None => &Self::NONE,
        }
    }

    /// Checks a number; `safe` adds the bounds of an integer that has none of its own.
    pub(super) fn check_number(&self, n: Num, safe: bool, cx: &mut Cx) {
        let x = n.as_f64();
        if let Some(of) = self.multiple_of
            && !handfast_schema::number::is_multiple(x, of.as_f64())
        {
            cx.violation(words::multiple_of(&of.number()));
        }
        let max = Limit::Int(handfast_schema::number::MAX_SAFE_INTEGER);
        let min = Limit::Int(-handfast_schema::number::MAX_SAFE_INTEGER);
        if let Some(max) = self
            .maximum
            .or((safe && self.exclusive_maximum.is_none()).then_some(max))
            && x > max.as_f64()
        {
            cx.violation(words::maximum(&max.number()));
        }
        if let Some(max) = self.exclusive_maximum
            && x >= max.as_f64()
        {
            cx.violation(words::exclusive_maximum(&max.number()));
        }
        if let Some(min) = self
            .minimum
            .or((safe && self.exclusive_minimum.is_none()).then_some(min))
            && x < min.as_f64()
        {
            cx.violation(words::minimum(&min.number()));
        }
        if let Some(min) = self.exclusive_minimum
            && x <= min.as_f64()
        {
            cx.violation(words::exclusive_minimum(&min.number()));
        }
    }

    /// Checks a string.
    pub(super) fn check_string(&self, text: &str, cx: &mut Cx) {
        if self.min_length.is_some() || self.max_length.is_some() {
            self.check_length(text, cx);
        }
        if let Some(pattern) = self.pattern
            && !pattern.is_match(text)
        {
            cx.violation(words::pattern(pattern.source));
        }
        if let Some(format) = self.format
            && handfast_schema::format::check(format, text) == Some(false)
        {
            cx.violation(words::format(format));
        }
        if let Some(name) = self.content_encoding
            && handfast_schema::format::encoding(name, text) == Some(false)
        {
            cx.violation(words::content_encoding(name));
        }
    }

    fn check_length(&self, text: &str, cx: &mut Cx) {
        // A text has at most as many code points as bytes and at least a quarter, so most need no count.
        let bytes = text.len() as u64;
        let min = self.min_length.unwrap_or(0);
        let max = self.max_length.unwrap_or(u64::MAX);
        if bytes <= max && bytes.div_ceil(4) >= min {
            return;
        }
        let length = text.chars().count() as u64;
        if length > max {
            cx.violation(words::max_length(max));
        }
        if length < min {
            cx.violation(words::min_length(min));
        }
    }
}

/// A regular expression of ECMA-262, translated and compiled when it is first needed. It matches in linear time.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern. One that cannot be translated matches nothing; the generator refuses such patterns.
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    fn is_match(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| handfast_schema::pattern::compile(self.source).ok())
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }
}

/// Checks a value that has no faithful Rust type by its schema.
pub(super) fn check_value(schema: &'static str, value: &serde_json::Value, cx: &mut Cx) {
    match checker(schema) {
        Some(checker) => {
            let (validator, root) = &*checker;
            cx.adopt_ordered(validator.collect(*root, value, Some(cx.mode())));
        }
        None => cx.violation(words::Told::new(
            "type",
            "must fit a schema that cannot be read",
        )),
    }
}

type Checker = (Validator<'static>, SchemaId);

/// The checker of a schema, made once. A program has as many as it has such places.
fn checker(schema: &'static str) -> Option<Arc<Checker>> {
    static CHECKERS: Mutex<BTreeMap<&'static str, Option<Arc<Checker>>>> =
        Mutex::new(BTreeMap::new());
    let mut checkers = CHECKERS.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let (schemas, root) = Schemas::from_json(&serde_json::from_str(schema).ok()?).ok()?;
        Some(Arc::new((Validator::owned(schemas), root)))
    };
    checkers.entry(schema).or_insert_with(make).clone()
}
