//! The committed JSON Schema of protocol.yaml, which editors use, is the one that the parser checks.

#[test]
fn the_committed_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol.schema.json");
    let committed = std::fs::read_to_string(path).expect("it is committed");
    let current =
        serde_json::to_string_pretty(&handfast_spec::format_schema()).expect("JSON") + "\n";
    assert!(
        committed == current,
        "stale: run `cargo run -p codegen -- schema --out protocol.schema.json`"
    );
}
