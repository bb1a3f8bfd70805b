//! Connections with a number of requests in flight each: a reply is followed by the next request.

use super::{Failure, pool::Pool, requests::Requests};
use crate::contender::Dialect;
use std::time::{Duration, Instant};

pub(super) const CONNECTIONS: usize = 100;
pub(super) const IN_FLIGHT: usize = 16;

/// Returns how many requests were answered within `seconds`, after a warm-up. `begin` is called after it.
pub(crate) fn echo(
    port: u16,
    dialect: Dialect,
    seconds: f64,
    begin: &mut dyn FnMut(),
) -> Result<f64, Failure> {
    let mut pool = Pool::new(dialect)?;
    let requests = Requests::new(dialect);
    for _ in 0..CONNECTIONS {
        pool.connect(port, false)?;
    }
    for connection in &mut pool.all {
        let mut first = Vec::new();
        requests.append(&mut first, 0, IN_FLIGHT);
        connection.sent = IN_FLIGHT;
        connection.write(&first)?;
    }
    let warm_up = Duration::from_secs_f64(seconds.min(0.4));
    let mut count = |duration: Duration| -> Result<f64, Failure> {
        let (start, mut replies) = (Instant::now(), 0_u64);
        let here = std::cell::Cell::new(0);
        while start.elapsed() < duration {
            pool.turn(
                Some(Duration::ZERO),
                &mut |_, payload| {
                    here.set(here.get() + 1);
                    payload.starts_with(requests.reply)
                },
                &mut |_, connection, out| {
                    let answered = here.replace(0);
                    replies += answered as u64;
                    requests.append(out, connection.sent, answered);
                    connection.sent += answered;
                },
            )?;
        }
        Ok(replies as f64 / start.elapsed().as_secs_f64())
    };
    count(warm_up)?;
    begin();
    count(Duration::from_secs_f64(seconds))
}
