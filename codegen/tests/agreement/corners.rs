//! Corner cases of schemas, beyond the shared vectors.

use serde_json::{Value, json};

/// A schema, and the values to check.
type Case = (Value, Vec<Value>);

/// Schemas beyond the shared vectors: nested parts, unions inside parts, recursion, every format.
pub(super) fn corners() -> Vec<Case> {
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
    let mut all: Vec<Case> = schemas
        .into_iter()
        .map(|schema| (schema, objects.clone()))
        .collect();
    all.extend(formats());
    all.extend(multiples());
    all
}

/// Every format, with texts at its edges.
fn formats() -> Vec<Case> {
    let mut all = Vec::new();
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
    all
}

/// Divisors, with numbers that are multiples or nearly.
fn multiples() -> Vec<Case> {
    let mut all = Vec::new();
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
