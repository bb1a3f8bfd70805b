//! Documents beside the spec, found by path or by address.

use super::dialect::Remote;
use super::draft::Draft;
use super::{Lowering, refs::join};
use crate::diagnostic::Diagnostic;
use crate::source::{MAX_FILES, ReadError};
use crate::tree::{Document, Kind};
use crate::yaml;
use handfast_schema::Span;
use std::rc::Rc;

impl Lowering<'_> {
    /// The document at a path, read on first use. Problems are reported at the first reference.
    pub(super) fn document(&mut self, path: &str, at: Span) -> Option<usize> {
        if let Some(known) = self.by_path.get(path) {
            return *known;
        }
        self.by_path.insert(path.to_owned(), None);
        let (doc, fresh) = self.open(path, path, at)?;
        self.by_path.insert(path.to_owned(), Some(doc));
        if fresh {
            let tree = Rc::clone(&self.docs[doc].tree);
            let types = tree.get(tree.root, "types");
            for entry in types.map(|types| tree.entries(types)).unwrap_or_default() {
                self.survey_root(doc, entry.value);
            }
            if tree.get(tree.root, "handfast").is_none() && types.is_none() {
                self.survey_file(doc, &tree);
            }
        }
        Some(doc)
    }

    /// The document for an address, read on first use. Problems are reported once, where the file is named.
    pub(super) fn remote(&mut self, address: &str) -> Option<usize> {
        let Remote { file, at, doc } = self.settings.remotes.get(address)?;
        if let Some(known) = doc {
            return *known;
        }
        let (file, at) = (file.clone(), *at);
        self.settle(address, None);
        let Some(path) = join("", &file) else {
            self.outside(&file, at);
            return None;
        };
        let (doc, _) = self.open(&path, address, at)?;
        self.settle(address, Some(doc));
        let tree = Rc::clone(&self.docs[doc].tree);
        self.survey_file(doc, &tree);
        Some(doc)
    }

    /// Surveys a file that is a schema, or an OpenAPI document.
    fn survey_file(&mut self, doc: usize, tree: &Document) {
        match Draft::of_openapi(tree) {
            Some(draft) => self.survey_openapi(doc, draft),
            None => self.survey_root(doc, tree.root),
        }
    }

    fn settle(&mut self, address: &str, doc: Option<usize>) {
        if let Some(remote) = self.settings.remotes.get_mut(address) {
            remote.doc = Some(doc);
        }
    }

    /// Reads a file under an address, and returns whether it is new. A file may be present under its path and under
    /// addresses: its relative references then mean different things.
    fn open(&mut self, path: &str, address: &str, at: Span) -> Option<(usize, bool)> {
        if self.docs.len() >= MAX_FILES {
            let message = format!("the spec has more than {MAX_FILES} files");
            self.out.push(Diagnostic::error("Y008", at, message));
            return None;
        }
        let found = match self.files.read(path) {
            Ok(found) => found,
            Err(ReadError::Outside) => {
                self.outside(path, at);
                return None;
            }
            Err(unreadable_file) => {
                self.out
                    .push(crate::load::unreadable_file(path, &unreadable_file, at));
                return None;
            }
        };
        // Two paths may lead to one file.
        let same = |path: &std::path::Path| {
            let mut known = self.sources.iter().zip(&self.docs);
            known.position(|(source, doc)| {
                source.path.as_deref() == Some(path) && doc.path == doc.address
            })
        };
        if path == address
            && let Some(number) = found.path.as_deref().and_then(same)
        {
            return Some((number, false));
        }
        let (source, text) =
            crate::load::text(path, found.path, found.bytes, self.sources, self.out);
        // An unreadable file becomes an empty document, so that the numbers of documents remain those of the sources.
        let tree = text.and_then(|text| yaml::read(source, &text, self.out));
        let readable = tree.is_some();
        let tree = tree.unwrap_or_else(|| {
            let mut tree = Document::new();
            let span = Span {
                source,
                start: 0,
                end: 0,
            };
            tree.root = tree.push(span, Kind::Broken);
            tree
        });
        let doc = self.add(Rc::new(tree), path, address);
        readable.then_some((doc, true))
    }

    pub(super) fn outside(&mut self, path: &str, at: Span) {
        let message = format!("`{path}` is outside the folder of the spec");
        let help = "a spec refers to files beside and below it, so that it can be moved as a whole";
        self.out
            .push(Diagnostic::error("S005", at, message).help(help));
    }
}
