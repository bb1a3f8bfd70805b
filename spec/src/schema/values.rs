//! Keyword values with more structure: lists of names, types, whole numbers.

use super::Lowering;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::tree::{Document, Entry, Kind, NodeId};
use handfast_schema::{Number, Type, TypeSet, format};
use std::collections::BTreeSet;

impl Lowering<'_> {
    pub(super) fn names(
        &mut self,
        tree: &Document,
        entry: &Entry,
        node: NodeId,
    ) -> Option<Vec<String>> {
        let Some(items) = tree.list(node) else {
            self.wrong(tree, entry, node, "a list of names");
            return None;
        };
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        for item in items {
            match tree.text(*item) {
                None => self.wrong(tree, entry, *item, "a list of names"),
                Some(name) if !seen.insert(name) => {
                    if self.settings.is_plain() {
                        continue;
                    }
                    let message = format!("`{name}` occurs twice in `{}`", entry.key);
                    self.out
                        .push(Diagnostic::error("S009", tree.node(*item).span, message));
                }
                Some(name) => names.push(name.to_owned()),
            }
        }
        Some(names)
    }

    pub(super) fn types(&mut self, tree: &Document, entry: &Entry) -> Option<TypeSet> {
        let expected = "one of the seven types, or a list of them";
        let single = [entry.value];
        let items = match &tree.node(entry.value).kind {
            Kind::List(items) if !items.is_empty() => items.as_slice(),
            Kind::Text(_) => &single,
            Kind::Null => {
                let message = "`type` is one of the seven types, but this is null";
                let help = "put the type of null in quotes: `'null'`";
                self.out
                    .push(Diagnostic::error("S002", entry.at, message).help(help));
                return None;
            }
            _ => {
                self.wrong(tree, entry, entry.value, expected);
                return None;
            }
        };
        let mut set = TypeSet::NONE;
        for item in items {
            let at = tree.node(*item).span;
            match &tree.node(*item).kind {
                Kind::Broken => return None,
                Kind::Text(name) => match Type::from_name(name) {
                    Some(ty) if set.contains(ty) => {
                        let message = format!("`{name}` occurs twice in `type`");
                        self.out.push(Diagnostic::error("S009", at, message));
                    }
                    Some(ty) => set = set.with(ty),
                    None => {
                        let names = Type::ALL.iter().map(|ty| ty.name());
                        let help = meant(name).or_else(|| did_you_mean(name, names.clone()));
                        let help = help.unwrap_or_else(|| {
                            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                            format!("it is one of {}", names.join(", "))
                        });
                        let message = format!("`{name}` is not a type");
                        self.out
                            .push(Diagnostic::error("S002", at, message).help(help));
                        return None;
                    }
                },
                Kind::Null => {
                    let message = "`type` lists types, but this is null";
                    let help = "put the type of null in quotes: `'null'`";
                    let at = if at.start == at.end { entry.at } else { at };
                    self.out
                        .push(Diagnostic::error("S002", at, message).help(help));
                    return None;
                }
                _ => {
                    self.wrong(tree, entry, *item, expected);
                    return None;
                }
            }
        }
        Some(set)
    }
}

/// What was probably meant by an unknown type: the type of another language, or a format.
fn meant(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let write = match lower.as_str() {
        "int" | "integer" | "int8" | "int16" | "int32" | "uint" | "uint8" | "uint16" | "uint32"
        | "short" | "i8" | "i16" | "i32" | "u8" | "u16" | "u32" => "integer",
        "long" | "i64" | "bigint" | "int64" => {
            return Some(
                "did you mean `integer`, or `{ type: string, format: int64 }` if it may exceed a double's precision?"
                    .to_owned(),
            );
        }
        "u64" | "ulong" | "uint64" => {
            return Some(
                "did you mean `integer`, or `{ type: string, format: uint64 }` if it may exceed a double's precision?"
                    .to_owned(),
            );
        }
        "float" | "double" | "decimal" | "real" | "f32" | "f64" | "number" => "number",
        "str" | "text" | "char" | "varchar" | "string" => "string",
        "bool" | "boolean" => "boolean",
        "list" | "vec" | "tuple" | "set" | "array" => "array",
        "dict" | "struct" | "record" | "object" => "object",
        "nil" | "none" | "void" => {
            return Some("put the type of null in quotes: `'null'`".to_owned());
        }
        "map" | "hash" | "hashmap" => {
            return Some(
                "did you mean `object`? a map is `{ type: object, additionalProperties: … }`"
                    .to_owned(),
            );
        }
        "any" | "unknown" | "mixed" => {
            return Some("omit `type` to allow any value".to_owned());
        }
        "enum" => return Some("an enum is `{ enum: [a, b] }`".to_owned()),
        "bytes" | "binary" | "blob" | "base64" => {
            return Some("write `{ type: string, contentEncoding: base64 }`".to_owned());
        }
        "datetime" | "timestamp" => return Some(of_format("date-time")),
        "url" => return Some(of_format("uri")),
        "ip" => return Some(of_format("ipv4")),
        "guid" => return Some(of_format("uuid")),
        "regexp" => return Some(of_format("regex")),
        known if format::KNOWN.contains(&known) => return Some(of_format(known)),
        _ => return None,
    };
    Some(format!("did you mean `{write}`?"))
}

fn of_format(name: &str) -> String {
    format!("`{name}` is a string format: write `{{ type: string, format: {name} }}`")
}

/// A whole number; as in JSON Schema, `2.0` is one.
pub(super) fn whole(number: &Number) -> Option<u64> {
    if let Some(value) = number.as_u64() {
        return Some(value);
    }
    let value = number.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is whole, not negative and below 2^53"
    )]
    let whole = ((0.0..9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0)
        .then_some(value as u64);
    whole
}
