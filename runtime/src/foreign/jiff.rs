//! `jiff::Timestamp`, `jiff::civil::Date` and `jiff::SignedDuration`

use super::{LEAP_SECOND, is_leap_second, known};
use jiff::{Error, SignedDuration, Timestamp, civil::Date};
use std::borrow::Cow;

known!(
    Timestamp,
    "date-time",
    Cow<'static, str>,
    |text| match is_leap_second(text) {
        true => Err(LEAP_SECOND.into()),
        false => text
            .parse::<Self>()
            .map_err(|error| error.to_string().into()),
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
