//! Random session ids and epochs.

use std::hash::{BuildHasher, Hasher};

#[cfg(feature = "server")]
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(feature = "server")]
/// Returns 128 unguessable bits from the operating system as 22 characters.
///
/// # Errors
/// If the operating system cannot provide them.
pub(crate) fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(text(u128::from_le_bytes(bytes), 22))
}

#[cfg(feature = "server")]
/// Returns 48 bits as 8 characters. They are unlikely to collide, but they can be guessed.
pub(crate) fn name() -> String {
    text(number().into(), 8)
}

/// Returns 64 bits from the keys of the standard library's hasher, which are random per process and differ for each call.
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
