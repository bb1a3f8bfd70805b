//! Validation takes time proportional to the value: the property reads of generated TypeScript are counted, and
//! compared with those for a value four times as large.

use crate::typescript_project::{
    Result, case, compile, compile_with_both, differences, generate, load, run, spec, violations,
};
use handfast_schema::{Side, pattern};
use handfast_testing::random::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// Patterns that run on the runtime's automaton, and some that run on the engine.
const PATTERNS: [&str; 44] = [
    "^([a-z]+)*[0-9]$",
    "^(a|a)*$",
    "^(a|ab)*c?$",
    "a*a*b",
    "^\\d+\\w+$",
    "a+$",
    "[ab]+c",
    "^.*b.*$",
    "(a?){3}a{3}$",
    "\\bab*\\b$",
    "^(?:a|b|ab)+\\b",
    "[^a]+a$",
    "^[^\\s@]+@[^\\s@]+\\.[a-z]{2,}$",
    "(?:^a|b)*c$",
    "(\\s*\\S+)+$",
    "^(\\p{L}+ ?)+$",
    "^(\\P{L}*a)*$",
    "(é|\u{1F600}+)+$",
    "(a{2,4}b?){2,3}$",
    "(a||b)*c",
    "^(a*)*$",
    "([\\d\\x61]+-?)+$",
    "(?:a+|b){0,2}c+$",
    "(b|ba)+$",
    "()*a+$",
    "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]+$",
    "(\\u{1F600}|\\cJ|.)+$",
    "a+^b|^b+a+$",
    "b+$|^",
    "(?<name>a+)+b",
    "^(?!a$|b*$).*$",
    "^(?!.*(a|ab)*c).*b$",
    "^(?=.*b)(?=.*\\d+\\w+$)[^@]+$",
    "^(?!^a|b-).*|c$",
    "^(?:(?!a).*|b+|(ab)*)c$",
    "(?:^(?=(a+)+b)[ab]+|@)-?$",
    "^(?!(?!a)b)(?=\\S).+$",
    "^(?!(?=a)(?!.*b))[^\\n]*[ab]+$",
    "^(?![^a]*\\b-\\b)",
    "^(?!\\u{1F600}|é)(?=.{2})",
    "^(?!@)[\\w@]+$",
    "^(?<name>(?![ab]+c)a|(?=[ab]+c)[a-c])[a-c-]*$",
    "^(?!$)",
    "^(?=)(?!)|^(?=a|)b",
];

#[test]
fn patterns_match_as_in_rust() -> Result<()> {
    let messages: serde_json::Map<String, Value> = PATTERNS
        .iter()
        .enumerate()
        .map(|(i, pattern)| {
            let t = json!({ "type": "string", "pattern": pattern });
            let payload = json!({ "type": "object", "required": ["t"], "properties": { "t": t } });
            (
                format!("m{i}"),
                json!({ "from": "client", "payload": payload }),
            )
        })
        .collect();
    let protocol = load(&spec(Value::Object(messages)), &BTreeMap::new())?;
    let folder = generate(&protocol, "linear-patterns")?;
    let text = fs::read_to_string(folder.join("src/api.ts"))?;
    assert!(text.matches("hf.automaton(").count() >= 25, "{text}");
    compile_with_both(&folder)?;
    let rng = &mut Rng::new(29);
    let letters = [
        "a",
        "b",
        "c",
        "-",
        "0",
        "9",
        "@",
        ".",
        " ",
        "\n",
        "é",
        "\u{1F600}",
        "_",
        "A",
    ];
    let texts: Vec<String> = (0..1500)
        .map(|_| (0..rng.below(9)).map(|_| *rng.pick(&letters)).collect())
        .collect();
    let mut asked = vec![json!(PATTERNS.to_vec())];
    let (mut good, mut bad) = (0, 0);
    for (i, source) in PATTERNS.iter().enumerate() {
        let regex = pattern::compile(source).map_err(|error| format!("{source}: {error}"))?;
        for text in &texts {
            let fits = regex.is_match(text);
            if fits {
                good += 1
            } else {
                bad += 1
            }
            asked.push(json!([format!("isM{i}"), text, fits]));
        }
    }
    assert!(good > 5000 && bad > 5000, "{good} good, {bad} bad");
    fs::write(folder.join("asked.json"), serde_json::to_string(&asked)?)?;
    let said = run(
        &folder,
        "import { readFileSync } from 'node:fs';
         import * as api from './out/api.js';
         const asked = JSON.parse(readFileSync(new URL('asked.json', import.meta.url)));
         const patterns = asked.shift();
         for (const [is, t, fits] of asked) {
           if (api[is]({ t }) !== fits) console.log(is, JSON.stringify(t), 'not', fits);
           if (new RegExp(patterns[is.slice(3)], 'u').test(t) !== fits) console.log(is, JSON.stringify(t), 'not', fits, 'to the engine');
         }",
    )?;
    assert_eq!(said, "", "{PATTERNS:?}");
    // Four times the text takes four times the work; with backtracking it would take sixteen times as long, or never
    // end.
    let said = run(
        &folder,
        "import * as api from './out/api.js';
         const took = (is, t) => {
           let least = Infinity;
           for (let i = 0; i < 5; i++) {
             const start = performance.now();
             api[is]({ t });
             least = Math.min(least, performance.now() - start);
           }
           return least;
         };
         for (const is of Object.keys(api).filter(name => /^isM\\d/.test(name))) {
           for (const [some, end] of [['a', '!'], ['ab', '-!'], [' a', '\\n'], ['a0', '@!']]) {
             const ratio = () => took(is, some.repeat(8000) + end) / took(is, some.repeat(2000) + end);
             // One run to warm up the engine; then the best of several ratios counts.
             took(is, some.repeat(2000) + end);
             let least = Infinity;
             for (let i = 0; i < 6 && least > 9; i++) least = Math.min(least, ratio());
             if (least > 9) console.log(is, JSON.stringify(some), least);
           }
         }",
    )?;
    assert_eq!(said, "");
    Ok(())
}

/// A value with this many levels, and something at the end.
type Nest = fn(usize, Value) -> Value;

/// Recursive types, and values of each.
fn recursive() -> Vec<(&'static str, Value, Nest)> {
    let node = json!({ "$ref": "#/types/Node" });
    let with = |more: Value| {
        let mut properties = json!({ "a": node });
        for (name, value) in more.as_object().into_iter().flatten() {
            properties[name] = value.clone();
        }
        properties
    };
    let object = |required: Value, more: Value| json!({ "type": "object", "required": required, "properties": with(more) });
    let nest: Nest = |n, end| (0..n).fold(end, |inside, _| json!({ "a": inside }));
    let tagged: Nest = |n, end| (0..n).fold(end, |inside, _| json!({ "t": "x", "a": inside }));
    let listed: Nest = |n, end| (0..n).fold(end, |inside, _| json!([inside]));
    let x = json!({ "x": { "type": "string" } });
    let y = json!({ "y": { "type": "string" } });
    let integer = json!({ "type": "integer" });
    vec![
        (
            "anyOf",
            json!({ "anyOf": [object(json!(["a", "x"]), x.clone()), object(json!(["a"]), y.clone()), integer] }),
            nest,
        ),
        (
            "oneOf",
            json!({ "oneOf": [object(json!(["a", "x"]), x.clone()), object(json!(["a"]), y.clone()), integer] }),
            nest,
        ),
        (
            "oneOf in oneOf",
            json!({ "oneOf": [{ "oneOf": [object(json!(["a", "x"]), x.clone()), object(json!(["a"]), y.clone())] }, integer] }),
            nest,
        ),
        (
            "not",
            json!({ "not": { "properties": { "a": { "not": node } } }, "anyOf": [object(json!(["a"]), y.clone()), integer] }),
            nest,
        ),
        (
            "if",
            json!({ "if": object(json!(["a"]), x.clone()), "then": object(json!(["a"]), y.clone()), "else": integer }),
            nest,
        ),
        (
            "contains",
            json!({ "anyOf": [{ "type": "array", "contains": node, "items": node }, integer] }),
            listed,
        ),
        (
            "unevaluated",
            json!({ "anyOf": [object(json!(["a", "x"]), x.clone()), object(json!(["a"]), y.clone()), integer], "unevaluatedProperties": false }),
            nest,
        ),
        (
            "dependentSchemas",
            json!({ "type": ["object", "integer"], "properties": with(json!({})), "dependentSchemas": { "a": object(json!([]), y.clone()) } }),
            nest,
        ),
        (
            "allOf",
            json!({ "allOf": [{ "type": ["object", "integer"], "properties": with(json!({})) }, { "properties": with(y.clone()) }] }),
            nest,
        ),
        (
            "tagged",
            json!({ "oneOf": [
            { "type": "object", "required": ["t"], "properties": with(json!({ "t": { "const": "x" } })) },
            { "type": "object", "required": ["t"], "properties": with(json!({ "t": { "const": "y" } })) },
        ] }),
            tagged,
        ),
        (
            "plain",
            json!({ "type": "object", "properties": with(json!({ "x": { "type": "string" } })) }),
            nest,
        ),
    ]
}

#[test]
fn what_contains_its_like_is_asked_once() -> Result<()> {
    for (name, node, nest) in recursive() {
        let mut spec = spec(
            json!({ "m": { "from": "client", "payload": { "type": "object", "required": ["v"], "properties": { "v": { "$ref": "#/types/Node" } } } } }),
        );
        spec["types"] = json!({ "Node": node });
        let protocol = load(&spec, &BTreeMap::new()).map_err(|error| format!("{name}: {error}"))?;
        let folder = generate(&protocol, &format!("linear-{}", name.replace(' ', "-")))?;
        compile(&folder, "typescript")?;
        // Every violation is that of the interpreter, for valid and invalid, shallow and deep values.
        let id = protocol.types[0].schema;
        let mut cases = Vec::new();
        for depth in [0, 1, 2, 3, 7, 12] {
            for end in [
                json!(1),
                json!("bad"),
                json!({ "z": 1 }),
                json!({ "t": "x", "x": "" }),
                json!([]),
            ] {
                let value = nest(depth, end);
                for side in [Side::Server, Side::Client] {
                    cases.push(case(
                        "validateNode",
                        side,
                        &value,
                        violations(&protocol, id, &value, side),
                    ));
                }
            }
        }
        assert_eq!(differences(&folder, &cases)?, "", "{name}");
        // Reads of the value are counted.
        let values: Vec<Value> = [json!(1), json!("bad"), json!({ "t": "x", "x": "" })]
            .into_iter()
            .map(|end| json!([nest(5, end.clone()), nest(20, end)]))
            .collect();
        fs::write(folder.join("values.json"), serde_json::to_string(&values)?)?;
        let said = run(
            &folder,
            "import { readFileSync } from 'node:fs';
             import { validateM, isM } from './out/api.js';
             import { violationsOf } from './out/handfast.js';
             let asked = 0;
             const count = name => (...given) => { asked++; return Reflect[name](...given); };
             const traps = Object.fromEntries(['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor'].map(name => [name, count(name)]));
             const counted = value => {
               if (typeof value !== 'object' || value === null) return value;
               for (const key of Object.keys(value)) value[key] = counted(value[key]);
               return new Proxy(value, traps);
             };
             for (const [small, large] of JSON.parse(readFileSync(new URL('values.json', import.meta.url)))) {
               const work = [small, large].map(v => {
                 asked = 0;
                 const value = counted({ v });
                 const before = asked;
                 isM(value);
                 violationsOf(validateM, value, 'sent');
                 return asked - before;
               });
               // Several schemas of one value report the same, up to a thousand violations.
               if (work[1] > 32 * work[0]) console.log(JSON.stringify(small), work);
             }",
        )?;
        assert_eq!(said, "", "{name}");
    }
    Ok(())
}

#[test]
fn equal_items_are_found_in_one_pass() -> Result<()> {
    let unique = json!({ "type": "array", "uniqueItems": true });
    let protocol = load(
        &spec(
            json!({ "m": { "from": "client", "payload": { "type": "object", "required": ["v"], "properties": { "v": unique } } } }),
        ),
        &BTreeMap::new(),
    )?;
    let folder = generate(&protocol, "linear-unique")?;
    compile(&folder, "typescript")?;
    let lists = [
        json!([{ "a": 1 }, { "a": 1.0 }]),
        json!([{ "a": 0.0 }, { "a": -0.0 }]),
        json!([{ "a": 1, "b": 2 }, { "b": 2, "a": 1 }]),
        json!([{ "a": 1 }, { "a": "1" }]),
        json!([[1, 2], ["1,2"], ["1", 2], "1,2"]),
        json!([{ "a": { "b": [] } }, { "a": { "b": {} } }, { "a": { "b": "" } }]),
        json!([["\"", ","], ["\",\""]]),
        json!([{ "a\":1,\"b": 1 }, { "a": 1, "b": 1 }]),
        json!([null, "null", [null], ["null"], false, "false"]),
        json!([{ "__proto__": 1 }, { "__proto__": 2 }, {}]),
        json!([{ "__proto__": 1 }, { "__proto__": 1 }]),
        json!([1, true, [1], [true]]),
        json!([["é", "\u{1F600}"], ["é", "\u{1F600}"]]),
    ];
    let id = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|sent| sent.payload)
        .ok_or("a payload")?;
    let mut cases = Vec::new();
    for list in &lists {
        let value = json!({ "v": list });
        cases.push(case(
            "validateM",
            Side::Server,
            &value,
            violations(&protocol, id, &value, Side::Server),
        ));
    }
    assert_eq!(differences(&folder, &cases)?, "");
    let said = run(
        &folder,
        "import { isM } from './out/api.js';
         let asked = 0;
         const get = (...given) => { asked++; return Reflect.get(...given); };
         const work = n => {
           const v = Array.from({ length: n }, (_, i) => new Proxy({ id: i, name: 'x' }, { get }));
           asked = 0;
           if (!isM({ v }) || isM({ v: [...v, { name: 'x', id: 1 }] })) console.log('not the verdict');
           return asked;
         };
         const [small, large] = [work(500), work(2000)];
         if (large > 5 * small) console.log(small, large);",
    )?;
    assert_eq!(said, "");
    Ok(())
}
