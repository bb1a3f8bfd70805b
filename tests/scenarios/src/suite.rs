//! Runs every scenario on a platform, and the sweeps among them at every byte.

use crate::{
    proxy::{Cut, Direction, Passed},
    run::{Platform, Shown, run},
    scenario::Scenario,
};
use handfast_testing::random::Rng;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Instant, SystemTime},
};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many scenarios run side by side.
const TOGETHER: usize = 16;

/// How scenarios are run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The seed of everything random.
    pub seed: u64,
    /// A sweep takes each so many bytes, beginning with a random one.
    pub every: u64,
}

impl Options {
    /// Every byte, with the seed of `HANDFAST_SEED`; without one, another each time.
    pub fn from_env() -> Self {
        let given = std::env::var("HANDFAST_SEED").ok();
        let random = || {
            SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(1, |time| time.as_micros() as u64 % 1_000_000)
        };
        let seed = given
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(random);
        Self { seed, every: 1 }
    }
}

struct Suite {
    platform: Arc<dyn Platform>,
    options: Options,
    places: Semaphore,
    runs: AtomicUsize,
}

/// Runs scenarios. Prints each, and returns how many failed.
pub(crate) async fn run_all(
    platform: Arc<dyn Platform>,
    scenarios: &[Scenario],
    options: Options,
) -> usize {
    let begun = Instant::now();
    let name = platform.name();
    println!("{name}: seed {}", options.seed);
    let suite = Arc::new(Suite {
        platform,
        options,
        places: Semaphore::new(TOGETHER),
        runs: AtomicUsize::new(0),
    });
    let mut running = JoinSet::new();
    for scenario in scenarios {
        let (suite, scenario) = (suite.clone(), scenario.clone());
        running.spawn(async move {
            let begun = Instant::now();
            let result = suite.scenario(&scenario).await;
            (scenario.name, result, begun.elapsed())
        });
    }
    let (mut good, mut failed) = (0, 0);
    while let Some(done) = running.join_next().await {
        match done {
            Ok((scenario, Ok(words), took)) => {
                good += 1;
                let took = took.as_secs_f64();
                println!(
                    "{name}: {scenario} (seed {}): good{words}, {took:.1} s",
                    options.seed
                );
            }
            Ok((scenario, Err(words), _)) => {
                failed += 1;
                println!(
                    "{name}: {scenario} (seed {}): FAILED\n{words}",
                    options.seed
                );
            }
            Err(error) => {
                failed += 1;
                println!("{name}: FAILED: {error}");
            }
        }
    }
    println!(
        "{name}: {good} of {} scenarios are good, in {} runs and {:.1} s",
        scenarios.len(),
        suite.runs.load(Ordering::Relaxed),
        begun.elapsed().as_secs_f64()
    );
    // None is skipped.
    failed.max(scenarios.len() - good)
}

type Cuts = Vec<Option<Cut>>;

impl Suite {
    /// Runs a scenario; returns what there is to say of it.
    async fn scenario(self: &Arc<Self>, scenario: &Scenario) -> Result<String, String> {
        let Some(sweep) = &scenario.sweep else {
            self.once(scenario, &[]).await?;
            return Ok(String::new());
        };
        // What each connection carries when none of the later ones is lost.
        let mut before: Cuts = Vec::new();
        let mut whole = self.once(scenario, &before).await?.passed;
        for part in &sweep.before {
            let passed = whole
                .get(before.len())
                .ok_or("there is no such connection")?;
            let bytes = match part.direction {
                Direction::Up => passed.up,
                Direction::Down => passed.down,
            };
            before.push(Some(Cut {
                direction: part.direction,
                at: (bytes as f64 * part.part) as u64,
            }));
            whole = self.once(scenario, &before).await?.passed;
        }
        let swept = whole
            .get(before.len())
            .ok_or("there is no such connection")?;
        let (up, down) = (swept.up, swept.down);
        if up + down < sweep.bytes {
            return Err(format!("only {up} + {down} bytes are swept"));
        }
        let mut rng = Rng::new(self.options.seed);
        let mut running = JoinSet::new();
        for (direction, bytes) in [(Direction::Up, up), (Direction::Down, down)] {
            let every = self.options.every.max(1);
            let first = rng.below(usize::try_from(every).unwrap_or(1)) as u64;
            for at in (first..bytes).step_by(usize::try_from(every).unwrap_or(1)) {
                let mut cuts = before.clone();
                cuts.push(Some(Cut { direction, at }));
                if let Some(after) = sweep.after {
                    let direction = *rng.pick(&[Direction::Up, Direction::Down]);
                    let at = rng.below(usize::try_from(after).unwrap_or(1)) as u64;
                    cuts.push(Some(Cut { direction, at }));
                }
                let (suite, scenario) = (self.clone(), scenario.clone());
                running.spawn(async move { suite.once(&scenario, &cuts).await });
            }
        }
        let count = running.len();
        let (mut resumed, mut expired, mut wrong) = (0, 0, Vec::new());
        while let Some(done) = running.join_next().await {
            match done.map_err(|error| error.to_string())? {
                Ok(shown) => {
                    resumed += usize::from(shown.passed.iter().any(Passed::is_resumed));
                    expired += usize::from(shown.has_expired);
                }
                Err(words) => wrong.push(words),
            }
        }
        if !wrong.is_empty() {
            wrong.truncate(3);
            return Err(wrong.join("\n"));
        }
        let words = format!(", {count} cuts in {up} + {down} bytes, {resumed} resumed");
        if (resumed as f64) < sweep.resumed * count as f64 {
            return Err(format!("too few were resumed{words}"));
        }
        // A browser that has seen connections fail delays some; a client that is always slow is another matter.
        if expired > 1 + count / 50 {
            return Err(format!("{expired} came back too late{words}"));
        }
        Ok(words)
    }

    /// Runs a scenario once. Returns what it showed of the swept client.
    async fn once(&self, scenario: &Scenario, cuts: &[Option<Cut>]) -> Result<Shown, String> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await;
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", scenario.name);
        let client = scenario.sweep.as_ref().map(|sweep| sweep.client.clone());
        let client = client.unwrap_or_default();
        let all = BTreeMap::from([(client.clone(), cuts.to_vec())]);
        match run(scenario, &*self.platform, &id, all).await {
            Ok(mut shown) => Ok(shown.remove(&client).unwrap_or_default()),
            Err(words) => Err(format!("  cuts {cuts:?}: {words}")),
        }
    }
}
