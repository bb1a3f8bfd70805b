//! Generated TypeScript, through the public door: it compiles under both compilers with every strict flag, and checks as
//! the interpreter does.

use handfast_schema::{Mode, SchemaId, Validator};
use handfast_spec::{Severity, load_str, model::Protocol, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder that has the compilers.
fn workshop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/typescript")
}

fn load(spec: &Value, files: &BTreeMap<String, Vec<u8>>) -> Result<Protocol> {
    let loaded = load_str("protocol.yaml", spec.to_string().as_bytes(), files);
    let said = render(&loaded.diagnostics, &loaded.sources, false);
    let refused = loaded
        .diagnostics
        .iter()
        .any(|one| one.severity == Severity::Error);
    match loaded.protocol.filter(|_| !refused) {
        Some(protocol) => Ok(protocol),
        None => Err(said.into()),
    }
}

/// What is generated, in an empty folder of this name.
fn generate(protocol: &Protocol, name: &str) -> Result<PathBuf> {
    let (outputs, diagnostics) = codegen::outputs(protocol, "protocol.yaml");
    let wrong: Vec<&str> = diagnostics.iter().map(|one| one.message.as_str()).collect();
    if outputs.is_empty() {
        return Err(wrong.join("\n").into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for output in outputs {
        let path = folder.join("src").join(&output.path);
        fs::create_dir_all(path.parent().ok_or("a path without a folder")?)?;
        fs::write(path, output.text)?;
    }
    let config = json!({
        "extends": workshop().canonicalize()?.join("tsconfig.json"),
        "compilerOptions": { "rootDir": "src", "outDir": "out", "noEmitOnError": true },
        "include": ["src/**/*.ts"],
    });
    fs::write(folder.join("tsconfig.json"), config.to_string())?;
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#)?;
    Ok(folder)
}

fn compile(folder: &Path, compiler: &str) -> Result<()> {
    let tsc = workshop().join(format!("node_modules/{compiler}/bin/tsc"));
    if !tsc.exists() {
        return Err(format!(
            "the compilers are not there: run `npm ci --prefix tests/typescript` ({})",
            tsc.display()
        )
        .into());
    }
    let done = Command::new("node")
        .arg(&tsc)
        .args(["--pretty", "false", "-p"])
        .arg(folder)
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    if done.status.success() && said.trim().is_empty() {
        return Ok(());
    }
    let said: Vec<&str> = said.lines().take(40).collect();
    Err(format!("{compiler} on {}:\n{}", folder.display(), said.join("\n")).into())
}

fn compile_with_both(folder: &Path) -> Result<()> {
    compile(folder, "typescript")?;
    compile(folder, "typescript-5.9")
}

/// Runs a module in a folder and gives what it says.
fn run(folder: &Path, script: &str) -> Result<String> {
    let path = folder.join("run.js");
    fs::write(&path, script)?;
    let done = Command::new("node").arg(&path).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

fn spec(messages: Value) -> Value {
    json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "messages": messages,
        "generate": { "typescript": { "out": "api.ts" } },
    })
}

/// What an end receives of a message, as the runtime tells it: the check, whether it is held to what a server takes, the
/// value, and every violation.
fn case(check: &str, mode: Mode, instance: &Value, violations: Value) -> Value {
    let direction = match mode {
        Mode::Server => "sent",
        Mode::Client => "received",
    };
    json!({ "check": check, "direction": direction, "instance": instance.to_string(), "violations": violations })
}

fn violations(protocol: &Protocol, id: SchemaId, instance: &Value, mode: Mode) -> Value {
    Validator::new(&protocol.schemas)
        .validate(id, instance, Some(mode))
        .iter()
        .map(|one| json!({ "path": one.path.as_str(), "keyword": one.keyword, "message": one.message }))
        .collect()
}

fn sorted(violations: &Value) -> Vec<String> {
    let mut all: Vec<String> = violations
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    all.sort();
    all
}

/// Runs the cases, and says which came out otherwise.
fn differences(folder: &Path, cases: &[Value]) -> Result<String> {
    fs::write(folder.join("cases.json"), serde_json::to_string(cases)?)?;
    run(
        folder,
        "import { readFileSync } from 'node:fs';
         import * as api from './out/api.js';
         import { violationsOf } from './out/handfast.js';
         for (const c of JSON.parse(readFileSync(new URL('cases.json', import.meta.url)))) {
           const expected = c.violations.map(v => `${v.path} ${v.keyword}: ${v.message}`);
           let found = [];
           try {
             found = violationsOf(api[c.check], JSON.parse(c.instance), c.direction)
               .map(v => `${v.path} ${v.keyword}: ${v.message}`);
           } catch (error) {
             found = [String(error)];
           }
           if (JSON.stringify(found) === JSON.stringify(expected)) continue;
           console.log(`${c.check} ${c.direction} ${c.instance}\\n  found    ${JSON.stringify(found)}\\n  expected ${JSON.stringify(expected)}`);
         }",
    )
}

/// A schema whose `$defs` have names that no other vector has.
fn apart(schema: &Value, i: usize) -> Result<Value> {
    let Some(Value::Object(defs)) = schema.get("$defs") else {
        return Ok(schema.clone());
    };
    let mut text = schema.to_string();
    for name in defs.keys() {
        text = text.replace(&format!("#/$defs/{name}"), &format!("#/$defs/{name}Of{i}"));
    }
    let mut schema: Value = serde_json::from_str(&text)?;
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        *defs = std::mem::take(defs)
            .into_iter()
            .map(|(name, schema)| (format!("{name}Of{i}"), schema))
            .collect();
    }
    Ok(schema)
}

#[test]
fn every_vector_holds() -> Result<()> {
    let groups: Vec<Value> = serde_json::from_str(include_str!("../../schema/tests/vectors.json"))?;
    let mut messages = serde_json::Map::new();
    let mut files = BTreeMap::new();
    let mut kept = Vec::new();
    let mut left = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let schema = &apart(&group["schema"], i)?;
        let file = format!("file{i}.json");
        files.insert(file.clone(), schema.to_string().into_bytes());
        // In a file of its own, inline, and in what only a client receives.
        let refers = schema.to_string().contains("\"$");
        let mut ours = vec![(
            format!("referred{i}"),
            "both",
            json!({ "$ref": format!("./{file}") }),
        )];
        if !refers {
            ours.push((format!("inline{i}"), "both", schema.clone()));
            ours.push((format!("down{i}"), "server", schema.clone()));
        }
        let mut alone = serde_json::Map::new();
        for (name, from, payload) in &ours {
            alone.insert(name.clone(), json!({ "from": from, "payload": payload }));
        }
        if let Err(why) = load(&spec(Value::Object(alone.clone())), &files) {
            left.push(format!(
                "{}: {}",
                group["about"],
                why.to_string().lines().next().unwrap_or_default()
            ));
            continue;
        }
        messages.extend(alone);
        kept.push((group, ours));
    }
    let protocol = load(&spec(Value::Object(messages)), &files)?;
    let folder = generate(&protocol, "vectors")?;
    compile_with_both(&folder)?;
    let mut cases = Vec::new();
    for (group, ours) in kept {
        for case in group["cases"].as_array().ok_or("a group without cases")? {
            for (name, from, _) in &ours {
                let message = protocol
                    .messages
                    .iter()
                    .find(|message| message.name.text == *name)
                    .ok_or("a message that is not there")?;
                let payload = message.server.as_ref().and_then(|sent| sent.payload);
                let payload = payload.ok_or("a message without a payload")?;
                let check = format!("check{}", codegen::names::pascal(name));
                for mode in [Mode::Client, Mode::Server] {
                    if *from == "server" && mode == Mode::Server {
                        continue;
                    }
                    let expected = violations(&protocol, payload, &case["instance"], mode);
                    let asked = case["mode"].as_str().map(|asked| asked == "server");
                    if asked == Some(mode == Mode::Server) {
                        // Here the properties of a schema are in the order of their names.
                        let (ours, theirs) = (sorted(&expected), sorted(&case["violations"]));
                        assert_eq!(ours, theirs, "{}", group["about"]);
                    }
                    cases.push(self::case(&check, mode, &case["instance"], expected));
                }
            }
        }
    }
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    println!("{} cases; left out:\n{}", cases.len(), left.join("\n"));
    assert!(cases.len() > 1500, "only {} cases", cases.len());
    Ok(())
}

/// Everything that ends a string, a comment, a template or a script, or hides.
const HOSTILE: &str = "a'b\"c`${globalThis.pwned = 1}` */ // \\ \n\r\t\u{2028}\u{2029}\u{202e}\u{feff}\u{0}\
    \"# {{ x }} {% y %} </script><!-- <script> @deprecated {@link x} \u{1f980}";

/// The names of messages that are words of the language, of the runtime or of prototypes.
const NAMES: [&str; 26] = [
    "delete",
    "class",
    "default",
    "constructor",
    "to.string",
    "__proto__",
    "hasOwnProperty",
    "a:b-c.d_e",
    "_",
    "NaN",
    "protocol",
    "connect",
    "decode",
    "decode.value",
    "dispatch",
    "server.messages",
    "check.thing",
    "hf",
    "await",
    "undefined",
    "arguments",
    "eval",
    "import",
    "URL",
    "of",
    "server.envelope",
];

fn hostile() -> Value {
    let mut messages = serde_json::Map::new();
    for name in NAMES {
        messages.insert(
            name.to_owned(),
            json!({
                "from": "both",
                "description": HOSTILE,
                "payload": {
                    "type": "object",
                    "title": HOSTILE,
                    "required": ["__proto__", HOSTILE],
                    "properties": {
                        "__proto__": { "type": "string", "enum": [HOSTILE, "", "x"], "description": HOSTILE },
                        HOSTILE: { "const": HOSTILE, "examples": [HOSTILE, { HOSTILE: [HOSTILE] }] },
                        "constructor": { "type": "string", "default": HOSTILE, "description": "*/ @x" },
                        "class": { "type": ["string", "null"], "minLength": 1 },
                        "1st": { "type": "string", "pattern": "^[/'\"`]*\\/\u{2028}?</script>$" },
                        "": { "enum": [1, "1", null, true, { "__proto__": HOSTILE }, [HOSTILE]] },
                        "日本": { "type": "integer", "default": 5, "multipleOf": 5 },
                        "x²": { "type": "boolean", "default": true, "enum": [true, false] },
                        "a.b": { "$ref": "#/types/Thing" }
                    }
                }
            }),
        );
    }
    json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0", "description": HOSTILE },
        "types": {
            "Thing": { "description": HOSTILE, "type": "string", "pattern": "^(?:`|\\$\\{|\\*/|\\p{L}|\\\\)+$" },
            "Record": { "type": "object", "properties": { "self": { "$ref": "#/types/Thing" } }, "title": HOSTILE },
        },
        "errors": {
            "delete": { "code": HOSTILE, "description": HOSTILE, "data": { "$ref": "#/types/Thing" } },
            "of_": { "code": "" },
        },
        "channels": {
            "new": { "key": "`$\\ </script>\n:{日本}", "params": { "日本": { "type": "string" } } },
            "all": { "key": HOSTILE.replace(['{', '}'], "") },
        },
        "messages": messages,
        "generate": { "typescript": { "out": "api.ts" } },
    })
}

#[test]
fn nothing_breaks_out() -> Result<()> {
    let protocol = load(&hostile(), &BTreeMap::new())?;
    let folder = generate(&protocol, "hostile")?;
    compile_with_both(&folder)?;
    let text = fs::read_to_string(folder.join("src/api.ts"))?;
    for hidden in ['\u{2028}', '\u{202e}', '\u{feff}', '\u{0}', '\r'] {
        assert!(!text.contains(hidden), "{hidden:?} stands in the output");
    }
    assert!(!text.contains("</script"), "a script could be ended");
    let said = run(
        &folder,
        "import * as api from './out/api.js';
         const fits = { __proto__: null };
         console.log(JSON.stringify([globalThis.pwned ?? null, typeof api.delete$, api.allChannel.key(), Object.keys(api).length > 60]));",
    )?;
    let key = HOSTILE.replace(['{', '}'], "");
    assert_eq!(
        serde_json::from_str::<Value>(&said)?,
        json!([null, "object", key, true])
    );
    let message = &protocol.messages[0];
    let id = message
        .client
        .as_ref()
        .and_then(|sent| sent.payload)
        .ok_or("no payload")?;
    let good = json!({
        "__proto__": "", HOSTILE: HOSTILE, "class": null, "1st": "/'\"`/\u{2028}</script>",
        "": { "__proto__": HOSTILE }, "日本": 10, "x²": true, "a.b": "`${*/é\\",
    });
    assert_eq!(violations(&protocol, id, &good, Mode::Server), json!([]));
    let bad = json!({
        "__proto__": HOSTILE.to_uppercase(), HOSTILE: "", "class": "", "1st": "x", "": [1],
        "日本": 7, "x²": false, "a.b": " ", "constructor": 1, "toString": 1, "hasOwnProperty": {},
        "\u{ff5e}": 1, "\u{1f980}": 1,
    });
    let none = json!({});
    let mut cases = Vec::new();
    for instance in [good, bad, none] {
        for mode in [Mode::Server, Mode::Client] {
            let expected = violations(&protocol, id, &instance, mode);
            cases.push(case("checkDelete", mode, &instance, expected));
        }
    }
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    Ok(())
}

#[test]
fn flat_payloads_with_integer_tags() -> Result<()> {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "flat", "version": "2.0.0" },
        "envelope": {
            "tag": "op", "content": null, "timestamp": "off",
            "id": { "name": "n", "type": "integer" },
            "correlate": { "request": "n", "reply": "re" },
        },
        "errors": { "NO": { "code": 7 } },
        "messages": {
            "ask": { "from": "client", "tag": 1, "reply": "answer", "errors": ["NO"], "payload": { "type": "object", "properties": { "q": { "type": "string" } } } },
            "answer": { "from": "server", "tag": 2, "payload": { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] } },
            "note": { "from": "both", "client": { "tag": 3 }, "server": { "tag": 4 }, "payload": { "type": "object" } },
        },
        "session": { "roles": {
            "hello": "off", "ready": "off", "refuse": "off", "gap": "off", "join": "off", "leave": "off",
            "ping": { "tag": 8 }, "pong": { "tag": 9 }, "error": { "tag": 0 }, "negotiate": "off", "resume": "off", "auth": "off",
        } },
        "closes": { "taken-over": 4500 },
        "limits": { "depth": 3 },
        "generate": { "typescript": { "out": "out/handfast.ts" } },
    });
    let protocol = load(&spec, &BTreeMap::new())?;
    let folder = generate(&protocol, "flat")?;
    compile_with_both(&folder)?;
    let said = run(
        &folder,
        "import * as api from './out/out/handfast.js';
         const read = value => { const r = api.decodeValue(value); return r.ok ? r.value : r.error.kind; };
         console.log(JSON.stringify([
           read({ op: 2, re: 5, a: 'x' }), read({ op: 2, re: 5 }), read({ op: 4 }), read({ op: 'answer' }),
           read({ op: 4, deep: [[[]]] }), api.noteClient.tag, api.protocol.roles, api.protocol.finalCloses,
         ]));",
    )?;
    assert_eq!(
        serde_json::from_str::<Value>(&said)?,
        json!([
            { "type": "answer", "payload": { "op": 2, "re": 5, "a": "x" }, "id": 5 },
            "invalid",
            { "type": "note", "payload": { "op": 4 } },
            "envelope",
            "syntax",
            3,
            { "hello": null, "ready": null, "refuse": null, "gap": null, "join": null, "leave": null, "ping": 8, "pong": 9, "error": 0 },
            [1008, 4401, 4406, 4500],
        ])
    );
    Ok(())
}
