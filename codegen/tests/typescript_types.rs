//! Types in TypeScript: what each says is written out here, values that a schema accepts are of its type, and values of
//! another kind are not. Both compilers agree.

#[path = "typescript_types/cases.rs"]
mod cases;
#[expect(dead_code, reason = "other tests of TypeScript use the rest")]
mod typescript_project;

use cases::{Case, cases};
use handfast_codegen::{shape::shapes, typescript::untyped};
use handfast_schema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use typescript_project::{Result, compile_with_both, generate, load, run};

/// A protocol with a type for each case.
fn protocol_of(cases: &[Case], options: Value) -> Value {
    let types = cases
        .iter()
        .map(|case| (case.name.to_owned(), case.schema.clone()));
    let types: serde_json::Map<String, Value> = types.collect();
    json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "dialect": { "name": "json-schema", "formats": "assert" },
        "types": types,
        "messages": {},
        "generate": { "typescript": options },
    })
}

/// The declaration of a type, without its documentation.
fn declaration<'t>(api: &'t str, name: &str) -> Option<&'t str> {
    let start = [
        format!("export type {name} ="),
        format!("export interface {name} "),
    ]
    .into_iter()
    .find_map(|head| api.find(&head))?;
    let text = &api[start..];
    let end = text.find("\nexport ").unwrap_or(text.len());
    let end = text[..end].find("\n\n").unwrap_or(end);
    Some(text[..end].trim_end().trim_start_matches("export "))
}

#[test]
fn types_say_what_schemas_say() -> Result<()> {
    let cases = cases();
    let protocol = load(
        &protocol_of(&cases, json!({ "out": "api.ts" })),
        &BTreeMap::new(),
    )?;
    let folder = generate(&protocol, "types")?;
    let api = fs::read_to_string(folder.join("src/api.ts"))?;
    let validator = Validator::new(&protocol.schemas);
    let mut values = "import type * as api from './api.js';\n".to_owned();
    let mut wrong = Vec::new();
    for case in &cases {
        let found = declaration(&api, case.name).unwrap_or_default();
        if found != case.ty {
            wrong.push(format!(
                "{}\n  expected {}\n  found    {found}",
                case.name, case.ty
            ));
        }
        let named = protocol.types.iter().find(|ty| ty.name.text == case.name);
        let schema = named.ok_or("a type without a schema")?.schema;
        for (i, (value, is_valid)) in case.values().enumerate() {
            if validator.is_valid(schema, value, None) != is_valid {
                wrong.push(format!("{}: is {value} valid?", case.name));
            }
            let expects = if is_valid {
                ""
            } else {
                "// @ts-expect-error\n"
            };
            let name = case.name;
            values += &format!("{expects}export const a{name}{i}: api.{name} = {value};\n");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (shapes, _) = shapes(&protocol);
    let untyped = untyped(&protocol, &shapes);
    let expected: Vec<&str> = cases
        .iter()
        .filter(|case| case.untyped)
        .map(|case| case.name)
        .collect();
    let found: Vec<&str> = (untyped.untyped.iter())
        .map(|place| place.path.split(['.', '[']).next().unwrap_or_default())
        .collect();
    assert_eq!(found, expected, "{:?}", untyped.untyped);
    fs::write(folder.join("src/values.ts"), values)?;
    compile_with_both(&folder)
}

/// Uses of types with brands: what compiles, and what does not.
const BRANDED: &str = "
    import * as api from './api.js';
    export const user: api.UserId = api.userId('a1');
    export const age: api.Age = api.age(7);
    export const at: api.DateTimeString = api.dateTimeString('2026-01-02T03:04:05Z');
    export const sent: api.Sent = { user, age, at, ids: [user], plain: 'x' };
    // It is a string like others.
    export const text: string = user.toUpperCase();
    // Of both brands.
    export const both: (value: api.Both) => [api.UserId, api.Owner] = value => [value, value];
    export const checked: (value: string) => api.UserId | undefined = value => (api.isUserId(value) ? value : undefined);
    // @ts-expect-error
    export const a: api.UserId = 'a1';
    // @ts-expect-error
    export const b: api.UserId = api.owner('a1');
    // @ts-expect-error
    export const c: api.Sent = { user, age: 7, at, ids: [], plain: 'x' };
    // @ts-expect-error
    export const d: api.Sent = { user, age, at: 'now', ids: [], plain: 'x' };
    // @ts-expect-error
    export const e: api.UserId = api.userId(7);
";

#[test]
fn brands_distinguish_strings() -> Result<()> {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "types": {
            "UserId": { "type": "string", "pattern": "^[a-z]" },
            "Owner": { "type": "string", "format": "hostname" },
            "Same": { "$ref": "#/types/UserId" },
            "Both": { "allOf": [{ "$ref": "#/types/UserId" }, { "$ref": "#/types/Owner" }] },
            "Age": { "type": "integer", "minimum": 0 },
            "Kind": { "enum": ["a", "b"] },
        },
        "messages": { "sent": { "from": "both", "payload": {
            "type": "object",
            "required": ["user", "age", "at", "ids", "plain"],
            "properties": {
                "user": { "$ref": "#/types/UserId" },
                "age": { "$ref": "#/types/Age" },
                "at": { "type": "string", "format": "date-time" },
                "until": { "type": "string", "format": "date-time", "default": "2026-01-02T03:04:05Z" },
                "ids": { "type": "array", "items": { "$ref": "#/types/Same" } },
                "kind": { "$ref": "#/types/Kind", "default": "a" },
                "others": { "type": "array", "items": { "$ref": "#/types/UserId" }, "default": ["b2"] },
                "plain": { "type": "string" },
            },
        } } },
        "generate": { "typescript": { "out": "api.ts", "brands": true } },
    });
    let protocol = load(&spec, &BTreeMap::new())?;
    let folder = generate(&protocol, "brands")?;
    let api = fs::read_to_string(folder.join("src/api.ts"))?;
    let declared = "type UserId = string & { readonly __brand: { readonly UserId: true } };";
    assert_eq!(declaration(&api, "UserId"), Some(declared));
    assert_eq!(declaration(&api, "Same"), Some("type Same = UserId;"));
    fs::write(folder.join("src/uses.ts"), BRANDED)?;
    compile_with_both(&folder)?;
    let said = run(
        &folder,
        "import * as api from './out/api.js';
         console.log(api.userId('a'), api.age(3), api.isDateTimeString('x'), api.sentUntilDefault, api.sentOthersDefault[0]);
         for (const make of [() => api.userId('1'), () => api.dateTimeString('x')]) {
           try { make(); } catch (error) { console.log(String(error)); }
         }",
    )?;
    assert_eq!(
        said,
        "a 3 false 2026-01-02T03:04:05Z b2\n\
         TypeError: not a UserId: must match the pattern ^[a-z]\n\
         TypeError: not a DateTimeString: must be a valid date-time\n"
    );
    Ok(())
}

/// `n` objects, each inside of the one before it, with an index signature that has to fit it.
fn nested(n: usize) -> Value {
    (0..n).fold(json!({ "type": "object" }), |inner, i| {
        json!({
            "type": "object",
            "properties": { format!("p{i}"): inner },
            "additionalProperties": { "type": "string" },
        })
    })
}

/// `n` types, each of which narrows the one before it, or any value that is no object.
fn narrowed(n: usize) -> Value {
    let of = |i: usize| match i {
        0 => json!({ "properties": { "p": { "type": "string" } } }),
        i => json!({
            "allOf": [{ "$ref": format!("#/types/T{}", i - 1) }, { "type": "object" }],
            "required": [format!("q{i}")],
            "properties": { format!("q{i}"): { "$ref": format!("#/types/T{}", (i * 7) % n) } },
        }),
    };
    let types = (0..n).map(|i| (format!("T{i}"), of(i)));
    Value::Object(types.collect())
}

#[test]
fn types_are_as_long_as_the_spec_times_a_number() -> Result<()> {
    let size = |types: Value| -> Result<(usize, usize)> {
        let mut spec = protocol_of(&[], json!({ "out": "api.ts" }));
        spec["types"] = types;
        let from = spec.to_string().len();
        let protocol = load(&spec, &BTreeMap::new())?;
        let untyped = untyped(&protocol, &shapes(&protocol).0).untyped;
        assert!(untyped.is_empty(), "{untyped:?}");
        let (outputs, _) = handfast_codegen::outputs(&protocol, "x");
        let api = outputs.first().ok_or("no output")?;
        Ok((from, api.text.len()))
    };
    type Spec = fn(usize) -> Value;
    let all: [(&str, Spec, usize); 2] = [
        ("nested", |n| json!({ "Nested": nested(n) }), 8),
        ("narrowed", narrowed, 80),
    ];
    for (name, types, n) in all {
        let (small, large) = (size(types(n))?, size(types(4 * n))?);
        let is_linear = large.1 * small.0 < 2 * small.1 * large.0 && small.1 < 24 * small.0;
        assert!(is_linear, "{name}: {small:?} and {large:?}");
    }
    Ok(())
}
