//! Objects: structs by their table of fields, and maps.

use super::{Cx, Key, Kind, Reader, Rules, Segment, Step, Syntax, scalar::wrong_type};
use crate::Payload;
use handfast_schema::{Type, words};
use std::collections::BTreeMap;

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it may be absent.
    pub optional: bool,
}

/// What is known of a struct before any of its types.
#[derive(Debug)]
pub struct ObjectTable {
    /// The fields, in the schema's order.
    pub fields: &'static [Field],
    /// Whether unknown fields are refused (`Some(true)`), dropped (`Some(false)`), or as the receiving side does.
    pub closed: Option<bool>,
    /// `minProperties` and `maxProperties`.
    pub rules: Rules,
}

impl ObjectTable {
    /// A table of fields with nothing else to keep.
    pub const fn new(fields: &'static [Field]) -> Self {
        Self {
            fields,
            closed: None,
            rules: Rules::NONE,
        }
    }
}

/// A callback for every field of a struct that is there.
pub type ReadField<'a, R> = dyn FnMut(usize, &mut R, &mut Cx) -> Result<(), Syntax> + 'a;

/// Reads an object by its table. Gives whether it kept every rule, so that each field that is not optional was read.
///
/// # Errors
/// Where the text is not JSON.
pub fn object<'de, R: Reader<'de>>(
    r: &mut R,
    cx: &mut Cx,
    table: &'static ObjectTable,
    read: &mut ReadField<'_, R>,
) -> Result<bool, Syntax> {
    let beside = std::mem::take(&mut cx.beside);
    if r.peek()? != Kind::Object {
        wrong_type::<R, ()>(r, cx, Type::Object)?;
        return Ok(false);
    }
    let start = r.place();
    let mark = cx.mark();
    let refuses = table.closed.unwrap_or(cx.refuses_unknown());
    let mut seen = Seen::new(table.fields.len());
    let mut count = 0u64;
    let mut twice = false;
    r.members(table.fields, &mut |r, key| {
        count += 1;
        match key {
            Key::Known(field) => {
                twice |= !seen.insert(field);
                let mark = cx.mark();
                read(field, r, cx)?;
                cx.within(mark, || Segment::Field(field, table.fields[field].name));
            }
            Key::Unknown(name) if refuses && !beside.has(name) => {
                let mark = cx.mark();
                cx.violation(words::unknown_property("additionalProperties"));
                cx.within(mark, || Segment::Key(name.to_owned()));
                r.skip()?;
            }
            Key::Unknown(_) => r.skip()?,
        }
        Ok(())
    })?;
    if twice {
        count = last_wins(r, cx, table, read, start, mark, beside)?;
    }
    for (place, field) in table.fields.iter().enumerate() {
        if !field.optional && !seen.contains(place) {
            cx.violation(words::required(field.name));
        }
    }
    if let Some(max) = table.rules.max_properties
        && count > max
    {
        cx.violation(words::max_properties(max));
    }
    if let Some(min) = table.rules.min_properties
        && count < min
    {
        cx.violation(words::min_properties(min));
    }
    Ok(cx.clean_since(mark))
}

/// Reads an object in which a name stands twice: of each name the last value counts, as in every JavaScript engine.
/// Gives the number of names.
#[cold]
fn last_wins<'de, R: Reader<'de>>(
    r: &mut R,
    cx: &mut Cx,
    table: &'static ObjectTable,
    read: &mut ReadField<'_, R>,
    start: R::Place,
    mark: super::Mark,
    beside: super::cx::Beside,
) -> Result<u64, Syntax> {
    cx.forget_since(mark);
    let end = r.place();
    let mut last: BTreeMap<String, (Option<usize>, R::Place)> = BTreeMap::new();
    r.go(start);
    r.members(table.fields, &mut |r, key| {
        let (name, field) = match key {
            Key::Known(field) => (table.fields[field].name, Some(field)),
            Key::Unknown(name) => (name, None),
        };
        let name = name.to_owned();
        last.insert(name, (field, r.place()));
        r.skip()
    })?;
    let count = last.len() as u64;
    let refuses = table.closed.unwrap_or(cx.refuses_unknown());
    for (name, (field, place)) in last {
        let mark = cx.mark();
        match field {
            Some(field) => {
                r.go(place);
                read(field, r, cx)?;
                cx.within(mark, || Segment::Field(field, table.fields[field].name));
            }
            None if refuses && !beside.has(&name) => {
                cx.violation(words::unknown_property("additionalProperties"));
                cx.within(mark, || Segment::Key(name));
            }
            None => {}
        }
    }
    r.go(end);
    Ok(count)
}

/// The fields seen so far: a word of bits, or several.
enum Seen {
    Few(u64),
    Many(Vec<bool>),
}

impl Seen {
    fn new(fields: usize) -> Self {
        if fields <= 64 {
            Self::Few(0)
        } else {
            Self::Many(vec![false; fields])
        }
    }

    /// Whether it was not there yet.
    fn insert(&mut self, field: usize) -> bool {
        match self {
            Self::Few(bits) => {
                let new = *bits & (1 << field) == 0;
                *bits |= 1 << field;
                new
            }
            Self::Many(seen) => !std::mem::replace(&mut seen[field], true),
        }
    }

    fn contains(&self, field: usize) -> bool {
        match self {
            Self::Few(bits) => *bits & (1 << field) != 0,
            Self::Many(seen) => seen[field],
        }
    }
}

/// Reads an object whose names are not declared. Of a name that stands twice the last value counts.
///
/// # Errors
/// Where the text is not JSON.
pub fn map<'de, R: Reader<'de>, T: Payload<'de>>(
    r: &mut R,
    cx: &mut Cx,
    rules: &'static Rules,
) -> Step<BTreeMap<String, T>> {
    if r.peek()? != Kind::Object {
        return wrong_type(r, cx, Type::Object);
    }
    let outer = cx.mark();
    // What a value broke is held back until it is known to be the last of its name.
    let mut found: BTreeMap<String, (Option<T>, Cx)> = BTreeMap::new();
    let mode = cx.mode();
    r.members(&[], &mut |r, key| {
        let Key::Unknown(name) = key else {
            return r.skip();
        };
        let name = name.to_owned();
        let mut inner = Cx::new(mode);
        let value = T::read(r, &mut inner, rules.inner())?;
        found.insert(name, (value, inner));
        Ok(())
    })?;
    let count = found.len() as u64;
    let mut map = BTreeMap::new();
    for (name, (value, inner)) in found {
        let mark = cx.mark();
        cx.adopt(inner);
        cx.within(mark, || Segment::Key(name.clone()));
        if let Some(value) = value {
            map.insert(name, value);
        }
    }
    if let Some(max) = rules.max_properties
        && count > max
    {
        cx.violation(words::max_properties(max));
    }
    if let Some(min) = rules.min_properties
        && count < min
    {
        cx.violation(words::min_properties(min));
    }
    Ok(cx.clean_since(outer).then_some(map))
}

impl<'de, T: Payload<'de>> Payload<'de> for BTreeMap<String, T> {
    fn read<R: Reader<'de>>(r: &mut R, cx: &mut Cx, rules: &'static Rules) -> Step<Self> {
        map(r, cx, rules)
    }
}
