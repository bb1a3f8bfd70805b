//! Compiles the types in Rust, and has them read the instances.

use crate::{Made, Result, Shape, Verdicts, folder, root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a JSON value is called in the types of each tool.
const JSON: [&str; 3] = ["ValidatedJson", "serde_json :: Value", "serde_json::Value"];

/// The verdicts on each tool.
///
/// # Errors
/// Where cargo does not run.
pub(crate) fn judge(
    shapes: &[Shape],
    tools: &[(&'static str, Vec<Made>)],
) -> Result<Vec<(&'static str, Verdicts)>> {
    let at = folder("rust")?;
    fs::create_dir_all(at.join("src/modules"))?;
    write_manifest(&at)?;
    let mut modules = BTreeMap::new();
    for (tool, (_, made)) in tools.iter().enumerate() {
        for (number, text) in made.iter().enumerate() {
            if let Ok(text) = text {
                let name = format!("t{tool}_{number}");
                fs::write(at.join(format!("src/modules/{name}.rs")), text)?;
                modules.insert(name, (tool, number));
            }
        }
    }
    loop {
        fs::write(at.join("src/main.rs"), program(&modules))?;
        let broken = check(&at)?;
        if broken.is_empty() {
            break;
        }
        for module in broken {
            if modules.remove(&module).is_none() {
                return Err(format!("{module} does not compile, and is not there").into());
            }
        }
    }
    let held = ask(&at, shapes, &modules)?;
    let mut all = Vec::new();
    for (tool, (name, made)) in tools.iter().enumerate() {
        let mut verdicts = Verdicts::new();
        for (number, shape) in shapes.iter().enumerate() {
            let is_json = made[number]
                .as_ref()
                .is_ok_and(|text| JSON.iter().any(|json| text.contains(json)));
            let verdict = match held.get(&(tool, number)) {
                None => "fails",
                Some(held) => match shape.verdict(held) {
                    "type" | "loose" if is_json => "not",
                    verdict => verdict,
                },
            };
            verdicts.insert(number, verdict);
        }
        all.push((*name, verdicts));
    }
    Ok(all)
}

fn write_manifest(at: &Path) -> Result<()> {
    let runtime = root().join("runtime");
    let manifest = format!(
        "[package]\nname = \"shapes\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         handfast = {{ path = {runtime:?}, default-features = false }}\nregress = \"0.12\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n"
    );
    fs::write(at.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), at.join("Cargo.lock"))?;
    Ok(())
}

/// A program that reads lines: a module and an instance; each answer is whether the type of the module holds it.
fn program(modules: &BTreeMap<String, (usize, usize)>) -> String {
    let mut text = String::from("//! Reads instances by generated types.\n\n");
    for module in modules.keys() {
        let _ = writeln!(text, "#[path = \"modules/{module}.rs\"]\nmod {module};");
    }
    text.push_str("\nfn holds(module: &str, instance: &str) -> bool {\n    match module {\n");
    for (module, (tool, _)) in modules {
        let read = match tool {
            0 => format!(
                "handfast::decode::<{module}::ServerMessage>(handfast::codec::Source::Json(format!(r#\"{{{{\"type\":\"shape\",\"payload\":{{instance}}}}}}\"#).as_str().into()), handfast::Side::Client, 64, &handfast::NoPendingReplies).is_ok()"
            ),
            _ => format!("serde_json::from_str::<{module}::Shape>(instance).is_ok()"),
        };
        let _ = writeln!(text, "        {module:?} => {read},");
    }
    text.push_str("        _ => false,\n    }\n}\n\nfn main() {\n    for line in std::io::stdin().lines() {\n        let line = line.expect(\"a line\");\n        let (module, instance) = line.split_once(' ').expect(\"two words\");\n        println!(\"{}\", holds(module, instance));\n    }\n}\n");
    text
}

fn cargo(at: &Path, command: &str) -> Result<Command> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([command, "--quiet", "--message-format=json"])
        .current_dir(at)
        .env("CARGO_TARGET_DIR", folder("target")?)
        .env_remove("CARGO_BUILD_TARGET")
        .env("RUSTFLAGS", "-Awarnings");
    Ok(cargo)
}

/// The modules with errors.
fn check(at: &Path) -> Result<Vec<String>> {
    let done = cargo(at, "build")?.stderr(Stdio::piped()).output()?;
    let mut broken = Vec::new();
    for line in done.stdout.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        if line["message"]["level"] != "error" {
            continue;
        }
        let spans = line["message"]["spans"].as_array().into_iter().flatten();
        for span in spans {
            let path = Path::new(span["file_name"].as_str().unwrap_or_default());
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // A type that is not there is missed where the program uses it.
            let used = span["text"][0]["text"].as_str().unwrap_or_default();
            let used = used.split('"').nth(1).unwrap_or_default().to_owned();
            let module = if name == "main" { used } else { name };
            if !module.is_empty() && !broken.contains(&module) {
                broken.push(module);
            }
        }
    }
    if broken.is_empty() && !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(said.chars().take(2000).collect::<String>().into());
    }
    Ok(broken)
}

/// Which instances each type holds.
fn ask(
    at: &Path,
    shapes: &[Shape],
    modules: &BTreeMap<String, (usize, usize)>,
) -> Result<BTreeMap<(usize, usize), Vec<bool>>> {
    let mut lines = String::new();
    for (module, (_, number)) in modules {
        for instance in shapes[*number].instances() {
            let _ = writeln!(lines, "{module} {instance}");
        }
    }
    let input = at.join("instances.txt");
    fs::write(&input, lines)?;
    let done = Command::new(folder("target")?.join("debug/shapes"))
        .stdin(fs::File::open(input)?)
        .output()?;
    let text = String::from_utf8(done.stdout)?;
    let mut answers = text.lines().map(|line| line == "true");
    let mut held = BTreeMap::new();
    for place in modules.values() {
        let count = shapes[place.1].instances().count();
        held.insert(*place, answers.by_ref().take(count).collect());
    }
    Ok(held)
}
