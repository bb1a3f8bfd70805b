//! The generated Rust, through the public API: it parses, it is formatted, and no text in a spec breaks out of its
//! context.

mod hostile_texts;
mod temp_folder;

use handfast_codegen::{GenerateError, Generator};
use handfast_testing::random::Rng;
use hostile_texts::{HOSTILE, Protocol, any_protocol, skeleton};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use temp_folder::TempFolder;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust of a spec without errors.
fn rust(place: &TempFolder, spec: &str) -> Result<String, Box<dyn Error>> {
    let own = spec
        .split_once("\ngenerate:")
        .map_or(spec, |(before, _)| before);
    let path = place.write(
        "protocol.yaml",
        &format!("{own}\ngenerate: {{ rust: {{ out: api.rs }} }}\n"),
    )?;
    let (outputs, ..) = Generator::new(path)
        .prepare()
        .map_err(|failed| failed.to_string())?;
    let [output] = outputs.as_slice() else {
        return Err(format!("{} outputs", outputs.len()).into());
    };
    Ok(output.text.clone())
}

/// What `rustfmt` would change; empty if nothing.
fn unformatted(text: &str) -> Result<String, Box<dyn Error>> {
    let mut child = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "--color", "never"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .ok_or("an input")?
        .write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(if output.status.success() {
        String::new()
    } else {
        text + &complained
    })
}

#[test]
fn what_is_generated_parses_and_is_formatted() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("formatted")?;
    for spec in [
        "protocol.yaml",
        "tests/protocols/coinbase.yaml",
        "tests/protocols/slack.yaml",
        "tests/golden/specs/corners.yaml",
        "tests/golden/specs/shapes.yaml",
    ] {
        let text = rust(&place, &fs::read_to_string(root().join(spec))?)?;
        syn::parse_file(&text).map_err(|error| format!("{spec}: {error}"))?;
        assert_eq!(unformatted(&text)?, "", "{spec}");
    }
    Ok(())
}

#[test]
fn every_hostile_text_in_every_place() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("hostile")?;
    let harmless = skeleton(&rust(&place, &Protocol::filled_with("harmless").yaml())?)?;
    for text in HOSTILE {
        let spec = Protocol::filled_with(text).yaml();
        let generated =
            rust(&place, &spec).map_err(|error| format!("{text:?}: {error}\n{spec}"))?;
        let found =
            skeleton(&generated).map_err(|error| format!("{text:?}: {error}\n{generated}"))?;
        assert_eq!(found, harmless, "{text:?}\n{generated}");
        // Wide characters are counted differently by rustfmt; everything else is formatted.
        assert_eq!(unformatted(&generated)?, "", "{text:?}");
    }
    Ok(())
}

#[test]
fn very_long_texts() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("long")?;
    let mut texts = vec![
        "x".repeat(5000),
        "word ".repeat(2000),
        "\"".repeat(500),
        "- a\n".repeat(300),
    ];
    // Texts about as long as a line, where one character decides whether it is wrapped.
    texts.extend((50..100).step_by(3).map(|n| "x".repeat(n)));
    for text in texts {
        let generated = rust(&place, &Protocol::filled_with(&text).yaml())?;
        syn::parse_file(&generated)?;
        assert_eq!(unformatted(&generated)?, "");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_texts_change_nothing_but_texts(protocol in any_protocol()) {
        let place = TempFolder::new("twins").expect("a folder");
        let harmless = rust(&place, &protocol.harmless().yaml()).expect("the twin");
        let hostile = protocol.yaml();
        let generated = rust(&place, &hostile);
        prop_assert!(generated.is_ok(), "{:?}\n{hostile}", generated.err());
        let generated = generated.unwrap_or_default();
        let found = skeleton(&generated);
        prop_assert!(found.is_ok(), "{:?}\n{generated}", found.err());
        prop_assert_eq!(found.unwrap_or_default(), skeleton(&harmless).expect("the twin parses"), "{}", generated);
    }
}

#[test]
fn five_hundred_mutations_end_in_output_or_diagnostics() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("mutations")?;
    let original = fs::read_to_string(root().join("protocol.yaml"))?;
    let (mut outputs, mut refused) = (0, 0);
    for seed in 0..500u64 {
        let mut numbers = Rng::new(seed);
        let mut lines: Vec<String> = original.lines().map(str::to_owned).collect();
        for _ in 0..=numbers.below(3) {
            if lines.is_empty() {
                break;
            }
            let at = numbers.below(lines.len());
            let other = lines[numbers.below(lines.len())].clone();
            match numbers.below(7) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, other),
                2 => lines[at] = other,
                3 => lines.truncate(at),
                4 => {
                    // Another word of the file is inserted here.
                    let words: Vec<&str> = other
                        .split([' ', ',', ':'])
                        .filter(|word| word.len() > 2)
                        .collect();
                    let word = words
                        .get(numbers.below(words.len()))
                        .copied()
                        .unwrap_or("x")
                        .to_owned();
                    let here: Vec<&str> = lines[at]
                        .split([' ', ',', ':'])
                        .filter(|word| word.len() > 2)
                        .collect();
                    if let Some(old) = here.get(numbers.below(here.len())) {
                        lines[at] = lines[at].replacen(*old, &word, 1);
                    }
                }
                5 => {
                    let cut = lines[at]
                        .char_indices()
                        .nth(numbers.below(lines[at].len()))
                        .map_or(0, |(i, _)| i);
                    lines[at].truncate(cut);
                }
                _ => lines[at].push_str(HOSTILE[numbers.below(HOSTILE.len())]),
            }
        }
        let path = place.write("protocol.yaml", &lines.join("\n"))?;
        match Generator::new(path).prepare() {
            Ok((files, ..)) => {
                outputs += 1;
                for file in files
                    .iter()
                    .filter(|file| file.path.extension().is_some_and(|e| e == "rs"))
                {
                    syn::parse_file(&file.text).map_err(|error| format!("seed {seed}: {error}"))?;
                }
            }
            Err(failed @ GenerateError::Spec { .. }) => {
                refused += 1;
                assert!(!failed.to_string().is_empty(), "seed {seed}");
            }
            Err(other) => return Err(format!("seed {seed}: {other}").into()),
        }
    }
    assert!(
        outputs > 50 && refused > 50,
        "{outputs} with output, {refused} refused"
    );
    Ok(())
}

/// The files of a folder: content and modification time.
type Files = BTreeMap<String, (Vec<u8>, std::time::SystemTime)>;

fn files(folder: &Path) -> Result<Files, Box<dyn Error>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            all.insert(
                name,
                (fs::read(entry.path())?, entry.metadata()?.modified()?),
            );
        }
    }
    Ok(all)
}

/// Lists, maps and structs enforce constraints on some items, on names and on dependent fields; if a field may have
/// no counterpart in Rust, or the object has no fields, the schema does.
#[test]
fn types_enforce_what_speaks_of_some_of_their_parts() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("parts")?;
    let spec = "\
handfast: 1
protocol: { name: demo, version: 1.0.0 }
types:
  List: { type: array, items: { type: string }, contains: { const: a }, maxContains: 2 }
  Map: { type: object, additionalProperties: { type: integer }, propertyNames: { pattern: '^[a-z]+$' } }
  Enum: { type: object, additionalProperties: { type: integer }, propertyNames: { enum: [a, b] } }
  Beside: { type: object, properties: { a: { type: string }, b: { type: string } }, dependentRequired: { a: [b] } }
  Kind: { type: object, properties: { a: { const: x }, b: { type: string } }, dependentRequired: { a: [b] } }
  Any: { type: object, dependentRequired: { a: [b] } }
messages: { ask: { from: client } }
generate: { rust: { out: api.rs } }
";
    let path = place.write("protocol.yaml", spec)?;
    let (outputs, ..) = Generator::new(path)
        .prepare()
        .map_err(|failed| failed.to_string())?;
    let text = &outputs[0].text;
    for expected in [
        "#[protocol(contains(schema = \"{\\\"const\\\":\\\"a\\\"}\", max = 2))]\n#[derive(Clone, Debug)]\npub struct List(Vec<String>);",
        "#[protocol(names(pattern = \"^[a-z]+$\"))]\n#[derive(Clone, Debug)]\npub struct Map(BTreeMap<String, i64>);",
        "#[protocol(names(schema = \"{\\\"enum\\\":[\\\"a\\\",\\\"b\\\"]}\"))]\n#[derive(Clone, Debug)]\npub struct Enum(BTreeMap<String, i64>);",
        "#[protocol(dependent_required(beside(\"a\", \"b\")))]\n#[derive(Clone, Debug)]\npub struct Beside {\n    pub a: Option<String>,",
        "#[protocol(open, schema = DEFINITIONS[\"Kind\"], checked)]\n#[derive(Clone, Debug)]\npub struct Kind {\n    pub a: Option<KindA>,\n    pub b: Option<String>,\n}",
        "#[protocol(schema = DEFINITIONS[\"Any\"], checked)]\n#[derive(Clone, Debug)]\npub struct Any(BTreeMap<String, ValidatedJson>);",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    Ok(())
}

const SMALL: &str = "\
handfast: 1
protocol: { name: demo, version: 1.0.0 }
types:
  A: { type: object, required: [x, y], properties: { x: { type: integer, minimum: 1 }, y: { type: string } } }
messages:
  ask: { from: client, payload: { $ref: '#/types/A' }, reply: answer, timeout: 5s }
  answer: { from: server }
generate: { rust: { out: api.rs }, schema: { out: schema.json } }
";

#[test]
fn runs_are_equal_and_order_that_does_not_matter_does_not() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("stable")?;
    let prepare = |spec: &str| -> Result<Vec<String>, Box<dyn Error>> {
        let path = place.write("protocol.yaml", spec)?;
        let (outputs, ..) = Generator::new(path)
            .prepare()
            .map_err(|failed| failed.to_string())?;
        Ok(outputs.into_iter().map(|output| output.text).collect())
    };
    let first = prepare(SMALL)?;
    assert_eq!(prepare(SMALL)?, first);
    for (from, to) in [
        ("name: demo, version: 1.0.0", "version: 1.0.0, name: demo"),
        ("type: integer, minimum: 1", "minimum: 1, type: integer"),
        ("reply: answer, timeout: 5s", "timeout: 5s, reply: answer"),
        ("required: [x, y]", "required: [y, x]"),
    ] {
        assert!(SMALL.contains(from));
        assert_eq!(prepare(&SMALL.replace(from, to))?[0], first[0], "{to}");
    }
    // The order of properties is that of fields, and is kept.
    let turned = SMALL.replace(
        "y: { type: string } }",
        "y: { type: string }, a: { type: string } }",
    );
    assert!(prepare(&turned)?[0].contains("pub y: String,\n    pub a: Option<String>,"));
    Ok(())
}

#[test]
fn only_what_changed_is_written_and_only_ours_is_removed() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("written")?;
    let generate = |spec: &str| -> Result<(), Box<dyn Error>> {
        let path = place.write("protocol.yaml", spec)?;
        Generator::new(path)
            .run()
            .map_err(|failed| failed.to_string())?;
        Ok(())
    };
    place.write("api.rs", "fn by_hand() {}\n")?;
    place.write("notes.rs", "// Made by hand.\n")?;
    generate(SMALL)?;
    assert_eq!(
        place.read("api.rs.bak")?,
        "fn by_hand() {}\n",
        "what is not ours is kept"
    );
    let first = files(place.folder())?;
    generate(SMALL)?;
    let second = files(place.folder())?;
    for name in ["api.rs", "api.rs.bak", "schema.json", "notes.rs"] {
        assert_eq!(first[name], second[name], "{name} was written again");
    }

    // A failed run changes nothing.
    let bad = SMALL.replace("from: server", "from: sever");
    place.write("protocol.yaml", &bad)?;
    let failed = Generator::new(place.folder().join("protocol.yaml")).run();
    assert!(matches!(failed, Err(GenerateError::Spec { .. })));
    let third = files(place.folder())?;
    for (name, file) in second.iter().filter(|(name, _)| *name != "protocol.yaml") {
        assert_eq!(third.get(name), Some(file), "{name}");
    }
    assert_eq!(second.len(), third.len());

    // A run that cannot write changes nothing either.
    fs::create_dir(place.folder().join("blocked"))?;
    let blocked = SMALL
        .replace("out: schema.json", "out: blocked")
        .replace("minimum: 1", "minimum: 2");
    place.write("protocol.yaml", &blocked)?;
    assert!(
        Generator::new(place.folder().join("protocol.yaml"))
            .run()
            .is_err()
    );
    assert_eq!(files(place.folder())?["api.rs"], third["api.rs"]);

    // Stale generated files are removed; other files stay.
    generate(&SMALL.replace("out: schema.json", "out: other.json"))?;
    let last = files(place.folder())?;
    assert!(!last.contains_key("schema.json") && last.contains_key("other.json"));
    assert_eq!(
        (&last["notes.rs"], &last["api.rs.bak"]),
        (&first["notes.rs"], &first["api.rs.bak"])
    );
    Ok(())
}

/// With `integers: safe` they are types, and what the interpreter checks has the setting beside it.
#[test]
fn safe_integers_are_types_under_standard_json_schema() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("integers")?;
    let spec = "handfast: 1\nprotocol: { name: a, version: 1.0.0 }\ndialect: { name: json-schema, integers: safe }\nmessages:\n  \
                m: { from: client, payload: { type: object, properties: { a: { type: integer }, b: { type: integer, minimum: 0 }, \
                c: { not: { type: integer } }, d: { type: integer, minimum: 0, maximum: 1e300 } } } }\n";
    let text = rust(&place, spec)?;
    for expected in [
        "    pub a: Option<i64>,",
        "    pub b: Option<u64>,",
        "{\\\"not\\\":{\\\"type\\\":\\\"integer\\\",\\\"integers\\\":\\\"safe\\\"}}",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("pub d: Option<u64>"), "{text}");
    Ok(())
}

/// An enum without values has no type, and an empty schema is any value.
#[test]
fn what_nothing_or_anything_fits_is_checked_json() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("nothing")?;
    let spec = "handfast: 1\nprotocol: { name: a, version: 1.0.0 }\ndialect: json-schema\ntypes:\n  \
                None: { type: string, enum: [] }\n  Any: { description: Whatever. }\nmessages:\n  \
                m: { from: client, payload: { type: object, properties: { a: { $ref: '#/types/None' }, b: { enum: [] }, \
                c: { $ref: '#/types/Any' } }, additionalProperties: { description: More. } } }\n";
    let text = rust(&place, &spec.replace("None", "Never"))?;
    for expected in [
        "#[protocol(json_schema = \"{\\\"type\\\":\\\"string\\\",\\\"enum\\\":[]}\")]\n#[derive(Clone, Debug)]\npub struct Never(pub ValidatedJson);",
        "    #[protocol(json_schema = \"{\\\"enum\\\":[]}\")]\n    pub b: Option<ValidatedJson>,",
        "/// Kept as checked JSON: any value is valid.\n#[protocol]\n#[derive(Clone, Debug)]\npub struct Any(pub ValidatedJson);",
        "#[protocol(open)]\n#[derive(Clone, Debug)]\npub struct M {",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(unformatted(&text)?, "");
    Ok(())
}

/// The types that the variants of a tagged union imply are written where something else has them.
#[test]
fn what_a_tag_implies_is_written_if_a_field_has_it() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("implied")?;
    let text = |more: &str| {
        let spec = format!(
            "\
handfast: 1
protocol: {{ name: demo, version: 1.0.0 }}
types:
  Job:
    oneOf:
      - {{ type: object, required: [kind], properties: {{ kind: {{ const: copy }}, from: {{ type: string }} }} }}
      - {{ type: object, required: [kind], properties: {{ kind: {{ const: move }}, to: {{ type: string }} }} }}
messages:
  job: {{ from: client, payload: {{ $ref: '#/types/Job' }} }}
{more}"
        );
        rust(&place, &spec)
    };
    // It has the name of the schema where it is referred to.
    let declared = |text: &str, name: &str| text.matches(&format!("pub enum {name} ")).count();
    let plain = text("")?;
    assert!(!plain.contains("CopyKind"), "{plain}");
    let kind = "{ $ref: '#/types/Job/oneOf/0/properties/kind' }";
    for (name, more) in [
        (
            "JobCopyKind",
            "  timed: { from: client, payload: { allOf: [{ $ref: '#/types/Job' }, { type: object, properties: { at: { type: string } } }] } }\n".to_owned(),
        ),
        (
            "Kind",
            format!(
                "  one: {{ from: client, payload: {{ type: object, properties: {{ kind: {kind} }} }} }}\n"
            ),
        ),
        (
            "Kind",
            format!(
                "  some: {{ from: server, payload: {{ type: object, properties: {{ kinds: {{ type: array, items: {kind} }} }} }} }}\n"
            ),
        ),
        (
            "Kind",
            format!(
                "channels: {{ jobs: {{ key: 'jobs:{{kind}}', params: {{ kind: {kind} }} }} }}\n"
            ),
        ),
    ] {
        let text = text(&more)?;
        assert!(
            text.contains(&format!(": {name},")) || text.contains(&format!("<{name}>")),
            "{more}\n{text}"
        );
        assert_eq!(declared(&text, name), 1, "{more}\n{text}");
    }
    Ok(())
}

/// Constants that are one value are one variant.
#[test]
fn equal_constants_are_one_variant() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("equal-constants")?;
    for (schema, variants) in [
        ("{ enum: [0, 0.0, 1] }", 2),
        ("{ enum: [a, b, a] }", 2),
        ("{ type: string, enum: [a, a, b] }", 2),
        ("{ anyOf: [{ const: 1 }, { const: 1.0 }, { const: a }] }", 2),
        ("{ anyOf: [{ enum: [1, 2] }, { enum: [2.0, 3] }] }", 3),
        (
            "{ anyOf: [{ enum: [1, 2] }, { enum: [2.0, 3] }, { type: object }] }",
            4,
        ),
        ("{ allOf: [{ enum: [0, 1, a] }, { enum: [1.0, 2, a] }] }", 2),
    ] {
        let spec = format!(
            "handfast: 1\ndialect: json-schema\nprotocol: {{ name: demo, version: 1.0.0 }}\ntypes:\n  Word: {schema}\nmessages: {{ say: {{ from: client, payload: {{ $ref: '#/types/Word' }} }} }}\n"
        );
        let text = rust(&place, &spec)?;
        let file = syn::parse_file(&text)?;
        let found = file.items.iter().find_map(|item| match item {
            syn::Item::Enum(one) if one.ident == "Word" => Some(one.variants.len()),
            _ => None,
        });
        assert_eq!(found, Some(variants), "{schema}\n{text}");
    }
    Ok(())
}
