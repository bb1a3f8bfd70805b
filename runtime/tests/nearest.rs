//! Types that are the nearest to their schemas: where the type says less than the schema, the schema judges beside it. Whatever is read, the
//! interpreter is the oracle.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

#[path = "nearest/checked.rs"]
mod checked;
#[path = "nearest/flat.rs"]
mod flat;
#[path = "nearest/hostile.rs"]
mod hostile;
#[path = "nearest/oracle.rs"]
mod oracle;
#[path = "nearest/shapes.rs"]
mod shapes;
#[path = "nearest/unions.rs"]
mod unions;
