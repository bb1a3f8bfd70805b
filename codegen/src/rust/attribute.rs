//! Attributes, formatted like `rustfmt` does.

use handfast_spec::model::Scalar;
use unicode_width::UnicodeWidthStr;

/// `rustfmt` puts several arguments of an attribute on lines of their own when they are longer than this.
const ARGUMENTS: usize = 70;

/// The widest line.
pub(super) const LINE: usize = 100;

/// `#[name(arguments)]` and a line break; without parentheses if there are no arguments.
pub(super) fn attribute(out: &mut String, indent: &str, name: &str, arguments: &[String]) {
    if arguments.is_empty() {
        out.push_str(&format!("{indent}#[{name}]\n"));
        return;
    }
    let arguments = arguments
        .iter()
        .map(|one| Argument::parse(one))
        .collect::<Vec<_>>();
    out.push_str(indent);
    out.push_str("#[");
    let depth = indent.len();
    // On a field or a variant, `rustfmt` leaves the last column free.
    let after = if indent.is_empty() { 1 } else { 2 };
    list(out, name, &arguments, depth, depth + 2, after);
    out.push_str("]\n");
}

/// An attribute on one line, for use inside a line.
pub(super) fn flat(name: &str, arguments: &[String]) -> String {
    format!("#[{name}({})]", arguments.join(", "))
}

/// An argument: as is, or a named list of arguments.
enum Argument<'a> {
    Plain(&'a str),
    List(&'a str, Vec<Self>),
}

impl<'a> Argument<'a> {
    fn parse(text: &'a str) -> Self {
        let Some((name, rest)) = text.split_once('(') else {
            return Self::Plain(text);
        };
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        match rest.strip_suffix(')') {
            Some(inner) if is_name => {
                Self::List(name, split(inner).into_iter().map(Self::parse).collect())
            }
            _ => Self::Plain(text),
        }
    }

    /// Its width on one line; `None` if it is too wide for that.
    fn width(&self) -> Option<usize> {
        match self {
            Self::Plain(text) => Some(text.width()),
            Self::List(name, arguments) => Some(name.width() + 2 + flat_width(arguments)?),
        }
    }

    fn write_flat(&self, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::List(name, arguments) => {
                out.push_str(name);
                out.push('(');
                write_flat(out, arguments);
                out.push(')');
            }
        }
    }
}

/// The arguments of a list: separated by the commas outside strings and parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut in_text) = (0, 0u32, false);
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' if in_text => {
                chars.next();
            }
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => depth = depth.saturating_sub(1),
            ',' if !in_text && depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn write_flat(out: &mut String, arguments: &[Argument<'_>]) {
    for (i, argument) in arguments.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        argument.write_flat(out);
    }
}

/// The width of arguments side by side; a single one may be as wide as the line.
fn flat_width(arguments: &[Argument<'_>]) -> Option<usize> {
    let mut width = 2 * arguments.len().saturating_sub(1);
    for argument in arguments {
        width += argument.width()?;
    }
    (arguments.len() == 1 || width <= ARGUMENTS).then_some(width)
}

/// `name(arguments)`, where the line is indented by `depth` and has `used` columns before this and `after` columns
/// after it.
fn list(
    out: &mut String,
    name: &str,
    arguments: &[Argument<'_>],
    depth: usize,
    used: usize,
    after: usize,
) {
    out.push_str(name);
    out.push('(');
    let used = used + name.width() + 1;
    let fits = flat_width(arguments).is_some_and(|width| used + width + 1 + after <= LINE);
    match arguments {
        _ if fits => write_flat(out, arguments),
        // A list that is the only argument starts on the same line.
        [Argument::List(inner, arguments)] => list(out, inner, arguments, depth, used, after + 1),
        _ => {
            let inner = depth + 4;
            for (i, argument) in arguments.iter().enumerate() {
                let comma = usize::from(i + 1 < arguments.len());
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', inner));
                match argument {
                    Argument::Plain(text) => out.push_str(text),
                    Argument::List(name, arguments) => {
                        list(out, name, arguments, inner, inner, comma);
                    }
                }
                out.push_str(if comma == 1 { "," } else { "" });
            }
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth));
        }
    }
    out.push(')');
}

/// A literal of a tag or a code.
pub(super) fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(value) => text(value),
        Scalar::Integer(n) => n.to_string(),
    }
}

/// A string literal.
pub(super) fn text(text: &str) -> String {
    proc_macro2::Literal::string(text).to_string()
}

/// JSON as a raw string literal; invisible characters are escaped as in JSON.
pub(super) fn raw_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() || c.is_alphanumeric() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    let longest = out
        .split('"')
        .skip(1)
        .map(|part| part.len() - part.trim_start_matches('#').len());
    let hashes = "#".repeat(longest.max().unwrap_or(0) + 1);
    format!("r{hashes}\"{out}\"{hashes}")
}
