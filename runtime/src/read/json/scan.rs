//! Finds where plain content of strings ends, and compares names, many bytes at once.

/// Returns the index of the next byte that ends a run of plain string content: a quote, a backslash or a control character.
#[inline]
pub(super) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    /// Marks such bytes among eight at once (SWAR): a byte less than `n` borrows from its highest bit. The first mark is exact; later ones may
    /// be false positives.
    const fn ends(word: u64) -> u64 {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        // All three have the highest bits of the word.
        let found = quote.wrapping_sub(ONES)
            | backslash.wrapping_sub(ONES)
            | word.wrapping_sub(ONES * 0x20);
        found & !word & (ONES << 7)
    }
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = ends(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    // Of the last eight bytes, those that are left. Zeros follow them, which are control characters.
    let left = bytes.len().saturating_sub(at);
    if let Some(chunk) = bytes.last_chunk::<8>()
        && left > 0
    {
        let word = u64::from_le_bytes(*chunk) >> (64 - 8 * left);
        return at + ends(word).trailing_zeros() as usize / 8;
    }
    while let Some(b) = bytes.get(at)
        && !matches!(b, b'"' | b'\\' | 0..0x20)
    {
        at += 1;
    }
    at
}

/// Compares two texts of the same length. Names are short, and calling `memcmp` would cost more than the comparison.
#[inline]
pub(in super::super) fn same(a: &[u8], b: &[u8]) -> bool {
    if let (Some(a), Some(b)) = (a.first_chunk::<8>(), b.first_chunk::<8>())
        && a != b
    {
        return false;
    }
    match a.len() {
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        4..8 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        8..=16 => a.last_chunk::<8>() == b.last_chunk(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte at each place of texts of each length, from each start.
    #[test]
    fn plain_content_ends_where_it_ends_byte_by_byte() {
        for length in 0..=24 {
            for place in 0..length.max(1) {
                for byte in 0..=255 {
                    // Bytes beside which a byte that borrows would be seen.
                    for filler in [b' ', b'!', b'#', b'[', b']', 0x7F, 0xC3, 0xFF] {
                        let mut bytes = vec![filler; length];
                        if let Some(at) = bytes.get_mut(place) {
                            *at = byte;
                        }
                        let ends = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
                        let start = place / 2;
                        let expected = bytes[start..].iter().position(ends);
                        let expected = expected.map_or(length, |at| start + at);
                        assert_eq!(plain_until(&bytes, start), expected, "{bytes:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn texts_are_the_same_only_if_all_bytes_are() {
        for length in 0..=40 {
            let a: Vec<u8> = (1..=length).collect();
            assert!(same(&a, &a.clone()));
            for place in 0..a.len() {
                let mut b = a.clone();
                b[place] ^= 0x80;
                assert!(!same(&a, &b), "{place} of {length}");
            }
        }
    }
}
