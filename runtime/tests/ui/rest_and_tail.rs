use handfast::{Implied, protocol};
use std::collections::BTreeMap;

#[protocol]
struct Object {
    #[protocol(rest)]
    first: BTreeMap<String, i64>,
    #[protocol(rest)]
    second: BTreeMap<String, i64>,
    #[protocol(optional)]
    third: Option<i64>,
    fourth: Implied<i64>,
}

#[protocol]
struct Tuple(
    #[protocol(rest)] Vec<i64>,
    #[protocol(optional)] i64,
    #[protocol(optional)] Option<i64>,
    i64,
);

#[protocol]
enum Level {
    #[protocol(value = 1)]
    One,
    #[protocol(value = 1.0)]
    Same,
    #[protocol(value = 99999999999999999999)]
    Large,
    #[protocol(value = 2)]
    Two(i64),
}

fn main() {}
