//! Generated TypeScript checks as the interpreter does: every violation, in order.

#[path = "../../../schema/tests/branches/mod.rs"]
mod branches;
mod combined;
mod formats;
mod linear;
#[path = "../../../schema/tests/long_reports/mod.rs"]
mod long_reports;
#[path = "../../../schema/tests/random/mod.rs"]
mod random;
mod schemas;
#[path = "../../../schema/tests/shared_fields/mod.rs"]
mod shared_fields;
#[path = "../typescript_project/mod.rs"]
mod typescript_project;
