//! The constraints of a value, as sentences in the documentation of a type.

use super::RustContext;
use crate::shape::{Item, Use};
use handfast_schema::{
    Number, Schema, SchemaId, format,
    number::text,
    union::{self, Distinction},
};

/// The constraints of a schema that is used with a type; empty if there are none, or if the type's own documentation
/// has them.
pub(super) fn sentences(cx: &RustContext<'_>, id: SchemaId, ty: &Use) -> String {
    let schemas = &cx.protocol.schemas;
    let id = union::resolve(schemas, id);
    let schema = &schemas[id];
    let mut out = Vec::new();
    match ty {
        Use::Named(_)
        | Use::Boxed(_)
        | Use::TextInteger { .. }
        | Use::Boolean
        | Use::Null
        | Use::Json(_) => {}
        Use::Implied(inner, _) | Use::Beside(inner, _) => return sentences(cx, id, inner),
        Use::Nullable(inner) => {
            let branches = if schema.one_of.is_empty() {
                &schema.any_of
            } else {
                &schema.one_of
            };
            let other = match union::union(schemas, branches).map(|union| union.distinction) {
                Some(Distinction::Null(other)) => other,
                _ => id,
            };
            return sentences(cx, other, inner);
        }
        Use::Text | Use::Foreign(_) => string(schema, "", &mut out),
        Use::Bytes => string(schema, " of base64", &mut out),
        Use::Integer(_) | Use::AnyInteger | Use::Number => number(schema, &mut out),
        Use::List(inner) => {
            counted(
                &mut out,
                (schema.min_items, schema.max_items),
                "item",
                "items",
            );
            if schema.unique_items {
                out.push("No two items are equal.".to_owned());
            }
            if schema.contains.is_some() {
                let least = schema.min_contains.unwrap_or(1);
                let range = (Some(least).filter(|n| *n > 0), schema.max_contains);
                if let Some(range) = range_of(range, "item", "items") {
                    let verb = if range.ends_with("items") {
                        "fit"
                    } else {
                        "fits"
                    };
                    out.push(format!("{range} {verb} the schema of `contains`."));
                }
            }
            if let Some(items) = schema.items {
                each(&mut out, "Each item", &sentences(cx, items, inner));
            }
        }
        Use::Map(inner) => {
            let range = (schema.min_properties, schema.max_properties);
            counted(&mut out, range, "entry", "entries");
            if let Some(names) = schema.property_names {
                let names = &schemas[union::resolve(schemas, names)];
                let mut rules = Vec::new();
                string(names, "", &mut rules);
                each(&mut out, "Each name", &rules.join(" "));
                if rules.is_empty() && names.boolean != Some(true) {
                    out.push("Each name fits the schema of `names`.".to_owned());
                }
            }
            if let Some(values) = schema.additional_properties {
                each(&mut out, "Each value", &sentences(cx, values, inner));
            }
        }
    }
    out.join(" ")
}

/// The constraints of the items of a tuple, each with its index in Rust.
pub(super) fn of_tuple(cx: &RustContext<'_>, items: &[Item]) -> String {
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let of = item.schema.map(|schema| sentences(cx, schema, &item.ty));
        each(&mut out, &format!("Item {i}"), &of.unwrap_or_default());
    }
    out.join(" ")
}

/// The constraints of a struct as a whole.
pub(super) fn of_struct(schema: &Schema) -> String {
    let mut out = Vec::new();
    let range = (schema.min_properties, schema.max_properties);
    if let Some(range) = range_of(range, "field", "fields") {
        let verb = if range.ends_with("fields") {
            "are"
        } else {
            "is"
        };
        out.push(format!("{range} {verb} there."));
    }
    for (because, names) in &schema.dependent_required {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        if let Some((last, first)) = names.split_last() {
            let (verb, names) = match first {
                [] => ("is", last.clone()),
                first => ("are", format!("{} and {last}", first.join(", "))),
            };
            let because = code(because);
            out.push(format!("Where there is {because}, there {verb} {names}."));
        }
    }
    out.join(" ")
}

/// Appends sentences to a description, as a paragraph of their own.
pub(super) fn append(words: &mut String, sentences: &str) {
    if !sentences.is_empty() {
        words.push_str("\n\n");
        words.push_str(sentences);
    }
}

fn each(out: &mut Vec<String>, of: &str, sentences: &str) {
    let mut chars = sentences.chars();
    if let Some(first) = chars.next() {
        out.push(format!("{of}: {}{}", first.to_lowercase(), chars.as_str()));
    }
}

fn string(schema: &Schema, of: &str, out: &mut Vec<String>) {
    if let Some(range) = range_of(
        (schema.min_length, schema.max_length),
        "character",
        "characters",
    ) {
        out.push(format!("{range}{of}."));
    }
    if let Some(pattern) = &schema.pattern {
        out.push(format!("Matches {}.", code(pattern)));
    }
    if let Some(format) = &schema.format {
        out.push(format!("In the format {}.", code(format)));
    }
    let encoding = schema.content_encoding.as_deref();
    if let Some(name) = encoding.filter(|name| of.is_empty() && format::ENCODINGS.contains(name)) {
        out.push(format!("Encoded as {}.", code(name)));
    }
}

fn number(schema: &Schema, out: &mut Vec<String>) {
    let bound = |words: &str, n: &Option<Number>| Some(format!("{words} {}", grouped(n.clone()?)));
    let whole = [
        bound("at least", &schema.minimum),
        bound("greater than", &schema.exclusive_minimum),
        bound("at most", &schema.maximum),
        bound("less than", &schema.exclusive_maximum),
    ];
    let words = match (&schema.minimum, &schema.maximum, whole) {
        (Some(min), Some(max), [_, None, _, None]) => {
            format!("{} to {}", grouped(min.clone()), grouped(max.clone()))
        }
        (.., bounds) => {
            let bounds: Vec<String> = bounds.into_iter().flatten().collect();
            capital(&bounds.join(" and "))
        }
    };
    if !words.is_empty() {
        out.push(format!("{words}."));
    }
    if let Some(of) = &schema.multiple_of {
        out.push(format!("A multiple of {}.", grouped(of.clone())));
    }
}

fn counted(out: &mut Vec<String>, range: (Option<u64>, Option<u64>), one: &str, many: &str) {
    out.extend(range_of(range, one, many).map(|range| format!("{range}.")));
}

/// `1 to 2,000 characters`, `At least 1 item`; `None` if there is no bound.
fn range_of((min, max): (Option<u64>, Option<u64>), one: &str, many: &str) -> Option<String> {
    let noun = |n: u64| if n == 1 { one } else { many };
    Some(match (min, max) {
        (None | Some(0), None) => return None,
        (Some(min), Some(max)) if min == max => format!("Exactly {} {}", grouped(max), noun(max)),
        (None | Some(0), Some(max)) => format!("At most {} {}", grouped(max), noun(max)),
        (Some(min), None) => format!("At least {} {}", grouped(min), noun(min)),
        (Some(min), Some(max)) => format!("{} to {} {}", grouped(min), grouped(max), noun(max)),
    })
}

/// A number with thousands separators, if it is whole and short enough.
fn grouped(n: impl Into<Number>) -> String {
    let text = text(&n.into());
    let (sign, digits) = text.split_at(text.len() - text.trim_start_matches('-').len());
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return text;
    }
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// Text as inline code: with more backticks than it contains in a row, and on one line.
fn code(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2028}' | '\u{2029}' => line.extend(c.escape_unicode()),
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank on both ends would be stripped with the backticks.
    let pad = line.is_empty() || line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']);
    let pad = if pad { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{code, grouped, range_of};
    use handfast_schema::Number;

    #[test]
    fn ranges_read_as_people_say_them() {
        let range = |min, max| range_of((min, max), "item", "items").unwrap_or_default();
        assert_eq!(range(Some(1), Some(2000)), "1 to 2,000 items");
        assert_eq!(range(Some(1), None), "At least 1 item");
        assert_eq!(range(Some(0), Some(1)), "At most 1 item");
        assert_eq!(range(Some(0), Some(0)), "Exactly 0 items");
        assert_eq!(range(Some(3), Some(3)), "Exactly 3 items");
        assert_eq!(range(Some(0), None), "");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-1000), "-1,000");
        assert_eq!(grouped(999), "999");
        assert_eq!(
            Number::from_f64(1234.5).map(grouped).as_deref(),
            Some("1234.5")
        );
    }

    #[test]
    fn code_ends_where_its_text_does() {
        assert_eq!(code("^[a-z]+$"), "`^[a-z]+$`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(" a"), "`  a `");
        assert_eq!(code("a\n\n# b\r"), "`a\\n\\n# b\\r`");
        assert_eq!(code("a\u{2028}b"), "`a\\u{2028}b`");
    }
}
