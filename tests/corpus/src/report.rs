//! What a run prints.

use crate::one::Outcome;
use crate::places::Places;
use crate::run::{Judge, Run, Verdict};
use std::collections::BTreeMap;

/// The bars of a run.
#[derive(Clone, Copy)]
pub(crate) struct Bars {
    /// The share of schemas that go through.
    pub(crate) through: f64,
    /// The share of places without a type, in Rust and in TypeScript.
    pub(crate) untyped: [f64; 2],
    /// Whether the bar of untyped places holds for each schema, or for all together.
    pub(crate) each: bool,
    /// What one schema may take: seconds and bytes.
    pub(crate) seconds: f64,
    pub(crate) peak: u64,
}

/// How many examples are shown.
const EXAMPLES: usize = 6;

/// How many are listed of what is wrong.
const LISTED: usize = 40;

#[expect(clippy::cast_precision_loss, reason = "counts and sizes, for people")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}

/// Prints a bar; returns whether it is reached.
fn bar(what: &str, figure: &str, bar: &str, reached: bool) -> bool {
    let verdict = if reached { "reached" } else { "MISSED" };
    println!("{what:<34} {figure:>22}   bar {bar:<14} {verdict}");
    reached
}

impl Run {
    /// Prints everything; returns whether all bars are reached.
    pub(crate) fn report(&self, bars: Bars) -> bool {
        self.refused();
        self.fallen();
        self.extremes();
        let rust = self.places("Rust", |outcome| &outcome.rust);
        let typescript = self.places("TypeScript", |outcome| &outcome.typescript);
        self.broken_code();
        let wrong = self.judged();
        println!("\n== Bars\n");
        let all = self.cases.len() as u64;
        let through = self.outcomes.iter().filter(|one| one.is_through()).count() as u64;
        let fell = self
            .outcomes
            .iter()
            .filter(|one| one.fell.is_some())
            .count();
        let mut good = bar(
            "schemas through",
            &format!("{through} of {all} ({:.1}%)", share(through, all) * 100.0),
            &format!("{:.0}%", bars.through * 100.0),
            share(through, all) >= bars.through,
        );
        good &= bar("panics", &fell.to_string(), "0", fell == 0);
        good &= bar("wrong verdicts", &wrong.to_string(), "0", wrong == 0);
        for (name, places, limit) in [
            ("untyped places in Rust", &rust, bars.untyped[0]),
            ("untyped places in TypeScript", &typescript, bars.untyped[1]),
        ] {
            let worst = share(places.untyped(), places.all);
            let figure = format!(
                "{} of {} ({:.2}%)",
                places.untyped(),
                places.all,
                worst * 100.0
            );
            let limit_text = format!("{:.0}%", limit * 100.0);
            good &= bar(name, &figure, &limit_text, worst <= limit);
        }
        if let Some(broken) = &self.broken {
            for (name, broken) in ["do not compile in Rust", "do not compile in TypeScript"]
                .iter()
                .zip(broken)
            {
                good &= bar(name, &broken.len().to_string(), "0", broken.is_empty());
            }
        }
        let slow = self
            .outcomes
            .iter()
            .map(|one| one.seconds)
            .fold(0.0, f64::max);
        good &= bar(
            "slowest",
            &format!("{slow:.2} s"),
            &format!("{} s", bars.seconds),
            slow <= bars.seconds,
        );
        let peak = self.outcomes.iter().map(|one| one.peak).max().unwrap_or(0);
        let limit = format!("{} MB", bars.peak / 1_000_000);
        good &= bar(
            "most memory",
            &format!("{} MB", peak / 1_000_000),
            &limit,
            peak <= bars.peak,
        );
        if bars.each {
            good &= self.each_typed(bars.untyped[0]);
        }
        good
    }

    fn each_typed(&self, limit: f64) -> bool {
        let mut good = true;
        for (case, outcome) in self.cases.iter().zip(&self.outcomes) {
            let worst = match outcome.rust.all {
                0 => 1.0,
                all => share(outcome.rust.untyped(), all),
            };
            let figure = format!(
                "{} of {} ({:.2}%)",
                outcome.rust.untyped(),
                outcome.rust.all,
                worst * 100.0
            );
            let what = format!("untyped in Rust: {}", case.name);
            good &= bar(
                &what,
                &figure,
                &format!("{:.0}%", limit * 100.0),
                worst <= limit,
            );
        }
        good
    }

    fn refused(&self) {
        println!("== Refused, by the first error\n");
        let mut codes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (case, outcome) in self.cases.iter().zip(&self.outcomes) {
            if let Some([code, message, place]) = outcome.errors.first() {
                codes
                    .entry(code)
                    .or_default()
                    .push(format!("{}: {message} ({place})", case.name));
            }
        }
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_by_key(|(_, all)| std::cmp::Reverse(all.len()));
        for (code, all) in codes {
            println!("{code}: {}", all.len());
            for example in all
                .iter()
                .take(if all.len() > 100 { EXAMPLES } else { LISTED })
            {
                println!("    {example}");
            }
        }
        let missing = self
            .cases
            .iter()
            .filter(|case| !case.missing.is_empty())
            .count();
        println!("\n{missing} refer to documents elsewhere, in whose place an empty schema is.");
    }

    fn fallen(&self) {
        for (case, outcome) in self.cases.iter().zip(&self.outcomes) {
            if let Some(how) = &outcome.fell {
                println!("FELL: {}: {how}", case.name);
            }
        }
    }

    fn extremes(&self) {
        let mut order: Vec<usize> = (0..self.cases.len()).collect();
        let mut top = |title: &str, by: &dyn Fn(&Outcome) -> f64| {
            order.sort_by(|a, b| by(&self.outcomes[*b]).total_cmp(&by(&self.outcomes[*a])));
            println!("\n== {title}\n");
            for at in order.iter().take(EXAMPLES) {
                let one = &self.outcomes[*at];
                println!(
                    "{:<44} {:>6.2} s {:>5} MB, {:>9} bytes to {:>10} of Rust and {:>10} of TypeScript ({:.1} times)",
                    self.cases[*at].name,
                    one.seconds,
                    one.peak / 1_000_000,
                    one.input,
                    one.rust_bytes,
                    one.typescript_bytes,
                    one.ratio(),
                );
            }
        };
        top("Slowest", &|one| one.seconds);
        #[expect(clippy::cast_precision_loss, reason = "sizes, for people")]
        {
            top("Most memory", &|one| one.peak as f64);
            top("Largest", &|one| {
                one.rust_bytes.max(one.typescript_bytes) as f64
            });
        }
        top("Largest for its size, of those above 20 KB", &|one| {
            if one.input > 20_000 { one.ratio() } else { 0.0 }
        });
    }

    /// Prints the untyped places by their reasons, and those schemas that have most; returns all.
    fn places(&self, language: &str, of: impl Fn(&Outcome) -> &Places) -> Places {
        let mut all = Places::default();
        for (case, outcome) in self.cases.iter().zip(&self.outcomes) {
            all.extend(of(outcome), &case.name);
        }
        let untyped = share(all.untyped(), all.all) * 100.0;
        println!(
            "\n== Places without a type in {language}: {} of {} ({untyped:.2}%); {} more are checked beside their types\n",
            all.untyped(),
            all.all,
            all.beside
        );
        let mut reasons: Vec<_> = all.untyped.iter().collect();
        reasons.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (reason, (count, example)) in reasons {
            println!("{count:>7}  {reason} ({example})");
        }
        let mut order: Vec<usize> = (0..self.cases.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(of(&self.outcomes[*at]).untyped()));
        println!("\nMost in:");
        for at in order.into_iter().take(2 * EXAMPLES) {
            let places = of(&self.outcomes[at]);
            println!(
                "{:>7} of {:>6}  {}",
                places.untyped(),
                places.all,
                self.cases[at].name
            );
        }
        all
    }

    fn broken_code(&self) {
        let Some(broken) = &self.broken else {
            return;
        };
        for (language, broken) in ["Rust", "TypeScript"].iter().zip(broken) {
            println!("\n== Do not compile in {language}: {}\n", broken.len());
            for (number, why) in broken.iter().take(LISTED) {
                let name = self
                    .cases
                    .get(*number)
                    .map_or("the runtime", |case| &case.name);
                println!("{name} (s{number}): {why}");
            }
        }
    }

    /// Prints the verdicts; returns how many are wrong.
    fn judged(&self) -> usize {
        let unread = self
            .said
            .iter()
            .flat_map(|said| &said.instances)
            .filter(|one| one.json.is_none())
            .count();
        let of_judge = |judge| {
            self.verdicts
                .iter()
                .filter(move |one| one.ours.contains_key(&judge))
                .count()
        };
        println!(
            "\n== Verdicts: {} instances read, {unread} not; judged by the interpreter {}, by TypeScript {}, by Rust {}\n",
            self.verdicts.len(),
            of_judge(Judge::Interpreter),
            of_judge(Judge::TypeScript),
            of_judge(Judge::Rust),
        );
        for (case, said) in self.cases.iter().zip(&self.said) {
            if let Some(error) = &said.error {
                println!("Ajv does not compile {}: {error}", case.name);
            }
        }
        let against = |one: &&Verdict| one.ajv.is_some() && one.right() != one.ajv;
        println!(
            "Of {} instances the `jsonschema` crate says what we say, and Ajv differs:",
            self.verdicts
                .iter()
                .filter(against)
                .filter(|one| !one.ours.values().any(|answer| one.is_wrong(answer)))
                .count()
        );
        for one in self.verdicts.iter().filter(against).take(LISTED) {
            println!("    {} {}", self.cases[one.case].name, one.name);
        }
        let differing: Vec<_> = self
            .verdicts
            .iter()
            .filter(|one| {
                one.ours
                    .values()
                    .any(|answer| Some(answer) != one.ours.get(&Judge::Interpreter))
            })
            .collect();
        println!(
            "{} instances have other violations by generated code than by the interpreter:",
            differing.len()
        );
        for one in differing.iter().take(LISTED / 2) {
            println!("    {} {}", self.cases[one.case].name, one.name);
            let by_interpreter = one.ours.get(&Judge::Interpreter);
            let expected = by_interpreter.map_or(&[][..], |answer| &answer.violations);
            for (judge, answer) in &one.ours {
                let differs = |at: &usize| answer.violations.get(*at) != expected.get(*at);
                let longest = answer.violations.len().max(expected.len());
                let first = (0..longest).find(differs).unwrap_or_default();
                let shown: Vec<_> = answer.violations.iter().skip(first).take(3).collect();
                println!(
                    "        {judge:?}: {}, from {first} on {shown:?} {:?}",
                    answer.violations.len(),
                    answer.other
                );
            }
        }
        let mut wrong = 0;
        for verdict in &self.verdicts {
            let by: Vec<_> = verdict
                .ours
                .iter()
                .filter(|(_, answer)| verdict.is_wrong(answer))
                .collect();
            if by.is_empty() {
                continue;
            }
            wrong += 1;
            if wrong <= LISTED {
                println!(
                    "WRONG: {} {}: stated {:?}, Ajv {:?}, jsonschema {:?}",
                    self.cases[verdict.case].name,
                    verdict.name,
                    verdict.stated,
                    verdict.ajv,
                    verdict.second
                );
                for (judge, answer) in by {
                    let shown: Vec<_> = answer.violations.iter().take(3).collect();
                    println!("    {judge:?}: {shown:?} {:?}", answer.other);
                }
            }
        }
        let not_as_stated = self
            .verdicts
            .iter()
            .filter(|one| one.right() != one.stated && one.stated.is_some())
            .count();
        println!(
            "{wrong} wrong; {not_as_stated} are not as their folder states, because formats are annotations or the schema changed."
        );
        wrong
    }
}
