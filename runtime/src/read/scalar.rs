//! Booleans, numbers, strings, bytes, null, and values kept as JSON.

use super::{
    ArrayReader, Kind, Num, Pass, ReadContext, ReadResult, Reader, Rule, Rules, Text, detail_cache,
    kinds,
    rules::{bounds, check_bytes, check_number, check_string, check_value, is_within},
};
use crate::{
    Bytes, Implied, Nullable, Payload, StringInteger, ValidatedJson,
    foreign::AsPayload,
    message::{FieldNeed, FieldWriter, Scalar},
};
use bytestring::ByteString;
use handfast_schema::{Type, ViolationDetail, details};
use serde::Serializer;

/// Skips a value of the wrong type and reports the violation.
#[cold]
pub(super) fn wrong_type<T>(r: &mut Reader<'_>, cx: &mut ReadContext, ty: Type) -> ReadResult<T> {
    r.skip()?;
    cx.cached_violation(detail_cache::wrong_type(ty));
    Ok(None)
}

/// Reads a string and checks its rules.
///
/// # Errors
/// If the text is not valid JSON.
pub fn string(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<String> {
    let Some(text) = r.any_string()? else {
        return wrong_type(r, cx, Type::String);
    };
    let mark = cx.mark();
    check_string(rules, &text, cx);
    // Violations before it may be those of a value whose name is repeated, which do not count.
    Ok(cx.clean_since(mark).then(|| (*text).to_owned()))
}

/// Reads a string, checks its rules and `format`, unless that is among the rules, and parses it. `parse` receives the text and its format.
///
/// # Errors
/// If the text is not valid JSON.
pub(crate) fn text<T>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
    format: Option<&'static str>,
    parse: impl FnOnce(&str, Option<&'static str>) -> Result<T, ViolationDetail>,
) -> ReadResult<T> {
    let Some(text) = r.any_string()? else {
        return wrong_type(r, cx, Type::String);
    };
    let mark = cx.mark();
    check_string(rules, &text, cx);
    let own = rules.iter().find_map(|rule| match rule {
        Rule::Format(format) => Some(*format),
        _ => None,
    });
    if let (None, Some(format)) = (own, format)
        && handfast_schema::format::check(format, &text) == Some(false)
    {
        cx.violation(details::format(format));
    }
    if !cx.clean_since(mark) {
        return Ok(None);
    }
    match parse(&text, own.or(format)) {
        Ok(value) => Ok(Some(value)),
        Err(refused) => {
            cx.violation(refused);
            Ok(None)
        }
    }
}

/// The strings of a string enum.
#[derive(Debug)]
pub struct Literals {
    /// The values, in the schema's order.
    pub values: &'static [&'static str],
    /// Whether the schema has `type: string` as well.
    pub typed: bool,
    /// Whether the schema has `const` instead of `enum`.
    pub constant: bool,
}

/// Reads a string that must be one of `literals`. Returns its index.
///
/// # Errors
/// If the text is not valid JSON.
pub fn literal(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    literals: &'static Literals,
) -> ReadResult<usize> {
    if let Reader::Binary(binary) = &mut *r
        && let Some(place) = binary.quick_literal(literals.values)
    {
        return Ok(Some(place));
    }
    if let Some(text) = r.any_string()? {
        if let Some(place) = literals.values.iter().position(|value| *value == &*text) {
            return Ok(Some(place));
        }
    } else if literals.typed {
        return wrong_type(r, cx, Type::String);
    } else {
        r.skip()?;
    }
    let values: Vec<serde_json::Value> = literals
        .values
        .iter()
        .map(|value| (*value).into())
        .collect();
    match values.as_slice() {
        [one] if literals.constant => cx.violation(details::constant(one)),
        all => cx.violation(details::enumeration(all)),
    }
    Ok(None)
}

/// Reads a string that may be one of `literals`; clients accept any other, too. Returns its index, or the string.
///
/// # Errors
/// If the text is not valid JSON.
pub fn open_literal(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    literals: &'static Literals,
) -> ReadResult<Result<usize, String>> {
    if cx.refuses_unknown() {
        return Ok(literal(r, cx, literals)?.map(Ok));
    }
    let Some(text) = r.any_string()? else {
        return Ok(literal(r, cx, literals)?.map(Ok));
    };
    let place = literals.values.iter().position(|value| *value == &*text);
    Ok(Some(place.ok_or_else(|| (*text).to_owned())))
}

/// 2⁶³, beyond which an integer has no `i64`.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

#[inline]
fn integer(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<i64> {
    const SAFE: u64 = handfast_schema::number::MAX_SAFE_INTEGER.unsigned_abs();
    if let Reader::Json(json) = &mut *r
        && let Some((n @ Num::Int(integer), end)) = json.plain()
        && integer.unsigned_abs() <= SAFE
        && is_within(rules, n.as_f64())
    {
        json.go(end);
        return Ok(Some(integer));
    }
    if let Reader::Binary(binary) = &mut *r
        && let Some((n @ Num::Int(integer), end)) = binary.plain()
        && integer.unsigned_abs() <= SAFE
        && is_within(rules, n.as_f64())
    {
        binary.go(end);
        return Ok(Some(integer));
    }
    rare_integer(r, cx, rules)
}

/// Reads an integer that is long, out of bounds, or none.
#[inline(never)]
fn rare_integer(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<i64> {
    if r.peek()? != Kind::Number {
        return wrong_type(r, cx, Type::Integer);
    }
    let n = r.number()?;
    let Some(integer) = n.as_integer() else {
        cx.cached_violation(detail_cache::wrong_type(Type::Integer));
        return Ok(None);
    };
    // A schema may accept what no integer type has.
    if cx.accepted && matches!(n, Num::Float(x) if x.abs() >= TWO_TO_63) {
        cx.cached_violation(detail_cache::wrong_type(Type::Integer));
        return Ok(None);
    }
    let mark = cx.mark();
    check_number(rules, n, true, cx);
    // Bounds are compared as doubles, and so may admit what has no `i64`.
    if let Num::Float(x) = n
        && x.abs() >= TWO_TO_63
        && cx.clean_since(mark)
    {
        cx.violation(match x > 0.0 {
            true => details::maximum(&i64::MAX.into()),
            false => details::minimum(&i64::MIN.into()),
        });
    }
    Ok(cx.clean_since(mark).then_some(integer))
}

macro_rules! integers {
    ($($ty:ident as $scalar:ident)*) => {$(
        impl Payload for $ty {
            fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
                fields.scalar(name, Scalar::$scalar((*self).into()));
            }

            #[inline]
            fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
                let Some(wide) = integer(r, cx, rules)? else { return Ok(None) };
                let narrow = <$ty>::try_from(wide).ok();
                if narrow.is_none() {
                    // The type is narrower than the schema allows, so its own limits are the bounds.
                    if wide < 0 {
                        cx.violation(details::minimum(&<$ty>::MIN.into()));
                    } else {
                        cx.violation(details::maximum(&<$ty>::MAX.into()));
                    }
                }
                Ok(narrow)
            }
        }
    )*};
}

integers! {
    i8 as Integer
    i16 as Integer
    i32 as Integer
    i64 as Integer
    u8 as Unsigned
    u16 as Unsigned
    u32 as Unsigned
    u64 as Unsigned
}

impl Payload for f64 {
    #[inline]
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        if let Reader::Json(json) = &mut *r
            && let Some((n, end)) = json.plain()
            && is_within(rules, n.as_f64())
        {
            json.go(end);
            return Ok(Some(n.as_f64()));
        }
        if let Reader::Binary(binary) = &mut *r
            && let Some((n, end)) = binary.plain()
            && is_within(rules, n.as_f64())
        {
            binary.go(end);
            return Ok(Some(n.as_f64()));
        }
        if r.peek()? != Kind::Number {
            return wrong_type(r, cx, Type::Number);
        }
        let n: Num = r.number()?;
        if !n.as_f64().is_finite() {
            cx.cached_violation(detail_cache::wrong_type(Type::Number));
            return Ok(None);
        }
        let mark = cx.mark();
        check_number(rules, n, false, cx);
        Ok(cx.clean_since(mark).then(|| n.as_f64()))
    }

    fn read_items(array: &mut ArrayReader<'_, '_>, items: &mut Vec<Self>, rules: Rules) {
        if let Some(bounds) = bounds(rules) {
            array.plain_numbers(items, bounds);
        }
        array.items(items, rules);
    }
}

impl Payload for bool {
    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        fields.scalar(name, Scalar::Boolean(*self));
    }

    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, _: Rules) -> ReadResult<Self> {
        if r.peek()? != Kind::Boolean {
            return wrong_type(r, cx, Type::Boolean);
        }
        r.boolean().map(Some)
    }
}

impl Payload for () {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, _: Rules) -> ReadResult<Self> {
        if r.peek()? != Kind::Null {
            return wrong_type(r, cx, Type::Null);
        }
        r.null().map(Some)
    }
}

impl Payload for String {
    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        fields.scalar(name, Scalar::Text(self));
    }

    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        string(r, cx, rules)
    }
}

impl Payload for ByteString {
    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        fields.scalar(name, Scalar::Text(self));
    }

    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        let Some(text) = r.any_string()? else {
            return wrong_type(r, cx, Type::String);
        };
        let mark = cx.mark();
        check_string(rules, &text, cx);
        if !cx.clean_since(mark) {
            return Ok(None);
        }
        Ok(Some(match text {
            Text::Borrowed(text) => r.share(text),
            Text::Scratch(text) => text.into(),
        }))
    }
}

impl Payload for Bytes {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        if r.peek()? != Kind::String {
            return wrong_type(r, cx, Type::String);
        }
        let mark = cx.mark();
        if let Some(bytes) = r.byte_string()? {
            check_bytes(rules, &bytes, cx);
            return Ok(cx.clean_since(mark).then(|| Self(bytes.into_owned())));
        }
        let text = r.string()?;
        check_string(rules, &text, cx);
        let bytes = Self::from_base64(&text);
        let says_so = |rule: &Rule| matches!(rule, Rule::ContentEncoding(_));
        if bytes.is_none() && (cx.accepted || !rules.iter().any(says_so)) {
            cx.violation(details::content_encoding("base64"));
        }
        Ok(bytes.filter(|_| cx.clean_since(mark)))
    }
}

impl<T: Payload> Payload for Option<T> {
    const OPTIONAL: bool = true;

    const ABSENT: Option<Self> = Some(None);

    fn write_field(&self, fields: &mut FieldWriter<'_>, name: &'static str) {
        if let Some(value) = self {
            value.write_field(fields, name);
        }
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            None => serializer.serialize_none(),
            Some(value) => serializer.serialize_some(&AsPayload(value)),
        }
    }

    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        Ok(T::read(r, cx, rules)?.map(Some))
    }
}

impl<T: Payload> Payload for Nullable<T> {
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        if r.peek()? == Kind::Null {
            r.null()?;
            return Ok(Some(Self::Null));
        }
        let mark = cx.mark();
        let value = T::read(r, cx, rules)?;
        if !rules.iter().any(|rule| matches!(rule, Rule::NullApart)) {
            cx.or_null(mark);
        }
        Ok(value.map(Self::Value))
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Value(value) => value.write_value(serializer),
        }
    }
}

impl<T: Payload> Payload for Implied<T> {
    /// Without a rule that names the kinds, the schema speaks of every value.
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        let kinds = kinds::of(r.peek()?);
        let others = |rule: &Rule| matches!(rule, Rule::Implied(implied) if implied & kinds == 0);
        if rules.iter().any(others) {
            return Ok(Some(Self::Other(ValidatedJson(r.value()?))));
        }
        Ok(T::read(r, cx, rules)?.map(Self::Value))
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.write_value(serializer),
            Self::Other(value) => value.write_value(serializer),
        }
    }
}

impl<T: Payload> Payload for Box<T> {
    const FIELDS: Option<&'static [FieldNeed]> = T::FIELDS;

    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        Ok(T::read(r, cx, rules)?.map(Self::new))
    }

    fn fields(pass: Pass<'_, '_, Self>) -> ReadResult<Self> {
        match pass {
            Pass::Read(r, cx) => Self::read(r, cx, &[]),
            Pass::Write(value, fields) => {
                T::fields(Pass::Write(value, fields))?;
                Ok(None)
            }
        }
    }

    fn write_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write_value(serializer)
    }
}

impl Payload for ValidatedJson {
    /// If the object is flattened into an envelope, the fields of the envelope are ignored. The discriminant of a union is not.
    fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
        let ignored = std::mem::take(&mut cx.ignored);
        let mut value = r.value()?;
        ignored.remove_envelope(&mut value);
        let mark = cx.mark();
        check_value(rules, &value, cx);
        Ok(cx.clean_since(mark).then_some(Self(value)))
    }

    fn fields(pass: Pass<'_, '_, Self>) -> ReadResult<Self> {
        if let Pass::Write(Self(serde_json::Value::Object(members)), mut fields) = pass {
            for (name, value) in members {
                fields.field(name, value);
            }
        }
        Ok(None)
    }
}

macro_rules! texts {
    ($($ty:ty: $format:literal),*) => {$(
        impl Payload for StringInteger<$ty> {
            fn read(r: &mut Reader<'_>, cx: &mut ReadContext, rules: Rules) -> ReadResult<Self> {
                // The format defines the allowed spellings, and each of them is a number of the type.
                text(r, cx, rules, Some($format), |text, _| {
                    let is_spelled = handfast_schema::format::check($format, text) != Some(false);
                    let value = text.parse().ok().filter(|_| is_spelled);
                    value.map(Self).ok_or_else(|| details::format($format))
                })
            }
        }
    )*};
}

texts!(i64: "int64", u64: "uint64");
