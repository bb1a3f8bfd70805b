//! Runs each scenario: the contenders by turns, a server of its own for each turn.

use crate::{
    contender::{CONTENDERS, Contender, Program, Scenario, WS},
    load,
    report::{self, Row},
};
use rustix::thread::CpuSet;
use std::{
    collections::BTreeMap,
    error::Error,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

/// The core of the server, and that of the load.
const CORES: [usize; 2] = [0, 1];

/// How many connections are idle.
const IDLE: usize = 2000;

#[derive(Debug)]
pub(crate) struct Options {
    scenarios: Vec<Scenario>,
    rounds: usize,
    seconds: f64,
    /// Parts of the names of the contenders; all if there are none.
    only: Vec<String>,
}

const USAGE: &str =
    "usage: sessions [echo | fan-out | idle | p99]… [--rounds N] [--seconds S] [--only NAME]…";

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            scenarios: Vec::new(),
            rounds: 5,
            seconds: 1.0,
            only: Vec::new(),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(USAGE);
            match &**arg {
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--only" => options.only.push(value()?.clone()),
                name => {
                    let scenario = Scenario::ALL.into_iter().find(|each| each.name() == name);
                    options.scenarios.push(scenario.ok_or(USAGE)?);
                }
            }
        }
        if options.scenarios.is_empty() {
            options.scenarios = Scenario::ALL.into();
        }
        Ok(options)
    }

    fn contenders(&self, scenario: Scenario) -> impl Iterator<Item = &'static Contender> {
        CONTENDERS.iter().filter(move |contender| {
            let named = self
                .only
                .iter()
                .any(|name| contender.name.contains(&**name));
            contender.scenarios.contains(&scenario) && (named || self.only.is_empty())
        })
    }
}

/// A running server. It ends with its standard input.
struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(contender: &Contender, counted: bool) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(CORES[0].to_string());
        match contender.program {
            Program::Rust => {
                let this = std::env::current_exe()?;
                let program = if counted {
                    this.with_file_name("counted")
                } else {
                    this
                };
                command.arg(program).arg("serve").arg(contender.server);
            }
            Program::Node => {
                let file = format!("node/{}.js", contender.server);
                let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                command.arg("node").arg("--expose-gc").arg(file);
            }
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut server = Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout),
            child,
            port: 0,
        };
        server.port = server.line("port ")?.parse()?;
        Ok(server)
    }

    fn line(&mut self, start: &str) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let rest = line.trim_end().strip_prefix(start);
        Ok(rest
            .ok_or_else(|| format!("expected `{start}`, got `{line}`"))?
            .to_owned())
    }

    /// The resident memory, and what is allocated if that is counted, in bytes.
    fn memory(&mut self) -> Result<(f64, Option<f64>), Box<dyn Error>> {
        let stdin = self.stdin.as_mut().ok_or("no standard input")?;
        stdin.write_all(b"memory\n")?;
        stdin.flush()?;
        let line = self.line("memory ")?;
        let (resident, allocated) = line.split_once(' ').ok_or("half an answer")?;
        Ok((resident.parse()?, allocated.parse().ok()))
    }

    /// How long the server has run on its core, in seconds.
    fn busy(&self) -> f64 {
        cpu_seconds(&format!("/proc/{}/stat", self.child.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// The time of a process in user and system mode, from its `stat`, where it is counted in hundredths of seconds.
fn cpu_seconds(stat: &str) -> f64 {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let behind_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = behind_name.split(' ').skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// What one turn of a contender showed, by name of the column.
pub(crate) type Turn = BTreeMap<&'static str, f64>;

/// Returns whether every bar was reached.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut core = CpuSet::new();
    core.set(CORES[1]);
    rustix::thread::sched_setaffinity(None, &core)?;
    report::versions(
        options
            .scenarios
            .iter()
            .flat_map(|each| options.contenders(*each)),
    )?;
    let mut reached = true;
    // What `ws` can do decides the rate at which round trips are measured.
    let mut full_load = None;
    for scenario in &options.scenarios {
        if *scenario == Scenario::Latency && full_load.is_none() {
            full_load = Some(measure_full_load(options)?);
        }
        let mut turns: BTreeMap<&str, Vec<Turn>> = BTreeMap::new();
        let rate = full_load.unwrap_or_default() / 2.0;
        for round in 0..options.rounds {
            for contender in options.contenders(*scenario) {
                eprint!(
                    "\r{} {}/{} {:<30}",
                    scenario.name(),
                    round + 1,
                    options.rounds,
                    contender.name
                );
                let turn = turn(*scenario, contender, options.seconds, rate)
                    .map_err(|error| format!("{}: {error}", contender.name))?;
                turns.entry(contender.name).or_default().push(turn);
            }
        }
        eprint!("\r{:60}\r", "");
        let rows: Vec<Row> = options
            .contenders(*scenario)
            .map(|contender| Row::new(contender.name, &turns[contender.name]))
            .collect();
        if *scenario == Scenario::Echo {
            full_load = rows
                .iter()
                .find(|row| row.name == WS)
                .map(|row| row.get("k/s") * 1000.0);
        }
        reached &= report::table(*scenario, &rows, rate);
    }
    Ok(reached)
}

fn measure_full_load(options: &Options) -> Result<f64, Box<dyn Error>> {
    let ws = CONTENDERS
        .iter()
        .find(|each| each.name == WS)
        .ok_or("`ws` is missing")?;
    let mut rates = Vec::new();
    for _ in 0..options.rounds {
        rates.push(turn(Scenario::Echo, ws, options.seconds, 0.0)?["k/s"] * 1000.0);
    }
    Ok(report::median(rates))
}

fn turn(
    scenario: Scenario,
    contender: &Contender,
    seconds: f64,
    rate: f64,
) -> Result<Turn, Box<dyn Error>> {
    let mut server = Server::start(contender, scenario == Scenario::Idle)?;
    let (port, dialect) = (server.port, contender.dialect);
    if scenario == Scenario::Idle {
        return idle(&mut server, contender);
    }
    let mut before = (0.0, 0.0, Instant::now());
    let mut begin = || {
        before = (
            server.busy(),
            cpu_seconds("/proc/self/stat"),
            Instant::now(),
        )
    };
    let mut turn = Turn::new();
    match scenario {
        Scenario::Echo => {
            turn.insert(
                "k/s",
                load::echo(port, dialect, seconds, &mut begin)? / 1000.0,
            );
        }
        Scenario::FanOut => {
            turn.insert(
                "k/s",
                load::fan_out(port, dialect, seconds, &mut begin)? / 1000.0,
            );
        }
        Scenario::Latency => {
            let taken = load::latency(port, dialect, rate, seconds, &mut begin)?;
            turn.insert("median", taken.median.as_secs_f64() * 1e6);
            turn.insert("p99", taken.p99.as_secs_f64() * 1e6);
        }
        Scenario::Idle => {}
    }
    let elapsed = before.2.elapsed().as_secs_f64();
    let busy = server.busy() - before.0;
    turn.insert("server busy", busy / elapsed * 100.0);
    turn.insert(
        "load busy",
        (cpu_seconds("/proc/self/stat") - before.1) / elapsed * 100.0,
    );
    if let Some(rate) = turn.get("k/s") {
        // Other programs on the machine take time from the server, but not from this.
        turn.insert("k/s of its time", rate * elapsed / busy.max(0.01));
    }
    Ok(turn)
}

fn idle(server: &mut Server, contender: &Contender) -> Result<Turn, Box<dyn Error>> {
    let port = server.port;
    let connect = || load::connect(port, contender.dialect, false);
    // What the first connections make a server allocate once is not counted.
    let first: Vec<_> = (0..50).map(|_| connect()).collect::<Result<_, _>>()?;
    let before = settled(server)?;
    let idle: Vec<_> = (0..IDLE).map(|_| connect()).collect::<Result<_, _>>()?;
    let after = settled(server)?;
    drop((first, idle));
    let each = |bytes: f64| bytes / IDLE as f64 / 1024.0;
    let mut turn = Turn::from([("resident", each(after.0 - before.0))]);
    if let (Some(before), Some(after)) = (before.1, after.1) {
        turn.insert("allocated", each(after - before));
    }
    Ok(turn)
}

/// The memory once it no longer changes much.
fn settled(server: &mut Server) -> Result<(f64, Option<f64>), Box<dyn Error>> {
    let mut last = server.memory()?;
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(100));
        let memory = server.memory()?;
        if (memory.0 - last.0).abs() < 64.0 * 1024.0 {
            return Ok(memory);
        }
        last = memory;
    }
    Ok(last)
}
