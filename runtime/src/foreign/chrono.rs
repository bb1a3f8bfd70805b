//! `chrono::DateTime` and `chrono::NaiveDate`

use super::{YEAR_IN_UTC, YEARS, known};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, ParseError, SecondsFormat, Utc};
use std::borrow::Cow;

known!(
    DateTime<Utc>,
    "date-time",
    Cow<'static, str>,
    |text| match DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()) {
        Ok(time) if YEARS.contains(&time.year()) => Ok(time),
        Ok(_) => Err(YEAR_IN_UTC.into()),
        Err(error) => Err(error.to_string().into()),
    },
    |value, f| f.write_str(&value.to_rfc3339_opts(SecondsFormat::AutoSi, true))
);

known!(
    DateTime<FixedOffset>,
    "date-time",
    ParseError,
    |text| Self::parse_from_rfc3339(text),
    |value, f| f.write_str(&value.to_rfc3339_opts(SecondsFormat::AutoSi, true))
);

known!(
    NaiveDate,
    "date",
    ParseError,
    |text| Self::parse_from_str(text, "%Y-%m-%d"),
    |value, f| write!(f, "{}", value.format("%Y-%m-%d"))
);
