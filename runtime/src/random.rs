//! Random text: names of sessions and of counts.

use std::hash::{BuildHasher, Hasher};

#[cfg(feature = "server")]
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(feature = "server")]
/// 128 bits from the operating system, which nobody can guess, as 22 characters.
///
/// # Errors
/// Where the operating system has none.
pub(crate) fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(text(u128::from_le_bytes(bytes), 22))
}

#[cfg(feature = "server")]
/// 48 bits that no other call is likely to have, as 8 characters. They name; they protect nothing.
pub(crate) fn name() -> String {
    text(number().into(), 8)
}

/// 64 bits from the keys of the standard library's hasher, which are random in each process and differ in each call.
pub(crate) fn number() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(feature = "server")]
fn text(mut bits: u128, length: usize) -> String {
    (0..length)
        .map(|_| {
            let digit = DIGITS[(bits & 63) as usize];
            bits >>= 6;
            char::from(digit)
        })
        .collect()
}

#[cfg(all(test, feature = "server"))]
mod tests {
    #[test]
    fn differs_each_time() {
        assert_eq!(super::secret().expect("there is randomness").len(), 22);
        assert_ne!(super::secret(), super::secret());
        assert_ne!(super::name(), super::name());
    }
}
