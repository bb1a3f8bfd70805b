//! Integers of any size, with all digits that were sent.

use super::{
    Kind, Next, Num, ReadContext, ReadResult, Reader, Rules, Stop, detail_cache,
    rules::check_number, scalar::wrong_type,
};
use crate::{Integer, Payload};
use handfast_schema::Type;
use serde_json::Value;
use std::{collections::BTreeMap, ptr};

/// The integers in a buffered value that a double does not have exactly, by the address of the number.
pub(super) type LargeIntegers = BTreeMap<usize, Integer>;

/// Reads a number, and its exact value if it is an integer that a double may not have.
fn exact_number(r: &mut Reader<'_>) -> Result<(Num, Option<Integer>), Stop> {
    r.peek()?;
    let start = r.offset();
    let n = r.number()?;
    if !n.is_inexact() {
        return Ok((n, None));
    }
    let exact = match r {
        Reader::Json(json) => Integer::of_json(json.since(start)),
        Reader::Binary(binary) => binary.wide_integer(start).map(Integer::from),
        Reader::Value(value) => value.large_integer(),
    };
    Ok((n, exact))
}

/// Returns the large integers of a value that was just read; `start` is where it begins. The value is read a second time, beside the copy of it:
/// of repeated names the last counts.
pub(super) fn large_integers<'de>(
    r: &mut Reader<'de>,
    start: super::Place<'de>,
    value: &Value,
) -> Result<LargeIntegers, Stop> {
    let end = r.place();
    let mut found = LargeIntegers::new();
    r.go(start);
    collect(r, value, &mut found)?;
    r.go(end);
    Ok(found)
}

fn collect(r: &mut Reader<'_>, value: &Value, found: &mut LargeIntegers) -> Result<(), Stop> {
    match (r.peek()?, value) {
        (Kind::Number, Value::Number(_)) => {
            let address = ptr::from_ref(value).addr();
            match exact_number(r)?.1 {
                Some(exact) => drop(found.insert(address, exact)),
                None => drop(found.remove(&address)),
            }
            Ok(())
        }
        (Kind::Array, Value::Array(values)) => {
            let mut items = r.enter_array()?;
            let mut values = values.iter();
            while r.next_item(&mut items)? {
                match values.next() {
                    Some(value) => collect(r, value, found)?,
                    None => r.skip()?,
                }
            }
            Ok(())
        }
        (Kind::Object, Value::Object(values)) => {
            let mut members = r.enter_object()?;
            loop {
                match r.next_key(&mut members, &[], 0) {
                    Next::Field(_) | Next::Unknown => {}
                    Next::End => return Ok(()),
                    Next::Stop => return Err(Stop),
                }
                match values.get(&*r.name()) {
                    Some(value) => collect(r, value, found)?,
                    None => r.skip()?,
                }
            }
        }
        _ => r.skip(),
    }
}

impl Payload for Integer {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        if r.peek()? != Kind::Number {
            return wrong_type(r, cx, Type::Integer);
        }
        let (n, exact) = exact_number(r)?;
        // JSON Schema compares numbers as doubles: one whose double has no fractional part is an integer.
        let value = match (exact, n) {
            (Some(exact), _) => Some(exact),
            (None, Num::Int(n)) => Some(n.into()),
            (None, Num::Float(x)) => x.try_into().ok(),
        };
        let Some(value) = value else {
            cx.cached_violation(detail_cache::wrong_type(Type::Integer));
            return Ok(None);
        };
        let mark = cx.mark();
        check_number(rules, n, false, cx);
        Ok(cx.clean_since(mark).then_some(value))
    }
}
