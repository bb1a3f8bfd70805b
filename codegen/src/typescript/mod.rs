//! The TypeScript of a protocol: types, validators and descriptors in one file, and the runtime beside it.
//!
//! The layout is in the templates of `handfast-templates`; what varies is rendered here, and is code already when a template
//! gets it.
//!
//! Modules depend downwards only, in this order:
//!
//! 1. `text`, `names`, `pattern`, `recursion`, `tags`: strings, identifiers and patterns as code; `versions`: requirements as intervals;
//! 2. `type_tree`, `type_text`: types, and how they are written; `key_pattern`: names of properties;
//!    `bytes`: which bytes are a `Uint8Array`; `context`: what every part reads and what was named so far; `anonymous`: what gets
//!    a name; `brands`: types of scalars with names and formats; `intersection`, `structure` with `objects`, `types`: the types of schemas; `untyped`: what they do not say;
//! 3. `statements`, `locals`, `kinds`, `body`: what a function that is being written consists of, and which kind of validator a
//!    schema has;
//! 4. `conditions`, `rules`: what a scalar has to fit, as a condition and as data; `children`, `in_place`, `keywords`: the
//!    keywords of a schema as statements;
//! 5. `guards`, `validators`: the two functions of a type; `declarations`: a type with both;
//! 6. `errors`, `envelope`, `descriptors`, `lengths`, `messages`, `channels`, `session`, `standard`: the sections of the files.

mod anonymous;
mod body;
mod brands;
mod bytes;
mod channels;
mod children;
mod conditions;
mod context;
mod declarations;
mod descriptors;
mod envelope;
mod errors;
mod guards;
mod in_place;
mod intersection;
mod key_pattern;
mod keywords;
mod kinds;
mod lengths;
mod locals;
mod messages;
mod names;
mod objects;
mod pattern;
mod recursion;
mod rules;
mod session;
mod standard;
mod statements;
mod steps;
mod structure;
mod tags;
mod text;
mod type_text;
mod type_tree;
mod types;
mod untyped;
mod validators;
mod versions;

pub use type_tree::UntypedReason;
pub use untyped::{Coverage, UntypedPlace, untyped};

use crate::{
    Output,
    shape::{Section, Shapes},
};
use context::Context;
use handfast_spec::model::{GenerateTypescript, Protocol};
use handfast_templates::typescript::{self as layout, Api, lay_out};
use std::path::{Path, PathBuf};

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
    cx.name_validators();
    let header: Vec<String> = crate::header::header(source)
        .lines()
        .map(str::to_owned)
        .collect();
    let extension = if options.ts_imports { "ts" } else { "js" };
    let import =
        |name: &str, module: &str| format!("import * as {name} from './{module}.{extension}';");
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
        let mut text = format!("{NO_LINT}{text}");
        if options.ts_imports {
            text = with_ts_imports(&text);
        }
        outputs.push(Output {
            path: folder.join(path),
            text,
        });
    }
    outputs
}

/// A file of the runtime whose imports name the files themselves: `'./x.ts'` in place of `'./x.js'`.
fn with_ts_imports(text: &str) -> String {
    let is_import = |line: &str| line.contains("from './") && line.trim_end().ends_with(".js';");
    text.split_inclusive('\n')
        .map(|line| match is_import(line) {
            true => line.replace(".js';", ".ts';"),
            false => line.to_owned(),
        })
        .collect()
}

/// What a copy of the runtime begins with, so that linters pass over it.
const NO_LINT: &str = "/* eslint-disable */\n";

/// The sections of the file of a protocol.
fn api(cx: &mut Context<'_>) -> Vec<layout::Section> {
    let mut types = cx.all_declarations(Section::Types);
    types.extend(cx.anonymous_declarations());
    types.extend(cx.format_declarations());
    let errors = errors::errors(cx);
    let payloads = cx.all_declarations(Section::Payloads);
    let descriptors = messages::messages(cx);
    let channels = channels::channels(cx);
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
        section("Channels", "", channels),
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
