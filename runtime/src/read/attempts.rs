//! Unions whose branches overlap, and whose types say all that the schemas of the branches say. The branches are read in turn, and a value
//! that one of them takes needs no schema.
//!
//! A value costs at most one read for each branch, one more where `oneOf` has to know that no other branch takes it, and what a `checked`
//! value costs if no branch takes it. A union in a branch that is being tried is `checked`, so that the reads do not multiply.

use super::{
    ReadContext, ReadResult, Reader,
    checked::judged,
    ignored::IgnoredMembers,
    kinds, schema,
    untagged::{ReadBranch, Untagged, facts, untagged},
};
use handfast_schema::{Dialect, Side};

/// Which values of a union are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// Those that a branch takes: `anyOf`.
    Any,
    /// Those that one branch takes, and no other: `oneOf`.
    One,
}

/// Reads a union by reading its branches in turn, and by its schema where that decides nothing.
pub(super) fn attempted<T>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    (union, attempts): (&'static Untagged, Attempts),
    read: ReadBranch<'_, T>,
) -> ReadResult<T> {
    if !cx.attempting
        && let Some(value) = first(r, cx, (union, attempts), read)?
    {
        return Ok(Some(value));
    }
    let mut value = None;
    judged(r, cx, union.rules, &mut |r, cx| {
        value = untagged(r, cx, union, read)?;
        Ok(())
    })?;
    Ok(value)
}

/// The value of the branch that takes it. Without one, the reader is before the value again.
fn first<'de, T>(
    r: &mut Reader<'de>,
    cx: &mut ReadContext,
    (union, attempts): (&'static Untagged, Attempts),
    read: ReadBranch<'_, T>,
) -> ReadResult<T> {
    let kinds = kinds::of(r.peek()?);
    let start = r.place();
    let ignored = cx.ignored;
    let facts = facts(r, cx, union, kinds)?;
    // As a part of a larger schema, a branch takes fields that it does not know. What the server refuses for them, a client would not.
    let lenient = match (schema::of(union.rules), attempts) {
        (Some((_, Dialect::Handfast)), Attempts::One) => Side::Client,
        _ => cx.side(),
    };
    let mut attempt = |r: &mut Reader<'de>, side, index| {
        r.go(start);
        let mut inner = ReadContext::new(side);
        (inner.ignored, inner.quiet, inner.attempting) = (ignored, true, true);
        let value = read(index, r, &mut inner)?;
        Ok(value.filter(|_| inner.is_clean()))
    };
    let branches = union.branches.iter().enumerate();
    let mut candidates = branches.filter(|(index, branch)| facts.hold(*index, branch));
    let mut found = None;
    for (index, _) in &mut candidates {
        if let Some(value) = attempt(r, cx.side(), index)? {
            found = Some((index, value, r.place()));
            break;
        }
    }
    let Some((taken, value, end)) = found else {
        r.go(start);
        return Ok(None);
    };
    if attempts == Attempts::One {
        // Those before it were refused; where that may be for unknown fields, they are asked again.
        let again = if lenient == cx.side() { taken + 1 } else { 0 };
        for (index, branch) in union.branches.iter().enumerate().skip(again) {
            if index != taken && facts.hold(index, branch) && attempt(r, lenient, index)?.is_some()
            {
                r.go(start);
                return Ok(None);
            }
        }
    }
    r.go(end);
    cx.ignored = IgnoredMembers::default();
    Ok(Some(value))
}
