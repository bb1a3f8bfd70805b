//! Resolves `$ref`: pointers, anchors, files beside the spec.

use super::{Lowering, Mark, Reached, Site, keywords};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::{MAX_FILES, Refused};
use crate::tree::Kind;
use crate::yaml;
use handfast_schema::{SchemaId, Span};
use std::rc::Rc;

/// Whether an address begins with a scheme: `https:`.
pub(super) fn has_scheme(address: &str) -> bool {
    let scheme = address.split(':').next().unwrap_or_default();
    scheme.len() < address.len()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'))
}

/// A relative path from a file, without `.` and `..`; none where it leaves the folder or is absolute.
pub(super) fn join(base: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Undoes `%20`; none where that makes no UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Words of a pointer that name no type by themselves.
const STRUCTURAL: [&str; 7] = [
    "types", "messages", "errors", "channels", "params", "client", "server",
];

/// A target, and the name that the reference to it makes.
struct Target {
    site: Site,
    name: String,
    named_at: Span,
}

impl Lowering<'_> {
    /// What a reference in a schema points at; the place is reserved, and lowered later.
    pub(super) fn refer(&mut self, from: Site, text: &str, at: Span) -> Option<(SchemaId, Site)> {
        let target = self.resolve(from, text, at)?;
        let id = self.reserve(target.site);
        let mark: &mut Mark = &mut self.docs[target.site.doc].marks[target.site.node];
        if !mark.named {
            mark.named = true;
            let Target {
                name,
                named_at: span,
                ..
            } = target;
            self.reached.push(Reached {
                name,
                span,
                schema: id,
            });
        }
        if !mark.lowered {
            self.queue.push(target.site);
        }
        Some((id, target.site))
    }

    fn resolve(&mut self, from: Site, text: &str, at: Span) -> Option<Target> {
        let own = self.docs[from.doc].marks[from.node].resource?;
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        if has_scheme(path) || path.starts_with("//") {
            let message = format!("`{text}` is an address, and none is ever fetched");
            let help = "keep a copy beside the spec, and refer to it by its relative path";
            self.out
                .push(Diagnostic::error("S004", at, message).help(help));
            return None;
        }
        let (Some(path), Some(fragment)) = (percent_decode(path), percent_decode(fragment)) else {
            let message = format!("`{text}` has a `%` that encodes nothing");
            self.out.push(Diagnostic::error("S003", at, message));
            return None;
        };
        // The resource referred to, and the document whose root a pointer may start at.
        let (resource, doc) = if path.is_empty() {
            (Some(own), from.doc)
        } else {
            let Some(address) = join(&self.resources[own].base, &path) else {
                self.outside(&path, at);
                return None;
            };
            match self.by_id.get(&address) {
                Some(resource) => (Some(*resource), self.resources[*resource].root.doc),
                None => {
                    let doc = self.document(&address, at)?;
                    let root = Site {
                        doc,
                        node: self.docs[doc].tree.root,
                    };
                    let resource = self.docs[doc].marks[root.node].resource;
                    (resource.filter(|at| self.resources[*at].root == root), doc)
                }
            }
        };
        let root = Site {
            doc,
            node: self.docs[doc].tree.root,
        };
        if let Some(pointer) = fragment.strip_prefix('/') {
            let first = unescape(pointer.split('/').next().unwrap_or_default());
            // `#/$defs/x` is meant from the schema's own root, `#/types/X` from the file's.
            let inner = resource.map(|at| self.resources[at].root).filter(|root| {
                let tree = &self.docs[root.doc].tree;
                keywords::find(&first).is_some() && tree.get(root.node, &first).is_some()
            });
            return self.follow(inner.unwrap_or(root), pointer, text, at);
        }
        if fragment.is_empty() {
            let site = resource.map_or(root, |at| self.resources[at].root);
            let named_at = self.docs[site.doc].tree.node(site.node).span;
            let file = self.docs[site.doc]
                .path
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let stem = file.split('.').next().unwrap_or_default();
            let name = self.key_of(site).unwrap_or_else(|| stem.to_owned());
            return self.target(site, &name, named_at, text, at);
        }
        let anchors = resource.map(|at| &self.resources[at].anchors);
        if let Some((site, named_at, _)) = anchors.and_then(|all| all.get(&fragment)).copied() {
            return self.target(site, &fragment, named_at, text, at);
        }
        let known = anchors
            .into_iter()
            .flat_map(|all| all.keys().map(String::as_str));
        let mut help = did_you_mean(&fragment, known);
        let types = self.docs[doc].tree.get(root.node, "types");
        if types.is_some_and(|types| self.docs[doc].tree.get(types, &fragment).is_some()) {
            help = Some(format!("a type is meant by `{path}#/types/{fragment}`"));
        }
        let message = format!("there is no anchor `{fragment}`");
        self.out
            .push(Diagnostic::error("S003", at, message).maybe_help(help));
        None
    }

    /// Follows a JSON Pointer (RFC 6901) from a place.
    fn follow(&mut self, from: Site, pointer: &str, text: &str, at: Span) -> Option<Target> {
        let tree = Rc::clone(&self.docs[from.doc].tree);
        let mut node = from.node;
        let mut named_at = tree.node(node).span;
        let mut name: Vec<String> = Vec::new();
        // Keys of maps of schemas are names, whatever they are; other keys are keywords.
        let mut names_follow = false;
        for token in pointer.split('/') {
            let token = unescape(token);
            let next = match &tree.node(node).kind {
                Kind::Map(map) => map.get(&token).map(|entry| {
                    named_at = entry.at;
                    entry.value
                }),
                Kind::List(items) => {
                    let index = token.parse::<usize>().ok();
                    index.and_then(|index| items.get(index)).copied()
                }
                Kind::Broken => return None,
                _ => None,
            };
            let Some(next) = next else {
                let known = tree.entries(node).iter().map(|entry| entry.key.as_str());
                let near = crate::diagnostic::nearest(&token, known.filter(|_| self.out.patient()));
                let help =
                    near.map(|near| format!("did you mean `{}`?", text.replace(&token, near)));
                let message = format!("`{text}` points at nothing: there is no `{token}`");
                self.out
                    .push(Diagnostic::error("S003", at, message).maybe_help(help));
                return None;
            };
            node = next;
            let keyword = keywords::find(&token).filter(|_| !names_follow);
            let structural = name.is_empty() && STRUCTURAL.contains(&token.as_str());
            match keyword {
                Some(keyword) if keyword.value == keywords::Value::SchemaMap => names_follow = true,
                Some(_) => name.push(token),
                None if !names_follow && (structural || token == "payload") => {}
                None if names_follow || !token.bytes().all(|b| b.is_ascii_digit()) => {
                    name = vec![token];
                    names_follow = false;
                }
                None => name.push(token),
            }
        }
        let site = Site {
            doc: from.doc,
            node,
        };
        self.target(site, &name.join("."), named_at, text, at)
    }

    fn target(
        &mut self,
        site: Site,
        name: &str,
        named_at: Span,
        text: &str,
        at: Span,
    ) -> Option<Target> {
        let doc = &self.docs[site.doc];
        if doc.tree.is_broken(site.node) {
            return None;
        }
        if doc.marks[site.node].resource.is_none() {
            let message = format!("`{text}` points at something that is no schema");
            let found = doc.tree.node(site.node).kind.what();
            let mut problem = Diagnostic::error("S006", at, message);
            problem = problem.label(named_at, format!("this is {found} of the file"));
            let help = "a schema that is shared stands under `types`";
            self.out.push(problem.help(help));
            return None;
        }
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
        let name = name.trim_matches(['.', '_']).to_owned();
        let name = if name.is_empty() {
            "Schema".to_owned()
        } else {
            name
        };
        Some(Target {
            site,
            name,
            named_at,
        })
    }

    /// The key under which the root of a resource stands in its file.
    fn key_of(&self, site: Site) -> Option<String> {
        let tree = &self.docs[site.doc].tree;
        let types = tree.get(tree.root, "types")?;
        let entry = tree
            .entries(types)
            .iter()
            .find(|entry| entry.value == site.node)?;
        Some(entry.key.clone())
    }

    fn outside(&mut self, path: &str, at: Span) {
        let message = format!("`{path}` lies outside the folder of the spec");
        let help = "a spec refers to files beside and below it, so that it can be moved as a whole";
        self.out
            .push(Diagnostic::error("S005", at, message).help(help));
    }

    /// The document of a path, read where it is not there yet. What goes wrong is said at the first reference.
    fn document(&mut self, path: &str, at: Span) -> Option<usize> {
        if let Some(known) = self.by_path.get(path) {
            return *known;
        }
        self.by_path.insert(path.to_owned(), None);
        if self.docs.len() >= MAX_FILES {
            let message = format!("the spec has more than {MAX_FILES} files");
            self.out.push(Diagnostic::error("Y008", at, message));
            return None;
        }
        let found = match self.files.read(path) {
            Ok(found) => found,
            Err(Refused::Outside) => {
                self.outside(path, at);
                return None;
            }
            Err(refused) => {
                self.out.push(crate::load::refused(path, &refused, at));
                return None;
            }
        };
        // Two paths may lead to one file.
        let same = |path: &std::path::Path| {
            self.sources
                .iter()
                .position(|known| known.path.as_deref() == Some(path))
        };
        if let Some(number) = found.path.as_deref().and_then(same)
            && number < self.docs.len()
        {
            self.by_path.insert(path.to_owned(), Some(number));
            return Some(number);
        }
        let (source, text) =
            crate::load::text(path, found.path, found.bytes, self.sources, self.out);
        // A file that cannot be read stands as a document with nothing in it, so that numbers stay those of the sources.
        let tree = text.and_then(|text| yaml::read(source, &text, self.out));
        let readable = tree.is_some();
        let tree = Rc::new(tree.unwrap_or_else(|| {
            let mut tree = crate::tree::Document::new();
            tree.root = tree.push(
                Span {
                    source,
                    start: 0,
                    end: 0,
                },
                Kind::Broken,
            );
            tree
        }));
        let doc = self.add(Rc::clone(&tree), path.to_owned());
        if !readable {
            self.by_path.insert(path.to_owned(), None);
            return None;
        }
        let types = tree.get(tree.root, "types");
        for entry in types.map(|types| tree.entries(types)).unwrap_or_default() {
            self.survey_root(doc, entry.value);
        }
        if tree.get(tree.root, "handfast").is_none() && types.is_none() {
            self.survey_root(doc, tree.root);
        }
        Some(doc)
    }
}

/// `~1` and `~0` of RFC 6901.
fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
