//! Checks a document against the table of the language. An invalid value is reported once and becomes
//! [`Kind::Broken`], so that later stages read the rest and report nothing about it.

use super::grammar;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean, nearest};
use crate::language::{LAYOUTS, Section, Shape};
use crate::tree::{Document, Kind, NodeId};
use handfast_schema::Span;

/// Checks a whole document.
pub(crate) fn check(document: &mut Document, shape: &'static Shape, out: &mut Diagnostics) {
    let mut form = Form {
        document,
        out,
        broken: Vec::new(),
    };
    let root = form.document.root;
    let span = form.document.node(root).span;
    let head = Span {
        end: span.start.saturating_add(1).min(span.end),
        ..span
    };
    form.value(root, shape, head, "spec");
    let broken = std::mem::take(&mut form.broken);
    for id in broken {
        document.node_mut(id).kind = Kind::Broken;
    }
}

struct Form<'a> {
    document: &'a Document,
    out: &'a mut Diagnostics,
    broken: Vec<NodeId>,
}

impl Form<'_> {
    fn fail(&mut self, id: NodeId, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
        self.broken.push(id);
    }

    /// Checks a value. `at` is the location to report if the value itself is long or empty; `what` is its key.
    fn value(&mut self, id: NodeId, shape: &'static Shape, at: Span, what: &str) {
        let node = self.document.node(id);
        let place = match &node.kind {
            Kind::Broken => return,
            Kind::Map(_) | Kind::List(_) | Kind::Null if node.span.source == at.source => at,
            _ => node.span,
        };
        match (shape, &node.kind) {
            (Shape::Any | Shape::Schema, _)
            | (Shape::Text, Kind::Text(_))
            | (Shape::Flag, Kind::Bool(_))
            | (Shape::Null, Kind::Null) => {}
            (Shape::Section(section), Kind::Map(_)) => self.section(id, section, at),
            (Shape::Table(inner), Kind::Map(_)) => self.table(id, inner, true),
            (Shape::Free(inner), Kind::Map(_)) => self.table(id, inner, false),
            (Shape::List(inner), Kind::List(items)) => {
                for item in items {
                    self.value(*item, inner, self.document.node(*item).span, what);
                }
            }
            (Shape::Integer, Kind::Number(number)) => {
                if !number.is_i64() {
                    let message = format!("`{what}` is an integer of at most 64 bits");
                    self.fail(id, Diagnostic::error("P027", place, message));
                }
            }
            (Shape::Count(min, max), Kind::Number(number)) => {
                let fits = number
                    .as_u64()
                    .is_some_and(|value| (*min..=*max).contains(&value));
                if !fits {
                    let message = if what == "handfast" {
                        "only version 1 of the format is supported".to_owned()
                    } else {
                        format!("`{what}` is a whole number from {min} to {max}")
                    };
                    self.fail(id, Diagnostic::error("P027", place, message));
                }
            }
            (Shape::Either(shapes), kind) => {
                let chosen = choose(shapes, kind);
                match chosen {
                    Some(shape) => self.value(id, shape, at, what),
                    None => self.wrong_kind(id, shape, place, what),
                }
            }
            (shape, Kind::Text(text)) => self.text(id, shape, text, what),
            (Shape::Version | Shape::Requirement, Kind::Number(_)) => {
                let help = if matches!(shape, Shape::Version) {
                    "a version has three numbers: `1.2.0`"
                } else {
                    "put it in quotes: `'>=1.0'`"
                };
                let message = format!("`{what}` is a version, but this is a number");
                self.fail(id, Diagnostic::error("P008", place, message).help(help));
            }
            (Shape::Duration, Kind::Number(number)) => {
                let message = format!("`{what}` is a duration, but this number has no unit");
                let help = format!("write `{number}s` or `{number}ms`");
                self.fail(id, Diagnostic::error("P005", place, message).help(help));
            }
            // A size without a unit is a number of bytes.
            (Shape::Size, Kind::Number(number)) if number.as_u64().is_some_and(|n| n > 0) => {}
            _ => self.wrong_kind(id, shape, place, what),
        }
    }

    fn wrong_kind(&mut self, id: NodeId, shape: &Shape, place: Span, what: &str) {
        let found = self.document.node(id).kind.what();
        let message = format!("`{what}` is {}, but this is {found}", expected(shape));
        let is_text = matches!(self.document.node(id).kind, Kind::Text(_));
        let help = (is_text && matches!(shape, Shape::Flag))
            .then(|| "write `true` or `false`, without quotes".to_owned());
        self.fail(
            id,
            Diagnostic::error("P003", place, message).maybe_help(help),
        );
    }

    fn section(&mut self, id: NodeId, section: &'static Section, at: Span) {
        let Some(map) = self.document.map(id) else {
            return;
        };
        // A misspelt key is not reported as missing as well.
        let mut meant = Vec::new();
        for entry in map.iter() {
            match section.keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.value(entry.value, &key.shape, entry.at, key.name),
                None => {
                    let message = format!("{} has no key `{}`", called(section), entry.key);
                    let known = section.keys.iter().map(|key| key.name);
                    meant.extend(nearest(&entry.key, known.clone()));
                    let help = did_you_mean(&entry.key, known.clone()).unwrap_or_else(|| {
                        let known: Vec<_> = known.map(|key| format!("`{key}`")).collect();
                        format!("it has {}", known.join(", "))
                    });
                    self.out
                        .push(Diagnostic::error("P001", entry.at, message).help(help));
                }
            }
        }
        for key in section.keys.iter().filter(|key| key.required) {
            if map.get(key.name).is_none() && !map.partial && !meant.contains(&key.name) {
                let message = format!("{} lacks the key `{}`", called(section), key.name);
                let help = format!("`{}`: {}", key.name, sentence(key.doc));
                self.out
                    .push(Diagnostic::error("P002", at, message).help(help));
            }
        }
    }

    fn table(&mut self, id: NodeId, inner: &'static Shape, named: bool) {
        let Some(map) = self.document.map(id) else {
            return;
        };
        for entry in map.iter() {
            let is_name = match inner {
                Shape::Schema => grammar::is_type_name,
                _ => grammar::is_name,
            };
            if named && !is_name(&entry.key) {
                self.out.push(bad_name(&entry.key, entry.at));
            }
            self.value(entry.value, inner, entry.at, &entry.key);
        }
    }

    fn text(&mut self, id: NodeId, shape: &Shape, text: &str, what: &str) {
        let at = self.document.node(id).span;
        let problem = match shape {
            Shape::Duration if grammar::duration(text).is_none() => {
                let message = format!("`{text}` is not a duration");
                let help = "a duration is whole numbers with units, the larger unit first: `500ms`, `25s`, `10m`, `1h30m`";
                Diagnostic::error("P005", at, message).help(help)
            }
            Shape::Size if grammar::size(text).is_none() => {
                let message = format!("`{text}` is not a size");
                let help = "a size is a whole number and `B`, `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`: `64KiB`";
                Diagnostic::error("P006", at, message).help(help)
            }
            Shape::Rate if grammar::rate(text).is_none() => {
                let message = format!("`{text}` is not a rate");
                let help = "a rate is a count, a slash and a duration: `100/1m`";
                Diagnostic::error("P007", at, message).help(help)
            }
            Shape::Version => match text.parse::<semver::Version>() {
                Ok(_) => return,
                Err(error) => {
                    let message = format!("`{text}` is not a version: {error}");
                    let help = "a version has three numbers: `1.2.0`";
                    Diagnostic::error("P008", at, message).help(help)
                }
            },
            Shape::Requirement => match text.parse::<semver::VersionReq>() {
                Ok(_) => return,
                Err(error) => {
                    let message = format!("`{text}` is not a version requirement: {error}");
                    let help =
                        "write a requirement as in Cargo: `'>=1.0'`, `'^1.2'`, `'>=1.0, <3.0'`";
                    Diagnostic::error("P008", at, message).help(help)
                }
            },
            Shape::Word(known) if !known.contains(&text) => {
                let message = format!("`{what}` cannot be `{text}`");
                let known = known.iter().copied();
                let help = did_you_mean(text, known.clone()).unwrap_or_else(|| {
                    let known: Vec<_> = known.map(|word| format!("`{word}`")).collect();
                    format!("it is one of {}", known.join(", "))
                });
                Diagnostic::error("P004", at, message).help(help)
            }
            // These names are known, but not supported yet.
            Shape::Word(known) if *known == LAYOUTS && text != LAYOUTS[0] => {
                let message = format!("the envelope form `{text}` is not supported yet");
                let help = "an envelope is an object with a tag, and with the payload in a field of its own or flat beside the tag";
                Diagnostic::error("P023", at, message).help(help)
            }
            Shape::Name if !grammar::is_name(text) => bad_name(text, at),
            Shape::Field if !grammar::is_field(text) => {
                let message = format!("`{what}` is not a valid field name");
                Diagnostic::error("P009", at, message)
            }
            Shape::Field if text.starts_with('/') => {
                let message = format!("`{text}` is read as a field name, not as a JSON Pointer");
                let help =
                    "the fields of an envelope are beside its tag; nested fields are not supported";
                self.out
                    .push(Diagnostic::warning("P009", at, message).help(help));
                return;
            }
            Shape::RustName if !grammar::is_identifier(text, false) => identifier(text, "Rust", at),
            Shape::TsName if !grammar::is_identifier(text, true) => {
                identifier(text, "TypeScript", at)
            }
            Shape::RustPath if !grammar::is_rust_path(text) => {
                let message = format!("`{text}` is not a Rust path");
                Diagnostic::error("P038", at, message)
                    .help("a path is `handfast` or `chrono::NaiveDate`")
            }
            Shape::Out if !grammar::is_out_path(text) => {
                let message = format!("`{text}` is not an output path");
                let help = "a path is relative to the folder of the spec, with `/` as separator: `src/api.rs`";
                Diagnostic::error("P033", at, message).help(help)
            }
            Shape::Off if text != "off" => {
                let message = format!("`{what}` cannot be `{text}`");
                Diagnostic::error("P004", at, message).help("it is a mapping, or `off`")
            }
            Shape::Duration
            | Shape::Size
            | Shape::Rate
            | Shape::Word(_)
            | Shape::Name
            | Shape::Field
            | Shape::RustName
            | Shape::TsName
            | Shape::RustPath
            | Shape::Out
            | Shape::Off => return,
            _ => {
                let place = self.document.node(id).span;
                return self.wrong_kind(id, shape, place, what);
            }
        };
        self.fail(id, problem);
    }
}

/// The alternative for this kind of value. `off` is a string, so it is tried before other strings.
fn choose(shapes: &'static [Shape], kind: &Kind) -> Option<&'static Shape> {
    let takes = |shape: &Shape| match kind {
        Kind::Text(text) => match shape {
            Shape::Off => text == "off",
            Shape::Section(_) | Shape::List(_) | Shape::Null | Shape::Integer | Shape::Flag => {
                false
            }
            Shape::Table(_) | Shape::Free(_) | Shape::Count(..) => false,
            _ => true,
        },
        Kind::Map(_) => {
            matches!(
                shape,
                Shape::Section(_) | Shape::Table(_) | Shape::Free(_) | Shape::Any
            )
        }
        Kind::List(_) => matches!(shape, Shape::List(_) | Shape::Any),
        Kind::Null => matches!(shape, Shape::Null | Shape::Any),
        Kind::Bool(_) => matches!(shape, Shape::Flag | Shape::Any),
        Kind::Number(_) => matches!(
            shape,
            Shape::Integer | Shape::Count(..) | Shape::Duration | Shape::Any
        ),
        Kind::Broken => true,
    };
    let found = shapes.iter().find(|shape| takes(shape));
    // `off` is the only string, so a misspelling is compared with it.
    let off = shapes.iter().find(|shape| matches!(shape, Shape::Off));
    found.or_else(|| off.filter(|_| matches!(kind, Kind::Text(_))))
}

/// What a shape accepts, with its article.
fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a string".into(),
        Shape::Flag => "`true` or `false`".into(),
        Shape::Count(..) | Shape::Integer => "a whole number".into(),
        Shape::Duration => "a duration such as `25s`".into(),
        Shape::Size => "a size such as `64KiB`".into(),
        Shape::Rate => "a rate such as `100/1m`".into(),
        Shape::Version => "a version such as `1.2.0`".into(),
        Shape::Requirement => "a requirement such as `>=1.0`".into(),
        Shape::Word(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(" or ")
        }
        Shape::Name => "a name".into(),
        Shape::Field => "the name of a field".into(),
        Shape::RustName | Shape::TsName => "an identifier".into(),
        Shape::RustPath => "a Rust path".into(),
        Shape::Out => "a path".into(),
        Shape::Off => "`off`".into(),
        Shape::Null => "null".into(),
        Shape::Any => "a value".into(),
        Shape::Schema => "a schema".into(),
        Shape::Section(_) | Shape::Table(_) | Shape::Free(_) => "a mapping".into(),
        Shape::List(_) => "a list".into(),
        Shape::Either(shapes) => {
            let shapes: Vec<_> = shapes.iter().map(expected).collect();
            shapes.join(" or ")
        }
    }
}

fn called(section: &Section) -> String {
    if section.name == "spec" {
        "the spec".into()
    } else {
        format!("`{}`", section.name)
    }
}

/// A line of documentation as the end of a sentence: no capital, no full stop.
fn sentence(doc: &str) -> String {
    let mut chars = doc.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

fn bad_name(text: &str, at: Span) -> Diagnostic {
    let help = "a name has letters, digits and `_`, in segments separated by `.`, `-` or `:`, and does not begin with a digit";
    Diagnostic::error("P009", at, format!("`{text}` is not a valid name")).help(help)
}

/// An invalid identifier; also used for `rust:` and `ts:` of schemas.
pub(crate) fn identifier(text: &str, language: &str, at: Span) -> Diagnostic {
    let message = format!("`{text}` is not a {language} identifier");
    let help = "an identifier has letters, digits and `_`, and does not begin with a digit";
    Diagnostic::error("P038", at, message).help(help)
}
