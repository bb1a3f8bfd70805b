//! The fields of a struct, read and written by what does not know the struct: a place for each, filled one after the other.

use super::{Cx, ObjectReader, Reader, Rules, Step, Stop};
use crate::{Payload, message::FieldWriter};

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
    /// lowest for the first; the rules of each where any has some. Whether all rules were kept; then each field that has to be
    /// there was read.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn fill(
        self,
        names: &'static [&'static str],
        required: &'static [u64],
        rules: &'static [Rules],
        places: &mut [&mut dyn Place<'de>],
    ) -> Result<bool, Stop> {
        let mut object = ObjectReader::new(self, names, required);
        while let Some(field) = object.advance() {
            if let Some(place) = places.get_mut(field) {
                place.fill(&mut object, rules.get(field).unwrap_or(&NONE));
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

    /// `minProperties`, `maxProperties` and `dependentRequired`; and a schema, which tells what is wrong in the fields' stead.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        if let Self::Read(object) = &mut self {
            object.rules = rules;
        }
        self
    }
}

/// The place of a field that is being read.
pub trait Place<'de> {
    /// Reads the value of the field, which keeps the rules.
    fn fill(&mut self, object: &mut ObjectReader<'_, 'de>, rules: Rules);
}

impl<'de, T: Payload<'de>> Place<'de> for Option<T> {
    fn fill(&mut self, object: &mut ObjectReader<'_, 'de>, rules: Rules) {
        *self = object.value(rules);
    }
}

const NONE: Rules = &[];

macro_rules! rows {
    ($($name:ident: $($column:ident $place:tt)*;)*) => {$(
        /// The fields of a struct of so many: their names, and their rules where any has some; what makes a value of them, and what
        /// takes them out of a value.
        ///
        /// # Errors
        /// Where the text is not JSON.
        #[inline]
        #[allow(non_snake_case, unused_variables, unused_mut, reason = "a type and its value bear one name")]
        pub fn $name<'de, $($column: Payload<'de>,)* T>(
            pass: Pass<'_, 'de, T>,
            names: &'static [&'static str],
            rules: &'static [Rules],
            make: impl FnOnce($($column),*) -> T,
            split: impl FnOnce(&T) -> ($(&$column,)*),
        ) -> Step<T> {
            match pass {
                Pass::Read(object) => {
                    let mut values = ($($column::ABSENT,)*);
                    let required = const { &[0 $(| (!$column::OPTIONAL as u64) << $place)*] };
                    if !object.fill(names, required, rules, &mut [$(&mut values.$place),*])? {
                        return Ok(None);
                    }
                    // Taken one by one: to take them out of the tuple at once costs three times the code.
                    $(let Some($column) = values.$place.take() else { return Ok(None) };)*
                    Ok(Some(make($($column),*)))
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
