//! Writing tuples that have optional items, or a rest.

use crate::{Payload, foreign::AsPayload};
use serde::{Serializer, ser};

/// The items of a tuple, collected to be written.
#[derive(Default)]
pub struct Items<'a> {
    all: Vec<Box<dyn erased_serde::Serialize + 'a>>,
    /// Whether an optional item is absent, so that nothing may follow.
    ended: bool,
    /// Whether something followed nevertheless.
    hole: bool,
}

impl std::fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<'a> Items<'a> {
    /// Adds an item.
    #[must_use]
    pub fn item<T: Payload>(mut self, item: &'a T) -> Self {
        self.hole |= self.ended;
        self.all.push(Box::new(AsPayload(item)));
        self
    }

    /// Adds an item that may be absent.
    #[must_use]
    pub fn optional<T: Payload>(mut self, item: &'a Option<T>) -> Self {
        match item {
            Some(item) => self.item(item),
            None => {
                self.ended = true;
                self
            }
        }
    }

    /// Adds the items that follow the others.
    #[must_use]
    pub fn rest<T: Payload>(self, items: &'a [T]) -> Self {
        items.iter().fold(self, |all, item| all.item(item))
    }

    /// Writes the items.
    ///
    /// # Errors
    /// If an optional item is absent and a later one is not, and the errors of the serializer.
    pub fn serialize<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.hole {
            return Err(ser::Error::custom(
                "an item of a tuple is absent, and a later one is not",
            ));
        }
        serializer.collect_seq(self.all)
    }
}
