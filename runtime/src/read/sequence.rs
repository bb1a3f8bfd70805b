//! Arrays: lists, and tuples.

use super::{Cx, Kind, Reader, Rules, Segment, Step, Syntax, scalar::wrong_type};
use crate::Payload;
use handfast_schema::{Type, words};

/// A callback for every item that a tuple has a type for.
pub type ReadItem<'a, R> = dyn FnMut(usize, &mut R, &mut Cx) -> Result<(), Syntax> + 'a;

/// Reads an array item by item; gives how many there were, and whether every rule was kept.
///
/// # Errors
/// Where the text is not JSON.
pub fn array<'de, R: Reader<'de>>(
    r: &mut R,
    cx: &mut Cx,
    rules: &'static Rules,
    read: &mut ReadItem<'_, R>,
) -> Result<bool, Syntax> {
    if r.peek()? != Kind::Array {
        wrong_type::<R, ()>(r, cx, Type::Array)?;
        return Ok(false);
    }
    let start = r.place();
    let mark = cx.mark();
    let mut count = 0u64;
    r.items(&mut |r, index| {
        count += 1;
        let mark = cx.mark();
        read(index, r, cx)?;
        cx.within(mark, || Segment::Index(index));
        Ok(())
    })?;
    if let Some(max) = rules.max_items
        && count > max
    {
        cx.violation(words::max_items(max));
    }
    if let Some(min) = rules.min_items
        && count < min
    {
        cx.violation(words::min_items(min));
    }
    if rules.unique_items {
        let end = r.place();
        r.go(start);
        let value = r.value()?;
        r.go(end);
        if let serde_json::Value::Array(items) = &value
            && !handfast_schema::number::all_unique(items)
        {
            cx.violation(words::unique_items());
        }
    }
    Ok(cx.clean_since(mark))
}

/// Reads a tuple of `width` items: all of them have to be there, and none more.
///
/// # Errors
/// Where the text is not JSON.
pub fn tuple<'de, R: Reader<'de>>(
    r: &mut R,
    cx: &mut Cx,
    rules: &'static Rules,
    width: usize,
    read: &mut ReadItem<'_, R>,
) -> Result<bool, Syntax> {
    let mut count = 0;
    let kept = array(r, cx, rules, &mut |index, r, cx| {
        count += 1;
        if index < width {
            return read(index, r, cx);
        }
        cx.violation(words::unknown_item("items"));
        r.skip()
    })?;
    if kept && count < width {
        // A schema whose `minItems` says so reports it itself, with the same words.
        cx.violation(words::min_items(width as u64));
        return Ok(false);
    }
    Ok(kept)
}

impl<'de, T: Payload<'de>> Payload<'de> for Vec<T> {
    fn read<R: Reader<'de>>(r: &mut R, cx: &mut Cx, rules: &'static Rules) -> Step<Self> {
        let mut items = Self::new();
        let kept = array(r, cx, rules, &mut |_, r, cx| {
            items.extend(T::read(r, cx, rules.inner())?);
            Ok(())
        })?;
        Ok(kept.then_some(items))
    }
}
