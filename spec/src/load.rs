//! Entry points: from a path or a text to a protocol and its diagnostics.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Protocol;
use crate::schema::Lowering;
use crate::source::{Files, MAX_FILE_BYTES, ReadError, Sources, read_bounded};
use crate::{check, hash, language, parse, resolve, schema, yaml};
use handfast_schema::{SchemaId, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The result of reading a spec.
#[derive(Debug)]
pub struct Loaded {
    /// The protocol; `None` if there are errors.
    pub protocol: Option<Protocol>,
    /// Every problem, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read, the spec first.
    pub sources: Sources,
}

/// Reads the spec at a path, and the files beside and below it that it refers to.
pub fn load(path: &Path) -> Loaded {
    let mut sources = Sources::default();
    let mut out = Diagnostics::default();
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into());
    let shown = path.display().to_string();
    let bytes = match read_bounded(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            sources.add(shown.clone(), Some(path.to_owned()), String::new());
            out.push(unreadable_file(&shown, &reason, Span::default()));
            return Loaded {
                protocol: None,
                diagnostics: out.into_sorted(),
                sources,
            };
        }
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let files = Files::Folder(folder);
    let (_, text) = text(&shown, Some(canonical), bytes, &mut sources, &mut out);
    let protocol = text.and_then(|text| read(&name, &text, &files, &mut sources, &mut out));
    Loaded {
        protocol,
        diagnostics: out.into_sorted(),
        sources,
    }
}

/// Reads a JSON or YAML file that is not a spec, such as a schema.
///
/// # Errors
/// Why it cannot be read, and its text to show where.
pub fn document(path: &Path) -> Result<serde_json::Value, (Vec<Diagnostic>, Sources)> {
    let mut sources = Sources::default();
    let mut out = Diagnostics::default();
    let shown = path.display().to_string();
    let tree = match read_bounded(path) {
        Ok(bytes) => {
            let path = Some(path.to_owned());
            let (source, text) = text(&shown, path, bytes, &mut sources, &mut out);
            text.and_then(|text| yaml::read(source, &text, &mut out))
        }
        Err(reason) => {
            sources.add(shown.clone(), Some(path.to_owned()), String::new());
            out.push(unreadable_file(&shown, &reason, Span::default()));
            None
        }
    };
    match tree.filter(|_| out.errors() == 0) {
        Some(tree) => Ok(tree.json(tree.root)),
        None => Err((out.into_sorted(), sources)),
    }
}

/// Reads a spec from memory. `files` are the targets of `$ref`, by their path relative to the spec, with `/`.
pub fn load_str(name: &str, bytes: &[u8], files: &BTreeMap<String, Vec<u8>>) -> Loaded {
    let mut sources = Sources::default();
    let mut out = Diagnostics::default();
    let files = Files::Memory(files);
    let (_, text) = text(name, None, bytes.to_vec(), &mut sources, &mut out);
    let protocol = text.and_then(|text| read(name, &text, &files, &mut sources, &mut out));
    Loaded {
        protocol,
        diagnostics: out.into_sorted(),
        sources,
    }
}

fn read(
    name: &str,
    text: &str,
    files: &Files<'_>,
    sources: &mut Sources,
    out: &mut Diagnostics,
) -> Option<Protocol> {
    let mut document = yaml::read(0, text, out)?;
    parse::form::check(&mut document, &language::ROOT, out);
    let document = Rc::new(document);
    document.map(document.root)?;
    for problem in schema::dialect::check(&document) {
        out.push(problem);
    }
    let lowering = Lowering::new(Rc::clone(&document), name.to_owned(), files, sources, out);
    let (mut protocol, lowered) = resolve::resolve(&document, lowering);
    check::check(&protocol, &document, &lowered, out);
    if out.errors() > 0 {
        return None;
    }
    let roots = roots(&protocol);
    match protocol.schemas.resolve_dynamic_refs(&roots) {
        Ok(false) => {}
        Ok(true) => check::circles(&protocol, &document, &lowered, out),
        Err(error) => {
            let help = "declare the same dynamic anchor in fewer resources";
            let at = protocol.name.span;
            out.push(Diagnostic::error("S023", at, error.to_string()).help(help));
        }
    }
    if let Err(error) = protocol.schemas.merge_shared_fields() {
        let help = "describe the same property in fewer parts of one `allOf`";
        let at = protocol.name.span;
        out.push(Diagnostic::error("S023", at, error.to_string()).help(help));
    }
    if out.errors() > 0 {
        return None;
    }
    protocol.hash = hash::hash(&protocol);
    Some(protocol)
}

/// Every schema that is used outside of schemas.
fn roots(protocol: &Protocol) -> Vec<SchemaId> {
    let types = protocol.types.iter().map(|ty| ty.schema);
    let data = protocol.errors.iter().filter_map(|error| error.data);
    let params = protocol
        .channels
        .iter()
        .flat_map(|channel| channel.params.iter().map(|param| param.schema));
    let sent = protocol
        .messages
        .iter()
        .flat_map(|message| [&message.client, &message.server]);
    let payloads = sent.flatten().filter_map(|sent| sent.payload);
    let infos = protocol
        .channels
        .iter()
        .filter_map(|one| one.presence?.info);
    let roots = types.chain(data).chain(params);
    roots.chain(infos).chain(payloads).collect()
}

/// The diagnostic for a file that could not be read.
pub(crate) fn unreadable_file(name: &str, reason: &ReadError, at: Span) -> Diagnostic {
    match reason {
        ReadError::Outside => Diagnostic::error(
            "S005",
            at,
            format!("`{name}` is outside the folder of the spec"),
        ),
        ReadError::Unreadable(words) => {
            let problem =
                Diagnostic::error("Y001", at, format!("`{name}` cannot be read: {words}"));
            // The spec itself is named on the command line.
            let is_named = at != Span::default();
            problem.maybe_help(
                is_named.then(|| "a path is relative to the file in which it stands".to_owned()),
            )
        }
        ReadError::TooLarge(bytes) => {
            let message = format!("`{name}` has {bytes} bytes; the maximum is {MAX_FILE_BYTES}");
            Diagnostic::error("Y008", at, message)
        }
    }
}

/// Registers the text of a file; reports a file that is not UTF-8 and returns `None`.
pub(crate) fn text(
    name: &str,
    path: Option<PathBuf>,
    bytes: Vec<u8>,
    sources: &mut Sources,
    out: &mut Diagnostics,
) -> (u32, Option<String>) {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let source = sources.add(name.to_owned(), path, String::new());
        let at = Span {
            source,
            start: 0,
            end: 0,
        };
        out.push(unreadable_file(
            name,
            &ReadError::TooLarge(bytes.len() as u64),
            at,
        ));
        return (source, None);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (sources.add(name.to_owned(), path, text.clone()), Some(text)),
        Err(error) => {
            let start = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
            let byte = error
                .as_bytes()
                .get(start as usize)
                .copied()
                .unwrap_or_default();
            let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = sources.add(name.to_owned(), path, lossy);
            let message = format!("the file is not UTF-8: the byte 0x{byte:02X} is invalid here");
            let help = "save the file as UTF-8";
            // Invalid bytes were replaced by U+FFFD, which is three bytes long.
            let at = Span {
                source,
                start,
                end: start + 3,
            };
            out.push(Diagnostic::error("Y002", at, message).help(help));
            (source, None)
        }
    }
}
