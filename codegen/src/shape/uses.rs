//! The type of a place where it is used: declares what needs a name.

use super::choice::Choice;
use super::facts::Place;
use super::form::{self, Form, What};
use super::{Check, Decl, DeclId, DeclKind, Reason, Received, Use, declare::Declarations};
use handfast_schema::SchemaId;

/// More types than this for each schema are not declared.
const MAX_TYPES: usize = 16;

/// What the name of a type is made of: the name of the type that it is in, and the path from there.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    base: String,
    path: Vec<String>,
    /// Whether a part of it is not from the spec: then it gets a number where the name is in use.
    is_ours: bool,
}

impl Hint {
    /// The hint of what is in a type with this name.
    pub(super) const fn new(base: String) -> Self {
        Self {
            base,
            path: Vec::new(),
            is_ours: false,
        }
    }

    /// The hint of a part of it.
    pub(super) fn part(&self, step: &str) -> Self {
        let mut hint = self.clone();
        hint.path.push(step.to_owned());
        hint
    }

    /// The hint of a part whose name is not from the spec.
    pub(super) fn own_part(&self, step: &str) -> Self {
        Self {
            is_ours: true,
            ..self.part(step)
        }
    }

    /// The hint of an item: `Levels` → `Level`; a name that is not a plural gets `Item` appended.
    fn item(&self) -> Self {
        let mut hint = self.clone();
        let last = hint.path.last_mut().unwrap_or(&mut hint.base);
        match last.strip_suffix('s') {
            Some(stem) if !stem.ends_with('s') && !stem.is_empty() => *last = stem.to_owned(),
            _ => last.push_str("Item"),
        }
        hint
    }

    /// The hint with a word appended.
    pub(super) fn with(&self, word: &str) -> Self {
        let mut hint = self.clone();
        hint.path
            .last_mut()
            .unwrap_or(&mut hint.base)
            .push_str(word);
        hint
    }

    /// Whether it is a part of a type, whose name may have been taken by another part: then it gets a number.
    const fn is_part(&self) -> bool {
        self.is_ours || !self.path.is_empty()
    }

    /// The whole path as a name.
    pub(super) fn full(&self) -> String {
        format!("{}{}", self.base, self.path.concat())
    }

    /// Names, the shortest first: a path is needed only where two types would have one name.
    fn names(&self) -> impl Iterator<Item = String> {
        let shortest = self.path.len().min(1);
        (shortest..=self.path.len()).map(|n| {
            let from = self.path.len() - n;
            format!("{}{}", self.base, self.path[from..].concat())
        })
    }
}

impl Declarations<'_> {
    /// The type of a place.
    pub(super) fn at(&mut self, place: &Place, hint: &Hint) -> Use {
        let place = &self.known.whole(place.clone());
        if let Some(decl) = place.whole().and_then(|id| self.named.get(&id)) {
            return Use::Named(*decl);
        }
        // It contains itself, or was found before, without a name from the spec.
        if let Some(made) = self.made.get(place) {
            return made.map_or(Use::Json(Reason::TooManyParts), Use::Named);
        }
        if self.shapes.decls.len() > MAX_TYPES * (self.protocol.schemas.len() + 64) {
            return Use::Json(Reason::TooManyParts);
        }
        let Form { what, beside } = form::form(&self.known, place);
        if !what.has_name() {
            self.made.insert(place.clone(), None);
            let made = self.unnamed(what, hint);
            self.made.remove(place);
            return match beside {
                Some(reason) if !matches!(made, Use::Json(_)) => {
                    Use::Beside(Box::new(made), reason)
                }
                _ => made,
            };
        }
        let name = self.scope.shortest(hint.names(), hint.is_part());
        let id = self.reserve_for(&name, place, &what, hint);
        self.set_check(id, place, (&what, beside));
        self.made.insert(place.clone(), Some(id));
        let span = place.first().map(|id| self.schema(id).span);
        self.scope.take(&name, &name, span.unwrap_or_default());
        let kind = self.named_kind(what, hint, &name);
        self.shapes.decls[id.0].kind = kind;
        Use::Named(id)
    }

    /// Records what checks the values of a place.
    pub(super) fn set_check(
        &mut self,
        id: DeclId,
        place: &Place,
        (what, beside): (&What, Option<Reason>),
    ) {
        self.shapes.decls[id.0].check = match beside {
            None => Check::Type,
            Some(reason) if place.single().is_some() => Check::Schema(reason),
            Some(reason) => Check::Outside(reason),
        };
        if let What::Choice(Choice {
            overlap: Some(overlap),
            ..
        }) = what
        {
            self.overlapping.push((id, *overlap));
        }
    }

    fn reserve_for(&mut self, name: &str, place: &Place, what: &What, hint: &Hint) -> DeclId {
        let schema = place
            .first()
            .or_else(|| place.either.first().copied().flatten());
        let schema = schema.unwrap_or(SchemaId(0));
        let annotations = &self.schema(schema).annotations;
        let is_alone = place.single().is_some();
        let description = annotations
            .description
            .clone()
            .or_else(|| annotations.title.clone())
            .filter(|_| is_alone);
        let is_plain = match what {
            What::Choice(_) => false,
            What::Tuple(sequence) => {
                sequence.rest.is_none() && sequence.required == sequence.items.len()
            }
            _ => true,
        };
        let id = DeclId(self.shapes.decls.len());
        self.shapes.decls.push(Decl {
            rust: name.to_owned(),
            ts: name.to_owned(),
            schema,
            rust_only: hint.is_ours || place.whole().is_none() || !is_plain,
            check: Check::Type,
            description,
            section: self.section,
            message: self.message,
            received: Received::default(),
            kind: DeclKind::Alias(Use::Null),
        });
        id
    }

    /// The kind of a type that has a name.
    pub(super) fn named_kind(&mut self, what: What, hint: &Hint, name: &str) -> DeclKind {
        match what {
            What::Literals { values, open } => self.literals(values, open),
            What::Struct(product) => self.product(product, hint, name),
            What::Tagged { tag, branches } => self.tagged(tag, branches, hint),
            What::Choice(choice) => self.choice(choice, hint),
            What::Tuple(sequence) => self.sequence(sequence, hint),
            other => DeclKind::Alias(self.unnamed(other, hint)),
        }
    }

    /// The type of a place that needs no name of its own.
    pub(super) fn unnamed(&mut self, what: What, hint: &Hint) -> Use {
        match what {
            What::Json(reason) => Use::Json(reason),
            What::Same(place) => self.at(&place, hint),
            What::Null => Use::Null,
            What::Boolean => Use::Boolean,
            What::Number => Use::Number,
            What::Integer(ty) => Use::Integer(ty),
            What::AnyInteger => Use::AnyInteger,
            What::Text => Use::Text,
            What::Foreign(path) => Use::Foreign(path),
            What::TextInteger { signed } => Use::TextInteger { signed },
            What::Bytes => Use::Bytes,
            What::List(items) => Use::List(Box::new(self.maybe(items, &hint.item()))),
            What::Map(values) => Use::Map(Box::new(self.maybe(values, &hint.with("Value")))),
            What::Nullable(place) => Use::Nullable(Box::new(self.at(&place, hint))),
            What::Implied(place) => {
                let kinds = place.kinds;
                Use::Implied(Box::new(self.at(&place, hint)), kinds)
            }
            What::Literals { .. }
            | What::Struct(_)
            | What::Tagged { .. }
            | What::Choice(_)
            | What::Tuple(_) => {
                let name = self.scope.shortest(hint.names(), hint.is_part());
                let place = Place::any();
                let id = self.reserve_for(&name, &place, &what, hint);
                self.shapes.decls[id.0].check = Check::Outside(Reason::AllOf);
                self.scope
                    .take(&name, &name, handfast_schema::Span::default());
                let kind = self.named_kind(what, hint, &name);
                self.shapes.decls[id.0].kind = kind;
                Use::Named(id)
            }
        }
    }

    pub(super) fn maybe(&mut self, place: Option<Place>, hint: &Hint) -> Use {
        place.map_or(Use::Json(Reason::AnyValue), |place| self.at(&place, hint))
    }
}
