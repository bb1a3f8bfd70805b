//! What is asked of a scalar where it is met, so that a good message costs no call: a condition that holds for every value
//! but bad ones and a few good ones, and what tells the violations where it does not hold.

use super::{
    Context, pattern, text,
    validators::{Body, ConstantKind, Usage},
};
use handfast_schema::{
    Number, Schema, SchemaId, Type, TypeSet, number::MAX_SAFE_INTEGER, openness::Purpose,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// More values than this are not compared one by one.
const MAX_COMPARED: usize = 8;

/// A condition, as parts that all hold.
pub(super) struct Condition(Vec<String>);

impl Condition {
    /// As code that is true where it holds.
    pub(super) fn holds(&self) -> String {
        self.0.join(" && ")
    }

    /// As code that is true where it holds, to stand behind ` || `.
    pub(super) fn grouped(&self) -> String {
        match self.0.as_slice() {
            [one] if one.starts_with('(') => one[1..one.len() - 1].to_owned(),
            [one] => one.clone(),
            _ => format!("({})", self.holds()),
        }
    }

    /// As code that is true where it does not.
    pub(super) fn fails(&self) -> String {
        match self.0.as_slice() {
            [one] if one.ends_with(')') => format!("!{one}"),
            [one] => one.replacen("===", "!==", 1),
            _ => format!("!({})", self.holds()),
        }
    }
}

impl Context<'_> {
    /// The condition under which a value passes for sure; nothing where a function is the only usage to tell.
    pub(super) fn condition(
        &mut self,
        body: &mut Body<'_>,
        usage: &Usage,
        value: &str,
    ) -> Option<Condition> {
        if usage.tracked || usage.position == Purpose::Test {
            return None;
        }
        let id = self.scalar(usage.id)?;
        let protocol = self.protocol;
        let schema = &protocol.schemas[id];
        let types = schema.types?;
        let ty = types.without(Type::Null).single()?;
        let condition = match &schema.enumeration {
            Some(values) if types.single() == Some(Type::String) => compared(values, value)?,
            Some(_) => return None,
            None => asked(schema, ty, value, protocol.schemas.has_defaults())?,
        };
        let pattern = schema.pattern.as_ref().filter(|_| ty == Type::String);
        let condition = match pattern {
            Some(pattern) => {
                let name = self.pattern(body, id, pattern);
                Condition(
                    condition
                        .0
                        .into_iter()
                        .chain([format!("{name}.test({value})")])
                        .collect(),
                )
            }
            None => condition,
        };
        if !types.contains(Type::Null) {
            return Some(condition);
        }
        let rest = match condition.0.len() {
            1 => condition.holds(),
            _ => format!("({})", condition.holds()),
        };
        Some(Condition(vec![format!("({value} === null || {rest})")]))
    }

    /// The constant that tells whether a string fits a pattern.
    pub(super) fn pattern(&mut self, body: &mut Body<'_>, id: SchemaId, pattern: &str) -> String {
        let stem = match self.decl_of.get(&id) {
            Some(decl) if !self.is_inlined(*decl) => {
                self.names.types[decl.0].trim_end_matches('$').to_owned()
            }
            _ => body.stem.to_owned(),
        };
        self.constant_of(
            body,
            id,
            &stem,
            ConstantKind::Pattern,
            "Pattern",
            "",
            || pattern::pattern(pattern),
        )
    }

    /// Whether a scalar has both a condition and a rule.
    pub(super) fn has_rule(&self, usage: &Usage) -> bool {
        let Some(id) = self.scalar(usage.id) else {
            return false;
        };
        let schema = &self.protocol.schemas[id];
        let Some(ty) = schema.types.and_then(TypeSet::single) else {
            return false;
        };
        let defaults = self.protocol.schemas.has_defaults();
        match (ty, &schema.enumeration) {
            (Type::String, Some(values)) => {
                (2..=MAX_COMPARED).contains(&values.len()) && values.iter().all(Value::is_string)
            }
            (_, Some(_)) => false,
            (Type::String | Type::Boolean, None) => true,
            (Type::Number, None) => {
                schema.exclusive_maximum.is_none()
                    && (schema.exclusive_minimum.is_none()
                        || schema.minimum.is_none() && schema.maximum.is_none())
            }
            (Type::Integer, None) => {
                schema.exclusive_minimum.is_none()
                    && schema.exclusive_maximum.is_none()
                    && (defaults || schema.minimum.is_some() && schema.maximum.is_some())
            }
            _ => false,
        }
    }

    /// The schema of a scalar that says nothing but what is known here.
    pub(super) fn scalar(&self, mut id: SchemaId) -> Option<SchemaId> {
        let schemas = &self.protocol.schemas;
        // References without end do not pass the validator of the spec.
        for _ in 0..64 {
            match schemas[id].reference.filter(|_| schemas[id].only_refers()) {
                Some(target) => id = target,
                None => break,
            }
        }
        let schema = &schemas[id];
        let bare = Schema {
            span: schema.span,
            annotations: schema.annotations.clone(),
            resource: schema.resource,
            types: schema.types,
            ..Schema::default()
        };
        let known = match &schema.enumeration {
            Some(values) => Schema {
                enumeration: Some(values.clone()),
                ..bare
            },
            None => Schema {
                min_length: schema.min_length,
                max_length: schema.max_length,
                pattern: schema.pattern.clone(),
                minimum: schema.minimum.clone(),
                maximum: schema.maximum.clone(),
                exclusive_minimum: schema.exclusive_minimum.clone(),
                exclusive_maximum: schema.exclusive_maximum.clone(),
                ..bare
            },
        };
        (*schema == known).then_some(id)
    }
}

/// One of several strings.
fn compared(values: &[Value], value: &str) -> Option<Condition> {
    if !(1..=MAX_COMPARED).contains(&values.len()) || !values.iter().all(Value::is_string) {
        return None;
    }
    let parts: Vec<String> = values
        .iter()
        .map(|one| format!("{value} === {}", text::value(one)))
        .collect();
    Some(Condition(vec![match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", parts.join(" || ")),
    }]))
}

/// The condition that a value is a string of as many code points as are allowed.
pub(super) fn is_text(schema: &Schema, value: &str) -> String {
    match (schema.min_length.unwrap_or(0), schema.max_length) {
        (0, None) => format!("typeof {value} === 'string'"),
        (least, None) => format!("hf.isStringOfLength({value}, {least}, Infinity)"),
        (least, Some(most)) => format!("hf.isStringOfLength({value}, {least}, {most})"),
    }
}

fn asked(schema: &Schema, ty: Type, value: &str, defaults: bool) -> Option<Condition> {
    let mut parts = Vec::new();
    match ty {
        Type::String => {
            parts.push(is_text(schema, value));
        }
        Type::Boolean => parts.push(format!("typeof {value} === 'boolean'")),
        Type::Number | Type::Integer => {
            let bound = |n: &Option<Number>, sign: &str| {
                n.as_ref()
                    .map(|n| format!("{value} {sign} {}", text::number(n)))
            };
            let lower: Vec<String> = bound(&schema.minimum, ">=")
                .into_iter()
                .chain(bound(&schema.exclusive_minimum, ">"))
                .collect();
            let upper: Vec<String> = bound(&schema.maximum, "<=")
                .into_iter()
                .chain(bound(&schema.exclusive_maximum, "<"))
                .collect();
            // A bound that is missing is that of safe integers.
            let is_safe = (defaults || !(lower.is_empty() || upper.is_empty()))
                && [
                    &schema.minimum,
                    &schema.exclusive_minimum,
                    &schema.maximum,
                    &schema.exclusive_maximum,
                ]
                .into_iter()
                .flatten()
                .all(|n| n.as_i64().is_some_and(|n| n.abs() <= MAX_SAFE_INTEGER));
            match ty {
                Type::Integer if is_safe => parts.push(format!("hf.isSafeInteger({value})")),
                Type::Integer => parts.push(format!("hf.isInteger({value})")),
                _ if lower.is_empty() && upper.is_empty() => {
                    parts.push(format!("Number.isFinite({value})"));
                }
                // The bounds keep out what is not finite.
                _ => parts.push(format!("typeof {value} === 'number'")),
            }
            let implied =
                ty == Type::Integer && defaults && !is_safe && lower.is_empty() != upper.is_empty();
            if implied && lower.is_empty() {
                parts.push(format!("{value} >= -{MAX_SAFE_INTEGER}"));
            }
            let bounded = ty == Type::Number && (!lower.is_empty() || !upper.is_empty());
            if lower.is_empty() && bounded {
                parts.push(format!("{value} > -Infinity"));
            }
            parts.extend(lower);
            if upper.is_empty() && bounded {
                parts.push(format!("{value} < Infinity"));
            }
            if implied && upper.is_empty() {
                parts.push(format!("{value} <= {MAX_SAFE_INTEGER}"));
            }
            parts.extend(upper);
        }
        _ => return None,
    }
    Some(Condition(parts))
}

/// The properties of an object as local constants.
pub(super) struct Locals {
    /// The name of the constant of each property, where it has one, in the order of the properties.
    names: Vec<(String, String)>,
    /// The places of the properties.
    places: BTreeMap<String, usize>,
}

/// What every object has without having it: these are asked for by `Object.hasOwn`.
const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Names that the statements of a validator have for something else.
const RESERVED: [&str; 18] = [
    "value",
    "report",
    "strict",
    "_strict",
    "evaluated",
    "own",
    "before",
    "matching",
    "item",
    "i",
    "undefined",
    "Infinity",
    "NaN",
    "Array",
    "Map",
    "Number",
    "RegExp",
    "Set",
];

/// Whether a property of this name is there only where an object has it itself.
pub(super) fn is_not_inherited(name: &str) -> bool {
    !INHERITED.contains(&name)
}

impl Locals {
    /// Names for the properties of an object. None is that of anything else that the code may name.
    pub(super) fn new<'n>(properties: impl Iterator<Item = &'n str>) -> Self {
        let mut names: Vec<(String, String)> = Vec::new();
        let (mut places, mut given) = (BTreeMap::new(), BTreeSet::new());
        for property in properties.filter(|name| is_not_inherited(name)) {
            let plain = text::identifier(property);
            let stem = match plain == property {
                true => plain,
                false => text::identifier(&crate::names::camel(property)),
            };
            let mut local = crate::names::ts_ident(&stem);
            let constants = ["Fields", "Members", "Pattern", "Rules", "Values"];
            let taken = RESERVED.contains(&local.as_str())
                || local.starts_with("validate")
                || local.starts_with("is")
                || constants.iter().any(|ending| local.ends_with(ending));
            if taken {
                local.push('_');
            }
            while !given.insert(local.clone()) {
                local.push('_');
            }
            places.insert(property.to_owned(), names.len());
            names.push((property.to_owned(), local));
        }
        Self { names, places }
    }

    /// The constant of a property.
    pub(super) fn of(&self, property: &str) -> Option<&str> {
        let place = self.places.get(property)?;
        self.names.get(*place).map(|(_, local)| local.as_str())
    }

    /// The statement that makes those that are used; nothing where there are none.
    pub(super) fn made(&self, is_used: impl Fn(&str) -> bool, value: &str) -> Option<Vec<String>> {
        let each: Vec<String> = self
            .names
            .iter()
            .filter(|(_, local)| is_used(local))
            .map(|(name, local)| match text::property(name) {
                plain if plain == *local => plain,
                plain => format!("{plain}: {local}"),
            })
            .collect();
        let line = format!("const {{ {} }} = {value};", each.join(", "));
        match each.is_empty() {
            true => None,
            false if line.chars().count() + 2 <= text::WIDTH => Some(vec![line]),
            false => {
                let each = each.into_iter().map(|one| format!("  {one},"));
                let ends = ("const {".to_owned(), format!("}} = {value};"));
                Some(
                    std::iter::once(ends.0)
                        .chain(each)
                        .chain([ends.1])
                        .collect(),
                )
            }
        }
    }
}

/// Statements for one property that is a constant: its validator, and where it lies.
pub(super) fn checked(local: &str, name: &str, validator: &str) -> Vec<String> {
    vec![
        "const before = report.violations.length;".to_owned(),
        format!("{validator}({local}, report);"),
        format!(
            "hf.prefixPath(report, before, {});",
            text::string(&part(name))
        ),
    ]
}

/// A name as a part of a JSON Pointer (RFC 6901, section 3).
fn part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether the properties of what a body is written for can be constants: it is nothing but an object.
pub(super) fn has_locals(body: &Body<'_>) -> bool {
    body.schema.types.and_then(TypeSet::single) == Some(Type::Object)
}
