//! A generated client accepts the versions of a server that the Rust client accepts, and says the same of the others: requirements and versions
//! at random, judged by semver.

use crate::typescript_project::{Result, compile_with_both, generate, load, run, spec};
use handfast_testing::random::Rng;
use semver::{Version, VersionReq};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const REQUIREMENTS: usize = 400;
const VERSIONS: usize = 200;

/// The largest number in a version that is compared.
const LARGEST: u64 = 9_999_999_999_999_999_999;

/// Numbers that meet each other, and the largest.
fn number(rng: &mut Rng) -> u64 {
    let large = [9_007_199_254_740_992, 9_007_199_254_740_993, LARGEST];
    match rng.below(16) {
        0 => *rng.pick(&large),
        1 => 10,
        other => [0, 1, 2, 3][other % 4],
    }
}

fn comparator(rng: &mut Rng) -> String {
    let numbers = [number(rng), number(rng), number(rng)].map(|number| number.to_string());
    let given = numbers[..1 + rng.below(3)].join(".");
    if given == numbers.join(".") {
        let operator = rng.pick(&["", "=", ">", ">=", "<", "<=", "~", "^"]);
        let pre = rng.pick(&["", "", "", "-rc.1", "-0"]);
        return format!("{operator}{given}{pre}");
    }
    match rng.below(12) {
        0 => format!("{given}.*"),
        1 => format!("={given}.x"),
        _ => format!(
            "{}{given}",
            rng.pick(&["", "=", ">", ">=", "<", "<=", "~", "^"])
        ),
    }
}

fn requirement(rng: &mut Rng) -> String {
    if rng.one_in(20) {
        return "*".to_owned();
    }
    let all: Vec<String> = (0..1 + rng.below(3)).map(|_| comparator(rng)).collect();
    all.join(", ")
}

/// A version, or something like one.
fn version(rng: &mut Rng) -> String {
    let mut text = [number(rng), number(rng), number(rng)]
        .map(|number| number.to_string())
        .join(".");
    let ends = [
        "",
        "",
        "",
        "-rc.1",
        "-0",
        "-0.0",
        "-00",
        "-01a",
        "-a-01",
        "--",
        "-a..b",
        "-",
        "-é",
        "-a.",
        "+1",
        "+001",
        "+",
        "+a..b",
        "-rc+x.01-y",
        "-rc+x+y",
        ".0",
        "x",
        " ",
        "\n",
    ];
    text.push_str(rng.pick::<&str>(&ends));
    if rng.one_in(30) {
        let beyond = rng.pick(&[LARGEST + 1, u64::MAX]);
        text = text.replacen('1', &beyond.to_string(), 1);
    }
    if rng.one_in(12) {
        let at = rng.below(text.chars().count());
        let odd = rng.pick(&['0', '9', '.', '-', '+', 'v', '١', '\u{212A}', '\n']);
        let (before, after): (String, String) = (
            text.chars().take(at).collect(),
            text.chars().skip(at).collect(),
        );
        text = format!("{before}{odd}{after}");
    }
    if rng.one_in(12) {
        // About as long as one may be.
        let length = 62 + rng.below(5);
        let end = if rng.one_in(2) { "-" } else { "+" };
        text = format!("1.{}.0{end}", rng.below(4));
        text.push_str(&"a".repeat(length - text.len()));
    }
    text
}

fn numbers(version: &Version) -> [u64; 3] {
    [version.major, version.minor, version.patch]
}

/// What a client says of the version of a server: the side that is too old, and the words.
fn judge(version: &str, own: &Version, accepts: &VersionReq) -> Option<(&'static str, String)> {
    let parsed = Version::parse(version)
        .ok()
        .filter(|parsed| version.len() <= 64 && numbers(parsed).iter().all(|n| *n <= LARGEST));
    let release = |version: &Version| Version::new(version.major, version.minor, version.patch);
    if parsed
        .as_ref()
        .is_some_and(|parsed| accepts.matches(&release(parsed)))
    {
        return None;
    }
    let speaks = if parsed.is_some() {
        version
    } else {
        "no version"
    };
    let old = match parsed {
        Some(parsed) if parsed > *own => "client",
        _ => "server",
    };
    let words = format!(
        "the server speaks {speaks}, and this client takes {accepts}: the {old} is too old"
    );
    Some((old, words))
}

#[test]
fn versions_are_judged_as_in_rust() -> Result<()> {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => 41,
    };
    println!("SEED={seed}");
    let rng = &mut Rng::new(seed);
    let mut calls = Vec::new();
    let mut asked = Vec::new();
    let (mut good, mut bad) = (0, 0);
    let mut folder = None;
    while calls.len() < REQUIREMENTS {
        let requirement = requirement(rng);
        let accepts: VersionReq = requirement.parse()?;
        let own = Version::new(number(rng), number(rng), number(rng));
        if !accepts.matches(&own) {
            continue;
        }
        let mut spec = spec(json!({ "m": { "from": "server" } }));
        let pre = if rng.one_in(4) { "-beta" } else { "" };
        let own: Version = format!("{own}{pre}").parse()?;
        spec["protocol"]["version"] = json!(own.to_string());
        spec["protocol"]["accepts"] = json!(requirement);
        let protocol = load(&spec, &BTreeMap::new())?;
        if folder.is_none() {
            folder = Some(generate(&protocol, "versions")?);
        }
        let (outputs, _) = handfast_codegen::outputs(&protocol, "protocol.yaml");
        let api = outputs
            .iter()
            .find(|output| output.path.ends_with("api.ts"));
        let text = &api.ok_or("no output")?.text;
        let call = text
            .split_once("accepts: /*@__PURE__*/ hf.")
            .and_then(|(_, rest)| {
                let (call, _) = rest.split_once(")")?;
                Some(format!("{call})"))
            });
        calls.push(call.ok_or("it compares no versions")?);
        let cases = (0..VERSIONS).map(|_| {
            let version = version(rng);
            let expected = judge(&version, &own, &accepts);
            match expected {
                None => good += 1,
                Some(_) => bad += 1,
            }
            json!([version, expected])
        });
        asked.push(cases.collect::<Value>());
    }
    assert!(good > 5_000 && bad > 5_000, "{good} good, {bad} bad");
    let folder = folder.ok_or("nothing was asked")?;
    compile_with_both(&folder)?;
    fs::write(folder.join("asked.json"), serde_json::to_string(&asked)?)?;
    let script = format!(
        "import {{ readFileSync }} from 'node:fs';
         import {{ accepting }} from './out/handfast.js';
         const asked = JSON.parse(readFileSync(new URL('asked.json', import.meta.url)));
         const all = [{}];
         for (const [i, cases] of asked.entries()) {{
           for (const [version, expected] of cases) {{
             const said = JSON.stringify(all[i](version)?.toReversed() ?? null);
             if (said !== JSON.stringify(expected)) console.log(JSON.stringify(version), said, 'and not', JSON.stringify(expected));
           }}
         }}",
        calls.join(",\n")
    );
    let said = run(&folder, &script)?;
    let first: Vec<&str> = said.lines().take(20).collect();
    assert!(first.is_empty(), "SEED={seed}\n{}", first.join("\n"));
    Ok(())
}
