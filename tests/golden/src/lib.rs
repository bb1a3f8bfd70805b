//! What is generated from some protocols, as it was when somebody last looked at it. It has to compile under every lint
//! that a user may have on; `codegen/tests/golden.rs` holds it against what is generated now.

#![deny(warnings, clippy::all, missing_debug_implementations)]

#[path = "generated/coinbase/api.rs"]
pub mod coinbase;
#[path = "generated/corners/api.rs"]
pub mod corners;
#[path = "generated/reference/api.rs"]
pub mod reference;
#[path = "generated/slack/api.rs"]
pub mod slack;
