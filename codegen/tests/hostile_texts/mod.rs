//! A protocol with placeholders for texts, and the skeleton of its output: with hostile texts in every placeholder it
//! is the same as with harmless words.

#![allow(dead_code, reason = "not every test needs all of it")]

use proptest::prelude::*;
use quote::ToTokens;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use syn::visit_mut::VisitMut;

/// The placeholders. Some are names, where names may be any text: those of properties and enum values.
pub(crate) struct Text;

impl Text {
    /// Their number.
    pub(crate) const COUNT: usize = 16;
}

/// The placeholders that are names of properties.
const PROPERTIES: [usize; 2] = [14, 15];

/// The part of a text that is short enough for a name.
fn name_of(text: &str) -> String {
    text.chars().take(100).collect()
}

/// A protocol with its texts.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    texts: Vec<String>,
    /// Which of the optional parts it has.
    parts: u64,
}

impl Protocol {
    pub(crate) fn with(texts: Vec<String>, parts: u64) -> Self {
        Self { texts, parts }
    }

    /// The same text in every placeholder.
    pub(crate) fn filled_with(text: &str) -> Self {
        Self::with(vec![text.to_owned(); Text::COUNT], u64::MAX)
    }

    /// The same protocol with harmless words. TypeScript treats property names that have to be escaped in a path
    /// differently, so the words for such names contain a slash.
    pub(crate) fn harmless(&self) -> Self {
        let word = |(i, text): (usize, &String)| {
            let escaped = PROPERTIES.contains(&i) && name_of(text).contains(['~', '/', '?']);
            if escaped { "harmless/" } else { "harmless" }.to_owned()
        };
        Self::with(
            self.texts.iter().enumerate().map(word).collect(),
            self.parts,
        )
    }

    /// A text as YAML (in JSON syntax).
    fn text(&self, i: usize) -> String {
        quoted(&self.texts[i])
    }

    /// A text that differs from similar ones, and may be a name on the wire. No name in code is like it, and it is
    /// short enough for a YAML key.
    fn name(&self, i: usize, tail: &str) -> String {
        quoted(&format!("{}-{tail}", name_of(&self.texts[i])))
    }

    fn has(&self, part: u32) -> bool {
        self.parts >> part & 1 == 1
    }

    /// The spec.
    pub(crate) fn yaml(&self) -> String {
        let t = |i| self.text(i);
        let mut out = String::from("handfast: 1\n");
        let _ = writeln!(
            out,
            "protocol: {{ name: demo, version: 1.0.0, description: {} }}",
            t(0)
        );
        let _ = writeln!(out, "types:");
        let _ = writeln!(
            out,
            "  Word: {{ description: {}, type: string, enum: [{}, {}, {}] }}",
            t(1),
            self.name(2, "A1"),
            self.name(3, "X2"),
            self.name(4, "Y3")
        );
        let _ = writeln!(
            out,
            "  Union: {{ description: {}, oneOf: [{{ title: One, type: object, required: [kind], properties: {{ kind: {{ const: {} }} }} }}, {{ title: Two, type: object, required: [kind], properties: {{ kind: {{ const: {} }}, more: {{ type: string }} }} }}] }}",
            t(5),
            self.name(6, "A1"),
            self.name(6, "A2")
        );
        let _ = writeln!(
            out,
            "  Mixed: {{ description: {}, anyOf: [{{ type: integer }}, {{ const: {} }}] }}",
            t(7),
            t(8)
        );
        let _ = writeln!(out, "errors:");
        let _ = writeln!(
            out,
            "  FULL: {{ description: {}, code: {} }}",
            t(9),
            self.name(9, "E")
        );
        let _ = writeln!(out, "channels:");
        let _ = writeln!(
            out,
            "  room: {{ description: {}, key: 'room:{{id}}', params: {{ id: {{ type: string, description: {} }} }} }}",
            t(10),
            t(11)
        );
        let _ = writeln!(out, "messages:");
        let _ = writeln!(out, "  ask:");
        let _ = writeln!(out, "    from: client");
        let _ = writeln!(out, "    description: {}", t(12));
        if self.has(0) && !self.texts[13].is_empty() {
            let _ = writeln!(out, "    deprecated: {}", t(13));
        } else {
            let _ = writeln!(out, "    deprecated: note");
        }
        let _ = writeln!(out, "    payload:");
        let _ = writeln!(out, "      type: object");
        let _ = writeln!(out, "      required: [{}, mixed]", self.name(14, "A1"));
        let _ = writeln!(out, "      properties:");
        let _ = writeln!(
            out,
            "        {}: {{ $ref: '#/types/Word' }}",
            self.name(14, "A1")
        );
        let _ = writeln!(
            out,
            "        {}: {{ description: {}, type: string, default: {}, examples: [{}] }}",
            self.name(15, "B2"),
            t(0),
            t(2),
            t(3)
        );
        let _ = writeln!(out, "        mixed: {{ $ref: '#/types/Mixed' }}");
        let _ = writeln!(out, "        union: {{ $ref: '#/types/Union' }}");
        if self.has(1) {
            let _ = writeln!(
                out,
                "        literal: {{ type: string, description: {}, pattern: {} }}",
                t(4),
                self.pattern(5)
            );
        }
        let _ = writeln!(out, "    reply: answer");
        let _ = writeln!(out, "    errors: [FULL]");
        let _ = writeln!(
            out,
            "  answer: {{ from: server, description: {}, tag: {} }}",
            t(6),
            self.name(7, "T")
        );
        out
    }

    /// A text as a pattern that matches it: special characters are escaped.
    fn pattern(&self, i: usize) -> String {
        let mut pattern = String::from("^");
        for c in self.texts[i].chars().take(40) {
            if "^$\\.*+?()[]{}|/".contains(c) {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        quoted(&(pattern + "$"))
    }
}

/// A text in double quotes for YAML: characters that a file must not contain are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// The tokens of a file, with every literal replaced by `0`, without documentation, and with identifiers numbered in
/// the order of first occurrence: two files are equal up to literals, docs and a one-to-one renaming.
pub(crate) fn skeleton(text: &str) -> Result<String, Box<dyn Error>> {
    let mut file = syn::parse_file(text)?;
    Bare.visit_file_mut(&mut file);
    let mut numbers = BTreeMap::new();
    let mut out = String::new();
    write(file.to_token_stream(), &mut numbers, &mut out);
    Ok(out)
}

struct Bare;

impl VisitMut for Bare {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
        attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    }
}

fn write(
    tokens: proc_macro2::TokenStream,
    numbers: &mut BTreeMap<String, usize>,
    out: &mut String,
) {
    // The name on the wire is only written if it differs from the name in code.
    let tokens: Vec<proc_macro2::TokenTree> = tokens.into_iter().collect();
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => {
                let _ = write!(out, "{:?}(", group.delimiter());
                write(group.stream(), numbers, out);
                out.push(')');
            }
            proc_macro2::TokenTree::Ident(ident) => {
                let next = numbers.len();
                let number = *numbers.entry(ident.to_string()).or_insert(next);
                let _ = write!(out, "i{number} ");
            }
            proc_macro2::TokenTree::Punct(punct) => out.push(punct.as_char()),
            proc_macro2::TokenTree::Literal(_) => out.push_str("0 "),
        }
    }
    out.push('\n');
}

/// Texts that end strings, comments, attributes or macros, or look like something else.
pub(crate) const HOSTILE: [&str; 32] = [
    "\"",
    "\\",
    "\\\"",
    "\"#",
    "\"##",
    "r#\"",
    "*/",
    "/*",
    "//",
    "`",
    "```",
    "${x}",
    "{{ x }}",
    "{% x %}",
    "{",
    "}",
    "#[doc = \"x\"]",
    "#![allow(warnings)]",
    ")] pub struct Broken;",
    "\n",
    "\r",
    "\r\n",
    "\n//! inner\n",
    "\u{2028}",
    "\u{202e}",
    "\u{0}",
    "\t",
    "'",
    "</script>",
    "<!--",
    "日本語",
    "",
];

/// Any text, with dangerous characters more often than by chance.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        "[a-zA-Z0-9 _.-]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

pub(crate) fn any_protocol() -> impl Strategy<Value = Protocol> {
    (prop::collection::vec(any_text(), Text::COUNT), any::<u64>())
        .prop_map(|(texts, seed)| Protocol::with(texts, seed))
}
