//! Assigns the instances to the types in TypeScript, one a line, and asks the compiler.

use crate::{Made, Result, Shape, Verdicts, folder, root};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// The compiler's code for a property that a literal has and a type does not name: the type holds the value none the less.
const EXCESS: &str = "TS2353";

/// The verdicts on each tool.
///
/// # Errors
/// Where the compiler does not run.
pub(crate) fn judge(
    shapes: &[Shape],
    tools: &[(&'static str, Vec<Made>)],
) -> Result<Vec<(&'static str, Verdicts)>> {
    let at = folder("typescript")?;
    for (tool, (_, made)) in tools.iter().enumerate() {
        for (number, text) in made.iter().enumerate() {
            let Ok(text) = text else {
                continue;
            };
            let name = format!("t{tool}_{number}");
            // What is generated may import its runtime, whose types do not matter here.
            fs::write(
                at.join(format!("{name}.ts")),
                format!("// @ts-nocheck\n{text}"),
            )?;
            let mut uses = format!(
                "import type {{ Shape }} from './{name}.js';\ndeclare function take(value: Shape): void;\n"
            );
            for instance in shapes[number].instances() {
                let _ = writeln!(uses, "take({instance});");
            }
            fs::write(at.join(format!("{name}_uses.ts")), uses)?;
        }
    }
    fs::write(
        at.join("tsconfig.json"),
        r#"{ "compilerOptions": { "strict": true, "noEmit": true, "module": "NodeNext", "target": "ES2022", "types": [] }, "include": ["*.ts"] }"#,
    )?;
    fs::write(at.join("package.json"), r#"{ "type": "module" }"#)?;
    let tsc = root().join("benches/shapes/node/node_modules/typescript/bin/tsc");
    let done = Command::new("node")
        .arg(tsc)
        .args(["--pretty", "false", "-p"])
        .arg(&at)
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    let mut refused: BTreeSet<(String, usize)> = BTreeSet::new();
    for line in said.lines().filter(|line| !line.contains(EXCESS)) {
        let Some((file, rest)) = line.split_once(".ts(") else {
            continue;
        };
        let number = rest
            .split(',')
            .next()
            .and_then(|number| number.parse().ok());
        if let Some(number) = number {
            refused.insert((file.to_owned(), number));
        }
    }
    let mut all = Vec::new();
    for (tool, (name, made)) in tools.iter().enumerate() {
        let mut verdicts = Verdicts::new();
        for (number, shape) in shapes.iter().enumerate() {
            let file = format!("t{tool}_{number}_uses");
            let is_broken = (1..=2).any(|line| refused.contains(&(file.clone(), line)));
            let count = shape.instances().count();
            let held: Vec<bool> = (3..3 + count)
                .map(|line| !refused.contains(&(file.clone(), line)))
                .collect();
            let verdict = match made[number].is_err() || is_broken {
                true => "fails",
                false => shape.verdict(&held),
            };
            verdicts.insert(number, verdict);
        }
        all.push((*name, verdicts));
    }
    Ok(all)
}
