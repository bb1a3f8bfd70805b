//! Generated TypeScript, through the public API: it compiles with both compilers under every strict flag, and no text
//! in a spec breaks out of its context.

mod typescript_project;

use handfast_schema::Side;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use typescript_project::{
    Result, case, compile_with_both, differences, generate, load, run, spec, violations,
};

/// Texts that end a string, a comment, a template or a script, or hide text.
const HOSTILE: &str = "a'b\"c`${globalThis.pwned = 1}` */ // \\ \n\r\t\u{2028}\u{2029}\u{202e}\u{feff}\u{0}\
    \"# {{ x }} {% y %} </script><!-- <script> @deprecated {@link x} \u{1f980}";

/// Message names that are keywords, names of the runtime, or properties of prototypes.
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
    // The names of a guard's own variables, in open and closed objects.
    let own = json!({ "strict": { "type": "boolean" }, "value": {}, "report": { "type": "string" }, "item": true });
    for (name, closed) in [
        ("guarded", json!({})),
        ("guarded.open", json!({ "additionalProperties": true })),
    ] {
        let mut payload = json!({ "type": "object", "required": ["strict"], "properties": own });
        payload["properties"]["inner"] = json!({ "type": "object", "properties": own });
        if closed != json!({}) {
            payload["additionalProperties"] = json!(true);
            payload["properties"]["inner"]["additionalProperties"] = json!(true);
        }
        messages.insert(
            name.to_owned(),
            json!({ "from": "both", "payload": payload }),
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

/// Types that have the names of globals, which generated code or its readers use.
const GLOBALS: [&str; 20] = [
    "Array",
    "ArrayBuffer",
    "BigInt",
    "Boolean",
    "Date",
    "Error",
    "Event",
    "Function",
    "Iterable",
    "Map",
    "Math",
    "Number",
    "Object",
    "Promise",
    "Readonly",
    "Record",
    "RegExp",
    "Set",
    "Symbol",
    "WebSocket",
];

#[test]
fn types_with_the_names_of_globals_shadow_none() -> Result<()> {
    let mut types = serde_json::Map::new();
    let mut messages = serde_json::Map::new();
    for (i, name) in GLOBALS.iter().enumerate() {
        let ty = match i % 4 {
            0 => json!({ "type": "string", "minLength": 1, "pattern": "^(?:a+)+$" }),
            1 => json!({ "type": "array", "items": { "type": "integer" }, "uniqueItems": true }),
            2 => json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
            _ => json!({
                "type": "object", "required": ["at"],
                "properties": { "at": { "type": "number" } },
                "patternProperties": { "^x": { "type": "boolean" } },
            }),
        };
        types.insert((*name).to_owned(), ty);
        let payload = json!({ "type": "object", "properties": { "it": { "$ref": format!("#/types/{name}") } } });
        messages.insert(
            format!("use.{name}"),
            json!({ "from": "both", "payload": payload }),
        );
    }
    let protocol = load(
        &json!({
            "handfast": 1,
            "protocol": { "name": "globals", "version": "1.0.0" },
            "types": types,
            "errors": { "type": { "code": "TYPE" }, "range": { "code": "RANGE" } },
            "messages": messages,
            "generate": { "typescript": { "out": "api.ts", "sides": "both" } },
        }),
        &BTreeMap::new(),
    )?;
    let folder = generate(&protocol, "globals")?;
    // A reader imports each under its own name, or under another.
    let imports: String = GLOBALS
        .iter()
        .map(|name| {
            format!("export const a{name}: (value: api.{name}) => unknown = value => value;\n")
        })
        .collect();
    let reader = format!(
        "import type * as api from './api.js';\nimport type {{ Symbol as Traded, TypeError as Typed }} from './api.js';\n\
         {imports}export function of(traded: Traded, typed: Typed): symbol {{ return Symbol(traded + typed.code); }}\n"
    );
    fs::write(folder.join("src/reader.ts"), reader)?;
    compile_with_both(&folder)?;
    let api = fs::read_to_string(folder.join("src/api.ts"))?;
    for name in GLOBALS {
        assert!(!api.contains(&format!("export type {name} ")), "{name}");
        assert!(
            !api.contains(&format!("export interface {name} ")),
            "{name}"
        );
    }
    let said = run(
        &folder,
        "import * as api from './out/api.js';
         const texts = JSON.parse('[\"a\", \"\", \"b\"]').map(it => api.decodeClientMessage(JSON.stringify({ type: 'use.Iterable', payload: { it } })).ok);
         console.log(JSON.stringify([texts, api.isMap([1, 1]), api.isSet([1, 2]), api.isRecord({ at: 1, x: 1 })]));",
    )?;
    assert_eq!(
        serde_json::from_str::<Value>(&said)?,
        json!([[true, false, false], false, true, false])
    );
    Ok(())
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
    assert_eq!(violations(&protocol, id, &good, Side::Server), json!([]));
    let bad = json!({
        "__proto__": HOSTILE.to_uppercase(), HOSTILE: "", "class": "", "1st": "x", "": [1],
        "日本": 7, "x²": false, "a.b": " ", "constructor": 1, "toString": 1, "hasOwnProperty": {},
        "\u{ff5e}": 1, "\u{1f980}": 1,
    });
    let none = json!({});
    let mut cases = Vec::new();
    for instance in [good, bad, none] {
        for side in [Side::Server, Side::Client] {
            let expected = violations(&protocol, id, &instance, side);
            cases.push(case("validateDelete", side, &instance, expected));
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
        "limits": { "depth": 8 },
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
           read({ op: 4, deep: [[[[[[[[]]]]]]]] }), api.noteClient.tag, api.protocol.roles, api.protocol.closeCodes,
         ]));",
    )?;
    assert_eq!(
        serde_json::from_str::<Value>(&said)?,
        json!([
            { "type": "answer", "payload": { "a": "x" }, "id": 5 },
            "invalid",
            { "type": "note", "payload": {} },
            "unknown-type",
            "syntax",
            3,
            { "hello": null, "ready": null, "refuse": null, "gap": null, "join": null, "leave": null, "ping": 8, "pong": 9, "negotiate": null, "error": 0, "received": null, "skip": null },
            { "takenOver": 4500 },
        ])
    );
    Ok(())
}

/// An existing protocol, and recorded messages of its server.
/// A protocol with bytes wherever they can be.
fn blobs(bytes: &str) -> Value {
    let base64 = json!({ "type": "string", "contentEncoding": "base64" });
    let part = |kind: &str, raw: Value| json!({ "type": "object", "required": ["kind", "raw"], "properties": { "kind": { "const": kind }, "raw": raw } });
    json!({
        "handfast": 1,
        "protocol": { "name": "blobs", "version": "1.0.0" },
        "encodings": { "json": "j", "msgpack": "m", "cbor": "c" },
        "types": {
            "Blob": { "type": "string", "contentEncoding": "base64", "minLength": 4, "maxLength": 16 },
            "Tree": { "type": "object", "properties": { "leaf": base64, "children": { "type": "array", "items": { "$ref": "#/types/Tree" } } } },
        },
        "errors": { "FULL": { "data": { "type": "object", "properties": { "left": base64 } } } },
        "messages": {
            "put": {
                "from": "client", "reply": "got", "errors": ["FULL"],
                "payload": { "type": "object", "required": ["data"], "properties": {
                    "data": { "$ref": "#/types/Blob" },
                    "maybe": { "type": ["string", "null"], "contentEncoding": "base64" },
                    "many": { "type": "array", "items": base64 },
                    "byName": { "type": "object", "additionalProperties": { "$ref": "#/types/Blob" } },
                    "part": { "oneOf": [part("raw", base64.clone()), part("text", json!({ "type": "string" }))] },
                    "either": { "anyOf": [base64, { "type": "integer" }] },
                    "tree": { "$ref": "#/types/Tree" },
                    "plain": { "type": "string", "default": "AQID" },
                    "preset": { "type": "string", "contentEncoding": "base64", "default": "AQID" },
                } },
            },
            "got": { "from": "server", "payload": { "type": "object", "required": ["data"], "properties": { "data": { "$ref": "#/types/Blob" } } } },
            "whole": { "from": "both", "payload": base64 },
            // Objects inherit something of that name.
            "odd": { "from": "both", "payload": { "type": "object", "properties": { "constructor": base64 } } },
        },
        "generate": { "typescript": { "out": "api.ts", "sides": "both", "bytes": bytes } },
    })
}

#[test]
fn bytes_are_arrays_in_every_encoding() -> Result<()> {
    let folder = generate(&load(&blobs("uint8array"), &BTreeMap::new())?, "blobs")?;
    let text = generate(&load(&blobs("base64"), &BTreeMap::new())?, "blobs-base64")?;
    let typed = "import { connect, put, whole, isPut, type Put } from './api.js';
        const bytes = new Uint8Array([1, 2, 3]);
        const all: Put = {
          data: bytes, maybe: bytes, many: [bytes], byName: { a: bytes }, part: { kind: 'raw', raw: bytes }, either: 'AQID',
          tree: { leaf: 'AQID' }, plain: 'AQID', preset: bytes,
        };
        export async function use(): Promise<Uint8Array | undefined> {
          const client = connect('ws://localhost');
          client.on(whole, (held: Uint8Array) => held.length);
          const result = await client.call(put, isPut(all) ? all : { data: bytes, part: { kind: 'text', raw: 'AQID' } });
          return result.ok ? result.value.data : undefined;
        }";
    fs::write(folder.join("src/typed.ts"), typed)?;
    compile_with_both(&folder)?;
    compile_with_both(&text)?;
    let said = run(
        &folder,
        "import assert from 'node:assert/strict';
         import * as api from './out/api.js';
         import { Client, cbor, msgpack, violationsOf } from './out/handfast.js';
         import * as plain from '../blobs-base64/out/api.js';

         const bytes = new Uint8Array([1, 2, 3]);
         const typed = {
           data: bytes, maybe: bytes, many: [bytes, new Uint8Array()], byName: { a: bytes, ['__proto__']: bytes }, part: { kind: 'raw', raw: bytes },
           either: 'AQID', tree: { leaf: 'AQID', children: [{ leaf: 'AQID' }] }, plain: 'AQID', preset: bytes,
         };
         const wire = JSON.parse(JSON.stringify(typed, (_, held) => (held instanceof Uint8Array ? Buffer.from(held).toString('base64') : held)));
         const inAll = (message, decode, ofText) => {
           const result = decode(JSON.stringify(message));
           for (const encoding of [msgpack, cbor]) {
             const other = decode(encoding.encode(message), encoding);
             assert.deepEqual([other.value, other.error], [result.value, result.error]);
           }
           // What is wrong with it is what is wrong with the text.
           assert.deepEqual(result.error?.violations, ofText(JSON.stringify(message)).error?.violations);
           return result;
         };
         const sent = payload => inAll({ type: 'put', id: '1', payload }, api.decodeClientMessage, plain.decodeClientMessage);

         assert.deepEqual(sent(wire).orThrow().payload, typed);
         assert.deepEqual(sent({ data: 'AQID', maybe: null, part: { kind: 'text', raw: 'AQID' } }).orThrow().payload, {
           data: bytes, maybe: null, part: { kind: 'text', raw: 'AQID' },
         });
         for (const [data, keyword] of [['', 'minLength'], ['AQIDAQIDAQIDAQIDAQID', 'maxLength'], ['AQI', 'minLength'], ['AQ=D', 'contentEncoding'], [5, 'type'], [{}, 'type']]) {
           assert.equal(sent({ data }).error.violations[0].keyword, keyword);
         }
         sent({ data: 'AQID', many: ['!', 7], byName: { a: '!' }, part: { kind: 'raw', raw: '!' }, either: '!', more: 1 });
         sent({ data: 'AQID', many: {}, byName: [], part: { kind: 'none' }, tree: 'AQID', maybe: 4 });
         assert.equal(sent({}).ok, false);
         const whole = payload => inAll({ type: 'whole', payload }, (frame, encoding) => api.decode(frame, undefined, encoding), plain.decode);
         assert.deepEqual(whole('AQID').orThrow().payload, bytes);
         assert.equal(whole('A').error.violations[0].keyword, 'contentEncoding');

         // A guard does not take the text for the bytes, and the bytes have the limits of their text.
         assert.equal(api.isPut(typed), true);
         assert.equal(api.isPut(wire), false);
         assert.equal(api.isBlob(new Uint8Array(13)), false);
         const wrong = violationsOf(api.validatePut, { data: new Uint8Array() }, 'sent');
         assert.deepEqual(wrong, violationsOf(plain.validatePut, { data: '' }, 'sent'));
         assert.equal('putPresetDefault' in api, false);
         assert.equal(plain.putPresetDefault, 'AQID');

         // A client writes text in JSON and bytes otherwise, and changes nothing of what it is given.
         for (const encoding of [undefined, msgpack, cbor]) {
           let events;
           const packets = [];
           const transport = (_url, _subprotocol, given) => {
             events = given;
             return { send: packet => packets.push(packet), close() {} };
           };
           const client = new Client(api.protocol, 'ws://test/', { transport, encoding });
           events.opened();
           await new Promise(setImmediate);
           const calling = client.call(api.put, typed);
           const encode = value => encoding?.encode(value) ?? JSON.stringify(value);
           assert.deepEqual(packets.at(-1), encode({ type: 'put', payload: encoding ? typed : wire, id: '1' }));
           assert.equal(api.decodeClientMessage(packets.at(-1), encoding).ok, true);
           events.received(encode({ type: 'got', payload: { data: encoding ? bytes : 'AQID' }, id: '1' }));
           assert.deepEqual((await calling).orThrow(), { data: bytes });
           assert.equal((await client.call(api.put, { data: new Uint8Array(13) })).error.violations[0].path, '/payload/data');
           assert.equal(typed.data, bytes);
           client.close();
         }

         // Where bytes are text, a client writes them as bytes all the same if the encoding has them.
         for (const encoding of [msgpack, cbor]) {
           let events;
           const packets = [];
           const transport = (_url, _subprotocol, given) => {
             events = given;
             return { send: packet => packets.push(packet), close() {} };
           };
           const client = new Client(plain.protocol, 'ws://test/', { transport, encoding });
           events.opened();
           await new Promise(setImmediate);
           client.call(plain.put, wire);
           assert.deepEqual(packets.at(-1), encoding.encode({ type: 'put', payload: typed, id: '1' }));
           assert.deepEqual(plain.decodeClientMessage(packets.at(-1), encoding).orThrow().payload, wire);
           client.close();
         }
         console.log('done');",
    )?;
    assert_eq!(said, "done\n");
    Ok(())
}

#[test]
fn imports_name_the_files_themselves_if_the_spec_asks_for_it() -> Result<()> {
    let mut document =
        spec(json!({ "note": { "from": "client", "payload": { "type": "string" } } }));
    document["generate"]["typescript"]["imports"] = json!("ts");
    let folder = generate(&load(&document, &BTreeMap::new())?, "imports-ts")?;
    let mut seen = 0;
    let source = folder.join("src");
    for folder in [source.clone(), source.join("handfast")] {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                continue;
            }
            for line in fs::read_to_string(&path)?.lines() {
                let Some((_, file)) = line.split_once(" from './") else {
                    continue;
                };
                let file = file.trim_end_matches("';");
                assert!(file.ends_with(".ts"), "{}: {line}", path.display());
                assert!(folder.join(file).is_file(), "{}: {line}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
    let config = folder.join("tsconfig.json");
    let mut options: Value = serde_json::from_str(&fs::read_to_string(&config)?)?;
    options["compilerOptions"]["rewriteRelativeImportExtensions"] = json!(true);
    fs::write(config, options.to_string())?;
    compile_with_both(&folder)?;
    run(
        &folder,
        "import { connect } from './out/api.js'; connect.name;",
    )?;
    Ok(())
}

#[test]
fn a_capture_decodes() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protocols");
    let loaded = handfast_spec::load(&path.join("coinbase.yaml"));
    let mut protocol = loaded.protocol.ok_or("a protocol with errors")?;
    let out = handfast_spec::model::Name {
        text: "api.ts".to_owned(),
        span: protocol.name.span,
    };
    protocol.generate.typescript = Some(handfast_spec::model::GenerateTypescript {
        out,
        both_sides: false,
        byte_arrays: false,
        brands: false,
        ts_imports: false,
    });
    let folder = generate(&protocol, "coinbase-client")?;
    let api = fs::read_to_string(folder.join("src/api.ts"))?;
    assert!(
        !api.contains("AsServer"),
        "nobody asked for the server's side"
    );
    if let Some(options) = &mut protocol.generate.typescript {
        options.both_sides = true;
    }
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
           const decode = from === 'server' ? api.decode : api.decodeClientMessage;
           const decoded = decode(text ?? JSON.stringify(message));
           if (decoded.ok) heard++;
           // It plays a role of the session, and is none of the application's messages.
           else if (decoded.error.kind !== 'unknown-type' || decoded.error.type !== 'error') console.log(line, decoded.error.message);
         }
         console.log(heard > 15);",
    )?;
    assert_eq!(said, "true\n");
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
fn either_end_may_send_a_request_and_its_reply() -> Result<()> {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "errors": { "A": {}, "B": { "data": { "type": "object", "properties": { "deep": { "type": "object", "properties": { "n": { "type": "integer" } } } } } } },
        "messages": {
            "ping.me": { "from": "both", "reply": "pong.me", "errors": ["A", "B"], "payload": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            "pong.me": { "from": "both" },
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
         console.log(api.pingMe.reply === api.pongMe);",
    )?;
    assert_eq!(said, "true\n");
    Ok(())
}

/// Its message, and whether it is retryable, are only generated where a handler of the client may leave them out.
#[test]
fn an_error_with_which_the_client_answers_has_its_message() -> Result<()> {
    let mut spec = spec(json!({
        "confirm": { "from": "server", "reply": "confirmed", "errors": ["BUSY", "NO"] },
        "confirmed": { "from": "client" },
        "ask": { "from": "client", "reply": "told", "errors": ["LATE"] },
        "told": { "from": "server" },
    }));
    spec["errors"] = json!({
        "BUSY": { "description": "It's busy.", "retryable": true },
        "NO": {},
        "LATE": { "description": "Too late.", "retryable": true },
    });
    let folder = generate(&load(&spec, &BTreeMap::new())?, "typescript-answers")?;
    compile_with_both(&folder)?;
    let script = "
        import { busyError, noError, lateError } from './out/api.js';
        console.log(JSON.stringify([busyError, noError, lateError]));
    ";
    let said: Value = serde_json::from_str(&run(&folder, script)?)?;
    let expected = json!([
        { "code": "BUSY", "message": "It's busy.", "retryable": true },
        { "code": "NO" },
        { "code": "LATE" },
    ]);
    assert_eq!(said, expected);
    Ok(())
}

/// A parameter that contains the text behind it could give the key of another channel.
#[test]
fn a_key_is_of_one_channel() -> Result<()> {
    let mut spec = spec(json!({ "said": { "from": "server", "channel": "room" } }));
    let text = json!({ "type": "string" });
    spec["channels"] = json!({
        "room": { "key": "r:{a-b}::{c}/{d}.", "params": { "a-b": text, "c": text, "d": text } },
    });
    let folder = generate(&load(&spec, &BTreeMap::new())?, "typescript-keys")?;
    compile_with_both(&folder)?;
    let script = r#"
        import { roomChannel } from './out/api.js';
        const key = (ab, c, d) => {
          try {
            return roomChannel.key({ 'a-b': ab, c, d });
          } catch ({ error }) {
            return error;
          }
        };
        const keys = [key('1:2', '3::4', '5/6.'), key('', ':', '')];
        const wrong = [key('1::2', '', ''), key('1:', '', ''), key('1', '2/', '3')];
        const paths = wrong.flatMap(({ code, violations }) => [code, ...violations.map(({ path }) => path)]);
        console.log(JSON.stringify([keys, paths, wrong[2].message]));
    "#;
    let said: Value = serde_json::from_str(&run(&folder, script)?)?;
    let expected = json!([
        ["r:1:2::3::4/5/6..", "r::::/."],
        ["INVALID", "/a-b", "INVALID", "/a-b", "INVALID", "/c"],
        "the parameters of the channel do not fit: /c must not contain \"/\", which follows it in the key of the channel",
    ]);
    assert_eq!(said, expected);
    Ok(())
}
