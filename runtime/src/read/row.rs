//! The fields of a struct, read and written by what does not know the struct: a place for each, filled one after the other.

use super::{Cx, ObjectReader, Reader, Rules, Step};
use crate::{Payload, message::FieldWriter};
use std::fmt;

/// What is done with the fields of a struct.
#[derive(Debug)]
pub enum Pass<'a, 'de, T> {
    /// They are read, and a value is made of them.
    Read(Object<'a, 'de>),
    /// They are written.
    Write(&'a T, FieldWriter<'a>),
}

/// An object that is to be read.
#[derive(Debug)]
pub struct Object<'a, 'de> {
    pub(super) r: &'a mut Reader<'de>,
    pub(super) cx: &'a mut Cx,
    pub(super) closed: Option<bool>,
    pub(super) rules: Rules,
}

impl<'a, 'de> Object<'a, 'de> {
    /// What stands next, as an object.
    pub const fn new(r: &'a mut Reader<'de>, cx: &'a mut Cx) -> Self {
        Self {
            r,
            cx,
            closed: None,
            rules: &[],
        }
    }

    /// What it is read with.
    pub const fn parts(self) -> (&'a mut Reader<'de>, &'a mut Cx) {
        (self.r, self.cx)
    }

    /// Reads every field into its place: their names in the schema's order, and which of them have to be there, a bit each, the
    /// lowest for the first. Whether all rules were kept; then each field that has to be there was read.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn fill(
        self,
        names: &'static [&'static str],
        required: &'static [u64],
        places: &mut [&mut dyn Place<'de>],
    ) -> Result<bool, super::Stop> {
        let mut object = ObjectReader::new(self, names, required);
        while let Some(field) = object.advance() {
            if let Some(place) = places.get_mut(field) {
                place.fill(&mut object);
            }
        }
        object.end()
    }
}

impl<T> Pass<'_, '_, T> {
    /// Unknown fields are refused, or dropped, whoever receives.
    #[must_use]
    pub fn closed(mut self, closed: bool) -> Self {
        if let Self::Read(object) = &mut self {
            object.closed = Some(closed);
        }
        self
    }

    /// `minProperties` and `maxProperties`; and a schema, which tells what is wrong in the fields' stead.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        if let Self::Read(object) = &mut self {
            object.rules = rules;
        }
        self
    }
}

/// The place of a field while the fields are read.
pub struct Column<T> {
    /// What was read, or what stands for a field that is absent.
    pub value: Option<T>,
    rules: Rules,
}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl<'de, T: Payload<'de>> Column<T> {
    /// The place of a field that keeps the rules.
    pub fn new(rules: Rules) -> Self {
        Self {
            value: T::absent(),
            rules,
        }
    }
}

/// A place that can be filled, whatever belongs into it.
pub trait Place<'de> {
    /// Reads the value of the field.
    fn fill(&mut self, object: &mut ObjectReader<'_, 'de>);
}

impl<'de, T: Payload<'de>> Place<'de> for Column<T> {
    fn fill(&mut self, object: &mut ObjectReader<'_, 'de>) {
        self.value = object.value(self.rules);
    }
}

/// The rules of a field, where any has some.
const fn of(rules: &'static [Rules], field: usize) -> Rules {
    if rules.is_empty() { &[] } else { rules[field] }
}

macro_rules! rows {
    ($($name:ident: $($column:ident $place:literal)*;)*) => {$(
        /// The fields of a struct of so many: their names, and their rules where any has some; what makes a value of them, and what
        /// takes them out of a value.
        ///
        /// # Errors
        /// Where the text is not JSON.
        #[inline]
        #[allow(non_snake_case, unused_variables, reason = "a type and its value bear one name")]
        pub fn $name<'de, $($column: Payload<'de>,)* T>(
            pass: Pass<'_, 'de, T>,
            names: &'static [&'static str],
            rules: &'static [Rules],
            make: fn($($column),*) -> T,
            split: fn(&T) -> ($(&$column,)*),
        ) -> Step<T> {
            match pass {
                Pass::Read(object) => {
                    $(let mut $column = Column::<$column>::new(of(rules, $place));)*
                    let required = const { &[0 $(| (!$column::OPTIONAL as u64) << $place)*] };
                    if !object.fill(names, required, &mut [$(&mut $column),*])? {
                        return Ok(None);
                    }
                    match ($($column.value,)*) {
                        ($(Some($column),)*) => Ok(Some(make($($column),*))),
                        #[allow(unreachable_patterns, reason = "where there are no fields")]
                        _ => Ok(None),
                    }
                }
                Pass::Write(value, mut fields) => {
                    let ($($column,)*) = split(value);
                    $($column.write_field(&mut fields, names[$place]);)*
                    let _ = &mut fields;
                    Ok(None)
                }
            }
        }
    )*};
}

rows! {
    row0: ;
    row1: A 0;
    row2: A 0 B 1;
    row3: A 0 B 1 C 2;
    row4: A 0 B 1 C 2 D 3;
    row5: A 0 B 1 C 2 D 3 E 4;
    row6: A 0 B 1 C 2 D 3 E 4 F 5;
    row7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    row8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    row9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    row10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    row11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    row12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
    row13: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12;
    row14: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13;
    row15: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14;
    row16: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15;
}
