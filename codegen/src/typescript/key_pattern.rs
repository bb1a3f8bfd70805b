//! Patterns of property names as the types of names: a template literal such as `` `x-${string}` ``, or the names themselves.

use super::text;

/// The names that a pattern matches. Those that are empty or contain line breaks, which `.+` and `.` exclude, count as
/// others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Names {
    All,
    /// Exactly these.
    These(Vec<String>),
    /// Those with one of these beginnings and ends.
    Affixed(Vec<Affixes>),
    /// What no type of TypeScript expresses.
    Others,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Affixes {
    prefix: String,
    suffix: String,
    /// Whether a pattern that is not anchored matches the prefix anywhere.
    anywhere: bool,
}

/// More alternatives than this are not written out.
const MAX_ALTERNATIVES: usize = 32;

impl Affixes {
    /// The type of the names.
    pub(super) fn template(&self) -> String {
        let (prefix, suffix) = (text::template(&self.prefix), text::template(&self.suffix));
        let anywhere = if self.anywhere { "${string}" } else { "" };
        format!("`{anywhere}{prefix}${{string}}{suffix}`")
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        if self.anywhere {
            return name.contains(&self.prefix);
        }
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.ends_with(&self.suffix))
    }

    /// Whether a name may have both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let one_of_another =
            |one: &str, other: &str, is: fn(&str, &str) -> bool| is(one, other) || is(other, one);
        self.anywhere
            || other.anywhere
            || one_of_another(&self.prefix, &other.prefix, |a, b| a.starts_with(b))
                && one_of_another(&self.suffix, &other.suffix, |a, b| a.ends_with(b))
    }
}

/// The names that a pattern matches.
pub(super) fn names(pattern: &str) -> Names {
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (end, rest) = match rest.strip_suffix('$').filter(|rest| !rest.ends_with('\\')) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (any_before, rest) = without_any(rest, |text, any| text.strip_prefix(any));
    let (any_after, middle) = without_any(rest, |text, any| text.strip_suffix(any));
    let (begins, ends) = (start && !any_before, end && !any_after);
    if middle.is_empty() {
        // `^$` is the empty name.
        return if start && end && !any_before && !any_after {
            Names::These(vec![String::new()])
        } else {
            Names::All
        };
    }
    let Some(texts) = literals(middle) else {
        return affixed(middle, begins && ends);
    };
    if begins && ends {
        return Names::These(texts);
    }
    let affixes = texts.into_iter().map(|text| match (begins, ends) {
        (false, true) => Affixes {
            prefix: String::new(),
            suffix: text,
            anywhere: false,
        },
        (begins, _) => Affixes {
            prefix: text,
            suffix: String::new(),
            anywhere: !begins,
        },
    });
    Names::Affixed(affixes.collect())
}

/// `a.*b` between anchors.
fn affixed(middle: &str, anchored: bool) -> Names {
    let parts = ANY.iter().find_map(|any| middle.split_once(any));
    let affixes = parts.filter(|_| anchored).and_then(|(prefix, suffix)| {
        Some(Affixes {
            prefix: literal(prefix)?,
            suffix: literal(suffix)?,
            anywhere: false,
        })
    });
    affixes.map_or(Names::Others, |affixes| Names::Affixed(vec![affixes]))
}

/// What matches any text.
const ANY: [&str; 6] = ["(.*)", "(.+)", "[\\s\\S]*", "[\\s\\S]+", ".*", ".+"];

fn without_any<'t>(text: &'t str, strip: fn(&'t str, &str) -> Option<&'t str>) -> (bool, &'t str) {
    let stripped = ANY.iter().find_map(|any| strip(text, any));
    // The dot may be a literal one.
    match stripped.filter(|rest| !rest.ends_with('\\')) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// The texts that a literal, or a group of them, matches.
fn literals(pattern: &str) -> Option<Vec<String>> {
    let group = pattern
        .strip_prefix("(?:")
        .or_else(|| pattern.strip_prefix('('))
        .and_then(|rest| rest.strip_suffix(')'))
        .filter(|rest| !rest.ends_with('\\'));
    match group {
        Some(group) => {
            let texts: Vec<String> = group.split('|').map(literal).collect::<Option<_>>()?;
            (texts.len() <= MAX_ALTERNATIVES).then_some(texts)
        }
        None => Some(vec![literal(pattern)?]),
    }
}

/// The text that a pattern without operators matches.
fn literal(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().filter(|c| c.is_ascii_punctuation())?;
                out.push(escaped);
            }
            '^' | '$' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => {
                return None;
            }
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_the_names_they_match() {
        let these = |names: &[&str]| Names::These(names.iter().map(|n| (*n).to_owned()).collect());
        for (pattern, expected) in [
            ("", Names::All),
            (".*", Names::All),
            ("^.+$", Names::All),
            ("^(.*)$", Names::All),
            ("^$", these(&[""])),
            ("^name$", these(&["name"])),
            ("^(a|b\\.c)$", these(&["a", "b.c"])),
            ("^[a-z]+$", Names::Others),
            ("^a|b$", Names::Others),
            ("^x{2}$", Names::Others),
            ("^\\d$", Names::Others),
        ] {
            assert_eq!(names(pattern), expected, "{pattern}");
        }
        for (pattern, expected) in [
            ("^x-", "`x-${string}`"),
            ("^x-.*$", "`x-${string}`"),
            ("^\\$", "`\\$${string}`"),
            ("\\.ts$", "`${string}.ts`"),
            ("^.*Date$", "`${string}Date`"),
            ("^a.*z$", "`a${string}z`"),
            ("inner", "`${string}inner${string}`"),
            ("a\\.*$", ""),
        ] {
            let found = match names(pattern) {
                Names::Affixed(all) => all.iter().map(Affixes::template).collect(),
                _ => String::new(),
            };
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
