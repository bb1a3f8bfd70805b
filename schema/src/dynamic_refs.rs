//! Replaces `$dynamicRef` by `$ref`. The target depends on the dynamic scope alone, never on the value, so a schema
//! that is reached through scopes with different outcomes is duplicated, once for each outcome.

use crate::{DynamicRef, Schema, SchemaId, Schemas};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The largest number of schemas after resolution. Each dynamic anchor that several resources declare multiplies
/// them.
const MAX_SCHEMAS: usize = 1 << 14;

/// Resolving the dynamic references would take too many schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySchemas;

impl fmt::Display for TooManySchemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "dynamic references unfold into more than {MAX_SCHEMAS} schemas"
        )
    }
}

impl std::error::Error for TooManySchemas {}

/// The outermost schema of each dynamic anchor in scope.
type Scope = BTreeMap<String, SchemaId>;

impl Schemas {
    /// Replaces every `$dynamicRef` reachable from the roots by a plain reference and removes the anchors. The roots
    /// keep their ids; a schema that means several things is duplicated. Returns whether there was any `$dynamicRef`.
    ///
    /// # Errors
    /// When there would be more than 16,384 schemas; they are left as they were then.
    pub fn resolve_dynamic_refs(&mut self, roots: &[SchemaId]) -> Result<bool, TooManySchemas> {
        if !self.iter().any(|(_, one)| one.dynamic_reference.is_some()) {
            self.remove_dynamic_anchors();
            return Ok(false);
        }
        let mut unfolding = Resolver::new(self);
        for root in roots {
            unfolding.place(*root, &Scope::new())?;
        }
        while let Some((id, original, scope)) = unfolding.waiting.pop() {
            unfolding.fill(id, original, &scope)?;
        }
        *self = unfolding.made;
        self.remove_dynamic_anchors();
        Ok(true)
    }

    /// Nothing refers to them any more, and the interpreter remembers no verdicts where there are some.
    fn remove_dynamic_anchors(&mut self) {
        for i in 0..self.len() {
            self[SchemaId(u32::try_from(i).unwrap_or(u32::MAX))].dynamic_anchor = None;
        }
    }
}

struct Resolver<'s> {
    originals: &'s Schemas,
    made: Schemas,
    /// The schema that declares a dynamic anchor in a resource.
    anchors: BTreeMap<SchemaId, Vec<(&'s str, SchemaId)>>,
    /// The anchors that decide what each schema means, by schema id.
    needs: Vec<BTreeSet<&'s str>>,
    /// Whether the id of an original has been assigned.
    claimed: BTreeSet<SchemaId>,
    known: BTreeMap<(SchemaId, Scope), SchemaId>,
    /// Ids still to be filled: the id, the original schema and its dynamic scope.
    waiting: Vec<(SchemaId, SchemaId, Scope)>,
}

impl<'s> Resolver<'s> {
    fn new(originals: &'s Schemas) -> Self {
        let mut anchors: BTreeMap<SchemaId, Vec<(&str, SchemaId)>> = BTreeMap::new();
        let mut bearers: BTreeMap<&str, Vec<SchemaId>> = BTreeMap::new();
        for (id, schema) in originals.iter() {
            if let Some(anchor) = &schema.dynamic_anchor {
                bearers.entry(anchor).or_default().push(id);
                if let Some(resource) = schema.resource {
                    anchors.entry(resource).or_default().push((anchor, id));
                }
            }
        }
        Self {
            originals,
            made: originals.clone(),
            anchors,
            needs: needs(originals, &bearers),
            claimed: BTreeSet::new(),
            known: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// The id of a schema when it is reached with this scope.
    fn place(&mut self, id: SchemaId, way: &Scope) -> Result<SchemaId, TooManySchemas> {
        let needs = &self.needs[id.0 as usize];
        if needs.is_empty() && self.originals[id].dynamic_reference.is_none() {
            self.visit(id);
            return Ok(id);
        }
        let mut scope = way.clone();
        let resource = self.originals[id].resource;
        for (anchor, bearer) in resource
            .iter()
            .filter_map(|id| self.anchors.get(id))
            .flatten()
        {
            scope.entry((*anchor).to_owned()).or_insert(*bearer);
        }
        scope.retain(|anchor, _| needs.contains(anchor.as_str()));
        let key = (id, scope);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let place = if self.claimed.insert(id) {
            id
        } else if self.made.len() < MAX_SCHEMAS {
            self.made.push(Schema::default())
        } else {
            return Err(TooManySchemas);
        };
        self.waiting.push((place, id, key.1.clone()));
        self.known.insert(key, place);
        Ok(place)
    }

    /// A schema that depends on no anchor keeps its id, and so do its subschemas.
    fn visit(&mut self, id: SchemaId) {
        if self.claimed.insert(id) {
            self.waiting.push((id, id, Scope::new()));
        }
    }

    fn fill(
        &mut self,
        place: SchemaId,
        original: SchemaId,
        scope: &Scope,
    ) -> Result<(), TooManySchemas> {
        let mut schema = self.originals[original].clone();
        if let Some(dynamic) = &mut schema.dynamic_reference {
            let outermost = dynamic.anchor.as_ref().and_then(|name| scope.get(name));
            dynamic.initial = *outermost.unwrap_or(&dynamic.initial);
            dynamic.anchor = None;
        }
        let mut failed = None;
        schema.map_subschemas(|id| match self.place(id, scope) {
            Ok(placed) => placed,
            Err(error) => {
                failed = Some(error);
                id
            }
        });
        if let (None, Some(DynamicRef { initial, .. })) =
            (schema.reference, &schema.dynamic_reference)
        {
            schema.reference = Some(*initial);
            schema.dynamic_reference = None;
        }
        self.made[place] = schema;
        failed.map_or(Ok(()), Err)
    }
}

/// The anchors that decide what each schema means: those that it, or any schema it reaches, refers to.
fn needs<'s>(
    schemas: &'s Schemas,
    bearers: &BTreeMap<&str, Vec<SchemaId>>,
) -> Vec<BTreeSet<&'s str>> {
    let mut needs: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); schemas.len()];
    let mut users: Vec<Vec<SchemaId>> = vec![Vec::new(); schemas.len()];
    let mut changed = Vec::new();
    for (id, schema) in schemas.iter() {
        let anchor = schema
            .dynamic_reference
            .as_ref()
            .and_then(|dynamic| dynamic.anchor.as_deref());
        if let Some(anchor) = anchor {
            needs[id.0 as usize].insert(anchor);
            changed.push(id);
        }
        let far = anchor.and_then(|anchor| bearers.get(anchor));
        for used in schema.subschemas().iter().chain(far.into_iter().flatten()) {
            users[used.0 as usize].push(id);
        }
    }
    while let Some(id) = changed.pop() {
        let all = needs[id.0 as usize].clone();
        for user in &users[id.0 as usize] {
            let theirs = &mut needs[user.0 as usize];
            let before = theirs.len();
            theirs.extend(&all);
            if theirs.len() > before {
                changed.push(*user);
            }
        }
    }
    needs
}
