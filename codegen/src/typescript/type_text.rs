//! The text of a type, and how it is put together with others.

use std::collections::BTreeSet;

/// A type, and the precedence of its operator.
#[derive(Clone)]
pub(super) struct Ty {
    pub(super) text: String,
    pub(super) level: Level,
    /// The members of a union.
    members: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Union,
    Intersection,
    Operator,
    Atom,
}

impl Ty {
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            level: Level::Atom,
            members: Vec::new(),
        }
    }

    pub(super) fn operator(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            level: Level::Operator,
            members: Vec::new(),
        }
    }

    /// As an operand of an operator.
    pub(super) fn within(self, level: Level) -> String {
        if self.level < level {
            format!("({})", self.text)
        } else {
            self.text
        }
    }

    pub(super) fn list(self) -> Self {
        Self::operator(format!("readonly {}[]", self.within(Level::Atom)))
    }

    /// A union of members that differ.
    pub(super) fn union(members: Vec<String>) -> Self {
        Self {
            text: members.join(" | "),
            level: Level::Union,
            members,
        }
    }

    /// As the members of a union.
    pub(super) fn into_members(self) -> Vec<String> {
        match self.level {
            Level::Union => self.members,
            _ => vec![self.text],
        }
    }
}

/// A union, without duplicates.
pub(super) fn either(members: Vec<Ty>) -> Ty {
    let mut distinct: Vec<Ty> = Vec::new();
    let mut known = BTreeSet::new();
    // `null` comes last.
    let (nulls, others): (Vec<Ty>, Vec<Ty>) = members.into_iter().partition(|ty| ty.text == "null");
    for member in others.into_iter().chain(nulls) {
        if member.text == "unknown" {
            return member;
        }
        if member.text != "never" && known.insert(member.text.clone()) {
            distinct.push(member);
        }
    }
    if distinct.len() < 2 {
        return distinct.pop().unwrap_or_else(|| Ty::atom("never"));
    }
    Ty::union(distinct.into_iter().flat_map(Ty::into_members).collect())
}

/// An intersection.
pub(super) fn both(members: Vec<Ty>) -> Ty {
    let mut distinct: Vec<Ty> = Vec::new();
    let mut known = BTreeSet::new();
    for member in members {
        if member.text != "unknown" && known.insert(member.text.clone()) {
            distinct.push(member);
        }
    }
    if distinct.len() < 2 {
        return distinct.pop().unwrap_or_else(|| Ty::atom("unknown"));
    }
    let parts: Vec<String> = distinct
        .into_iter()
        .map(|ty| ty.within(Level::Operator))
        .collect();
    Ty {
        text: parts.join(" & "),
        level: Level::Intersection,
        members: Vec::new(),
    }
}
