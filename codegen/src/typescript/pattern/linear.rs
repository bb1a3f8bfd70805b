//! Whether an engine that backtracks takes time linear in the text for an expression.
//!
//! An engine tries one way after another. Where the next character decides every choice, all but one fail at once; so a choice
//! costs little where what may come first on its ways has nothing in common. Where that is not so, the work of what follows
//! is done again for each way. What is counted here is that work from above: how often it may depend on the length of the text,
//! and a factor. Whatever cannot be told is not linear.

use super::Expression;
use regex_syntax::hir::ClassUnicode;

/// How much more than once each character may be looked at, from one beginning.
const ANCHORED: u64 = 4096;

/// The same where every character is a beginning.
const ANYWHERE: u64 = 256;

/// What lies behind a place in an expression.
#[derive(Clone)]
struct Rest {
    /// The characters that may come first.
    first: ClassUnicode,
    /// Whether the text fits, whatever it goes on with.
    accepts: bool,
    /// The work of it is the length of the text to this power, times a factor.
    power: u32,
    factor: u64,
}

/// Whether the work is linear in the text.
pub(super) fn is_linear(expression: &Expression) -> bool {
    let end = Rest {
        first: ClassUnicode::empty(),
        accepts: true,
        power: 0,
        factor: 1,
    };
    let Some(work) = before(expression, &end, false) else {
        return false;
    };
    match is_anchored(expression) {
        true => work.power <= 1 && work.factor <= ANCHORED,
        false => work.power == 0 && work.factor <= ANYWHERE,
    }
}

/// Whether it fits at the beginning of a text alone.
fn is_anchored(expression: &Expression) -> bool {
    match expression {
        Expression::Start => true,
        Expression::One(_) | Expression::End | Expression::WordBoundary => false,
        Expression::All(all) => all.first().is_some_and(is_anchored),
        Expression::Either(all) => all.iter().all(is_anchored),
        Expression::Repeat { of, least, .. } => *least > 0 && is_anchored(of),
    }
}

/// Whether it fits without a character.
fn may_be_empty(expression: &Expression) -> bool {
    match expression {
        Expression::One(_) => false,
        Expression::Start | Expression::End | Expression::WordBoundary => true,
        Expression::All(all) => all.iter().all(may_be_empty),
        Expression::Either(all) => all.iter().any(may_be_empty),
        Expression::Repeat { of, least, .. } => *least == 0 || may_be_empty(of),
    }
}

/// The characters that an expression may begin with.
fn first(expression: &Expression) -> ClassUnicode {
    let mut out = ClassUnicode::empty();
    match expression {
        Expression::One(class) => out = class.clone(),
        Expression::Start | Expression::End | Expression::WordBoundary => {}
        Expression::All(all) => {
            for part in all {
                out.union(&first(part));
                if !may_be_empty(part) {
                    break;
                }
            }
        }
        Expression::Either(all) => all.iter().for_each(|one| out.union(&first(one))),
        Expression::Repeat { of, .. } => out = first(of),
    }
    out
}

fn overlap(a: &ClassUnicode, b: &ClassUnicode) -> bool {
    let mut both = a.clone();
    both.intersect(b);
    !both.ranges().is_empty()
}

fn joined(a: &ClassUnicode, b: &ClassUnicode) -> ClassUnicode {
    let mut out = a.clone();
    out.union(b);
    out
}

/// What an expression and its rest are together; none where it may not be linear. Inside of what is repeated the next character
/// has to `decide` every choice.
fn before(expression: &Expression, rest: &Rest, decide: bool) -> Option<Rest> {
    match expression {
        Expression::One(class) => Some(Rest {
            first: class.clone(),
            accepts: false,
            power: rest.power,
            factor: rest.factor.saturating_add(1),
        }),
        // Behind the end nothing depends on the text.
        Expression::End => Some(Rest {
            first: ClassUnicode::empty(),
            accepts: false,
            power: 0,
            factor: rest.factor.saturating_add(1),
        }),
        Expression::Start | Expression::WordBoundary => Some(Rest {
            accepts: false,
            factor: rest.factor.saturating_add(1),
            ..rest.clone()
        }),
        Expression::All(all) => {
            let mut rest = rest.clone();
            for part in all.iter().rev() {
                rest = before(part, &rest, decide)?;
            }
            Some(rest)
        }
        Expression::Either(all) => either(all, rest, decide),
        Expression::Repeat {
            of, most: Some(0), ..
        } => {
            before(of, rest, decide)?;
            Some(rest.clone())
        }
        Expression::Repeat {
            of,
            least: 1,
            most: Some(1),
        } => before(of, rest, decide),
        Expression::Repeat {
            of,
            least: 0,
            most: Some(1),
        } => {
            let with = before(of, rest, decide)?;
            choice(&[with, rest.clone()], decide)
        }
        Expression::Repeat { of, least, most } => repeat(of, *least, *most, rest, decide),
    }
}

fn either(all: &[Expression], rest: &Rest, decide: bool) -> Option<Rest> {
    let ways: Option<Vec<Rest>> = all.iter().map(|one| before(one, rest, decide)).collect();
    choice(&ways?, decide)
}

/// One of several ways.
fn choice(ways: &[Rest], decide: bool) -> Option<Rest> {
    let mut out = Rest {
        first: ClassUnicode::empty(),
        accepts: false,
        power: 0,
        factor: 0,
    };
    let mut decided = true;
    let (mut sum, mut most) = (0_u64, 0);
    for way in ways {
        decided &= !overlap(&out.first, &way.first);
        out.first.union(&way.first);
        out.accepts |= way.accepts;
        out.power = out.power.max(way.power);
        sum = sum.saturating_add(way.factor);
        most = most.max(way.factor);
    }
    if decide && !decided {
        return None;
    }
    out.factor = if decided {
        most.saturating_add(ways.len() as u64)
    } else {
        sum
    };
    Some(out)
}

/// What is there several times.
fn repeat(
    of: &Expression,
    least: u32,
    most: Option<u32>,
    rest: &Rest,
    decide: bool,
) -> Option<Rest> {
    // Where once more may be nothing more, how often it is tried is each engine's affair.
    if may_be_empty(of) {
        return None;
    }
    let own = first(of);
    let again = Rest {
        first: joined(&own, &rest.first),
        accepts: false,
        power: 0,
        factor: 1,
    };
    let body = before(of, &again, true)?;
    let decided = !overlap(&own, &rest.first) || Some(least) == most;
    if decide && !decided {
        return None;
    }
    let first = match least {
        0 => joined(&own, &rest.first),
        _ => own,
    };
    let times = u64::from(most.unwrap_or(least.max(1)));
    let bodies = body.factor.saturating_mul(times);
    let ends = match (most, decided) {
        (_, true) => 1,
        (Some(most), false) => u64::from(most - least.min(most)) + 1,
        (None, false) => 1,
    };
    let factor = bodies.saturating_add(rest.factor.saturating_mul(ends));
    let power = match most {
        Some(_) => rest.power.max(body.power),
        // It ends where it will, and the text fits.
        None if rest.accepts => match least {
            0 => 0,
            _ => body.power,
        },
        None if decided => rest.power.max(1),
        // Wherever it ends, the rest is tried anew.
        None => rest.power + 1,
    };
    Some(Rest {
        first,
        accepts: least == 0 && rest.accepts,
        power,
        factor,
    })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::is_linear;

    #[test]
    fn what_is_linear_and_what_may_not_be() {
        let is = |pattern: &str| read(pattern).map(|expression| is_linear(&expression));
        for pattern in [
            "",
            "a",
            "^a*$",
            "^[a-z]+@[a-z]+$",
            "^-?[0-9]{1,18}(\\.[0-9]{1,12})?$",
            "^[a-z][a-z0-9-]*[a-z0-9]$",
            "^[a-z0-9]+(-[a-z0-9]+)*$",
            "^(?:[a-z]+\\.)+[a-z]{2,6}$",
            "^(?:a|b)*$",
            "\\.(png|jpe?g)$",
            "[a-z]+",
            "^a+b+c+$",
            "^.*foo",
            "^(ab|ac|ad)$",
            "[0-9]{1,3}px",
            "^\\d{4}-\\d{2}-\\d{2}$",
            "\\bfoo\\b",
        ] {
            assert_eq!(is(pattern), Some(true), "{pattern}");
        }
        for pattern in [
            "^([a-z]+)*[0-9]$",
            "^(a|a)*$",
            "^(a|ab)*$",
            "^(?:a*)*$",
            "a*a*b",
            "^a*a*b$",
            "^\\d+\\w+$",
            "a+$",
            "[ab]+c",
            "\\s+$",
            "^.*foo.*$",
            "^(a?){30}a{30}$",
            "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]+$",
            "^\\w+([.-]?\\w+)*@\\w+$",
            "^(a|b|ab)*c$",
            "^((a+)+b)*",
            "(a+b)+",
            "^[a-z]{1,3000}[a-z]{1,3000}$",
            "(?:^a|b)*c$",
            // It is, but not for a reason that is looked for.
            "^[^\\s@]+@[^\\s@]+\\.[a-z]{2,}$",
        ] {
            assert_eq!(is(pattern), Some(false), "{pattern}");
        }
    }
}
