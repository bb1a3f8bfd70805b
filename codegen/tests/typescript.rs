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
    let (outputs, diagnostics) = handfast_codegen::outputs(protocol, "protocol.yaml");
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
                let check = format!("check{}", handfast_codegen::names::pascal(name));
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
const NAMES: [&str; 20] = [
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
            "answer": { "from": "server", "tag": 2, "payload": { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false } },
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
            { "type": "answer", "payload": { "a": "x" }, "id": 5 },
            "invalid",
            { "type": "note", "payload": {} },
            "envelope",
            "syntax",
            3,
            { "hello": null, "ready": null, "refuse": null, "gap": null, "join": null, "leave": null, "ping": 8, "pong": 9, "error": 0 },
            [1008, 4401, 4406, 4500],
        ])
    );
    Ok(())
}

/// A protocol that exists, and what its server was heard to say.
#[test]
fn a_capture_decodes() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protocols");
    let loaded = handfast_spec::load(&path.join("coinbase.yaml"));
    let mut protocol = loaded.protocol.ok_or("a protocol with errors")?;
    let out = handfast_spec::model::Name {
        text: "api.ts".to_owned(),
        span: protocol.name.span,
    };
    protocol.generate.typescript = Some(handfast_spec::model::GenerateTypescript { out });
    let folder = generate(&protocol, "coinbase")?;
    compile_with_both(&folder)?;
    fs::copy(path.join("coinbase.ndjson"), folder.join("capture.ndjson"))?;
    let said = run(
        &folder,
        "import { readFileSync } from 'node:fs';
         import * as api from './out/api.js';
         let heard = 0;
         for (const line of readFileSync(new URL('capture.ndjson', import.meta.url), 'utf8').split(/\\n/)) {
           if (!line.startsWith('{')) continue;
           const { from, text, message } = JSON.parse(line);
           if (from !== 'server') continue;
           const decoded = api.decode(text ?? JSON.stringify(message));
           if (decoded.ok) heard++;
           else console.log(line, decoded.error.message);
         }
         console.log(heard > 9);",
    )?;
    assert_eq!(said, "true\n");
    Ok(())
}

/// Schemas that the shared vectors do not have: parts inside of parts, unions inside of parts, recursion, every format.
fn corners() -> Vec<(Value, Vec<Value>)> {
    let a = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let b = json!({ "type": "object", "properties": { "b": { "type": "integer" } }, "required": ["b"] });
    let k = |name: &str, field: &str| {
        json!({ "type": "object", "required": ["k"], "properties": {
            "k": { "const": name }, field: { "type": "string", "maxLength": 2 } } })
    };
    let objects = vec![
        json!({}),
        json!({ "a": "x", "b": 1 }),
        json!({ "a": 1, "b": 1.5, "c": 1 }),
        json!({ "b": 1, "z": 1, "\u{ff5e}": 1, "\u{1f980}": 1 }),
        json!({ "k": "x", "p": "abc" }),
        json!({ "k": "y", "p": "abc", "b": 1 }),
        json!({ "k": "y", "q": "abc", "b": 1, "a": "" }),
        json!({ "k": 5 }),
        json!([]),
        json!(null),
        json!("x"),
        json!({ "next": { "next": { "v": 1, "w": 2 } }, "v": "s" }),
        json!({ "all": [{ "a": "x", "b": 2 }, { "b": 1, "c": 1 }, 7] }),
        json!({ "a": { "a": "x" } }),
        json!(true),
        json!(3),
        json!([{ "b": 1, "n": 0 }]),
    ];
    let schemas = vec![
        json!({ "allOf": [a, { "allOf": [b, { "properties": { "c": true } }] }] }),
        json!({ "allOf": [a, { "oneOf": [k("x", "p"), k("y", "q")] }] }),
        json!({ "allOf": [a, { "anyOf": [b, k("x", "p")] }] }),
        json!({ "allOf": [a, { "oneOf": [b, { "type": "object", "properties": { "c": { "type": "string" } } }] }] }),
        json!({ "allOf": [a, { "type": "array" }] }),
        json!({ "oneOf": [k("x", "p"), k("y", "q")], "properties": { "a": { "type": "string" } }, "type": "object" }),
        json!({ "anyOf": [k("x", "p"), k("y", "q"), { "type": "null" }] }),
        json!({ "anyOf": [{ "allOf": [a, b] }, { "type": "string" }, { "type": "array", "items": b }] }),
        json!({ "$ref": "#/types/Node" }),
        json!({ "$ref": "#/types/Node", "minProperties": 2 }),
        json!({ "allOf": [{ "$ref": "#/types/Node" }, b] }),
        json!({ "type": "object", "properties": { "all": { "type": "array", "items": { "allOf": [{ "$ref": "#/types/Part" }, b] } } } }),
        json!({ "type": ["object", "array", "string"], "properties": { "a": { "type": ["string", "object"], "properties": { "b": true } } }, "minItems": 1, "minLength": 2, "required": ["k"] }),
        json!({ "properties": { "a": { "type": "string" } }, "additionalProperties": { "type": "integer", "multipleOf": 2 }, "maxProperties": 2 }),
        json!({ "type": "object", "properties": { "a": true }, "additionalProperties": false, "allOf": [{ "required": ["b"] }] }),
        json!({ "type": ["boolean", "null"], "enum": [true, null] }),
        json!({ "type": "array", "prefixItems": [b, true], "items": { "$ref": "#/types/Node" }, "uniqueItems": true }),
    ];
    let mut all: Vec<(Value, Vec<Value>)> = schemas
        .into_iter()
        .map(|schema| (schema, objects.clone()))
        .collect();
    let texts = [
        "",
        "2024-02-29",
        "2023-02-29",
        "1900-02-29",
        "2000-02-29",
        "0000-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-04-31",
        "2024-01-00",
        "23:59:60Z",
        "00:00:00.1+23:59",
        "08:30:06z",
        "01:29:60+01:30",
        "24:00:00Z",
        "12:00:60Z",
        "12:00:00.Z",
        "12:00:00+24:00",
        "23:59:60+01:00",
        "15:59:60-08:00",
        "2026-01-31T09:00:00.000Z",
        "1998-12-31t23:59:60z",
        "2026-01-31 09:00:00Z",
        "2026-01-31T",
        "\u{e9}026-01-31T09:00:00Z",
        "2EB8AA08-aa98-11ea-b4aa-73b441d16380",
        "2eb8aa08aa9811eab4aa73b441d16380",
        "ada@example.org",
        "a+b@x",
        "\"a b\\\"@\"@x.y",
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "a@[ipv6:::1]",
        "\"@x",
        ".a@x",
        "a..b@x",
        "a@[1.2.3]",
        "\u{e9}@x",
        "\"\\\"@x",
        "a@b@c",
        "http://a.b/c?d=e#f",
        "urn:isbn:0451450523",
        "http://[::1]:80/",
        "http://u:p@h:1",
        "a:",
        "a:/",
        "a://",
        "a:?q",
        "http://[v1.a:b]/",
        "http://a/?q=/?",
        "http://a b",
        "http://a/%2",
        "http://a/%20",
        "1a:b",
        "http://[::1",
        "http://a/#b#c",
        "http://a:b/",
        "http://[1]/",
        "http://a@b@c/",
        "http://a/[b]",
        ":a",
        "a:b:c",
        "http://a\n",
        "http://[::1]x/",
        "http://a#/?\u{2028}",
        "x:\n",
        "0.0.0.0",
        "255.255.255.255",
        "256.0.0.1",
        "01.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.\u{664}",
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::ffff:1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7:8::",
        "1.2.3.4::",
        "::1.2.3",
        "1::2:3:4:5:6:7",
        "a.b",
        "xn--4gbwdl",
        "-a",
        "a-",
        "a..b",
        "a_b",
        ".",
        "a\n",
        "a.",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "01",
        "-0",
        "+1",
        "1.0",
        "123456789012345678901",
        "AA==",
        "AAA=",
        "AB==",
        "AAB=",
        "A===",
        "AA-_",
        "AAAA\n",
        "zw==",
    ];
    let long = [
        format!("{}@x", "a".repeat(64)),
        format!("{}@x", "a".repeat(65)),
        "a".repeat(64),
        format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61)),
        format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(62)),
    ];
    let texts: Vec<Value> = texts
        .iter()
        .map(|text| json!(text))
        .chain(long.iter().map(|text| json!(text)))
        .collect();
    for format in [
        "date-time",
        "date",
        "time",
        "uuid",
        "email",
        "uri",
        "ipv4",
        "ipv6",
        "hostname",
        "int64",
        "uint64",
    ] {
        all.push((json!({ "type": "string", "format": format }), texts.clone()));
    }
    all.push((
        json!({ "type": "string", "contentEncoding": "base64" }),
        texts,
    ));
    let numbers = [
        0.3,
        0.07,
        4.35,
        4.351,
        1e300,
        1e-300,
        7.5,
        -9.0,
        0.0,
        -0.0,
        10.0,
        9_007_199_254_740_991.0,
        1.000_000_000_000_000_2,
        1e22,
        3.0,
        5e-324,
        1.797e308,
        0.1,
        123456.789,
    ];
    for divisor in [0.1, 0.01, 7.0, 1e-300, 1e300, 2.5, 1.0, 1e21, 5e-324] {
        let numbers = numbers.iter().map(|n| json!(n)).collect();
        all.push((json!({ "type": "number", "multipleOf": divisor }), numbers));
    }
    all
}

#[test]
fn corners_agree_with_the_interpreter() -> Result<()> {
    let corners = corners();
    let mut messages = serde_json::Map::new();
    for (i, (schema, _)) in corners.iter().enumerate() {
        messages.insert(
            format!("up{i}"),
            json!({ "from": "both", "payload": schema }),
        );
        messages.insert(
            format!("down{i}"),
            json!({ "from": "server", "payload": schema }),
        );
    }
    let mut spec = spec(Value::Object(messages));
    spec["types"] = json!({
        "Node": { "type": "object", "properties": { "v": { "type": "string" }, "next": { "$ref": "#/types/Node" }, "a": { "anyOf": [{ "$ref": "#/types/Node" }, { "type": "null" }] } } },
        "Part": { "type": "object", "properties": { "a": { "type": "string" } } },
    });
    let protocol = load(&spec, &BTreeMap::new())?;
    let folder = generate(&protocol, "corners")?;
    compile_with_both(&folder)?;
    let mut cases = Vec::new();
    for (i, (_, instances)) in corners.iter().enumerate() {
        for (prefix, modes) in [
            ("up", &[Mode::Server, Mode::Client][..]),
            ("down", &[Mode::Client]),
        ] {
            let name = format!("{prefix}{i}");
            let message = protocol
                .messages
                .iter()
                .find(|message| message.name.text == name);
            let id = message
                .and_then(|message| message.server.as_ref()?.payload)
                .ok_or("no payload")?;
            for (mode, instance) in modes
                .iter()
                .flat_map(|mode| instances.iter().map(move |one| (mode, one)))
            {
                let expected = violations(&protocol, id, instance, *mode);
                cases.push(case(
                    &format!("check{}", handfast_codegen::names::pascal(&name)),
                    *mode,
                    instance,
                    expected,
                ));
            }
        }
    }
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    Ok(())
}

#[test]
fn what_is_stale_goes_and_nothing_else() -> Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stale");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let path = folder.join("protocol.yaml");
    fs::write(
        &path,
        spec(json!({ "note": { "from": "client" } })).to_string(),
    )?;
    let generator = handfast_codegen::Generator::new(&path);
    generator.run()?;
    let ours = fs::read_to_string(folder.join("handfast/report.ts"))?;
    fs::write(folder.join("handfast/gone.ts"), ours)?;
    fs::write(folder.join("handfast/theirs.ts"), "export {};\n")?;
    fs::write(folder.join("theirs.ts"), "export {};\n")?;
    generator.run()?;
    assert!(
        !folder.join("handfast/gone.ts").exists(),
        "a file of an earlier runtime stays"
    );
    assert!(folder.join("handfast/theirs.ts").exists() && folder.join("theirs.ts").exists());
    Ok(())
}

#[test]
fn messages_may_answer_each_other() -> Result<()> {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "errors": { "A": {}, "B": { "data": { "type": "object", "properties": { "deep": { "type": "object", "properties": { "n": { "type": "integer" } } } } } } },
        "messages": {
            "ping.me": { "from": "both", "reply": "pong.me", "errors": ["A", "B"], "payload": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            "pong.me": { "from": "both", "reply": "ping.me", "errors": ["B"] },
            "watch": { "from": "client", "reply": { "stream": "item", "cancel": "stop" } },
            "item": { "from": "server" },
            "stop": { "from": "client" },
        },
        "generate": { "typescript": { "out": "api.ts" } },
    });
    let protocol = load(&spec, &BTreeMap::new())?;
    let folder = generate(&protocol, "circle")?;
    compile_with_both(&folder)?;
    let said = run(
        &folder,
        "import * as api from './out/api.js';
         console.log(api.pingMe.reply === api.pongMe, api.pongMe.reply === api.pingMe);",
    )?;
    assert_eq!(said, "true true\n");
    Ok(())
}
