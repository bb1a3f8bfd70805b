//! Look-ahead at the beginning of a text, as several patterns without it.
//!
//! At a known place a look-ahead is one more pattern that must match there, or must not. `^(?!a)(?=b)c|d` matches a text if
//! `^c` and `^b` match it and `^a` does not, or `d` does. Each of them runs in linear time, so all of them do.

use std::ops::Range;

/// The largest number of patterns that one pattern is split into.
const MAX_PARTS: usize = 64;

/// How deep groups that contain look-ahead may nest.
const MAX_DEPTH: usize = 16;

/// A Boolean combination of patterns, each of which is matched by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula<T> {
    /// This pattern matches.
    One(T),
    /// This does not hold.
    Not(Box<Self>),
    /// All of these hold.
    All(Vec<Self>),
    /// One of these holds, or several.
    Any(Vec<Self>),
}

impl<T> Formula<T> {
    /// Evaluates it with the verdict of each pattern.
    pub fn holds(&self, matches: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::One(one) => matches(one),
            Self::Not(inner) => !inner.holds(matches),
            Self::All(all) => all.iter().all(|one| one.holds(matches)),
            Self::Any(any) => any.iter().any(|one| one.holds(matches)),
        }
    }

    /// Replaces each pattern.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn try_map<U, E>(&self, f: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Formula<U>, E> {
        let mut list = |all: &[Self]| -> Result<Vec<Formula<U>>, E> {
            all.iter().map(|one| one.try_map(f)).collect()
        };
        Ok(match self {
            Self::All(all) => Formula::All(list(all)?),
            Self::Any(any) => Formula::Any(list(any)?),
            Self::Not(inner) => Formula::Not(Box::new(inner.try_map(f)?)),
            Self::One(one) => Formula::One(f(one)?),
        })
    }
}

/// A look-ahead that cannot be split off, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Nothing says that it is at the beginning of the text: there is no `^` before it.
    Anywhere,
    /// Something before it takes characters, or may be omitted or repeated.
    Behind,
    /// There are too many, or groups around it nest too deep.
    TooMany,
}

/// Splits a valid pattern into patterns without look-ahead.
pub(super) fn split(pattern: &str) -> Result<Formula<String>, Refused> {
    let whole = 0..pattern.len();
    let mut splitter = Splitter {
        text: pattern,
        count: 0,
    };
    if splitter.look_ahead(&whole).is_none() {
        return Ok(Formula::One(pattern.to_owned()));
    }
    splitter.disjunction(whole, false, &[], 0)
}

struct Splitter<'a> {
    text: &'a str,
    /// The number of patterns so far.
    count: usize,
}

impl Splitter<'_> {
    /// Splits alternatives that are followed by `tail`. `anchored` says that they are at the beginning of the text.
    fn disjunction(
        &mut self,
        at: Range<usize>,
        anchored: bool,
        tail: &[Range<usize>],
        depth: usize,
    ) -> Result<Formula<String>, Refused> {
        let (split, plain): (Vec<_>, Vec<_>) = self
            .alternatives(at)
            .into_iter()
            .partition(|alternative| self.look_ahead(alternative).is_some());
        let mut any = Vec::new();
        for alternative in split {
            any.push(self.sequence(alternative, anchored, tail, depth)?);
        }
        if !plain.is_empty() {
            any.push(self.one(&plain, anchored, tail)?);
        }
        Ok(single(any, Formula::Any))
    }

    /// Splits one alternative.
    fn sequence(
        &mut self,
        at: Range<usize>,
        mut anchored: bool,
        tail: &[Range<usize>],
        depth: usize,
    ) -> Result<Formula<String>, Refused> {
        let Range { mut start, end } = at;
        let refuse = |at: usize, why: Why| Err(Refused { at, why });
        let mut all = Vec::new();
        while let Some(next) = self.look_ahead(&(start..end)) {
            let here = &self.text[start..end];
            if here.starts_with('^') {
                anchored = true;
                start += 1;
                continue;
            }
            if depth == MAX_DEPTH {
                return refuse(next, Why::TooMany);
            }
            let close = match here.starts_with('(') {
                true => self.close(start, end),
                false => return refuse(next, Why::Behind),
            };
            if next == start {
                if !anchored {
                    return refuse(next, Why::Anywhere);
                }
                let ahead = self.disjunction(start + 3..close, true, &[], depth + 1)?;
                all.push(match here.starts_with("(?!") {
                    true => Formula::Not(Box::new(ahead)),
                    false => ahead,
                });
                start = close + 1;
                continue;
            }
            // A group with look-ahead in it: what follows it is behind each of its alternatives.
            let behind = close + 1..end;
            let repeated = self.text[behind.clone()].starts_with(['*', '+', '?', '{']);
            if next > close || repeated || here.starts_with("(?<=") || here.starts_with("(?<!") {
                return refuse(next, Why::Behind);
            }
            if let Some(at) = self.look_ahead(&behind) {
                return refuse(at, Why::Behind);
            }
            let inside = start + self.opening(here)..close;
            let tail: Vec<Range<usize>> = std::iter::once(behind)
                .chain(tail.iter().cloned())
                .collect();
            all.push(self.disjunction(inside, anchored, &tail, depth + 1)?);
            return Ok(single(all, Formula::All));
        }
        let rest = start..end;
        all.push(self.one(std::slice::from_ref(&rest), anchored, tail)?);
        Ok(single(all, Formula::All))
    }

    /// A pattern without look-ahead: alternatives, and what is behind them.
    fn one(
        &mut self,
        alternatives: &[Range<usize>],
        anchored: bool,
        tail: &[Range<usize>],
    ) -> Result<Formula<String>, Refused> {
        self.count += 1;
        if self.count > MAX_PARTS {
            let at = self.look_ahead(&(0..self.text.len())).unwrap_or(0);
            return Err(Refused {
                at,
                why: Why::TooMany,
            });
        }
        let parts: Vec<&str> = alternatives
            .iter()
            .map(|at| &self.text[at.clone()])
            .collect();
        let behind: String = tail.iter().map(|at| &self.text[at.clone()]).collect();
        let start = if anchored { "^" } else { "" };
        let parts = parts.join("|");
        let grouped = alternatives.len() > 1 && anchored || !behind.is_empty();
        Ok(Formula::One(match grouped {
            true => format!("{start}(?:{parts}){behind}"),
            false => format!("{start}{parts}"),
        }))
    }

    /// The places that are no escapes and not in a class, with their characters.
    fn places(&self, at: &Range<usize>) -> impl Iterator<Item = (usize, u8)> {
        let (mut in_class, mut escaped) = (false, false);
        let bytes = self.text.as_bytes();
        at.clone().filter_map(move |i| {
            let byte = bytes[i];
            if std::mem::replace(&mut escaped, false) {
                return None;
            }
            let place = (!in_class).then_some((i, byte));
            match byte {
                b'\\' => {
                    escaped = true;
                    return None;
                }
                b'[' => in_class = true,
                b']' => in_class = false,
                _ => {}
            }
            place
        })
    }

    /// The first look-ahead.
    fn look_ahead(&self, at: &Range<usize>) -> Option<usize> {
        let is =
            |i: &usize| self.text[*i..].starts_with("(?=") || self.text[*i..].starts_with("(?!");
        let open = self.places(at).filter(|(_, byte)| *byte == b'(');
        open.map(|(i, _)| i).find(is)
    }

    /// The alternatives at the top.
    fn alternatives(&self, at: Range<usize>) -> Vec<Range<usize>> {
        let (mut depth, mut start) = (0_usize, at.start);
        let mut out = Vec::new();
        for (i, byte) in self.places(&at) {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'|' if depth == 0 => {
                    out.push(start..i);
                    start = i + 1;
                }
                _ => {}
            }
        }
        out.push(start..at.end);
        out
    }

    /// Where the group that opens at `start` closes.
    fn close(&self, start: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for (i, byte) in self.places(&(start..end)) {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 1 => return i,
                b')' => depth -= 1,
                _ => {}
            }
        }
        end
    }

    /// The length of what opens a group: `(`, `(?:` or `(?<name>`.
    fn opening(&self, group: &str) -> usize {
        match group {
            _ if group.starts_with("(?:") => 3,
            _ if group.starts_with("(?<") => group.find('>').map_or(3, |i| i + 1),
            _ => 1,
        }
    }
}

/// The only one of several, or all of them.
fn single<T>(mut all: Vec<Formula<T>>, of: fn(Vec<Formula<T>>) -> Formula<T>) -> Formula<T> {
    match all.pop() {
        Some(one) if all.is_empty() => one,
        Some(last) => {
            all.push(last);
            of(all)
        }
        None => of(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(formula: &Formula<String>) -> String {
        let list = |all: &[Formula<String>], by: &str| {
            let all: Vec<String> = all.iter().map(shown).collect();
            format!("({})", all.join(by))
        };
        match formula {
            Formula::One(one) => one.clone(),
            Formula::Not(inner) => format!("not {}", shown(inner)),
            Formula::All(all) => list(all, " and "),
            Formula::Any(any) => list(any, " or "),
        }
    }

    #[test]
    fn look_ahead_at_the_beginning_is_split_off() {
        for (pattern, parts) in [
            ("^a(?:b|c)$", "^a(?:b|c)$"),
            ("[(?!]", "[(?!]"),
            (r"\(?=", r"\(?="),
            ("^(?!a)b", "(not ^a and ^b)"),
            (
                "^(?!a)(?=b|c)d|e|f",
                "((not ^a and ^(?:b|c) and ^d) or e|f)",
            ),
            ("^(?!^a|b$)", "(not ^(?:^a|b$) and ^)"),
            ("^(?!(?!a)b)c", "(not (not ^a and ^b) and ^c)"),
            (
                "^(?:(?!a).*|b|(c))d$",
                "((not ^a and ^(?:.*)d$) or ^(?:b|(c))d$)",
            ),
            ("(^(?!a)b|c)d", "((not ^a and ^(?:b)d) or (?:c)d)"),
            ("^(?<n>(?=[)])x)y", "(^[)] and ^(?:x)y)"),
            ("^(?=(?:a|b)$)é", "(^(?:a|b)$ and ^é)"),
        ] {
            let split = split(pattern).map(|formula| shown(&formula));
            assert_eq!(split.as_deref(), Ok(parts), "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_split_off_says_where() {
        let deep = "(?:".repeat(20) + "(?!a)b" + &")".repeat(20);
        let many = format!("^(?:{})", vec!["(?!a)b"; 40].join("|"));
        for (pattern, at, why) in [
            ("(?!a)b", 0, Why::Anywhere),
            ("^a|(?!a)b", 3, Why::Anywhere),
            ("^a(?!b)", 2, Why::Behind),
            ("^(?:a|b)(?=c)", 8, Why::Behind),
            ("^(?:(?!a)b)*", 4, Why::Behind),
            ("^(?:(?!a)b)(?!c)", 11, Why::Behind),
            ("^(?!a(?=b))c", 5, Why::Behind),
            ("^(?<!(?=a))b", 5, Why::Behind),
            (&format!("^{deep}"), 61, Why::TooMany),
            (&many, 4, Why::TooMany),
        ] {
            assert_eq!(split(pattern), Err(Refused { at, why }), "{pattern}");
        }
    }
}
