//! Versions and requirements of Semantic Versioning (<https://semver.org>), as far as it matters whether a text is one. The runtime compares
//! them.

/// Whether a text is `MAJOR.MINOR.PATCH`, with a pre-release and a build if they are given.
pub(crate) fn is_version(text: &str) -> bool {
    let (numbers, pre, build) = parts(text);
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.len() == 3 && numbers.into_iter().all(is_number) && has_identifiers(pre, build)
}

/// Whether a text is a requirement: comparators with a comma between each two, such as `>=1.2, <3`, or `*`.
pub(crate) fn is_requirement(text: &str) -> bool {
    text.trim() == "*" || text.split(',').all(|one| is_comparator(one.trim()))
}

fn is_comparator(text: &str) -> bool {
    let operators = [">=", "<=", ">", "<", "=", "~", "^"];
    let operator = operators.into_iter().find_map(|op| text.strip_prefix(op));
    let (numbers, pre, build) = parts(operator.map_or(text, str::trim_start));
    let numbers: Vec<&str> = numbers.split('.').collect();
    let is_any = |number: &&str| matches!(*number, "*" | "x" | "X");
    let exact = numbers
        .iter()
        .take_while(|number| is_number(number))
        .count();
    (1..=3).contains(&exact)
        && numbers.len() <= 3
        && numbers[exact..].iter().all(is_any)
        && (exact == 3 || (pre.is_none() && build.is_none()))
        && has_identifiers(pre, build)
}

/// The numbers of a version, its pre-release and its build.
fn parts(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    match text.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre), build),
        None => (text, None, build),
    }
}

/// Whether a text is a number of 64 bits without zeros in front.
fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
        && text.parse::<u64>().is_ok()
}

fn has_identifiers(pre: Option<&str>, build: Option<&str>) -> bool {
    let is_identifier = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_numeric = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_pre = |text: &str| {
        is_identifier(text) && (!is_numeric(text) || text == "0" || !text.starts_with('0'))
    };
    pre.is_none_or(|pre| pre.split('.').all(is_pre))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
}
