//! Makes a type of every schema of the vectors, and of random ones, and generates the Rust of them all.

use handfast_spec::{Severity, load_str};
use handfast_testing::random::{Rng, document, instance};
use handfast_testing::{branches, long_reports, overlapping, shared_fields};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// The seeds of random schemas under each dialect. Each has a file of its own, of which a spec has 256 at the most.
const RANDOM: [(&str, std::ops::RangeInclusive<u64>); 2] =
    [("handfast", 1..=180), ("json-schema", 201..=320)];

/// The seeds of random unions whose branches overlap, under each dialect.
const OVERLAPPING: std::ops::RangeInclusive<u64> = 1..=60;

struct Made {
    dialect: &'static str,
    types: Map<String, Value>,
    files: BTreeMap<String, Vec<u8>>,
    cases: Map<String, Value>,
    left: Vec<Value>,
}

impl Made {
    /// A type of a schema, unless the check of a spec refuses that, with the values that it is asked.
    fn add(
        &mut self,
        name: String,
        about: &Value,
        schema: &Value,
        instances: Vec<Value>,
    ) -> Result<(), serde_json::Error> {
        let schema = if schema.to_string().contains("\"$") {
            let file = format!("In{name}.json");
            let text = apart(schema, &name)?.to_string();
            self.files.insert(file.clone(), text.into_bytes());
            json!({ "$ref": format!("./{file}") })
        } else {
            schema.clone()
        };
        let alone = json!({ name.as_str(): schema });
        if loads(&spec(self.dialect, alone), &self.files) {
            self.cases.insert(name.clone(), Value::Array(instances));
            self.types.insert(name, schema);
        } else {
            self.left.push(about.clone());
        }
        Ok(())
    }
}

fn loads(spec: &str, files: &BTreeMap<String, Vec<u8>>) -> bool {
    let loaded = load_str("protocol.yaml", spec.as_bytes(), files);
    !loaded
        .diagnostics
        .iter()
        .any(|one| one.severity == Severity::Error)
}

fn spec(dialect: &str, types: Value) -> String {
    json!({
        "handfast": 1,
        "dialect": dialect,
        "protocol": { "name": "agreement", "version": "1.0.0" },
        "types": types,
        "messages": { "note": { "from": "client" } },
        "generate": { "rust": { "out": "api.rs" } },
    })
    .to_string()
}

/// A schema whose `$defs` have names that no other has.
fn apart(schema: &Value, of: &str) -> Result<Value, serde_json::Error> {
    let Some(Value::Object(defs)) = schema.get("$defs") else {
        return Ok(schema.clone());
    };
    let mut text = schema.to_string();
    for name in defs.keys() {
        text = text.replace(&format!("#/$defs/{name}"), &format!("#/$defs/{name}Of{of}"));
    }
    let mut schema: Value = serde_json::from_str(&text)?;
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        *defs = std::mem::take(defs)
            .into_iter()
            .map(|(name, schema)| (format!("{name}Of{of}"), schema))
            .collect();
    }
    Ok(schema)
}

/// The same schema with a `type` wherever its keywords speak of one type, which gives it a type of Rust where there is one.
fn typed(schema: &Value) -> Value {
    const OF: [(&str, &[&str]); 4] = [
        (
            "string",
            &[
                "minLength",
                "maxLength",
                "pattern",
                "format",
                "contentEncoding",
            ],
        ),
        (
            "number",
            &[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ],
        ),
        (
            "array",
            &[
                "items",
                "prefixItems",
                "minItems",
                "maxItems",
                "uniqueItems",
                "contains",
            ],
        ),
        (
            "object",
            &[
                "properties",
                "required",
                "additionalProperties",
                "minProperties",
                "maxProperties",
                "propertyNames",
                "patternProperties",
                "dependentRequired",
            ],
        ),
    ];
    let Value::Object(keywords) = schema else {
        return schema.clone();
    };
    let mut out: Map<String, Value> = keywords
        .iter()
        .map(|(name, value)| {
            let value = match (name.as_str(), value) {
                ("const" | "enum" | "required" | "dependentRequired", value) => value.clone(),
                (
                    "properties" | "patternProperties" | "dependentSchemas" | "$defs",
                    Value::Object(all),
                ) => {
                    let all = all.iter().map(|(name, one)| (name.clone(), typed(one)));
                    Value::Object(all.collect())
                }
                (_, Value::Array(all)) => all.iter().map(typed).collect(),
                (_, value) => typed(value),
            };
            (name.clone(), value)
        })
        .collect();
    let speaks = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
    let mut types = OF
        .iter()
        .filter(|(_, names)| speaks(names))
        .map(|(ty, _)| *ty);
    if let (Some(only), None, false) = (types.next(), types.next(), keywords.contains_key("type")) {
        out.insert("type".to_owned(), only.into());
    }
    Value::Object(out)
}

fn main() -> Result<(), Box<dyn Error>> {
    let vectors = "../../schema/tests/vectors.json";
    for path in [vectors, "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = env::var("OUT_DIR")?;
    for (dialect, seeds) in RANDOM {
        let mut made = Made {
            dialect,
            types: Map::new(),
            files: BTreeMap::new(),
            cases: Map::new(),
            left: Vec::new(),
        };
        for (i, (schema, instances)) in told_apart().into_iter().enumerate() {
            made.add(format!("Apart{i}"), &json!(i), &schema, instances)?;
        }
        if dialect == "handfast" {
            examples(&mut made, &fs::read_to_string(vectors)?)?;
        }
        // What has no type is judged by the interpreter in any case.
        for seed in seeds {
            let rng = &mut Rng::new(seed);
            let schema = typed(&document(rng));
            let instances = (0..12).map(|_| instance(rng, 3)).collect();
            made.add(format!("Random{seed}"), &json!(seed), &schema, instances)?;
        }
        for seed in OVERLAPPING {
            let (schema, instances) = overlapping::overlapping(&mut Rng::new(seed));
            // Without `oneOf`, a value stays valid without the fields that no branch of its type has.
            let name = match schema.to_string().contains("oneOf") {
                true => format!("Overlapping{seed}"),
                false => format!("Kept{seed}"),
            };
            made.add(name, &json!(seed), &schema, instances)?;
        }
        made.write(&Path::new(&out).join(dialect))?;
    }
    Ok(())
}

/// The vectors, and schemas made for other tests.
fn examples(made: &mut Made, vectors: &str) -> Result<(), Box<dyn Error>> {
    let groups: Vec<Value> = serde_json::from_str(vectors)?;
    for (i, group) in groups.iter().enumerate() {
        let cases = group["cases"].as_array().ok_or("a group without cases")?;
        let instances: Vec<Value> = cases.iter().map(|case| case["instance"].clone()).collect();
        let (about, schema) = (&group["about"], &group["schema"]);
        made.add(format!("Vector{i}"), about, schema, instances.clone())?;
        if typed(schema) != *schema {
            made.add(format!("Typed{i}"), &json!(i), &typed(schema), instances)?;
        }
    }
    for (i, (schema, instances)) in long_reports::long_reports().into_iter().enumerate() {
        made.add(format!("Large{i}"), &json!(i), &schema, instances)?;
    }
    for (i, (schema, instances)) in branches::branches().into_iter().enumerate() {
        made.add(format!("Branches{i}"), &json!(i), &schema, instances)?;
    }
    for (i, (schema, good, bad)) in shared_fields::shared_fields().into_iter().enumerate() {
        let instances = good.into_iter().chain(bad).collect();
        made.add(format!("SharedFields{i}"), &json!(i), &schema, instances)?;
    }
    Ok(())
}

impl Made {
    /// Generates the Rust of the types in a folder, beside their schemas and the values that they are asked.
    fn write(self, out: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(out)?;
        let spec = spec(self.dialect, Value::Object(self.types));
        for (file, text) in &self.files {
            fs::write(out.join(file), text)?;
        }
        fs::write(out.join("protocol.yaml"), spec)?;
        let folder = format!("{}/api.rs", self.dialect);
        handfast_codegen::Generator::new(out.join("protocol.yaml"))
            .rust_to_out_dir(folder)
            .run()?;
        let reads: Vec<String> = self
            .cases
            .keys()
            .map(|name| {
                let name = handfast_codegen::names::pascal(name);
                format!("    (\"{name}\", crate::read::<api::{name}>),\n")
            })
            .collect();
        let reads = format!(
            "/// Every type, by its name.\npub const READS: &[(&str, crate::Read)] = &[\n{}];\n",
            reads.concat()
        );
        fs::write(out.join("reads.rs"), reads)?;
        fs::write(
            out.join("cases.json"),
            Value::Object(self.cases).to_string(),
        )?;
        fs::write(out.join("left.json"), Value::Array(self.left).to_string())?;
        Ok(())
    }
}

/// Schemas whose branches are told apart by which members an object has, and fields that depend on others: random schemas seldom are such.
fn told_apart() -> Vec<(Value, Vec<Value>)> {
    let closed = |names: &[&str], required: &[&str]| {
        let fields = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "type": "integer" })));
        json!({
            "type": "object", "properties": Map::from_iter(fields), "required": required, "additionalProperties": false
        })
    };
    let instances = || {
        let of = [
            json!({ "a": 1 }),
            json!({ "b": 1 }),
            json!({ "a": 1, "b": 1 }),
            json!({ "a": "x" }),
            json!({ "c": 1, "b": 2 }),
            json!({ "a": 1, "c": "x" }),
            json!({}),
            json!([]),
            json!("a"),
            json!(1),
            json!(null),
        ];
        of.to_vec()
    };
    let pair = [closed(&["a"], &["a"]), closed(&["b"], &["b"])];
    let three = [
        closed(&["a", "c"], &["a"]),
        closed(&["b", "c"], &["b"]),
        json!({ "type": "string" }),
    ];
    let lacks = [closed(&["a"], &["a"]), closed(&["b"], &[])];
    let mut all: Vec<Value> = Vec::new();
    for branches in [pair.to_vec(), three.to_vec(), lacks.to_vec()] {
        all.push(json!({ "oneOf": branches }));
        all.push(json!({ "anyOf": branches }));
    }
    for dependent in [
        json!({ "a": ["b"] }),
        json!({ "a": ["b", "c"], "c": ["a"] }),
    ] {
        let fields = json!({ "a": { "type": "integer" }, "b": { "type": "integer" }, "c": {} });
        all.push(json!({ "type": "object", "properties": fields, "dependentRequired": dependent }));
    }
    all.push(json!({ "type": "object", "patternProperties": { "a$": { "type": "integer" } }, "additionalProperties": true }));
    // What several branches evaluate, and the type of the others.
    let evaluated = json!({
        "type": "object",
        "properties": { "a": { "type": "string" } },
        "anyOf": [{ "properties": { "b": { "type": "integer" } } }, { "properties": { "c": { "type": "boolean" } } }],
        "unevaluatedProperties": { "type": "string" }
    });
    let evaluates = [
        json!({ "c": true }),
        json!({ "b": 1, "c": true, "d": "x" }),
        json!({ "b": 1, "d": 2 }),
        json!({ "b": "x", "c": 1 }),
    ];
    // Parts of a value that may be null, of which none may be.
    let nullable = json!({
        "type": ["null", "string", "integer", "object", "array"],
        "properties": { "a": { "type": "integer" } }, "items": { "type": "string" }, "minLength": 2
    });
    let parts = [
        json!({ "a": "s" }),
        json!([1]),
        json!(null),
        json!("x"),
        json!(true),
    ];
    // A union with a tag, and fields beside it: the tag is a field then.
    let tagged = |kind: &str, field: &str| json!({ "type": "object", "required": ["kind"], "properties": { "kind": { "const": kind }, field: { "type": "string" } } });
    let beside = json!({ "type": "object", "properties": { "at": { "type": "integer" } } });
    let timed = json!({
        "$defs": { "Job": { "oneOf": [tagged("copy", "from"), tagged("move", "to")] } },
        "type": "object",
        "properties": { "job": { "$ref": "#/$defs/Job" }, "timed": { "allOf": [{ "$ref": "#/$defs/Job" }, beside] } }
    });
    let jobs = [
        json!({ "job": { "kind": "copy", "from": "a" }, "timed": { "kind": "move", "to": "b", "at": 1 } }),
        json!({ "timed": { "kind": "copy", "from": "a", "at": "b" } }),
        json!({ "timed": { "kind": "copy", "to": "a" } }),
        json!({ "timed": { "kind": "delete", "at": 1 } }),
        json!({ "job": {}, "timed": { "at": 1 } }),
    ];
    let given = [
        (evaluated, evaluates.to_vec()),
        (nullable, parts.to_vec()),
        (timed, jobs.to_vec()),
    ];
    // Constants that are one value: in the schemas of somebody else they may be listed twice.
    let equal = [
        json!({ "enum": [0, 0.0, 1] }),
        json!({ "enum": ["a", "b", "a"] }),
        json!({ "type": "string", "enum": ["a", "a"] }),
        json!({ "anyOf": [{ "const": 1 }, { "const": 1.0 }, { "const": "a" }] }),
        json!({ "oneOf": [{ "const": 1 }, { "const": 1.0 }, { "const": "a" }] }),
        json!({ "anyOf": [{ "enum": [1, 2] }, { "enum": [2.0, 3] }, { "type": "object" }] }),
        json!({ "allOf": [{ "enum": [0, 1, "a"] }, { "enum": [1.0, 2, "a"] }] }),
    ];
    let scalars = [
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(2),
        json!(2.5),
        json!("a"),
        json!("b"),
        json!({}),
    ];
    let equal = equal.map(|schema| (schema, scalars.to_vec()));
    let made = all.into_iter().map(|schema| (schema, instances()));
    made.chain(given).chain(equal).collect()
}
