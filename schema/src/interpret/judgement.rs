//! The validation of one value that can be asked further questions about it.

use super::{Out, Run, Validator};
use crate::openness::Purpose;
use crate::{SchemaId, Side, Violations};
use serde_json::Value;
use std::fmt;

/// The validation of one value. It keeps its verdicts on the objects and arrays in the value, so that asking which branches of its unions
/// accept which parts takes time linear in the size of the value, however deep the unions nest.
///
/// A verdict is kept by the address of the part. So all values that one judgement is asked about must be parts of one value that stays where
/// it is; otherwise a verdict may be that of another part.
pub struct Judgement<'v> {
    run: Run<'v>,
}

impl fmt::Debug for Judgement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judgement").finish_non_exhaustive()
    }
}

impl Validator<'_> {
    /// Starts the validation of a value, as [`validate`](super::validate) does for this side.
    pub fn judge(&self, side: Option<Side>) -> Judgement<'_> {
        Judgement {
            run: Run::new(self, side),
        }
    }
}

impl<'v> Judgement<'v> {
    /// The validator.
    pub const fn validator(&self) -> &'v Validator<'v> {
        self.run.validator
    }

    /// As [`Validator::collect`].
    ///
    /// # Panics
    /// When `root` is not of the validator's schemas.
    pub fn collect(&mut self, root: SchemaId, value: &Value) -> Violations {
        let mut out = Out {
            list: Vec::new(),
            quiet: false,
            failed: false,
        };
        self.run.whole(root, value, &mut out);
        out.list
    }

    /// Whether a schema accepts a part of the value: on its own, or as a part of a larger schema, which then decides on unknown fields.
    ///
    /// # Panics
    /// When `id` is not of the validator's schemas.
    pub fn accepts(&mut self, id: SchemaId, part: &Value, alone: bool) -> bool {
        let purpose = if alone { Purpose::Whole } else { Purpose::Part };
        self.run.accepts(id, part, purpose, None)
    }

    /// How many schemas have been applied to values: the cost.
    #[cfg(test)]
    pub(crate) const fn applied(&self) -> usize {
        self.run.applied
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Schemas, Side, Validator};
    use serde_json::{Value, json};

    /// A union of three branches, each of which contains the union again: every level asks each branch, and the cost is linear in the depth.
    #[test]
    fn asking_every_branch_at_every_level_is_linear() {
        let branch = |name: &str| {
            json!({
                "type": "object",
                "properties": { "of": { "$ref": "#/$defs/Tree" }, name: { "type": "integer" } },
                "required": [name]
            })
        };
        let document =
            json!({ "$defs": { "Tree": { "anyOf": [branch("a"), branch("b"), branch("c")] } } });
        let (schemas, places) = Schemas::definitions_of(Dialect::Handfast, &document)
            .unwrap_or_else(|error| panic!("{error}"));
        let validator = Validator::new(&schemas);
        let nested = |depth: usize| {
            (0..depth).fold(json!({ "c": 1 }), |inner, _| json!({ "c": 1, "of": inner }))
        };
        let cost = |value: &Value| {
            let mut judgement = validator.judge(Some(Side::Server));
            assert!(judgement.collect(places["Tree"], value).is_empty());
            let mut part = Some(value);
            while let Some(one) = part {
                for (branch, accepts) in [("0", false), ("1", false), ("2", true)] {
                    let id = places[&format!("Tree/anyOf/{branch}")];
                    assert_eq!(judgement.accepts(id, one, true), accepts);
                }
                part = one.get("of");
            }
            judgement.applied()
        };
        let (short, long) = (cost(&nested(30)), cost(&nested(60)));
        assert!(long < 2 * short + 10, "{short} {long}");
        assert!(long < 61 * 12, "{long}");
    }
}
