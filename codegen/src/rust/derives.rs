//! The `derive` attributes of types.

use super::RustContext;

pub(super) const COMPARED: &str = "#[derive(Clone, Debug, PartialEq)]\n";
pub(super) const PLAIN: &str = "#[derive(Clone, Debug)]\n";
pub(super) const TEXT: &str = "#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n";
pub(super) const SCALAR: &str =
    "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n";
pub(super) const FLOAT: &str = "#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]\n";
pub(super) const LITERALS: &str = "#[derive(Clone, Debug, PartialEq, Eq, Hash)]\n";
pub(super) const CLOSED_LITERALS: &str = "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n";

/// The derives of a type that contains others. `PartialEq` costs compile time and is rarely needed, so it is optional.
pub(super) fn plain(cx: &RustContext<'_>) -> &'static str {
    if cx.options.partial_eq {
        COMPARED
    } else {
        PLAIN
    }
}
