//! How much a client holds for its server: what waits to be written, and requests that are not answered.

use super::error::Failure;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a message costs beside its bytes.
const OVERHEAD: usize = 256;

/// `limits.outbound`, shared out. Callers get their part in the order in which they asked.
#[derive(Debug)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    limit: usize,
}

/// A part of the budget, until it is dropped.
pub(crate) type Permit = Arc<OwnedSemaphorePermit>;

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            free: Arc::new(Semaphore::new(limit)),
            limit,
        }
    }

    /// What a message of so many bytes costs. One that costs more than there is waits until nothing else is held.
    fn cost(&self, length: usize) -> u32 {
        let cost = length.saturating_add(OVERHEAD).min(self.limit);
        u32::try_from(cost).unwrap_or(u32::MAX)
    }

    /// Waits for room for a message of `length` bytes.
    ///
    /// # Errors
    /// Where the client is closed.
    pub(crate) async fn take(&self, length: usize) -> Result<Permit, Failure> {
        let taken = self.free.clone().acquire_many_owned(self.cost(length));
        taken.await.map(Arc::new).map_err(|_| Failure::Closed)
    }

    /// Room for a volatile message, which gets none beyond half of the budget.
    pub(crate) fn take_spare(&self, length: usize) -> Option<Permit> {
        let cost = self.cost(length);
        let free = self.free.available_permits();
        if free < self.limit && free < self.limit / 2 + cost as usize {
            return None;
        }
        let taken = self.free.clone().try_acquire_many_owned(cost);
        taken.map(Arc::new).ok()
    }

    /// Whoever waits, waits in vain.
    pub(crate) fn close(&self) {
        self.free.close();
    }
}
