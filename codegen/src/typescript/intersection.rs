//! Intersections of types, as short as what they say.

use super::{
    context::Context,
    recursion::Recursion,
    type_tree::{Kinds, Member, Object, Ty, either},
};
use handfast_schema::SchemaId;
use std::collections::BTreeSet;

/// TypeScript multiplies the alternatives of an intersection out. Where there would be more than these, the longest union
/// whose type has no name is left out.
const MAX_ALTERNATIVES: usize = 500;

/// A required property of another part is written again if its type is no longer than this.
const MAX_REPEATED: usize = 40;

/// A part of a type that has a name is written again if it has no more parts than this.
const MAX_WRITTEN_AGAIN: usize = 16;

impl Context<'_> {
    /// The type of what all of these types have.
    pub(super) fn intersect(&self, parts: Vec<Ty>) -> Ty {
        let (mut unknown, mut known) = (None, BTreeSet::new());
        let mut distinct = Vec::new();
        let flat = parts.into_iter().flat_map(|part| match part {
            Ty::Both(parts) => parts,
            part => vec![part],
        });
        for part in flat {
            match part {
                Ty::Unknown(reason) => unknown = unknown.or(reason),
                part if known.insert(part.clone()) => distinct.push(part),
                _ => {}
            }
        }
        if distinct.is_empty() {
            return Ty::Unknown(unknown);
        }
        let all = |parts: &[Ty]| parts.iter().map(Ty::kinds).fold(Kinds::ALL, Kinds::and);
        let kinds = all(&distinct);
        if kinds.is_empty() {
            return Ty::Never;
        }
        let mut restricted: Vec<Ty> = (distinct.into_iter())
            .map(|part| self.restricted(part, kinds))
            .collect();
        if restricted.contains(&Ty::Never) {
            return Ty::Never;
        }
        // A name may stand for a type that says nothing.
        restricted.retain(|part| match part {
            Ty::Unknown(reason) => {
                unknown = unknown.or(*reason);
                false
            }
            _ => true,
        });
        if restricted.is_empty() {
            return Ty::Unknown(unknown);
        }
        let parts = without_implied(restricted, Ty::is_bare, |_| true);
        let parts = without_implied(
            parts,
            |part| self.names_bare(part),
            |part| !part.is_bare() && !self.names_bare(part),
        );
        let parts = merge_objects(common_literals(parts), self);
        let parts = self.bounded(parts);
        match parts.len() {
            0 | 1 => parts.into_iter().next().unwrap_or(Ty::Never),
            _ => match self.beside_each_other(parts).as_mut_slice() {
                [one] => std::mem::replace(one, Ty::Never),
                parts => Ty::Both(parts.to_vec()),
            },
        }
    }

    /// The type without values of other kinds.
    fn restricted(&self, ty: Ty, kinds: Kinds) -> Ty {
        match ty {
            _ if ty.kinds().and(kinds).is_empty() => Ty::Never,
            Ty::Union(members) => {
                let members = members.into_iter();
                either(members.map(|one| self.restricted(one, kinds)))
            }
            Ty::Name(name) if !kinds.contains(name.kinds) => {
                // TypeScript cannot exclude anything from a type that it is still reading.
                let id = name.schema;
                let is_recursive = self.recursion[id.0 as usize] != Recursion::None;
                let own = self
                    .expanded(id)
                    .map(|ty| self.restricted((*ty).clone(), kinds));
                match own.filter(|own| is_recursive || own.size() <= MAX_WRITTEN_AGAIN) {
                    Some(own) => own,
                    None if is_recursive => Ty::Name(name),
                    None => Ty::Name(name.restricted(kinds)),
                }
            }
            other => other,
        }
    }

    /// Whether a name stands for a type that says nothing but the kinds of values.
    fn names_bare(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Name(name) if !self.is_branded(name.schema) => {
                self.expanded(name.schema).is_some_and(|ty| ty.is_bare())
            }
            _ => false,
        }
    }

    /// Leaves out unions until what remains has few alternatives.
    fn bounded(&self, mut parts: Vec<Ty>) -> Vec<Ty> {
        loop {
            let counts: Vec<usize> = parts
                .iter()
                .map(|part| self.count_of_alternatives(part, 0))
                .collect();
            let product = counts.iter().fold(1_usize, |all, n| all.saturating_mul(*n));
            let longest = (0..parts.len())
                .filter(|i| matches!(parts[*i], Ty::Union(_)) && counts[*i] > 1)
                .max_by_key(|i| counts[*i]);
            match longest.filter(|_| product > MAX_ALTERNATIVES && parts.len() > 1) {
                Some(longest) => drop(parts.remove(longest)),
                None => return parts,
            }
        }
    }

    /// How many alternatives a type has, where literals and scalars are one. Does not count far beyond [`MAX_ALTERNATIVES`].
    fn count_of_alternatives(&self, ty: &Ty, depth: u32) -> usize {
        match ty {
            Ty::Union(members) => {
                let flat = |ty: &&Ty| matches!(ty, Ty::Literal(..) | Ty::Scalar(_) | Ty::Atom(..));
                let flats = usize::from(members.iter().any(|ty| flat(&ty)));
                let others = members.iter().filter(|ty| !flat(ty));
                self.up_to_limit(others, flats, depth, usize::saturating_add)
            }
            Ty::Both(parts) => self.up_to_limit(parts.iter(), 1, depth, usize::saturating_mul),
            Ty::Name(name) if depth < MAX_NAMES => {
                let expanded = self.expanded(name.schema);
                let own = expanded.map(|ty| self.restricted((*ty).clone(), name.kinds));
                own.map_or(1, |ty| self.count_of_alternatives(&ty, depth + 1))
            }
            _ => 1,
        }
    }

    /// The counts of several types together, or the first of these sums or products that is beyond [`MAX_ALTERNATIVES`].
    fn up_to_limit<'t>(
        &self,
        types: impl Iterator<Item = &'t Ty>,
        start: usize,
        depth: u32,
        with: fn(usize, usize) -> usize,
    ) -> usize {
        let mut all = start;
        for ty in types {
            if all > MAX_ALTERNATIVES {
                break;
            }
            all = with(all, self.count_of_alternatives(ty, depth));
        }
        all
    }

    /// Objects beside other parts say no more than they have to: not that there may be other properties, and of a
    /// required one the type that another part gives it.
    fn beside_each_other(&self, parts: Vec<Ty>) -> Vec<Ty> {
        let has_name = parts.iter().any(|part| matches!(part, Ty::Name(_)));
        let given = |member: &Member| {
            let found = parts
                .iter()
                .find_map(|part| self.member(part, &member.name, 0))?;
            (found.one_line().chars().count() <= MAX_REPEATED).then_some(found)
        };
        let trimmed = |mut object: Object, strips: bool| {
            for member in &mut object.members {
                if member.ty == Ty::Unknown(None) && !member.optional {
                    member.ty = given(member).unwrap_or(Ty::Unknown(None));
                }
            }
            match strips {
                true => Ty::Object(object).without_implicit(),
                false => Ty::Object(object),
            }
        };
        let branch = |ty: Ty| match ty {
            Ty::Object(object) => trimmed(object, true),
            Ty::Both(inner) => {
                let inner = inner.into_iter().map(|ty| match ty {
                    Ty::Object(object) => trimmed(object, true),
                    other => other,
                });
                Ty::Both(inner.collect())
            }
            other => other,
        };
        let each = parts.clone().into_iter().map(|part| match part {
            Ty::Object(object) => trimmed(object, has_name),
            Ty::Union(members) => either(members.into_iter().map(branch)),
            other => other,
        });
        let said = each.filter(|part| !matches!(part, Ty::Unknown(None)));
        // Names come first.
        let (mut names, others): (Vec<Ty>, Vec<Ty>) =
            said.partition(|part| matches!(part, Ty::Name(_)));
        names.extend(others);
        names
    }

    /// The type that a type gives to a property.
    fn member(&self, ty: &Ty, name: &str, depth: u32) -> Option<Ty> {
        match ty {
            Ty::Object(object) => {
                let member = object.members.iter().find(|member| member.name == name)?;
                (member.ty != Ty::Unknown(None)).then(|| member.ty.clone())
            }
            Ty::Both(parts) => parts.iter().find_map(|part| self.member(part, name, depth)),
            Ty::Name(of) if depth < MAX_NAMES => {
                self.member(&*self.expanded(of.schema)?, name, depth + 1)
            }
            _ => None,
        }
    }

    /// The names of the properties of a type, if an interface can extend it.
    pub(super) fn extendable(&self, id: SchemaId) -> Option<BTreeSet<String>> {
        match &*self.expanded(id)? {
            Ty::Object(object) => {
                let is_open = |ty: &Ty| matches!(ty, Ty::Unknown(_));
                let fits = object.indexes.iter().all(|index| is_open(&index.ty));
                let names = object.members.iter().map(|member| member.name.clone());
                (fits && !object.members.is_empty()).then(|| names.collect())
            }
            _ => None,
        }
    }
}

/// How many names are followed, each from the one before.
const MAX_NAMES: u32 = 16;

/// Leaves out parts that are `bare`, which is to say nothing but the kinds of values, where another part has no other kinds.
fn without_implied(
    mut parts: Vec<Ty>,
    bare: impl Fn(&Ty) -> bool,
    implies: impl Fn(&Ty) -> bool,
) -> Vec<Ty> {
    let mut i = 0;
    while i < parts.len() {
        let kinds = parts[i].kinds();
        let mut others = parts.iter().enumerate().filter(|(j, _)| *j != i);
        let narrower = |other: &Ty| implies(other) && kinds.contains(other.kinds());
        if bare(&parts[i]) && others.any(|(_, other)| narrower(other)) {
            parts.remove(i);
        } else {
            i += 1;
        }
    }
    parts
}

/// Of several parts that are literals, those that all of them have.
fn common_literals(parts: Vec<Ty>) -> Vec<Ty> {
    let (literals, mut others): (Vec<Ty>, Vec<Ty>) = parts.into_iter().partition(Ty::is_literal);
    let mut literals = literals.into_iter().map(Ty::into_members);
    let Some(first) = literals.next() else {
        return others;
    };
    let common = literals.fold(first, |all, some| {
        let some: BTreeSet<Ty> = some.into_iter().collect();
        all.into_iter().filter(|one| some.contains(one)).collect()
    });
    others.insert(0, either(common));
    others
}

/// Makes one object of those that have no index signature that says something.
fn merge_objects(parts: Vec<Ty>, cx: &Context<'_>) -> Vec<Ty> {
    let mut merged: Option<(usize, Object)> = None;
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Ty::Object(object)
                if (object.indexes.iter()).all(|index| index.ty == Ty::Unknown(None)) =>
            {
                match &mut merged {
                    Some((_, into)) => add(into, object, cx),
                    None => {
                        merged = Some((kept.len(), object));
                    }
                }
            }
            other => kept.push(other),
        }
    }
    if let Some((place, object)) = merged {
        kept.insert(place, Ty::Object(object));
    }
    kept
}

fn add(into: &mut Object, object: Object, cx: &Context<'_>) {
    for member in object.members {
        match into
            .members
            .iter_mut()
            .find(|other| other.name == member.name)
        {
            Some(other) => {
                let ty = std::mem::replace(&mut other.ty, Ty::Never);
                other.ty = cx.intersect(vec![ty, member.ty]);
                other.optional &= member.optional;
                if other.words.is_empty() {
                    other.words = member.words;
                }
                if other.tags.is_empty() {
                    other.tags = member.tags;
                }
            }
            None => into.members.push(member),
        }
    }
    for index in object.indexes {
        match into.indexes.iter_mut().find(|other| other.key == index.key) {
            Some(other) => other.implicit &= index.implicit,
            None => into.indexes.push(index),
        }
    }
}
