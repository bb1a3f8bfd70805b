//! The constraints of one place in a schema, as constants.

use handfast_schema::{Number, ViolationDetail, details};

use super::{
    Num, Pattern, ReadContext, SchemaText,
    schema::{fits, of, violations},
    told,
};

/// What a value has to keep, beside being of its type: a keyword of JSON Schema, and its value.
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
    /// `contains`, with how many items have to fit and how many may
    Contains(&'static Contains),
    /// `propertyNames`: what every name of a map has to keep
    PropertyNames(Rules),
    /// `dependentRequired`: a property, and those that have to be there where it is
    DependentRequired(&'static str, &'static [&'static str]),
    /// What every item of an array, or every value of a map, has to keep.
    Items(Rules),
    /// `contentEncoding`, where the text stays a string
    ContentEncoding(&'static str),
    /// The JSON Schema of a value that has no faithful Rust type. Handfast's two defaults hold in it.
    Schema(SchemaText),
    /// The same, and it means what JSON Schema says: nothing is closed by default, and an integer has no bounds but its own.
    JsonSchema(SchemaText),
    /// Null is a branch of its own, and not a `type` beside the other: what is wrong is told by the other branch.
    NullApart,
}

/// What some of the items of an array have to keep.
#[derive(Debug)]
pub struct Contains {
    /// What is asked of them: a schema.
    pub of: Rules,
    /// `minContains`
    pub min: Option<u64>,
    /// `maxContains`
    pub max: Option<u64>,
}

/// All that a value has to keep.
pub type Rules = &'static [Rule];

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

/// The rules of what lies inside an array or a map.
pub(super) fn inner(rules: Rules) -> Rules {
    let items = rules.iter().find_map(|rule| match rule {
        Rule::Items(rules) => Some(*rules),
        _ => None,
    });
    items.unwrap_or_default()
}

/// Tells of every rule that is not kept.
#[inline]
fn check(rules: Rules, cx: &mut ReadContext, mut keeps: impl FnMut(&Rule) -> bool) {
    for rule in rules {
        if !keeps(rule) {
            broken(rule, cx);
        }
    }
}

/// Checks a number; `safe` adds the bounds of an integer that has none of its own.
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
        broken(&Rule::Maximum(Limit::Int(SAFE)), cx);
    }
    if low && x < Limit::Int(-SAFE).as_f64() {
        broken(&Rule::Minimum(Limit::Int(-SAFE)), cx);
    }
}

/// Whether a number keeps the rules, where bounds are all they ask; false also where they ask for more.
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

/// The least and the greatest number that keep the rules, where that is all they ask.
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
    check(rules, cx, |rule| keeps_text(rule, text));
}

#[inline]
fn keeps_text(rule: &Rule, text: &str) -> bool {
    match rule {
        Rule::MinLength(min) => has_at_least(text, *min),
        Rule::MaxLength(max) => has_at_most(text, *max),
        Rule::Pattern(pattern) => pattern.is_match(text),
        Rule::Format(format) => handfast_schema::format::check(format, text) != Some(false),
        Rule::ContentEncoding(name) => handfast_schema::format::encoding(name, text) != Some(false),
        _ => true,
    }
}

/// What the names of a map have to keep.
pub(super) fn names(rules: Rules) -> Rules {
    let names = rules.iter().find_map(|rule| match rule {
        Rule::PropertyNames(rules) => Some(*rules),
        _ => None,
    });
    names.unwrap_or_default()
}

/// Whether the name of a property may be what it is.
pub(super) fn keeps_name(rules: Rules, name: &str) -> bool {
    rules.iter().all(|rule| keeps_text(rule, name))
        && (of(rules).is_none() || fits(rules, &name.into()))
}

/// Checks that enough items are of a kind, and not too many.
pub(super) fn check_contains(
    contains: &Contains,
    items: &[serde_json::Value],
    cx: &mut ReadContext,
) {
    let count = items.iter().filter(|item| fits(contains.of, item)).count() as u64;
    if count < contains.min.unwrap_or(1) {
        cx.violation(details::contains(contains.min));
    }
    if let Some(max) = contains.max.filter(|max| count > *max) {
        cx.violation(details::max_contains(max));
    }
}

// A text has at most as many code points as bytes and at least a quarter, so most need no count.

fn has_at_least(text: &str, min: u64) -> bool {
    let bytes = text.len() as u64;
    bytes >= min && (bytes.div_ceil(4) >= min || text.chars().count() as u64 >= min)
}

fn has_at_most(text: &str, max: u64) -> bool {
    let bytes = text.len() as u64;
    bytes <= max || (bytes.div_ceil(4) <= max && text.chars().count() as u64 <= max)
}

/// Checks how many items there are.
pub(super) fn check_items(rules: Rules, count: u64, cx: &mut ReadContext) {
    check(rules, cx, |rule| match rule {
        Rule::MaxItems(max) => count <= *max,
        Rule::MinItems(min) => count >= *min,
        _ => true,
    });
}

/// Checks how many properties there are.
pub(super) fn check_properties(rules: Rules, count: u64, cx: &mut ReadContext) {
    check(rules, cx, |rule| match rule {
        Rule::MaxProperties(max) => count <= *max,
        Rule::MinProperties(min) => count >= *min,
        _ => true,
    });
}

/// Says that a rule is broken.
#[cold]
#[inline(never)]
pub(super) fn broken(rule: &'static Rule, cx: &mut ReadContext) {
    cx.known(told::broken(rule, || detail_of(rule)));
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
        // These are told by what they stand for, in its own words.
        Rule::Items(_)
        | Rule::Contains(_)
        | Rule::PropertyNames(_)
        | Rule::DependentRequired(..)
        | Rule::Schema(_)
        | Rule::JsonSchema(_)
        | Rule::NullApart => ViolationDetail::new("not", "is not allowed"),
    }
}

/// Checks a value that has no faithful Rust type by its schema.
pub(super) fn check_value(rules: Rules, value: &serde_json::Value, cx: &mut ReadContext) {
    let Some((text, dialect)) = of(rules) else {
        return;
    };
    match violations(text, dialect, value, cx.side()) {
        Some(violations) => cx.adopt_ordered(violations),
        None => cx.violation(details::ViolationDetail::new(
            "type",
            "must fit a schema that cannot be read",
        )),
    }
}
