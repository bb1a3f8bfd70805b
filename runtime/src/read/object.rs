//! Objects: structs, by their list of fields, and maps.

use super::{
    Kind, Mark, Members, Next, Pass, Place, ReadContext, ReadResult, Reader, Rules, Segment, Stop,
    checked::{fill_slot, read_any, report_by_schema},
    context::{FoundApart, RefusedNames},
    detail_cache,
    fields::{ObjectPrefix, Slot, StructFields},
    ignored::IgnoredMembers,
    rules::{Rule, check_properties, inner, is_valid_name, names},
    scalar::wrong_type,
    schema,
};
use crate::{Fields, Payload, foreign::AsPayload};
use handfast_schema::{Type, details};
use serde::Serializer;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Reads an object: returns one field after the other, and at the end whether there were violations.
#[derive(Debug)]
pub struct ObjectReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    fields: &'static [&'static str],
    /// Whether every name appears verbatim in JSON text.
    is_plain: bool,
    required: &'static [u64],
    closed: bool,
    rules: Rules,
    /// Whether the schema of a value around this one will word the violations.
    quiet: bool,
    /// `None` before and after the object.
    members: Option<Members<'de>>,
    entered: bool,
    start: Place<'de>,
    /// The marks before the object and before the field being read.
    before: Mark,
    mark: Mark,
    ignored: IgnoredMembers,
    /// The index of the field being read; out of bounds if there is none.
    field: usize,
    /// Where the members go that no field takes.
    rest: Option<&'r mut dyn RestSlot>,
    /// The number of members that were read, each name once.
    count: u64,
    /// The first 64 fields that were seen, one bit each.
    seen: u64,
    /// What few objects need.
    cold: Option<Box<ColdState>>,
    stopped: bool,
}

/// What few objects need.
#[derive(Debug, Default)]
struct ColdState {
    /// The fields beyond the first 64 that were seen, one bit each.
    seen: Vec<u64>,
    /// The violations of each field, from where a name is repeated on: only those of its last value count, as in every JavaScript engine. No
    /// value is read twice because of it; otherwise an object in an object in an object would be read eight times.
    apart: Option<BTreeMap<usize, FoundApart>>,
    /// The undeclared names that are refused.
    refused: RefusedNames,
    /// The undeclared names, if they are counted.
    names: BTreeSet<String>,
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
        rest: Option<&'r mut dyn RestSlot>,
    ) -> Self {
        let ObjectPrefix {
            start,
            before,
            seen,
            last,
            members,
        } = prefix;
        let quiet = cx.quiet;
        if !layout.own.is_empty() {
            cx.quiet |= schema::of(layout.own).is_some();
        }
        let mut object = Self {
            start,
            quiet,
            before,
            mark: cx.mark(),
            ignored: std::mem::take(&mut cx.ignored),
            r,
            closed: layout.closed.unwrap_or(cx.refuses_unknown()) && !cx.accepted && rest.is_none(),
            cx,
            fields: layout.names,
            is_plain: layout.quick,
            required,
            rules: layout.own,
            entered: members.is_some(),
            members,
            field: last,
            rest,
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
            self.cx.field(self.mark, || Segment::field(field, name));
            if let Some(cold) = &mut self.cold
                && let Some(apart) = &mut cold.apart
            {
                apart.insert(field, self.cx.take_since(self.mark));
            }
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
        let guess = self.field.wrapping_add(1);
        loop {
            let Some(members) = &mut self.members else {
                return Ok(None);
            };
            let next = match self.is_plain {
                true => self.r.next_plain_key(members, self.fields, guess),
                false => self.r.next_key(members, self.fields, guess),
            };
            match next {
                Next::Field(field) => {
                    let bit = 1 << (field % 64);
                    let new = match field {
                        0..64 => self.seen & bit == 0,
                        _ => self.mark_seen_cold(field),
                    };
                    if field < 64 {
                        self.seen |= bit;
                    }
                    self.count += u64::from(new);
                    if !new {
                        self.set_apart();
                    }
                    return Ok(Some(field));
                }
                Next::Unknown => self.unknown()?,
                Next::End => break,
                Next::Stop => return Err(Stop),
            }
        }
        self.members = None;
        if let Some(cold) = &mut self.cold {
            for found in std::mem::take(&mut cold.apart).into_iter().flatten() {
                self.cx.put_back(found.1);
            }
            cold.refused.report(self.before, self.cx);
            self.count += cold.names.len() as u64;
        }
        Ok(None)
    }

    /// From here on, the violations of each field are kept apart, so that those of a value whose name is repeated can be replaced.
    #[cold]
    fn set_apart(&mut self) {
        let cold = self.cold.get_or_insert_default();
        if cold.apart.is_none() {
            cold.apart = Some(self.cx.take_fields(self.before));
        }
    }

    /// Reads, refuses or drops a member that no field takes.
    fn unknown(&mut self) -> Result<(), Stop> {
        let ignored = !self.ignored.is_none() && self.ignored.has(&self.r.name());
        if let (Some(rest), false) = (&mut self.rest, ignored) {
            let name = self.r.name().into_owned();
            self.count += u64::from(rest.add(name, self.r, self.cx)?);
            return Ok(());
        }
        if self.closed && !ignored {
            let cold = self.cold.get_or_insert_default();
            cold.refused.add(&self.r.name());
        }
        // Of a member that is dropped only the name matters, and that only if members are counted.
        if is_counted(self.rules) && !(ignored && self.ignored.has_in_envelope(&self.r.name())) {
            let cold = self.cold.get_or_insert_default();
            cold.names.insert(self.r.name().into_owned());
        }
        self.r.skip()
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

    /// Reads the value of a field.
    pub(super) fn fill(&mut self, slot: &mut dyn Slot, rules: Rules) {
        self.stopped |= fill_slot(slot, self.r, self.cx, rules).is_err();
    }

    /// Returns whether there are no violations. If so, every required field was read.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    pub(super) fn end(mut self) -> Result<bool, Stop> {
        self.cx.quiet = self.quiet;
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
        if let Some(rest) = &mut self.rest {
            rest.finish(self.cx, self.before);
        }
        check_properties(self.rules, self.count, self.cx);
        for rule in self.rules {
            if let Rule::DependentRequired(because, names) = rule {
                self.check_dependent(because, names);
            }
        }
        let clean = self.cx.clean_since(self.before);
        if !clean && schema::of(self.rules).is_some() {
            let Self { r, cx, rules, .. } = self;
            report_by_schema(r, cx, rules, self.start, self.before, self.ignored)?;
        }
        Ok(clean)
    }

    /// Checks `dependentRequired`: the properties that must be present if another is.
    fn check_dependent(&mut self, because: &str, names: &[&str]) {
        let is_there = |name: &str| {
            let place = self.fields.iter().position(|field| *field == name);
            place.is_some_and(|place| self.has_seen(place))
        };
        if !is_there(because) || self.cx.accepted {
            return;
        }
        let missing: Vec<&&str> = names.iter().filter(|name| !is_there(name)).collect();
        for name in missing {
            self.cx
                .violation(details::dependent_required(name, because));
        }
    }
}

/// Whether the number of properties has bounds.
fn is_counted(rules: Rules) -> bool {
    let counts = |rule: &Rule| matches!(rule, Rule::MinProperties(_) | Rule::MaxProperties(_));
    rules.iter().any(counts)
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
    let mut rest = RestMembers::new(rules);
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
        rest.add(name.into_owned(), r, cx)?;
    }
    let count = rest.found.len() as u64;
    rest.finish(cx, outer);
    check_properties(rules, count, cx);
    Ok(cx.clean_since(outer).then(|| rest.into_map()))
}

/// The members of a map, or those of a struct that no field takes, while they are read. If a name is repeated, the last value counts.
#[derive(Debug)]
pub struct RestMembers<T> {
    rules: Rules,
    /// The violations of a value are held back until it is known to be the last of its name.
    found: BTreeMap<String, (Option<T>, ReadContext)>,
    map: BTreeMap<String, T>,
}

/// [`RestMembers`] of any type.
pub trait RestSlot {
    /// Reads a member. Returns whether its name is new.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    fn add(&mut self, name: String, r: &mut Reader<'_>, cx: &mut ReadContext)
    -> Result<bool, Stop>;

    /// Reports the violations of all members of an object whose violations start at `outer`.
    fn finish(&mut self, cx: &mut ReadContext, outer: Mark);
}

impl fmt::Debug for dyn RestSlot + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestSlot")
    }
}

impl<T> RestMembers<T> {
    /// Creates a map that is empty. The rules are those of the map.
    pub const fn new(rules: Rules) -> Self {
        Self {
            rules,
            found: BTreeMap::new(),
            map: BTreeMap::new(),
        }
    }

    /// Returns the members, after [`RestSlot::finish`].
    pub fn into_map(self) -> BTreeMap<String, T> {
        self.map
    }
}

impl<T: Payload> RestSlot for RestMembers<T> {
    fn add(
        &mut self,
        name: String,
        r: &mut Reader<'_>,
        cx: &mut ReadContext,
    ) -> Result<bool, Stop> {
        let mut own = cx.of_part();
        let value = read_any(r, &mut own, inner(self.rules))?;
        Ok(self.found.insert(name, (value, own)).is_none())
    }

    fn finish(&mut self, cx: &mut ReadContext, outer: Mark) {
        let names = names(self.rules);
        for (name, (value, own)) in std::mem::take(&mut self.found) {
            let mark = cx.mark();
            if !cx.accepted && !is_valid_name(names, &name) {
                cx.violation(details::property_name());
            }
            cx.adopt(own);
            cx.part(outer, mark, || Segment::Key(name.as_str().into()));
            if let Some(value) = value {
                self.map.insert(name, value);
            }
        }
    }
}

impl<T: Payload> Payload for BTreeMap<String, T> {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        map(r, cx, rules)
    }

    fn fields(pass: Pass<'_, '_, Self>) -> ReadResult<Self> {
        if let Pass::Write(members, mut fields) = pass {
            for (name, value) in members {
                fields.member(name, &AsPayload(value));
            }
        }
        Ok(None)
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, AsPayload(value))))
    }
}

impl<T: Payload> Fields for BTreeMap<String, T> {}
