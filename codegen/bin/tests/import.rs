//! `codegen import`: specs around schemas that exist.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Done = Result<(), Box<dyn Error>>;

const TASK: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id"],
  "properties": { "id": { "type": "integer" }, "owner": { "$ref": "#/$defs/Person" } },
  "$defs": { "Person": { "type": "object", "properties": { "name": { "type": "string" } } }, "ping": { "type": "string" } }
}"##;

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> Result<PathBuf, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, text)?;
    }
    Ok(folder)
}

/// Whether a command succeeded, and what it printed.
fn codegen(folder: &Path, arguments: &[&str]) -> Result<(bool, String), Box<dyn Error>> {
    let done = Command::new(env!("CARGO_BIN_EXE_codegen"))
        .args(arguments)
        .current_dir(folder)
        .output()?;
    let text = String::from_utf8([done.stdout, done.stderr].concat())?;
    Ok((done.status.success(), text))
}

/// Imports, and returns the lines of the messages.
fn imported(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, Box<dyn Error>> {
    let (good, text) = codegen(folder, &[&["import"], arguments].concat())?;
    if !good {
        return Err(text.into());
    }
    let spec = fs::read_to_string(folder.join("protocol.yaml"))?;
    let messages = spec.lines().skip_while(|line| *line != "messages:").skip(1);
    let messages = messages.take_while(|line| line.starts_with(' '));
    Ok(messages.map(|line| line.trim().to_owned()).collect())
}

#[test]
fn what_is_written_generates_and_passes_the_check() -> Done {
    let place = folder(
        "import-files",
        &[
            ("schemas/task.schema.json", TASK),
            ("schemas/2 done.json", r#"{ "type": ["string", "null"] }"#),
            ("events/task.json", r#"{ "type": "object" }"#),
            (
                "common.json",
                r##"{ "$defs": { "A": { "type": "string" } } }"##,
            ),
        ],
    )?;
    let (good, text) = codegen(
        &place,
        &[
            "import",
            "schemas/task.schema.json",
            "schemas/2 done.json",
            "events/task.json",
            "common.json",
            "schemas/task.schema.json",
            "--from",
            "server",
            "--name",
            "tasks",
        ],
    )?;
    assert_eq!(
        (good, text.as_str()),
        (
            true,
            "`common.json` has only definitions, and became no message: `--definitions` makes a message for each\n\
             wrote `protocol.yaml`: 3 messages from 3 files\n\
             next: say in it who sends what, and run `codegen`\n"
        )
    );
    let spec = fs::read_to_string(place.join("protocol.yaml"))?;
    let (_, spec) = spec.split_once("handfast: 1\n").ok_or("no version")?;
    assert_eq!(
        spec,
        "protocol: { name: tasks, version: 0.1.0 }\n\
         dialect: json-schema\n\
         messages:\n  \
           task: { from: server, payload: { $ref: './schemas/task.schema.json' } }\n  \
           '_2-done': { from: server, payload: { $ref: './schemas/2%20done.json' } }\n  \
           events.task: { from: server, payload: { $ref: './events/task.json' } }\n\
         generate:\n  \
           rust: { out: api.rs }\n  \
           typescript: { out: api.ts }\n"
    );
    let (good, text) = codegen(&place, &[])?;
    assert!(good, "{text}");
    let (good, text) = codegen(&place, &["check"])?;
    assert!(good, "{text}");
    Ok(())
}

#[test]
fn each_definition_becomes_a_message() -> Done {
    let more = r##"{
      "definitions": { "Person": { "type": "string" }, "person": true, "a/b ~%": { "type": "number" }, "true": { "type": "string" } },
      "$defs": { "Client": { "type": "integer" }, "Größe": { "type": "string" }, "no": 3 }
    }"##;
    let place = folder(
        "import-definitions",
        &[
            ("task.json", TASK),
            ("more.json", more),
            ("plain.yaml", "type: string"),
        ],
    )?;
    let messages = imported(
        &place,
        &["task.json", "more.json", "plain.yaml", "--definitions"],
    )?;
    assert_eq!(
        messages,
        [
            "Person: { from: both, payload: { $ref: './task.json#/$defs/Person' } }",
            // The session has a message of that name, and generated code the type `Client`.
            "task.ping: { from: both, payload: { $ref: './task.json#/$defs/ping' } }",
            "more.Client: { from: both, payload: { $ref: './more.json#/$defs/Client' } }",
            "Gr-e: { from: both, payload: { $ref: './more.json#/$defs/Gr%C3%B6%C3%9Fe' } }",
            "more.Person: { from: both, payload: { $ref: './more.json#/definitions/Person' } }",
            "person-message: { from: both, payload: { $ref: './more.json#/definitions/person' } }",
            "a-b: { from: both, payload: { $ref: './more.json#/definitions/a~1b%20~0%25' } }",
            "'true': { from: both, payload: { $ref: './more.json#/definitions/true' } }",
            "plain: { from: both, payload: { $ref: './plain.yaml' } }",
        ]
    );
    let (good, text) = codegen(&place, &[])?;
    assert!(good, "{text}");
    Ok(())
}

#[test]
fn long_names_stay_apart() -> Done {
    let names = ["1", "2", "3", "4"].map(|end| "n".repeat(300) + end);
    let definitions = names.map(|name| (name, serde_json::json!({ "type": "string" })));
    let schema = serde_json::json!({ "$defs": serde_json::Map::from_iter(definitions) });
    let place = folder("import-long", &[("a.json", &schema.to_string())])?;
    let messages = imported(&place, &["a.json", "--definitions"])?;
    let names: Vec<&str> = messages
        .iter()
        .filter_map(|line| line.split(':').next())
        .collect();
    let long = "n".repeat(100);
    let longer = format!("a.{}", "n".repeat(98));
    assert_eq!(
        names,
        [
            long.clone(),
            longer,
            format!("{long}-message"),
            format!("{long}-2")
        ]
    );
    Ok(())
}

#[test]
fn documents_of_others_give_their_components() -> Done {
    let openapi = "openapi: 3.1.0\ninfo: { title: Shop, version: '1' }\npaths: {}\ncomponents:\n  schemas:\n    Order: { type: object, properties: { item: { $ref: '#/components/schemas/Item' } } }\n    Item: { type: string }\n";
    let types = "types: { Money: { type: object, properties: { units: { type: integer } } } }";
    let place = folder(
        "import-documents",
        &[
            ("openapi.yaml", openapi),
            ("types.yaml", types),
            (
                "old.json",
                r#"{ "openapi": "3.0.3", "components": { "schemas": { "A": { "type": "string" } } } }"#,
            ),
            (
                "async.json",
                r#"{ "asyncapi": "2.6.0", "components": { "schemas": { "B": { "type": "string" } } } }"#,
            ),
            (
                "swagger.json",
                r#"{ "swagger": "2.0", "definitions": { "C": { "type": "string" } } }"#,
            ),
        ],
    )?;
    let messages = imported(&place, &["openapi.yaml", "types.yaml", "--from", "client"])?;
    assert_eq!(
        messages,
        [
            "Order: { from: client, payload: { $ref: './openapi.yaml#/components/schemas/Order' } }",
            "Item: { from: client, payload: { $ref: './openapi.yaml#/components/schemas/Item' } }",
            "Money: { from: client, payload: { $ref: './types.yaml#/types/Money' } }",
        ]
    );
    let (good, text) = codegen(&place, &[])?;
    assert!(good, "{text}");
    // What the kind of a document says of its draft.
    for (file, draft, target) in [
        ("old.json", "openapi-3.0", "components/schemas/A"),
        ("async.json", "7", "components/schemas/B"),
        ("swagger.json", "4", "definitions/C"),
    ] {
        codegen(&place, &["import", file, "--force"])?;
        let spec = fs::read_to_string(place.join("protocol.yaml"))?;
        assert!(
            spec.contains(&format!(
                "dialect: {{ name: json-schema, draft: {draft} }}\n"
            )),
            "{spec}"
        );
        assert!(
            spec.contains(&format!("$ref: './{file}#/{target}'")),
            "{spec}"
        );
    }
    let (good, text) = codegen(&place, &["import", "async.json", "swagger.json", "--force"])?;
    assert!(
        !good && text.contains("different drafts") && text.contains("--draft DRAFT"),
        "{text}"
    );
    codegen(
        &place,
        &[
            "import",
            "async.json",
            "swagger.json",
            "--force",
            "--draft",
            "2019-09",
        ],
    )?;
    let spec = fs::read_to_string(place.join("protocol.yaml"))?;
    assert!(spec.contains("draft: 2019-09 }"), "{spec}");
    Ok(())
}

#[test]
fn addresses_are_found_in_the_folder() -> Done {
    let place = folder(
        "import-addresses",
        &[
            (
                "s/a.json",
                r##"{ "$id": "https://x.test/v1/a.json", "properties": { "b": { "$ref": "b.json" }, "c": { "$ref": "parts/c.json#/$defs/C" } } }"##,
            ),
            (
                "s/b.json",
                r#"{ "$id": "https://x.test/v1/b.json", "type": "string" }"#,
            ),
            // Found beside the first, and not imported.
            (
                "s/parts/c.json",
                r##"{ "$defs": { "C": { "$ref": "https://x.test/v1/parts/d" } } }"##,
            ),
            ("s/parts/d.json", r#"{ "type": "integer" }"#),
        ],
    )?;
    let messages = imported(&place, &["s/a.json", "s/b.json"])?;
    assert_eq!(
        messages,
        [
            "a: { from: both, payload: { $ref: './s/a.json' } }",
            "b: { from: both, payload: { $ref: 'https://x.test/v1/b.json' } }",
        ]
    );
    let spec = fs::read_to_string(place.join("protocol.yaml"))?;
    let remotes = "remotes:\n  \
        'https://x.test/v1/b.json': './s/b.json'\n  \
        'https://x.test/v1/parts/c.json': './s/parts/c.json'\n  \
        'https://x.test/v1/parts/d': './s/parts/d.json'\n";
    assert!(spec.contains(remotes), "{spec}");
    Ok(())
}

#[test]
fn a_spec_with_problems_is_written_and_they_are_reported() -> Done {
    let place = folder(
        "import-problems",
        &[("a.json", r#"{ "pattern": "a(?!b)" }"#)],
    )?;
    let (good, text) = codegen(&place, &["import", "a.json"])?;
    assert!(!good, "{text}");
    assert!(
        text.contains("error[S008]") && text.contains("a.json:1:"),
        "{text}"
    );
    assert!(
        text.contains("it has 1 error; `codegen explain CODE` explains a code\n"),
        "{text}"
    );
    assert!(place.join("protocol.yaml").is_file());
    let (good, text) = codegen(&place, &["import", "a.json", "--force", "--format", "json"])?;
    let reported: serde_json::Value = serde_json::from_str(&text)?;
    assert_eq!((good, &reported[0]["code"]), (false, &"S008".into()));
    Ok(())
}

#[test]
fn what_cannot_be_imported_is_refused() -> Done {
    let place = folder(
        "import-refused",
        &[
            ("in/task.json", TASK),
            ("in/list.json", "[1]"),
            ("in/package.json", r#"{ "name": "x", "version": "1.0.0" }"#),
            ("in/broken.json", "{ \"type\": "),
            ("in/empty.json", r#"{ "title": "Nothing" }"#),
            (
                "in/nothing.json",
                r#"{ "$id": "https://x.test/a", "title": "Nothing" }"#,
            ),
            ("in/api.yaml", "openapi: 3.1.0"),
            ("in/spec.yaml", "handfast: 1"),
            ("in/sub/note.txt", ""),
            ("outside.json", TASK),
        ],
    )?;
    let inside = place.join("in");
    for (arguments, said) in [
        (
            &["../outside.json"][..],
            "`../outside.json` is outside the folder of `protocol.yaml`, and a spec refers only to files beside and below it: copy it there, or write the spec above both, with `--out ",
        ),
        (
            &["list.json"],
            "`list.json` is not a schema: its root is not an object",
        ),
        (
            &["package.json"],
            "`package.json` is not a schema: it has no keyword of JSON Schema",
        ),
        (
            &["empty.json"],
            "`empty.json` is not a schema: it has no keyword",
        ),
        (&["nothing.json"], "`nothing.json` says nothing of a value"),
        (
            &["api.yaml"],
            "`api.yaml` has no schemas under `components`",
        ),
        (&["spec.yaml"], "`spec.yaml` is a spec of Handfast itself"),
        (&["broken.json"], "error[Y003]"),
        (&["none.json"], "error[Y001]: `none.json` cannot be read"),
        (
            &["sub"],
            "`sub` is a folder: name the schemas in it, such as `sub/*.json`",
        ),
        (&["task.json", "--out", "sub"], "`sub` "),
        (
            &["task.json", "--out", "no/protocol.yaml"],
            "`no/protocol.yaml` cannot be written: `no`: ",
        ),
        (
            &["task.json", "--out", "task.json", "--force"],
            "`task.json` is the file to be written",
        ),
        (
            &["task.json", "--name", "a b"],
            "`a b` cannot be the name of a protocol",
        ),
        (
            &["task.json", "--draft", "5"],
            "expected 4, 6, 7, 2019-09, 2020-12 or openapi-3.0",
        ),
        (
            &["task.json", "--spec", "other.yaml"],
            "`--out FILE` names the one that it writes",
        ),
        (&[], "<SCHEMA>..."),
    ] {
        let (good, text) = codegen(&inside, &[&["import"], arguments].concat())?;
        assert!(!good && text.contains(said), "{arguments:?}: {text}");
        assert!(!inside.join("protocol.yaml").exists(), "{arguments:?}");
    }
    assert_eq!(fs::read_to_string(inside.join("task.json"))?, TASK);
    // What exists is replaced only on request.
    fs::write(inside.join("protocol.yaml"), "mine")?;
    let (good, text) = codegen(&inside, &["import", "task.json"])?;
    assert!(
        !good && text.contains("`--force` replaces it, and `--out FILE` writes another"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(inside.join("protocol.yaml"))?, "mine");
    let (good, text) = codegen(&inside, &["import", "task.json", "--force"])?;
    assert!(good && text.contains("1 message from 1 file"), "{text}");
    Ok(())
}
