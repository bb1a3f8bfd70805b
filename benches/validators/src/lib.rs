//! What is measured, as the build script generates it from `protocol.yaml`.

/// Thirty messages.
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

/// The same; the strings of those that are measured share the text that they are read from.
pub mod borrowed {
    include!(concat!(env!("OUT_DIR"), "/borrowed.rs"));
}

/// Unions of 10 to 10,000 messages that carry nothing.
#[cfg(feature = "dispatch")]
pub mod unions {
    include!(concat!(env!("OUT_DIR"), "/unions.rs"));
}
