//! Schemas: those of the vectors, corner cases beyond them, and random ones.

use super::corners::corners;
use crate::typescript_project::{
    Result, case, compile, compile_with_both, differences, generate, load, spec, violations,
};
use handfast_schema::Side;
use handfast_testing::random::{Rng, document, instance};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

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

/// Writes a module that compiles if each value is of its type.
fn are_of_their_types(folder: &Path, values: &[(String, &Value)]) -> Result<()> {
    let mut text = "import type * as api from './api.js';\n".to_owned();
    // A literal sets the prototype by that name.
    let plain = values
        .iter()
        .filter(|(_, value)| !value.to_string().contains("__proto__"));
    for (i, (ty, value)) in plain.enumerate() {
        // As a constant of its own, it may have properties that the type does not declare.
        let literal = if value.is_null() { "" } else { " as const" };
        text += &format!("const v{i} = {value}{literal};\nexport const t{i}: api.{ty} = v{i};\n");
    }
    fs::write(folder.join("src/values.ts"), text)?;
    Ok(())
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
    let mut cases = Vec::new();
    let mut typed = Vec::new();
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
                    if expected == json!([]) && side == Side::Server {
                        typed.push((handfast_codegen::names::pascal(name), &case["instance"]));
                    }
                    cases.push(self::case(&check, side, &case["instance"], expected));
                }
            }
        }
    }
    are_of_their_types(&folder, &typed)?;
    compile_with_both(&folder)?;
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    println!("{} cases; left out:\n{}", cases.len(), left.join("\n"));
    assert!(cases.len() > 1900, "only {} cases", cases.len());
    Ok(())
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
    let (mut cases, mut good) = (Vec::new(), 0);
    let mut typed = Vec::new();
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
                    if expected == json!([]) && side == Side::Server {
                        typed.push((handfast_codegen::names::pascal(name), instance));
                    }
                    cases.push(case(&check, side, instance, expected));
                }
            }
        }
    }
    are_of_their_types(&folder, &typed)?;
    compile(&folder, "typescript")?;
    let said = differences(&folder, &cases)?;
    assert!(said.is_empty(), "{said}");
    assert!(
        good > 500 && cases.len() > good + 500,
        "{good} good of {}",
        cases.len()
    );
    Ok(())
}
