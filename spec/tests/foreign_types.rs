//! `generate.rust.types`: formats and paths.

use handfast_spec::{Severity, load_str};
use std::collections::BTreeMap;

/// The errors and warnings of a spec with these types, as codes and messages, each with its help.
fn reported(top: &str, types: &str) -> Vec<String> {
    let text = format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{top}messages:\n  news: {{ from: server, payload: {{ type: string, format: uuid }} }}\ngenerate: {{ rust: {{ out: a.rs, types: {types} }} }}\n"
    );
    let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
    let all = loaded.diagnostics.into_iter();
    all.filter(|one| one.severity != Severity::Note)
        .map(|one| {
            format!(
                "{} {} ({})",
                one.code,
                one.message,
                one.help.unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn a_format_is_known_and_used() {
    assert_eq!(reported("", "{ uuid: 'uuid::Uuid' }"), [""; 0]);
    assert_eq!(
        reported("", "{ uuid: 'uuid::Uuid', date: 'chrono::NaiveDate' }"),
        ["P021 the Rust type of the format `date` is never used ()"]
    );
    assert_eq!(
        reported("", "{ datetime: 'chrono::DateTime<chrono::Utc>' }"),
        ["S014 there is no format `datetime` (did you mean `date-time`?)"]
    );
    assert_eq!(
        reported("dialect: json-schema\n", "{ uuid: 'uuid::Uuid' }"),
        [
            "P021 the Rust type of the format `uuid` is never used (the format is an annotation here; write `dialect: { name: json-schema, formats: assert }`)"
        ]
    );
    let asserted = "dialect: { name: json-schema, formats: assert }\n";
    assert_eq!(reported(asserted, "{ uuid: 'uuid::Uuid' }"), [""; 0]);
}

#[test]
fn a_type_is_a_path() {
    for path in [
        "Uuid",
        "uuid::Uuid",
        "::uuid::Uuid",
        "crate::ids::Id",
        "super::super::Id",
        "self::Id",
        "chrono::DateTime<chrono::Utc>",
        "a::B<c::D, e::F<G>>",
        "a::B< c::D >::E",
        "_a::_B",
    ] {
        assert_eq!(
            reported("", &format!("{{ uuid: '{path}' }}")),
            [""; 0],
            "{path}"
        );
    }
    let deep = format!("{}Id{}", "A<".repeat(20), ">".repeat(20));
    for path in [
        "",
        "uuid::",
        "::",
        "uuid:Uuid",
        "uuid Uuid",
        "uuid::Uuid<",
        "uuid::Uuid>",
        "uuid::Uuid<>",
        "A<B>C",
        "A<B,>",
        "A<B C>",
        "fn::Uuid",
        "uuid::type",
        "crate",
        "a::crate::B",
        "2nd",
        "a-b::C",
        "Vec<u8>;",
        "&str",
        "[u8]",
        "(A, B)",
        "Größe",
        &deep,
    ] {
        let all = reported("", &format!("{{ uuid: '{path}' }}"));
        assert_eq!(all.len(), 1, "{path}: {all:?}");
        assert!(
            all[0].starts_with("P038 ") && all[0].contains("is not a Rust path"),
            "{path}: {all:?}"
        );
    }
}
