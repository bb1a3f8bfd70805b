//! Schemas: those of the vectors, corner cases beyond them, and random ones.

use crate::typescript_project::{
    Result, case, compile, compile_with_both, differences, generate, load, spec, violations,
};
use handfast_schema::Side;
use handfast_testing::random::{Rng, document, instance};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    let groups: Vec<Value> =
        serde_json::from_str(include_str!("../../../schema/tests/vectors.json"))?;
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
                let check = format!("validate{}", handfast_codegen::names::pascal(name));
                for side in [Side::Client, Side::Server] {
                    if *from == "server" && side == Side::Server {
                        continue;
                    }
                    let expected = violations(&protocol, payload, &case["instance"], side);
                    let asked = case["side"].as_str().map(|asked| asked == "server");
                    if asked == Some(side == Side::Server) {
                        // The properties of these schemas are in alphabetical order.
                        let (ours, theirs) = (sorted(&expected), sorted(&case["violations"]));
                        assert_eq!(ours, theirs, "{}", group["about"]);
                    }
                    cases.push(self::case(&check, side, &case["instance"], expected));
                }
            }
        }
    }
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    println!("{} cases; left out:\n{}", cases.len(), left.join("\n"));
    assert!(cases.len() > 1900, "only {} cases", cases.len());
    Ok(())
}

/// Schemas beyond the shared vectors: nested parts, unions inside parts, recursion, every format.
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
        json!({ "?": 1, "a": { "0": "x", "?": 2 }, "b": "y", "toString": 1, "~/": 0 }),
        json!({ "?": ["a"], "0": [], "a": { "b": "x", "~/": 3 }, "b": 9_007_199_254_740_992_u64 }),
    ];
    let schemas = vec![
        json!({ "$ref": "#/types/Tree" }),
        json!({ "$ref": "#/types/Sealed" }),
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
        json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "integer" } }, "required": ["b"], "additionalProperties": false }),
        // Names that a rule cannot have, inside an object that has rules.
        json!({ "type": "object", "required": ["a"], "properties": { "b": { "type": "integer" }, "a": {
            "type": "object", "required": ["~/", "b"], "additionalProperties": false,
            "properties": { "b": { "type": "string", "minLength": 2 }, "0": { "type": "integer" }, "~/": { "type": "integer", "maximum": 2 } } } } }),
        json!({ "type": "object", "required": ["?"], "properties": { "a": { "type": "object" }, "?": { "type": "string" } } }),
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

/// Parts that describe the same child refuse unknown fields once, in every implementation.
#[test]
fn overlapping_parts_are_closed_once() -> Result<()> {
    let shared_fields = handfast_testing::shared_fields::shared_fields();
    let (mut messages, mut files) = (serde_json::Map::new(), BTreeMap::new());
    for (i, (schema, ..)) in shared_fields.iter().enumerate() {
        let file = format!("file{i}.json");
        files.insert(file.clone(), apart(schema, i)?.to_string().into_bytes());
        let payload = json!({ "$ref": format!("./{file}") });
        messages.insert(
            format!("m{i}"),
            json!({ "from": "both", "payload": payload }),
        );
    }
    let protocol = load(&spec(Value::Object(messages)), &files)?;
    let folder = generate(&protocol, "shared_fields")?;
    compile_with_both(&folder)?;
    let mut cases = Vec::new();
    for (i, (schema, good, bad)) in shared_fields.iter().enumerate() {
        let id = protocol.messages[i]
            .server
            .as_ref()
            .and_then(|sent| sent.payload);
        let id = id.ok_or("no payload")?;
        let json = handfast_codegen::json_schema::bundle(&protocol);
        let root = json!({
            "$schema": json["$schema"],
            "$defs": json["$defs"],
            "$ref": "#/$defs/receivedByServer"
        });
        let bundle = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&root)?;
        for (instance, fits) in good
            .iter()
            .map(|one| (one, true))
            .chain(bad.iter().map(|one| (one, false)))
        {
            let expected = violations(&protocol, id, instance, Side::Server);
            assert_eq!(
                expected == json!([]),
                fits,
                "{schema} {instance} {expected}"
            );
            let message = json!({ "type": format!("m{i}"), "payload": instance });
            assert_eq!(
                bundle.is_valid(&message),
                fits,
                "the bundle: {schema} {instance}"
            );
            for side in [Side::Server, Side::Client] {
                let expected = violations(&protocol, id, instance, side);
                cases.push(case(&format!("validateM{i}"), side, instance, expected));
            }
        }
    }
    assert_eq!(differences(&folder, &cases)?, "");
    Ok(())
}

#[test]
fn corners_agree_with_the_interpreter() -> Result<()> {
    let mut corners = corners();
    corners.extend(handfast_testing::long_reports::long_reports());
    corners.extend(handfast_testing::branches::branches());
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
        "Tree": { "$dynamicAnchor": "node", "type": "object", "properties": { "v": { "type": "string" }, "next": { "$dynamicRef": "#node" }, "all": { "type": "array", "items": { "$dynamicRef": "#node" } } } },
        "Sealed": { "$dynamicAnchor": "node", "$ref": "#/types/Tree", "unevaluatedProperties": false },
    });
    let protocol = load(&spec, &BTreeMap::new())?;
    let folder = generate(&protocol, "corners")?;
    compile_with_both(&folder)?;
    let mut cases = Vec::new();
    for (i, (_, instances)) in corners.iter().enumerate() {
        for (prefix, sides) in [
            ("up", &[Side::Server, Side::Client][..]),
            ("down", &[Side::Client]),
        ] {
            let name = format!("{prefix}{i}");
            let message = protocol
                .messages
                .iter()
                .find(|message| message.name.text == name);
            let id = message
                .and_then(|message| message.server.as_ref()?.payload)
                .ok_or("no payload")?;
            for (side, instance) in sides
                .iter()
                .flat_map(|side| instances.iter().map(move |one| (side, one)))
            {
                let expected = violations(&protocol, id, instance, *side);
                cases.push(case(
                    &format!("validate{}", handfast_codegen::names::pascal(&name)),
                    *side,
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

/// Random schemas, of which some are refused: contradictions do not pass the check of a spec.
const RANDOM: u64 = 300;

#[test]
fn random_schemas_agree_with_the_interpreter() -> Result<()> {
    let mut messages = serde_json::Map::new();
    let mut files = BTreeMap::new();
    let mut instances = BTreeMap::new();
    for seed in 1..=RANDOM {
        let rng = &mut Rng::new(seed);
        let schema = document(rng);
        let file = format!("file{seed}.json");
        files.insert(
            file.clone(),
            apart(&schema, seed as usize)?.to_string().into_bytes(),
        );
        let name = format!("random{seed}");
        let message = json!({ "from": "both", "payload": { "$ref": format!("./{file}") } });
        if load(&spec(json!({ name.as_str(): message })), &files).is_ok() {
            messages.insert(name.clone(), message);
            let all: Vec<Value> = (0..12).map(|_| instance(rng, 3)).collect();
            instances.insert(name, all);
        }
    }
    assert!(messages.len() > 100, "only {} schemas pass", messages.len());
    let protocol = load(&spec(Value::Object(messages)), &files)?;
    let folder = generate(&protocol, "random")?;
    compile(&folder, "typescript")?;
    let (mut cases, mut good) = (Vec::new(), 0);
    for message in &protocol.messages {
        let name = &message.name.text;
        let sent = message.server.as_ref().and_then(|sent| sent.payload);
        let payload = sent.ok_or("a message without a payload")?;
        let check = format!("validate{}", handfast_codegen::names::pascal(name));
        for instance in &instances[name] {
            for side in [Side::Client, Side::Server] {
                let expected = violations(&protocol, payload, instance, side);
                if !expected.to_string().contains("without end") {
                    good += usize::from(expected == json!([]));
                    cases.push(case(&check, side, instance, expected));
                }
            }
        }
    }
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    assert!(
        good > 500 && cases.len() > good + 500,
        "{good} good of {}",
        cases.len()
    );
    Ok(())
}
