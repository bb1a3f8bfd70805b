//! What can be done with structs around one value, and with bytes.

#![allow(missing_docs, unreachable_pub, reason = "generated items are public")]

use handfast::{Bytes, StringInteger, protocol};
use std::collections::{BTreeSet, HashSet};

#[protocol(minimum = 0, maximum = 1000)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cents(u32);

#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset(pub i64);

#[protocol(minimum = 0)]
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Open(pub bool);

#[protocol(pattern = "^[1-9]")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(StringInteger<u64>);

#[protocol(max_items = 2)]
#[derive(Clone, Debug, PartialEq)]
pub struct Pair(Vec<i64>);

#[test]
fn scalars_are_returned_by_value() {
    let cents = Cents::try_from(7).expect("it is valid");
    let (copy, value): (Cents, u32) = (cents, cents.get());
    assert_eq!((copy, value), (cents, 7));
    let share: f64 = Share::try_from(0.5).expect("it is valid").get();
    assert!(share < 1.0);
    let serial = Serial::try_from(StringInteger(9)).expect("it is valid");
    let serial: StringInteger<u64> = serial.get();
    assert_eq!(serial.0, 9);
    let pair = Pair::try_from(vec![1]).expect("it is valid");
    let items: &Vec<i64> = pair.get();
    assert_eq!(items.len(), 1);
}

#[test]
fn scalars_are_written_as_in_json() {
    let cents = Cents::try_from(7).expect("it is valid");
    let serial = Serial::try_from(StringInteger(9)).expect("it is valid");
    let text = format!("{cents} {cents:03} {} {} {serial}", Offset(-1), Open(true));
    assert_eq!(text, "7 007 -1 true 9");
}

#[test]
fn scalars_are_in_order_and_in_sets() {
    let [one, two] = [1, 2].map(|n| Cents::try_from(n).expect("it is valid"));
    assert!(one < two);
    assert_eq!(BTreeSet::from([two, one]).first(), Some(&one));
    assert!(HashSet::from([one, two]).contains(&two));
}

#[test]
fn bytes_are_a_slice() {
    let bytes = Bytes(vec![1, 2, 3]);
    let slice: &[u8] = bytes.as_ref();
    assert_eq!(slice, [1, 2, 3]);
    assert_eq!(bytes.len(), 3);
    assert!(!bytes.is_empty());
    assert!(Bytes::default().is_empty());
}
