//! One publishes, a thousand hear it.

use super::{Failure, pool::Pool, requests};
use crate::contender::Dialect;
use std::time::{Duration, Instant};

pub(super) const MEMBERS: usize = 1000;
pub(super) const IN_FLIGHT: usize = 4;

/// Returns how many messages were delivered in a second.
pub(crate) fn fan_out(
    port: u16,
    dialect: Dialect,
    seconds: f64,
    begin: &mut dyn FnMut(),
) -> Result<f64, Failure> {
    let mut pool = Pool::new(dialect)?;
    for _ in 0..MEMBERS {
        pool.connect(port, true)?;
    }
    pool.connect(port, false)?;
    let say = requests::say(dialect);
    // How many have heard each publication that not all have heard yet, and how many each has heard.
    let mut heard = vec![0_usize; MEMBERS];
    let mut by_all = std::collections::VecDeque::<usize>::new();
    let mut complete = 0_usize;
    let mut total = 0_u64;
    let mut run = |duration: Duration| -> Result<f64, Failure> {
        let (start, before) = (Instant::now(), total);
        while start.elapsed() < duration {
            let next = IN_FLIGHT - by_all.len();
            by_all.extend(std::iter::repeat_n(0_usize, next));
            pool.all[MEMBERS].write(&say.repeat(next))?;
            pool.turn(
                Some(Duration::ZERO),
                &mut |at, payload| {
                    let index = heard[at] - complete;
                    heard[at] += 1;
                    by_all[index] += 1;
                    total += 1;
                    payload.len() > 150
                },
                &mut |_, _, _| {},
            )?;
            while by_all.front() == Some(&MEMBERS) {
                by_all.pop_front();
                complete += 1;
            }
        }
        Ok((total - before) as f64 / start.elapsed().as_secs_f64())
    };
    run(Duration::from_secs_f64(seconds.min(0.4)))?;
    begin();
    run(Duration::from_secs_f64(seconds))
}
