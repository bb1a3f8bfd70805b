//! Objects: structs by their table of fields, and maps.

use super::{
    Kind, Mark, Members, Next, Place, ReadContext, ReadResult, Reader, Rules, Segment, Stop,
    cx::Beside,
    fields::{Begun, Slot, StructFields},
    rules::{Rule, check_properties, check_value, inner, keeps_name, names},
    scalar::wrong_type,
    schema, told,
};
use crate::Payload;
use handfast_schema::{Type, details};
use std::collections::BTreeMap;

/// An object that is being read: it gives one field after the other, and at the end whether every rule was
/// kept. What goes wrong on the way, it keeps until then.
#[derive(Debug)]
pub struct ObjectReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    fields: &'static [&'static str],
    required: &'static [u64],
    refuses: bool,
    rules: Rules,
    /// None before and behind it.
    members: Option<Members<'de>>,
    entered: bool,
    twice: bool,
    start: Place<'de>,
    /// What had been found wrong before the object, and before the field being read.
    before: Mark,
    mark: Mark,
    beside: Beside,
    /// The field being read; behind the last where there is none.
    field: usize,
    count: u64,
    /// The first 64 fields seen, a bit each.
    seen: u64,
    /// What few objects need.
    rare: Option<Box<Rare<'de>>>,
    stopped: bool,
}

/// What few objects need.
#[derive(Debug, Default)]
struct Rare<'de> {
    /// The fields beyond the first 64 that were seen.
    seen: Vec<u64>,
    /// What is left to be read again, where a name stood twice.
    again: Vec<(usize, Place<'de>)>,
    /// Where the object ends, while that is read.
    end: Option<Place<'de>>,
}

impl<'r, 'de> ObjectReader<'r, 'de> {
    /// Goes into an object, or on in one that was begun; `required` are the fields that have to be there, a bit each, the lowest
    /// for the first.
    pub(super) fn new(
        r: &'r mut Reader<'de>,
        cx: &'r mut ReadContext,
        layout: &'static StructFields,
        required: &'static [u64],
        begun: Begun<'de>,
    ) -> Self {
        let Begun {
            start,
            before,
            seen,
            last,
        } = begun;
        let mut object = Self {
            start,
            before,
            mark: cx.mark(),
            beside: std::mem::take(&mut cx.beside),
            r,
            refuses: layout.closed.unwrap_or(cx.refuses_unknown()),
            cx,
            fields: layout.names,
            required,
            rules: layout.own,
            members: None,
            entered: false,
            twice: false,
            field: last,
            count: u64::from(seen.count_ones()),
            seen,
            rare: None,
            stopped: false,
        };
        if seen == 0 {
            object.stopped = object.enter().is_err();
        } else {
            object.members = Some(Members::Json { first: false });
            object.entered = true;
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

    /// The next field; its value is to be read then.
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
            return Ok(self.next_again());
        };
        let guess = self.field.wrapping_add(1);
        loop {
            match self.r.next_key(members, self.fields, guess) {
                Next::Field(field) => {
                    self.count += 1;
                    let bit = 1 << (field % 64);
                    if field < 64 {
                        self.twice |= self.seen & bit != 0;
                        self.seen |= bit;
                    } else {
                        self.twice |= !self.see_far(field);
                    }
                    return Ok(Some(field));
                }
                Next::Unknown => {
                    self.count += 1;
                    if self.refuses {
                        let name = self.r.name();
                        if !self.beside.has(&name) {
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
        if self.twice {
            self.last_wins()?;
            return Ok(self.next_again());
        }
        Ok(None)
    }

    /// Whether a field beyond the first 64 was not there yet.
    #[cold]
    fn see_far(&mut self, field: usize) -> bool {
        let words = self.fields.len().div_ceil(64);
        let rare = self.rare.get_or_insert_default();
        rare.seen.resize(words, 0);
        let word = &mut rare.seen[field / 64];
        let bit = 1 << (field % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn has_seen(&self, field: usize) -> bool {
        let word = match (field / 64, &self.rare) {
            (0, _) => self.seen,
            (far, Some(rare)) => rare.seen.get(far).copied().unwrap_or(0),
            (_, None) => 0,
        };
        word & (1 << (field % 64)) != 0
    }

    fn next_again(&mut self) -> Option<usize> {
        let rare = self.rare.as_mut()?;
        if let Some((field, place)) = rare.again.pop() {
            self.r.go(place);
            return Some(field);
        }
        if let Some(end) = rare.end.take() {
            self.r.go(end);
        }
        None
    }

    /// A name stands twice: of each name the last value counts, as in every JavaScript engine. What was found is
    /// forgotten, and the values that count are read again.
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
        let rare = self.rare.get_or_insert_default();
        rare.end = end;
        for (name, (field, place)) in last {
            match field {
                Some(field) => rare.again.push((field, place)),
                None if self.refuses && !self.beside.has(&name) => {
                    unknown(self.cx, self.before, &name);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Reads the value of the field.
    pub(super) fn fill(&mut self, slot: &mut dyn Slot, rules: Rules) {
        self.stopped |= slot.fill(self.r, self.cx, rules).is_err();
    }

    /// Whether every rule was kept; then each field that is not optional was read.
    ///
    /// # Errors
    /// Where the text is not JSON.
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
                    self.cx.known(told::required(field));
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
            self.tell_by_schema()?;
        }
        Ok(clean)
    }

    /// Checks that what has to stand beside a field does.
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

    /// Tells what is wrong in the words and the order of the schema, where the fields say what is right and not how it is told.
    #[cold]
    fn tell_by_schema(self) -> Result<(), Stop> {
        let end = self.r.place();
        self.r.go(self.start);
        let mut value = self.r.value()?;
        self.r.go(end);
        self.beside.leave_envelope(&mut value);
        let mut told = ReadContext::new(self.cx.side());
        let nothing = told.mark();
        check_value(self.rules, &value, &mut told);
        // Where the two do not agree, what was found stands.
        if !told.clean_since(nothing) {
            self.cx.forget_since(self.before);
            self.cx.adopt(told);
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

/// Reads an object whose names are not declared. Of a name that stands twice the last value counts.
///
/// # Errors
/// Where the text is not JSON.
pub fn map<T: Payload>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> ReadResult<BTreeMap<String, T>> {
    let beside = std::mem::take(&mut cx.beside);
    if r.peek()? != Kind::Object {
        return wrong_type(r, cx, Type::Object);
    }
    let outer = cx.mark();
    // What a value broke is held back until it is known to be the last of its name.
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
        if beside.has(&name) {
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
        if !keeps_name(names, &name) {
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
}
