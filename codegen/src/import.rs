//! `codegen import`: a first `protocol.yaml` around schemas that exist. The schemas stay where they are; the spec refers to them.

mod contents;
mod names;
mod remotes;
mod text;

use crate::{output_paths, shape};
use clap::{Args, ValueEnum};
use contents::{Contents, Draft, contents};
use handfast_spec::{Diagnostic, Loaded, Severity, Sources};
use names::{assign, message_name};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};
use text::Entry;

/// The arguments of the command.
#[derive(Args)]
pub(crate) struct Import {
    /// The schemas: JSON Schema as JSON or YAML, or documents of OpenAPI or AsyncAPI.
    #[arg(required = true, value_name = "SCHEMA")]
    schemas: Vec<PathBuf>,

    /// Make a message for each definition of a schema (`$defs`, `definitions`) instead of one for each schema.
    ///
    /// In documents of OpenAPI and AsyncAPI, each of `components.schemas` always becomes a message.
    #[arg(long)]
    definitions: bool,

    /// Who sends the messages.
    #[arg(long, value_enum, default_value_t = From::Both, value_name = "END")]
    from: From,

    /// The draft of schemas that do not name theirs (`$schema`): 4, 6, 7, 2019-09, 2020-12 or openapi-3.0.
    #[arg(long, value_name = "DRAFT")]
    draft: Option<Draft>,

    /// The name of the protocol; by default that of the folder.
    #[arg(long)]
    name: Option<String>,

    /// The file to write. It must be in a folder above the schemas, or beside them.
    #[arg(short, long, default_value = "protocol.yaml", value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
}

/// The ends that send a message.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both.
    Both,
}

/// What was written.
pub(crate) struct Imported {
    /// The file.
    pub(crate) path: PathBuf,
    /// The number of messages.
    pub(crate) messages: usize,
    /// The number of files that they are from.
    pub(crate) schemas: usize,
    /// Files from which nothing became a message, and why.
    pub(crate) omitted: Vec<String>,
    /// The problems of the spec.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The files of the spec.
    pub(crate) sources: Sources,
}

/// Why nothing was written.
pub(crate) enum ImportError {
    /// A file that cannot be read.
    Unreadable(Vec<Diagnostic>, Sources),
    /// Another reason, with what to do about it.
    Refused(String),
    /// The file could not be written.
    Io(io::Error),
}

/// A schema, or a document with schemas.
struct Input {
    /// Its path from the folder of the spec, with `/`.
    path: String,
    root: Value,
    contents: Contents,
}

/// Writes the spec.
pub(crate) fn import(options: &Import) -> Result<Imported, ImportError> {
    let folder = target(options)?;
    let mut inputs: Vec<Input> = Vec::new();
    for schema in &options.schemas {
        let input = read(options, &folder, schema)?;
        if !inputs.iter().any(|known| known.path == input.path) {
            inputs.push(input);
        }
    }
    let draft = draft(options, &inputs)?;
    let (entries, omitted) = entries(options, &inputs);
    if entries.is_empty() {
        return Err(ImportError::Refused(omitted.join("\n")));
    }
    let remotes = remotes::remotes(&folder, &inputs);
    let protocol = match &options.name {
        Some(name) if message_name(name) == *name => name.clone(),
        Some(name) => {
            return refuse(format!(
                "`{name}` cannot be the name of a protocol: a name consists of letters, digits and `_`, in segments separated by `.`, `-` or `:`"
            ));
        }
        None => {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            message_name(&name)
        }
    };
    let mut reserved = BTreeSet::new();
    loop {
        let names = assign(&entries, &reserved);
        let text = text::text(&protocol, draft, options.from, &remotes, &entries, &names);
        fs::write(&options.out, text).map_err(ImportError::Io)?;
        let (diagnostics, sources) = problems(&options.out);
        let clashes = clashes(&diagnostics, &sources, &names);
        // What takes a name may be known only after others were given.
        if clashes.is_subset(&reserved) {
            return Ok(Imported {
                path: options.out.clone(),
                messages: entries.len(),
                schemas: entries
                    .iter()
                    .map(|entry| entry.input)
                    .collect::<BTreeSet<_>>()
                    .len(),
                omitted,
                diagnostics,
                sources,
            });
        }
        reserved.extend(clashes);
    }
}

fn refuse<T>(why: String) -> Result<T, ImportError> {
    Err(ImportError::Refused(why))
}

/// The folder of the spec, if that may be written.
fn target(options: &Import) -> Result<PathBuf, ImportError> {
    let out = &options.out;
    let shown = out.display();
    if let Some(what) = output_paths::obstacle(out) {
        return refuse(format!("`{shown}` {what}"));
    }
    if out.exists() && !options.force {
        return refuse(format!(
            "`{shown}` exists: `--force` replaces it, and `--out FILE` writes another"
        ));
    }
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    folder.canonicalize().or_else(|error| {
        refuse(format!(
            "`{shown}` cannot be written: `{}`: {error}",
            folder.display()
        ))
    })
}

fn read(options: &Import, folder: &Path, schema: &Path) -> Result<Input, ImportError> {
    let shown = schema.display();
    if schema.is_dir() {
        return refuse(format!(
            "`{shown}` is a folder: name the schemas in it, such as `{}`",
            schema.join("*.json").display()
        ));
    }
    let root = handfast_spec::document(schema)
        .map_err(|(diagnostics, sources)| ImportError::Unreadable(diagnostics, sources))?;
    let real = schema.canonicalize().map_err(ImportError::Io)?;
    if options.out.canonicalize().is_ok_and(|out| out == real) {
        return refuse(format!(
            "`{shown}` is the file to be written: choose another one with `--out FILE`"
        ));
    }
    let Ok(inside) = real.strip_prefix(folder) else {
        let common: PathBuf = (real.components().zip(folder.components()))
            .take_while(|(one, other)| one == other)
            .map(|(one, _)| one)
            .collect();
        let out = common.join(options.out.file_name().unwrap_or_default());
        return refuse(format!(
            "`{shown}` is outside the folder of `{}`, and a spec refers only to files beside and below it: copy it there, or write the spec above both, with `--out {}`",
            options.out.display(),
            out.display()
        ));
    };
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    let Some(parts) = parts.filter(|parts| parts.iter().all(|part| !part.contains('\\'))) else {
        return refuse(format!(
            "`{shown}` has a name that no `$ref` can contain: rename it"
        ));
    };
    match contents(&root) {
        Ok(contents) => Ok(Input {
            path: parts.join("/"),
            root,
            contents,
        }),
        Err(why) => refuse(format!("`{shown}` {why}")),
    }
}

/// The draft of schemas that do not name theirs.
fn draft(options: &Import, inputs: &[Input]) -> Result<Option<Draft>, ImportError> {
    if options.draft.is_some() {
        return Ok(options.draft);
    }
    let mut all = inputs
        .iter()
        .filter_map(|input| Some((input, input.contents.draft?)));
    let Some((first, draft)) = all.next() else {
        return Ok(None);
    };
    match all.find(|(_, other)| *other != draft) {
        None => Ok(Some(draft)),
        Some((other, _)) => refuse(format!(
            "the schemas of `{}` and `{}` are of different drafts and do not name them: import them into a spec each, or choose one with `--draft DRAFT`",
            first.path, other.path
        )),
    }
}

/// What becomes a message, and the files from which nothing does.
fn entries(options: &Import, inputs: &[Input]) -> (Vec<Entry>, Vec<String>) {
    let (mut entries, mut omitted) = (Vec::new(), Vec::new());
    for (at, input) in inputs.iter().enumerate() {
        let path = &input.path;
        let Contents {
            definitions,
            is_schema,
            ..
        } = &input.contents;
        let stem = names::stem(path, &input.root);
        if *is_schema && (!options.definitions || definitions.is_empty()) {
            if !input.contents.says_something {
                omitted.push(match definitions.is_empty() {
                    true => format!("`{path}` says nothing of a value, and became no message"),
                    false => format!("`{path}` has only definitions, and became no message: `--definitions` makes a message for each"),
                });
                continue;
            }
            entries.push(Entry {
                name: stem.clone(),
                longer: names::with_folder(path, &stem),
                input: at,
                path: path.clone(),
                pointer: Vec::new(),
            });
            continue;
        }
        if definitions.is_empty() {
            omitted.push(format!(
                "`{path}` has no schemas under `components`, and became no message"
            ));
        }
        for pointer in definitions {
            let name = message_name(pointer.last().map_or("", String::as_str));
            entries.push(Entry {
                longer: message_name(&format!("{stem}.{name}")),
                name,
                input: at,
                path: path.clone(),
                pointer: pointer.clone(),
            });
        }
    }
    (entries, omitted)
}

/// The problems of the written spec.
fn problems(out: &Path) -> (Vec<Diagnostic>, Sources) {
    let Loaded {
        protocol,
        mut diagnostics,
        sources,
    } = handfast_spec::load(out);
    if let Some(protocol) = &protocol {
        diagnostics.extend(shape::shapes(protocol).1);
    }
    (diagnostics, sources)
}

/// The messages whose names are taken: by generated code, or by the session's own messages.
fn clashes(diagnostics: &[Diagnostic], sources: &Sources, names: &[String]) -> BTreeSet<String> {
    let errors = diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error && ["N001", "P018"].contains(&one.code));
    let keys = errors.map(|one| sources.text(one.primary.span).trim_matches('\''));
    keys.filter(|key| names.iter().any(|name| name == key))
        .map(str::to_owned)
        .collect()
}
