//! Types of other crates, and of the application, that are strings on the wire: [`ForeignString`].

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "jiff")]
mod jiff;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "url")]
mod url;
#[cfg(feature = "uuid")]
mod uuid;

use crate::read::{ReadContext, ReadResult, Reader, Rules, text};
use handfast_schema::ViolationDetail;
use serde::{Serialize, Serializer};
use std::fmt;

/// A type that is a string on the wire. With [`foreign!`](macro@crate::foreign) it is the type of fields, items and whatever else a
/// [`Payload`](crate::Payload) may be, in Rust written by hand and, through `generate.rust.types`, in generated Rust.
///
/// The rules of the schema (`pattern`, `maxLength`, `format` …) hold for the text, and are checked first. A text that they accept and the type
/// does not is a violation of `format`, with the reason of the type. What is sent is checked in the same way, as all values are.
///
/// It is implemented for these types, each with the feature of its crate:
///
/// | feature | types | `format` |
/// |---|---|---|
/// | `uuid` | `uuid::Uuid` | `uuid` |
/// | `chrono` | `chrono::DateTime<Utc>`, `chrono::DateTime<FixedOffset>` | `date-time` |
/// | | `chrono::NaiveDate` | `date` |
/// | `time` | `time::OffsetDateTime` | `date-time` |
/// | | `time::Date` | `date` |
/// | `jiff` | `jiff::Timestamp` | `date-time` |
/// | | `jiff::civil::Date` | `date` |
/// | | `jiff::SignedDuration` | `duration` |
/// | `url` | `url::Url` | `uri` |
///
/// They are written in the usual form: a UUID with hyphens in lower case, a time in UTC with `Z`, a URL as `Url` normalizes it. Digits of a second
/// beyond nanoseconds are dropped. `chrono` keeps a leap second (`:60`), `time` and `jiff` refuse it.
/// A type in UTC refuses a time whose offset takes it out of the years 0000 to 9999.
///
/// ```
/// use handfast::{ForeignString, Validate, protocol};
/// use std::fmt;
///
/// /// An order: `o-` and a number.
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// pub struct OrderId(pub u32);
///
/// impl ForeignString for OrderId {
///     type Error = &'static str;
///
///     fn from_text(text: &str) -> Result<Self, Self::Error> {
///         let number = text.strip_prefix("o-").and_then(|number| number.parse().ok());
///         number.map(Self).ok_or("is not `o-` and a number")
///     }
///
///     fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "o-{}", self.0)
///     }
/// }
///
/// handfast::foreign!(OrderId);
///
/// #[protocol]
/// #[derive(Clone, Debug, PartialEq)]
/// pub struct Order {
///     pub id: OrderId,
///     #[protocol(items(max_length = 5))]
///     pub parts: Vec<OrderId>,
/// }
///
/// let order: Order = handfast::from_str(r#"{"id":"o-7","parts":["o-1"]}"#, handfast::Side::Server)?;
/// assert_eq!(order.id, OrderId(7));
/// let wrong = handfast::from_str::<Order>(r#"{"id":"x","parts":[]}"#, handfast::Side::Server).unwrap_err();
/// assert_eq!(wrong.to_string(), "/id is not `o-` and a number");
/// assert!(Order { id: OrderId(7), parts: vec![OrderId(1_000)] }.validate().is_err());
/// # Ok::<(), handfast::ValidationError>(())
/// ```
pub trait ForeignString: Sized {
    /// The `format` of JSON Schema that every text of the type has. It is checked where the schema has no `format`.
    const FORMAT: Option<&'static str> = None;

    /// Why a text is not one of the type, as the end of a sentence: `is not a number`, `must be a weekday`.
    type Error: fmt::Display;

    /// Parses a text.
    ///
    /// # Errors
    /// If it is not one of the type.
    fn from_text(text: &str) -> Result<Self, Self::Error>;

    /// Writes the text, which [`from_text`](Self::from_text) must accept.
    ///
    /// # Errors
    /// If the value has no text; it is then not sent.
    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Makes a [`ForeignString`] of this crate a [`Payload`](crate::Payload), and implements serde's `Serialize` for it.
///
/// `foreign!(OrderId, Payload)` implements `Payload` alone, for a type that has a `Serialize` for other purposes. The wire has the text of
/// `ForeignString` in any case.
#[macro_export]
macro_rules! foreign {
    ($ty:ty) => {
        $crate::foreign!($ty, Payload);

        #[automatically_derived]
        impl $crate::__private::Serialize for $ty {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::write_foreign(self, serializer)
            }
        }
    };
    ($ty:ty, Payload) => {
        #[automatically_derived]
        impl $crate::Payload for $ty {
            fn read(
                r: &mut $crate::__private::Reader<'_>,
                cx: &mut $crate::__private::ReadContext,
                rules: $crate::__private::Rules,
            ) -> $crate::__private::ReadResult<Self> {
                $crate::__private::read_foreign(r, cx, rules)
            }

            fn write_value<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::write_foreign(self, serializer)
            }
        }
    };
}

/// Reads a text and parses it.
///
/// # Errors
/// If the text is not valid JSON.
pub fn read_foreign<T: ForeignString>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    rules: Rules,
) -> ReadResult<T> {
    text(r, cx, rules, T::FORMAT, |text, format| {
        T::from_text(text).map_err(|reason| refused(format, &reason))
    })
}

/// The violation of a text that the rules accept and the type does not.
#[cold]
fn refused(format: Option<&str>, reason: &dyn fmt::Display) -> ViolationDetail {
    let reason = reason.to_string();
    let mut detail = match format {
        None => ViolationDetail::new("format", reason),
        Some(format) => {
            ViolationDetail::new("format", format!("must be a valid {format}: {reason}"))
        }
    };
    detail.allowed = format.map(Into::into);
    detail
}

/// Writes the text of a value.
///
/// # Errors
/// The errors of the serializer, and if the value has no text.
pub fn write_foreign<T: ForeignString, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut out = String::new();
    match fmt::write(&mut out, format_args!("{}", Shown(value))) {
        Ok(()) => serializer.serialize_str(&out),
        Err(fmt::Error) => Err(serde::ser::Error::custom("the value has no text")),
    }
}

struct Shown<'a, T>(&'a T);

impl<T: ForeignString> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_text(f)
    }
}

/// A value that is serialized as it is on the wire, whatever its own `Serialize` does.
#[derive(Debug)]
pub struct AsPayload<'a, T>(pub &'a T);

impl<T: crate::Payload> Serialize for AsPayload<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write_value(serializer)
    }
}

/// Implements a foreign type of a feature.
#[cfg(any(
    feature = "chrono",
    feature = "jiff",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
macro_rules! known {
    ($ty:ty, $format:literal, $error:ty, |$text:ident| $parse:expr, |$value:ident, $f:ident| $write:expr) => {
        impl $crate::ForeignString for $ty {
            const FORMAT: Option<&'static str> = Some($format);

            type Error = $error;

            fn from_text($text: &str) -> Result<Self, Self::Error> {
                $parse
            }

            fn write_text(&self, $f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $value = self;
                $write
            }
        }

        $crate::foreign!($ty, Payload);
    };
}
#[cfg(any(
    feature = "chrono",
    feature = "jiff",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
use known;

/// The years of RFC 3339 (section 1), which an offset may leave: what is read in UTC is written in UTC.
#[cfg(any(feature = "chrono", feature = "jiff"))]
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// What is said of a time whose year in UTC has no four digits.
#[cfg(any(feature = "chrono", feature = "jiff"))]
const YEAR_IN_UTC: &str = "its year in UTC is not within 0000 and 9999";

/// Whether a date and time is in a leap second, which `time` and `jiff` would change to the second before it.
#[cfg(any(feature = "jiff", feature = "time"))]
fn is_leap_second(text: &str) -> bool {
    text.get(17..19) == Some("60")
}

/// What `time` and `jiff` say of a leap second.
#[cfg(any(feature = "jiff", feature = "time"))]
const LEAP_SECOND: &str = "a leap second has no value of the type";
