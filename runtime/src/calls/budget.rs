//! The memory budget of what an end sends: at a client queued messages and pending requests, at a server the requests to one client.

use super::error::Failure;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a message costs in addition to its bytes.
const OVERHEAD: usize = 256;

/// The budget of `limits.outbound` bytes. Callers are served in order.
#[derive(Debug)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    limit: usize,
}

/// A part of the budget, returned on drop.
pub(crate) type Permit = Arc<OwnedSemaphorePermit>;

impl Budget {
    /// Creates a budget of `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            free: Arc::new(Semaphore::new(limit)),
            limit,
        }
    }

    /// The cost of a message of `length` bytes. A message larger than the budget costs all of it: it waits until the rest is free.
    fn cost(&self, length: usize) -> u32 {
        let cost = length.saturating_add(OVERHEAD).min(self.limit);
        u32::try_from(cost).unwrap_or(u32::MAX)
    }

    /// Waits for room for a message of `length` bytes.
    ///
    /// # Errors
    /// If the session has ended.
    pub(crate) async fn take(&self, length: usize) -> Result<Permit, Failure> {
        let taken = self.free.clone().acquire_many_owned(self.cost(length));
        taken.await.map(Arc::new).map_err(|_| Failure::Closed)
    }

    /// Returns room for a volatile message, or `None` if half of the budget is in use.
    #[cfg(feature = "client")]
    pub(crate) fn try_take_volatile(&self, length: usize) -> Option<Permit> {
        let cost = self.cost(length);
        let free = self.free.available_permits();
        if free < self.limit && free < self.limit / 2 + cost as usize {
            return None;
        }
        let taken = self.free.clone().try_acquire_many_owned(cost);
        taken.map(Arc::new).ok()
    }

    /// Fails all callers that wait, now and later.
    pub(crate) fn close(&self) {
        self.free.close();
    }
}
