//! Schemas of every sort, with their types, and values that are of the type or are not.

use serde_json::{Value, json};

/// A schema and its type.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) schema: Value,
    /// Its declaration.
    pub(crate) ty: &'static str,
    valid: Value,
    /// Values that differ in kind from what the schema accepts, so that their type differs as well.
    invalid: Value,
    /// Whether the type says less than it could.
    pub(crate) untyped: bool,
}

impl Case {
    /// Every value, and whether it is valid.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&Value, bool)> {
        let valid = self.valid.as_array().into_iter().flatten();
        let invalid = self.invalid.as_array().into_iter().flatten();
        let valid = valid.map(|value| (value, true));
        valid.chain(invalid.map(|value| (value, false)))
    }
}

fn case(name: &'static str, schema: Value, ty: &'static str, valid: Value, invalid: Value) -> Case {
    Case {
        name,
        schema,
        ty,
        valid,
        invalid,
        untyped: false,
    }
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    [unions(), objects(), combined(), arrays()]
        .into_iter()
        .flatten()
        .collect()
}

fn unions() -> Vec<Case> {
    vec![
        case(
            "OneOrMany",
            json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
            "type OneOrMany = string | readonly string[];",
            json!(["a", ["a"], []]),
            json!([1, [1]]),
        ),
        case(
            "Several",
            json!({ "type": ["string", "integer", "null"] }),
            "type Several = string | number | null;",
            json!(["a", 1, null]),
            json!([true, []]),
        ),
        case(
            "Mixed",
            json!({ "enum": ["a", 1, true, false, null, [1, "b"], { "c": [] }] }),
            "type Mixed = 'a' | 1 | boolean | readonly [1, 'b'] | { readonly c: readonly [] } | null;",
            json!(["a", 1, false, null, [1, "b"], { "c": [] }]),
            json!(["b", 2, [1], { "c": [1] }]),
        ),
        case(
            "Completed",
            json!({ "anyOf": [{ "enum": ["es5", "es6"] }, { "type": "string", "pattern": "^es" }] }),
            "type Completed = 'es5' | 'es6' | (string & {});",
            json!(["es5", "es7"]),
            json!([5]),
        ),
        case(
            "One",
            json!({ "anyOf": [{ "oneOf": [{ "type": "number" }] }] }),
            "type One = number;",
            json!([1.5]),
            json!(["a"]),
        ),
        case(
            "NoNull",
            json!({ "not": { "type": ["null", "array"] } }),
            "type NoNull = { readonly [key: string]: unknown } | string | number | boolean;",
            json!(["a", {}]),
            json!([null, []]),
        ),
        case(
            "ByCondition",
            json!({
                "if": { "type": "string" },
                "then": { "enum": ["on", "off"] },
                "else": { "type": "integer" },
            }),
            "type ByCondition = 'on' | 'off' | number;",
            json!(["on", 3]),
            json!(["a", null]),
        ),
        case(
            "Tagged",
            json!({ "oneOf": [
                { "type": "object", "required": ["v"], "properties": { "v": { "const": 1 }, "a": { "type": "string" } }, "additionalProperties": false },
                { "type": "object", "required": ["v"], "properties": { "v": { "const": 2 }, "b": { "type": "string" } }, "additionalProperties": false },
            ] }),
            "type Tagged = { readonly v: 1; readonly a?: string } | { readonly v: 2; readonly b?: string };",
            json!([{ "v": 1, "a": "x" }, { "v": 2 }]),
            json!([{ "v": 3 }, { "v": 1, "b": "x" }, "a"]),
        ),
    ]
}

fn objects() -> Vec<Case> {
    vec![
        case(
            "Implied",
            json!({ "properties": { "a": { "type": "string" } }, "additionalProperties": false }),
            "type Implied = { readonly a?: string } | readonly unknown[] | string | number | boolean | null;",
            json!([{ "a": "x" }, 1, null, [1]]),
            json!([{ "a": 1 }]),
        ),
        case(
            "Rest",
            json!({
                "type": "object",
                "required": ["id"],
                "properties": { "id": { "type": "integer" }, "name": { "type": "string" } },
                "additionalProperties": { "type": "string" },
            }),
            "interface Rest {\n  readonly id: number;\n  readonly name?: string;\n  \
             readonly [key: string]: string | number | undefined;\n}",
            json!([{ "id": 1 }, { "id": 1, "more": "a" }]),
            json!([{ "id": "a" }, { "id": 1, "more": true }, {}]),
        ),
        case(
            "Prefixed",
            json!({
                "type": "object",
                "properties": { "on": { "type": "boolean" } },
                "patternProperties": { "^x-": { "type": "string" }, "^(min|max)$": { "type": "number" } },
                "additionalProperties": false,
            }),
            "interface Prefixed {\n  readonly on?: boolean;\n  readonly min?: number;\n  readonly max?: number;\n  \
             readonly [key: `x-${string}`]: string;\n}",
            json!([{ "x-a": "b", "min": 1 }]),
            json!([{ "x-a": 1 }, { "max": "a" }, { "on": 1 }]),
        ),
        case(
            "ByPattern",
            json!({ "type": "object", "patternProperties": { "^[a-z]+$": { "type": "integer" } }, "additionalProperties": false }),
            "type ByPattern = { readonly [key: string]: number };",
            json!([{ "a": 1 }]),
            json!([{ "a": "b" }]),
        ),
        case(
            "AllNames",
            json!({ "type": "object", "patternProperties": { "^.*$": { "type": "integer" } } }),
            "type AllNames = { readonly [key: string]: number };",
            json!([{ "a": 1 }]),
            json!([{ "a": "b" }]),
        ),
        Case {
            untyped: true,
            ..case(
                "OpenPattern",
                json!({ "type": "object", "patternProperties": { "^[a-z]+$": { "type": "integer" } } }),
                "type OpenPattern = { readonly [key: string]: unknown };",
                json!([{ "a": 1 }, { "A": "b" }]),
                json!([1]),
            )
        },
        case(
            "Unevaluated",
            json!({
                "type": "object",
                "allOf": [{ "properties": { "a": { "type": "string" } } }],
                "unevaluatedProperties": { "type": "number" },
            }),
            "type Unevaluated = { readonly [key: string]: number | string | undefined } & { readonly a?: string };",
            json!([{ "a": "x", "b": 1 }]),
            json!([{ "a": 1 }, { "b": true }]),
        ),
        case(
            "Closed",
            json!({
                "type": "object",
                "properties": { "a": { "type": "string" } },
                "allOf": [{ "properties": { "b": { "type": "string" } } }],
                "unevaluatedProperties": false,
            }),
            "interface Closed {\n  readonly a?: string;\n  readonly b?: string;\n}",
            json!([{ "a": "x", "b": "y" }]),
            json!([{ "a": 1 }]),
        ),
        case(
            "Empty",
            json!({ "type": "object", "additionalProperties": false }),
            "type Empty = { readonly [key: string]: never };",
            json!([{}]),
            json!([{ "a": 1 }, 1]),
        ),
        case(
            "Never",
            json!({ "type": "object", "properties": { "old": { "not": {} }, "a": { "type": "string" } } }),
            "interface Never {\n  readonly old?: never;\n  readonly a?: string;\n  readonly [key: string]: unknown;\n}",
            json!([{ "a": "b", "c": 1 }]),
            json!([{ "old": 1 }]),
        ),
        case(
            "Tree",
            json!({ "type": "object", "required": ["inner"], "properties": { "inner": { "type": "array", "items": { "$ref": "#/types/Tree" } } } }),
            "interface Tree {\n  readonly inner: readonly Tree[];\n  readonly [key: string]: unknown;\n}",
            json!([{ "inner": [{ "inner": [] }] }]),
            json!([{ "inner": [1] }]),
        ),
    ]
}

fn combined() -> Vec<Case> {
    vec![
        case(
            "Task",
            json!({
                "type": "object",
                "required": ["status"],
                "properties": { "status": { "enum": ["open", "done"] }, "owner": { "type": "string" } },
                "additionalProperties": false,
            }),
            "interface Task {\n  readonly status: 'open' | 'done';\n  readonly owner?: string;\n}",
            json!([{ "status": "open" }]),
            json!([{ "status": "x" }]),
        ),
        case(
            "Done",
            json!({ "allOf": [{ "$ref": "#/types/Task" }, { "properties": { "status": { "const": "done" } } }] }),
            "type Done = Task & { readonly status?: 'done' };",
            json!([{ "status": "done" }]),
            json!([{ "status": "open" }, "a"]),
        ),
        case(
            "Owned",
            json!({ "$ref": "#/types/Task", "required": ["owner"], "description": "With siblings." }),
            "type Owned = Task & { readonly owner: string };",
            json!([{ "status": "done", "owner": "a" }]),
            json!([{ "status": "done" }]),
        ),
        case(
            "Described",
            json!({ "$ref": "#/types/Task", "description": "A task." }),
            "type Described = Task;",
            json!([{ "status": "done" }]),
            json!([{}]),
        ),
        case(
            "Base",
            json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" } } }),
            "interface Base {\n  readonly id: number;\n  readonly [key: string]: unknown;\n}",
            json!([{ "id": 1 }]),
            json!([{}]),
        ),
        case(
            "Extended",
            json!({ "allOf": [{ "$ref": "#/types/Base" }, { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } }] }),
            "interface Extended extends Base {\n  readonly name: string;\n}",
            json!([{ "id": 1, "name": "a" }]),
            json!([{ "id": 1 }, { "name": "a" }]),
        ),
        case(
            "Either",
            json!({
                "type": "object",
                "properties": { "a": { "type": "string" }, "b": { "type": "integer" } },
                "oneOf": [{ "required": ["a"] }, { "required": ["b"] }],
            }),
            "type Either = { readonly a?: string; readonly b?: number; readonly [key: string]: unknown } & ({ readonly a: string } | { readonly b: number });",
            json!([{ "a": "x" }, { "b": 1 }]),
            json!([{ "a": 1 }, {}]),
        ),
        case(
            "Twice",
            json!({
                "type": "object",
                "allOf": [
                    { "properties": { "a": { "enum": ["x", "y"] } }, "required": ["a"] },
                    { "properties": { "a": { "enum": ["y", "z"] }, "b": { "type": "string" } } },
                ],
            }),
            "interface Twice {\n  readonly a: 'y';\n  readonly b?: string;\n  readonly [key: string]: unknown;\n}",
            json!([{ "a": "y" }]),
            json!([{ "a": "x" }, { "a": "y", "b": 1 }]),
        ),
        case(
            "Guarded",
            json!({
                "type": "object",
                "properties": { "a": { "type": "string" } },
                "if": { "required": ["a"] },
                "then": { "minProperties": 2 },
                "not": { "required": ["z"] },
                "dependentRequired": { "a": ["b"] },
                "additionalProperties": { "type": "string" },
            }),
            "interface Guarded {\n  readonly a?: string;\n  readonly [key: string]: string | undefined;\n}",
            json!([{}, { "a": "x", "b": "y" }]),
            json!([{ "a": 1 }]),
        ),
        case(
            "LooseA",
            json!({ "properties": { "a": { "type": "string" } } }),
            "type LooseA =\n  | { readonly a?: string; readonly [key: string]: unknown }\n  | readonly unknown[]\n  | string\n  | number\n  | boolean\n  | null;",
            json!([1, { "a": "x" }]),
            json!([{ "a": 1 }]),
        ),
        case(
            "OnlyObjects",
            json!({ "type": "object", "allOf": [{ "$ref": "#/types/LooseA" }], "required": ["b"], "properties": { "b": { "type": "string" } } }),
            "interface OnlyObjects {\n  readonly b: string;\n  readonly a?: string;\n  readonly [key: string]: unknown;\n}",
            json!([{ "a": "x", "b": "y" }]),
            json!([1, { "a": 1, "b": "y" }, { "a": "x" }]),
        ),
        case(
            "Long",
            json!({ "properties": { "a": { "enum": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] } } }),
            "type Long =\n  | {\n      readonly a?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16;\n      \
             readonly [key: string]: unknown;\n    }\n  | readonly unknown[]\n  | string\n  | number\n  | boolean\n  | null;",
            json!([1, { "a": 1 }]),
            json!([{ "a": 17 }]),
        ),
        case(
            "LongObjects",
            json!({ "$ref": "#/types/Long", "type": "object", "required": ["b"], "properties": { "b": { "type": "string" } } }),
            "type LongObjects = hf.ObjectsOf<Long> & { readonly b: string };",
            json!([{ "a": 1, "b": "y" }]),
            json!([1, { "a": 17, "b": "y" }, { "a": 1 }]),
        ),
    ]
}

fn arrays() -> Vec<Case> {
    vec![
        case(
            "Pair",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "minItems": 1, "items": false }),
            "type Pair = readonly [string, number?];",
            json!([["a"], ["a", 1]]),
            json!([[], ["a", "b"], ["a", 1, 2]]),
        ),
        case(
            "Headed",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "minItems": 1, "items": { "type": "integer" } }),
            "type Headed = readonly [string, ...number[]];",
            json!([["a"], ["a", 1, 2]]),
            json!([[], [1], ["a", "b"]]),
        ),
        // An optional place that is a list of the type itself has a name: TypeScript would resolve the list while it reads the type.
        case(
            "Nest",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "array", "items": { "$ref": "#/types/Nest" } }], "minItems": 1, "items": false }),
            "type Nest = readonly [string, NestItem?];",
            json!([["a"], ["a", [["b"], ["c", []]]]]),
            json!([["a", "b"], ["a", [1]], ["a", [["b", [[]]]]]]),
        ),
        case(
            "Single",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "minItems": 1, "maxItems": 1 }),
            "type Single = readonly [string];",
            json!([["a"]]),
            json!([[], ["a", "b"], [1]]),
        ),
        case(
            "SomeItems",
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            "type SomeItems = readonly string[];",
            json!([["a"]]),
            json!([[1], "a"]),
        ),
        case(
            "NoItems",
            json!({ "type": "array", "items": false }),
            "type NoItems = readonly [];",
            json!([[]]),
            json!([[1]]),
        ),
        case(
            "Deep",
            json!({ "type": "array", "items": { "type": "array", "items": { "type": ["string", "null"] } } }),
            "type Deep = readonly (readonly (string | null)[])[];",
            json!([[["a", null]], []]),
            json!([["a"]]),
        ),
    ]
}
