//! Counts the places of the types in Rust.

use super::Places;
use handfast_codegen::shape::{Shapes, untyped};

/// Counts the places of all types of a protocol.
pub(crate) fn count(shapes: &Shapes) -> Places {
    let mut places = Places::default();
    for place in untyped::places(shapes) {
        places.add(&place.path, place.untyped.map(|reason| reason.text()));
    }
    places
}
