//! A cache of violations that depend on the program's types alone: each is formatted once. There are as many as the types have rules and
//! fields.

use super::Rule;
use handfast_schema::{Type, TypeSet, ViolationDetail, details};
use std::{ptr, sync::OnceLock};

/// The key of a cached violation: the address of a constant, and a number that tells the kinds of violation apart.
type CacheKey = (usize, usize);

/// A cached violation, in the list of those with the same hash. Entries are never removed, so lookups need no lock.
struct CachedDetail {
    key: CacheKey,
    detail: ViolationDetail,
    next: Slot,
}

type Slot = OnceLock<Box<CachedDetail>>;

const BITS: u32 = 8;
static CACHE: [Slot; 1 << BITS] = [const { Slot::new() }; 1 << BITS];

/// Returns the violation of a value that does not have the type.
pub(super) fn wrong_type(ty: Type) -> &'static ViolationDetail {
    cached((ty as usize, 1), || details::types(TypeSet::NONE.with(ty)))
}

/// Returns the violation of a rule. The result of `make` must depend on the rule alone.
pub(super) fn violated(
    rule: &'static Rule,
    make: impl Fn() -> ViolationDetail,
) -> &'static ViolationDetail {
    cached((ptr::from_ref(rule).addr(), 0), make)
}

/// Returns the violation of a missing field.
pub(super) fn required(name: &'static str) -> &'static ViolationDetail {
    // Names that start at the same address differ in length.
    cached((name.as_ptr().addr(), 2 + name.len()), || {
        details::required(name)
    })
}

fn cached(key: CacheKey, make: impl Fn() -> ViolationDetail) -> &'static ViolationDetail {
    // Fibonacci hashing: constants have close addresses.
    let hash = (key.0 as u64 ^ key.1 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut slot = &CACHE[(hash >> (u64::BITS - BITS)) as usize];
    loop {
        let entry = slot.get_or_init(|| {
            Box::new(CachedDetail {
                key,
                detail: make(),
                next: Slot::new(),
            })
        });
        if entry.key == key {
            return &entry.detail;
        }
        slot = &entry.next;
    }
}

#[cfg(test)]
mod tests {
    use super::{cached, required, wrong_type};
    use handfast_schema::{Type, details::required as format_required};
    use std::{ptr, thread};

    /// Every violation is formatted correctly and only once, however many there are and whichever thread asks first.
    #[test]
    fn each_is_formatted_once() {
        const NAMES: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let name = |i: usize| &NAMES[i % 40..i % 40 + i % 11];
        let all = move || (0..2000).map(|i| required(name(i))).collect::<Vec<_>>();
        let others = [thread::spawn(all), thread::spawn(all)];
        let own = all();
        for (i, detail) in own.iter().enumerate() {
            assert_eq!(**detail, format_required(name(i)));
        }
        for other in others {
            let other = other.join().expect("it does not panic");
            assert!(own.iter().zip(&other).all(|(a, b)| ptr::eq(*a, *b)));
        }
        assert_eq!(wrong_type(Type::String).message, "must be a string");
        assert_eq!(wrong_type(Type::Null).message, "must be null");
        let never = || unreachable!("it is cached");
        assert_eq!(cached((Type::Null as usize, 1), never).keyword, "type");
    }
}
