//! The TypeScript of a protocol: types, validators and descriptors in one file, and the runtime beside it.
//!
//! The text around what varies lies in `handfast-templates`; what varies is made here, and is code already when a
//! template gets it.

mod children;
mod conditions;
mod envelope;
mod guards;
mod in_place;
mod keywords;
mod messages;
mod names;
mod pattern;
mod recursion;
mod rules;
mod session;
mod standard;
mod statements;
mod tags;
mod text;
mod types;
mod validators;

use crate::{
    Output,
    shape::{DeclId, DeclKind, Section, Shapes},
};
use handfast_schema::SchemaId;
use handfast_spec::model::{GenerateTypescript, MessageId, Protocol};
use handfast_templates::typescript::{self as layout, Api, lay_out};
use recursion::Recursion;
use std::path::{Path, PathBuf};
use std::{cell::RefCell, collections::BTreeMap};
use validators::{ConstantKind, Usage};

/// Everything that an item may ask for, and what has been made so far.
struct Context<'p> {
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
    sent_by_client: Vec<bool>,
    /// The functions that have a name.
    functions: BTreeMap<Usage, String>,
    /// The guards that have a name.
    guards: BTreeMap<Usage, String>,
    /// The constants that have been written.
    constants: BTreeMap<(SchemaId, ConstantKind), String>,
    /// How schemas contain themselves, by schema.
    recursion: Vec<Recursion>,
    /// The objects whose rules are being written, each inside of the one before it.
    open_rules: Vec<Usage>,
    /// The types that are being written out, each inside of the one before it.
    open_types: RefCell<Vec<SchemaId>>,
}

impl<'p> Context<'p> {
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
            sent_by_client: sent_by_client(protocol),
            functions: BTreeMap::new(),
            guards: BTreeMap::new(),
            constants: BTreeMap::new(),
            recursion: recursion::of(&protocol.schemas),
            open_rules: Vec::new(),
            open_types: RefCell::default(),
        };
        cx.name_validators();
        cx
    }

    fn is_inlined(&self, id: DeclId) -> bool {
        self.inlined[id.0]
    }

    /// All types of a section, each with its validators.
    fn all_declarations(&mut self, section: Section) -> Vec<String> {
        let mut items = Vec::new();
        for i in 0..self.shapes.decls.len() {
            self.declarations(section, i, &mut items);
        }
        items
    }

    /// One type of a section with its validators.
    fn declarations(&mut self, section: Section, i: usize, items: &mut Vec<String>) {
        if self.shapes.decls[i].section == section && !self.inlined[i] {
            items.push(self.declaration(DeclId(i)));
            self.validators(DeclId(i), items);
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

/// Writes the TypeScript of a protocol: its file, the file of its schemas, and the files of the runtime beside them. `source`
/// is the file it is made from, as the header names it.
pub fn generate(
    protocol: &Protocol,
    shapes: &Shapes,
    options: &GenerateTypescript,
    source: &str,
) -> Vec<Output> {
    let out = PathBuf::from(&options.out.text);
    let name = out.file_name().and_then(|name| name.to_str());
    let module = name
        .and_then(|name| name.strip_suffix(".ts"))
        .unwrap_or("api");
    // The runtime makes room where the output wants its name.
    let runtime = match module {
        "handfast" => "runtime",
        _ => "handfast",
    };
    let mut cx = Context::new(protocol, shapes);
    let header: Vec<String> = crate::header(source).lines().map(str::to_owned).collect();
    let import = |name: &str, module: &str| format!("import * as {name} from './{module}.js';");
    let imports = [import("hf", runtime), import("api", module)];
    let file = |path: PathBuf, imports: &[String], sections: &[layout::Section]| Output {
        path,
        text: lay_out(&Api {
            header: &header,
            imports,
            sections,
        }),
    };
    let mut outputs = vec![file(out.clone(), &imports[..1], &api(&mut cx))];
    let schemas = section(
        "Standard Schema",
        standard::NOTE,
        standard::schemas(&mut cx),
    );
    if let Some(schemas) = schemas {
        let path = out.with_file_name(format!("{module}.schemas.ts"));
        outputs.push(file(path, &imports, &[schemas]));
    }
    let folder = out.parent().unwrap_or_else(|| Path::new(""));
    for (path, text) in handfast_templates::runtime() {
        let path = match *path {
            "handfast.ts" => format!("{runtime}.ts"),
            path => path.to_owned(),
        };
        outputs.push(Output {
            path: folder.join(path),
            text: format!("{MARKS}{text}"),
        });
    }
    outputs
}

/// What a copy of the runtime begins with, so that linters and reviews pass over it.
const MARKS: &str = "/* eslint-disable */\n// @generated\n";

/// The sections of the file of a protocol.
fn api(cx: &mut Context<'_>) -> Vec<layout::Section> {
    let types = cx.all_declarations(Section::Types);
    let errors = messages::errors(cx);
    let payloads = cx.all_declarations(Section::Payloads);
    let descriptors = messages::messages(cx);
    let renamed = cx.names.renamed_exports();
    [
        section("Types", "", types),
        section("Errors", "", errors),
        section("Payloads", "", payloads),
        section(
            "Messages",
            "A request comes after its replies.",
            descriptors,
        ),
        section("Channels", "", messages::channels(cx)),
        section("Session", "", session::session(cx)),
        section(
            "The server's side",
            "What a client sends, as a server receives it.",
            messages::as_server(cx),
        ),
        section(
            "Names of globals",
            "Under other names in this file, which uses the globals.",
            renamed,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A section; nothing where it has no items.
fn section(title: &'static str, note: &'static str, items: Vec<String>) -> Option<layout::Section> {
    let rule = "-".repeat(text::WIDTH.saturating_sub("// ----  ".len() + title.len()));
    (!items.is_empty()).then_some(layout::Section {
        title,
        rule,
        note,
        items,
    })
}
