//! Names that are taken. What would be one name in either language is refused, never merged.

use crate::names;
use handfast_schema::Span;
use handfast_spec::{Diagnostic, Label, Severity, model::Protocol};
use std::collections::BTreeMap;

pub(super) struct Taken {
    rust: BTreeMap<String, Option<Span>>,
    ts: BTreeMap<String, Option<Span>>,
    diagnostics: Vec<Diagnostic>,
}

/// Types that the generated Rust defines or uses by these names.
const RUST: [&str; 24] = [
    "Box",
    "Vec",
    "String",
    "Option",
    "Result",
    "Ok",
    "Err",
    "Some",
    "None",
    "BTreeMap",
    "Nullable",
    "Bytes",
    "Checked",
    "AsText",
    "ClientMessage",
    "ServerMessage",
    "Client",
    "Server",
    "Context",
    "Handle",
    "Sessions",
    "Handlers",
    "Handler",
    "Room",
];

/// Types that the generated TypeScript defines or uses by these names.
const TS: [&str; 4] = ["ClientMessage", "ServerMessage", "Handlers", "Set"];

impl Taken {
    pub(super) fn new(protocol: &Protocol) -> Self {
        // A channel's type is named after the channel, and is checked like any other name.
        let rust = RUST
            .iter()
            .filter(|name| **name != "Room")
            .map(|name| ((*name).to_owned(), None))
            .collect();
        let ts = TS.iter().map(|name| ((*name).to_owned(), None)).collect();
        let mut taken = Self {
            rust,
            ts,
            diagnostics: Vec::new(),
        };
        let name = names::pascal(&protocol.name.text);
        taken.rust.entry(name).or_insert(Some(protocol.name.span));
        for channel in &protocol.channels {
            let given = channel.names.rust.as_ref().unwrap_or(&channel.name);
            taken.take_rust(&names::pascal(&given.text), channel.name.span);
        }
        taken
    }

    pub(super) fn take(&mut self, rust: &str, ts: &str, span: Span) {
        // One problem is one error, so TypeScript is only asked where Rust is content.
        if self.take_rust(rust, span)
            && let Some(first) = self.ts.insert(ts.to_owned(), Some(span))
        {
            self.twice("TypeScript", "ts", ts, span, first);
        }
    }

    fn take_rust(&mut self, rust: &str, span: Span) -> bool {
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
        self.diagnostics.push(Diagnostic {
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

    pub(super) fn same_field(&mut self, ty: &str, wire: &str, rust: &str, span: Span, first: Span) {
        self.diagnostics.push(Diagnostic {
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

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
