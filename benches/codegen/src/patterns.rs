//! Patterns that a backtracking engine takes exponential time for, on input made for them: each is refused when the protocol
//! is generated, or matches in linear time.

use std::{error::Error, fs, path::Path, time::Duration, time::Instant};

/// What all of them may take that are not refused, compiling included.
const BAR: Duration = Duration::from_millis(100);

/// What is said again and again inside of patterns that take long.
const UNITS: [(&str, &str); 10] = [
    ("a", "a"),
    ("a|a", "a"),
    ("a|aa", "a"),
    ("[a-z]", "z"),
    ("\\\\w", "w"),
    ("\\\\d|\\\\d\\\\d", "7"),
    (".", "x"),
    ("[^b]", "c"),
    ("a?", "a"),
    ("(?:ab?)", "a"),
];

/// Ways to say it; `X` is the unit. The last three cannot be matched without backtracking, or not in bounds.
const FORMS: [&str; 10] = [
    "^(X+)+$",
    "^(X*)*$",
    "^((X)+)*$",
    "^(X+)+(X+)+$",
    "^(X*)*b$",
    "(X+)+$",
    "^(?:(X)|(X)(X)|(X)(X)(X))+$",
    "^(?=(X+)+$).*!$",
    "^(X+)\\\\1+$",
    "^(((X){1,99}){1,99}){1,99}$",
];

/// Generates a protocol for each, and matches those that pass.
pub(crate) fn measure(place: &Path) -> Result<bool, Box<dyn Error>> {
    let (mut refused, mut matched, mut took) = (0, 0, Duration::ZERO);
    for form in FORMS {
        for (unit, character) in UNITS {
            let pattern = form.replace('X', &format!("({unit})"));
            let spec = place.join("protocol.yaml");
            let text = format!(
                "handfast: 1\nprotocol: {{ name: patterns, version: 1.0.0 }}\nmessages:\n  one: {{ from: client, payload: {{ type: object, properties: {{ text: {{ type: string, pattern: \"{pattern}\" }} }} }} }}\ngenerate:\n  rust: {{ out: api.rs }}\n"
            );
            fs::write(&spec, text)?;
            let Err(error) = handfast_codegen::Generator::new(&spec).run() else {
                let input = format!("{}!", character.repeat(20_000));
                let pattern = pattern.replace("\\\\", "\\");
                let start = Instant::now();
                let compiled = handfast_schema::pattern::compile(&pattern)?;
                std::hint::black_box(compiled.is_match(&input));
                took += start.elapsed();
                matched += 1;
                continue;
            };
            // A pattern is refused for what it is, and for nothing else in the protocol.
            let told = error.to_string();
            if !told.contains("pattern") {
                return Err(told.into());
            }
            refused += 1;
        }
    }
    println!(
        "{refused} patterns refused, {matched} matched against 20,001 characters in {took:.1?} (bar {BAR:?})"
    );
    Ok(refused + matched == 100 && took <= BAR)
}
