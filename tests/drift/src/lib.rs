//! The tests of this crate run cargo and the TypeScript compiler on copies; see `tests/`.
