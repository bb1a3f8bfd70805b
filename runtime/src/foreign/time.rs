//! `time::OffsetDateTime` and `time::Date`

use super::{LEAP_SECOND, is_leap_second, known};
use std::borrow::Cow;
use time::{
    Date, OffsetDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

known!(
    OffsetDateTime,
    "date-time",
    Cow<'static, str>,
    |text| match is_leap_second(text) {
        true => Err(LEAP_SECOND.into()),
        false => Self::parse(text, &Rfc3339).map_err(|error| error.to_string().into()),
    },
    |value, f| f.write_str(&value.format(&Rfc3339).map_err(|_| std::fmt::Error)?)
);

known!(
    Date,
    "date",
    time::error::Parse,
    |text| Self::parse(text, &Iso8601::DATE),
    |value, f| write!(
        f,
        "{:04}-{:02}-{:02}",
        value.year(),
        u8::from(value.month()),
        value.day()
    )
);
