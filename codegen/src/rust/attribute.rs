//! Attributes, laid out as `rustfmt` does.

/// `rustfmt` lays out the arguments of an attribute below each other when they are longer than this.
const ARGUMENTS: usize = 70;

/// The widest line.
const LINE: usize = 100;

/// `#[name(arguments)]` and a line break; without parentheses where there are no arguments.
pub(super) fn attribute(out: &mut String, indent: &str, name: &str, arguments: &[String]) {
    if arguments.is_empty() {
        out.push_str(&format!("{indent}#[{name}]\n"));
        return;
    }
    let flat = arguments.join(", ");
    let line = format!("{indent}#[{name}({flat})]");
    if flat.chars().count() <= ARGUMENTS && line.chars().count() <= LINE {
        out.push_str(&line);
        out.push('\n');
        return;
    }
    if let [one] = arguments
        && !one.ends_with(')')
    {
        // A single literal that does not fit is not broken.
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push_str(&format!("{indent}#[{name}(\n"));
    for (i, argument) in arguments.iter().enumerate() {
        let comma = if i + 1 < arguments.len() { "," } else { "" };
        out.push_str(&format!("{indent}    {argument}{comma}\n"));
    }
    out.push_str(&format!("{indent})]\n"));
}

/// A string literal.
pub(super) fn text(text: &str) -> String {
    proc_macro2::Literal::string(text).to_string()
}
