//! Names that are taken. What would be one name in either language is refused, never merged.

use crate::names;
use handfast_schema::Span;
use handfast_spec::{Diagnostic, Label, Severity, model::Protocol};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Taken {
    rust: BTreeMap<String, Option<Span>>,
    ts: BTreeMap<String, Option<Span>>,
    constants: BTreeMap<String, Option<Span>>,
    told: BTreeSet<Span>,
    diagnostics: Vec<Diagnostic>,
    /// Whether a name that is taken gets a number: schemas of `dialect: json-schema` may be somebody else's.
    numbers: bool,
    /// The names of payloads, which no other type gets where names get numbers.
    payloads: BTreeSet<String>,
}

/// Types that the generated Rust defines or uses by these names.
const RUST: [&str; 20] = [
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
    "SessionHandler",
    "Handlers",
    "Handler",
];

/// What the generated TypeScript exports whatever the protocol says.
const CONSTANTS: [&str; 6] = [
    "protocol",
    "connect",
    "decode",
    "decodeValue",
    "dispatch",
    "serverMessages",
];

/// Types that the generated TypeScript defines by these names.
const TS: [&str; 3] = ["ClientMessage", "ServerMessage", "Handlers"];

/// What the payloads of messages are called in either language.
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

impl Taken {
    pub(super) fn new(protocol: &Protocol) -> Self {
        let reserved = |names: &[&str]| {
            names
                .iter()
                .map(|name| ((*name).to_owned(), None))
                .collect()
        };
        let mut taken = Self {
            rust: reserved(&RUST),
            ts: reserved(&TS),
            constants: reserved(&CONSTANTS),
            told: BTreeSet::new(),
            diagnostics: Vec::new(),
            numbers: !protocol.schemas.has_defaults(),
            payloads: payloads(protocol),
        };
        // The type that stands for the whole protocol, and those of its channels.
        let name = names::pascal(&protocol.name.text);
        taken.take_rust(&name, protocol.name.span);
        for channel in &protocol.channels {
            let given = channel.names.rust.as_ref().unwrap_or(&channel.name);
            taken.take_rust(&names::pascal(&given.text), channel.name.span);
        }
        taken
    }

    /// The name itself, or where names get numbers the first with one that nobody has.
    pub(super) fn free(&self, name: String) -> String {
        if !self.numbers {
            return name;
        }
        let is_taken = |name: &str| {
            self.rust.contains_key(name)
                || self.ts.contains_key(name)
                || self.payloads.contains(name)
        };
        names::numbered(&name, &is_taken)
    }

    pub(super) fn take(&mut self, rust: &str, ts: &str, span: Span) {
        // One problem is one error, so TypeScript is only asked where Rust is content.
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
                format!("two types would be called `{name}` in {language}"),
                vec![Label {
                    span: first,
                    text: "the first is made from this".to_owned(),
                }],
            ),
            None => (
                format!("`{name}` is a name that the generated {language} needs for itself"),
                Vec::new(),
            ),
        };
        self.tell(Diagnostic {
            code: "N001",
            severity: Severity::Error,
            message,
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels,
            help: Some(format!(
                "give it another name in the code with `{key}: …`, or rename it"
            )),
        });
    }

    /// Two methods that one type would have, or one that the generated code calls something else by.
    pub(super) fn same_method(&mut self, of: &str, name: &str, span: Span, first: Option<Span>) {
        // Types of one name have methods of one name, and were complained about.
        if first.is_some_and(|first| self.told.contains(&first)) {
            return;
        }
        let message = match first {
            Some(_) => format!("{of} would have two methods called `{name}` in Rust"),
            None => format!("{of} has a method `{name}` already, in Rust"),
        };
        let labels = first.map(|span| Label {
            span,
            text: "the first is made from this".to_owned(),
        });
        self.tell(Diagnostic {
            code: "N003",
            severity: Severity::Error,
            message,
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels: labels.into_iter().collect(),
            help: Some("give it another name in the code with `rust: …`, or rename it".to_owned()),
        });
    }

    /// Two errors of a message that would be one variant.
    pub(super) fn same_variant(&mut self, of: &str, name: &str, span: Span, first: Span) {
        self.tell(Diagnostic {
            code: "N004",
            severity: Severity::Error,
            message: format!("two errors of `{of}` would be called `{name}` in Rust"),
            primary: Label {
                span,
                text: format!("this would be `{name}`"),
            },
            labels: vec![Label {
                span: first,
                text: "and so would this".to_owned(),
            }],
            help: Some(
                "give one of them another name in the code with `rust: …`, or rename it".to_owned(),
            ),
        });
    }

    /// Two constants of TypeScript, or one that the generated code has already.
    pub(super) fn take_constant(&mut self, name: &str, span: Span) {
        if let Some(first) = self.constants.insert(name.to_owned(), Some(span)) {
            let message = match first {
                Some(_) => format!("two constants would be called `{name}` in TypeScript"),
                None => {
                    format!("`{name}` is a name that the generated TypeScript needs for itself")
                }
            };
            let labels = first.map(|span| Label {
                span,
                text: "the first is made from this".to_owned(),
            });
            self.tell(Diagnostic {
                code: "N005",
                severity: Severity::Error,
                message,
                primary: Label {
                    span,
                    text: format!("this would be `{name}`"),
                },
                labels: labels.into_iter().collect(),
                help: Some(
                    "give it another name in the code with `ts: …`, or rename it".to_owned(),
                ),
            });
        }
    }

    pub(super) fn same_field(&mut self, ty: &str, wire: &str, rust: &str, span: Span, first: Span) {
        self.tell(Diagnostic {
            code: "N002",
            severity: Severity::Error,
            message: format!("two properties of `{ty}` would be called `{rust}` in Rust"),
            primary: Label {
                span,
                text: format!("`{wire}` would be `{rust}`"),
            },
            labels: vec![Label {
                span: first,
                text: "and so would this".to_owned(),
            }],
            help: Some(
                "give one of them another name in the code with `rust: …` in its schema".to_owned(),
            ),
        });
    }

    /// One problem is one error: what stands at a place that was complained about is not looked at again.
    fn tell(&mut self, diagnostic: Diagnostic) {
        if self.told.insert(diagnostic.primary.span) {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
