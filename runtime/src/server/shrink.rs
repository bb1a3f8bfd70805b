//! Tables give back the memory of a burst.

use std::{collections::HashMap, hash::Hash};

/// The capacity below which a table is left as it is.
const SMALL: usize = 64;

/// Halves a table that is mostly empty. Call it after each removal: the cost of a removal stays constant on average.
pub(super) fn shrink<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    if table.capacity() > SMALL && table.len() < table.capacity() / 4 {
        table.shrink_to(table.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_was_large_is_small_again() {
        let mut table: HashMap<_, _> = (0..10_000).map(|n| (n, n)).collect();
        let mut shrunk = 0;
        for n in 0..10_000 {
            table.remove(&n);
            let before = table.capacity();
            shrink(&mut table);
            shrunk += usize::from(table.capacity() < before);
        }
        assert!(table.capacity() <= SMALL, "{}", table.capacity());
        assert!(shrunk <= 14, "it moves everything {shrunk} times");
    }
}
