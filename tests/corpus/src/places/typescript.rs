//! Counts the places of the types in TypeScript.

use super::Places;
use handfast_codegen::{shape::Shapes, typescript};
use handfast_spec::model::Protocol;

/// Counts the places of all types of a protocol.
pub(crate) fn count(protocol: &Protocol, shapes: &Shapes) -> Places {
    let coverage = typescript::untyped(protocol, shapes);
    let mut places = Places {
        all: coverage.places as u64,
        ..Places::default()
    };
    for place in coverage.untyped {
        places.add_untyped(&place.path, &place.reason.to_string());
    }
    places
}
