//! `chrono::DateTime` and `chrono::NaiveDate`

use super::known;
use chrono::{DateTime, FixedOffset, NaiveDate, ParseError, SecondsFormat, Utc};

known!(
    DateTime<Utc>,
    "date-time",
    ParseError,
    |text| DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()),
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
