//! Patterns: as regular expressions of the engine where those are sure to take time linear in the text, and else as
//! expressions for the runtime's automaton. An engine matches look-ahead at the beginning of a text once, so it takes as long as
//! the patterns that it is split into.

mod linear;

use super::text::{by_number, is_treacherous, string};
use handfast_schema::pattern::{Formula, split, translate};
use linear::is_linear;
use regex_syntax::{
    ast::{AssertionKind, Ast, RepetitionKind, RepetitionRange, parse::Parser},
    hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind, translate::Translator},
};

/// A regular expression as it is written: nothing in it is put together, for an engine does not either.
#[derive(Clone, Debug)]
enum Expression {
    /// One character of a set.
    One(ClassUnicode),
    Start,
    End,
    WordBoundary,
    All(Vec<Self>),
    Either(Vec<Self>),
    Repeat {
        of: Box<Self>,
        least: u32,
        most: Option<u32>,
    },
}

/// Reads a pattern without look-ahead; none where it is no pattern that has an automaton.
fn read(pattern: &str) -> Option<Expression> {
    let pattern = translate(pattern).ok()?;
    let ast = Parser::new().parse(&pattern).ok()?;
    expression(&pattern, &ast)
}

fn expression(pattern: &str, ast: &Ast) -> Option<Expression> {
    let all = |asts: &[Ast]| {
        let read = asts.iter().map(|ast| expression(pattern, ast));
        read.collect::<Option<Vec<_>>>()
    };
    Some(match ast {
        Ast::Empty(_) | Ast::Flags(_) => Expression::All(Vec::new()),
        Ast::Assertion(assertion) => match assertion.kind {
            AssertionKind::StartLine | AssertionKind::StartText => Expression::Start,
            AssertionKind::EndLine | AssertionKind::EndText => Expression::End,
            AssertionKind::WordBoundary => Expression::WordBoundary,
            _ => return None,
        },
        Ast::Group(group) => expression(pattern, &group.ast)?,
        Ast::Concat(concat) => Expression::All(all(&concat.asts)?),
        Ast::Alternation(alternation) => Expression::Either(all(&alternation.asts)?),
        Ast::Repetition(repetition) => {
            let (least, most) = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne => (0, Some(1)),
                RepetitionKind::ZeroOrMore => (0, None),
                RepetitionKind::OneOrMore => (1, None),
                RepetitionKind::Range(RepetitionRange::Exactly(n)) => (*n, Some(*n)),
                RepetitionKind::Range(RepetitionRange::AtLeast(n)) => (*n, None),
                RepetitionKind::Range(RepetitionRange::Bounded(n, m)) => (*n, Some(*m)),
            };
            Expression::Repeat {
                of: Box::new(expression(pattern, &repetition.ast)?),
                least,
                most,
            }
        }
        _ => {
            let leaf = Translator::new().translate(pattern, ast).ok()?;
            Expression::One(match leaf.kind() {
                HirKind::Literal(literal) => {
                    let text = std::str::from_utf8(&literal.0).ok()?;
                    let one = text.chars().map(|c| ClassUnicodeRange::new(c, c));
                    ClassUnicode::new(one)
                }
                HirKind::Class(Class::Unicode(class)) => class.clone(),
                HirKind::Class(Class::Bytes(class)) => class.to_unicode_class()?,
                _ => return None,
            })
        }
    })
}

/// An expression as the runtime's automaton takes it.
fn code(expression: &Expression) -> String {
    let list = |all: &[Expression]| {
        let all: Vec<String> = all.iter().map(code).collect();
        format!("[{}]", all.join(", "))
    };
    match expression {
        Expression::One(class) => {
            let mut ends = String::new();
            let mut ranges = class.ranges().iter().peekable();
            while let Some(range) = ranges.next() {
                let mut last = range.end();
                // Between these two there are surrogates alone, which are no characters to Rust.
                while last == '\u{d7ff}'
                    && let Some(next) = ranges.next_if(|next| next.start() == '\u{e000}')
                {
                    last = next.end();
                }
                ends.extend([range.start(), last]);
            }
            string(&ends)
        }
        Expression::Start => "0".to_owned(),
        Expression::End => "1".to_owned(),
        Expression::WordBoundary => "2".to_owned(),
        Expression::All(all) => list(all),
        Expression::Either(all) => format!("{{ either: {} }}", list(all)),
        Expression::Repeat { of, least, most } => {
            let most = most.map_or_else(String::new, |most| format!(", most: {most}"));
            format!("{{ of: {}, least: {least}{most} }}", code(of))
        }
    }
}

/// The character class of a pattern such as `^[a-z0-9-]{1,64}$`, and how many characters it
/// allows. Most patterns of names are such, and need no regular expression.
fn run(pattern: &str) -> Option<(&str, u32, Option<u32>)> {
    let (class, times) = pattern
        .strip_prefix("^[")?
        .strip_suffix('$')?
        .split_once(']')?;
    let bytes = class.as_bytes();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:/ @".contains(&b);
    let mut i = 0;
    while let Some(&first) = bytes.get(i) {
        let last = match (bytes.get(i + 1), bytes.get(i + 2)) {
            (Some(b'-'), Some(&last)) => Some(last),
            _ => None,
        };
        // A hyphen stands for itself at the end alone.
        let is_hyphen = first == b'-' && i + 1 == bytes.len();
        let is_range = last.is_none_or(|last| is_plain(last) && first <= last);
        if !(is_hyphen || is_plain(first) && is_range) {
            return None;
        }
        i += if last.is_some() { 3 } else { 1 };
    }
    let number = |text: &str| -> Option<u32> {
        let is_digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| is_digits)
    };
    let (least, most) = match times {
        "" => (1, Some(1)),
        "+" => (1, None),
        "*" => (0, None),
        "?" => (0, Some(1)),
        braces => match braces.strip_prefix('{')?.strip_suffix('}')?.split_once(',') {
            None => {
                let times = number(&braces[1..braces.len() - 1])?;
                (times, Some(times))
            }
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        },
    };
    (!class.is_empty() && most.is_none_or(|most| least <= most)).then_some((class, least, most))
}

/// Code that tests whether a string matches a pattern, in linear time: a literal regular expression if an engine that
/// backtracks takes no longer than that, and where compilers take it as it is; else the runtime's own automaton.
pub(super) fn pattern(pattern: &str) -> String {
    if let Some((class, least, most)) = run(pattern) {
        let most = most.map_or_else(|| "Infinity".to_owned(), |most| most.to_string());
        return format!(
            "/*@__PURE__*/ hf.charRun(/[{}]/, {least}, {most})",
            class.replace('/', "\\/")
        );
    }
    // What cannot be split or read was refused.
    match split(pattern) {
        Ok(Formula::One(_)) | Err(_) => {
            if let Some(expression) = read(pattern).filter(|expression| !is_linear(expression)) {
                return format!("/*@__PURE__*/ hf.automaton({})", code(&expression));
            }
        }
        Ok(parts) => {
            let mut is_linear = |part: &String| {
                let linear = read(part).is_some_and(|part| is_linear(&part));
                linear.then_some(()).ok_or(())
            };
            if parts.try_map(&mut is_linear).is_err() {
                return combined(&parts);
            }
        }
    }
    literal(pattern)
}

/// Code for a pattern with look-ahead: a combination of patterns without.
fn combined(parts: &Formula<String>) -> String {
    let list = |all: &[Formula<String>]| all.iter().map(combined).collect::<Vec<_>>().join(", ");
    let call = match parts {
        Formula::One(part) => return pattern(part),
        Formula::Not(inner) => format!("hf.notPattern({})", combined(inner)),
        Formula::All(all) => format!("hf.everyPattern([{}])", list(all)),
        Formula::Any(any) => format!("hf.somePattern([{}])", list(any)),
    };
    format!("/*@__PURE__*/ {call}")
}

/// A regular expression of the engine.
fn literal(pattern: &str) -> String {
    // Compilers check literals by tables of their own, which may be older than the engine's.
    let unsure = pattern.replace("(?:", "").contains("(?")
        || pattern.contains("\\p{")
        || pattern.contains("\\P{")
        || pattern.contains("<!")
        || pattern.starts_with(['*', '/']);
    if unsure || pattern.is_empty() {
        return format!("/*@__PURE__*/ new RegExp({}, 'u')", string(pattern));
    }
    let mut out = String::with_capacity(pattern.len() + 4);
    out.push('/');
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push('\\');
                match chars.next() {
                    Some(next) if is_treacherous(next) => out.push_str(&by_number(next)[1..]),
                    Some(next) => out.push(next),
                    None => out.push('\\'),
                }
            }
            '/' => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_treacherous(c) => out.push_str(&by_number(c)),
            c => out.push(c),
        }
    }
    out.push_str("/u");
    out
}
