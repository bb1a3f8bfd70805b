//! The names in use. Two declarations with one name in either language are refused, never merged.

use crate::names;
use handfast_schema::Span;
use handfast_spec::{Diagnostic, Label, Severity, model::Protocol};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct NameScope {
    rust: BTreeMap<String, Option<Span>>,
    ts: BTreeMap<String, Option<Span>>,
    constants: BTreeMap<String, Option<Span>>,
    /// The locations that were reported.
    reported: BTreeSet<Span>,
    diagnostics: Vec<Diagnostic>,
    /// Whether a name in use gets a number: schemas of `dialect: json-schema` may be someone else's.
    numbers: bool,
    /// The names of payloads, which are reserved if names get numbers.
    payloads: BTreeSet<String>,
}

/// Types that the generated Rust defines or uses by these names.
const RUST: [&str; 22] = [
    "Self",
    "Box",
    "Vec",
    "String",
    "Option",
    "BTreeMap",
    "Nullable",
    "ByteString",
    "Bytes",
    "ValidatedJson",
    "StringInteger",
    "ClientMessage",
    "ServerMessage",
    "Client",
    "Server",
    "Context",
    "ServerHandle",
    "ClientHandle",
    "ServerRequestHandler",
    "SessionHandler",
    "Handlers",
    "Handler",
];

/// What the generated TypeScript exports for every protocol.
const CONSTANTS: [&str; 6] = [
    "protocol",
    "connect",
    "decode",
    "decodeValue",
    "dispatch",
    "serverMessages",
];

/// Types that the generated TypeScript defines by these names.
const TS: [&str; 4] = [
    "ClientMessage",
    "ServerMessage",
    "Handlers",
    "ServerRequestHandlers",
];

/// The names of payloads in either language.
fn payloads(protocol: &Protocol) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for message in &protocol.messages {
        for given in [&message.names.rust, &message.names.ts] {
            let name = names::pascal(&given.as_ref().unwrap_or(&message.name).text);
            all.extend(["", "Client", "Server"].map(|end| format!("{name}{end}")));
        }
    }
    all
}

impl NameScope {
    pub(super) fn new(protocol: &Protocol) -> Self {
        let reserved = |names: &[&str]| {
            names
                .iter()
                .map(|name| ((*name).to_owned(), None))
                .collect()
        };
        let mut scope = Self {
            rust: reserved(&RUST),
            ts: reserved(&TS),
            constants: reserved(&CONSTANTS),
            reported: BTreeSet::new(),
            diagnostics: Vec::new(),
            numbers: !protocol.schemas.has_defaults(),
            payloads: payloads(protocol),
        };
        // The type of the protocol itself, and those of its channels.
        let name = names::pascal(&protocol.name.text);
        scope.take_rust(&name, protocol.name.span);
        for channel in &protocol.channels {
            let given = channel.names.rust.as_ref().unwrap_or(&channel.name);
            scope.take_rust(&names::pascal(&given.text), channel.name.span);
        }
        scope
    }

    /// The name itself, or, if names get numbers, the first free one.
    pub(super) fn free(&self, name: String) -> String {
        if !self.numbers {
            return name;
        }
        names::numbered(&name, &|name| self.is_taken(name))
    }

    /// The first of these names that is free, or what [`Self::free`] makes of the last. One of ours, which nobody can change in the spec,
    /// gets a number.
    pub(super) fn shortest(&self, names: impl Iterator<Item = String>, is_ours: bool) -> String {
        let mut last = String::new();
        for name in names {
            if !self.is_taken(&name) {
                return name;
            }
            last = name;
        }
        if is_ours {
            return names::numbered(&last, &|name| self.is_taken(name));
        }
        self.free(last)
    }

    /// Whether a type has a name, in Rust or in TypeScript.
    pub(super) fn is_in_use(&self, rust: &str, ts: &str) -> bool {
        self.rust.contains_key(rust) || self.ts.contains_key(ts)
    }

    fn is_taken(&self, name: &str) -> bool {
        self.rust.contains_key(name) || self.ts.contains_key(name) || self.payloads.contains(name)
    }

    pub(super) fn take(&mut self, rust: &str, ts: &str, span: Span) {
        // One problem is one error: TypeScript is only checked if there is no problem in Rust.
        if self.take_rust(rust, span)
            && let Some(first) = self.ts.insert(ts.to_owned(), Some(span))
        {
            self.twice("TypeScript", "ts", ts, span, first);
        }
    }

    pub(super) fn take_rust(&mut self, rust: &str, span: Span) -> bool {
        match self.rust.insert(rust.to_owned(), Some(span)) {
            None => true,
            Some(first) => {
                self.twice("Rust", "rust", rust, span, first);
                false
            }
        }
    }

    fn twice(&mut self, language: &str, key: &str, name: &str, span: Span, first: Option<Span>) {
        let (message, labels) = match first {
            Some(first) => (
                format!("two types would have the name `{name}` in {language}"),
                vec![Label {
                    span: first,
                    text: "the first comes from this".to_owned(),
                }],
            ),
            None => (
                format!("the generated {language} uses the name `{name}` itself"),
                Vec::new(),
            ),
        };
        self.report(Diagnostic {
            code: "N001",
            severity: Severity::Error,
            message,
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels,
            help: Some(format!(
                "choose another name in code with `{key}: …`, or rename it"
            )),
        });
    }

    /// Two methods of one type with the same name, or a method with a built-in name.
    pub(super) fn same_method(&mut self, of: &str, name: &str, span: Span, first: Option<Span>) {
        // Types with the same name have methods with the same name, which were reported.
        if first.is_some_and(|first| self.reported.contains(&first)) {
            return;
        }
        let message = match first {
            Some(_) => format!("{of} would have two methods `{name}` in Rust"),
            None => format!("{of} already has a method `{name}` in Rust"),
        };
        let labels = first.map(|span| Label {
            span,
            text: "the first comes from this".to_owned(),
        });
        self.report(Diagnostic {
            code: "N003",
            severity: Severity::Error,
            message,
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels: labels.into_iter().collect(),
            help: Some("choose another name in code with `rust: …`, or rename it".to_owned()),
        });
    }

    /// Two errors of a message with the same variant.
    pub(super) fn same_variant(&mut self, of: &str, name: &str, span: Span, first: Span) {
        self.report(Diagnostic {
            code: "N004",
            severity: Severity::Error,
            message: format!("two errors of `{of}` would have the name `{name}` in Rust"),
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels: vec![Label {
                span: first,
                text: "and so would this".to_owned(),
            }],
            help: Some(
                "choose another name in code for one of them with `rust: …`, or rename it"
                    .to_owned(),
            ),
        });
    }

    /// Two TypeScript constants with the same name, or one with a built-in name.
    pub(super) fn take_constant(&mut self, name: &str, span: Span) {
        if let Some(first) = self.constants.insert(name.to_owned(), Some(span)) {
            let message = match first {
                Some(_) => format!("two constants would have the name `{name}` in TypeScript"),
                None => {
                    format!("the generated TypeScript uses the name `{name}` itself")
                }
            };
            let labels = first.map(|span| Label {
                span,
                text: "the first comes from this".to_owned(),
            });
            self.report(Diagnostic {
                code: "N005",
                severity: Severity::Error,
                message,
                primary: Label {
                    span,
                    text: format!("this would be `{name}`"),
                },
                labels: labels.into_iter().collect(),
                help: Some("choose another name in code with `ts: …`, or rename it".to_owned()),
            });
        }
    }

    pub(super) fn same_field(&mut self, ty: &str, wire: &str, rust: &str, span: Span, first: Span) {
        self.report(Diagnostic {
            code: "N002",
            severity: Severity::Error,
            message: format!("two properties of `{ty}` would have the name `{rust}` in Rust"),
            primary: Label {
                span,
                text: format!("`{wire}` would be `{rust}`"),
            },
            labels: vec![Label {
                span: first,
                text: "and so would this".to_owned(),
            }],
            help: Some(
                "choose another name in code for one of them with `rust: …` in its schema"
                    .to_owned(),
            ),
        });
    }

    /// One problem is one error: only the first problem at a location is reported.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.reported.insert(diagnostic.primary.span) {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
