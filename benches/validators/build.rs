//! Generates what is measured: the Rust of `protocol.yaml`, with strings of their own and with shared ones, validators of its JSON Schema by the macro of the `jsonschema`
//! crate, and unions of 10 to 10,000 messages.

use handfast_codegen::Generator;
use serde_json::Value;
use std::{
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// The messages that are measured.
const MEASURED: &str = "chat.message, price.tick, book.snapshot, sensor.frame";

/// How many messages the unions have whose dispatch is measured.
const UNIONS: [usize; 4] = [10, 100, 1000, 10_000];

fn main() -> Result<(), Box<dyn Error>> {
    let spec = Generator::new("protocol.yaml");
    spec.clone()
        .rust_to_out_dir("api.rs")
        .run_in_build_script()?;
    let (outputs, ..) = spec.prepare()?;
    let bundle = outputs
        .iter()
        .find(|output| output.path.ends_with("schema.json"))
        .ok_or("the spec asks for no schema")?;
    let schemas = schemas(&serde_json::from_str(&bundle.text)?)?;
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(folder.join("borrowed.rs"), borrowed(&folder)?)?;
    fs::write(folder.join("schemas.rs"), validators(&schemas))?;
    if std::env::var_os("CARGO_FEATURE_DISPATCH").is_some() {
        fs::write(folder.join("unions.rs"), unions())?;
    }
    Ok(())
}

/// The Rust of the same protocol, with the strings of the measured messages sharing the text that they are read from.
fn borrowed(folder: &Path) -> Result<String, Box<dyn Error>> {
    const OWNED: &str = "rust: { out: target/generated/api.rs }";
    let borrowed = OWNED.replace(" }", &format!(", borrow: [{MEASURED}] }}"));
    let text = fs::read_to_string("protocol.yaml")?;
    if !text.contains(OWNED) {
        return Err(format!("protocol.yaml does not say `{OWNED}`").into());
    }
    let spec = folder.join("borrowed.yaml");
    fs::write(&spec, text.replace(OWNED, &borrowed))?;
    let (outputs, ..) = Generator::new(spec)
        .rust_to_out_dir("borrowed.rs")
        .prepare()?;
    let rust = outputs
        .into_iter()
        .find(|output| output.path.ends_with("borrowed.rs"));
    Ok(rust.ok_or("the spec asks for no Rust")?.text)
}

/// The schema of each message that the server receives, by tag, with what it refers to written in its place.
fn schemas(bundle: &Value) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let messages = bundle
        .pointer("/$defs/server/$defs/messages/$defs")
        .and_then(Value::as_object)
        .ok_or("the bundle has no messages")?;
    messages
        .iter()
        .map(|(tag, schema)| Ok((tag.clone(), inlined(schema, bundle)?.to_string())))
        .collect()
}

/// A schema without references. None of `protocol.yaml` contains itself.
fn inlined(schema: &Value, bundle: &Value) -> Result<Value, Box<dyn Error>> {
    Ok(match schema {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let target = reference
                    .strip_prefix('#')
                    .and_then(|at| bundle.pointer(at));
                inlined(target.ok_or("a reference leads nowhere")?, bundle)?
            }
            None => {
                let member =
                    |(name, value): (&String, &Value)| Ok((name.clone(), inlined(value, bundle)?));
                Value::Object(
                    members
                        .iter()
                        .map(member)
                        .collect::<Result<_, Box<dyn Error>>>()?,
                )
            }
        },
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| inlined(item, bundle))
                .collect::<Result<_, _>>()?,
        ),
        scalar => scalar.clone(),
    })
}

/// The schemas as constants, and a validator by the macro for each.
fn validators(schemas: &[(String, String)]) -> String {
    let mut out = String::from(
        "/// The JSON Schema of each message, by tag.\npub(crate) const SCHEMAS: &[(&str, &str)] = &[\n",
    );
    for (tag, schema) in schemas {
        let _ = writeln!(out, "    ({tag:?}, r##\"{schema}\"##),");
    }
    out.push_str("];\n");
    for (i, (_, schema)) in schemas.iter().enumerate() {
        let _ = writeln!(
            out,
            "#[jsonschema::validator(schema = r##\"{schema}\"##, draft = Draft202012)]\nstruct Schema{i};"
        );
    }
    for (function, method, returned) in [
        ("is_valid", "is_valid(value)", "bool"),
        (
            "errors",
            "iter_errors(value).map(|error| error.to_string()).collect()",
            "Vec<String>",
        ),
    ] {
        let _ = writeln!(
            out,
            "pub(crate) fn {function}(tag: &str, value: &serde_json::Value) -> Option<{returned}> {{\n    Some(match tag {{"
        );
        for (i, (tag, _)) in schemas.iter().enumerate() {
            let _ = writeln!(out, "        {tag:?} => Schema{i}::{method},");
        }
        out.push_str("        _ => return None,\n    })\n}\n");
    }
    out
}

/// Unions of messages that carry nothing: what is measured is the way from the tag to the variant.
fn unions() -> String {
    let mut out = String::new();
    for size in UNIONS {
        let _ = writeln!(out, "#[handfast::protocol(server)]\npub enum Of{size} {{");
        for i in 0..size {
            let _ = writeln!(
                out,
                "    #[message(\"group{:03}.message{i:05}\")]\n    M{i},",
                i / 50
            );
        }
        out.push_str("}\n");
    }
    out
}
