//! Unions told apart by a property: the discriminant chooses the branch, and only that branch is read.

use super::{Kind, Next, ReadContext, ReadResult, Reader, Segment, Stop, scalar::wrong_type};
use handfast_schema::{Type, details};

/// How a union is told apart.
#[derive(Debug)]
pub struct UnionBranches {
    /// The property.
    pub tag: &'static str,
    /// Its value for each branch.
    pub values: &'static [&'static str],
}

/// Finds out which branch an object is; the reader then stands in front of the object still, and the next object read
/// passes over the discriminant.
///
/// # Errors
/// Where the text is not JSON.
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
    cx.beside.discriminant = Some(branches.tag);
    Ok(Some(branch))
}
