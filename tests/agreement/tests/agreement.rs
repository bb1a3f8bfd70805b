//! What a generated type says of a value when it reads it, in any encoding, is what the interpreter says: every violation, in order. Generated
//! TypeScript is held to the same in `codegen/tests/agreement.rs`.

use handfast::codec::{Encoding, Source};
use handfast_agreement::{Read, handfast_dialect, json_schema};
use handfast_schema::{Side, Validator, Violations, number::json};
use handfast_spec::load;
use serde_json::{Map, Value};
use std::error::Error;
use std::fs;
use std::path::Path;

const OUT: &str = env!("OUT_DIR");

fn as_text(violations: &Violations) -> Vec<String> {
    violations
        .iter()
        .map(|one| {
            let allowed = one.allowed.as_ref().map(json);
            format!("{} {}: {} {allowed:?}", one.path, one.keyword, one.message)
        })
        .collect()
}

#[test]
fn generated_types_read_as_the_interpreter_judges() -> Result<(), Box<dyn Error>> {
    agree("handfast", handfast_dialect::READS, 3000)?;
    agree("json-schema", json_schema::READS, 1000)
}

/// Compares all values of a dialect, of which at least so many are valid, and as many are not.
fn agree(dialect: &str, reads: &[(&str, Read)], least: usize) -> Result<(), Box<dyn Error>> {
    let out = Path::new(OUT).join(dialect);
    let protocol = load(&out.join("protocol.yaml")).protocol.ok_or("a spec")?;
    let cases: Map<String, Value> =
        serde_json::from_str(&fs::read_to_string(out.join("cases.json"))?)?;
    let validator = Validator::new(&protocol.schemas);
    let (mut good, mut bad) = (0, 0);
    let mut wrong = Vec::new();
    for (name, read) in reads {
        let ty = protocol.types.iter().find(|ty| ty.name.text == *name);
        let schema = ty.ok_or("a type")?.schema;
        for instance in cases[*name].as_array().into_iter().flatten() {
            let text = instance.to_string();
            let json = Source::Json(text.as_str().into());
            for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Cbor] {
                let bytes = json.transcode(encoding)?.into();
                for side in [Side::Server, Side::Client] {
                    let expected = as_text(&validator.validate(schema, instance, Some(side)));
                    let written = read(encoding.source(&bytes)?, side);
                    let found = written.as_ref().err().map(as_text).unwrap_or_default();
                    if let Ok(written) = &written
                        && name.starts_with("Kept")
                        && !validator
                            .validate(schema, &serde_json::from_str(written)?, Some(side))
                            .is_empty()
                    {
                        wrong.push(format!(
                            "{name} {side:?} {instance}\n  is written as {written}"
                        ));
                    }
                    if found != expected {
                        wrong.push(format!(
                            "{name} {encoding:?} {side:?} {instance}\n  found    {found:?}\n  expected {expected:?}"
                        ));
                    } else if found.is_empty() {
                        good += 1;
                    } else {
                        bad += 1;
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        good > least && bad > least,
        "{dialect}: {good} good and {bad} bad"
    );
    Ok(())
}

#[test]
fn few_vectors_are_left_out() -> Result<(), Box<dyn Error>> {
    let left = fs::read_to_string(Path::new(OUT).join("handfast/left.json"))?;
    let left: Vec<Value> = serde_json::from_str(&left)?;
    let vectors: Vec<&str> = left.iter().filter_map(Value::as_str).collect();
    // Schemas that contradict themselves, and a format that nobody knows, are errors of a spec.
    assert!(vectors.len() <= 5, "{vectors:#?}");
    Ok(())
}

/// Every form of type that the generator has is among those that are compared.
#[test]
fn every_form_of_type_is_made() -> Result<(), Box<dyn Error>> {
    let mut all = String::new();
    for dialect in ["handfast", "json-schema"] {
        all += &fs::read_to_string(Path::new(OUT).join(dialect).join("api.rs"))?;
    }
    let counts = [
        "checked",
        "any_of",
        "one_of",
        "untagged",
        "branch = ",
        "kinds(",
        "has(",
        "lacks(",
        "value(",
        "value = ",
        "tag = ",
        "implied(",
        "rest",
        "optional",
        "null_apart",
        "Integer",
        "Box<",
        "contains(",
        "names(",
        "dependent_required(",
    ]
    .map(|form| (form, all.matches(form).count()));
    let few: Vec<_> = counts.iter().filter(|(_, count)| *count < 3).collect();
    assert!(few.is_empty(), "{few:?} of {counts:?}");
    Ok(())
}
