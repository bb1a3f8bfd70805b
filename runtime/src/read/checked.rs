//! `checked` places: the schema judges a value first, and the type is read from what the schema accepts.
//!
//! The value is copied once, into a JSON value, and interpreted once. Everything in it is then read in the *accepted* state, in which nothing
//! is judged again. Where the type of an accepted value depends on the schema, as in a union whose branches overlap, the same [`Judge`] is
//! asked, which has the verdicts. So the cost is linear in the size of the value, however deep checked places nest.

use super::{
    Mark, Place, ReadContext, ReadResult, Reader, Rule, Rules, SchemaText, Slot, Stop, ValueReader,
    ignored::IgnoredMembers,
    integer::{LargeIntegers, large_integers},
    rules::{check_value, unreadable},
    schema::{self, Resolved, resolve},
};
use crate::{Integer, Payload};
use handfast_schema::{Dialect, Judgement, SchemaId, Side, ViolationDetail};
use serde_json::Value;
use std::{borrow::Cow, cell::RefCell, ptr};

/// The validation of an accepted value.
#[derive(Debug)]
pub(super) struct Judge {
    /// The validations, one for each set of schemas that was asked about. Nearly always one.
    all: RefCell<Vec<Judgement<'static>>>,
    side: Side,
    dialect: Dialect,
    large: LargeIntegers,
}

impl Judge {
    const fn new(side: Side, dialect: Dialect) -> Self {
        Self {
            all: RefCell::new(Vec::new()),
            side,
            dialect,
            large: LargeIntegers::new(),
        }
    }

    /// Returns the exact value of a number in the value, if it is an integer that a double may not have.
    pub(super) fn large_integer(&self, number: &Value) -> Option<Integer> {
        self.large.get(&ptr::from_ref(number).addr()).cloned()
    }

    fn with<T>(
        &self,
        (validator, id): Resolved,
        ask: impl FnOnce(&mut Judgement<'static>, SchemaId) -> T,
    ) -> T {
        let mut all = self.all.borrow_mut();
        let known = all
            .iter()
            .position(|one| ptr::eq(ptr::from_ref(one.validator()), validator));
        let index = known.unwrap_or_else(|| {
            all.push(validator.judge(Some(self.side)));
            all.len() - 1
        });
        ask(&mut all[index], id)
    }

    /// Whether a schema accepts a part of the value: on its own, or as a part of a larger schema, which then decides on unknown fields.
    pub(super) fn accepts(&self, schema: SchemaText, part: &Value, alone: bool) -> bool {
        resolve(schema, self.dialect).is_some_and(|schema| {
            self.with(schema, |judgement, id| judgement.accepts(id, part, alone))
        })
    }
}

/// The rules of a place that is not checked, or of the type that is read from what the schema accepts.
#[inline]
pub(super) fn is_checked(rules: Rules) -> bool {
    matches!(rules, [Rule::Checked, ..])
}

/// Reads a value into a slot.
#[inline]
pub(super) fn fill_slot(
    slot: &mut dyn Slot,
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> Result<(), Stop> {
    if is_checked(rules) {
        fill_checked(slot, r, cx, rules)
    } else {
        slot.fill(r, cx, rules)
    }
}

/// Reads a value that is checked into a slot.
///
/// # Errors
/// If the text is not valid JSON.
#[cold]
pub(super) fn fill_checked(
    slot: &mut dyn Slot,
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> Result<(), Stop> {
    judged(r, cx, rules, &mut |r, cx| slot.fill(r, cx, &rules[1..]))
}

/// Reads a value, which is checked if the rules say so.
#[inline]
pub(crate) fn read_any<T: Payload>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> ReadResult<T> {
    if is_checked(rules) {
        let mut slot: Option<T> = None;
        fill_checked(&mut slot, r, cx, rules)?;
        Ok(slot)
    } else {
        T::read(r, cx, rules)
    }
}

/// Reads a value whose schema judges it, with `read`.
///
/// # Errors
/// If the text is not valid JSON.
pub fn read_checked<T>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
    read: &mut dyn FnMut(&mut Reader<'_>, &mut ReadContext) -> ReadResult<T>,
) -> ReadResult<T> {
    let mut value = None;
    judged(r, cx, rules, &mut |r, cx| {
        value = read(r, cx)?;
        Ok(())
    })?;
    Ok(value)
}

/// Judges a value by the schema among the rules, and calls `read` if the schema accepts it.
pub(super) fn judged(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
    read: &mut dyn FnMut(&mut Reader<'_>, &mut ReadContext) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if cx.accepted {
        return read(r, cx);
    }
    let ignored = std::mem::take(&mut cx.ignored);
    r.peek()?;
    let start = r.place();
    r.take_inexact();
    let mut value = buffer(r)?;
    if ignored.envelope.is_some() {
        ignored.remove_envelope(value.to_mut());
    }
    let schema = schema::of(rules)
        .and_then(|(text, dialect)| resolve(text, dialect).map(|schema| (schema, dialect)));
    let Some((schema, dialect)) = schema else {
        cx.violation(unreadable());
        return Ok(());
    };
    #[cfg(test)]
    count();
    let mut judge = Judge::new(cx.side(), dialect);
    let violations = judge.with(schema, |judgement, id| judgement.collect(id, &value));
    if !violations.is_empty() {
        cx.adopt_ordered(violations);
        return Ok(());
    }
    if r.take_inexact() {
        judge.large = large_integers(r, start, &value)?;
    }
    let mut inner = ReadContext::new(cx.side());
    inner.accepted = true;
    inner.ignored = ignored.of_unions();
    let start = inner.mark();
    let mut reader = Reader::Value(ValueReader::accepted(&value, &judge));
    if read(&mut reader, &mut inner).is_err() || !inner.clean_since(start) {
        cx.violation(no_type());
    }
    Ok(())
}

/// Returns the next value.
fn buffer<'de>(r: &mut Reader<'de>) -> Result<Cow<'de, Value>, Stop> {
    match r {
        Reader::Value(reader) => Ok(Cow::Borrowed(reader.here())),
        Reader::Json(_) | Reader::Binary(_) => r.value().map(Cow::Owned),
    }
}

/// The violation of a value that its schema accepts and its type cannot hold, which is a mistake in the type.
pub(super) fn no_type() -> ViolationDetail {
    ViolationDetail::new("type", "has no type here")
}

/// Replaces the violations of a value since `before` by those of the schema among its rules: the type decides what is valid, the schema how
/// violations are reported. Does nothing if the schema of a value around this one will do so. `start` is the beginning of the value; the
/// reader is at its end.
#[cold]
pub(super) fn report_by_schema<'de>(
    r: &mut Reader<'de>,
    cx: &mut ReadContext,
    rules: Rules,
    start: Place<'de>,
    before: Mark,
    ignored: IgnoredMembers,
) -> Result<(), Stop> {
    if cx.accepted || cx.quiet {
        return Ok(());
    }
    let end = r.place();
    r.go(start);
    let mut value = buffer(r)?;
    r.go(end);
    if ignored.envelope.is_some() {
        ignored.remove_envelope(value.to_mut());
    }
    #[cfg(test)]
    count();
    let mut by_schema = ReadContext::new(cx.side());
    let start = by_schema.mark();
    check_value(rules, &value, &mut by_schema);
    // If the schema accepts the value, keep the violations that were found.
    if !by_schema.clean_since(start) {
        cx.forget_since(before);
        cx.adopt(by_schema);
    }
    Ok(())
}

#[cfg(test)]
thread_local! {
    static INTERPRETATIONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
fn count() {
    INTERPRETATIONS.set(interpretations() + 1);
}

/// How many values this thread has interpreted.
#[cfg(test)]
pub(super) fn interpretations() -> usize {
    INTERPRETATIONS.get()
}
