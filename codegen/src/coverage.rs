//! What `codegen check` says of types: which places have none, and which unions cost more to read.

use crate::shape::{Check, DeclKind, Shapes, untyped};
use crate::typescript;
use handfast_schema::{SchemaId, Span};
use handfast_spec::{Diagnostic, Label, Severity, model::Protocol};
use std::collections::BTreeMap;

/// How many places a note lists by name.
const LISTED: usize = 8;

/// One note for each reason why places have no type in Rust, or in TypeScript, of the languages that the protocol generates; and one for
/// each union whose every branch is tried.
pub(crate) fn notes(protocol: &Protocol, shapes: &Shapes) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    if protocol.generate.rust.is_some() {
        let places = untyped::places(shapes);
        let all = places.len();
        let found = places.into_iter().filter_map(|place| {
            let reason = place.untyped?;
            let why = (reason.text().to_owned(), reason.advice());
            Some((why, (place.path, place.schema)))
        });
        notes.extend(by_reason(protocol, ("T001", "Rust"), all, found));
        notes.extend(unions(protocol, shapes));
    }
    if protocol.generate.typescript.is_some() {
        let coverage = typescript::untyped(protocol, shapes);
        let found = coverage.untyped.into_iter().map(|place| {
            let why = (place.reason.to_string(), place.reason.instead());
            (why, (place.path, place.schema))
        });
        notes.extend(by_reason(
            protocol,
            ("T002", "TypeScript"),
            coverage.places,
            found,
        ));
    }
    notes
}

/// A place: its path and its schema.
type Place = (String, SchemaId);

fn by_reason(
    protocol: &Protocol,
    (code, language): (&'static str, &str),
    all: usize,
    found: impl Iterator<Item = ((String, &'static str), Place)>,
) -> Vec<Diagnostic> {
    let mut reasons: BTreeMap<(String, &str), Vec<Place>> = BTreeMap::new();
    for (why, place) in found {
        reasons.entry(why).or_default().push(place);
    }
    let of_reason = |((reason, instead), places): ((String, &str), Vec<Place>)| {
        let count = places.len();
        let (noun, verb) = match count {
            1 => ("place", "has"),
            _ => ("places", "have"),
        };
        let message = format!("{count} {noun} of {all} {verb} no type in {language}: {reason}");
        let paths: Vec<String> = places
            .iter()
            .take(LISTED)
            .map(|(path, _)| format!("`{path}`"))
            .collect();
        let more = match count.saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let help = format!("{instead}; this is about {}{more}", paths.join(", "));
        let at = places.first().map(|(_, schema)| span(protocol, *schema));
        note(code, at.unwrap_or_default(), message, help)
    };
    reasons.into_iter().map(of_reason).collect()
}

/// The unions whose branches nothing tells apart, so that the schema of each branch is asked.
fn unions(protocol: &Protocol, shapes: &Shapes) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for decl in &shapes.decls {
        let DeclKind::Choice(variants) = &decl.kind else {
            continue;
        };
        let tried = variants.iter().filter(|one| one.branch.is_some()).count();
        if tried > 0 {
            let noun = if tried == 1 { "schema" } else { "schemas" };
            let name = &decl.rust;
            let message = match decl.check {
                Check::Branches { .. } => {
                    format!(
                        "`{name}` tries up to {tried} variants, because a value may fit several"
                    )
                }
                _ => format!(
                    "`{name}` asks {tried} {noun} which variant a value is, because it may fit several"
                ),
            };
            let help = match decl.check {
                Check::Outside(_) => "add `additionalProperties: false`",
                _ => {
                    "give each branch a required property with a `const` of its own, or `additionalProperties: false` and a required property that no other has, or a `type` of its own"
                }
            };
            let at = span(protocol, decl.schema);
            notes.push(note("T003", at, message, help.to_owned()));
        }
    }
    notes
}

fn note(code: &'static str, at: Span, message: String, help: String) -> Diagnostic {
    Diagnostic {
        code,
        severity: Severity::Note,
        message,
        primary: Label {
            span: at,
            text: String::new(),
        },
        labels: Vec::new(),
        help: Some(help),
    }
}

fn span(protocol: &Protocol, schema: SchemaId) -> Span {
    protocol.schemas[schema].span
}
