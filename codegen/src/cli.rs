//! The command line: generate, check, explain, schema, verify, import.

use crate::{
    GenerateError, Generator,
    import::{Import, ImportError, Imported, import},
    output_paths,
    verify::verify,
    write::{self, Change, File},
};
use clap::{Parser, Subcommand, ValueEnum};
use handfast_spec::{Diagnostic, Severity, Sources};
use std::{
    fs,
    io::{self, BufReader, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

/// Turns protocol.yaml into both ends of a typed real-time protocol.
///
/// Without a command it generates: it reads `protocol.yaml` from this folder or the nearest one above, and writes the
/// Rust, TypeScript and JSON Schema requested under `generate` in that file. Unchanged files are not written.
#[derive(Parser)]
#[command(name = "codegen", version, max_term_width = 100)]
struct Cli {
    /// The spec; by default the nearest `protocol.yaml`, here or above.
    #[arg(short, long, global = true, value_name = "FILE")]
    spec: Option<PathBuf>,

    /// The format of diagnostics: text, or JSON for editors.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    format: Format,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text with an excerpt of the source.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Write the outputs (the default).
    Generate,
    /// Report every problem, the guarantees that the protocol gives up, what has no type, and whether the outputs are up to date.
    ///
    /// Writes nothing. Exits with 1 if there are errors or stale outputs, and prints the command to run: use it in
    /// CI.
    Check,
    /// Print the page of a diagnostic code, such as P014.
    Explain {
        /// The code; without one, all codes are listed.
        code: Option<String>,
    },
    /// Print the JSON Schema of protocol.yaml itself, which editors use for completion and checks.
    Schema {
        /// Write it to this file instead.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check recorded traffic against the protocol: identify each message, and report everything wrong with it.
    ///
    /// Each line of the capture is a JSON object: `{"from":"client","text":"…"}`, with the text as it was sent. Exits
    /// with 1 if anything is wrong.
    Verify {
        /// The capture; `-` is standard input.
        capture: PathBuf,
    },
    /// Write a first protocol.yaml around schemas that exist: JSON Schema, OpenAPI, AsyncAPI.
    ///
    /// Each schema becomes the payload of a message. The schemas stay where they are, and the spec refers to them; they
    /// must be beside or below it. Problems of the spec are reported, and exit with 1; it is written all the same.
    Import(Import),
}

/// Runs the command in the arguments of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader of the output is gone: there is nobody to report it to.
        Err(CliError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(trouble) => {
            // If this fails, there is nobody to report it to.
            let _ = trouble.report(&cli);
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
enum CliError {
    Generate(GenerateError),
    Io(io::Error),
    Message(String),
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<GenerateError> for CliError {
    fn from(failed: GenerateError) -> Self {
        Self::Generate(failed)
    }
}

impl From<ImportError> for CliError {
    fn from(failed: ImportError) -> Self {
        match failed {
            ImportError::Unreadable(diagnostics, sources) => Self::Generate(GenerateError::Spec {
                diagnostics,
                sources,
            }),
            ImportError::Refused(why) => Self::Message(why),
            ImportError::Io(error) => Self::Io(error),
        }
    }
}

impl CliError {
    fn report(&self, cli: &Cli) -> io::Result<()> {
        let mut err = io::stderr();
        let format = cli.format;
        match self {
            Self::Generate(GenerateError::Spec {
                diagnostics,
                sources,
            }) => {
                let checks = matches!(cli.command, Some(Command::Check));
                let shown = if checks {
                    diagnostics.clone()
                } else {
                    without_notes(diagnostics.clone())
                };
                report(&shown, sources, format)?;
                if format == Format::Text {
                    let errors = diagnostics
                        .iter()
                        .filter(|one| one.severity == Severity::Error)
                        .count();
                    let s = if errors == 1 { "" } else { "s" };
                    writeln!(
                        err,
                        "nothing was written: {errors} error{s}; `codegen explain CODE` explains a code"
                    )?;
                }
            }
            Self::Generate(failed) => {
                write!(err, "error: {failed}")?;
                let mut source = std::error::Error::source(failed);
                while let Some(error) = source {
                    write!(err, ": {error}")?;
                    source = error.source();
                }
                writeln!(err)?;
            }
            Self::Io(error) => writeln!(err, "error: {error}")?,
            Self::Message(words) => writeln!(err, "error: {words}")?,
        }
        Ok(())
    }
}

fn run(cli: &Cli) -> Result<bool, CliError> {
    match &cli.command {
        None | Some(Command::Generate) => generate(cli),
        Some(Command::Check) => check(cli),
        Some(Command::Explain { code }) => explain(code.as_deref()),
        Some(Command::Schema { out }) => schema(out.as_deref()),
        Some(Command::Verify { capture }) => judge(cli, capture),
        Some(Command::Import(options)) => write_spec(cli, options),
    }
}

/// The given spec, or the nearest one.
fn spec(cli: &Cli) -> Result<PathBuf, CliError> {
    if let Some(spec) = &cli.spec {
        return Ok(spec.clone());
    }
    let here = std::env::current_dir()?;
    let names = ["protocol.yaml", "protocol.yml", "protocol.json"];
    for (up, folder) in here.ancestors().enumerate() {
        if let Some(name) = names.iter().find(|name| folder.join(name).is_file()) {
            // A path from here reads better in messages than one from the root.
            return Ok((0..up).map(|_| "..").collect::<PathBuf>().join(name));
        }
    }
    Err(CliError::Message(
        "no `protocol.yaml` here or in any folder above; choose one with `--spec FILE`".to_owned(),
    ))
}

/// The reader of the output may close it at any time, which would make `println!` panic.
fn report(diagnostics: &[Diagnostic], sources: &Sources, format: Format) -> io::Result<()> {
    match format {
        Format::Json => {
            let text = handfast_spec::render_json(diagnostics, sources);
            writeln!(io::stdout(), "{text}")
        }
        Format::Text if diagnostics.is_empty() => Ok(()),
        Format::Text => {
            let text = handfast_spec::render(diagnostics, sources, io::stderr().is_terminal());
            writeln!(io::stderr(), "{}\n", text.trim_end())
        }
    }
}

/// Without notes, which only `check` shows: other commands report problems only.
fn without_notes(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics
        .into_iter()
        .filter(|one| one.severity != Severity::Note)
        .collect()
}

fn generate(cli: &Cli) -> Result<bool, CliError> {
    let start = Instant::now();
    let spec = spec(cli)?;
    let generated = Generator::new(&spec).run()?;
    report(
        &without_notes(generated.diagnostics),
        &generated.sources,
        cli.format,
    )?;
    if cli.format == Format::Json {
        return Ok(true);
    }
    let mut out = io::stdout().lock();
    if generated.files.is_empty() {
        writeln!(
            out,
            "`{}` has no outputs; add some under `generate`",
            spec.display()
        )?;
    }
    for File { path, change } in &generated.files {
        let word = match change {
            Change::Created => "wrote",
            Change::Updated => "changed",
            Change::Replaced => "replaced",
            Change::Unchanged => "left",
            Change::Removed => "removed",
        };
        let kept = if *change == Change::Replaced {
            "  (the existing file was not generated by Handfast: kept as .bak)"
        } else {
            ""
        };
        writeln!(out, "{word:>9}  {}{kept}", shown(path))?;
    }
    writeln!(out, "{:>9}  {:.0?}", "in", start.elapsed())?;
    Ok(true)
}

/// A path for display.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

fn check(cli: &Cli) -> Result<bool, CliError> {
    let spec = spec(cli)?;
    let generator = Generator::new(&spec);
    let (outputs, mut diagnostics, sources) = generator.prepare()?;
    diagnostics.extend(generator.coverage());
    diagnostics.sort_by_key(|one| one.primary.span);
    let stale: Vec<File> = write::plan(generator.folder(), &outputs, &sources)?
        .into_iter()
        .filter(|file| file.change != Change::Unchanged)
        .collect();
    let is_current = stale.is_empty();
    let why = |change: Change| match change {
        Change::Created => "is missing",
        Change::Removed => "is no longer generated",
        Change::Updated | Change::Replaced | Change::Unchanged => "is out of date",
    };
    if cli.format == Format::Json {
        // One document: the problems of the spec, followed by one for each stale output.
        let mut all = handfast_spec::render_json(&diagnostics, &sources);
        if let Some(all) = all.as_array_mut() {
            all.extend(stale.iter().map(|File { path, change }| {
                let path = shown(path).to_string();
                serde_json::json!({
                    "file": path,
                    "severity": "error",
                    "stale": true,
                    "message": format!("`{path}` {}", why(*change)),
                    "help": "run `cargo run -p codegen`",
                })
            }));
        }
        writeln!(io::stdout(), "{all}")?;
    } else {
        report(&diagnostics, &sources, cli.format)?;
        let mut out = io::stdout().lock();
        for File { path, change } in &stale {
            writeln!(out, "stale: `{}` {}", shown(path), why(*change))?;
        }
        if is_current {
            writeln!(
                out,
                "`{}` has no errors, and its outputs are up to date",
                spec.display()
            )?;
        } else {
            writeln!(
                out,
                "run `cargo run -p codegen` to bring the outputs up to date"
            )?;
        }
    }
    Ok(is_current)
}

fn explain(code: Option<&str>) -> Result<bool, CliError> {
    let mut out = io::stdout().lock();
    let Some(code) = code else {
        for (code, page) in handfast_spec::CODES {
            let title = page
                .lines()
                .find_map(|line| line.strip_prefix("# "))
                .unwrap_or_default();
            writeln!(
                out,
                "{}",
                if title.starts_with(code) {
                    title.to_owned()
                } else {
                    format!("{code}  {title}")
                }
            )?;
        }
        return Ok(true);
    };
    match handfast_spec::explain(&code.to_uppercase()) {
        Some(page) => writeln!(out, "{}", page.trim_end())?,
        None => {
            return Err(CliError::Message(format!(
                "unknown code `{code}`; `codegen explain` lists all codes"
            )));
        }
    }
    Ok(true)
}

fn schema(out: Option<&Path>) -> Result<bool, CliError> {
    let text =
        serde_json::to_string_pretty(&handfast_spec::format_schema()).unwrap_or_default() + "\n";
    match out {
        Some(path) => {
            may_be_replaced(path)?;
            fs::write(path, text)?;
        }
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(true)
}

/// Checks that a schema may be written to a path: it must be free, or contain a schema from Handfast.
fn may_be_replaced(path: &Path) -> Result<(), CliError> {
    let refused = |what: &str| CliError::Message(format!("`{}` {what}", path.display()));
    if let Some(what) = output_paths::obstacle(path) {
        return Err(refused(what));
    }
    let old = match fs::read(path) {
        Ok(old) => old,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let ours = handfast_spec::format_schema();
    let is_ours = serde_json::from_slice::<serde_json::Value>(&old)
        .is_ok_and(|old| old.get("title") == ours.get("title"));
    if is_ours || old.iter().all(u8::is_ascii_whitespace) {
        Ok(())
    } else {
        Err(refused(
            "exists and is not a schema of this format: remove it, or choose another file",
        ))
    }
}

fn write_spec(cli: &Cli, options: &Import) -> Result<bool, CliError> {
    let Imported {
        path,
        messages,
        schemas,
        omitted,
        diagnostics,
        sources,
    } = match cli.spec {
        None => import(options)?,
        Some(_) => {
            let words = "`import` reads no spec; `--out FILE` names the one that it writes";
            return Err(CliError::Message(words.to_owned()));
        }
    };
    let errors = diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .count();
    report(&without_notes(diagnostics), &sources, cli.format)?;
    if cli.format == Format::Json {
        return Ok(errors == 0);
    }
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let mut out = io::stdout().lock();
    for file in omitted {
        writeln!(out, "{file}")?;
    }
    writeln!(
        out,
        "wrote `{}`: {messages} message{} from {schemas} file{}",
        path.display(),
        s(messages),
        s(schemas)
    )?;
    match errors {
        0 => {
            let found = spec(cli).is_ok_and(|found| found == path);
            let option = match found {
                true => String::new(),
                false => format!(" --spec {}", path.display()),
            };
            writeln!(
                out,
                "next: say in it who sends what, and run `codegen{option}`"
            )?;
        }
        _ => writeln!(
            out,
            "it has {errors} error{}; `codegen explain CODE` explains a code",
            s(errors)
        )?,
    }
    Ok(errors == 0)
}

fn judge(cli: &Cli, capture: &Path) -> Result<bool, CliError> {
    let loaded = handfast_spec::load(&spec(cli)?);
    let Some(protocol) = &loaded.protocol else {
        return Err(GenerateError::Spec {
            diagnostics: loaded.diagnostics,
            sources: loaded.sources,
        }
        .into());
    };
    let report = if capture == Path::new("-") {
        verify(protocol, io::stdin().lock())
    } else {
        let unreadable =
            |why: &dyn std::fmt::Display| format!("cannot read `{}`: {why}", capture.display());
        if capture.is_dir() {
            return Err(CliError::Message(unreadable(&"it is a folder")));
        }
        let file =
            fs::File::open(capture).map_err(|error| CliError::Message(unreadable(&error)))?;
        verify(protocol, BufReader::new(file))
    };
    match cli.format {
        Format::Text => writeln!(io::stdout(), "{}", report.render().trim_end())?,
        Format::Json => writeln!(io::stdout(), "{}", report.to_json())?,
    }
    Ok(report.is_clean())
}
