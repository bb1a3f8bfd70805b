//! Arrays: lists, and tuples.

use super::{
    Items, Kind, Mark, Place, ReadContext, ReadResult, Reader, Rule, Rules, Segment, Stop,
    checked::{fill_checked, is_checked, read_any},
    rules::{check_contains, check_items, inner, report},
    scalar::wrong_type,
};
use crate::{Payload, foreign::AsPayload};
use handfast_schema::{Type, details};
use serde::Serializer;

/// Reads an array: returns one item after the other, and at the end whether there were violations.
#[derive(Debug)]
pub struct ArrayReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    rules: Rules,
    items: Option<Items<'de>>,
    start: Place<'de>,
    /// The marks before the array and before the item being read.
    before: Mark,
    mark: Mark,
    /// The number of items started.
    count: usize,
    stopped: bool,
}

impl<'r, 'de> ArrayReader<'r, 'de> {
    /// Enters an array with these rules.
    pub fn new(r: &'r mut Reader<'de>, cx: &'r mut ReadContext, rules: Rules) -> Self {
        let mut array = Self {
            start: r.place(),
            before: cx.mark(),
            mark: cx.mark(),
            r,
            cx,
            rules,
            items: None,
            count: 0,
            stopped: false,
        };
        array.stopped = array.enter().is_err();
        array
    }

    fn enter(&mut self) -> Result<(), Stop> {
        if self.r.peek()? == Kind::Array {
            self.start = self.r.place();
            self.items = Some(self.r.enter_array()?);
            Ok(())
        } else {
            wrong_type::<()>(self.r, self.cx, Type::Array).map(|_| ())
        }
    }

    /// Returns the index of the next item, which must be read next.
    pub fn advance(&mut self) -> Option<usize> {
        if let Some(last) = self.count.checked_sub(1) {
            self.cx
                .part(self.before, self.mark, || Segment::Index(last));
        }
        if self.stopped {
            return None;
        }
        match self.r.next_item(self.items.as_mut()?) {
            Ok(true) => {
                self.mark = self.cx.mark();
                self.count += 1;
                Some(self.count - 1)
            }
            Ok(false) => None,
            Err(Stop) => {
                self.stopped = true;
                None
            }
        }
    }

    /// Reads the items one by one.
    pub(crate) fn items<T: Payload>(&mut self, items: &mut Vec<T>, rules: Rules) {
        if is_checked(rules) {
            return self.checked_items(items, rules);
        }
        while self.advance().is_some() {
            let item = T::read(self.r, self.cx, rules);
            items.extend(self.kept(item));
        }
    }

    /// The fast path: reads numbers for as long as they are short and within bounds.
    pub(crate) fn plain_numbers(&mut self, items: &mut Vec<f64>, bounds: (f64, f64)) {
        let before = items.len();
        match (&mut *self.r, &mut self.items) {
            (Reader::Json(r), Some(Items::Json { first })) => {
                while let Some(x) = r.quick_number(first, bounds) {
                    items.push(x);
                }
            }
            (Reader::Binary(r), Some(Items::Counted(left))) => {
                r.quick_numbers(left, bounds, items);
            }
            _ => {}
        }
        self.count += items.len() - before;
    }

    #[cold]
    fn checked_items<T: Payload>(&mut self, items: &mut Vec<T>, rules: Rules) {
        while self.advance().is_some() {
            let mut item = None;
            self.stopped |= fill_checked(&mut item, self.r, self.cx, rules).is_err();
            items.extend(item);
        }
    }

    /// Reads an item, which may be checked.
    fn item<T: Payload>(&mut self, rules: Rules) -> Option<T> {
        let item = read_any(self.r, self.cx, rules);
        self.kept(item)
    }

    #[inline]
    fn kept<T>(&mut self, item: ReadResult<T>) -> Option<T> {
        match item {
            Ok(value) => value,
            Err(Stop) => {
                self.stopped = true;
                None
            }
        }
    }

    /// Skips an item that the tuple has no place for.
    fn refuse(&mut self) {
        self.cx.violation(details::unknown_item("items"));
        self.stopped |= self.r.skip().is_err();
    }

    /// Returns whether there are no violations.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    pub fn end(mut self) -> Result<bool, Stop> {
        self.finish()
    }

    fn finish(&mut self) -> Result<bool, Stop> {
        if self.stopped {
            return Err(Stop);
        }
        if self.items.is_none() {
            return Ok(false);
        }
        let Self { r, cx, rules, .. } = self;
        check_items(rules, self.count as u64, cx);
        let of_all = |rule: &Rule| matches!(rule, Rule::UniqueItems | Rule::Contains(_));
        if !cx.accepted && rules.iter().any(of_all) {
            let end = r.place();
            r.go(self.start);
            let value = r.value()?;
            r.go(end);
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            for rule in *rules {
                match rule {
                    Rule::UniqueItems if !handfast_schema::number::all_unique(items) => {
                        report(rule, cx);
                    }
                    Rule::Contains(contains) => check_contains(contains, items, cx),
                    _ => {}
                }
            }
        }
        Ok(cx.clean_since(self.before))
    }
}

/// How many items a tuple has.
#[derive(Clone, Copy, Debug)]
pub struct TupleWidth {
    /// How many must be there.
    pub required: usize,
    /// How many have a type of their own.
    pub known: usize,
    /// Whether others may follow.
    pub rest: bool,
}

/// Reads a tuple: as many items as it has, and no others.
#[derive(Debug)]
pub struct TupleReader<'r, 'de> {
    array: ArrayReader<'r, 'de>,
    width: TupleWidth,
}

impl<'r, 'de> TupleReader<'r, 'de> {
    /// Enters a tuple.
    pub fn new(
        r: &'r mut Reader<'de>,
        cx: &'r mut ReadContext,
        rules: Rules,
        width: TupleWidth,
    ) -> Self {
        Self {
            array: ArrayReader::new(r, cx, rules),
            width,
        }
    }

    /// Returns the index of the next item that the tuple has a type for.
    pub fn advance(&mut self) -> Option<usize> {
        loop {
            let index = self.array.advance()?;
            if index < self.width.known || self.width.rest {
                return Some(index);
            }
            self.array.refuse();
        }
    }

    /// Reads an item of the rest.
    pub fn rest<T: Payload>(&mut self, items: &mut Vec<T>, rules: Rules) {
        items.extend(self.array.item(inner(rules)));
    }

    /// Reads an item into its slot.
    pub fn fill<T: Payload>(&mut self, slot: &mut Option<T>, rules: Rules) {
        *slot = self.array.item(rules);
    }

    /// Returns whether there are no violations. If so, every required item was read.
    ///
    /// # Errors
    /// If the text is not valid JSON.
    pub fn end(mut self) -> Result<bool, Stop> {
        let kept = self.array.finish()?;
        if kept && self.array.count < self.width.required {
            // A schema with `minItems` reports this itself, with the same message.
            let words = details::min_items(self.width.required as u64);
            self.array.cx.violation(words);
            return Ok(false);
        }
        Ok(kept)
    }
}

impl<T: Payload> Payload for Vec<T> {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        let mut items = Self::new();
        let mut array = ArrayReader::new(r, cx, rules);
        T::read_items(&mut array, &mut items, inner(rules));
        Ok(array.end()?.then_some(items))
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(AsPayload))
    }
}
