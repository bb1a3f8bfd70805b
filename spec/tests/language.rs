//! The language, through the public API.

use handfast_spec::model::{FieldKind, Presence, Reply, Sent, Tagging, TimestampForm};
use handfast_spec::{Loaded, Severity, load, load_str, render};
use std::collections::BTreeMap;
use std::path::Path;

/// The reference protocol. A comma ends a plain scalar inside `{ }`, so a description with one has to be quoted.
fn reference() -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol.yaml"));
    let text = std::fs::read_to_string(path).expect("the reference protocol");
    text.replace(
        "description: Proof, where the server asks for one.,",
        "description: 'Proof, where the server asks for one.',",
    )
}

fn read(text: &str) -> Loaded {
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

fn shown(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, &loaded.sources, false)
}

/// The errors and warnings, without notes.
fn wrong(loaded: &Loaded) -> String {
    let reported = loaded.diagnostics.iter();
    let reported = reported
        .filter(|one| one.severity != Severity::Note)
        .cloned();
    render(&reported.collect::<Vec<_>>(), &loaded.sources, false)
}

/// The codes reported for a spec, in order.
fn codes(text: &str) -> Vec<&'static str> {
    read(text).diagnostics.iter().map(|one| one.code).collect()
}

const HEAD: &str = "handfast: 1\nprotocol: { name: demo, version: 1.0.0 }\n";

fn hash(text: &str) -> String {
    let loaded = read(text);
    assert_eq!(wrong(&loaded), "");
    loaded.protocol.expect("a protocol").hash
}

/// A pre-release counts as the version it leads to, wherever versions are compared.
#[test]
fn a_pre_release_is_accepted_as_its_release() {
    let spec = |accepts: &str| {
        format!(
            "handfast: 1\nprotocol: {{ name: demo, version: 1.2.0-rc.1, accepts: '{accepts}' }}\nmessages: {{ m: {{ from: server }} }}\n"
        )
    };
    for (accepts, expected) in [
        (">=1.0", vec![]),
        ("=1.2.0", vec![]),
        (">=1.2.0-rc.1", vec![]),
        ("=1.2.0-rc.1", vec!["P032"]),
        (">=1.0, <1.2.0", vec!["P032"]),
    ] {
        assert_eq!(codes(&spec(accepts)), expected, "{accepts}");
    }
}

#[test]
fn nothing_is_wrong_with_the_reference_protocol() {
    let loaded = read(&reference());
    assert_eq!(wrong(&loaded), "");
    let protocol = loaded.protocol.expect("a protocol without errors");
    assert_eq!(protocol.messages.len(), 18);
    assert_eq!(protocol.types.len(), 8);
    assert_eq!(protocol.hash.len(), 32);
    let typing = protocol
        .messages
        .iter()
        .find(|one| one.name.text == "user.typing");
    let typing = typing.expect("user.typing");
    let payload = |sent: &Option<Sent>| sent.as_ref().and_then(|sent| sent.payload);
    assert_ne!(payload(&typing.client), payload(&typing.server));
    let watch = protocol
        .messages
        .iter()
        .find(|one| one.name.text == "prices.watch");
    assert!(
        watch
            .and_then(|one| one.reply.as_ref())
            .is_some_and(Reply::is_stream)
    );
}

#[test]
fn json_is_read_as_yaml_is() {
    let yaml = read(&reference()).protocol.expect("a protocol");
    let format: serde_json::Value = as_json(&reference());
    let text = serde_json::to_string_pretty(&format).expect("JSON");
    assert_eq!(hash(&text), yaml.hash);
}

/// The reference protocol as JSON: what an editor's YAML plugin would validate.
fn as_json(yaml: &str) -> serde_json::Value {
    handfast_spec::yaml::to_json(yaml).expect("YAML")
}

#[test]
fn the_format_schema_takes_the_reference_protocol_and_no_slip() {
    let schema = handfast_spec::format_schema();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut spec = as_json(&reference());
    let errors: Vec<String> = validator
        .iter_errors(&spec)
        .map(|one| one.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    spec["messages"]["chat.send"]["payload"]["cont"] = serde_json::json!(1);
    assert!(!validator.is_valid(&spec));
    let mut spec = as_json(&reference());
    spec["session"]["heartbaet"] = serde_json::json!("25s");
    assert!(!validator.is_valid(&spec));
}

#[test]
fn the_core_schema_is_yaml_1_2() {
    let text = format!(
        "{HEAD}messages:\n  news:\n    from: server\n    payload: {{ enum: [no, on, 1_000, 0o17, 017, 0x1F, .5, 1., 1e3, ~, True, '1', -0, 0b1, 1:30] }}\n"
    );
    let loaded = read(&text);
    assert_eq!(shown(&loaded), "");
    let protocol = loaded.protocol.expect("a protocol");
    let payload = protocol.messages[0]
        .server
        .as_ref()
        .and_then(|sent| sent.payload);
    let values = protocol.schemas[payload.expect("a payload")]
        .enumeration
        .clone();
    let expected = serde_json::json!([
        "no", "on", "1_000", 15, 17, 31, 0.5, 1.0, 1000.0, null, true, "1", 0, "0b1", "1:30"
    ]);
    assert_eq!(serde_json::Value::Array(values.expect("values")), expected);
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let windows = format!("\u{feff}{}", reference().replace('\n', "\r\n"));
    assert_eq!(hash(&windows), hash(&reference()));
    let loaded =
        read(&format!("{HEAD}messages:\n  news: {{ from: sever }}\n").replace('\n', "\r\n"));
    let text = shown(&loaded);
    assert!(text.contains("protocol.yaml:4:17"), "{text}");
    assert!(!text.contains('\r'), "{text}");
}

#[test]
fn the_hash_covers_the_wire_and_nothing_else() {
    let reference = reference();
    let first = hash(&reference);
    let change = |from: &str, to: &str| {
        assert!(reference.contains(from), "{from}");
        hash(&reference.replacen(from, to, 1))
    };
    let limit = "properties:\n      name: { $ref: '#/types/UserName' }\n      device: { $ref: '#/types/Device' }";
    let turned = "properties:\n      device: { $ref: '#/types/Device' }\n      name: { $ref: '#/types/UserName' }";
    for (from, to) in [
        ("What a user is called.", "Another word."),
        ("required: [roomId, text]", "required: [text, roomId]"),
        (limit, turned),
        ("heartbeat: 25s", "heartbeat: 26s"),
        ("size: 500, ttl: 10m", "size: 50, bytes: 64KiB"),
        ("out: examples/chat/src/api.rs", "out: elsewhere.rs"),
        (
            "type: integer, minimum: 1, maximum: 20000",
            "maximum: 20000.0, minimum: 1, type: integer",
        ),
        // Inlined, the type is the same.
        (
            "device: { $ref: '#/types/Device' }",
            "device: { type: string, enum: [terminal, browser], open: true }",
        ),
    ] {
        if from.starts_with("device") {
            let text = reference.replace(from, to);
            let loaded = read(&text);
            let reported = loaded.diagnostics.iter();
            let reported = reported.filter(|one| one.severity != Severity::Note);
            let unused: Vec<_> = reported.map(|one| one.code).collect();
            assert_eq!(unused, ["P021"]);
            assert_eq!(loaded.protocol.expect("a protocol").hash, first);
            continue;
        }
        assert_eq!(change(from, to), first, "{to}");
    }
    for (from, to) in [
        (
            "maxLength: 2000 }\n        attachments",
            "maxLength: 2001 }\n        attachments",
        ),
        ("required: [roomId, text]", "required: [roomId]"),
        ("id: id ", "id: ref "),
        ("key: 'room:{roomId}'", "key: 'rooms:{roomId}'"),
        (
            "chat.sent: { from: server,",
            "chat.sent: { from: server, tag: said,",
        ),
    ] {
        assert_ne!(change(from, to), first, "{to}");
    }
}

/// Clients act on them: after some they do not come back.
#[test]
fn the_hash_covers_close_codes_that_are_not_the_usual_ones() {
    let spec = |closes: &str| {
        hash(&format!(
            "{HEAD}messages: {{ m: {{ from: server }} }}\n{closes}"
        ))
    };
    let first = spec("");
    assert_eq!(first, "63384fccbbf016a756549ad4db6edd1a");
    let usual = "closes: { kicked: 4403, unauthorized: 4401 }\n";
    assert_eq!(spec(usual), first);
    let others = [
        spec("closes: { kicked: 4499 }\n"),
        spec("closes: { silent: 4499 }\n"),
        spec("closes: { invalid: 4400 }\n"),
    ];
    for (i, one) in others.iter().enumerate() {
        assert_ne!(*one, first);
        assert!(!others[..i].contains(one));
    }
    assert_eq!(
        spec("closes: { silent: 4998, kicked: 4499 }\n"),
        spec("closes: { kicked: 4499, silent: 4998 }\n")
    );
}

#[test]
fn types_that_contain_each_other_hash_alike_in_any_order() {
    let spec = |types: [&str; 2], messages: [&str; 2]| {
        hash(&format!(
            "{HEAD}types:\n  {}\n  {}\nmessages:\n  {}\n  {}\n",
            types[0], types[1], messages[0], messages[1]
        ))
    };
    let tree = "Tree: { type: object, properties: { leaf: { $ref: '#/types/Leaf' } } }";
    let leaf =
        "Leaf: { type: object, properties: { up: { $ref: '#/types/Tree' }, n: { type: number } } }";
    let a = "a: { from: server, payload: { $ref: '#/types/Tree' } }";
    let b = "b: { from: server, payload: { $ref: '#/types/Leaf' } }";
    let first = spec([tree, leaf], [a, b]);
    assert_eq!(spec([leaf, tree], [b, a]), first);
    let renamed = [
        tree.replace("Tree", "Wood"),
        leaf.replace("Tree", "Wood"),
        a.replace("Tree", "Wood"),
    ];
    assert_eq!(spec([&renamed[0], &renamed[1]], [&renamed[2], b]), first);
    assert_ne!(
        spec([tree, &leaf.replace("number", "string")], [a, b]),
        first
    );
}

#[test]
fn references_reach_files_and_never_leave_the_folder() {
    let files: BTreeMap<String, Vec<u8>> = [
        (
            "common.yaml",
            "types:\n  Node:\n    type: object\n    properties:\n      next: { $ref: '#/types/Node' }\n      odd: { $ref: 'sub/odd.json#/$defs/Odd' }\n",
        ),
        (
            "sub/odd.json",
            "{\"$defs\": {\"Odd\": {\"type\": \"array\", \"items\": {\"$ref\": \"../common.yaml#/types/Node\"}}}}",
        ),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .collect();
    let text = format!(
        "{HEAD}messages:\n  news: {{ from: server, payload: {{ $ref: './common.yaml#/types/Node' }} }}\n"
    );
    let loaded = load_str("protocol.yaml", text.as_bytes(), &files);
    assert_eq!(shown(&loaded), "");
    let names = loaded.protocol.expect("a protocol").types;
    let names: Vec<&str> = names.iter().map(|ty| ty.name.text.as_str()).collect();
    assert_eq!(names, ["Node", "Odd"]);
    assert_eq!(loaded.sources.iter().count(), 3);
    let escape = text.replace("./common.yaml", "sub/../../common.yaml");
    assert_eq!(codes(&escape), ["S005"]);
    let absolute = text.replace("./common.yaml", "/etc/passwd");
    assert_eq!(codes(&absolute), ["S005"]);
}

#[test]
fn a_symbolic_link_does_not_lead_out() {
    let base = std::env::temp_dir().join(format!("handfast-spec-{}", std::process::id()));
    let inside = base.join("inside");
    std::fs::create_dir_all(&inside).expect("a folder");
    std::fs::write(base.join("secret.yaml"), "types: { T: { type: string } }\n").expect("a file");
    let text = format!(
        "{HEAD}messages:\n  news: {{ from: server, payload: {{ $ref: 'link.yaml#/types/T' }} }}\n"
    );
    std::fs::write(inside.join("protocol.yaml"), &text).expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink(base.join("secret.yaml"), inside.join("link.yaml")).expect("a link");
    let loaded = load(&inside.join("protocol.yaml"));
    let found: Vec<_> = loaded.diagnostics.iter().map(|one| one.code).collect();
    // The same file inside the folder is read, and reported to build scripts.
    std::fs::remove_file(inside.join("link.yaml")).expect("a link");
    std::fs::write(inside.join("link.yaml"), "types: { T: { type: string } }\n").expect("a file");
    let second = load(&inside.join("protocol.yaml"));
    let paths = second.sources.paths().count();
    let missing = load(&inside.join("nothing.yaml"));
    std::fs::remove_dir_all(&base).expect("the folder goes");
    assert_eq!(found, ["S005"]);
    assert!(second.protocol.is_some());
    assert_eq!(paths, 2);
    assert_eq!(missing.diagnostics[0].code, "Y001");
}

#[test]
fn pointers_anchors_and_dynamic_anchors_resolve() {
    let payload = |text: &str| {
        format!(
            "{HEAD}types:\n  Pair: {{ type: object, properties: {{ left: {{ type: string }} }} }}\nmessages:\n  news:\n    from: server\n    payload: {text}\n"
        )
    };
    for good in [
        "{ $ref: '#/types/Pair/properties/left' }",
        "{ $ref: '#/$defs/x', $defs: { x: { $ref: '#/types/Pair' } } }",
        "{ $ref: '#x', $defs: { y: { $anchor: x, $ref: '#/types/Pair' } } }",
        "{ $dynamicRef: '#n', $defs: { y: { $dynamicAnchor: n, $ref: '#/types/Pair' } } }",
        "{ $ref: 'far.json', $defs: { y: { $id: far.json, $ref: '#in', $defs: { z: { $anchor: in, type: string } } }, u: { $ref: '#/types/Pair' } } }",
    ] {
        assert_eq!(shown(&read(&payload(good))), "", "{good}");
    }
    // The target of a dynamic reference may also be circular.
    assert_eq!(
        codes(&payload(
            "{ allOf: [{ $dynamicRef: '#n' }], $dynamicAnchor: n, $defs: { y: { $ref: '#/types/Pair' } } }"
        )),
        ["S018"]
    );
    assert_eq!(
        codes(&payload("{ $ref: '#/types/Pair/properties/lfet' }")),
        ["S003"]
    );
    assert_eq!(codes(&payload("{ $ref: '#/types' }")), ["S006"]);
}

#[test]
fn one_mistake_is_one_error_and_all_are_reported() {
    let text = format!(
        "{HEAD}messages:\n  ask: {{ form: client, reply: answer, errors: [NONE] }}\n  answer: {{ from: server, payload: {{ type: [object, objekt] }} }}\nlimits: {{ message: 12 apples }}\n"
    );
    assert_eq!(codes(&text), ["P001", "P012", "S002", "P006"]);
}

#[test]
fn hundreds_of_errors_are_counted() {
    let keys: String = (0..250).map(|at| format!("  k{at}: 0\n")).collect();
    let loaded = read(&format!("{HEAD}messages: {{}}\nlimits:\n{keys}"));
    assert_eq!(loaded.diagnostics.len(), 250);
    let text = shown(&loaded);
    assert!(
        text.ends_with("error: 150 more errors are not shown\n\n"),
        "{text}"
    );
    let json = handfast_spec::render_json(&loaded.diagnostics, &loaded.sources);
    assert_eq!(json.as_array().map(Vec::len), Some(101));
    assert_eq!(json[100]["omitted"], 150);
    assert_eq!(
        (&json[0]["line"], &json[0]["column"]),
        (&5.into(), &3.into())
    );
}

#[test]
fn a_large_protocol_is_read_quickly() {
    use std::fmt::Write;
    let mut text = format!("{HEAD}types:\n");
    for at in 0..200 {
        let _ = writeln!(text, "  T{at}: {{ type: string, maxLength: {at} }}");
    }
    text.push_str("messages:\n");
    for at in 0..1000 {
        let _ = writeln!(
            text,
            "  m{at}:\n    from: client\n    payload:\n      type: object\n      required: [a, b]\n      properties:"
        );
        for name in ["a", "b", "c", "d", "e"] {
            let _ = writeln!(
                text,
                "        {name}: {{ type: string, minLength: 1, maxLength: 200 }}"
            );
        }
        let _ = writeln!(text, "        f: {{ $ref: '#/types/T{}' }}", at % 200);
    }
    assert_eq!(shown(&read(&text)), "");
}

#[test]
fn depth_ends_in_a_diagnostic_and_not_on_the_stack() {
    let deep = |open: &str, close: &str, n: usize| {
        format!(
            "{HEAD}messages:\n  news: {{ from: server, payload: {}true{} }}\n",
            open.repeat(n),
            close.repeat(n)
        )
    };
    assert_eq!(codes(&deep("{ items: ", " }", 80)), [""; 0]);
    for n in [100, 300, 100_000] {
        assert_eq!(codes(&deep("{ items: ", " }", n)), ["Y008"], "{n}");
        assert_eq!(codes(&deep("[", "]", n)), ["Y008"], "{n}");
    }
    for group in ["(", "(?:", "[", "(a|", "(?=", "\\\\"] {
        let text = format!(
            "{HEAD}messages:\n  news: {{ from: server, payload: {{ type: string, pattern: '{}' }} }}\n",
            group.repeat(200_000)
        );
        read(&text);
    }
    // A chain of references may have any length.
    let mut chain = format!("{HEAD}types:\n");
    for at in 0..20_000 {
        chain.push_str(&format!("  T{at}: {{ $ref: '#/types/T{}' }}\n", at + 1));
    }
    chain.push_str("  T20000: { type: string }\nmessages:\n  news: { from: server, payload: { $ref: '#/types/T0' } }\n");
    assert_eq!(codes(&chain), [""; 0]);
}

#[test]
fn planned_forms_of_envelope_are_reported() {
    for envelope in [
        "layout: json-rpc",
        "layout: array",
        "tag: [a, b]",
        "tag: null",
        "tag: { name: x }",
        "layout: tag-as-key",
    ] {
        let text =
            format!("{HEAD}envelope: {{ {envelope} }}\nmessages: {{ news: {{ from: server }} }}\n");
        assert_eq!(codes(&text), ["P023"], "{envelope}");
    }
}

#[test]
fn a_protocol_that_exists_is_described_as_it_is() {
    let text = "\
handfast: 1
protocol: { name: legacy, version: 3.1.0, accepts: '>=2' }
envelope:
  tag: op
  content: null
  id: { name: rid, type: integer }
  version: off
  timestamp: { name: ts, as: unix-ms, presence: required }
  correlate: { request: rid, reply: reply_to }
  outcome: { field: ok, success: true, failure: false }
  client: { timestamp: off }
messages:
  ask: { from: client, tag: a, reply: answer }
  answer: { from: server, tag: null, payload: { type: object, properties: { n: { type: integer } } } }
  push: { from: server, tag: p, envelope: { content: body, id: { presence: absent } } }
session: { roles: off }
";
    let loaded = read(text);
    assert_eq!(wrong(&loaded), "");
    let protocol = loaded.protocol.expect("a protocol");
    let [client, server] = [&protocol.envelope.client, &protocol.envelope.server];
    assert_eq!(client.tagging, Tagging::Flat { tag: "op".into() });
    assert!(client.timestamp.is_none() && client.version.is_none());
    let stamp = server.timestamp.as_ref().expect("a timestamp");
    assert_eq!(
        (stamp.form, stamp.field.kind),
        (TimestampForm::UnixMs, FieldKind::Integer)
    );
    assert_eq!(stamp.field.presence, Presence::Required);
    let reply_to = server
        .reply_to
        .as_ref()
        .expect("a field that names the request");
    assert_eq!(
        (reply_to.name.as_str(), reply_to.kind),
        ("reply_to", FieldKind::Integer)
    );
    assert_eq!(
        protocol.messages[1].server.as_ref().expect("sent").tag,
        None
    );
    let push = &protocol.messages[2].server.as_ref().expect("sent").envelope;
    assert_eq!(push.tagging.content(), Some("body"));
    assert!(push.id.is_none());
}

#[test]
fn json_may_have_tabs_and_every_escape() {
    let text = "{\n\t\"handfast\": 1,\n\t\"protocol\": {\"name\": \"demo\", \"version\":\"1.0.0\", \"description\": \"a\\/b \\ud83d\\ude00 \\u00e9\"},\r\n\t\"messages\":\t{\"n\":{\"from\":\"server\",\"payload\":{\"enum\":[1E2,-0.5e-1,true,null]}}}\n}";
    let loaded = read(text);
    assert_eq!(shown(&loaded), "");
    let protocol = loaded.protocol.expect("a protocol");
    assert_eq!(
        protocol.description.as_deref(),
        Some("a/b \u{1F600} \u{e9}")
    );
}

#[test]
fn many_patterns_are_read() {
    use std::fmt::Write;
    let mut text = format!("{HEAD}messages:\n");
    for at in 0..2000 {
        let _ = writeln!(
            text,
            "  m{at}: {{ from: client, payload: {{ type: string, pattern: '^[\\w-]{{1,64}}$' }} }}"
        );
    }
    assert_eq!(shown(&read(&text)), "");
}

#[test]
fn what_is_answered_only_where_it_fails() {
    let reported = |session: &str, message: &str| {
        codes(&format!(
            "{HEAD}errors: {{ FULL: {{ description: No place. }} }}\nmessages:\n  note: {{ from: client, errors: [FULL]{message} }}\n{session}"
        ))
    };
    let empty: [&str; 0] = [];
    assert_eq!(reported("", ""), empty);
    assert_eq!(reported("", ", timeout: 5s"), ["P028"]);
    // Failures cannot be answered.
    let without_errors = reported("session: { roles: { error: off } }\n", "");
    assert!(without_errors.contains(&"P028"), "{without_errors:?}");
    let order = "envelope: { id: off, correlate: order }\n";
    let without_errors = reported(order, "");
    assert!(without_errors.contains(&"P028"), "{without_errors:?}");
}

#[test]
fn a_failure_without_a_tag_needs_an_outcome() {
    let reported = |outcome: &str| {
        codes(&format!(
            "{HEAD}envelope: {{ server: {{ reply_to: reply_to{outcome} }} }}\nerrors: {{ FULL: {{ description: No place. }} }}\nmessages:\n  ask: {{ from: client, reply: answer, errors: [FULL] }}\n  answer: {{ from: server, tag: null }}\n  failure: {{ from: server, tag: null, payload: {{ type: object, required: [error], properties: {{ error: {{ type: string }} }} }} }}\nsession: {{ roles: {{ error: {{ message: failure, map: {{ code: error }} }} }} }}\n"
        ))
    };
    let distinction = reported(", outcome: { field: ok, success: true, failure: false }");
    assert!(!distinction.contains(&"P035"), "{distinction:?}");
    let without_outcome = reported("");
    assert!(without_outcome.contains(&"P035"), "{without_outcome:?}");
}

#[test]
fn a_request_of_the_server_needs_ids_and_an_answer_of_its_own() {
    let with = |rest: &str| {
        codes(&format!(
            "{HEAD}channels: {{ all: {{ key: all }} }}\nmessages:\n  news: {{ from: server, channel: all }}\n{rest}"
        ))
    };
    let none: [&str; 0] = [];
    let answered = "  ask: { from: server, reply: answer }\n  answer: { from: client }\n";
    assert_eq!(with(answered), none);
    let streamed = "  ask: { from: server, reply: { stream: item, cancel: stop } }\n  item: { from: client }\n  stop: { from: server }\n";
    assert_eq!(with(streamed), none);
    let both = "  ask: { from: both, reply: answer }\n  answer: { from: both }\n";
    assert_eq!(with(both), none);
    let published =
        "  ask: { from: server, reply: answer, channel: all }\n  answer: { from: client }\n";
    assert_eq!(with(published), ["P020"]);
    let chain = "  ask: { from: server, reply: answer }\n  answer: { from: client, reply: news }\n";
    assert_eq!(with(chain), ["P020"]);
    let ordered = format!("{answered}envelope: {{ correlate: order }}\n");
    assert!(with(&ordered).contains(&"P020"), "{:?}", with(&ordered));
    // The client sends errors only then.
    let error = "  oops: { from: client, tag: error }\n";
    assert_eq!(with(error), none);
    assert_eq!(with(&format!("{answered}{error}")), ["P018"]);
}

#[test]
fn a_stream_has_ids() {
    let with = |envelope: &str, own: &str| {
        codes(&format!(
            "{HEAD}{envelope}messages:\n  watch: {{ from: client, reply: {{ ack: watching, stream: tick, end: done, cancel: stop }}{own} }}\n  watching: {{ from: server }}\n  tick: {{ from: server }}\n  done: {{ from: server }}\n  stop: {{ from: client }}\n"
        ))
    };
    let none: [&str; 0] = [];
    assert_eq!(with("", ""), none);
    let by_reference = "envelope: { correlate: { request: id, reply: reply_to } }\n";
    assert_eq!(with(by_reference, ""), none);
    let order = "envelope: { id: off, correlate: order }\n";
    assert_eq!(with(order, ""), ["G004", "P020"]);
    // Ids that nothing is matched by do not help.
    assert_eq!(with("envelope: { correlate: order }\n", ""), ["P020"]);
    let of_server = "envelope: { server: { correlate: order } }\n";
    assert_eq!(with(of_server, ""), ["P020", "P020"]);
    let own = ", envelope: { correlate: order }";
    assert_eq!(with("", own), ["P020"]);
}

#[test]
fn a_default_fits_its_own_schema() {
    let with = |schema: &str| {
        codes(&format!(
            "{HEAD}types:\n  Size: {{ type: string, enum: [s, l], open: true }}\n  Node: {{ type: object, properties: {{ next: {{ $ref: '#/types/Node' }}, size: {{ $ref: '#/types/Size' }} }} }}\nmessages:\n  news: {{ from: server, payload: {{ type: object, properties: {{ a: {schema}, b: {{ $ref: '#/types/Node' }} }} }} }}\n"
        ))
    };
    let none: [&str; 0] = [];
    for good in [
        "{ type: integer, default: 5 }",
        "{ type: integer, default: 5.0 }",
        "{ default: { any: thing } }",
        "{ $ref: '#/types/Size', default: l }",
        "{ $ref: '#/types/Node', default: { next: { size: s } } }",
        "{ type: [string, 'null'], default: null }",
        "{ type: array, items: { type: string }, default: [] }",
    ] {
        assert_eq!(with(good), none, "{good}");
    }
    for bad in [
        "{ type: integer, default: '5' }",
        "{ type: integer, default: 9007199254740993 }",
        "{ type: string, default: null }",
        "{ type: string, pattern: '^[a-z]+$', default: A }",
        "{ type: string, format: date, default: today }",
        "{ $ref: '#/types/Size', default: m }",
        "{ $ref: '#/types/Node', default: { next: { sise: s } } }",
        "{ type: array, items: { type: string }, default: [a, 1, 2] }",
    ] {
        assert_eq!(with(bad), ["S021"], "{bad}");
    }
    // If the schema is invalid, only that is reported.
    let reported = with("{ type: string, pattern: '(', default: A }");
    assert!(!reported.contains(&"S021"), "{reported:?}");
}

/// What applies to the place of a default is all that the parts of an `allOf` say of it.
#[test]
fn a_default_in_a_part_of_all_of_fits_all_parts() {
    let with = |schema: &str| {
        codes(&format!(
            "{HEAD}types:\n  Base: {{ type: object, properties: {{ kind: {{ type: string, enum: [a, b] }}, at: {{ type: object, properties: {{ x: {{ type: integer }} }} }} }} }}\nmessages:\n  news: {{ from: server, payload: {{ {schema} }} }}\n  other: {{ from: server, payload: {{ $ref: '#/types/Base' }} }}\n"
        ))
    };
    let none: [&str; 0] = [];
    for good in [
        "allOf: [{ $ref: '#/types/Base' }, { properties: { kind: { default: a } } }]",
        "allOf: [{ type: object, properties: { a: { type: integer } }, default: { a: 1, b: 2 } }, { type: object, properties: { b: { type: integer } } }]",
        "allOf: [{ $ref: '#/types/Base' }, { properties: { at: { type: object, properties: { y: { type: integer } }, default: { x: 1, y: 2 } } } }]",
    ] {
        assert_eq!(with(good), none, "{good}");
    }
    for bad in [
        "allOf: [{ $ref: '#/types/Base' }, { properties: { kind: { default: c } } }]",
        "allOf: [{ allOf: [{ type: object, properties: { a: { default: 5 } } }] }, { type: object, properties: { a: { type: integer, minimum: 10 } } }]",
        "allOf: [{ type: object, properties: { a: { type: integer } }, default: { a: 1, b: 2 } }, { type: object, properties: { b: { type: string } } }]",
        "allOf: [{ $ref: '#/types/Base' }, { properties: { at: { type: object, properties: { x: { default: '1' } } } } }]",
    ] {
        assert_eq!(with(bad), ["S021"], "{bad}");
    }
}

/// Without `contains` and `if`, what depends on them is not evaluated (validation 6.4.4 and 6.4.5, core 10.2.2.2 and 10.2.2.3).
#[test]
fn keywords_without_effect_contradict_nothing() {
    let with = |schema: &str| {
        codes(&format!(
            "{HEAD}types:\n  T: {schema}\nmessages:\n  news: {{ from: server, payload: {{ type: object, properties: {{ t: {{ $ref: '#/types/T' }} }} }} }}\n"
        ))
    };
    let bounds = "minContains: 3, maxContains: 1";
    assert_eq!(
        with(&format!("{{ type: array, {bounds} }}")),
        ["S020", "S020"]
    );
    assert_eq!(
        with(&format!(
            "{{ type: array, contains: {{ type: string }}, {bounds} }}"
        )),
        ["S010"]
    );
    assert_eq!(
        with("{ type: integer, minLength: 3, maxLength: 1 }"),
        ["S020", "S020"]
    );
    for keyword in ["then", "else"] {
        let circle = format!("{keyword}: {{ $ref: '#/types/T' }}");
        assert_eq!(
            with(&format!("{{ type: object, {circle} }}")),
            ["S020"],
            "{keyword}"
        );
        let asked = format!("{{ type: object, if: {{ required: [a] }}, {circle} }}");
        assert_eq!(with(&asked), ["S018"], "{keyword}");
    }
}

#[test]
fn a_channel_is_entered_and_left_with_an_answer() {
    let with = |key: &str, reply: &str| {
        codes(&format!(
            "{HEAD}channels: {{ room: {{ key: lobby, {key}: door }} }}\nmessages:\n  door: {{ from: client{reply} }}\n  done: {{ from: server }}\n  said: {{ from: server, channel: room }}\n"
        ))
    };
    let none: [&str; 0] = [];
    for key in ["join", "leave"] {
        assert_eq!(with(key, ", reply: done"), none, "{key}");
        assert_eq!(with(key, ""), ["P039"], "{key}");
    }
}

/// The caret marks the brace of a key that has no counterpart. A literal brace is written twice.
#[test]
fn braces_of_keys_are_pairs() {
    let with = |key: &str| {
        let spec = format!(
            "{HEAD}channels:\n  room: {{ key: {key}, params: {{ id: {{ type: string }} }} }}\nmessages: {{ said: {{ from: server, channel: room }} }}\n"
        );
        let loaded = handfast_spec::load_str("protocol.yaml", spec.as_bytes(), &BTreeMap::new());
        let from = spec.find(key).unwrap_or_default();
        let column = |at: u32| (at as usize).saturating_sub(from);
        let report = loaded.diagnostics.iter().map(|one| {
            (
                one.code,
                column(one.primary.span.start),
                column(one.primary.span.end),
            )
        });
        report.collect::<Vec<_>>()
    };
    assert_eq!(with("'{{room}}:{id}'"), []);
    assert_eq!(with("'room:{id'"), [("P022", 6, 7)]);
    assert_eq!(with("\"\\x72oom:{id}}\""), [("P022", 13, 14)]);
}

/// The caret marks the error in a pattern, however the pattern is quoted.
#[test]
fn what_is_wrong_in_a_pattern_is_pointed_at() {
    for (written, part) in [
        ("'^a\\-b$'", "\\-"),
        ("^a\\-b$", "\\-"),
        ("\"^\\u00e9\\\\-b$\"", "\\\\-"),
        ("\"\\\\p{IsGreek}\"", "\\\\p{IsGreek}"),
        ("'(?i)a'", "(?i)"),
        ("'[[:alpha:]]'", "[:alpha:]"),
        ("'a{1,1000000}'", "{1,1000000}"),
        ("\"\\ud83d\\ude00(?!a)\"", "(?!"),
    ] {
        let spec = format!(
            "handfast: 1\nprotocol: {{ name: a, version: 1.0.0 }}\nmessages:\n  m:\n    from: client\n    payload:\n      type: object\n      properties:\n        a:\n          type: string\n          pattern: {written}\n"
        );
        let loaded = handfast_spec::load_str("protocol.yaml", spec.as_bytes(), &BTreeMap::new());
        let [one] = loaded.diagnostics.as_slice() else {
            panic!("{written}: {:?}", loaded.diagnostics);
        };
        let at = one.primary.span;
        assert_eq!(&spec[at.start as usize..at.end as usize], part, "{written}");
        assert!(
            !one.primary.text.is_empty() && one.help.is_some(),
            "{one:?}"
        );
    }
}

#[test]
fn what_nothing_fills_in_a_role_is_reported() {
    let with = |required: &str, session: &str| {
        codes(&format!(
            "{HEAD}messages:\n  login: {{ from: client, payload: {{ type: object, required: [{required}], properties: {{ ver: {{ type: string }}, of: {{ type: object, required: [a], properties: {{ a: {{ type: string }}, b: {{ type: string }} }} }} }} }} }}\nsession: {{ {session} }}\n"
        ))
    };
    let none: [&str; 0] = [];
    let hello =
        |fields: &str| format!("roles: {{ hello: {{ message: login, fields: {{ {fields} }} }} }}");
    assert_eq!(with("ver", &hello("version: /ver")), none);
    assert_eq!(with("ver", &hello("hash: /of/a")), ["P046"]);
    // A field inside another leaves what is beside it.
    assert_eq!(with("of", &hello("version: /of/b")), ["P046"]);
    assert_eq!(with("of", &hello("version: /of/a")), none);
    // The application builds the whole payload.
    let own = format!("auth: login, {}", hello("version: /ver"));
    // It is all that authenticates a client.
    assert_eq!(with("ver, of", &own), ["G001"]);
}

#[test]
fn who_speaks_first_has_a_message_for_it() {
    let with = |session: &str| {
        let all = codes(&format!(
            "{HEAD}messages:\n  welcome: {{ from: server }}\nsession: {{ {session} }}\n"
        ));
        all.into_iter().filter(|code| *code == "P047").count()
    };
    assert_eq!(with("phases: { first: server }"), 1);
    let greeting = "roles: { greeting: { message: welcome } }";
    assert_eq!(with(greeting), 1);
    assert_eq!(with(&format!("phases: {{ first: server }}, {greeting}")), 0);
    // The session is ready at once.
    assert_eq!(with("phases: { first: server }, roles: { hello: off }"), 0);
    assert_eq!(
        with("phases: { first: server }, roles: { greeting: { tag: hi } }"),
        1
    );
}

#[test]
fn messages_before_ready_have_no_ids_where_the_phases_say_so() {
    let text = format!(
        "{HEAD}envelope: {{ client: {{ id: {{ presence: required }} }} }}\nmessages:\n  login: {{ from: client }}\n  early: {{ from: client }}\n  late: {{ from: client }}\nsession: {{ phases: {{ ids: false, beforeReady: [early] }}, roles: {{ hello: {{ message: login }} }} }}\n"
    );
    let protocol = read(&text).protocol.expect("it is valid");
    let ids: Vec<bool> = protocol
        .messages
        .iter()
        .map(|message| {
            message
                .client
                .as_ref()
                .is_some_and(|sent| sent.envelope.id.is_some())
        })
        .collect();
    assert_eq!(ids, [false, false, true]);
}

#[test]
fn a_message_in_a_role_answers_nothing() {
    let with = |role: &str| {
        let all = codes(&format!(
            "{HEAD}messages:\n  ask: {{ from: client, reply: beat }}\n  beat: {{ from: both }}\nsession: {{ roles: {{ {role} }} }}\n"
        ));
        all.into_iter().filter(|code| *code == "P030").count()
    };
    assert_eq!(with("pong: { message: beat }"), 1);
    // A ping is the session's as well.
    assert_eq!(with("ping: { message: ask }, pong: { message: beat }"), 0);
}
