//! The pages of the codes of the generator: the first spec of each gives exactly the diagnostics on the page, the
//! last one generates without any. `UPDATE_PAGES=1` updates the renderings.

mod temp_folder;

use handfast_codegen::{GenerateError, Generator};
use handfast_spec::{CODES, render};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use temp_folder::TempFolder;

fn page_of(code: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../spec/pages/{code}.md"))
}

/// The fenced blocks of a page: the info string, and the content.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    page.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .collect()
}

/// The diagnostics of a spec, through the public API.
fn said(place: &TempFolder, spec: &str) -> Result<(String, Vec<&'static str>), Box<dyn Error>> {
    let path = place.write("protocol.yaml", spec)?;
    let generator = Generator::new(path);
    let (mut diagnostics, sources) = match generator.prepare() {
        Ok((_, diagnostics, sources))
        | Err(GenerateError::Spec {
            diagnostics,
            sources,
        }) => (diagnostics, sources),
        Err(other) => return Err(other.into()),
    };
    diagnostics.extend(generator.coverage());
    let codes = diagnostics.iter().map(|one| one.code).collect();
    let folder = format!("{}/", place.folder().display());
    let text = render(&diagnostics, &sources, false).replace(&folder, "");
    Ok((text, codes))
}

#[test]
fn every_page_of_names_says_what_happens() -> Result<(), Box<dyn Error>> {
    let update = std::env::var_os("UPDATE_PAGES").is_some();
    let place = TempFolder::new("pages")?;
    for (code, compiled) in CODES
        .iter()
        .filter(|(code, _)| code.starts_with(['N', 'T']))
    {
        let page = if update {
            fs::read_to_string(page_of(code))?
        } else {
            (*compiled).to_owned()
        };
        let [("yaml", bad), ("text", expected), ("yaml", good)] = blocks(&page)[..] else {
            return Err(format!("{code}: a spec, a rendering and a mended spec").into());
        };
        let (text, codes) = said(&place, bad)?;
        assert_eq!(codes, [*code], "{text}");
        let text = text.trim_end().to_owned() + "\n";
        if update {
            let shown = format!("```text\n{expected}```");
            fs::write(
                page_of(code),
                page.replacen(&shown, &format!("```text\n{text}```"), 1),
            )?;
        } else {
            assert_eq!(text, expected, "{code}: UPDATE_PAGES=1 writes it anew");
        }
        assert_eq!(said(&place, good)?.0, "", "{code}: the mended spec");
    }
    Ok(())
}

#[test]
fn codes_of_names_and_pages_are_the_same() -> Result<(), Box<dyn Error>> {
    fn walk(folder: &Path, emitted: &mut BTreeSet<String>) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(&path, emitted)?;
                continue;
            }
            let text = fs::read_to_string(path)?;
            emitted.extend(
                text.split('"')
                    .filter(|word| is_code(word))
                    .map(str::to_owned),
            );
        }
        Ok(())
    }
    fn is_code(word: &str) -> bool {
        word.len() == 4
            && word.starts_with(['N', 'T'])
            && word[1..].chars().all(|c| c.is_ascii_digit())
    }
    let mut emitted = BTreeSet::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut emitted,
    )?;
    let listed: BTreeSet<String> = CODES
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .filter(|code| code.starts_with(['N', 'T']))
        .collect();
    assert_eq!(emitted, listed);
    Ok(())
}

#[test]
fn names_that_collide_are_reported() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("collisions")?;
    let head = "handfast: 1\nprotocol: { name: demo, version: 1.0.0 }\n";
    for (rest, expected) in [
        // The trait of a segment, and a payload of that name.
        (
            "messages:\n  chat.say: { from: client }\n  chat.handler: { from: server }\n",
            "N001",
        ),
        // Two segments that become one trait.
        (
            "messages:\n  a-b.c: { from: client }\n  aB.d: { from: client }\n",
            "N001",
        ),
        // The error enum of a message, and a type.
        (
            "errors: { E: { code: 1 } }\ntypes: { AskError: { type: string } }\nmessages:\n  ask: { from: client, errors: [E] }\n  say: { from: server, payload: { $ref: '#/types/AskError' } }\n",
            "N001",
        ),
        ("messages:\n  self: { from: server }\n", "N001"),
        ("messages:\n  client: { from: server }\n", "N001"),
        // `A.B.C` and `abc` are different types with the same method.
        (
            "messages:\n  A.B.C: { from: client }\n  abc: { from: client }\n",
            "N003",
        ),
        ("messages:\n  connect: { from: client, ts: open }\n", "N003"),
        (
            "channels:\n  session: { key: 'all' }\nmessages:\n  news: { from: server, channel: session }\n",
            "N003",
        ),
        (
            "channels:\n  room: { key: '{a-b}/{a_b}', params: { a-b: { type: string }, a_b: { type: string } } }\nmessages:\n  news: { from: server, channel: room }\n",
            "N002",
        ),
        (
            "channels:\n  x: { key: 'all' }\nmessages:\n  x-channel: { from: server, channel: x }\n",
            "N005",
        ),
        (
            "messages:\n  server.messages: { from: server, rust: All }\n",
            "N005",
        ),
    ] {
        let (text, codes) = said(&place, &format!("{head}{rest}"))?;
        assert_eq!(codes, [expected], "{rest}{text}");
    }
    Ok(())
}

/// The names of the public methods in a file of the runtime, of the types that generated code wraps.
fn methods(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let line = line.strip_prefix("    pub ")?;
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")?.split(['<', '(']).next()
    })
}

/// A generated method would hide one of the runtime. The lists are read from its source, so that a new method is in them.
#[test]
fn no_method_hides_one_of_the_runtime() -> Result<(), Box<dyn Error>> {
    let place = TempFolder::new("hidden-methods")?;
    let head = "handfast: 1\nprotocol: { name: demo, version: 1.0.0 }\ngenerate: { rust: { out: api.rs } }\n";
    let sent = |name: &str| {
        format!("messages: {{ {name}: {{ from: client, payload: {{ type: object }} }} }}\n")
    };
    let asked = |name: &str| {
        format!("messages: {{ {name}: {{ from: server, reply: r }}, r: {{ from: client }} }}\n")
    };
    let joined = |name: &str| {
        format!(
            "channels: {{ {name}: {{ key: a }} }}\nmessages: {{ m: {{ from: server, channel: {name} }} }}\n"
        )
    };
    // A generated method is what these are for, with a type.
    let client_generic = ["call", "stream", "send", "join", "join_by_key"];
    let handle_generic = ["call", "stream"];
    let client = include_str!("../../runtime/src/client/handle.rs");
    let context = include_str!("../../runtime/src/server/context.rs");
    let server = include_str!("../../runtime/src/server/server_handle.rs");
    let handle = include_str!("../../runtime/src/server/client_handle.rs");
    let mut checked = 0;
    let mut refused = |name: &str, rest: String| -> Result<(), Box<dyn Error>> {
        checked += 1;
        let (text, codes) = said(&place, &format!("{head}{rest}"))?;
        // `Client` is the name of a type, too.
        match codes.contains(&"N003") || (name == "client" && codes.contains(&"N001")) {
            true => Ok(()),
            false => Err(format!("`{name}` hides a method: {rest}{text}").into()),
        }
    };
    let own = ["clone"];
    for name in methods(client).chain(own) {
        if !client_generic.contains(&name) {
            refused(name, sent(name))?;
            refused(name, joined(name))?;
        }
    }
    for name in methods(context).chain(methods(server)).chain(own) {
        refused(name, joined(name))?;
    }
    for name in methods(handle).chain(own) {
        if !handle_generic.contains(&name) {
            refused(name, asked(name))?;
        }
    }
    assert!(checked > 40, "{checked}");
    for name in client_generic {
        let (text, codes) = said(&place, &format!("{head}{}", sent(name)))?;
        assert!(!codes.contains(&"N003"), "{name}: {text}");
    }
    Ok(())
}
