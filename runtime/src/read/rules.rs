//! The constraints of one location in a schema, as constants.

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_schema::{Number, ViolationDetail, details};
use std::cell::OnceCell;

use super::{
    Num, Pattern, ReadContext, SchemaText, detail_cache,
    kinds::Kinds,
    schema::{fits, of, violations},
};

/// A constraint of a value in addition to its type: a keyword of JSON Schema and its value.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// `minimum`
    Minimum(Limit),
    /// `maximum`
    Maximum(Limit),
    /// `exclusiveMinimum`
    ExclusiveMinimum(Limit),
    /// `exclusiveMaximum`
    ExclusiveMaximum(Limit),
    /// `multipleOf`
    MultipleOf(Limit),
    /// `minLength`, in code points
    MinLength(u64),
    /// `maxLength`, in code points
    MaxLength(u64),
    /// `pattern`
    Pattern(&'static Pattern),
    /// `format`
    Format(&'static str),
    /// `minItems`
    MinItems(u64),
    /// `maxItems`
    MaxItems(u64),
    /// `uniqueItems: true`
    UniqueItems,
    /// `minProperties`
    MinProperties(u64),
    /// `maxProperties`
    MaxProperties(u64),
    /// `contains`, with `minContains` and `maxContains`
    Contains(&'static Contains),
    /// `propertyNames`: the rules of the names of a map
    PropertyNames(Rules),
    /// `dependentRequired`: a property, and those that are required if it is present
    DependentRequired(&'static str, &'static [&'static str]),
    /// The rules of the items of an array, or of the values of a map.
    Items(Rules),
    /// `contentEncoding`, if the text remains a string
    ContentEncoding(&'static str),
    /// The JSON Schema of a value that has no faithful Rust type, read with Handfast's two defaults.
    Schema(SchemaText),
    /// As [`Rule::Schema`], but with the defaults of JSON Schema: objects are not closed, and integers are unbounded.
    JsonSchema(SchemaText),
    /// The kinds of the values that an [`Implied`](crate::Implied) schema speaks of.
    Implied(Kinds),
    /// Null is a separate branch (`oneOf`), not one of several types: violations are reported by the other branch.
    NullApart,
    /// The schema among the rules judges the value, and the type is read from what it accepts. Always the first rule.
    Checked,
}

/// The keyword `contains`.
#[derive(Debug)]
pub struct Contains {
    /// The schema that matching items satisfy.
    pub of: Rules,
    /// `minContains`
    pub min: Option<u64>,
    /// `maxContains`
    pub max: Option<u64>,
}

/// All rules of a value.
pub type Rules = &'static [Rule];

/// A numeric bound, as written in the schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// An integer.
    Int(i64),
    /// Any other number.
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

/// Returns the rules of the items of an array or the values of a map.
pub(super) fn inner(rules: Rules) -> Rules {
    let items = rules.iter().find_map(|rule| match rule {
        Rule::Items(rules) => Some(*rules),
        _ => None,
    });
    items.unwrap_or_default()
}

/// Reports every rule that is violated.
#[inline]
fn check(rules: Rules, cx: &mut ReadContext, mut holds: impl FnMut(&Rule) -> bool) {
    for rule in rules {
        if !holds(rule) {
            report(rule, cx);
        }
    }
}

/// Checks a number. `safe` adds the range of safe integers where the rules have no bounds.
#[inline]
pub(super) fn check_number(rules: Rules, n: Num, safe: bool, cx: &mut ReadContext) {
    let x = n.as_f64();
    let (mut low, mut high) = (safe, safe);
    check(rules, cx, |rule| match rule {
        Rule::MultipleOf(of) => handfast_schema::number::is_multiple(x, of.as_f64()),
        Rule::Maximum(max) => {
            high = false;
            x <= max.as_f64()
        }
        Rule::ExclusiveMaximum(max) => {
            high = false;
            x < max.as_f64()
        }
        Rule::Minimum(min) => {
            low = false;
            x >= min.as_f64()
        }
        Rule::ExclusiveMinimum(min) => {
            low = false;
            x > min.as_f64()
        }
        _ => true,
    });
    const SAFE: i64 = handfast_schema::number::MAX_SAFE_INTEGER;
    if high && x > Limit::Int(SAFE).as_f64() {
        report(&Rule::Maximum(Limit::Int(SAFE)), cx);
    }
    if low && x < Limit::Int(-SAFE).as_f64() {
        report(&Rule::Minimum(Limit::Int(-SAFE)), cx);
    }
}

/// Whether a number satisfies the rules. Also false if they are not all bounds.
#[inline]
pub(super) fn is_within(rules: Rules, x: f64) -> bool {
    rules.iter().all(|rule| match rule {
        Rule::Minimum(min) => x >= min.as_f64(),
        Rule::Maximum(max) => x <= max.as_f64(),
        Rule::ExclusiveMinimum(min) => x > min.as_f64(),
        Rule::ExclusiveMaximum(max) => x < max.as_f64(),
        _ => false,
    })
}

/// Returns the minimum and maximum that the rules allow, if they are all bounds.
pub(super) fn bounds(rules: Rules) -> Option<(f64, f64)> {
    let mut bounds = (f64::MIN, f64::MAX);
    for rule in rules {
        match rule {
            Rule::Minimum(min) => bounds.0 = min.as_f64(),
            Rule::Maximum(max) => bounds.1 = max.as_f64(),
            _ => return None,
        }
    }
    Some(bounds)
}

/// Checks a string.
#[inline]
pub(super) fn check_string(rules: Rules, text: &str, cx: &mut ReadContext) {
    check(rules, cx, |rule| satisfies(rule, text));
}

/// Checks a byte string. The rules are those of its base64 text.
pub(super) fn check_bytes(rules: Rules, bytes: &[u8], cx: &mut ReadContext) {
    let length = (bytes.len().div_ceil(3) * 4) as u64;
    let text = OnceCell::new();
    check(rules, cx, |rule| match rule {
        Rule::MinLength(min) => length >= *min,
        Rule::MaxLength(max) => length <= *max,
        Rule::ContentEncoding("base64") => true,
        Rule::Pattern(_) | Rule::Format(_) | Rule::ContentEncoding(_) => {
            satisfies(rule, text.get_or_init(|| STANDARD.encode(bytes)))
        }
        _ => true,
    });
}

#[inline]
fn satisfies(rule: &Rule, text: &str) -> bool {
    match rule {
        Rule::MinLength(min) => has_at_least(text, *min),
        Rule::MaxLength(max) => has_at_most(text, *max),
        Rule::Pattern(pattern) => pattern.is_match(text),
        Rule::Format(format) => handfast_schema::format::check(format, text) != Some(false),
        Rule::ContentEncoding(name) => handfast_schema::format::encoding(name, text) != Some(false),
        _ => true,
    }
}

/// Returns the rules of the names of a map.
pub(super) fn names(rules: Rules) -> Rules {
    let names = rules.iter().find_map(|rule| match rule {
        Rule::PropertyNames(rules) => Some(*rules),
        _ => None,
    });
    names.unwrap_or_default()
}

/// Whether the name of a property satisfies its rules.
pub(super) fn is_valid_name(rules: Rules, name: &str) -> bool {
    rules.iter().all(|rule| satisfies(rule, name))
        && (of(rules).is_none() || fits(rules, &name.into()))
}

/// Checks `contains`, `minContains` and `maxContains`.
pub(super) fn check_contains(
    contains: &Contains,
    items: &[serde_json::Value],
    cx: &mut ReadContext,
) {
    if cx.accepted {
        return;
    }
    let count = items.iter().filter(|item| fits(contains.of, item)).count() as u64;
    if count < contains.min.unwrap_or(1) {
        cx.violation(details::contains(contains.min));
    }
    if let Some(max) = contains.max.filter(|max| count > *max) {
        cx.violation(details::max_contains(max));
    }
}

// A text has at most as many code points as bytes and at least a quarter as many, so most need not be counted.

fn has_at_least(text: &str, min: u64) -> bool {
    let bytes = text.len() as u64;
    bytes >= min && (bytes.div_ceil(4) >= min || text.chars().count() as u64 >= min)
}

fn has_at_most(text: &str, max: u64) -> bool {
    let bytes = text.len() as u64;
    bytes <= max || (bytes.div_ceil(4) <= max && text.chars().count() as u64 <= max)
}

/// Checks the number of items.
pub(super) fn check_items(rules: Rules, count: u64, cx: &mut ReadContext) {
    check(rules, cx, |rule| match rule {
        Rule::MaxItems(max) => count <= *max,
        Rule::MinItems(min) => count >= *min,
        _ => true,
    });
}

/// Checks the number of properties.
pub(super) fn check_properties(rules: Rules, count: u64, cx: &mut ReadContext) {
    check(rules, cx, |rule| match rule {
        Rule::MaxProperties(max) => count <= *max,
        Rule::MinProperties(min) => count >= *min,
        _ => true,
    });
}

/// Reports the violation of a rule, unless the value was accepted by a schema that has the rule or none.
#[cold]
#[inline(never)]
pub(super) fn report(rule: &'static Rule, cx: &mut ReadContext) {
    if cx.accepted {
        return;
    }
    cx.cached_violation(detail_cache::violated(rule, || detail_of(rule)));
}

fn detail_of(rule: &Rule) -> ViolationDetail {
    match rule {
        Rule::Minimum(min) => details::minimum(&min.number()),
        Rule::Maximum(max) => details::maximum(&max.number()),
        Rule::ExclusiveMinimum(min) => details::exclusive_minimum(&min.number()),
        Rule::ExclusiveMaximum(max) => details::exclusive_maximum(&max.number()),
        Rule::MultipleOf(of) => details::multiple_of(&of.number()),
        Rule::MinLength(n) => details::min_length(*n),
        Rule::MaxLength(n) => details::max_length(*n),
        Rule::Pattern(pattern) => details::pattern(pattern.source),
        Rule::Format(format) => details::format(format),
        Rule::ContentEncoding(name) => details::content_encoding(name),
        Rule::MinItems(n) => details::min_items(*n),
        Rule::MaxItems(n) => details::max_items(*n),
        Rule::UniqueItems => details::unique_items(),
        Rule::MinProperties(n) => details::min_properties(*n),
        Rule::MaxProperties(n) => details::max_properties(*n),
        // These have messages of their own, elsewhere.
        Rule::Checked
        | Rule::Implied(_)
        | Rule::Items(_)
        | Rule::Contains(_)
        | Rule::PropertyNames(_)
        | Rule::DependentRequired(..)
        | Rule::Schema(_)
        | Rule::JsonSchema(_)
        | Rule::NullApart => ViolationDetail::new("not", "is not allowed"),
    }
}

/// Checks a value against its JSON Schema, if the rules contain one.
pub(super) fn check_value(rules: Rules, value: &serde_json::Value, cx: &mut ReadContext) {
    if cx.accepted {
        return;
    }
    let Some((text, dialect)) = of(rules) else {
        return;
    };
    match violations(text, dialect, value, cx.side()) {
        Some(violations) => cx.adopt_ordered(violations),
        None => cx.violation(unreadable()),
    }
}

/// The violation of any value whose schema cannot be parsed.
pub(super) fn unreadable() -> ViolationDetail {
    ViolationDetail::new("type", "must fit a schema that cannot be read")
}
