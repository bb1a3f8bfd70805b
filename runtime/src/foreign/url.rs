//! `url::Url`

use super::known;
use url::{ParseError, Url};

known!(
    Url,
    "uri",
    ParseError,
    |text| Self::parse(text),
    |value, f| f.write_str(value.as_str())
);
