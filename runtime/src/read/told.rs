//! Violations that are told in the same words every time, worded once. They depend on the program's types alone, so there are
//! as many as it has rules and fields.

use super::Rule;
use handfast_schema::{Told, Type, TypeSet, words};
use std::{
    collections::BTreeMap,
    ptr,
    sync::{PoisonError, RwLock},
};

/// What a violation is of. Constants are known by where they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Type(Type),
    Rule(usize),
    Required(usize, usize),
}

/// A value is not of the type.
pub(super) fn not_of(ty: Type) -> &'static Told {
    once(Of::Type(ty), || words::types(TypeSet::NONE.with(ty)))
}

/// A rule is broken; what `make` says depends on the rule alone.
pub(super) fn broken(rule: &'static Rule, make: impl FnOnce() -> Told) -> &'static Told {
    once(Of::Rule(ptr::from_ref(rule).addr()), make)
}

/// A field is missing.
pub(super) fn required(name: &'static str) -> &'static Told {
    let of = Of::Required(name.as_ptr().addr(), name.len());
    once(of, || words::required(name))
}

fn once(of: Of, make: impl FnOnce() -> Told) -> &'static Told {
    static TOLD: RwLock<BTreeMap<Of, &'static Told>> = RwLock::new(BTreeMap::new());
    let known = TOLD.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(told) = known.get(&of) {
        return told;
    }
    drop(known);
    let mut known = TOLD.write().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(of)
        .or_insert_with(|| Box::leak(Box::new(make())))
}
