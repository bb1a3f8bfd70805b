//! Reads what the suite reports, and says whether it is good enough.

use crate::{AGENT, Result};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// How many cases may be passed in a way that the suite calls not strict.
const NON_STRICT: usize = 2;

/// Prints what an end did. Whether all of `expected` cases behave (or all there are), and close as they should.
pub(crate) fn tell(end: &str, folder: &Path, expected: Option<usize>) -> Result<bool> {
    let index = read(&folder.join("index.json"))?;
    let cases = index[AGENT].as_object().ok_or("a report on our end")?;
    let mut ids: Vec<&String> = cases.keys().collect();
    ids.sort_by_key(|id| {
        let numbers = id.split('.').map(|number| number.parse::<u32>());
        numbers.collect::<std::result::Result<Vec<_>, _>>().ok()
    });

    let mut behaviours: BTreeMap<String, usize> = BTreeMap::new();
    let mut closes: BTreeMap<String, usize> = BTreeMap::new();
    let mut behave = 0;
    let mut close = 0;
    let mut told = String::new();
    for id in &ids {
        let case = &cases[*id];
        let behaviour = text(&case["behavior"]);
        let closing = text(&case["behaviorClose"]);
        *behaviours.entry(behaviour.clone()).or_default() += 1;
        *closes.entry(closing.clone()).or_default() += 1;

        let details = read(&folder.join(text(&case["reportfile"])))?;
        let behaves = ["OK", "NON-STRICT", "INFORMATIONAL"].contains(&behaviour.as_str());
        let closes_well = closing == "INFORMATIONAL" || (closing == "OK" && names_code(&details));
        behave += usize::from(behaves);
        close += usize::from(closes_well);
        if !behaves || !closes_well || behaviour == "NON-STRICT" {
            told += &line(id, &behaviour, &closing, &details);
        }
    }

    let all = ids.len();
    println!("{end}: {behave} of {all} behave ({})", counts(&behaviours));
    println!(
        "{end}: {close} of {all} close as they should ({})",
        counts(&closes)
    );
    print!("{told}");
    let strict = behaviours
        .get("NON-STRICT")
        .is_none_or(|&n| n <= NON_STRICT);
    let complete = expected.is_none_or(|expected| expected == all);
    if !complete {
        println!(
            "{end}: {all} cases were run instead of {}",
            expected.unwrap_or_default()
        );
    }
    if !strict {
        println!("{end}: more than {NON_STRICT} are not strict");
    }
    Ok(complete && strict && behave == all && close == all)
}

/// Reads a report. Some have lone surrogates, which are no text: every surrogate is shown as it is escaped.
fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path)?;
    let mut json = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        json += before;
        // The other codes of `\ud…` are Hangul.
        let is_surrogate = ["8", "9", "a", "b", "c", "d", "e", "f"]
            .iter()
            .any(|digit| escape.starts_with(&format!("\\ud{digit}")));
        if is_surrogate {
            json.push('\\');
        }
        let length = escape.chars().take(2).map(char::len_utf8).sum();
        json += &escape[..length];
        rest = &escape[length..];
    }
    json += rest;
    Ok(serde_json::from_str(&json)?)
}

/// Whether an end that had to fail the connection said why. The suite is content with no code at all.
fn names_code(details: &Value) -> bool {
    details["expectedClose"]["closedByMe"] == true || !details["remoteCloseCode"].is_null()
}

/// What is to be known of a case that is not as it should be, in lines of their own.
fn line(id: &str, behaviour: &str, closing: &str, details: &Value) -> String {
    let expected = &details["expectedClose"];
    let by = |suite: &Value| if *suite == true { "the suite" } else { "us" };
    let words = text(&details["description"])
        .replace("<br>", " ")
        .replace("<br/>", " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let milliseconds = &details["duration"];
    [
        format!("  {id}: {behaviour}, close {closing}, {milliseconds} ms"),
        words.join(" "),
        format!(
            "{} {}",
            text(&details["result"]),
            text(&details["resultClose"])
        ),
        format!("expected {}", short(&details["expected"])),
        format!("received {}", short(&details["received"])),
        format!(
            "close expected {} by {}",
            expected["closeCode"],
            by(&expected["closedByMe"])
        ),
        format!(
            "close received {} {}, begun by {}, clean: {} {}",
            details["remoteCloseCode"],
            details["remoteCloseReason"],
            by(&details["closedByMe"]),
            details["wasClean"],
            text(&details["wasNotCleanReason"]),
        ),
    ]
    .map(|line| line.trim_end().to_owned())
    .join("\n      ")
        + "\n"
}

fn counts(counts: &BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    counts.join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value, cut to what a line can show.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
