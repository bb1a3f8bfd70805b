//! `uuid::Uuid`

use super::known;
use uuid::{Error, Uuid};

known!(
    Uuid,
    "uuid",
    Error,
    |text| Self::try_parse(text),
    |value, f| write!(f, "{}", value.hyphenated())
);
