//! The names of what is generated. The first of several equal names is kept; later ones get a `$` appended.

use super::text;
use crate::{names, shape::Shapes};
use handfast_spec::model::{GivenNames, Name, Protocol};
use std::collections::{BTreeMap, BTreeSet};

/// Values that every output has, or that its code names.
const VALUES: [&str; 17] = [
    "protocol",
    "connect",
    "decode",
    "decodeValue",
    "dispatch",
    "serverMessages",
    "envelope",
    "clientEnvelope",
    "serverEnvelope",
    "Map",
    "Set",
    "RegExp",
    "Number",
    "Array",
    "NaN",
    "Infinity",
    "Object",
];

/// Types that every output has.
const TYPES: [&str; 4] = [
    "ClientMessage",
    "ServerMessage",
    "Handlers",
    "ServerRequestHandlers",
];

/// The global types of the language, and those of the platform that the runtime names. A type of a protocol that is called
/// so has another name within its file, so that the global is not shadowed there, and is exported under its own.
const GLOBALS: [&str; 77] = [
    "AbortController",
    "AbortSignal",
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "ArrayLike",
    "AsyncGenerator",
    "AsyncIterable",
    "AsyncIterator",
    "Atomics",
    "Awaited",
    "BigInt",
    "Boolean",
    "Capitalize",
    "ConstructorParameters",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "Event",
    "EventTarget",
    "Exclude",
    "Extract",
    "FinalizationRegistry",
    "Function",
    "Generator",
    "InstanceType",
    "Intl",
    "Iterable",
    "IterableIterator",
    "Iterator",
    "IteratorResult",
    "JSON",
    "Lowercase",
    "Map",
    "Math",
    "NoInfer",
    "NonNullable",
    "Number",
    "Object",
    "Omit",
    "Parameters",
    "Partial",
    "Pick",
    "Promise",
    "PromiseLike",
    "PropertyDescriptor",
    "PropertyKey",
    "Proxy",
    "RangeError",
    "Readonly",
    "ReadonlyArray",
    "ReadonlyMap",
    "ReadonlySet",
    "Record",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Request",
    "Required",
    "Response",
    "ReturnType",
    "Set",
    "String",
    "Symbol",
    "SyntaxError",
    "ThisType",
    "TypeError",
    "URIError",
    "URL",
    "Uint8Array",
    "Uncapitalize",
    "Uppercase",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "WebSocket",
];

/// Values and a type of an output that also decodes what a server receives.
const SERVERS_VALUES: [&str; 4] = [
    "clientMessages",
    "decodeClientMessage",
    "decodeClientMessageValue",
    "dispatchClientMessage",
];
const SERVERS_TYPE: &str = "ServerHandlers";

/// Whether an output also decodes what a server receives.
pub(super) fn has_both_sides(protocol: &Protocol) -> bool {
    let options = protocol.generate.typescript.as_ref();
    options.is_some_and(|options| options.both_sides)
}

/// Every name at the top of a file.
pub(super) struct Names {
    values_taken: BTreeSet<String>,
    types_taken: BTreeSet<String>,
    /// Types that are exported under another name than they have in the file: the name there, and the exported one.
    renamed: BTreeMap<String, String>,
    /// The type of each declaration of the shapes.
    pub(super) types: Vec<String>,
    /// The validator of each.
    pub(super) validators: Vec<String>,
    /// The type and the descriptor of each error.
    pub(super) errors: Vec<(String, String)>,
    /// The descriptor of each message; for one that needs two, the beginning of their names.
    pub(super) messages: Vec<String>,
    /// The descriptor of each channel.
    pub(super) channels: Vec<String>,
}

/// `RoomId` → `roomId`
pub(super) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_lowercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}

fn given<'n>(names: &'n GivenNames, name: &'n Name) -> &'n str {
    &names.ts.as_ref().unwrap_or(name).text
}

impl Names {
    pub(super) fn new(
        protocol: &Protocol,
        shapes: &Shapes,
        is_inlined: &dyn Fn(usize) -> bool,
    ) -> Self {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut taken = Self {
            values_taken: set(&VALUES),
            types_taken: TYPES
                .iter()
                .chain(&GLOBALS)
                .map(|name| (*name).to_owned())
                .collect(),
            renamed: BTreeMap::new(),
            types: Vec::new(),
            validators: Vec::new(),
            errors: Vec::new(),
            messages: Vec::new(),
            channels: Vec::new(),
        };
        if has_both_sides(protocol) {
            let values = SERVERS_VALUES.iter().map(|name| (*name).to_owned());
            taken.values_taken.extend(values);
            taken.types_taken.insert(SERVERS_TYPE.to_owned());
        }
        for (i, decl) in shapes.decls.iter().enumerate() {
            let stem = text::identifier(&decl.ts);
            let inlined = is_inlined(i);
            let name = if inlined {
                stem
            } else {
                taken.take_type(&stem)
            };
            let validator = format!("validate{}", name.trim_end_matches('$'));
            let validator = if inlined {
                validator
            } else {
                taken.take_value(&validator)
            };
            taken.types.push(name);
            taken.validators.push(validator);
        }
        for error in &protocol.errors {
            let stem = text::identifier(&names::pascal(given(&error.names, &error.name)));
            let ty = taken.take_type(&format!("{stem}Error"));
            let value = taken.take_value(&format!("{}Error", lower_first(&stem)));
            taken.errors.push((ty, value));
        }
        for message in &protocol.messages {
            let stem = text::identifier(&names::camel(given(&message.names, &message.name)));
            let name = taken.take_value(&stem);
            taken.messages.push(name);
        }
        for channel in &protocol.channels {
            let stem = text::identifier(&names::camel(given(&channel.names, &channel.name)));
            let name = taken.take_value(&format!("{stem}Channel"));
            taken.channels.push(name);
        }
        taken
    }

    /// A name for a value that is not yet taken.
    pub(super) fn take_value(&mut self, stem: &str) -> String {
        take(&mut self.values_taken, stem)
    }

    fn take_type(&mut self, stem: &str) -> String {
        let name = take(&mut self.types_taken, stem);
        if GLOBALS.contains(&stem) && !self.renamed.values().any(|exported| exported == stem) {
            self.renamed.insert(name.clone(), stem.to_owned());
        }
        name
    }

    /// The first of these names that no type has.
    pub(super) fn take_free_type(&mut self, stems: &[String]) -> String {
        let stems: Vec<String> = stems.iter().map(|stem| text::identifier(stem)).collect();
        let free = stems
            .iter()
            .find(|stem| !self.types_taken.contains(&names::ts_ident(stem)));
        let stem = free.or(stems.last()).cloned().unwrap_or_default();
        self.take_type(&stem)
    }

    /// Whether a type is exported where it is declared.
    pub(super) fn is_exported(&self, name: &str) -> bool {
        !self.renamed.contains_key(name)
    }

    /// The name of a type as others import it.
    pub(super) fn exported<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed.get(name).map_or(name, String::as_str)
    }

    /// The exports of types that have another name in the file.
    pub(super) fn renamed_exports(&self) -> Vec<String> {
        let exports = self.renamed.iter();
        exports
            .map(|(name, exported)| format!("export type {{ {name} as {exported} }};\n"))
            .collect()
    }
}

fn take(taken: &mut BTreeSet<String>, stem: &str) -> String {
    let mut name = names::ts_ident(stem);
    while !taken.insert(name.clone()) {
        name.push('$');
    }
    name
}
