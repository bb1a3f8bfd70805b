//! Medians, ratios and bars.

use crate::{
    contender::{BATCHES, BY_HAND, Contender, HANDFAST_COUNTING, Program, Scenario, WS, YAWC},
    load,
    run::Turn,
};
use std::{collections::BTreeSet, error::Error, path::Path};

/// The medians of the turns of a contender.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    medians: Turn,
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Row {
    pub(crate) fn new(name: &'static str, turns: &[Turn]) -> Self {
        let columns: BTreeSet<_> = turns.iter().flat_map(Turn::keys).copied().collect();
        let medians = columns.into_iter().map(|column| {
            let values = turns.iter().filter_map(|turn| turn.get(column)).copied();
            (column, median(values.collect()))
        });
        Self {
            name,
            medians: medians.collect(),
        }
    }

    pub(crate) fn get(&self, column: &str) -> f64 {
        self.medians.get(column).copied().unwrap_or(f64::NAN)
    }
}

/// Prints a table, then the bars. Returns whether they were reached, as far as their contenders took part.
pub(crate) fn table(scenario: Scenario, rows: &[Row], rate: f64) -> bool {
    let columns: &[(&str, usize)] = match scenario {
        Scenario::Echo | Scenario::FanOut => &[
            ("k/s", 0),
            ("k/s of its time", 0),
            ("server busy", 0),
            ("load busy", 0),
        ],
        Scenario::Idle => &[("resident", 1), ("allocated", 1)],
        Scenario::Latency => &[("median", 0), ("p99", 0), ("server busy", 0)],
    };
    println!("{}\n", title(scenario, rate));
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    println!(
        "| | {} | ×ws |\n|---|{}",
        names.join(" | "),
        "---|".repeat(columns.len() + 1)
    );
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let main = columns[usize::from(scenario == Scenario::Latency)].0;
    for row in rows {
        let cells = columns.iter().map(|(name, digits)| match row.get(name) {
            value if value.is_nan() => String::new(),
            value => format!("{value:.digits$}"),
        });
        let ratio = find(WS).map_or(f64::NAN, |ws| row.get(main) / ws.get(main));
        println!(
            "| {} | {} | {ratio:.2} |",
            row.name,
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
    println!();
    let Some(ours) = find(HANDFAST_COUNTING) else {
        return true;
    };
    let mut reached = true;
    let mut bar = |text: &str, value: f64, is_reached: bool| {
        if !value.is_nan() {
            println!(
                "{}: {text}: {value:.2}",
                if is_reached { "reached" } else { "MISSED" }
            );
            reached &= is_reached;
        }
    };
    let ratio =
        |other: &str| find(other).map_or(f64::NAN, |other| ours.get(main) / other.get(main));
    match scenario {
        Scenario::Echo => {
            bar("at least 9 × ws", ratio(WS), ratio(WS) >= 9.0);
            bar(
                "at least 1.0 × tungstenite in batches",
                ratio(BATCHES),
                ratio(BATCHES) >= 1.0,
            );
            println!("aim: 0.85 × by hand: {:.2}", ratio(BY_HAND));
        }
        Scenario::FanOut => {
            bar("at least 4 × ws", ratio(WS), ratio(WS) >= 4.0);
            bar("ahead of yawc", ratio(YAWC), ratio(YAWC) > 1.0);
            println!("aim: 0.9 × by hand: {:.2}", ratio(BY_HAND));
        }
        Scenario::Idle => {
            let resident = ours.get("resident");
            bar("at most 8 KiB; the aim is 5", resident, resident <= 8.0);
        }
        Scenario::Latency => {
            bar(
                "no worse than ws; the aim is 0.5",
                ratio(WS),
                ratio(WS) <= 1.0,
            );
        }
    }
    println!();
    reached
}

fn title(scenario: Scenario, rate: f64) -> String {
    match scenario {
        Scenario::Echo => format!(
            "## Echo: {} connections × {} in flight, messages of 200 B",
            load::ECHO.0,
            load::ECHO.1
        ),
        Scenario::FanOut => format!(
            "## Fan-out: 1 → {}, {} in flight, 200 B",
            load::FAN_OUT.0,
            load::FAN_OUT.1
        ),
        Scenario::Idle => "## Idle: KiB for each connection".to_owned(),
        Scenario::Latency => format!("## Round trips at {:.1} k/s, in µs", rate / 1000.0),
    }
}

/// Prints the versions of all that takes part.
pub(crate) fn versions<'a>(
    contenders: impl Iterator<Item = &'a Contender>,
) -> Result<(), Box<dyn Error>> {
    let mut packages = BTreeSet::new();
    for contender in contenders {
        for package in contender.packages {
            packages.insert((contender.program == Program::Node, *package));
        }
    }
    let lock = include_str!("../Cargo.lock");
    let mut named = Vec::new();
    for (is_node, package) in packages {
        let version = if is_node {
            let file = format!("node/node_modules/{package}/package.json");
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
                .map_err(|error| format!("`npm ci` in `node` comes first: {error}"))?;
            serde_json::from_str::<serde_json::Value>(&text)?["version"].to_string()
        } else {
            let start = format!("name = \"{package}\"\nversion = ");
            // The last is the newest, which is the one that is used here.
            let version = lock.rsplit_once(&start).map_or("", |(_, rest)| rest);
            version.lines().next().unwrap_or_default().to_owned()
        };
        named.push(format!("{package} {}", version.trim_matches('"')));
    }
    let node = std::process::Command::new("node")
        .arg("--version")
        .output()?;
    named.push(format!(
        "Node {}",
        String::from_utf8_lossy(&node.stdout)
            .trim_start_matches('v')
            .trim()
    ));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("{}; load of the machine before: {load}\n", named.join(", "));
    Ok(())
}
