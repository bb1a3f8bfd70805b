//! Rules: what a schema asks of a value, as data by which the runtime reports every violation. A validator consults them
//! once its guard has found that a value does not pass.

use super::{
    body::Body,
    context::{ConstantKind, Context, Usage},
    kinds::Closed,
    recursion::Recursion,
    text,
};
use handfast_schema::{
    Number, Type, TypeSet,
    number::MAX_SAFE_INTEGER,
    openness::{Purpose, UnknownFields, unknown_fields},
};

/// How deep rules of named types are written before the types themselves.
const MAX_OPEN_RULES: usize = 32;

/// What reports the violations of a value.
pub(super) enum Rule {
    /// A validator, by its name.
    Validator(String),
    /// The rule of an object, by the name of its constant.
    Object(String),
    /// One of these strings.
    Enum(String),
    /// This string.
    Const(String),
    /// The rule of each branch of a union, by the value of a property.
    Branches(String, String),
    /// A function of the runtime, and what it asks for.
    Data {
        function: &'static str,
        limits: Vec<(&'static str, String)>,
    },
}

impl Rule {
    fn data<const N: usize>(
        function: &'static str,
        limits: [(&'static str, Option<String>); N],
    ) -> Self {
        let limits = limits.into_iter();
        let limits = limits.filter_map(|(name, limit)| Some((name, limit?)));
        Self::Data {
            function,
            limits: limits.collect(),
        }
    }

    /// A string of so many code points that fits a pattern, which is a constant and a source.
    pub(super) fn string(lengths: [Option<u64>; 2], pattern: Option<(String, &str)>) -> Self {
        let [least, most] = lengths.map(|n| n.map(|n| n.to_string()));
        let (name, source) = pattern.unzip();
        if least.is_none() && most.is_none() && name.is_none() {
            return Self::Validator("hf.string".to_owned());
        }
        Self::data(
            "reportString",
            [
                ("minLength", least),
                ("maxLength", most),
                ("pattern", name),
                ("source", source.map(text::string)),
            ],
        )
    }

    /// A number within bounds.
    pub(super) fn number(
        function: &'static str,
        minimum: Option<String>,
        maximum: Option<String>,
        above: Option<String>,
    ) -> Self {
        if minimum.is_none() && maximum.is_none() && above.is_none() {
            return Self::Validator("hf.number".to_owned());
        }
        Self::data(
            function,
            [
                ("minimum", minimum),
                ("maximum", maximum),
                ("exclusiveMinimum", above),
            ],
        )
    }

    /// An array of so many items.
    pub(super) fn array(items: Option<String>, counts: [Option<u64>; 2]) -> Self {
        let [least, most] = counts.map(|n| n.map(|n| n.to_string()));
        Self::data(
            "reportArray",
            [("items", items), ("minItems", least), ("maxItems", most)],
        )
    }

    /// As a value.
    pub(super) fn expression(&self) -> String {
        match self {
            Self::Validator(name) | Self::Object(name) => name.clone(),
            Self::Enum(values) => format!("[hf.reportEnum, {values}]"),
            Self::Const(value) => format!("[hf.reportConst, {value}]"),
            Self::Branches(property, rules) => {
                format!("[hf.reportBranches, {property}, {rules}]")
            }
            Self::Data { function, limits } => format!("[hf.{function}, {}]", object(limits)),
        }
    }

    /// As the statement that reports.
    pub(super) fn statement(&self) -> String {
        match self {
            Self::Validator(name) => format!("{name}(value, report);"),
            Self::Object(name) => format!("hf.reportRule(value, report, {name});"),
            Self::Enum(values) => format!("hf.reportEnum(value, report, {values});"),
            Self::Const(value) => format!("hf.reportConst(value, report, {value});"),
            Self::Branches(property, rules) => {
                format!("hf.reportBranches(value, report, {property}, {rules});")
            }
            Self::Data { function, limits } => {
                format!("hf.{function}(value, report, {});", object(limits))
            }
        }
    }
}

/// Limits as an object.
fn object(limits: &[(&str, String)]) -> String {
    let limits = limits.iter().map(|(key, value)| format!("{key}: {value}"));
    format!("{{ {} }}", limits.collect::<Vec<_>>().join(", "))
}

impl Context<'_> {
    /// The rule of a value that has a guard; nothing where the runtime has no function that reports it.
    pub(super) fn rule(&mut self, body: &mut Body<'_>, usage: &Usage) -> Option<Rule> {
        if let Some(rule) = self.scalar_rule(body, usage) {
            return Some(rule);
        }
        let schema = &self.protocol.schemas[usage.id];
        if schema.items.is_some() {
            return self.items_rule(body, *usage, "Item");
        }
        let is_plain = schema.properties.iter().all(|(name, _)| is_plain(name));
        is_plain.then(|| self.object_rule(body))
    }

    /// The rule of an array with nothing but items and bounds of their number.
    pub(super) fn items_rule(
        &mut self,
        body: &mut Body<'_>,
        usage: Usage,
        ending: &str,
    ) -> Option<Rule> {
        let schema = &self.protocol.schemas[usage.id];
        let item = self.rule_of(body, usage.child(schema.items?), ending);
        let counts = [schema.min_items, schema.max_items];
        Some(Rule::array(Some(item.expression()), counts))
    }

    /// The rule of a scalar.
    fn scalar_rule(&mut self, body: &mut Body<'_>, usage: &Usage) -> Option<Rule> {
        if usage.tracked || usage.purpose == Purpose::Test || !self.has_rule(usage) {
            return None;
        }
        let id = self.scalar(usage.id)?;
        let protocol = self.protocol;
        let schema = &protocol.schemas[id];
        let number = |n: &Option<Number>| n.as_ref().map(text::number);
        let (minimum, maximum) = (number(&schema.minimum), number(&schema.maximum));
        Some(match schema.types?.single()? {
            Type::String => match &schema.enumeration {
                Some(values) => {
                    let values: Vec<String> = values.iter().map(text::value).collect();
                    let values = format!("[{}]", values.join(", "));
                    Rule::Enum(values)
                }
                None => {
                    let pattern = schema.pattern.as_ref();
                    let pattern =
                        pattern.map(|source| (self.pattern(body, id, source), source.as_str()));
                    Rule::string([schema.min_length, schema.max_length], pattern)
                }
            },
            Type::Boolean => Rule::Validator("hf.boolean".to_owned()),
            Type::Number => Rule::number(
                "reportNumber",
                minimum,
                maximum,
                number(&schema.exclusive_minimum),
            ),
            Type::Integer => {
                // A bound that is missing is that of safe integers, and not in every dialect.
                let implied = |bound: i64| {
                    let safe_integers = protocol.schemas.safe_integers();
                    safe_integers.then(|| bound.to_string())
                };
                let minimum = minimum.or_else(|| implied(-MAX_SAFE_INTEGER));
                let maximum = maximum.or_else(|| implied(MAX_SAFE_INTEGER));
                Rule::number("reportInteger", minimum, maximum, None)
            }
            _ => return None,
        })
    }

    /// The constant that is the rule of an object.
    pub(super) fn object_rule(&mut self, body: &mut Body<'_>) -> Rule {
        let kind = ConstantKind::Rule(body.usage.purpose);
        if let Some(name) = self.constants.get(&(body.usage.id, kind)) {
            return Rule::Object(name.clone());
        }
        let schema = body.schema;
        self.open_rules.push(body.usage);
        let optional: Vec<String> = schema
            .properties
            .iter()
            .filter(|(name, _)| !body.required.contains(name.as_str()))
            .map(|(name, _)| text::string(name))
            .collect();
        let mut rule = format!("[hf.reportObject, {{\n  '?': [{}],", optional.join(", "));
        for (name, id) in &schema.properties {
            let ending = text::identifier(&crate::names::pascal(name));
            let property = self.rule_of(body, body.usage.child(*id), &ending);
            rule.push_str(&format!(
                "\n  {}: {},",
                text::key(name),
                property.expression()
            ));
        }
        self.open_rules.pop();
        rule.push_str(match self.closed(&body.usage) {
            None => "\n}]",
            Some(Closed::Always) => "\n}, hf.reportAdditional]",
            Some(Closed::Strict) => "\n}, hf.reportAdditionalIfSent]",
        });
        Rule::Object(self.constant(body, kind, "Rule", "hf.ObjectRule", || rule))
    }

    /// The rule of something inside.
    fn rule_of(&mut self, body: &mut Body<'_>, usage: Usage, ending: &str) -> Rule {
        let resolved = self.resolved(usage);
        if let Some(rule) = self.scalar_rule(body, &usage) {
            return rule;
        }
        if !usage.tracked && usage.purpose != Purpose::Test {
            if let Some(constant) = self.constant_text(resolved.id) {
                return Rule::Const(text::value(constant));
            }
            if self.is_open_text(resolved.id) {
                return Rule::Validator("hf.string".to_owned());
            }
        }
        if self.is_inline(&resolved)
            && let Some(rule) = self.rule(body, &resolved)
        {
            return rule;
        }
        if let Some(rule) = self.declared_rule(body, resolved) {
            return rule;
        }
        // Where the guard has a function for it, that reports as well.
        if self.is_only_sent(body.usage.id)
            && let Some(rule) = self.inner_rule(body, resolved, ending)
        {
            return rule;
        }
        Rule::Validator(self.reference(body, usage, &format!("{}{ending}", body.stem)))
    }

    /// The rule of an array whose items have no guard, or of a union whose branches have rules of their own.
    fn inner_rule(&mut self, body: &mut Body<'_>, usage: Usage, ending: &str) -> Option<Rule> {
        let Usage {
            id,
            purpose,
            tracked,
        } = usage;
        let recursion = self.recursion[id.0 as usize];
        if tracked || purpose == Purpose::Test || recursion != Recursion::None {
            return None;
        }
        let schema = &self.protocol.schemas[id];
        if self.only_items(schema).is_some() {
            return self.items_rule(body, usage, &format!("{ending}Item"));
        }
        let discriminant = self.only_branches(schema)?;
        let how = match self.is_strict(id) {
            true => unknown_fields(&self.protocol.schemas, id),
            false => UnknownFields::AsWritten,
        };
        let mut rules = Vec::new();
        for (value, branch) in &discriminant.branches {
            let branch = self.resolved(Usage {
                id: *branch,
                purpose: how.in_place(purpose),
                tracked,
            });
            let rule = self.declared_rule(body, branch)?;
            rules.push(format!("[{}, {}]", text::value(value), rule.expression()));
        }
        Some(Rule::Branches(
            text::string(&discriminant.property),
            format!("[{}]", rules.join(", ")),
        ))
    }

    /// The constant that is the rule of an object with a validator of its own. One that contains itself is left to that.
    fn declared_rule(&mut self, body: &mut Body<'_>, usage: Usage) -> Option<Rule> {
        let decl = *self.decl_of.get(&usage.id)?;
        let validator = &self.names.validators[decl.0];
        let is_object = self.protocol.schemas[usage.id]
            .types
            .and_then(TypeSet::single)
            == Some(Type::Object);
        if self.functions.get(&usage) != Some(validator)
            || !is_object
            || !self.has_guard(&usage)
            || self.open_rules.contains(&usage)
            || self.open_rules.len() >= MAX_OPEN_RULES
        {
            return None;
        }
        let stem = self.names.types[decl.0].trim_end_matches('$').to_owned();
        let mut inner = Body::new(usage, &stem, &self.protocol.schemas[usage.id]);
        let rule = self.rule(&mut inner, &usage);
        body.takes(&mut inner);
        rule
    }
}

/// Whether a property comes in its place among the keys of an object, is written in a path as it is, and is no mark of the rules.
pub(super) fn is_plain(name: &str) -> bool {
    !name.contains(['~', '/', '?']) && !name.bytes().all(|b| b.is_ascii_digit())
}
