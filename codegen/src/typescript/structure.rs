//! The type of a schema without its own name.

use super::{
    context::Context,
    objects::has_in_place,
    text,
    type_tree::{Kinds, Member, Name, Object, Place, Ty, UntypedReason, either},
};
use handfast_schema::{Schema, SchemaId, Type};
use serde_json::Value;
use std::rc::Rc;

/// A `const` or a value of an `enum` that is an array or an object is a type if it is no longer than this as code.
const MAX_LITERAL: usize = 400;

/// How many names are expanded at a time, each for the one before.
const MAX_EXPANDING: u32 = 16;

/// How many schemas that describe one value are followed, each from the one before, to find its kinds.
const MAX_STEPS: u32 = 64;

impl Context<'_> {
    /// The type of a schema where it is used.
    pub(super) fn tree(&self, id: SchemaId) -> Ty {
        match self.type_name(id) {
            Some(name) => Ty::Name(Name {
                text: name.to_owned(),
                schema: id,
                kinds: self.kinds_of(id),
            }),
            None => self.structure(id),
        }
    }

    /// The name of the type of a schema.
    fn type_name(&self, id: SchemaId) -> Option<&str> {
        let decl = self
            .decl_of
            .get(&id)
            .filter(|decl| !self.is_inlined(**decl));
        match decl {
            Some(decl) => Some(&self.names.types[decl.0]),
            None => self.anonymous.get(&id).map(String::as_str),
        }
    }

    /// The type that the name of a schema stands for. Nothing while that is found out, nor where it takes too many others.
    pub(super) fn expanded(&self, id: SchemaId) -> Option<Rc<Ty>> {
        if let Some(known) = self.expanded.borrow().get(&id) {
            return known.clone();
        }
        if self.expanding.get() == MAX_EXPANDING {
            return None;
        }
        self.expanding.set(self.expanding.get() + 1);
        self.expanded.borrow_mut().insert(id, None);
        let ty = Rc::new(self.structure(id));
        self.expanded.borrow_mut().insert(id, Some(Rc::clone(&ty)));
        self.expanding.set(self.expanding.get() - 1);
        Some(ty)
    }

    /// The type of a schema, without its own name.
    pub(super) fn structure(&self, id: SchemaId) -> Ty {
        let schema = &self.protocol.schemas[id];
        match schema.boolean {
            Some(true) => return Ty::Unknown(None),
            Some(false) => return Ty::Never,
            None => {}
        }
        let mut parts = vec![self.own(id), self.not(schema)];
        let dynamic = schema.dynamic_reference.as_ref();
        let references = schema
            .reference
            .into_iter()
            .chain(dynamic.map(|dynamic| dynamic.initial));
        parts.extend(
            references
                .chain(schema.all_of.iter().copied())
                .map(|id| self.tree(id)),
        );
        for branches in [&schema.any_of, &schema.one_of] {
            if !branches.is_empty() {
                parts.push(either(branches.iter().map(|id| self.tree(*id))));
            }
        }
        // A schema that decides on other properties decides for its parts.
        if schema.closes_itself() {
            parts = parts.into_iter().map(Ty::without_implicit).collect();
        }
        match self.intersect(parts) {
            Ty::Unknown(None) => self.by_condition(schema),
            ty => ty,
        }
    }

    /// The type of a schema that says nothing but by its conditions.
    fn by_condition(&self, schema: &Schema) -> Ty {
        if let (Some(_), Some(then), Some(otherwise)) =
            (schema.condition, schema.then, schema.otherwise)
            && let ty = either([self.tree(then), self.tree(otherwise)])
            && !matches!(ty, Ty::Unknown(_))
        {
            return ty;
        }
        let depends = !schema.dependent_schemas.is_empty() || !schema.dependent_required.is_empty();
        let decides = schema.then.or(schema.otherwise);
        Ty::Unknown(if schema.not.is_some() {
            Some(UntypedReason::Not)
        } else if schema.condition.and(decides).is_some() {
            Some(UntypedReason::Condition)
        } else {
            depends.then_some(UntypedReason::Dependent)
        })
    }

    /// What `not` says: the kinds of values that are left.
    fn not(&self, schema: &Schema) -> Ty {
        let Some(not) = schema.not.map(|id| &self.protocol.schemas[id]) else {
            return Ty::Unknown(None);
        };
        if not.boolean == Some(true) {
            return Ty::Never;
        }
        let only_types = Schema {
            span: not.span,
            annotations: not.annotations.clone(),
            resource: not.resource,
            types: not.types,
            ..Schema::default()
        };
        let Some(types) = not.types.filter(|_| *not == only_types) else {
            return Ty::Unknown(None);
        };
        let excluded = types.iter().filter(|ty| *ty != Type::Integer);
        let excluded = excluded.map(Kinds::of_type).fold(Kinds::NONE, Kinds::or);
        match Kinds::ALL.without(excluded) {
            Kinds::ALL => Ty::Unknown(None),
            left => Ty::all_of(left),
        }
    }

    /// What `type`, `const`, `enum` and the keywords of arrays and objects say.
    pub(super) fn own(&self, id: SchemaId) -> Ty {
        let schema = &self.protocol.schemas[id];
        let kinds = Kinds::of_schema(schema);
        let values = schema
            .constant
            .as_ref()
            .map(std::slice::from_ref)
            .or(schema.enumeration.as_deref());
        if let Some(values) = values {
            let fits = values
                .iter()
                .filter(|value| kinds.contains(Kinds::of_value(value)));
            let open = schema.open.then(Ty::other_string);
            return either(fits.map(literal).chain(open));
        }
        let says_of_objects = !schema.properties.is_empty()
            || !schema.required.is_empty()
            || !schema.pattern_properties.is_empty()
            || schema.additional_properties.is_some()
            || schema.unevaluated_properties.is_some();
        let says_of_arrays = !schema.prefix_items.is_empty()
            || schema.items.is_some()
            || schema.unevaluated_items.is_some();
        // Without a `type`, values of other kinds are valid.
        if schema.types.is_none() && !says_of_objects && !says_of_arrays {
            return Ty::Unknown(None);
        }
        let of_kind = |kind: Kinds| match kind {
            Kinds::OBJECT => self.object(schema),
            Kinds::ARRAY => self.array(schema),
            Kinds::STRING => self.string(id, schema),
            other => Ty::Scalar(other),
        };
        let each = Kinds::EACH.into_iter().filter(|kind| kinds.contains(*kind));
        either(each.map(of_kind))
    }

    fn string(&self, id: SchemaId, schema: &Schema) -> Ty {
        if self.is_byte_array(id) {
            return Ty::Atom("Uint8Array".to_owned(), Kinds::STRING);
        }
        // The brand of a type with a name is that name's.
        let brand = self.format_brand(schema).filter(|_| !self.is_branded(id));
        brand.unwrap_or(Ty::Scalar(Kinds::STRING))
    }

    fn array(&self, schema: &Schema) -> Ty {
        let unevaluated = schema.unevaluated_items.filter(|_| schema.items.is_none());
        let rest = match (schema.items.or(unevaluated), unevaluated) {
            (Some(items), None) => self.tree(items),
            (Some(items), Some(_)) if !has_in_place(schema) && schema.contains.is_none() => {
                self.tree(items)
            }
            // What others evaluate is no part of the rest.
            (Some(items), Some(_)) if self.protocol.schemas[items].boolean.is_none() => {
                Ty::Unknown(Some(UntypedReason::Unevaluated))
            }
            _ => Ty::Unknown(None),
        };
        let count = |n: Option<u64>, absent: usize| {
            n.map_or(absent, |n| usize::try_from(n).unwrap_or(usize::MAX))
        };
        let (least, most) = (
            count(schema.min_items, 0),
            count(schema.max_items, usize::MAX),
        );
        let first = schema.prefix_items.iter().take(most);
        let mut places: Vec<Place> = first
            .enumerate()
            .map(|(i, item)| match self.tree(*item) {
                item if i < least => Place::Required(item),
                item => Place::Optional(item),
            })
            .collect();
        let is_all = rest == Ty::Never || most <= places.len();
        match rest {
            _ if is_all => Ty::Tuple(places),
            rest if places.is_empty() => rest.list(),
            rest => {
                places.push(Place::Rest(rest));
                Ty::Tuple(places)
            }
        }
    }

    /// The kinds of values that a schema accepts, or more.
    pub(super) fn kinds_of(&self, id: SchemaId) -> Kinds {
        self.kinds_below(id, MAX_STEPS)
    }

    fn kinds_below(&self, id: SchemaId, steps: u32) -> Kinds {
        if let Some(known) = self.kinds.borrow().get(&id) {
            return *known;
        }
        let Some(steps) = steps.checked_sub(1) else {
            return Kinds::ALL;
        };
        // What contains itself is no narrower for that.
        self.kinds.borrow_mut().insert(id, Kinds::ALL);
        let schema = &self.protocol.schemas[id];
        let mut kinds = match schema.boolean {
            Some(false) => Kinds::NONE,
            _ => Kinds::of_schema(schema),
        };
        let values = schema
            .constant
            .iter()
            .chain(schema.enumeration.iter().flatten());
        let values = values.map(Kinds::of_value).fold(Kinds::NONE, Kinds::or);
        if schema.constant.is_some() || schema.enumeration.is_some() {
            let open = if schema.open {
                Kinds::STRING
            } else {
                Kinds::NONE
            };
            kinds = kinds.and(values.or(open));
        }
        for part in schema.reference.iter().chain(&schema.all_of) {
            kinds = kinds.and(self.kinds_below(*part, steps));
        }
        for branches in [&schema.any_of, &schema.one_of] {
            if !branches.is_empty() {
                let each = branches.iter().map(|id| self.kinds_below(*id, steps));
                kinds = kinds.and(each.fold(Kinds::NONE, Kinds::or));
            }
        }
        self.kinds.borrow_mut().insert(id, kinds);
        kinds
    }
}

/// The type of one value.
fn literal(value: &Value) -> Ty {
    if text::value(value).len() > MAX_LITERAL {
        let unknown = Ty::Unknown(Some(UntypedReason::LargeConstant));
        match value {
            Value::Array(_) => return unknown.list(),
            Value::Object(_) => return Ty::Object(Object::map(unknown)),
            _ => {}
        }
    }
    match value {
        Value::Null => Ty::Scalar(Kinds::NULL),
        Value::Array(items) => Ty::Tuple(
            items
                .iter()
                .map(|item| Place::Required(literal(item)))
                .collect(),
        ),
        Value::Object(fields) if fields.is_empty() => Ty::Object(Object::map(Ty::Never)),
        Value::Object(fields) => {
            let fields = fields.iter();
            let member = |(name, value): (&String, &Value)| {
                Member::plain(text::property(name), false, literal(value))
            };
            Ty::Object(Object {
                members: fields.map(member).collect(),
                indexes: Vec::new(),
            })
        }
        scalar => Ty::Literal(text::value(scalar), Kinds::of_value(scalar)),
    }
}
