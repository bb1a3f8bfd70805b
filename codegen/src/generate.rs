//! Entry points: from a spec on disk to all of its outputs.

use crate::header::header;
use crate::output::{GenerateError, Output};
use crate::{coverage, json_schema, output_paths, rust, shape, typescript, write};
use handfast_spec::{
    Diagnostic, Loaded, Severity, Sources,
    model::{GenerateRust, Name, Protocol},
};
use std::path::{Path, PathBuf};

/// Every output of a protocol, and the problems that only show up when types get their names. `source` is the name of
/// the spec in the headers.
///
/// # Errors
/// Nothing is given where one of the problems is an error.
pub fn outputs(protocol: &Protocol, source: &str) -> (Vec<Output>, Vec<Diagnostic>) {
    let source = &format!("`{source}`, the protocol `{}`", protocol.name.text);
    let (shapes, diagnostics) = shape::shapes(protocol);
    if diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
    {
        return (Vec::new(), diagnostics);
    }
    let mut all = Vec::new();
    let generate = &protocol.generate;
    if let Some(options) = &generate.rust {
        let text = rust::generate(protocol, &shapes, options, source);
        all.push(Output {
            path: PathBuf::from(&options.out.text),
            text,
        });
    }
    if let Some(options) = &generate.typescript {
        all.extend(typescript::generate(protocol, &shapes, options, source));
    }
    if let Some(options) = &generate.schema {
        let mut bundle = json_schema::bundle(protocol);
        if let Some(comment) = bundle.get_mut("$comment") {
            let about = comment.as_str().unwrap_or_default();
            *comment = format!("{} {about}", header(source).replace('\n', " ")).into();
        }
        let text = serde_json::to_string_pretty(&bundle).unwrap_or_default() + "\n";
        all.push(Output {
            path: PathBuf::from(&options.out.text),
            text,
        });
    }
    (all, diagnostics)
}

/// Generates from a spec: what the command line does, for a `build.rs` or a `codegen` member of an application.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), handfast_codegen::GenerateError> {
///     handfast_codegen::Generator::new("protocol.yaml").rust_to_out_dir("api.rs").run_in_build_script()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    spec: PathBuf,
    out_dir: Option<String>,
}

/// The result of a run.
#[derive(Debug)]
pub struct Generated {
    /// Every output, and what was done with it.
    pub files: Vec<write::File>,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read.
    pub sources: Sources,
}

/// A file for `include!` is inserted in the middle of another, where inner doc comments are not allowed.
fn to_be_included(output: &mut Output) {
    let inner = output
        .text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .count();
    let mut lines = output.text.split_inclusive('\n');
    let mut text: String = lines
        .by_ref()
        .take(inner)
        .map(|line| line.replacen("//!", "//", 1))
        .collect();
    text.extend(lines);
    output.text = text;
}

impl Generator {
    /// A generator for the spec at a path.
    pub fn new(spec: impl Into<PathBuf>) -> Self {
        Self {
            spec: spec.into(),
            out_dir: None,
        }
    }

    /// Writes only the Rust, under this name, to the folder that cargo provides for a build script.
    #[must_use]
    pub fn rust_to_out_dir(mut self, name: impl Into<String>) -> Self {
        self.out_dir = Some(name.into());
        self
    }

    /// Reads and checks the spec, and computes every output, without writing anything.
    ///
    /// # Errors
    /// Where the spec has errors.
    pub fn prepare(&self) -> Result<(Vec<Output>, Vec<Diagnostic>, Sources), GenerateError> {
        let Loaded {
            protocol,
            mut diagnostics,
            sources,
        } = handfast_spec::load(&self.spec);
        let has_errors = |all: &[Diagnostic]| all.iter().any(|one| one.severity == Severity::Error);
        let Some(mut protocol) = protocol.filter(|_| !has_errors(&diagnostics)) else {
            return Err(GenerateError::Spec {
                diagnostics,
                sources,
            });
        };
        if let Some(name) = &self.out_dir {
            let folder = std::env::var_os("OUT_DIR").ok_or(GenerateError::BuildScript(
                "`OUT_DIR` is not set: is this a build script?",
            ))?;
            let out = PathBuf::from(folder)
                .join(name)
                .to_string_lossy()
                .into_owned();
            let span = protocol.name.span;
            let rust = protocol.generate.rust.take().unwrap_or(GenerateRust {
                out: Name {
                    text: String::new(),
                    span,
                },
                krate: "handfast".to_owned(),
                types: Vec::new(),
                borrow: Vec::new(),
                partial_eq: false,
                deserialize: false,
            });
            protocol.generate = handfast_spec::model::Generate {
                rust: Some(GenerateRust {
                    out: Name { text: out, span },
                    ..rust
                }),
                ..Default::default()
            };
        }
        let source = self
            .spec
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let (mut outputs, more) = outputs(&protocol, &source);
        diagnostics.extend(more);
        // A build script passes an absolute output path itself.
        let outside = protocol.generate.outside || self.out_dir.is_some();
        diagnostics.extend(output_paths::check(
            self.folder(),
            &protocol,
            &outputs,
            &sources,
            outside,
        ));
        diagnostics.sort_by_key(|one| one.primary.span);
        if has_errors(&diagnostics) {
            return Err(GenerateError::Spec {
                diagnostics,
                sources,
            });
        }
        if self.out_dir.is_some() {
            outputs.iter_mut().for_each(to_be_included);
        }
        Ok((outputs, diagnostics, sources))
    }

    /// What the types of the protocol leave out: one note for each reason why places have no type, and for each union whose every branch
    /// is tried. Empty if the spec has errors.
    pub fn coverage(&self) -> Vec<Diagnostic> {
        let protocol = handfast_spec::load(&self.spec).protocol;
        protocol.map_or_else(Vec::new, |protocol| {
            coverage::notes(&protocol, &shape::shapes(&protocol).0)
        })
    }

    /// The folder to which outputs are relative.
    pub fn folder(&self) -> &Path {
        match self.spec.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Generates. A run that fails changes nothing.
    ///
    /// # Errors
    /// Where the spec has errors, or a file cannot be written.
    pub fn run(&self) -> Result<Generated, GenerateError> {
        let (outputs, diagnostics, sources) = self.prepare()?;
        let files = write::write(self.folder(), &outputs, &sources)?;
        Ok(Generated {
            files,
            diagnostics,
            sources,
        })
    }

    /// Generates inside a build script, and tells cargo which files to watch.
    ///
    /// # Errors
    /// As [`Self::run`]; the error's text is what cargo shows.
    pub fn run_in_build_script(&self) -> Result<(), GenerateError> {
        println!("cargo::rerun-if-changed={}", self.spec.display());
        let generated = self.run()?;
        for path in generated.sources.paths() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        for diagnostic in &generated.diagnostics {
            if diagnostic.severity == Severity::Warning {
                println!("cargo::warning={}: {}", diagnostic.code, diagnostic.message);
            }
        }
        Ok(())
    }
}
