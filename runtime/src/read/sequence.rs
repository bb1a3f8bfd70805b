//! Arrays: lists, and tuples.

use super::{
    Items, Kind, Mark, Place, ReadContext, ReadResult, Reader, Rule, Rules, Segment, Stop,
    rules::{broken, check_contains, check_items, inner},
    scalar::wrong_type,
};
use crate::Payload;
use handfast_schema::{Type, details};

/// An array that is being read: it gives one item after the other, and at the end whether every rule was kept. What goes
/// wrong on the way, it keeps until then.
#[derive(Debug)]
pub struct ArrayReader<'r, 'de> {
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    rules: Rules,
    items: Option<Items<'de>>,
    start: Place<'de>,
    /// What had been found wrong before the array, and before the item being read.
    before: Mark,
    mark: Mark,
    /// How many items were begun.
    count: usize,
    stopped: bool,
}

impl<'r, 'de> ArrayReader<'r, 'de> {
    /// Goes into an array that keeps the rules.
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

    /// The place of the next item; it is to be read then.
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

    /// Reads what items there are, one by one.
    pub(crate) fn items<T: Payload>(&mut self, items: &mut Vec<T>, rules: Rules) {
        while self.advance().is_some() {
            items.extend(self.item(rules));
        }
    }

    /// Reads numbers for as long as they are plain and within bounds.
    pub(crate) fn plain_numbers(&mut self, items: &mut Vec<f64>, bounds: (f64, f64)) {
        if let (Reader::Json(r), Some(Items::Json { first })) = (&mut *self.r, &mut self.items) {
            let before = items.len();
            while let Some(x) = r.quick_number(first, bounds) {
                items.push(x);
            }
            self.count += items.len() - before;
        }
    }

    /// Reads an item.
    #[inline]
    fn item<T: Payload>(&mut self, rules: Rules) -> Option<T> {
        match T::read(self.r, self.cx, rules) {
            Ok(value) => value,
            Err(Stop) => {
                self.stopped = true;
                None
            }
        }
    }

    /// An item that there is no place for.
    fn refuse(&mut self) {
        self.cx.violation(details::unknown_item("items"));
        self.stopped |= self.r.skip().is_err();
    }

    /// Whether every rule was kept.
    ///
    /// # Errors
    /// Where the text is not JSON.
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
        if rules.iter().any(of_all) {
            let end = r.place();
            r.go(self.start);
            let value = r.value()?;
            r.go(end);
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            for rule in *rules {
                match rule {
                    Rule::UniqueItems if !handfast_schema::number::all_unique(items) => {
                        broken(rule, cx);
                    }
                    Rule::Contains(contains) => check_contains(contains, items, cx),
                    _ => {}
                }
            }
        }
        Ok(cx.clean_since(self.before))
    }
}

/// A tuple that is being read: all of its items have to be there, and none more.
#[derive(Debug)]
pub struct TupleReader<'r, 'de> {
    array: ArrayReader<'r, 'de>,
    width: usize,
}

impl<'r, 'de> TupleReader<'r, 'de> {
    /// Goes into a tuple of `width` items.
    pub fn new(
        r: &'r mut Reader<'de>,
        cx: &'r mut ReadContext,
        rules: Rules,
        width: usize,
    ) -> Self {
        Self {
            array: ArrayReader::new(r, cx, rules),
            width,
        }
    }

    /// The place of the next item that there is a type for.
    pub fn advance(&mut self) -> Option<usize> {
        loop {
            let index = self.array.advance()?;
            if index < self.width {
                return Some(index);
            }
            self.array.refuse();
        }
    }

    /// Reads the item into its place.
    pub fn fill<T: Payload>(&mut self, slot: &mut Option<T>, rules: Rules) {
        *slot = self.array.item(rules);
    }

    /// Whether every rule was kept; then each item was read.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn end(mut self) -> Result<bool, Stop> {
        let kept = self.array.finish()?;
        if kept && self.array.count < self.width {
            // A schema whose `minItems` says so reports it itself, with the same words.
            let words = details::min_items(self.width as u64);
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
}
