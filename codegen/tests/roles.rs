//! What the generated clients and the server know of messages in roles.

mod temp_folder;

use handfast_codegen::Generator;
use std::error::Error;
use temp_folder::TempFolder;

/// The Rust and the TypeScript of a spec with a message `m`, and this session.
fn generated(name: &str, message: &str, session: &str) -> Result<[String; 2], Box<dyn Error>> {
    let place = TempFolder::new(name)?;
    let path = place.write(
        "protocol.yaml",
        &format!(
            "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages:\n  m: {{ {message} }}\n  n: {{ from: client }}\nsession: {{ {session} }}\ngenerate: {{ rust: {{ out: api.rs }}, typescript: {{ out: api.ts }} }}\n"
        ),
    )?;
    let (outputs, ..) = Generator::new(path)
        .prepare()
        .map_err(|failed| failed.to_string())?;
    let text = |name: &str| {
        let output = outputs.iter().find(|output| output.path.ends_with(name));
        output.map(|output| output.text.clone()).ok_or("an output")
    };
    Ok([text("api.rs")?, text("api.ts")?])
}

#[test]
fn a_role_has_the_tag_of_the_end_that_plays_it() -> Result<(), Box<dyn Error>> {
    let tags = "from: both, client: { tag: up }, server: { tag: down }";
    let [rust, typescript] = generated("role-tags", tags, "roles: { ready: { message: m } }")?;
    assert!(
        rust.contains("ready(name = \"m\", tag = \"down\""),
        "{rust}"
    );
    assert!(typescript.contains("ready: 'down'"), "{typescript}");
    let [rust, typescript] = generated("role-tags", tags, "roles: { hello: { message: m } }")?;
    assert!(rust.contains("hello(name = \"m\", tag = \"up\""), "{rust}");
    assert!(typescript.contains("hello: 'up'"), "{typescript}");
    Ok(())
}

#[test]
fn a_client_without_an_answer_to_its_pings_sends_none() -> Result<(), Box<dyn Error>> {
    for (message, session, heartbeat) in [
        ("from: server", "heartbeat: 25s", "heartbeat: 25000"),
        ("from: server", "roles: { pong: off }", "heartbeat: null"),
        (
            "from: client",
            "roles: { pong: { message: m } }",
            "heartbeat: null",
        ),
        (
            "from: server",
            "roles: { pong: { message: m } }",
            "heartbeat: 25000",
        ),
        (
            "from: server",
            "roles: { ping: { message: m } }",
            "heartbeat: null",
        ),
    ] {
        let [_, typescript] = generated("role-pongs", message, session)?;
        assert!(typescript.contains(heartbeat), "{session}: {typescript}");
    }
    Ok(())
}

#[test]
fn encodings_are_generated_in_their_order() -> Result<(), Box<dyn Error>> {
    let session = "heartbeat: 25s }\nencodings: { msgpack: b, json: a";
    let [rust, _] = generated("role-encodings", "from: server", session)?;
    assert!(
        rust.contains("encodings(msgpack = \"b\", json = \"a\")"),
        "{rust}"
    );
    let session = "heartbeat: 25s }\nencodings: { json: off";
    let [rust, typescript] = generated("role-encodings", "from: server", session)?;
    assert!(rust.contains("encodings(json = none)"), "{rust}");
    assert!(
        typescript.contains("subprotocols: { json: '' }"),
        "{typescript}"
    );
    Ok(())
}
