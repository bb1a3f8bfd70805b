//! What is understood and not enforced yet. A line taken out of these tables is a promise kept.

/// Keywords that decide a verdict and have nobody yet to decide it.
pub(crate) const KEYWORDS: &[&str] = &["$vocabulary"];

/// Formats that are enforced.
pub(crate) const FORMATS: &[&str] = &[
    "date-time",
    "date",
    "time",
    "uuid",
    "email",
    "uri",
    "ipv4",
    "ipv6",
    "hostname",
    "int64",
    "uint64",
];

/// Formats of draft 2020-12 that are not enforced yet.
pub(crate) const FORMATS_TO_COME: &[&str] = &[
    "duration",
    "idn-email",
    "idn-hostname",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// Content encodings that are enforced.
pub(crate) const ENCODINGS: &[&str] = &["base64"];

/// Content encodings of RFC 2045 and RFC 4648 that are not enforced yet.
pub(crate) const ENCODINGS_TO_COME: &[&str] = &[
    "7bit",
    "8bit",
    "binary",
    "quoted-printable",
    "base16",
    "base32",
    "base64url",
];
