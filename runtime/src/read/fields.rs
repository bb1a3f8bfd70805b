//! The fields of a struct, read and written by what does not know the struct: a place for each, filled one after the other.

use super::{Mark, ObjectReader, Place, ReadContext, ReadResult, Reader, Rules, Segment, Stop};
use crate::{Payload, message::FieldWriter};

/// What is done with the fields of a struct. It is small, because it is handed on for every object of a message.
#[derive(Debug)]
pub enum Pass<'a, 'de, T> {
    /// They are read, and a value is made of them.
    Read(&'a mut Reader<'de>, &'a mut ReadContext),
    /// They are written.
    Write(&'a T, FieldWriter<'a>),
}

/// What an object has to keep.
#[derive(Debug)]
pub struct StructFields {
    /// The names of the fields, in the schema's order.
    pub names: &'static [&'static str],
    /// Whether each name stands in a text as it is: none has a quote, a backslash or a control character.
    pub plain: bool,
    /// The rules of each field; empty, where none has some.
    pub rules: &'static [Rules],
    /// Unknown fields are refused, or dropped; none, where that is for the end that receives to say.
    pub closed: Option<bool>,
    /// `minProperties`, `maxProperties` and `dependentRequired`; and a schema, which tells what is wrong in the fields' stead.
    pub own: Rules,
}

/// Reads every field of an object into its slot. `required` are the fields that have to be there, a bit each, the lowest for the
/// first. Whether all rules were kept; then each field that has to be there was read.
///
/// # Errors
/// Where the text is not JSON.
pub fn fill(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
) -> Result<bool, Stop> {
    let mut begun = Begun {
        start: r.place(),
        before: cx.mark(),
        seen: 0,
        last: usize::MAX,
    };
    if layout.plain && layout.own.is_empty() && cx.beside.is_none() {
        let whole = in_order(r, cx, layout, required, slots, &mut begun)?;
        if whole {
            return Ok(cx.clean_since(begun.before));
        }
    }
    let mut object = ObjectReader::new(r, cx, layout, required, begun);
    while let Some(field) = object.advance() {
        if let Some(slot) = slots.get_mut(field) {
            object.fill(&mut **slot, layout.rules.get(field).unwrap_or(&NONE));
        }
    }
    object.end()
}

/// What was read of an object whose fields stand in the schema's order, without white space.
pub(super) struct Begun<'de> {
    /// Where the object stands, and what had been found wrong before it.
    pub(super) start: Place<'de>,
    pub(super) before: Mark,
    /// The fields that were read, a bit each, and the last of them; behind the last there is where there is none.
    pub(super) seen: u64,
    pub(super) last: usize,
}

/// Reads fields for as long as they stand as most senders write them. Whether that was the whole object, with every field that
/// has to be there.
#[inline]
fn in_order<'de>(
    r: &mut Reader<'de>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    begun: &mut Begun<'de>,
) -> Result<bool, Stop> {
    let &[required] = required else {
        return Ok(false);
    };
    for (field, (name, slot)) in layout.names.iter().zip(slots).enumerate() {
        let Reader::Json(json) = &mut *r else {
            return Ok(false);
        };
        let bit = 1 << field;
        if !json.quick_name(begun.seen == 0, name) {
            if required & bit != 0 {
                return Ok(false);
            }
            continue;
        }
        begun.seen |= bit;
        begun.last = field;
        let mark = cx.mark();
        slot.fill(r, cx, layout.rules.get(field).unwrap_or(&NONE))?;
        cx.part(begun.before, mark, || Segment::field(field, name));
    }
    match r {
        Reader::Json(json) => Ok(begun.seen != 0 && json.quick_end()),
        Reader::Value(_) => Ok(false),
    }
}

/// The place of a field that is being read.
pub trait Slot {
    /// Reads the value of the field, which keeps the rules.
    ///
    /// # Errors
    /// Where the text is not JSON.
    fn fill(&mut self, r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> Result<(), Stop>;
}

impl<T: Payload> Slot for Option<T> {
    fn fill(&mut self, r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> Result<(), Stop> {
        *self = T::read(r, cx, rules)?;
        Ok(())
    }
}

const NONE: Rules = &[];

macro_rules! rows {
    ($($name:ident $values:ident: $($column:ident $place:tt)*;)*) => {$(
        /// The fields of a struct of so many; what makes a value of them, and what takes them out of a value.
        ///
        /// # Errors
        /// Where the text is not JSON.
        #[inline]
        #[allow(non_snake_case, unused_mut, reason = "a type and its value bear one name")]
        pub fn $name<$($column: Payload,)* T>(
            pass: Pass<'_, '_, T>,
            layout: &'static StructFields,
            make: impl FnOnce($($column),*) -> T,
            split: impl FnOnce(&T) -> ($(&$column,)*),
        ) -> ReadResult<T> {
            match pass {
                Pass::Read(r, cx) => match $values::<$($column),*>(r, cx, layout) {
                    Ok(Some(($($column,)*))) => Ok(Some(make($($column),*))),
                    Ok(None) => Ok(None),
                    Err(Stop) => Err(Stop),
                },
                Pass::Write(value, mut fields) => {
                    let ($($column,)*) = split(value);
                    $($column.write_field(&mut fields, layout.names[$place]);)*
                    let _ = &mut fields;
                    Ok(None)
                }
            }
        }

        /// The values of the fields: compiled once for all structs whose fields have these types.
        #[allow(non_snake_case, unused_mut, unused_variables, reason = "a type and its value bear one name")]
        fn $values<$($column: Payload),*>(
            r: &mut Reader<'_>,
            cx: &mut ReadContext,
            layout: &'static StructFields,
        ) -> ReadResult<($($column,)*)> {
            let mut values = ($($column::ABSENT,)*);
            let required = const { &[0 $(| (!$column::OPTIONAL as u64) << $place)*] };
            if !fill(r, cx, layout, required, &mut [$(&mut values.$place),*])? {
                return Ok(None);
            }
            // Taken one by one: to take them out of the tuple at once costs three times the code.
            $(let Some($column) = values.$place.take() else { return Ok(None) };)*
            Ok(Some(($($column,)*)))
        }
    )*};
}

rows! {
    fields0 values0: ;
    fields1 values1: A 0;
    fields2 values2: A 0 B 1;
    fields3 values3: A 0 B 1 C 2;
    fields4 values4: A 0 B 1 C 2 D 3;
    fields5 values5: A 0 B 1 C 2 D 3 E 4;
    fields6 values6: A 0 B 1 C 2 D 3 E 4 F 5;
    fields7 values7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    fields8 values8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    fields9 values9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    fields10 values10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    fields11 values11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    fields12 values12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
    fields13 values13: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12;
    fields14 values14: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13;
    fields15 values15: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14;
    fields16 values16: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15;
}
