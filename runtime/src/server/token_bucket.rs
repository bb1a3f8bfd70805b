//! A token bucket that limits the rate of messages.

use std::time::Duration;
use tokio::time::Instant;

/// A bucket of `burst` tokens that refills evenly once per `period`.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    burst: f64,
    per_second: f64,
    tokens: f64,
    /// Tokens in excess of the burst.
    credit: f64,
    filled: Instant,
}

impl TokenBucket {
    pub(crate) fn new((burst, period): (u64, Duration), now: Instant) -> Self {
        let burst = burst as f64;
        let per_second = burst / period.as_secs_f64().max(f64::MIN_POSITIVE);
        Self {
            burst,
            per_second,
            tokens: burst,
            credit: 0.0,
            filled: now,
        }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.duration_since(self.filled).as_secs_f64();
        // Several connections share a bucket, and each looks at the clock once for many messages.
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
    }

    /// Whether the bucket is full, like a new one.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= self.burst
    }

    /// Takes a token. Returns false if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        for tokens in [&mut self.tokens, &mut self.credit] {
            if *tokens >= 1.0 {
                *tokens -= 1.0;
                return true;
            }
        }
        false
    }

    /// Adds the tokens of a duration, even beyond the burst: messages sent during that time were not read until now.
    pub(crate) fn credit(&mut self, time: Duration) {
        self.credit += time.as_secs_f64() * self.per_second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new((3, Duration::from_secs(30)), start);
        let taken = |bucket: &mut TokenBucket, seconds| {
            let now = start + Duration::from_secs(seconds);
            (0..10).filter(|_| bucket.take(now)).count()
        };
        assert_eq!(taken(&mut bucket, 0), 3);
        assert_eq!(taken(&mut bucket, 9), 0);
        assert_eq!(taken(&mut bucket, 10), 1);
        assert_eq!(taken(&mut bucket, 1000), 3);
    }
}
