//! Objects: structs, by their list of fields, and maps.

use super::{
    Kind, Mark, Members, Next, Place, ReadContext, ReadResult, Reader, Rules, Segment, Stop,
    context::IgnoredMembers,
    detail_cache,
    fields::{ObjectPrefix, Slot, StructFields},
    rules::{Rule, check_properties, check_value, inner, is_valid_name, names},
    scalar::wrong_type,
    schema,
};
use crate::{Payload, foreign::AsPayload};
use handfast_schema::{Type, details};
use serde::Serializer;
use std::collections::BTreeMap;

/// Reads an object: returns one field after the other, and at the end whether there were violations.
#[derive(Debug)]
pub struct ObjectReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    fields: &'static [&'static str],
    required: &'static [u64],
    closed: bool,
    rules: Rules,
    /// `None` before and after the object.
    members: Option<Members<'de>>,
    entered: bool,
    repeated: bool,
    start: Place<'de>,
    /// The marks before the object and before the field being read.
    before: Mark,
    mark: Mark,
    ignored: IgnoredMembers,
    /// The index of the field being read; out of bounds if there is none.
    field: usize,
    count: u64,
    /// The first 64 fields that were seen, one bit each.
    seen: u64,
    /// What few objects need.
    cold: Option<Box<ColdState<'de>>>,
    stopped: bool,
}

/// What few objects need.
#[derive(Debug, Default)]
struct ColdState<'de> {
    /// The fields beyond the first 64 that were seen, one bit each.
    seen: Vec<u64>,
    /// The fields that remain to be read again, if a name was repeated.
    reread: Vec<(usize, Place<'de>)>,
    /// The end of the object, while fields are read reread.
    end: Option<Place<'de>>,
}

impl<'r, 'de> ObjectReader<'r, 'de> {
    /// Enters an object, or continues one whose first fields were read. `required` are the required fields, one bit each, the lowest for
    /// the first.
    pub(super) fn new(
        r: &'r mut Reader<'de>,
        cx: &'r mut ReadContext,
        layout: &'static StructFields,
        required: &'static [u64],
        prefix: ObjectPrefix<'de>,
    ) -> Self {
        let ObjectPrefix {
            start,
            before,
            seen,
            last,
            members,
        } = prefix;
        let mut object = Self {
            start,
            before,
            mark: cx.mark(),
            ignored: std::mem::take(&mut cx.ignored),
            r,
            closed: layout.closed.unwrap_or(cx.refuses_unknown()),
            cx,
            fields: layout.names,
            required,
            rules: layout.own,
            entered: members.is_some(),
            members,
            repeated: false,
            field: last,
            count: u64::from(seen.count_ones()),
            seen,
            cold: None,
            stopped: false,
        };
        if !object.entered {
            object.stopped = object.enter().is_err();
        }
        object
    }

    fn enter(&mut self) -> Result<(), Stop> {
        if self.r.peek()? == Kind::Object {
            self.start = self.r.place();
            self.members = Some(self.r.enter_object()?);
            self.entered = true;
            Ok(())
        } else {
            wrong_type::<()>(self.r, self.cx, Type::Object).map(|_| ())
        }
    }

    /// Returns the next field. Its value must be read next.
    pub(super) fn advance(&mut self) -> Option<usize> {
        if let Some(name) = self.fields.get(self.field) {
            let field = self.field;
            self.cx
                .part(self.before, self.mark, || Segment::field(field, name));
        }
        if self.stopped {
            return None;
        }
        match self.step() {
            Ok(Some(field)) => {
                self.field = field;
                self.mark = self.cx.mark();
                Some(field)
            }
            Ok(None) => {
                self.field = usize::MAX;
                None
            }
            Err(Stop) => {
                self.stopped = true;
                None
            }
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Option<usize>, Stop> {
        let Some(members) = &mut self.members else {
            return Ok(self.next_reread());
        };
        let guess = self.field.wrapping_add(1);
        loop {
            match self.r.next_key(members, self.fields, guess) {
                Next::Field(field) => {
                    self.count += 1;
                    let bit = 1 << (field % 64);
                    if field < 64 {
                        self.repeated |= self.seen & bit != 0;
                        self.seen |= bit;
                    } else {
                        self.repeated |= !self.mark_seen_cold(field);
                    }
                    return Ok(Some(field));
                }
                Next::Unknown => {
                    self.count += 1;
                    if self.closed {
                        let name = self.r.name();
                        if !self.ignored.has(&name) {
                            unknown(self.cx, self.before, &name);
                        }
                    }
                    self.r.skip()?;
                }
                Next::End => break,
                Next::Stop => return Err(Stop),
            }
        }
        self.members = None;
        if self.repeated {
            self.last_wins()?;
            return Ok(self.next_reread());
        }
        Ok(None)
    }

    /// Marks a field beyond the first 64 as seen. Returns whether it is new.
    #[cold]
    fn mark_seen_cold(&mut self, field: usize) -> bool {
        let chunks = self.fields.len().div_ceil(64);
        let cold = self.cold.get_or_insert_default();
        cold.seen.resize(chunks, 0);
        let word = &mut cold.seen[field / 64];
        let bit = 1 << (field % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn has_seen(&self, field: usize) -> bool {
        let word = match (field / 64, &self.cold) {
            (0, _) => self.seen,
            (far, Some(cold)) => cold.seen.get(far).copied().unwrap_or(0),
            (_, None) => 0,
        };
        word & (1 << (field % 64)) != 0
    }

    fn next_reread(&mut self) -> Option<usize> {
        let cold = self.cold.as_mut()?;
        if let Some((field, place)) = cold.reread.pop() {
            self.r.go(place);
            return Some(field);
        }
        if let Some(end) = cold.end.take() {
            self.r.go(end);
        }
        None
    }

    /// Handles repeated names: the last value of each name counts, as in every JavaScript engine. Discards all violations and reads the
    /// values that count reread.
    #[cold]
    fn last_wins(&mut self) -> Result<(), Stop> {
        self.cx.forget_since(self.before);
        let end = Some(self.r.place());
        let fields = self.fields;
        let mut last: BTreeMap<String, (Option<usize>, Place<'de>)> = BTreeMap::new();
        self.r.go(self.start);
        let mut members = self.r.enter_object()?;
        loop {
            let (name, field) = match self.r.next_key(&mut members, fields, 0) {
                Next::Field(field) => (fields[field].to_owned(), Some(field)),
                Next::Unknown => (self.r.name().into_owned(), None),
                Next::End => break,
                Next::Stop => return Err(Stop),
            };
            self.r.peek()?;
            last.insert(name, (field, self.r.place()));
            self.r.skip()?;
        }
        self.count = last.len() as u64;
        let cold = self.cold.get_or_insert_default();
        cold.end = end;
        for (name, (field, place)) in last {
            match field {
                Some(field) => cold.reread.push((field, place)),
                None if self.closed && !self.ignored.has(&name) => {
                    unknown(self.cx, self.before, &name);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Reads the value of a field.
    pub(super) fn fill(&mut self, slot: &mut dyn Slot, rules: Rules) {
        self.stopped |= slot.fill(self.r, self.cx, rules).is_err();
    }

    /// Returns whether there are no violations. If so, every required field was read.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    pub(super) fn end(mut self) -> Result<bool, Stop> {
        if self.stopped {
            return Err(Stop);
        }
        if !self.entered {
            return Ok(false);
        }
        if self
            .required
            .first()
            .is_some_and(|bits| bits & !self.seen != 0)
            || self.required.len() > 1
        {
            for (place, field) in self.fields.iter().enumerate() {
                let required = self.required[place / 64] & (1 << (place % 64)) != 0;
                if required && !self.has_seen(place) {
                    self.cx.cached_violation(detail_cache::required(field));
                }
            }
        }
        check_properties(self.rules, self.count, self.cx);
        for rule in self.rules {
            if let Rule::DependentRequired(because, names) = rule {
                self.check_dependent(because, names);
            }
        }
        let clean = self.cx.clean_since(self.before);
        if !clean && schema::of(self.rules).is_some() {
            self.report_by_schema()?;
        }
        Ok(clean)
    }

    /// Checks `dependentRequired`: the properties that must be present if another is.
    fn check_dependent(&mut self, because: &str, names: &[&str]) {
        let is_there = |name: &str| {
            let place = self.fields.iter().position(|field| *field == name);
            place.is_some_and(|place| self.has_seen(place))
        };
        if !is_there(because) {
            return;
        }
        let missing: Vec<&&str> = names.iter().filter(|name| !is_there(name)).collect();
        for name in missing {
            self.cx
                .violation(details::dependent_required(name, because));
        }
    }

    /// Replaces the violations by those of the schema, if the type has one: its fields decide what is valid, the schema how violations are
    /// reported.
    #[cold]
    fn report_by_schema(self) -> Result<(), Stop> {
        let end = self.r.place();
        self.r.go(self.start);
        let mut value = self.r.value()?;
        self.r.go(end);
        self.ignored.remove_envelope(&mut value);
        let mut by_schema = ReadContext::new(self.cx.side());
        let start = by_schema.mark();
        check_value(self.rules, &value, &mut by_schema);
        // If the schema accepts the value, keep the violations of the fields.
        if !by_schema.clean_since(start) {
            self.cx.forget_since(self.before);
            self.cx.adopt(by_schema);
        }
        Ok(())
    }
}

#[cold]
fn unknown(cx: &mut ReadContext, object: Mark, name: &str) {
    let mark = cx.mark();
    cx.violation(details::unknown_property("additionalProperties"));
    cx.part(object, mark, || Segment::Key(name.into()));
}

/// Reads an object as a map. If a name is repeated, the last value counts.
///
/// # Errors
/// If the text is not valid JSON.
pub fn map<T: Payload>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> ReadResult<BTreeMap<String, T>> {
    let ignored = std::mem::take(&mut cx.ignored);
    if r.peek()? != Kind::Object {
        return wrong_type(r, cx, Type::Object);
    }
    let outer = cx.mark();
    // The violations of a value are held back until it is known to be the last of its name.
    let mut found: BTreeMap<String, (Option<T>, ReadContext)> = BTreeMap::new();
    let (side, inner, names) = (cx.side(), inner(rules), names(rules));
    let mut members = r.enter_object()?;
    loop {
        match r.next_key(&mut members, &[], 0) {
            Next::Field(_) | Next::Unknown => {}
            Next::End => break,
            Next::Stop => return Err(Stop),
        }
        let name = r.name();
        if ignored.has(&name) {
            r.skip()?;
            continue;
        }
        let mut own = ReadContext::new(side);
        let value = T::read(r, &mut own, inner)?;
        found.insert(name.into_owned(), (value, own));
    }
    let count = found.len() as u64;
    let mut map = BTreeMap::new();
    for (name, (value, own)) in found {
        let mark = cx.mark();
        if !is_valid_name(names, &name) {
            cx.violation(details::property_name());
        }
        cx.adopt(own);
        cx.part(outer, mark, || Segment::Key(name.as_str().into()));
        if let Some(value) = value {
            map.insert(name, value);
        }
    }
    check_properties(rules, count, cx);
    Ok(cx.clean_since(outer).then_some(map))
}

impl<T: Payload> Payload for BTreeMap<String, T> {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        map(r, cx, rules)
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, AsPayload(value))))
    }
}
