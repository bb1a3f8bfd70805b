//! What is asked of a scalar where it is met, so that a good message costs no call: a condition that holds for every value
//! but bad ones and a few good ones, and what tells the violations where it does not hold.

use super::{
    Cx,
    checks::{Body, Way},
    text,
};
use handfast_schema::{Number, Schema, SchemaId, Type, TypeSet, position::Position};
use serde_json::Value;

/// More values than this are not compared one by one.
const MAX_COMPARED: usize = 8;

/// A condition, as parts that all hold.
pub(super) struct Quick(Vec<String>);

impl Quick {
    /// As code that is true where it holds.
    pub(super) fn holds(&self) -> String {
        self.0.join(" && ")
    }

    /// As code that is true where it does not.
    pub(super) fn fails(&self) -> String {
        match self.0.as_slice() {
            [one] if one.starts_with("hf.") || one.starts_with('(') => format!("!{one}"),
            [one] => one.replacen("===", "!==", 1),
            _ => format!("!({})", self.holds()),
        }
    }
}

impl Cx<'_> {
    /// The condition under which a value passes for sure; nothing where a function is the only way to tell.
    pub(super) fn quick(&self, way: &Way, value: &str) -> Option<Quick> {
        if way.looking || way.position == Position::Test {
            return None;
        }
        let schema = self.scalar(way.id)?;
        let types = schema.types?;
        let ty = types.without(Type::Null).single()?;
        let quick = match &schema.enumeration {
            Some(values) if types.single() == Some(Type::String) => compared(values, value)?,
            Some(_) => return None,
            None => asked(schema, ty, value)?,
        };
        if !types.contains(Type::Null) {
            return Some(quick);
        }
        let rest = match quick.0.len() {
            1 => quick.holds(),
            _ => format!("({})", quick.holds()),
        };
        Some(Quick(vec![format!("({value} === null || {rest})")]))
    }

    /// A call of the runtime's own that tells every violation of a scalar below the value at hand. `path` is code.
    pub(super) fn told(&self, way: &Way, value: &str, path: &str) -> Option<String> {
        let schema = self.scalar(way.id)?;
        let ty = schema.types?.single()?;
        let call = |name: &str, arguments: &[Option<String>]| {
            let given = arguments
                .iter()
                .rposition(Option::is_some)
                .map_or(0, |i| i + 1);
            let arguments: String = arguments[..given]
                .iter()
                .map(|one| format!(", {}", one.as_deref().unwrap_or("undefined")))
                .collect();
            Some(format!("hf.{name}({value}, {path}, report{arguments});"))
        };
        let number = |n: &Option<Number>| n.as_ref().map(text::number);
        let bounds = [
            &schema.minimum,
            &schema.exclusive_minimum,
            &schema.maximum,
            &schema.exclusive_maximum,
        ];
        match (ty, bounds) {
            (Type::String, _) => match &schema.enumeration {
                Some(values) => {
                    // Where many are compared there is a set, which the condition in place does not ask.
                    if !(2..=MAX_COMPARED).contains(&values.len()) {
                        return None;
                    }
                    let values: Vec<String> = values.iter().map(text::value).collect();
                    call("oneOfAt", &[Some(format!("[{}]", values.join(", ")))])
                }
                None => {
                    let length = |n: Option<u64>| n.map(|n| n.to_string());
                    call(
                        "textAt",
                        &[length(schema.min_length), length(schema.max_length)],
                    )
                }
            },
            (Type::Number, [None, over @ Some(_), None, None]) => call("aboveAt", &[number(over)]),
            (Type::Number, [least, None, most, None]) => {
                call("numberAt", &[number(least), number(most)])
            }
            // A bound that is missing is that of safe integers, and not in every dialect.
            (Type::Integer, [least, None, most, None])
                if self.protocol.schemas.has_defaults() || least.is_some() && most.is_some() =>
            {
                call("integerAt", &[number(least), number(most)])
            }
            _ => None,
        }
    }

    /// The schema of a scalar that says nothing but what is known here.
    fn scalar(&self, mut id: SchemaId) -> Option<&Schema> {
        let schemas = &self.protocol.schemas;
        // References without end do not pass the check of the spec.
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
                minimum: schema.minimum.clone(),
                maximum: schema.maximum.clone(),
                exclusive_minimum: schema.exclusive_minimum.clone(),
                exclusive_maximum: schema.exclusive_maximum.clone(),
                ..bare
            },
        };
        (*schema == known).then_some(schema)
    }
}

/// One of several strings.
fn compared(values: &[Value], value: &str) -> Option<Quick> {
    if values.len() > MAX_COMPARED || !values.iter().all(Value::is_string) {
        return None;
    }
    let parts: Vec<String> = values
        .iter()
        .map(|one| format!("{value} === {}", text::value(one)))
        .collect();
    Some(Quick(vec![match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", parts.join(" || ")),
    }]))
}

fn asked(schema: &Schema, ty: Type, value: &str) -> Option<Quick> {
    let mut parts = Vec::new();
    match ty {
        Type::String => {
            parts.push(format!("typeof {value} === 'string'"));
            // So many code units are enough whatever they are, and so many too few to be too much.
            match schema.min_length {
                None | Some(0) => {}
                Some(1) => parts.push(format!("{value}.length >= 1")),
                Some(n) => parts.push(format!("{value}.length >= {}", n.saturating_mul(2))),
            }
            if let Some(n) = schema.max_length {
                parts.push(format!("{value}.length <= {n}"));
            }
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
            let open = lower.is_empty() || upper.is_empty();
            match (ty, open) {
                (Type::Integer, true) => parts.push(format!("hf.isSafeInteger({value})")),
                (Type::Integer, false) => parts.push(format!("hf.isInteger({value})")),
                _ if lower.is_empty() && upper.is_empty() => {
                    parts.push(format!("hf.isNumber({value})"));
                }
                // The bounds keep out what is not finite.
                _ => parts.push(format!("typeof {value} === 'number'")),
            }
            let bounded = ty == Type::Number && (!lower.is_empty() || !upper.is_empty());
            if lower.is_empty() && bounded {
                parts.push(format!("{value} > -Infinity"));
            }
            parts.extend(lower);
            if upper.is_empty() && bounded {
                parts.push(format!("{value} < Infinity"));
            }
            parts.extend(upper);
        }
        _ => return None,
    }
    Some(Quick(parts))
}

/// The properties of an object as local constants.
pub(super) struct Locals {
    /// The name of the constant of each property, where it has one.
    names: Vec<(String, String)>,
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

/// Names that the statements of a check have for something else.
const MEANT: [&str; 16] = [
    "value",
    "report",
    "seen",
    "own",
    "before",
    "fitting",
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

impl Locals {
    /// Names for the properties of an object. None is that of anything else that the code may name.
    pub(super) fn new<'n>(properties: impl Iterator<Item = &'n str>) -> Self {
        let mut names: Vec<(String, String)> = Vec::new();
        for property in properties.filter(|name| !INHERITED.contains(name)) {
            let plain = text::identifier(property);
            let stem = match plain == property {
                true => plain,
                false => text::identifier(&crate::names::camel(property)),
            };
            let mut local = crate::names::ts_ident(&stem);
            let constants = ["Fields", "Members", "Pattern", "Values"];
            let taken = MEANT.contains(&local.as_str())
                || local.starts_with("check")
                || constants.iter().any(|ending| local.ends_with(ending));
            if taken {
                local.push('_');
            }
            while names.iter().any(|(_, other)| *other == local) {
                local.push('_');
            }
            names.push((property.to_owned(), local));
        }
        Self { names }
    }

    /// The constant of a property.
    pub(super) fn of(&self, property: &str) -> Option<&str> {
        let found = self.names.iter().find(|(name, _)| name == property);
        found.map(|(_, local)| local.as_str())
    }

    /// The statement that makes those that are used; nothing where there are none.
    pub(super) fn made(&self, is_used: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let each: Vec<String> = self
            .names
            .iter()
            .filter(|(_, local)| is_used(local))
            .map(|(name, local)| match text::property(name) {
                plain if plain == *local => plain,
                plain => format!("{plain}: {local}"),
            })
            .collect();
        let line = format!("const {{ {} }} = value;", each.join(", "));
        match each.is_empty() {
            true => None,
            false if line.chars().count() + 2 <= text::WIDTH => Some(vec![line]),
            false => {
                let each = each.into_iter().map(|one| format!("  {one},"));
                let ends = ("const {".to_owned(), "} = value;".to_owned());
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

/// Statements for one property that is a constant: its check, and where it lies.
pub(super) fn checked(local: &str, name: &str, check: &str) -> Vec<String> {
    vec![
        "const before = report.size;".to_owned(),
        format!("{check}({local}, report);"),
        format!("report.below(before, {});", text::string(&step(name))),
    ]
}

/// A name as a part of a JSON Pointer (RFC 6901, section 3).
pub(super) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Whether the properties of what a body is written for can be constants: it is nothing but an object.
pub(super) fn has_locals(body: &Body<'_>) -> bool {
    body.schema.types.and_then(TypeSet::single) == Some(Type::Object)
}
