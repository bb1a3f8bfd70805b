//! Compiles and runs the code of `docs/guide`, page by page, and of the README. `cargo run -p handfast-guide -- NAME…` runs some pages, and with
//! `snippets` the blocks that are no files.

mod page;
mod snippets;
mod workspace;

use page::{Command, Page, Step};
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use workspace::Workspace;

type Failure = Box<dyn Error>;

/// The page whose files all others build on.
const FIRST: &str = "application.md";

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match run(&names) {
        Ok(0) => {
            eprintln!("there is no such page");
            ExitCode::FAILURE
        }
        Ok(count) => {
            println!("guide: {count} pages are as they say");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String]) -> Result<usize, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let folder = root.join("docs/guide");
    agrees_with_example(&root, &folder)?;
    let mut count = 0;
    let pages = listed(&folder)?;
    for file in &pages {
        let name = file.trim_end_matches(".md");
        if names.is_empty() || names.iter().any(|one| one == name) {
            println!("{file}");
            check(&root, &folder, file).map_err(|error| format!("docs/guide/{file}: {error}"))?;
            count += 1;
        }
    }
    if names.is_empty() || names.iter().any(|one| one == "snippets") {
        println!("README.md, and what has no title");
        snippets::check(&root, &pages, &read(&folder, FIRST)?, &target())?;
        count += 1;
    }
    Ok(count)
}

/// The pages, as the README of the guide lists them: all that there are.
fn listed(folder: &Path) -> Result<Vec<String>, Failure> {
    let readme = fs::read_to_string(folder.join("README.md"))?;
    let mut listed: Vec<String> = Vec::new();
    for link in readme.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        if target.ends_with(".md") && !target.contains('/') {
            listed.push(target.to_owned());
        }
    }
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "README.md" && !listed.contains(&name) {
            return Err(format!("docs/guide/README.md does not list {name}").into());
        }
    }
    Ok(listed)
}

/// The example is the first page with a page of its own: they have one protocol.
fn agrees_with_example(root: &Path, folder: &Path) -> Result<(), Failure> {
    let example = fs::read_to_string(root.join("examples/counter/protocol.yaml"))?;
    let page = read(folder, FIRST)?;
    let messages = |text: &str| text.split("generate:").next().map(str::to_owned);
    if messages(page.spec()) == messages(&example) {
        Ok(())
    } else {
        Err(format!("{FIRST} and examples/counter/protocol.yaml differ").into())
    }
}

fn read(folder: &Path, file: &str) -> Result<Page, Failure> {
    Page::parse(&fs::read_to_string(folder.join(file))?)
}

fn check(root: &Path, folder: &Path, file: &str) -> Result<(), Failure> {
    let page = read(folder, file)?;
    let mut workspace = Workspace::new(root, &target())?;
    let is_own = page
        .steps
        .iter()
        .any(|step| matches!(step, Step::File { path, .. } if path == "Cargo.toml"));
    if !is_own {
        workspace.write_files(&read(folder, FIRST)?)?;
    }
    if let Some(base) = &page.base {
        workspace.write_files(&read(folder, base)?)?;
    }
    workspace.run(&page)?;
    if file == "page.md" {
        strict_mode(&mut workspace)?;
    }
    Ok(())
}

/// Runs the page's hooks under React's StrictMode, against its server.
fn strict_mode(workspace: &mut Workspace) -> Result<(), Failure> {
    let command = |line: &str, is_server, output: &[&str]| Command {
        line: line.to_owned(),
        is_server,
        status: 0,
        output: output.iter().map(|line| (*line).to_owned()).collect(),
    };
    workspace.write("web/src/strict-mode.tsx", include_str!("strict-mode.tsx"))?;
    let bundle = "npx esbuild web/src/strict-mode.tsx --bundle --platform=node --packages=external --format=esm --jsx=automatic --outfile=strict-mode.js --log-level=error";
    workspace.command(&command(bundle, false, &[]))?;
    workspace.command(&command(
        "cargo run -p server",
        true,
        &["listening on 127.0.0.1:8080"],
    ))?;
    workspace.command(&command(
        "node strict-mode.js",
        false,
        &["the hooks survive StrictMode"],
    ))
}

/// Cargo's target folder: the one that contains this program.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .nth(2)
        .map_or_else(PathBuf::new, PathBuf::from)
}
