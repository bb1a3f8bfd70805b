
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let (of, by_server, text): (usize, bool, String) = serde_json::from_str(&line?)?;
        let answer = match decode(of, by_server, &text) {
            None => serde_json::json!({}),
            Some(rejected) => match rejected.reason {
                handfast::Reason::Invalid(violations) => {
                    let violations: Vec<_> = violations
                        .iter()
                        .map(|one| (one.path.as_str(), one.keyword, &*one.message))
                        .collect();
                    serde_json::json!({ "violations": violations })
                }
                other => serde_json::json!({ "other": format!("{other:?}") }),
            },
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}
