//! Requests at a fixed rate, whether the server keeps up or not: a delay counts from when a request was due.

use super::{Failure, echo::CONNECTIONS, pool::Pool, requests::Requests};
use crate::contender::Dialect;
use std::{
    cell::RefCell,
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The percentiles of the round trips.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latencies {
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
}

/// Sends `rate` requests per second over all connections in turn.
pub(crate) fn latency(
    port: u16,
    dialect: Dialect,
    rate: f64,
    seconds: f64,
    begin: &mut dyn FnMut(),
) -> Result<Latencies, Failure> {
    let mut pool = Pool::new(dialect)?;
    let requests = Requests::new(dialect);
    for _ in 0..CONNECTIONS {
        pool.connect(port, false)?;
    }
    let due = RefCell::new(vec![VecDeque::new(); CONNECTIONS]);
    let mut taken = Vec::new();
    let mut out = Vec::new();
    for (is_measured, duration) in [(false, seconds.min(0.4)), (true, seconds)] {
        taken.clear();
        if is_measured {
            begin();
        }
        let (start, mut sent) = (Instant::now(), 0_u64);
        while start.elapsed().as_secs_f64() < duration {
            while sent as f64 <= start.elapsed().as_secs_f64() * rate {
                let at = sent as usize % CONNECTIONS;
                let connection = &mut pool.all[at];
                out.clear();
                requests.append(&mut out, connection.sent, 1);
                connection.sent += 1;
                due.borrow_mut()[at].push_back(start + Duration::from_secs_f64(sent as f64 / rate));
                connection.write(&out)?;
                sent += 1;
            }
            pool.turn(
                Some(Duration::ZERO),
                &mut |at, payload| {
                    if let Some(due) = due.borrow_mut()[at].pop_front() {
                        taken.push(Instant::now().saturating_duration_since(due));
                    }
                    payload.starts_with(requests.reply)
                },
                &mut |_, _, _| {},
            )?;
        }
    }
    taken.sort_unstable();
    let at = |share: f64| taken.get((taken.len() as f64 * share) as usize).copied();
    Ok(Latencies {
        median: at(0.5).ok_or("no request was answered")?,
        p99: at(0.99).ok_or("no request was answered")?,
    })
}
