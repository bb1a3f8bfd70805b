//! The TypeScript of a protocol: types, checks and descriptors in one file, and the runtime beside it.
//!
//! The text around what varies lies in `handfast-templates`; what varies is made here, and is code already when a
//! template gets it.

mod checks;
mod children;
mod envelope;
mod guard;
mod guards;
mod in_place;
mod inline;
mod keywords;
mod messages;
mod names;
mod pattern;
mod recursion;
mod rules;
mod session;
mod standard;
mod tags;
mod text;
mod types;

use crate::{
    Output,
    shape::{DeclId, DeclKind, Section, Shapes},
};
use checks::{Beside, Way};
use handfast_schema::SchemaId;
use handfast_spec::model::{GenerateTypescript, MessageId, Protocol};
use handfast_templates::typescript::{self as layout, Api, lay_out};
use recursion::Recursion;
use std::path::{Path, PathBuf};
use std::{cell::RefCell, collections::BTreeMap};

/// Everything that an item may ask for, and what has been made so far.
struct Cx<'p> {
    protocol: &'p Protocol,
    shapes: &'p Shapes,
    names: names::Names,
    /// The type that was declared for a schema, the first one where there are several.
    decl_of: BTreeMap<SchemaId, DeclId>,
    /// The message that a type is the payload of.
    payload_of: BTreeMap<DeclId, MessageId>,
    /// Types that are written where they are used.
    inlined: Vec<bool>,
    /// Whether what the client sends contains it, by schema.
    by_server: Vec<bool>,
    /// The functions that have a name.
    functions: BTreeMap<Way, String>,
    /// The guards that have a name.
    guards: BTreeMap<Way, String>,
    /// The constants that have been written.
    constants: BTreeMap<(SchemaId, Beside), String>,
    /// How schemas contain themselves, by schema.
    recursion: Vec<Recursion>,
    /// The objects whose rules are being written, each inside of the one before it.
    ruled: Vec<Way>,
    /// The types that are being written out, each inside of the one before it.
    typed: RefCell<Vec<SchemaId>>,
}

impl<'p> Cx<'p> {
    fn new(protocol: &'p Protocol, shapes: &'p Shapes) -> Self {
        let mut decl_of = BTreeMap::new();
        for (i, decl) in shapes.decls.iter().enumerate() {
            decl_of.entry(decl.schema).or_insert(DeclId(i));
        }
        let mut payload_of = BTreeMap::new();
        for message in &shapes.messages {
            for payload in message.client.iter().chain(&message.server) {
                if let Some(decl) = payload.decl {
                    payload_of.entry(decl).or_insert(message.id);
                }
            }
        }
        // A choice of strings is clearer where it is used, unless the author gave it a name.
        let mut inlined: Vec<bool> = shapes
            .decls
            .iter()
            .map(|decl| matches!(decl.kind, DeclKind::Literals { .. }))
            .collect();
        let errors = shapes.errors.iter().flatten();
        let types = protocol
            .types
            .iter()
            .filter_map(|ty| decl_of.get(&ty.schema));
        for id in payload_of.keys().chain(errors).chain(types) {
            inlined[id.0] = false;
        }
        let names = names::Names::new(protocol, shapes, &|i| inlined[i]);
        let mut cx = Self {
            protocol,
            shapes,
            names,
            decl_of,
            payload_of,
            inlined,
            by_server: sent_by_client(protocol),
            functions: BTreeMap::new(),
            guards: BTreeMap::new(),
            constants: BTreeMap::new(),
            recursion: recursion::of(&protocol.schemas),
            ruled: Vec::new(),
            typed: RefCell::default(),
        };
        cx.name_checks();
        cx
    }

    fn is_inlined(&self, id: DeclId) -> bool {
        self.inlined[id.0]
    }

    /// The types of a section, each with its checks.
    fn declarations(&mut self, section: Section, i: usize, items: &mut Vec<String>) {
        if self.shapes.decls[i].section == section && !self.inlined[i] {
            items.push(self.declaration(DeclId(i)));
            self.checks(DeclId(i), items);
            self.defaults(DeclId(i), items);
        }
    }
}

/// Which schemas are part of what a client sends.
fn sent_by_client(protocol: &Protocol) -> Vec<bool> {
    let mut reached = vec![false; protocol.schemas.len()];
    let mut waiting: Vec<SchemaId> = protocol
        .messages
        .iter()
        .filter_map(|message| message.client.as_ref()?.payload)
        .collect();
    while let Some(id) = waiting.pop() {
        if !std::mem::replace(&mut reached[id.0 as usize], true) {
            waiting.extend(protocol.schemas[id].subschemas());
        }
    }
    reached
}

/// Writes the TypeScript of a protocol: its file, and the files of the runtime beside it. `source` is the file it is made
/// from, as the header names it.
pub fn generate(
    protocol: &Protocol,
    shapes: &Shapes,
    options: &GenerateTypescript,
    source: &str,
) -> Vec<Output> {
    let out = PathBuf::from(&options.out.text);
    // The runtime makes room where the output wants its name.
    let runtime = match out.file_name().and_then(|name| name.to_str()) {
        Some("handfast.ts") => "runtime",
        _ => "handfast",
    };
    let mut outputs = vec![Output {
        path: out.clone(),
        text: api(protocol, shapes, runtime, source),
    }];
    let folder = out.parent().unwrap_or_else(|| Path::new(""));
    for (path, text) in handfast_templates::runtime() {
        let path = match *path {
            "handfast.ts" => format!("{runtime}.ts"),
            path => path.to_owned(),
        };
        outputs.push(Output {
            path: folder.join(path),
            text: (*text).to_owned(),
        });
    }
    outputs
}

fn api(protocol: &Protocol, shapes: &Shapes, runtime: &str, source: &str) -> String {
    let mut cx = Cx::new(protocol, shapes);
    let mut sections: Vec<layout::Section> = Vec::new();
    let mut add = |title: &'static str, note: &'static str, items: Vec<String>| {
        if !items.is_empty() {
            let rule = "-".repeat(text::WIDTH.saturating_sub("// ----  ".len() + title.len()));
            sections.push(layout::Section {
                title,
                rule,
                note,
                items,
            });
        }
    };
    let mut items = Vec::new();
    for i in 0..shapes.decls.len() {
        cx.declarations(Section::Types, i, &mut items);
    }
    add("Types", "", items);
    add("Errors", "", messages::errors(&mut cx));
    let mut items = Vec::new();
    for i in 0..shapes.decls.len() {
        cx.declarations(Section::Payloads, i, &mut items);
    }
    add("Payloads", "", items);
    let descriptors = messages::messages(&mut cx);
    add(
        "Messages",
        "What is answered stands behind its answers.",
        descriptors,
    );
    add("Channels", "", messages::channels(&cx));
    add("Session", "", session::session(&cx));
    add(
        "The server's side",
        "What a client sends, as a server receives it.",
        messages::as_server(&cx),
    );
    add(
        "Standard Schema",
        "The types, for tools that take validators of any make.",
        standard::schemas(&mut cx),
    );
    let header: Vec<String> = crate::header::header(source)
        .lines()
        .map(str::to_owned)
        .collect();
    lay_out(&Api {
        header: &header,
        runtime,
        sections: &sections,
    })
}
