//! What is wrong with a protocol whose every part is well-formed.

use crate::diagnostic::Diagnostics;
use crate::model::Protocol;
use crate::schema::Lowered;
use crate::tree::Document;

/// Checks everything.
pub(crate) fn check(_p: &mut Protocol, _t: &Document, _l: &Lowered, _out: &mut Diagnostics) {}
