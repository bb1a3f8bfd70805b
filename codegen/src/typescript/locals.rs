//! The properties of an object as local constants of a generated function.

use super::text;
use std::collections::{BTreeMap, BTreeSet};

/// The properties of an object as local constants.
pub(super) struct Locals {
    /// The name of the constant of each property, where it has one, in the order of the properties.
    names: Vec<(String, String)>,
    /// The places of the properties.
    places: BTreeMap<String, usize>,
    /// The places of those in use.
    used: BTreeSet<usize>,
}

/// Properties that every object inherits: these are read by `Object.hasOwn`.
pub(super) const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Names that the statements of a validator have for something else.
const RESERVED: [&str; 18] = [
    "value",
    "report",
    "strict",
    "_strict",
    "evaluated",
    "own",
    "before",
    "matching",
    "item",
    "i",
    "undefined",
    "Infinity",
    "NaN",
    "Array",
    "Map",
    "Number",
    "RegExp",
    "Set",
];

/// Whether a property of this name is there only where an object has it itself.
pub(super) fn is_not_inherited(name: &str) -> bool {
    !INHERITED.contains(&name)
}

impl Locals {
    /// Names for the properties of an object. None is that of anything else that the code may name.
    pub(super) fn new<'n>(properties: impl Iterator<Item = &'n str>) -> Self {
        let mut names: Vec<(String, String)> = Vec::new();
        let (mut places, mut given) = (BTreeMap::new(), BTreeSet::new());
        for property in properties.filter(|name| is_not_inherited(name)) {
            let plain = text::identifier(property);
            let stem = match plain == property {
                true => plain,
                false => text::identifier(&crate::names::camel(property)),
            };
            let mut local = crate::names::ts_ident(&stem);
            let constants = ["Fields", "Length", "Members", "Pattern", "Rules", "Values"];
            let taken = RESERVED.contains(&local.as_str())
                || local.starts_with("validate")
                || local.starts_with("is")
                || constants.iter().any(|ending| local.ends_with(ending));
            if taken {
                local.push('_');
            }
            while !given.insert(local.clone()) {
                local.push('_');
            }
            places.insert(property.to_owned(), names.len());
            names.push((property.to_owned(), local));
        }
        Self {
            names,
            places,
            used: BTreeSet::new(),
        }
    }

    /// The constant of a property.
    pub(super) fn of(&self, property: &str) -> Option<&str> {
        let place = self.places.get(property)?;
        self.names.get(*place).map(|(_, local)| local.as_str())
    }

    /// Notes that the constant of a property is used.
    pub(super) fn mark_used(&mut self, property: &str) {
        self.used.extend(self.places.get(property));
    }

    /// The statement that declares those in use; nothing if there are none.
    pub(super) fn declaration(&self, value: &str) -> Option<Vec<String>> {
        let each: Vec<String> = self
            .names
            .iter()
            .enumerate()
            .filter(|(place, _)| self.used.contains(place))
            .map(|(_, (name, local))| match text::property(name) {
                plain if plain == *local => plain,
                plain => format!("{plain}: {local}"),
            })
            .collect();
        let line = format!("const {{ {} }} = {value};", each.join(", "));
        match each.is_empty() {
            true => None,
            false if line.chars().count() + 2 <= text::WIDTH => Some(vec![line]),
            false => {
                let each = each.into_iter().map(|one| format!("  {one},"));
                let ends = ("const {".to_owned(), format!("}} = {value};"));
                Some(
                    std::iter::once(ends.0)
                        .chain(each)
                        .chain([ends.1])
                        .collect(),
                )
            }
        }
    }
}
