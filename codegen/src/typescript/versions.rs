//! The versions of a server that a client accepts, as an interval: a client compares numbers, and reads no requirement.

use semver::{Comparator, Op, VersionReq};

/// The three numbers of a version. Versions are ordered as they are; a pre-release counts as the version it leads to.
type Release = (u64, u64, u64);

/// The releases from one on, and below another, if that is bounded. Every comparator is such an interval, and so is what several have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interval {
    from: Release,
    below: Option<Release>,
}

/// The largest number in a version that is compared.
const LARGEST: u64 = 9_999_999_999_999_999_999;

const ALL: Interval = Interval {
    from: (0, 0, 0),
    below: None,
};

impl Interval {
    /// The releases that fit a requirement. There is one, because the protocol's own does.
    pub(super) fn of(requirement: &VersionReq) -> Self {
        let comparators = requirement.comparators.iter().map(interval);
        comparators.fold(ALL, |one, other| Self {
            from: one.from.max(other.from),
            below: [one.below, other.below].into_iter().flatten().min(),
        })
    }

    /// Its bounds as versions.
    pub(super) fn bounds(&self) -> Vec<String> {
        let release = |(major, minor, patch): Release| format!("{major}.{minor}.{patch}");
        [Some(self.from), self.below]
            .into_iter()
            .flatten()
            .map(release)
            .collect()
    }
}

fn interval(comparator: &Comparator) -> Interval {
    let Comparator {
        major,
        minor,
        patch,
        ..
    } = *comparator;
    let first = (major, minor.unwrap_or(0), patch.unwrap_or(0));
    // The release behind all that have the numbers that are given. None has larger numbers than the largest.
    let behind = behind(first, minor.is_some(), patch.is_some());
    // A release is later than its pre-releases.
    let behind_it = match comparator.pre.is_empty() {
        true => behind,
        false => Some(first),
    };
    let compatible = match (major, minor, patch) {
        (0, Some(0), Some(_)) => behind,
        (0, Some(_), _) => self::behind(first, true, false),
        _ => self::behind(first, false, false),
    };
    let largest = (LARGEST, LARGEST, LARGEST);
    let (from, below) = match comparator.op {
        Op::Exact | Op::Wildcard => (first, behind_it),
        Op::Greater => (behind_it.unwrap_or(largest), None),
        Op::GreaterEq => (first, None),
        Op::Less => (ALL.from, Some(first)),
        Op::LessEq => (ALL.from, behind_it),
        Op::Tilde => (first, self::behind(first, minor.is_some(), false)),
        Op::Caret => (first, compatible),
        _ => (ALL.from, None),
    };
    Interval { from, below }
}

/// The first release behind those that have the same major number, and the same minor and patch number if those are given.
fn behind((major, minor, patch): Release, has_minor: bool, has_patch: bool) -> Option<Release> {
    let next = |number: u64| (number < LARGEST).then(|| number + 1);
    let next_patch = next(patch).filter(|_| has_patch);
    let next_minor = next(minor).filter(|_| has_minor);
    match (next_patch, next_minor, next(major)) {
        (Some(patch), ..) => Some((major, minor, patch)),
        (None, Some(minor), _) => Some((major, minor, 0)),
        (None, None, major) => major.map(|major| (major, 0, 0)),
    }
}
