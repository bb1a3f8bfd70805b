//! Violations that are told in the same words every time, worded once. They depend on the program's types alone, so there are
//! as many as it has rules and fields.

use super::Rule;
use handfast_schema::{Type, TypeSet, ViolationDetail, details};
use std::{ptr, sync::OnceLock};

/// What a violation is of: where a constant stands, and what tells apart the kinds of them.
type Of = (usize, usize);

/// One that was worded, in a list of those that hash alike. Nothing is ever taken out, so that nobody waits to look.
struct Known {
    of: Of,
    told: ViolationDetail,
    next: Slot,
}

type Slot = OnceLock<Box<Known>>;

const BITS: u32 = 8;
static TOLD: [Slot; 1 << BITS] = [const { Slot::new() }; 1 << BITS];

/// A value is not of the type.
pub(super) fn not_of(ty: Type) -> &'static ViolationDetail {
    once((ty as usize, 1), || details::types(TypeSet::NONE.with(ty)))
}

/// A rule is broken; what `make` says depends on the rule alone.
pub(super) fn broken(
    rule: &'static Rule,
    make: impl Fn() -> ViolationDetail,
) -> &'static ViolationDetail {
    once((ptr::from_ref(rule).addr(), 0), make)
}

/// A field is missing.
pub(super) fn required(name: &'static str) -> &'static ViolationDetail {
    // Of names that begin at one place, each has another length.
    once((name.as_ptr().addr(), 2 + name.len()), || {
        details::required(name)
    })
}

fn once(of: Of, make: impl Fn() -> ViolationDetail) -> &'static ViolationDetail {
    // Fibonacci hashing: constants stand close together.
    let hash = (of.0 as u64 ^ of.1 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut slot = &TOLD[(hash >> (u64::BITS - BITS)) as usize];
    loop {
        let known = slot.get_or_init(|| {
            Box::new(Known {
                of,
                told: make(),
                next: Slot::new(),
            })
        });
        if known.of == of {
            return &known.told;
        }
        slot = &known.next;
    }
}

#[cfg(test)]
mod tests {
    use super::{not_of, once, required};
    use handfast_schema::{Type, details::required as worded};
    use std::{ptr, thread};

    /// However many there are and whoever asks first, each is worded as it should be, and once.
    #[test]
    fn each_is_worded_once() {
        const NAMES: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        let name = |i: usize| &NAMES[i % 40..i % 40 + i % 11];
        let all = move || (0..2000).map(|i| required(name(i))).collect::<Vec<_>>();
        let others = [thread::spawn(all), thread::spawn(all)];
        let own = all();
        for (i, told) in own.iter().enumerate() {
            assert_eq!(**told, worded(name(i)));
        }
        for other in others {
            let other = other.join().expect("it does not panic");
            assert!(own.iter().zip(&other).all(|(a, b)| ptr::eq(*a, *b)));
        }
        assert_eq!(not_of(Type::String).message, "must be a string");
        assert_eq!(not_of(Type::Null).message, "must be null");
        let never = || unreachable!("it is known");
        assert_eq!(once((Type::Null as usize, 1), never).keyword, "type");
    }
}
