//! Every page of a code is tested: the first spec gives exactly the rendering on the page, the last one neither that
//! code nor an error or a warning. `UPDATE_PAGES=1` updates the renderings.

use handfast_spec::{CODES, Loaded, Severity, explain, load_str, render};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pages")
}

/// The fenced blocks of a page: (info string, content, byte range of the content).
fn blocks(page: &str) -> Vec<(&str, &str, std::ops::Range<usize>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        if let Some(info) = line.trim_end().strip_prefix("```") {
            match open.take() {
                None => open = Some((info, at + line.len())),
                Some((info, start)) => blocks.push((info, &page[start..at], start..at)),
            }
        }
        at += line.len();
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn run(info: &str, text: &str) -> Loaded {
    let mut bytes = text.as_bytes().to_vec();
    if info == "yaml bytes" {
        while let Some(at) = bytes.windows(2).position(|pair| pair == b"\\x") {
            let digits = std::str::from_utf8(&bytes[at + 2..at + 4]).expect("two hex digits");
            let byte = u8::from_str_radix(digits, 16).expect("two hex digits");
            bytes.splice(at..at + 4, [byte]);
        }
    }
    load_str("protocol.yaml", &bytes, &BTreeMap::new())
}

/// The codes that loading a spec can give; those of names and types come from the generator, which tests their pages.
fn own() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    CODES
        .iter()
        .filter(|(code, _)| !code.starts_with(['N', 'T']))
}

#[test]
fn every_page_says_what_happens() {
    let update = std::env::var_os("UPDATE_PAGES").is_some();
    let schema = handfast_spec::format_schema();
    let format = jsonschema::validator_for(&schema).expect("a schema");
    let mut wrong = Vec::new();
    for (code, compiled) in own() {
        let path = folder().join(format!("{code}.md"));
        let page = if update {
            std::fs::read_to_string(&path).expect(code)
        } else {
            (*compiled).to_owned()
        };
        let found = blocks(&page);
        let [(info, bad, _), ("text", expected, place), ("yaml", good, _)] = found.as_slice()
        else {
            panic!("{code}: a page has a spec, a rendering and a corrected spec");
        };
        assert!(
            page.starts_with(&format!("# {code}: ")),
            "{code}: the title"
        );
        let loaded = run(info, bad);
        let rendered = render(&loaded.diagnostics, &loaded.sources, false);
        let rendered = rendered.trim_end().to_owned() + "\n";
        let mut other = loaded
            .diagnostics
            .iter()
            .filter(|one| one.severity != Severity::Note);
        let other = other.any(|one| one.code != *code)
            || loaded.diagnostics.iter().all(|one| one.code != *code);
        if other {
            wrong.push(format!(
                "{code}: another diagnostic is reported\n{rendered}"
            ));
            continue;
        }
        if update && rendered != *expected {
            let mut page = page.clone();
            page.replace_range(place.clone(), &rendered);
            std::fs::write(&path, page).expect(code);
        } else if rendered != *expected {
            wrong.push(format!("{code}:\n{rendered}"));
        }
        let mended = run("yaml", good);
        let rest = render(&mended.diagnostics, &mended.sources, false);
        let json = handfast_spec::yaml::to_json(good).unwrap_or_default();
        for error in format.iter_errors(&json) {
            wrong.push(format!(
                "{code}: the format's schema refuses the corrected spec: {error}"
            ));
        }
        // A note of another kind may remain: the solution may have no effect yet.
        let mut told = mended.diagnostics.iter();
        let told = told.any(|one| one.code == *code || one.severity != Severity::Note);
        if told || mended.protocol.is_none() {
            wrong.push(format!("{code}: the corrected spec\n{rest}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_PAGES=1 rewrites these:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn codes_in_the_source_and_pages_are_the_same() {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut emitted = BTreeSet::new();
    for file in files.iter().filter(|file| !file.ends_with("codes.rs")) {
        let text = std::fs::read_to_string(file).expect("a source");
        for piece in text.split('"') {
            let mut chars = piece.chars();
            let family = chars.next().is_some_and(|c| "YPSG".contains(c));
            if family && piece.len() == 4 && chars.all(|c| c.is_ascii_digit()) {
                emitted.insert(piece.to_owned());
            }
        }
    }
    let listed: BTreeSet<String> = own().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(emitted, listed);
    let listed: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
    let on_disk: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the pages")
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .path()
                    .file_stem()?
                    .to_string_lossy()
                    .into_owned(),
            )
        })
        .collect();
    assert_eq!(on_disk, listed);
    assert!(explain("P001").is_some() && explain("P000").is_none());
}
