//! Unions without a tag. The branch is selected by the kind of the value, and for objects by one scan of their members; then only that branch
//! is read. Where the branches of a `checked` union overlap, the schema's verdicts select it; where their types say it all, they are read
//! in turn ([`super::attempts`]).
//!
//! A value costs one read, plus one scan of its members if it is an object and more than its kind selects the branch. If it is invalid, its
//! schema words the violations, once, however deep unions nest.

use super::{
    Next, ReadContext, ReadResult, Reader, Rules, SchemaText, Stop,
    attempts::{Attempts, attempted},
    checked::{no_type, report_by_schema},
    constant::{Constant, Scalar, scalar},
    kinds::{self, ARRAY, FRACTION, INTEGER, Kinds, OBJECT},
    schema,
};
use smallvec::SmallVec;

/// A union without a tag.
#[derive(Debug)]
pub struct Untagged {
    /// The schema that words the violations.
    pub rules: Rules,
    /// The properties that the guards look at.
    pub names: &'static [&'static str],
    /// The values of each property that the guards name.
    pub values: &'static [&'static [Constant]],
    /// The branches, in the schema's order.
    pub branches: &'static [UntaggedBranch],
    /// Which values are valid, where the branches overlap and are read in turn.
    pub attempts: Option<Attempts>,
}

/// Reads the branch with an index.
pub(super) type ReadBranch<'f, T> =
    &'f mut dyn FnMut(usize, &mut Reader<'_>, &mut ReadContext) -> ReadResult<T>;

/// What selects a branch of a union. A branch without anything takes what no other takes.
#[derive(Debug)]
pub struct UntaggedBranch {
    /// The kinds of its values; 0 if it has any.
    pub kinds: Kinds,
    /// Its only value.
    pub constant: Option<Constant>,
    /// What its objects have. All of it must hold.
    pub guards: &'static [Guard],
    /// Its schema, which selects it where guards do not.
    pub schema: Option<SchemaText>,
}

/// What the objects of a branch have. Properties and values are indices of [`Untagged::names`] and [`Untagged::values`].
#[derive(Debug)]
pub enum Guard {
    /// The property is present.
    Has(usize),
    /// The property is absent.
    Lacks(usize),
    /// The property has one of these values.
    Value(usize, &'static [usize]),
}

impl UntaggedBranch {
    /// Whether it takes what no other branch takes.
    const fn takes_the_rest(&self) -> bool {
        self.kinds == 0 && self.guards.is_empty() && self.schema.is_none()
    }

    const fn may_be(&self, kinds: Kinds) -> bool {
        self.kinds == 0 || self.kinds & kinds != 0
    }
}

/// What is known of a value before its branch is selected.
pub(super) struct Facts {
    kinds: Kinds,
    /// The branches whose constant it is.
    constants: SmallVec<[usize; 2]>,
    /// For each property that the guards look at: what is known of it.
    properties: SmallVec<[Property; 8]>,
}

#[derive(Clone, Copy, PartialEq)]
enum Property {
    Absent,
    /// None of the values that the guards name.
    Other,
    /// The index of its value.
    Value(usize),
}

impl Facts {
    pub(super) fn hold(&self, index: usize, branch: &UntaggedBranch) -> bool {
        branch.may_be(self.kinds)
            && (branch.constant.is_none() || self.constants.contains(&index))
            && (self.kinds != OBJECT || branch.guards.iter().all(|guard| self.guard(guard)))
    }

    fn guard(&self, guard: &Guard) -> bool {
        let of = |property: usize| self.properties.get(property);
        match guard {
            Guard::Has(property) => of(*property).is_some_and(|is| *is != Property::Absent),
            Guard::Lacks(property) => of(*property).is_none_or(|is| *is == Property::Absent),
            Guard::Value(property, values) => match of(*property) {
                Some(Property::Value(value)) => values.contains(value),
                _ => false,
            },
        }
    }
}

/// Reads a union: selects the branch, and reads it with `read`.
///
/// # Errors
/// If the text is not valid JSON.
pub fn untagged<T>(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    union: &'static Untagged,
    read: ReadBranch<'_, T>,
) -> ReadResult<T> {
    if let Some(attempts) = union.attempts
        && !cx.accepted
    {
        return attempted(r, cx, (union, attempts), read);
    }
    r.peek()?;
    let (start, before, ignored, quiet) = (r.place(), cx.mark(), cx.ignored, cx.quiet);
    let worded = schema::of(union.rules).is_some();
    cx.quiet |= worded;
    let value = match select(r, cx, union) {
        Ok(Some(branch)) => read(branch, r, cx),
        Ok(None) => refuse(r, cx).map(|()| None),
        Err(Stop) => Err(Stop),
    };
    cx.quiet = quiet;
    if cx.clean_since(before) {
        return value;
    }
    if value.is_err() {
        // What was found is not worded.
        cx.forget_since(before);
    } else if worded {
        report_by_schema(r, cx, union.rules, start, before, ignored)?;
    }
    value.map(|_| None)
}

/// Skips a value that no branch takes.
#[cold]
fn refuse(r: &mut Reader<'_>, cx: &mut ReadContext) -> Result<(), Stop> {
    std::mem::take(&mut cx.ignored);
    r.skip()?;
    cx.violation(no_type());
    Ok(())
}

/// Returns the branch of a value. The reader is then before the value again.
fn select(
    r: &mut Reader<'_>,
    cx: &ReadContext,
    union: &'static Untagged,
) -> Result<Option<usize>, Stop> {
    let kinds = kinds::of(r.peek()?);
    let mut candidates = union
        .branches
        .iter()
        .enumerate()
        .filter(|(_, branch)| branch.may_be(kinds));
    let Some((first, one)) = candidates.next() else {
        return Ok(None);
    };
    // Most values are of a kind that only one branch has.
    if candidates.next().is_none() && one.guards.is_empty() && one.constant.is_none() {
        return Ok(Some(first));
    }
    let facts = facts(r, cx, union, kinds)?;
    let mut holding = (union.branches.iter().enumerate())
        .filter(|(index, branch)| !branch.takes_the_rest() && facts.hold(*index, branch));
    let rest = || union.branches.iter().position(|one| one.takes_the_rest());
    let Some((first, one)) = holding.next() else {
        return Ok(rest());
    };
    if one.schema.is_none() && !cx.accepted {
        return Ok(Some(first));
    }
    let Some((second, _)) = holding.next() else {
        // What takes the rest takes what the schema of the only other branch refuses.
        return Ok(match rest() {
            Some(rest) if one.schema.is_some() => by_schema(r, union, &[first]).or(Some(rest)),
            _ => Some(first),
        });
    };
    let all: SmallVec<[usize; 8]> = [first, second]
        .into_iter()
        .chain(holding.map(|(index, _)| index))
        .collect();
    Ok(by_schema(r, union, &all).or_else(rest))
}

/// Returns the first of several branches whose schema accepts the value, or the first without a schema. Without verdicts, the first of all.
fn by_schema(r: &Reader<'_>, union: &'static Untagged, all: &[usize]) -> Option<usize> {
    let judged = match r {
        Reader::Value(reader) => reader.judge().map(|judge| (judge, reader.here())),
        Reader::Json(_) | Reader::Binary(_) => None,
    };
    let Some((judge, value)) = judged else {
        return all.first().copied();
    };
    let branches = || all.iter().map(|index| (*index, &union.branches[*index]));
    // A branch that accepts the value by itself says more of it than one that accepts it as a part of a larger schema.
    for alone in [true, false] {
        for (index, branch) in branches() {
            let accepts = |schema| judge.accepts(schema, value, alone);
            if branch.schema.is_some_and(accepts) {
                return Some(index);
            }
        }
    }
    let mut rest = branches().filter(|(_, branch)| branch.schema.is_none());
    rest.next().map(|(index, _)| index)
}

/// Looks at a value as far as the guards and constants of a union ask. The reader is then before the value again.
pub(super) fn facts<'de>(
    r: &mut Reader<'de>,
    cx: &ReadContext,
    union: &'static Untagged,
    mut kinds: Kinds,
) -> Result<Facts, Stop> {
    let start = r.place();
    let (mut constants, mut properties) = (SmallVec::new(), SmallVec::new());
    match kinds {
        OBJECT if !union.names.is_empty() => properties = scan(r, cx, union)?,
        OBJECT | ARRAY => {}
        _ => {
            let branches = union.branches.iter().enumerate();
            let equal = |(index, branch): (usize, &UntaggedBranch), scalar: &Scalar<'_>| {
                let constant = branch.constant?;
                constant.is(scalar).then_some(index)
            };
            let found = scalar(r, |scalar| {
                if let Scalar::Number(x) = scalar {
                    kinds = if x.fract() == 0.0 { INTEGER } else { FRACTION };
                }
                branches.filter_map(|one| equal(one, scalar)).collect()
            })?;
            constants = found.unwrap_or_default();
        }
    }
    r.go(start);
    Ok(Facts {
        kinds,
        constants,
        properties,
    })
}

/// Returns what is known of each property that the guards look at. The last value of a name counts.
fn scan(
    r: &mut Reader<'_>,
    cx: &ReadContext,
    union: &'static Untagged,
) -> Result<SmallVec<[Property; 8]>, Stop> {
    let mut found = SmallVec::from_elem(Property::Absent, union.names.len());
    let mut members = r.enter_object()?;
    loop {
        let property = match r.next_key(&mut members, union.names, 0) {
            Next::Field(property) => property,
            Next::Unknown => {
                r.skip()?;
                continue;
            }
            Next::End => return Ok(found),
            Next::Stop => return Err(Stop),
        };
        let values = union.values[property];
        let of_envelope = cx.ignored.has_in_envelope(union.names[property]);
        if values.is_empty() || of_envelope {
            r.skip()?;
        }
        if of_envelope {
            continue;
        }
        let value = if values.is_empty() {
            None
        } else {
            scalar(r, |scalar| values.iter().position(|one| one.is(scalar)))?.flatten()
        };
        found[property] = value.map_or(Property::Other, Property::Value);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Definitions, Side, from_str, protocol, read::checked::interpretations};

    static DEFINITIONS: Definitions = Definitions::new(
        r##"{
"Tree": { "oneOf": [{ "type": "integer", "maximum": 5 }, { "type": "object", "properties": { "of": { "$ref": "#/$defs/Tree" } }, "required": ["of"] }, { "type": "array", "items": { "$ref": "#/$defs/Tree" } }] }
}"##,
    );

    #[protocol(untagged, schema = DEFINITIONS["Tree"])]
    #[derive(Debug)]
    enum Tree {
        #[protocol(kinds(integer), maximum = 5)]
        Leaf(i64),
        #[protocol(kinds(object), has("of"))]
        Of(Box<Of>),
        #[protocol(kinds(array))]
        List(Vec<Self>),
    }

    #[protocol(schema = DEFINITIONS["Tree/oneOf/1"])]
    #[derive(Debug)]
    struct Of {
        of: Tree,
    }

    #[protocol(untagged, checked, schema = DEFINITIONS["Tree"])]
    #[derive(Debug)]
    enum Checked {
        #[protocol(branch = DEFINITIONS["Tree/oneOf/0"])]
        Leaf(i64),
        #[protocol(branch = DEFINITIONS["Tree/oneOf/1"])]
        Of(Box<OfChecked>),
        #[protocol(branch = DEFINITIONS["Tree/oneOf/2"])]
        List(Vec<Self>),
    }

    #[protocol(checked, schema = DEFINITIONS["Tree/oneOf/1"])]
    #[derive(Debug)]
    struct OfChecked {
        of: Checked,
    }

    #[protocol(untagged, one_of, schema = DEFINITIONS["Tree"])]
    #[derive(Debug)]
    enum Tried {
        #[protocol(branch = DEFINITIONS["Tree/oneOf/0"], maximum = 5)]
        Leaf(i64),
        #[protocol(branch = DEFINITIONS["Tree/oneOf/1"])]
        Of(Box<OfTried>),
        #[protocol(branch = DEFINITIONS["Tree/oneOf/2"])]
        List(Vec<Self>),
    }

    #[protocol(schema = DEFINITIONS["Tree/oneOf/1"])]
    #[derive(Debug)]
    struct OfTried {
        of: Tried,
    }

    /// A union whose branches are tried asks no schema of what a branch takes, and one in another asks once.
    #[test]
    fn what_a_branch_takes_is_not_interpreted() {
        let of = |text: &str| {
            let before = interpretations();
            let read = from_str::<Tried>(text, Side::Server).is_ok();
            (read, interpretations() - before)
        };
        assert_eq!(of("5"), (true, 0));
        assert_eq!(of("6"), (false, 1));
        assert_eq!(of("[]"), (true, 0));
        assert_eq!(of("[1,2]"), (true, 2));
        let deep = |leaf: &str| of(&format!("{}{leaf}{}", "[".repeat(40), "]".repeat(40)));
        assert_eq!(deep("5"), (true, 1));
        assert_eq!(deep("6"), (false, 2));
    }

    /// A value is interpreted at most once, valid or not, whatever nests.
    #[test]
    fn one_value_is_interpreted_once() {
        let text = |leaf: &str| {
            let (before, after) = (r#"{"of":["#.repeat(40), "]}".repeat(40));
            format!("{before}{leaf}{after}")
        };
        let of = |leaf: &str| {
            let before = interpretations();
            let plain = from_str::<Tree>(&text(leaf), Side::Server).is_ok();
            let between = interpretations();
            let checked = from_str::<Checked>(&text(leaf), Side::Server).is_ok();
            assert_eq!(plain, checked);
            (plain, between - before, interpretations() - between)
        };
        assert_eq!(of("5"), (true, 0, 1));
        assert_eq!(of("6"), (false, 1, 1));
        assert_eq!(of("{}"), (false, 1, 1));
    }
}
