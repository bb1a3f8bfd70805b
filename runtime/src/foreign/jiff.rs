//! `jiff::Timestamp`, `jiff::civil::Date` and `jiff::SignedDuration`

use super::{LEAP_SECOND, YEAR_IN_UTC, YEARS, is_leap_second, known};
use jiff::{Error, SignedDuration, Timestamp, civil::Date, tz::Offset};
use std::borrow::Cow;

known!(
    Timestamp,
    "date-time",
    Cow<'static, str>,
    |text| match is_leap_second(text) {
        true => Err(LEAP_SECOND.into()),
        false => match text.parse::<Self>() {
            Ok(time) if YEARS.contains(&i32::from(Offset::UTC.to_datetime(time).year())) =>
                Ok(time),
            Ok(_) => Err(YEAR_IN_UTC.into()),
            Err(error) => Err(error.to_string().into()),
        },
    },
    |value, f| write!(f, "{value}")
);

known!(Date, "date", Error, |text| text.parse(), |value, f| write!(
    f,
    "{value}"
));

known!(
    SignedDuration,
    "duration",
    Error,
    |text| text.parse(),
    |value, f| write!(f, "{value}")
);
