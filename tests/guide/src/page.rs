//! A page of the guide: the files and the commands in its code blocks.

use crate::Failure;

/// What a page asks for.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// The page on whose files it builds.
    pub base: Option<String>,
    pub steps: Vec<Step>,
}

/// A code block with something to do.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// A block with a title: a file. If the page has several blocks of one title, they are its parts, and `text` is all of them so far.
    File { path: String, text: String },
    /// A command of a `console` block, and what it must print.
    Command(Command),
    /// A block of which each paragraph is in a file.
    Excerpt { path: String, text: String },
}

#[derive(Debug, PartialEq)]
pub struct Command {
    /// Without the prompt, and without what follows `#` or `&`.
    pub line: String,
    /// Whether it goes on in the background after it has printed its lines.
    pub is_server: bool,
    pub status: i32,
    /// The lines it prints, as [`is_as_shown`] reads them.
    pub output: Vec<String>,
}

impl Page {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let base = text.lines().find_map(|line| {
            let base = line.strip_prefix("<!-- on top of ")?;
            base.strip_suffix(" -->")
        });
        let mut page = Self {
            base: base.map(str::to_owned),
            steps: Vec::new(),
        };
        for (info, block) in blocks(text) {
            if let Some((_, title)) = info.split_once(" title=") {
                page.add_file(title.trim_matches('"'), &lines_of(&block));
            } else if let Some((_, path)) = info.split_once(" from=") {
                page.steps.push(Step::Excerpt {
                    path: path.trim_matches('"').to_owned(),
                    text: lines_of(&block),
                });
            } else if info == "console" {
                page.steps
                    .extend(commands(&block)?.into_iter().map(Step::Command));
            }
        }
        Ok(page)
    }

    /// Its `protocol.yaml`; empty if it has none.
    pub fn spec(&self) -> &str {
        let spec = self.steps.iter().find_map(|step| match step {
            Step::File { path, text } if path == "protocol.yaml" => Some(&**text),
            _ => None,
        });
        spec.unwrap_or_default()
    }

    fn add_file(&mut self, path: &str, text: &str) {
        let parts = self.steps.iter().rev().find_map(|step| match step {
            Step::File { path: own, text } if own == path => Some(text),
            _ => None,
        });
        let text = match parts {
            Some(parts) => format!("{parts}\n{text}"),
            None => text.to_owned(),
        };
        self.steps.push(Step::File {
            path: path.to_owned(),
            text,
        });
    }
}

fn lines_of(block: &[&str]) -> String {
    block.iter().flat_map(|line| [line, "\n"]).collect()
}

/// The code blocks of a page, each with what follows its fence.
fn blocks(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let info = lines.find_map(|line| line.strip_prefix("```"))?;
        Some((
            info,
            lines.by_ref().take_while(|line| *line != "```").collect(),
        ))
    })
}

/// The blocks of a page in a language that have no title.
pub fn untitled(text: &str, language: &str) -> Vec<String> {
    blocks(text)
        .filter(|(info, _)| *info == language)
        .map(|(_, block)| lines_of(&block))
        .collect()
}

fn commands(block: &[&str]) -> Result<Vec<Command>, Failure> {
    let mut commands: Vec<Command> = Vec::new();
    for line in block {
        if let Some(line) = line.strip_prefix("$ ") {
            let (line, remark) = line.split_once("  # ").unwrap_or((line, ""));
            let status = match remark.strip_prefix("exits with ") {
                Some(status) => status.parse()?,
                None => 0,
            };
            let server = line.strip_suffix(" &");
            commands.push(Command {
                line: server.unwrap_or(line).to_owned(),
                is_server: server.is_some(),
                status,
                output: Vec::new(),
            });
        } else if let Some(command) = commands.last_mut() {
            command.output.push((*line).to_owned());
        } else {
            return Err("a console block begins with a command".into());
        }
    }
    Ok(commands)
}

/// Whether lines are those that a page shows. A line `…` is any number of them, and at the end of a line it is the rest of it.
pub fn is_as_shown(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == "…" => {
            (0..=printed.len()).any(|skipped| is_as_shown(rest, &printed[skipped..]))
        }
        Some((line, rest)) => match printed.split_first() {
            Some((first, others)) => {
                let is_same = match line.strip_suffix('…') {
                    Some(start) => first.starts_with(start),
                    None => line == first,
                };
                is_same && is_as_shown(rest, others)
            }
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_files_in_parts_and_commands_in_its_order() {
        let text = "\
<!-- on top of base.md -->
# A page
```rust title=\"a/src/lib.rs\"
fn a() {}
```
```rust
not a file
```
```rust title=\"a/src/lib.rs\"
fn b() {}
```
```console
$ run it &
here
$ end  # exits with 1
```
```toml title=\"a/Cargo.toml\"
name = \"a\"
```
```ts from=\"a/api.ts\"
type A = 1;
```
";
        let file = |path: &str, text: &str| Step::File {
            path: path.into(),
            text: text.into(),
        };
        let command = |line: &str, is_server, status, output: &[&str]| {
            Step::Command(Command {
                line: line.into(),
                is_server,
                status,
                output: output.iter().map(|line| (*line).to_owned()).collect(),
            })
        };
        let page = Page::parse(text).expect("a page");
        assert_eq!(page.base.as_deref(), Some("base.md"));
        assert_eq!(
            page.steps,
            [
                file("a/src/lib.rs", "fn a() {}\n"),
                file("a/src/lib.rs", "fn a() {}\n\nfn b() {}\n"),
                command("run it", true, 0, &["here"]),
                command("end", false, 1, &[]),
                file("a/Cargo.toml", "name = \"a\"\n"),
                Step::Excerpt {
                    path: "a/api.ts".into(),
                    text: "type A = 1;\n".into(),
                },
            ]
        );
        assert_eq!(untitled(text, "rust"), ["not a file\n"]);
        assert!(untitled(text, "ts").is_empty());
    }

    #[test]
    fn dots_stand_for_any_lines() {
        let shown = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()
        };
        assert!(is_as_shown(&shown(&["a", "…", "d"]), &["a", "b", "c", "d"]));
        assert!(is_as_shown(&shown(&["a", "…"]), &["a"]));
        assert!(is_as_shown(&shown(&["ab …", "c"]), &["ab 1", "c"]));
        assert!(!is_as_shown(&shown(&["a", "…", "d"]), &["a", "b"]));
        assert!(!is_as_shown(&shown(&["a"]), &["a", "b"]));
    }
}
