//! Resolves `$ref`: pointers, anchors, addresses, files beside the spec.

use super::address::{self, percent_decode};
use super::{Lowering, Mark, Reached, Site, keywords};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::tree::Kind;
use handfast_schema::{SchemaId, Span};
use std::rc::Rc;

/// A path relative to a file, without `.` and `..`; `None` if it leaves the folder or is absolute.
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

/// Tokens of a pointer that do not name a type by themselves.
const STRUCTURAL: [&str; 7] = [
    "types", "messages", "errors", "channels", "params", "client", "server",
];

/// A target, and the name that the reference gives it.
struct Target {
    site: Site,
    name: String,
    named_at: Span,
}

impl Lowering<'_> {
    /// The target of a reference in a schema; its id is reserved, and it is lowered later.
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
        let (to, fragment) = address::split_fragment(text);
        let Some(fragment) = percent_decode(fragment) else {
            self.badly_encoded(text, at);
            return None;
        };
        // The target resource, and the document at whose root a pointer may start.
        let (resource, doc) = if to.is_empty() {
            (Some(own), from.doc)
        } else if self.settings.is_plain() {
            self.by_address(own, to, text, at)?
        } else {
            self.beside(own, to, text, at)?
        };
        let root = Site {
            doc,
            node: self.docs[doc].tree.root,
        };
        if let Some(pointer) = fragment.strip_prefix('/') {
            let first = unescape(pointer.split('/').next().unwrap_or_default());
            // `#/$defs/x` is relative to the schema's own root, `#/types/X` to the file's.
            let plain = self.settings.is_plain();
            let inner = resource.map(|at| self.resources[at].root).filter(|root| {
                let tree = &self.docs[root.doc].tree;
                let draft = resource.map(|at| self.resources[at].dialect.draft);
                let draft = draft.unwrap_or(self.settings.draft);
                let is_word = plain || keywords::find(&first, draft).is_some();
                let id = draft.id_keyword().and_then(|key| tree.get(root.node, key));
                let has_address = plain && id.is_some();
                has_address || is_word && tree.get(root.node, &first).is_some()
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
            .flat_map(|all| all.keys().map(String::as_str))
            .filter(|_| self.out.wants_suggestions());
        let mut help = did_you_mean(&fragment, known);
        let types = self.docs[doc].tree.get(root.node, "types");
        if types.is_some_and(|types| self.docs[doc].tree.get(types, &fragment).is_some()) {
            help = Some(format!("for a type, write `{to}#/types/{fragment}`"));
        }
        let message = format!("there is no anchor `{fragment}`");
        self.out
            .push(Diagnostic::error("S003", at, message).maybe_help(help));
        None
    }

    /// The resource at a path beside the spec.
    fn beside(
        &mut self,
        own: usize,
        to: &str,
        text: &str,
        at: Span,
    ) -> Option<(Option<usize>, usize)> {
        if address::scheme(to).is_some() || to.starts_with("//") {
            let message = format!("`{text}` is a remote address, and nothing is fetched");
            let help = "keep a copy beside the spec, and refer to it by its relative path";
            self.out
                .push(Diagnostic::error("S004", at, message).help(help));
            return None;
        }
        let Some(path) = percent_decode(to) else {
            self.badly_encoded(text, at);
            return None;
        };
        let Some(address) = join(&self.resources[own].base, &path) else {
            self.outside(&path, at);
            return None;
        };
        match self.by_id.get(&address) {
            Some(resource) => Some((Some(*resource), self.resources[*resource].root.doc)),
            None => self.document(&address, at).map(|doc| self.root_of(doc)),
        }
    }

    /// The resource at an address: in the document, in `remotes`, or in a file beside the spec.
    fn by_address(
        &mut self,
        own: usize,
        to: &str,
        text: &str,
        at: Span,
    ) -> Option<(Option<usize>, usize)> {
        let address = address::resolve(&self.resources[own].base, to);
        if let Some(resource) = self.by_id.get(&address) {
            return Some((Some(*resource), self.resources[*resource].root.doc));
        }
        if self.settings.remotes.contains_key(&address) {
            return self.remote(&address).map(|doc| self.root_of(doc));
        }
        if let Some(resource) = self.meta_schema(&address, at) {
            return Some((Some(resource), self.resources[resource].root.doc));
        }
        if address::scheme(&address).is_some() || address.starts_with('/') {
            let message = format!("`{text}` is a remote address, and nothing is fetched");
            let help =
                format!("keep a copy beside the spec, and name it under `remotes`: `{address}`");
            self.out
                .push(Diagnostic::error("S004", at, message).help(help));
            return None;
        }
        let Some(path) = percent_decode(&address) else {
            self.badly_encoded(text, at);
            return None;
        };
        let Some(path) = join("", &path) else {
            self.outside(&path, at);
            return None;
        };
        self.document(&path, at).map(|doc| self.root_of(doc))
    }

    /// A document, and the resource that it is as a whole, if it is one.
    fn root_of(&self, doc: usize) -> (Option<usize>, usize) {
        let root = Site {
            doc,
            node: self.docs[doc].tree.root,
        };
        let resource = self.docs[doc].marks[root.node].resource;
        (resource.filter(|at| self.resources[*at].root == root), doc)
    }

    fn badly_encoded(&mut self, text: &str, at: Span) {
        let message = format!("`{text}` has an invalid percent-encoding");
        self.out.push(Diagnostic::error("S003", at, message));
    }

    /// Follows a JSON Pointer (RFC 6901) from a node.
    fn follow(&mut self, from: Site, pointer: &str, text: &str, at: Span) -> Option<Target> {
        let tree = Rc::clone(&self.docs[from.doc].tree);
        let mut node = from.node;
        let mut named_at = tree.node(node).span;
        let mut name: Vec<String> = Vec::new();
        // In a map of schemas any key is a name; elsewhere keys are keywords.
        let mut names_follow = false;
        let mut resource = None;
        for token in pointer.split('/') {
            resource = self.docs[from.doc].marks[node].resource.or(resource);
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
                let near = crate::diagnostic::nearest(
                    &token,
                    known.filter(|_| self.out.wants_suggestions()),
                );
                let help =
                    near.map(|near| format!("did you mean `{}`?", text.replace(&token, near)));
                let message = format!("`{text}` does not resolve: there is no `{token}`");
                self.out
                    .push(Diagnostic::error("S003", at, message).maybe_help(help));
                return None;
            };
            node = next;
            let keyword = keywords::with_name(&token).find(|_| !names_follow);
            let structural = name.is_empty() && STRUCTURAL.contains(&token.as_str());
            let components = token == "schemas" && name == ["components"];
            match keyword {
                Some(keyword) if keyword.value == keywords::Value::SchemaMap => names_follow = true,
                None if components => names_follow = true,
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
        // JSON Schema allows a reference to anything that is not a keyword.
        if let Some(resource) = resource.filter(|_| self.settings.is_plain()) {
            self.survey(site.doc, &tree, site.node, resource);
        }
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
            let message = format!("the target of `{text}` is not a schema");
            let found = doc.tree.node(site.node).kind.what();
            let mut problem = Diagnostic::error("S006", at, message);
            problem = problem.label(named_at, format!("this is {found} of the file"));
            let help = "put a shared schema under `types`";
            self.out.push(problem.help(help));
            return None;
        }
        let name = name.replace(|c: char| !c.is_alphanumeric() && c != '.', "_");
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

    /// The key of the root of a resource in its file: that of a type, or of the message whose payload it is.
    fn key_of(&self, site: Site) -> Option<String> {
        let tree = &self.docs[site.doc].tree;
        let messages = tree.get(tree.root, "messages");
        let messages = messages.map(|messages| tree.entries(messages));
        for message in messages.unwrap_or_default() {
            if tree.get(message.value, "payload") == Some(site.node) {
                return Some(format!("{}.payload", message.key));
            }
        }
        let types = tree.get(tree.root, "types")?;
        let entry = tree
            .entries(types)
            .iter()
            .find(|entry| entry.value == site.node)?;
        Some(entry.key.clone())
    }
}

/// Decodes `~1` and `~0` of RFC 6901.
fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
