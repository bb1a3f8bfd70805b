//! Output paths: inside the spec's folder, regular files, and never an input.

mod temp_folder;

use handfast_codegen::{GenerateError, Generator};
use std::error::Error;
use std::fs;
use std::process::Command;
use temp_folder::TempFolder;

type Done = Result<(), Box<dyn Error>>;

fn spec(generate: &str) -> String {
    format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages:\n  news: {{ from: server, payload: {{ $ref: './a.json' }} }}\ngenerate:\n  {generate}\n"
    )
}

const INPUT: &str = r#"{ "type": "object", "properties": { "a": { "type": "string" } } }"#;

/// The errors of a spec in a folder of its own, with an input file beside it; empty if it generates.
fn said(place: &TempFolder, generate: &str) -> Result<String, Box<dyn Error>> {
    place.write("in/a.json", INPUT)?;
    let path = place.write("in/protocol.yaml", &spec(generate))?;
    match Generator::new(path).run() {
        Ok(_) => Ok(String::new()),
        Err(failed @ GenerateError::Spec { .. }) => Ok(failed.to_string()),
        Err(other) => Err(format!("{other:?}").into()),
    }
}

#[test]
fn an_output_stays_inside() -> Done {
    let place = TempFolder::new("inside")?;
    for out in ["../x.rs", "../../x.rs", "a/../../x.rs", "./../x.rs"] {
        let text = said(&place, &format!("rust: {{ out: {out} }}"))?;
        let expected = format!("`{out}` is outside the folder of the spec");
        assert!(
            text.contains("error[P033]") && text.contains(&expected),
            "{text}"
        );
        assert!(text.contains("`outside: true`"), "{text}");
        assert!(!place.folder().join("x.rs").exists());
    }
    for out in ["..", ".", "a/..", "a/.", "../", "/x.rs", "''"] {
        let text = said(&place, &format!("rust: {{ out: {out} }}"))?;
        assert!(text.contains("is not an output path"), "{out}: {text}");
    }
    assert_eq!(said(&place, "outside: true\n  rust: { out: ../x.rs }")?, "");
    assert!(place.read("x.rs")?.contains("pub struct News"));
    assert_eq!(said(&place, "rust: { out: b/../c/./x.rs }")?, "");
    assert!(place.read("in/c/x.rs")?.contains("pub struct News"));
    Ok(())
}

#[test]
fn two_outputs_are_two_files() -> Done {
    let place = TempFolder::new("two")?;
    for (one, other) in [
        ("b.ts", "./b.ts"),
        ("b.ts", "a/../b.ts"),
        ("a//b.ts", "a/b.ts"),
        ("b.ts", "B.ts"),
        ("web/api.ts", "web/handfast.ts"),
        ("web/api.ts", "web/x/../Handfast.ts"),
    ] {
        let text = said(
            &place,
            &format!("typescript: {{ out: {one} }}\n  schema: {{ out: {other} }}"),
        )?;
        assert!(
            text.contains("error[P033]") && text.contains("two outputs have the path"),
            "{one} {other}: {text}"
        );
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(".", place.folder().join("in/loop"))?;
        let text = said(
            &place,
            "rust: { out: loop/b.ts }\n  typescript: { out: b.ts }",
        )?;
        assert!(text.contains("two outputs have the path"), "{text}");
    }
    for (one, other) in [("x.rs", "x.rs/y.json"), ("x.rs/z.rs", "x.rs")] {
        let text = said(
            &place,
            &format!("rust: {{ out: {one} }}\n  schema: {{ out: {other} }}"),
        )?;
        assert!(text.contains("is below another output"), "{text}");
        assert!(!place.folder().join("in/x.rs").exists());
    }
    // A backup of one output is not another output.
    assert_eq!(
        said(
            &place,
            "rust: { out: x/../c.rs }\n  schema: { out: b.json }"
        )?,
        ""
    );
    assert_eq!(
        said(
            &place,
            "rust: { out: x/../c.rs }\n  schema: { out: ./b.json }"
        )?,
        ""
    );
    assert!(place.folder().join("in/b.json").exists() && place.folder().join("in/c.rs").exists());
    Ok(())
}

#[test]
fn what_is_read_is_never_written() -> Done {
    let place = TempFolder::new("inputs")?;
    for out in [
        "protocol.yaml",
        "./protocol.yaml",
        "x/../a.json",
        "a.json",
        "Protocol.YAML",
    ] {
        let text = said(&place, &format!("schema: {{ out: {out} }}"))?;
        assert!(
            text.contains("error[P033]") && text.contains("is an input of the spec"),
            "{out}: {text}"
        );
        assert_eq!(place.read("in/a.json")?, INPUT);
        assert!(place.read("in/protocol.yaml")?.starts_with("handfast: 1"));
    }
    for out in ["protocol.yaml/x.json", "a.json/b/x.json"] {
        let text = said(&place, &format!("schema: {{ out: {out} }}"))?;
        assert!(text.contains("which is not a folder"), "{out}: {text}");
    }
    // A file with the name of a temporary output stays.
    place.write("in/c.json.handfast-new", "mine")?;
    assert_eq!(said(&place, "schema: { out: c.json }")?, "");
    assert_eq!(place.read("in/c.json.handfast-new")?, "mine");
    // An input with the header of an output is not a stale output.
    assert_eq!(said(&place, "schema: { out: b.json }")?, "");
    let bundle = place.read("in/b.json")?;
    let comment = bundle.lines().find(|line| line.contains("$comment"));
    let input = format!("{{\n{}\n{}", comment.ok_or("a header")?, &INPUT[1..]);
    place.write("in/a.json", &input)?;
    let path = place.write("in/protocol.yaml", &spec("schema: { out: c.json }"))?;
    Generator::new(&path).run()?;
    assert_eq!(place.read("in/a.json")?, input);
    assert!(!place.folder().join("in/b.json").exists());
    Ok(())
}

#[test]
#[cfg(unix)]
fn links_lead_nowhere_else() -> Done {
    use std::os::unix::fs::symlink;
    let place = TempFolder::new("links")?;
    fs::create_dir_all(place.folder().join("in"))?;
    fs::create_dir_all(place.folder().join("elsewhere"))?;
    symlink("../elsewhere", place.folder().join("in/away"))?;
    symlink("protocol.yaml", place.folder().join("in/same.json"))?;
    for out in ["away/x.json", "away/deep/x.json"] {
        let text = said(&place, &format!("schema: {{ out: {out} }}"))?;
        assert!(
            text.contains("error[P033]") && text.contains("through a symbolic link"),
            "{text}"
        );
    }
    assert_eq!(fs::read_dir(place.folder().join("elsewhere"))?.count(), 0);
    assert_eq!(
        said(&place, "outside: true\n  schema: { out: away/x.json }")?,
        ""
    );
    assert!(place.folder().join("elsewhere/x.json").exists());
    let text = said(&place, "schema: { out: same.json }")?;
    assert!(text.contains("is an input of the spec"), "{text}");
    Ok(())
}

/// No pipe is opened, and only regular files are replaced.
#[test]
#[cfg(unix)]
fn an_output_that_is_not_a_file_is_reported() -> Done {
    let place = TempFolder::new("pipes")?;
    fs::create_dir_all(place.folder().join("in/folder"))?;
    let pipe = |name: &str| -> Done {
        let made = Command::new("mkfifo")
            .arg(place.folder().join(name))
            .status()?;
        assert!(made.success());
        Ok(())
    };
    pipe("in/pipe.json")?;
    for (out, expected) in [
        ("pipe.json", "`pipe.json` is a pipe"),
        ("folder", "`folder` is a folder"),
    ] {
        let text = said(&place, &format!("schema: {{ out: {out} }}"))?;
        assert!(
            text.contains("error[P033]") && text.contains(expected),
            "{text}"
        );
    }
    for (input, expected) in [
        ("./pipe.json", "`pipe.json` cannot be read: it is a pipe"),
        ("./folder", "`folder` cannot be read: it is a folder"),
    ] {
        let text = spec("schema: { out: b.json }").replace("./a.json", input);
        let path = place.write("in/protocol.yaml", &text)?;
        let failed = Generator::new(path).run().err().ok_or("it was read")?;
        assert!(failed.to_string().contains(expected), "{failed}");
    }
    pipe("in/protocol.pipe")?;
    for (name, expected) in [("in/protocol.pipe", "a pipe"), ("in/folder", "a folder")] {
        let failed = Generator::new(place.folder().join(name)).run();
        let failed = failed.err().ok_or("it was read")?.to_string();
        assert!(
            failed.contains("Y001") && failed.contains(expected),
            "{failed}"
        );
    }
    Ok(())
}
