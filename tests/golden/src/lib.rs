//! Generated code for some protocols, committed for review. It has to compile under every lint that a user may
//! enable; `codegen/tests/golden.rs` compares it with the current output.

#![deny(warnings, clippy::all, missing_debug_implementations)]

#[path = "generated/coinbase/api.rs"]
pub mod coinbase;
#[path = "generated/corners/api.rs"]
pub mod corners;
#[path = "generated/desk/api.rs"]
pub mod desk;
#[path = "generated/graphql_ws/api.rs"]
pub mod graphql_ws;
#[path = "generated/home_assistant/api.rs"]
pub mod home_assistant;
#[path = "generated/reference/api.rs"]
pub mod reference;
#[path = "generated/shapes/api.rs"]
pub mod shapes;
#[path = "generated/slack/api.rs"]
pub mod slack;
