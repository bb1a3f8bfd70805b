//! Generates protocols in which every part has each letter, and each name that generated code or the macro uses, as
//! its name.

use handfast_codegen::{GenerateError, Generator};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// Words of Rust, of the runtime and of the macro's output.
const WORDS: &str = "self super crate type async string vec option result ok err some none default clone debug drop from into future pin \
    arc any error send bool i64 btree_map nullable implied integer bytes byte_string validated_json string_integer protocol payload \
    fields reader cx app to value key reply end code message read write encode serialize deserialize server client \
    server_handle handler handlers session_handler session context connected disconnected authenticate authorize_join \
    principal closed connect new join leave other core std handfast action run stream answer";

/// The parts of a protocol that have a name, each with a replacement for names that are refused.
const PLACES: [(&str, &str); 13] = [
    ("PROTOCOL", "p0"),
    ("TYPE", "t0"),
    ("CHECKED", "t1"),
    ("ASK", "a0"),
    ("GROUP", "g0"),
    ("STREAM", "s0"),
    ("PUSHED", "u0"),
    ("CHANNEL", "c0"),
    ("PARAM", "q0"),
    ("ERROR", "e0"),
    ("FIELD", "f0"),
    ("VALUE", "v0"),
    ("BRANCH", "b0"),
];

const SPEC: &str = r"
handfast: 1
protocol: { name: PROTOCOL, version: 1.0.0 }
types:
  TYPE:
    type: object
    required: [u1]
    properties: { FIELD: { type: string, minLength: 1, default: x }, u1: { $ref: '#/types/Union0' }, u2: { $ref: '#/types/Value0' }, u3: { $ref: '#/types/CHECKED' } }
  CHECKED: { type: string, pattern: '^[a-z]+$' }
  Value0: { enum: [VALUE, z1] }
  Union0:
    oneOf:
      - { type: object, required: [zk], properties: { zk: { const: BRANCH }, FIELD: { type: integer } } }
      - { type: object, required: [zk], properties: { zk: { const: z1 } }, additionalProperties: { type: integer } }
errors:
  ERROR: { code: one }
  Full0: { code: two, data: { $ref: '#/types/TYPE' } }
channels:
  CHANNEL: { key: 'c:{PARAM}', params: { PARAM: { $ref: '#/types/CHECKED' } }, join: enter0 }
  plain0: { key: plain }
messages:
  ASK: { from: client, payload: { $ref: '#/types/TYPE' }, reply: done0, errors: [ERROR, Full0] }
  GROUP.say0: { from: client }
  STREAM: { from: client, reply: { ack: done0, stream: tick0, cancel: stop0 } }
  PUSHED: { from: server, channel: CHANNEL, payload: { $ref: '#/types/TYPE' } }
  done0: { from: server }
  enter0: { from: client, reply: done0, payload: { type: object, required: [PARAM], properties: { PARAM: { $ref: '#/types/CHECKED' } } } }
  tick0: { from: server, payload: { type: object, required: [FIELD], properties: { FIELD: { type: integer } } } }
  stop0: { from: client }
generate: { rust: { out: api.rs } }
";

/// Letters of other scripts, values that differ in signs, and fields that differ in a `_`.
const LETTERS: &str = r"
handfast: 1
protocol: { name: letters, version: 1.0.0 }
types:
  Größe: { type: object, properties: { maß: { type: number }, 注文: { $ref: '#/types/注文' } } }
  注文: { type: string, maxLength: 3 }
  Zoom: { enum: ['+1', '-1', '1', '1.2.6', '12.6', 'A+', 'A-', 'A'] }
messages:
  ask:
    from: client
    payload:
      type: object
      properties:
        id: { type: object, properties: { a: { type: string } } }
        _id: { type: object, properties: { b: { type: string } } }
        size: { $ref: '#/types/Größe' }
        zoom: { $ref: '#/types/Zoom' }
        menge: { $ref: '#/messages/ask/payload/$defs/Mengé' }
        漢: { $ref: '#/messages/ask/payload/$defs/漢字' }
      $defs:
        Mengé: { type: object, properties: { n: { type: integer } } }
        漢字: { type: object, properties: { n: { type: integer } } }
generate: { rust: { out: api.rs } }
";

/// The spec with these names.
fn spec(names: &[&str]) -> String {
    let mut text = SPEC.to_owned();
    for ((place, _), name) in PLACES.iter().zip(names) {
        text = text.replace(place, name);
    }
    text
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    // The Rust, or the diagnostics of the spec.
    let generated = |spec: &str| -> Result<Result<String, String>, Box<dyn Error>> {
        let path = out.join("protocol.yaml");
        fs::write(&path, spec)?;
        match Generator::new(path).prepare() {
            Ok((outputs, ..)) => Ok(Ok(outputs.into_iter().map(|one| one.text).collect())),
            Err(failed @ GenerateError::Spec { .. }) => Ok(Err(failed.to_string())),
            Err(other) => Err(other.to_string().into()),
        }
    };
    let generate = |names: &[&str]| generated(&spec(names));
    let write = |file: &str, text: &str| {
        // An included module cannot have inner doc comments.
        let text: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("//!"))
            .collect();
        fs::write(out.join(file), text.join("\n"))
    };
    write("letters.rs", &generated(LETTERS)??)?;
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let names: Vec<&str> = letters
        .iter()
        .map(String::as_str)
        .chain(WORDS.split_whitespace().filter(|word| word.len() > 1))
        .collect();
    let harmless = PLACES.map(|(_, name)| name);
    let mut refused: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut listed = String::new();
    for (place, (of, _)) in PLACES.iter().enumerate() {
        for name in &names {
            let mut one = harmless;
            one[place] = name;
            if let Err(said) = generate(&one)? {
                let codes: BTreeSet<&str> = said
                    .split("error[")
                    .skip(1)
                    .filter_map(|rest| rest.split(']').next())
                    .collect();
                let codes: Vec<&str> = codes.into_iter().collect();
                listed.push_str(&format!("{of} {name} {}\n", codes.join(",")));
                refused.insert((place, name));
            }
        }
    }
    let mut modules = String::new();
    for i in 0..names.len() {
        let mut all = harmless;
        for (place, name) in all.iter_mut().enumerate() {
            // Spaced so that no two parts share a name.
            let own = names[(i + 11 * place) % names.len()];
            if !refused.contains(&(place, own)) {
                *name = own;
            }
        }
        let file = format!("api{i}.rs");
        let text = generate(&all)?.map_err(|said| format!("{}\n{said}", spec(&all)))?;
        write(&file, &text)?;
        modules.push_str(&format!(
            "/// `{}`\npub mod api{i} {{\n    include!(concat!(env!(\"OUT_DIR\"), \"/{file}\"));\n}}\n",
            all.join("`, `")
        ));
    }
    fs::write(out.join("modules.rs"), modules)?;
    fs::write(out.join("refused.txt"), listed)?;
    Ok(())
}
