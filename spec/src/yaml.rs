//! Reads YAML 1.2 with the core schema, and with it JSON, into a tree. Only this module uses the parser's crate.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::tree::{Document, Entry, Kind, Map, NodeId};
use granit_parser::{Event, Parser, ScalarStyle, Tag};
use handfast_schema::Span;
use std::collections::BTreeMap;

mod aliases;
mod core_schema;

use aliases::Weight;
pub use aliases::{MAX_ALIASED_BYTES, MAX_ALIASED_NODES};
use core_schema::{Scalar, core_schema};

/// The maximum nesting of a document.
pub const MAX_DEPTH: usize = 96;

/// The maximum number of values in a document.
pub const MAX_NODES: usize = 2_000_000;

/// Reads a text. Returns `None` on a syntax error; other problems are reported, and leave a [`Kind::Broken`].
pub(crate) fn read(source: u32, text: &str, out: &mut Diagnostics) -> Option<Document> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: 255,
        block_nesting_limit: 255,
        // Long strings in JSON may be keys; the default limit of 1024 characters is that of YAML.
        simple_key_max_lookahead: 1024,
    };
    let mut reader = Reader {
        source,
        text,
        out,
        document: Document::new(),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        aliased: Weight::default(),
        documents: 0,
        done: None,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, span)) => {
                let span = reader.span(&span);
                reader.event(event, span)?;
            }
            Err(error) => {
                reader.syntax(&error);
                return None;
            }
        }
    }
    let Some(root) = reader.done else {
        let end = Span {
            source,
            start: 0,
            end: 0,
        };
        reader.out.push(
            Diagnostic::error("Y003", end, "the file is empty")
                .help("a spec begins with `handfast: 1`"),
        );
        return None;
    };
    reader.document.root = root;
    Some(reader.document)
}

/// A YAML text as JSON, by the core schema; `None` if it is not well-formed. For tools that validate a spec with the
/// format's schema.
pub fn to_json(text: &str) -> Option<serde_json::Value> {
    let mut out = Diagnostics::default();
    let document = read(0, text, &mut out)?;
    (out.errors() == 0).then(|| document.json(document.root))
}

/// A collection that is still open.
enum Open {
    List { items: Vec<NodeId> },
    Map { map: Map, key: Option<Key> },
}

/// A key whose value has not been read.
enum Key {
    Good(String, Span),
    /// An invalid key, reported already; its value is dropped.
    Bad,
}

struct Frame {
    open: Open,
    start: Span,
    flow: bool,
    anchor: usize,
    /// Reported already; it becomes [`Kind::Broken`] when it ends.
    broken: bool,
}

struct Reader<'a> {
    source: u32,
    text: &'a str,
    out: &'a mut Diagnostics,
    document: Document,
    open: Vec<Frame>,
    /// The target of an anchor; `None` while it is still open.
    anchors: BTreeMap<usize, Option<(NodeId, Weight)>>,
    aliased: Weight,
    documents: usize,
    done: Option<NodeId>,
}

impl Reader<'_> {
    fn span(&self, span: &granit_parser::Span) -> Span {
        let clip = |at: Option<usize>| {
            let at = at.unwrap_or(0).min(self.text.len());
            u32::try_from(at).unwrap_or(u32::MAX)
        };
        let start = clip(span.start.byte_offset());
        let end = clip(span.end.byte_offset()).max(start);
        Span {
            source: self.source,
            start,
            end,
        }
    }

    fn syntax(&mut self, error: &granit_parser::ScanError) {
        let mark = granit_parser::Span::empty(*error.marker());
        let at = self.span(&mark);
        let message = error.kind().to_string();
        let message = message.trim_end_matches('.');
        let (code, help) = match error.kind() {
            granit_parser::ErrorKind::RecursionLimitExceeded => ("Y008", None),
            _ => ("Y003", None::<String>),
        };
        self.out
            .push(Diagnostic::error(code, at, message).maybe_help(help));
    }

    /// Handles an event; `None` stops the reading.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a spec is one YAML document, but a second one begins here";
                    let help = "delete the `---`, or move the second document to a file of its own";
                    self.out
                        .push(Diagnostic::error("Y007", span, message).help(help));
                    return None;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain if self.looks_like_comment(&text) => {
                        self.comment(span);
                        Kind::Broken
                    }
                    _ => self.scalar(&text, style, tag.as_deref(), span),
                };
                self.leaf(kind, span, anchor)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let broken = self.collection_tag(tag.as_deref(), "seq", span);
                let flow = style == granit_parser::StructureStyle::Flow;
                self.begin(Open::List { items: Vec::new() }, span, flow, anchor, broken)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let broken = self.collection_tag(tag.as_deref(), "map", span);
                let flow = style == granit_parser::StructureStyle::Flow;
                let open = Open::Map {
                    map: Map::default(),
                    key: None,
                };
                self.begin(open, span, flow, anchor, broken)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("there is no anchor `&{name}` before this alias");
                let help =
                    format!("put `&{name}` in front of a value that comes earlier in the file");
                self.out
                    .push(Diagnostic::error("Y010", span, message).help(help));
                self.leaf(Kind::Broken, span, 0)?;
            }
            _ => {}
        }
        Some(())
    }

    /// Whether a text without quotes is a comment of another language, which is part of a key or of an item here.
    fn looks_like_comment(&self, text: &str) -> bool {
        let is_between = match self.open.last() {
            Some(frame) => match &frame.open {
                Open::Map { key, .. } => key.is_none(),
                Open::List { .. } => frame.flow,
            },
            None => false,
        };
        is_between && text.starts_with("//")
    }

    fn comment(&mut self, text: Span) {
        let at = Span {
            end: text.start + 2,
            ..text
        };
        let message = "`//` begins no comment: it is part of the text that follows";
        let help = "delete it: a comment in YAML begins with `#`, and JSON has none; if a text is meant, quote it";
        self.out
            .push(Diagnostic::error("Y012", at, message).help(help));
    }

    fn begin(
        &mut self,
        open: Open,
        start: Span,
        flow: bool,
        anchor: usize,
        broken: bool,
    ) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("this nests deeper than {MAX_DEPTH} levels");
            self.out.push(Diagnostic::error("Y008", start, message));
            return None;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.open.push(Frame {
            open,
            start,
            flow,
            anchor,
            broken,
        });
        Some(())
    }

    fn end(&mut self, span: Span) -> Option<()> {
        let frame = self.open.pop()?;
        let (last, kind) = match frame.open {
            Open::List { items } => (items.last().copied(), Kind::List(items)),
            Open::Map { map, .. } => (map.iter().last().map(|entry| entry.value), Kind::Map(map)),
        };
        // A block collection ends with its last value: the parser reports its end on the next line.
        let end = match last {
            Some(last) if !frame.flow => self.document.node(last).span.end,
            _ => span.end,
        };
        let span = Span {
            end: end.max(frame.start.start),
            ..frame.start
        };
        let kind = if frame.broken { Kind::Broken } else { kind };
        self.leaf(kind, span, frame.anchor)
    }

    /// Whether a value is a key of the open collection.
    fn expects_key(&self) -> bool {
        let open = self.open.last().map(|frame| &frame.open);
        matches!(open, Some(Open::Map { key: None, .. }))
    }

    /// Adds a complete value to the open collection, as a key or as a value.
    fn leaf(&mut self, kind: Kind, span: Span, anchor: usize) -> Option<()> {
        if self.document.len() >= MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            self.out.push(Diagnostic::error("Y008", span, message));
            return None;
        }
        let is_key = self.expects_key();
        if is_key && anchor == 0 {
            self.key(kind, span);
            return Some(());
        }
        let id = self.document.push(span, kind);
        if anchor != 0 {
            let size = self.weigh(id);
            self.anchors.insert(anchor, Some((id, size)));
        }
        if is_key {
            let kind = self.document.node(id).kind.clone();
            self.key(kind, span);
        } else {
            self.place(id);
        }
        Some(())
    }

    fn key(&mut self, kind: Kind, span: Span) {
        let key = match kind {
            Kind::Text(text)
                if text == "<<"
                    && self.text.get(span.start as usize..span.end as usize) == Some("<<") =>
            {
                let message = "merge keys are not part of YAML 1.2";
                let help = "write the keys out, or share a schema with `$ref`";
                self.out
                    .push(Diagnostic::error("Y005", span, message).help(help));
                Key::Bad
            }
            Kind::Text(text) => Key::Good(text, span),
            Kind::Broken => Key::Bad,
            other => {
                let message = format!("a key is a string, but this is {}", other.what());
                let scalar = matches!(other, Kind::Null | Kind::Bool(_) | Kind::Number(_));
                let text = self.text.get(span.start as usize..span.end as usize);
                let help = text.filter(|text| scalar && !text.is_empty());
                let help = help.map(|text| format!("quote it: `'{text}'`"));
                self.out
                    .push(Diagnostic::error("Y009", span, message).maybe_help(help));
                Key::Bad
            }
        };
        if let Some(Frame {
            open: Open::Map { key: slot, .. },
            ..
        }) = self.open.last_mut()
        {
            *slot = Some(key);
        }
    }

    fn place(&mut self, id: NodeId) {
        match self.open.last_mut().map(|frame| &mut frame.open) {
            None => self.done = Some(id),
            Some(Open::List { items }) => items.push(id),
            Some(Open::Map { map, key }) => {
                let Some(Key::Good(key, at)) = key.take() else {
                    map.partial = true;
                    return;
                };
                let entry = Entry { key, at, value: id };
                let name = entry.key.clone();
                if let Err(first) = map.insert(entry) {
                    let first = first.at;
                    let message = format!("the key `{name}` occurs twice");
                    self.out.push(
                        Diagnostic::error("Y004", at, message)
                            .at("again here")
                            .label(first, "first here")
                            .help("delete one of the two, or give it another name"),
                    );
                }
            }
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, wanted: &str, span: Span) -> bool {
        let Some(tag) = tag else { return false };
        if tag.core_suffix() == Some(wanted) || tag.original() == "!" {
            return false;
        }
        self.bad_tag(tag, span);
        true
    }

    fn bad_tag(&mut self, tag: &Tag, span: Span) {
        let known = tag.core_suffix().is_some();
        let tag = tag.original();
        let message = if known {
            format!("the tag `{tag}` does not fit this value")
        } else {
            format!("the tag `{tag}` is not part of YAML's core schema")
        };
        let help = "delete the tag: the format uses none";
        self.out
            .push(Diagnostic::error("Y006", span, message).help(help));
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Kind {
        let plain = matches!(style, ScalarStyle::Plain);
        let Some(tag) = tag else {
            return if plain {
                self.core(text, span)
            } else {
                Kind::Text(text.to_owned())
            };
        };
        if tag.original() == "!" {
            return Kind::Text(text.to_owned());
        }
        let read = core_schema(text);
        match (tag.core_suffix(), read) {
            (Some("str"), _) => Kind::Text(text.to_owned()),
            (Some("null"), Scalar::Null) => Kind::Null,
            (Some("bool"), Scalar::Bool(flag)) => Kind::Bool(flag),
            (Some("int"), Scalar::Number(number)) if !number.is_f64() => Kind::Number(number),
            (Some("float"), Scalar::Number(number)) => Kind::Number(number),
            _ => {
                self.bad_tag(tag, span);
                Kind::Broken
            }
        }
    }

    fn core(&mut self, text: &str, span: Span) -> Kind {
        match core_schema(text) {
            Scalar::Null => Kind::Null,
            Scalar::Bool(flag) => Kind::Bool(flag),
            Scalar::Number(number) => Kind::Number(number),
            Scalar::Text => Kind::Text(text.to_owned()),
            Scalar::NotJson => {
                let message = format!("`{text}` is a number that JSON does not have");
                let help = format!("quote it, if a string is meant: `'{text}'`");
                self.out
                    .push(Diagnostic::error("Y011", span, message).help(help));
                Kind::Broken
            }
        }
    }
}
