//! Objects: structs by their table of fields, and maps.

use super::{
    Cx, Key, Kind, Mark, Members, Place, Reader, Rules, Segment, Step, Syntax,
    cx::Beside,
    rules::{check_properties, inner},
    scalar::wrong_type,
};
use crate::Payload;
use handfast_schema::{Type, words};
use std::collections::BTreeMap;

/// An object that is being read: it gives one field after the other, and at the end whether every rule was
/// kept. What goes wrong on the way, it keeps until then.
#[derive(Debug)]
pub struct ObjectReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut Cx,
    fields: &'static [&'static str],
    required: &'static [u64],
    refuses: bool,
    rules: Rules,
    members: Option<Members<'de>>,
    entered: bool,
    start: Place<'de>,
    /// What had been found wrong before the object.
    before: Mark,
    beside: Beside,
    /// The field that most senders write next.
    guess: usize,
    seen: Seen,
    twice: bool,
    count: u64,
    /// The field being read, and what had been found wrong before it.
    field: Option<(usize, Mark)>,
    /// What is left to be read again, where a name stood twice.
    again: Vec<(usize, Place<'de>)>,
    end: Option<Place<'de>>,
    syntax: Option<Syntax>,
}

impl<'r, 'de> ObjectReader<'r, 'de> {
    /// Goes into an object: the names of the fields in the schema's order, and which of them have to be there, a bit
    /// each, the lowest for the first.
    pub fn new(
        r: &'r mut Reader<'de>,
        cx: &'r mut Cx,
        fields: &'static [&'static str],
        required: &'static [u64],
    ) -> Self {
        let mut object = Self {
            start: r.place(),
            before: cx.mark(),
            beside: std::mem::take(&mut cx.beside),
            r,
            refuses: cx.refuses_unknown(),
            cx,
            fields,
            required,
            rules: &[],
            members: None,
            entered: false,
            guess: 0,
            seen: Seen::new(fields.len()),
            twice: false,
            count: 0,
            field: None,
            again: Vec::new(),
            end: None,
            syntax: None,
        };
        if let Err(syntax) = object.enter() {
            object.syntax = Some(syntax);
        }
        object
    }

    /// Unknown fields are refused, or dropped, whoever receives.
    pub const fn closed(&mut self, closed: bool) {
        self.refuses = closed;
    }

    /// `minProperties` and `maxProperties`.
    pub const fn rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    fn enter(&mut self) -> Result<(), Syntax> {
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
    pub fn advance(&mut self) -> Option<usize> {
        self.leave_field();
        if self.syntax.is_some() {
            return None;
        }
        match self.step() {
            Ok(Some(field)) => {
                self.field = Some((field, self.cx.mark()));
                Some(field)
            }
            Ok(None) => None,
            Err(syntax) => {
                self.syntax = Some(syntax);
                None
            }
        }
    }

    fn leave_field(&mut self) {
        if let Some((field, mark)) = self.field.take() {
            let name = self.fields[field];
            self.cx.within(mark, || Segment::Field(field, name));
        }
    }

    fn step(&mut self) -> Result<Option<usize>, Syntax> {
        let Some(members) = &mut self.members else {
            return Ok(self.next_again());
        };
        let fields = self.fields;
        loop {
            match self.r.next_key(members, fields, self.guess)? {
                Some(Key::Known(field)) => {
                    self.count += 1;
                    self.guess = field + 1;
                    self.twice |= !self.seen.insert(field);
                    return Ok(Some(field));
                }
                Some(Key::Unknown(name)) => {
                    self.count += 1;
                    if self.refuses && !self.beside.has(&name) {
                        unknown(self.cx, name.into_owned());
                    }
                    self.r.skip()?;
                }
                None => break,
            }
        }
        self.members = None;
        if self.twice {
            self.last_wins()?;
        }
        Ok(self.next_again())
    }

    fn next_again(&mut self) -> Option<usize> {
        if let Some((field, place)) = self.again.pop() {
            self.r.go(place);
            return Some(field);
        }
        if let Some(end) = self.end.take() {
            self.r.go(end);
        }
        None
    }

    /// A name stands twice: of each name the last value counts, as in every JavaScript engine. What was found is
    /// forgotten, and the values that count are read again.
    #[cold]
    fn last_wins(&mut self) -> Result<(), Syntax> {
        self.cx.forget_since(self.before);
        self.end = Some(self.r.place());
        let fields = self.fields;
        let mut last: BTreeMap<String, (Option<usize>, Place<'de>)> = BTreeMap::new();
        self.r.go(self.start);
        let mut members = self.r.enter_object()?;
        while let Some(key) = self.r.next_key(&mut members, fields, 0)? {
            let (name, field) = match key {
                Key::Known(field) => (fields[field].to_owned(), Some(field)),
                Key::Unknown(name) => (name.into_owned(), None),
            };
            self.r.peek()?;
            last.insert(name, (field, self.r.place()));
            self.r.skip()?;
        }
        self.count = last.len() as u64;
        for (name, (field, place)) in last {
            match field {
                Some(field) => self.again.push((field, place)),
                None if self.refuses && !self.beside.has(&name) => unknown(self.cx, name),
                None => {}
            }
        }
        Ok(())
    }

    /// Reads the value of the field into its place.
    pub fn fill<T: Payload<'de>>(&mut self, slot: &mut Option<T>, rules: Rules) {
        match T::read(self.r, self.cx, rules) {
            Ok(value) => *slot = value,
            Err(syntax) => self.syntax = Some(syntax),
        }
    }

    /// What the fields were read into, if every rule was kept; then each field that is not optional was read.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn end<T>(self, slots: T) -> Step<T> {
        Ok(self.finish()?.then_some(slots))
    }

    fn finish(self) -> Result<bool, Syntax> {
        if let Some(syntax) = self.syntax {
            return Err(syntax);
        }
        if !self.entered {
            return Ok(false);
        }
        let Self {
            cx,
            fields,
            required,
            ..
        } = self;
        if !self.seen.has_all(required) {
            for (place, field) in fields.iter().enumerate() {
                if has(required, place) && !has(self.seen.words(), place) {
                    cx.violation("required", words::required(field));
                }
            }
        }
        check_properties(self.rules, self.count, cx);
        Ok(cx.clean_since(self.before))
    }
}

#[cold]
fn unknown(cx: &mut Cx, name: String) {
    let mark = cx.mark();
    cx.violation("additionalProperties", words::UNKNOWN_PROPERTY);
    cx.within(mark, || Segment::Key(name));
}

/// The fields seen so far, a bit each: a word, or several.
#[derive(Debug)]
enum Seen {
    Few([u64; 1]),
    Many(Vec<u64>),
}

impl Seen {
    fn new(fields: usize) -> Self {
        if fields <= 64 {
            Self::Few([0])
        } else {
            Self::Many(vec![0; fields.div_ceil(64)])
        }
    }

    fn words(&self) -> &[u64] {
        match self {
            Self::Few(word) => word,
            Self::Many(words) => words,
        }
    }

    /// Whether it was not there yet.
    fn insert(&mut self, field: usize) -> bool {
        let word = match self {
            Self::Few([word]) => word,
            Self::Many(words) => &mut words[field / 64],
        };
        let bit = 1 << (field % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn has_all(&self, bits: &[u64]) -> bool {
        let missing = |(bits, seen): (&u64, &u64)| bits & !seen != 0;
        !bits.iter().zip(self.words()).any(missing)
    }
}

fn has(words: &[u64], place: usize) -> bool {
    words
        .get(place / 64)
        .is_some_and(|word| word & (1 << (place % 64)) != 0)
}

/// Reads an object whose names are not declared. Of a name that stands twice the last value counts.
///
/// # Errors
/// Where the text is not JSON.
pub fn map<'de, T: Payload<'de>>(
    r: &mut Reader<'de>,
    cx: &mut Cx,
    rules: Rules,
) -> Step<BTreeMap<String, T>> {
    if r.peek()? != Kind::Object {
        return wrong_type(r, cx, Type::Object);
    }
    let outer = cx.mark();
    // What a value broke is held back until it is known to be the last of its name.
    let mut found: BTreeMap<String, (Option<T>, Cx)> = BTreeMap::new();
    let mode = cx.mode();
    let mut members = r.enter_object()?;
    while let Some(key) = r.next_key(&mut members, &[], 0)? {
        let Key::Unknown(name) = key else { continue };
        let mut own = Cx::new(mode);
        let value = T::read(r, &mut own, inner(rules))?;
        found.insert(name.into_owned(), (value, own));
    }
    let count = found.len() as u64;
    let mut map = BTreeMap::new();
    for (name, (value, own)) in found {
        let mark = cx.mark();
        cx.adopt(own);
        cx.within(mark, || Segment::Key(name.clone()));
        if let Some(value) = value {
            map.insert(name, value);
        }
    }
    check_properties(rules, count, cx);
    Ok(cx.clean_since(outer).then_some(map))
}

impl<'de, T: Payload<'de>> Payload<'de> for BTreeMap<String, T> {
    fn read(r: &mut Reader<'de>, cx: &mut Cx, rules: Rules) -> Step<Self> {
        map(r, cx, rules)
    }
}
