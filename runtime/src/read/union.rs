//! Tagged unions: the discriminant selects the branch, and only that branch is read.

use super::{
    Kind, Next, ReadContext, ReadResult, Reader, Segment, Stop, checked::no_type,
    ignored::IgnoredMembers, scalar::wrong_type,
};
use handfast_schema::{Type, details};

/// The discriminant of a union.
#[derive(Debug)]
pub struct UnionBranches {
    /// The name of the property.
    pub tag: &'static str,
    /// The value of the property for each branch.
    pub values: &'static [&'static str],
    /// The branches whose type has the property as a field of its own.
    pub tagged: &'static [usize],
}

/// Reads the discriminant of an object and returns the branch. The reader is then before the object again, and the next object read ignores
/// the discriminant, as it does those of the unions around this one.
///
/// # Errors
/// If the text is not valid JSON.
pub fn union(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    branches: &'static UnionBranches,
) -> ReadResult<usize> {
    if r.peek()? != Kind::Object {
        return wrong_type(r, cx, Type::Object);
    }
    let start = r.place();
    let mut there = false;
    let mut branch = None;
    let field = [branches.tag];
    let mut members = r.enter_object()?;
    loop {
        match r.next_key(&mut members, &field, 0) {
            Next::Field(_) => {}
            Next::Unknown => {
                r.skip()?;
                continue;
            }
            Next::End => break,
            Next::Stop => return Err(Stop),
        }
        there = true;
        branch = None;
        if r.peek()? == Kind::String {
            let text = r.string()?;
            branch = branches.values.iter().position(|value| *value == &*text);
        } else {
            r.skip()?;
        }
    }
    let Some(branch) = branch else {
        // They are those of this object, not of the next.
        cx.ignored = IgnoredMembers::default();
        if there {
            let mark = cx.mark();
            let values: Vec<serde_json::Value> =
                branches.values.iter().map(|v| (*v).into()).collect();
            cx.violation(details::enumeration(&values));
            cx.within(mark, || Segment::Field(0, branches.tag));
        } else {
            cx.violation(details::required(branches.tag));
        }
        return Ok(None);
    };
    r.go(start);
    if !cx.ignored.add(branches, branches.tagged.contains(&branch)) {
        cx.ignored = IgnoredMembers::default();
        r.skip()?;
        cx.violation(no_type());
        return Ok(None);
    }
    Ok(Some(branch))
}
