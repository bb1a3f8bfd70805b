//! What the tests of several crates share: random numbers, random schemas and instances, and lists of schemas that are
//! easily got wrong.

pub mod branches;
#[cfg(feature = "frames")]
pub mod frames;
pub mod long_reports;
pub mod overlapping;
pub mod random;
pub mod shared_fields;
