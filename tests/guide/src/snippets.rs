//! The code blocks of the README and of the guide that are not files: each stands in a file of `tests/guide/snippets`, where it compiles.

use crate::{
    Failure,
    page::{Command, Page, untitled},
    workspace::Workspace,
};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

/// The line of a file that stands for the block.
const BLOCK: &str = "// …\n";

/// Pages whose blocks are compiled by other tests: this one is a part of the runtime's documentation.
const ELSEWHERE: [&str; 1] = ["docs/guide/auth.md"];

/// A block in its file.
struct Snippet {
    /// The name of the file, as `page-1.ts` for the first block of `page.md` in TypeScript.
    name: String,
    /// Its text, the block in its place.
    text: String,
    /// The path of the protocol that it is about, which the file names in its first line.
    spec: String,
}

/// Compiles the blocks of the README and of these pages of the guide, in the workspace of the first.
///
/// # Errors
/// If one does not compile, or if there is no file for it.
pub fn check(root: &Path, pages: &[String], first: &Page, target: &Path) -> Result<(), Failure> {
    let mut by_spec: BTreeMap<String, Vec<Snippet>> = BTreeMap::new();
    let readmes = ["README.md", "docs/guide/README.md"].map(str::to_owned);
    let pages = pages.iter().map(|page| format!("docs/guide/{page}"));
    for page in readmes.into_iter().chain(pages) {
        for snippet in snippets(root, &page)? {
            let of_spec = by_spec.entry(snippet.spec.clone()).or_default();
            of_spec.push(snippet);
        }
    }
    let (_, outputs) = first.spec().split_once("\ngenerate:").unwrap_or_default();
    for (spec, snippets) in by_spec {
        let mut workspace = Workspace::new(root, target)?;
        workspace.write_files(first)?;
        compile(
            &mut workspace,
            &fs::read_to_string(root.join(spec))?,
            outputs,
            &snippets,
        )?;
    }
    Ok(())
}

/// The blocks of a page in their files.
fn snippets(root: &Path, page: &str) -> Result<Vec<Snippet>, Failure> {
    let mut snippets = Vec::new();
    if ELSEWHERE.contains(&page) {
        return Ok(snippets);
    }
    let text = fs::read_to_string(root.join(page))?;
    let stem = Path::new(page).file_stem().unwrap_or_default();
    for (language, ending) in [("rust", "rs"), ("ts", "ts"), ("tsx", "tsx")] {
        for (i, block) in untitled(&text, language).iter().enumerate() {
            let name = format!("{}-{}.{ending}", stem.display(), i + 1);
            let file = format!("tests/guide/snippets/{name}");
            let around = fs::read_to_string(root.join(&file))
                .map_err(|error| format!("{page} has a block for {file}: {error}"))?;
            let spec = around
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("// with "));
            let (Some(spec), true) = (spec, around.contains(BLOCK)) else {
                let place = BLOCK.trim_end();
                return Err(format!("{file} lacks `// with PROTOCOL` or `{place}`").into());
            };
            snippets.push(Snippet {
                spec: spec.to_owned(),
                text: around.replace(BLOCK, block),
                name,
            });
        }
    }
    Ok(snippets)
}

/// Compiles blocks. `outputs` are those that the first page generates.
fn compile(
    workspace: &mut Workspace,
    spec: &str,
    outputs: &str,
    snippets: &[Snippet],
) -> Result<(), Failure> {
    let messages = spec.split("\ngenerate:").next().unwrap_or(spec);
    workspace.write("protocol.yaml", &format!("{messages}\ngenerate:{outputs}"))?;
    // What the first page wrote is of another protocol.
    workspace.write("server/src/main.rs", "fn main() {}\n")?;
    let mut modules = String::new();
    let mut scripts = Vec::new();
    for Snippet { name, text, .. } in snippets {
        match name.strip_suffix(".rs") {
            Some(stem) => {
                let module = stem.replace('-', "_").to_lowercase();
                workspace.write(&format!("server/src/{module}.rs"), text)?;
                writeln!(modules, "pub mod {module};")?;
            }
            None => {
                workspace.write(&format!("web/src/{name}"), text)?;
                scripts.push(format!("web/src/{name}"));
            }
        }
    }
    workspace.write("server/src/lib.rs", &modules)?;
    let manifest = "\
        [package]\nname = \"server\"\nedition.workspace = true\n\n[dependencies]\napi.workspace = true\n\
        handfast.workspace = true\ntokio.workspace = true\naxum = \"0.8\"\ntracing = \"0.1\"\n";
    workspace.write("server/Cargo.toml", manifest)?;
    let mut run = |line: &str| {
        workspace.command(&Command {
            line: line.to_owned(),
            is_server: false,
            status: 0,
            output: vec!["…".to_owned()],
        })
    };
    run("cargo run -p codegen")?;
    if !modules.is_empty() {
        run("cargo build -p server")?;
    }
    if !scripts.is_empty() {
        run(&format!(
            "npx tsc --noEmit --strict --target es2022 --module esnext --moduleResolution bundler --lib es2022,dom {}",
            scripts.join(" ")
        ))?;
    }
    Ok(())
}
