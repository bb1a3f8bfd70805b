//! Reading and writing the fields of a struct through type-erased slots, filled one after the other.

use super::{
    Kind, Mark, Members, ObjectReader, Place, ReadContext, ReadResult, Reader, Rules, Segment,
    Stop,
    checked::{is_checked, judged},
    object::RestSlot,
};
use crate::{Payload, message::FieldWriter};

/// What to do with the fields of a struct. It is small, because it is passed on for every object of a message.
#[derive(Debug)]
pub enum Pass<'a, 'de, T> {
    /// Read them and construct a value.
    Read(&'a mut Reader<'de>, &'a mut ReadContext),
    /// Write them.
    Write(&'a T, FieldWriter<'a>),
}

/// The fields and rules of an object.
#[derive(Debug)]
pub struct StructFields {
    /// The names of the fields, in the schema's order.
    pub names: &'static [&'static str],
    /// Whether the fast path can read them: every name appears verbatim in JSON text, so none contains a quote, a backslash or a control
    /// character; and no field is checked.
    pub quick: bool,
    /// The rules of each field; empty if no field has any.
    pub rules: &'static [Rules],
    /// Whether unknown fields are violations; `None` if that depends on the receiving side.
    pub closed: Option<bool>,
    /// `minProperties`, `maxProperties` and `dependentRequired`; and a schema that reports the violations instead of the fields.
    pub own: Rules,
}

/// Reads every field of an object into its slot. `required` are the required fields, one bit each, the lowest for the first. Returns
/// whether there are no violations; if so, every required field was read.
///
/// # Errors
/// If the text is not valid JSON.
pub fn fill(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
) -> Result<bool, Stop> {
    let mut prefix = ObjectPrefix::none(r, cx);
    if layout.quick && layout.own.is_empty() && cx.ignored.is_none() {
        let whole = match r {
            Reader::Json(_) => read_in_order(r, cx, layout, required, slots, &mut prefix)?,
            Reader::Binary(_) => read_counted(r, cx, layout, required, slots, &mut prefix)?,
            Reader::Value(_) => false,
        };
        if whole {
            return Ok(cx.clean_since(prefix.before));
        }
    }
    if is_checked(layout.own) {
        return fill_checked(r, cx, layout, required, slots, None);
    }
    fill_object(r, cx, layout, required, slots, prefix, None)
}

/// As [`fill`], without its fast path. What no field takes goes into `rest`.
///
/// # Errors
/// If the text is not valid JSON.
pub fn fill_with_rest(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    rest: &mut dyn RestSlot,
) -> Result<bool, Stop> {
    if is_checked(layout.own) {
        return fill_checked(r, cx, layout, required, slots, Some(rest));
    }
    let prefix = ObjectPrefix::none(r, cx);
    fill_object(r, cx, layout, required, slots, prefix, Some(rest))
}

/// Reads an object that is checked. What no field takes goes into `rest`.
#[cold]
fn fill_checked(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    mut rest: Option<&mut dyn RestSlot>,
) -> Result<bool, Stop> {
    let before = cx.mark();
    judged(r, cx, layout.own, &mut |r, cx| {
        let prefix = ObjectPrefix::none(r, cx);
        fill_object(r, cx, layout, required, slots, prefix, shorter(&mut rest)).map(drop)
    })?;
    Ok(cx.clean_since(before))
}

/// Borrows the rest for a while.
fn shorter<'a>(rest: &'a mut Option<&mut dyn RestSlot>) -> Option<&'a mut (dyn RestSlot + 'a)> {
    match rest {
        Some(rest) => Some(&mut **rest),
        None => None,
    }
}

/// Reads the fields of an object, in any order, after those that were read.
#[inline]
fn fill_object<'r, 'de>(
    r: &'r mut Reader<'de>,
    cx: &'r mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    prefix: ObjectPrefix<'de>,
    rest: Option<&'r mut dyn RestSlot>,
) -> Result<bool, Stop> {
    let mut object = ObjectReader::new(r, cx, layout, required, prefix, rest);
    while let Some(field) = object.advance() {
        if let Some(slot) = slots.get_mut(field) {
            object.fill(&mut **slot, layout.rules.get(field).unwrap_or(&NONE));
        }
    }
    object.end()
}

/// The fields of an object that the fast path has read.
pub(super) struct ObjectPrefix<'de> {
    /// The start of the object, and the mark before it.
    pub(super) start: Place<'de>,
    pub(super) before: Mark,
    /// The fields that were read, one bit each, and the last of them; out of bounds if there is none.
    pub(super) seen: u64,
    pub(super) last: usize,
    /// The rest of the object; `None` if it was not entered.
    pub(super) members: Option<Members<'de>>,
}

impl<'de> ObjectPrefix<'de> {
    /// Nothing was read.
    const fn none(r: &Reader<'de>, cx: &ReadContext) -> Self {
        Self {
            start: r.place(),
            before: cx.mark(),
            seen: 0,
            last: usize::MAX,
            members: None,
        }
    }
}

/// The fast path for text: reads fields for as long as they are in the schema's order and without white space, as most senders write them. Returns
/// whether that was the whole object, with every required field.
#[inline]
fn read_in_order<'de>(
    r: &mut Reader<'de>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    prefix: &mut ObjectPrefix<'de>,
) -> Result<bool, Stop> {
    let &[required] = required else {
        return Ok(false);
    };
    for (field, (name, slot)) in layout.names.iter().zip(slots).enumerate() {
        let Reader::Json(json) = &mut *r else {
            return Ok(false);
        };
        let bit = 1 << field;
        if !json.quick_name(prefix.seen == 0, name) {
            if required & bit != 0 {
                return Ok(false);
            }
            continue;
        }
        prefix.seen |= bit;
        prefix.last = field;
        prefix.members = Some(Members::Json { first: false });
        let mark = cx.mark();
        slot.fill(r, cx, layout.rules.get(field).unwrap_or(&NONE))?;
        cx.field(mark, || Segment::field(field, name));
    }
    match r {
        Reader::Json(json) => Ok(prefix.seen != 0 && json.quick_end()),
        _ => Ok(false),
    }
}

/// As [`read_in_order`], for binary messages.
fn read_counted<'de>(
    r: &mut Reader<'de>,
    cx: &mut ReadContext,
    layout: &'static StructFields,
    required: &'static [u64],
    slots: &mut [&mut dyn Slot],
    prefix: &mut ObjectPrefix<'de>,
) -> Result<bool, Stop> {
    let &[required] = required else {
        return Ok(false);
    };
    let Reader::Binary(binary) = &mut *r else {
        return Ok(false);
    };
    let mut left = match binary.quick_map() {
        Some(count) => count,
        None if binary.peek()? == Kind::Object => binary.enter_map()?,
        None => return Ok(false),
    };
    for (field, (name, slot)) in layout.names.iter().zip(slots).enumerate() {
        let Reader::Binary(binary) = &mut *r else {
            return Ok(false);
        };
        let bit = 1 << field;
        if !binary.quick_name(&mut left, name) {
            if required & bit != 0 {
                break;
            }
            continue;
        }
        prefix.seen |= bit;
        prefix.last = field;
        let mark = cx.mark();
        slot.fill(r, cx, layout.rules.get(field).unwrap_or(&NONE))?;
        cx.field(mark, || Segment::field(field, name));
    }
    prefix.members = Some(Members::Counted(left));
    match r {
        Reader::Binary(binary) => Ok(required & !prefix.seen == 0 && binary.quick_end(left)),
        _ => Ok(false),
    }
}

/// The slot of a field.
pub trait Slot {
    /// Reads the value of the field and checks its rules.
    ///
    /// # Errors
    /// If the text is not valid JSON.
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
        /// Reads or writes the fields of a struct with this number of fields. One function constructs a value from them, another borrows
        /// them from a value.
        ///
        /// # Errors
        /// If the text is not valid JSON.
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

        /// Reads the values of the fields. Compiled once for all structs whose fields have the same types.
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
            // Taken one by one: destructuring the tuple would triple the code size.
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
