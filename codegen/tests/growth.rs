//! Output and work grow in proportion to the spec.

mod temp_folder;

use handfast_codegen::Generator;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use temp_folder::TempFolder;

const HEAD: &str = "handfast: 1\nprotocol: { name: large, version: 1.0.0 }\n";
const OUT: &str =
    "generate: { rust: { out: api.rs }, typescript: { out: api.ts }, schema: { out: s.json } }\n";

/// `n` objects, each with a reference to the next.
fn ring(n: usize) -> String {
    let mut spec = format!("{HEAD}types:\n");
    for i in 0..n {
        let _ = writeln!(
            spec,
            "  Type{i}:\n    type: object\n    required: [name]\n    properties:\n      name: {{ type: string }}\n      \
             count: {{ type: integer }}\n      next: {{ $ref: '#/types/Type{}' }}",
            (i + 1) % n
        );
    }
    spec + "messages:\n  m: { from: client, payload: { $ref: '#/types/Type0' } }\n" + OUT
}

/// `n` types that remain JSON in Rust, each with a reference to the next, and a field of each.
fn checked(n: usize) -> String {
    let mut spec = format!("{HEAD}types:\n");
    for i in 0..n {
        let _ = writeln!(
            spec,
            "  Type{i}:\n    anyOf:\n      - {{ type: integer }}\n      - type: array\n        items: {{ $ref: '#/types/Type{}' }}",
            (i + 1) % n
        );
    }
    spec.push_str("messages:\n");
    for i in 0..n {
        let _ = writeln!(
            spec,
            "  m{i}:\n    from: client\n    payload:\n      type: object\n      properties:\n        plain: {{ $ref: '#/types/Type{i}' }}\n        \
             list: {{ type: array, items: {{ type: string }}, contains: {{ $ref: '#/types/Type{i}' }} }}"
        );
    }
    spec + OUT
}

/// `n` channels, each with a message that joins it, and as many streams that can be cancelled.
fn messages(n: usize) -> String {
    let mut spec = format!("{HEAD}channels:\n");
    for i in 0..n {
        let _ = writeln!(
            spec,
            "  c{i}: {{ key: 'c{i}:{{id}}', params: {{ id: {{ type: string }} }}, join: g.join{i} }}"
        );
    }
    spec.push_str("messages:\n");
    for i in 0..n {
        let _ = writeln!(
            spec,
            "  g.join{i}: {{ from: client, payload: {{ type: object, required: [id], properties: {{ id: {{ type: string }} }} }}, reply: g.joined{i} }}\n  \
             g.joined{i}: {{ from: server }}\n  g.said{i}: {{ from: server, channel: c{i} }}\n  \
             g.watch{i}: {{ from: client, reply: {{ stream: g.item{i}, end: g.end{i}, cancel: g.stop{i} }} }}\n  \
             g.item{i}: {{ from: server }}\n  g.end{i}: {{ from: server }}\n  g.stop{i}: {{ from: client }}"
        );
    }
    spec + OUT
}

/// One object with `n` required properties.
fn wide(n: usize) -> String {
    let names: Vec<String> = (0..n).map(|i| format!("p{i}")).collect();
    let mut spec = format!(
        "{HEAD}messages:\n  m:\n    from: client\n    payload:\n      type: object\n      minProperties: 1\n      required: [{}]\n      properties:\n",
        names.join(", ")
    );
    for name in names {
        let _ = writeln!(spec, "        {name}: {{ type: string, format: email }}");
    }
    spec + OUT
}

/// `n` unknown keys.
fn unknown(n: usize) -> String {
    let keys: String = (0..n).map(|i| format!("key{i}: 1\n")).collect();
    format!("{HEAD}messages:\n  m: {{ from: client }}\n{keys}")
}

/// `n` replies that are not messages.
fn dangling(n: usize) -> String {
    let mut spec = format!("{HEAD}messages:\n");
    for i in 0..n {
        let _ = writeln!(spec, "  m{i}: {{ from: client, reply: other{i} }}");
    }
    spec
}

/// The size of a spec in bytes, and of its outputs, without the copied runtime.
fn sizes(place: &TempFolder, spec: &str) -> Result<(usize, usize, usize), Box<dyn Error>> {
    let path = place.write("protocol.yaml", spec)?;
    let (outputs, ..) = Generator::new(path)
        .prepare()
        .map_err(|failed| failed.to_string())?;
    let of = |name: &str| {
        let own = outputs.iter().filter(|out| out.path.ends_with(name));
        own.map(|out| out.text.len()).sum::<usize>()
    };
    Ok((spec.len(), of("api.rs") + of("api.ts"), of("s.json")))
}

#[test]
fn output_is_as_long_as_the_spec_times_a_number() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("growth")?;
    type Spec = fn(usize) -> String;
    let all: [(&str, Spec, usize); 4] = [
        ("ring", ring, 24),
        ("checked", checked, 24),
        ("messages", messages, 24),
        ("wide", wide, 24),
    ];
    for (name, spec, bar) in all {
        let (small, large) = (sizes(&place, &spec(160))?, sizes(&place, &spec(640))?);
        for (from, code, _) in [small, large] {
            assert!(code <= bar * from, "{name}: {code} bytes of {from}");
        }
        // Four times the spec, with some allowance for longer numbers.
        for (small, large) in [(small.1, large.1), (small.2, large.2)] {
            assert!(large < 5 * small, "{name}: {small} bytes become {large}");
        }
    }
    Ok(())
}

/// The time it takes to generate from a spec.
fn took(path: &Path) -> Duration {
    let start = Instant::now();
    let _ = Generator::new(path).prepare();
    start.elapsed()
}

/// Four times the spec takes four times as long, where quadratic work would take sixteen times. The best of several
/// ratios counts.
#[test]
fn work_grows_as_the_spec_does() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("growth-time")?;
    type Spec = fn(usize) -> String;
    let all: [(&str, Spec, usize); 6] = [
        ("ring", ring, 250),
        ("checked", checked, 100),
        ("messages", messages, 100),
        ("wide", wide, 500),
        ("unknown", unknown, 1000),
        ("dangling", dangling, 500),
    ];
    for (name, spec, n) in all {
        let small = place.write("small.yaml", &spec(n))?;
        let large = place.write("large.yaml", &spec(4 * n))?;
        let mut ratios = (0..5).map(|_| took(&large).as_secs_f64() / took(&small).as_secs_f64());
        assert!(
            ratios.any(|ratio| ratio < 9.0),
            "{name}: four times as much takes more than nine times as long"
        );
    }
    Ok(())
}

/// Types that each extend the next one twice: the ways from the first to the last are more than a computer can go.
#[test]
fn types_that_extend_others_twice_are_looked_at_once() -> Result<(), Box<dyn Error>> {
    for dialect in ["", "dialect: json-schema\n"] {
        let place = TempFolder::new("growth-twice")?;
        let mut spec = format!("{HEAD}{dialect}types:\n");
        for i in 0..40 {
            let next = format!("{{ $ref: '#/types/Type{}' }}", i + 1);
            let _ = writeln!(
                spec,
                "  Type{i}:\n    allOf: [{next}, {next}, {{ type: object, properties: {{ p{i}: {{ type: string }} }} }}]"
            );
        }
        spec.push_str("  Type40: { type: object, properties: { z: { type: string } } }\n");
        spec.push_str("messages:\n  m: { from: client, payload: { $ref: '#/types/Type0' } }\n");
        spec.push_str(OUT);
        let (_, code, schema) = sizes(&place, &spec)?;
        assert!(code > 0 && schema > 0);
    }
    Ok(())
}
