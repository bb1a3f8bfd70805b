//! The constraints of a field or a type: keywords of JSON Schema in Rust's spelling.

use super::{
    options::{Ctxt, Options},
    types::argument_of,
    untagged::kinds,
};
use proc_macro2::{Ident, Span};
use syn::{
    Expr, ExprIndex, ExprLit, ExprUnary, GenericArgument, Lit, LitInt, LitStr, PathArguments, Type,
    UnOp, spanned::Spanned,
};

/// A constraint. `key` is the name of its option.
pub(crate) enum Rule {
    /// A bound of a number, or what it is a multiple of.
    Limit {
        key: &'static str,
        limit: Expr,
        is_integer: bool,
    },
    /// A bound of a length or a count.
    Count {
        key: &'static str,
        count: LitInt,
    },
    Pattern(LitStr),
    /// A keyword whose value is text.
    Text {
        key: &'static str,
        text: LitStr,
    },
    Schema {
        key: &'static str,
        schema: SchemaText,
    },
    /// The schema among the rules judges the value first. Always the first rule.
    Checked,
    /// The kinds of the values that an `Implied` schema speaks of.
    Implied(Vec<&'static str>),
    /// A keyword without a value.
    Flag {
        key: &'static str,
    },
    /// The rules of the items of an array, or of the values of a map.
    Items(Vec<Rule>),
    /// The rules of the names of a map.
    PropertyNames(Vec<Rule>),
    Contains {
        schemas: Vec<Rule>,
        min: Option<LitInt>,
        max: Option<LitInt>,
    },
    /// If an object has the property `because`, it has these as well.
    DependentRequired {
        because: Option<LitStr>,
        names: Vec<LitStr>,
    },
}

/// A schema that is kept as JSON.
pub(crate) enum SchemaText {
    /// A text of its own.
    Own(LitStr),
    /// One of a table: `DEFINITIONS["Name"]`.
    Of { table: Box<Expr>, name: Box<Expr> },
}

const NUMBERS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusive_minimum",
    "exclusive_maximum",
    "multiple_of",
];
const COUNTS: [&str; 6] = [
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "min_properties",
    "max_properties",
];

/// Takes the constraints out of options.
pub(crate) fn take(cx: &Ctxt, options: &mut Options) -> Vec<Rule> {
    let mut rules = checked(cx, options);
    for key in NUMBERS {
        let expr = options.expr(cx, key);
        rules.extend(expr.and_then(|expr| limit(cx, key, expr)));
    }
    for key in COUNTS {
        let count = count(cx, options, key);
        rules.extend(count.map(|count| Rule::Count { key, count }));
    }
    rules.extend(options.text(cx, "pattern").map(Rule::Pattern));
    for key in ["format", "content_encoding"] {
        let text = options.text(cx, key);
        rules.extend(text.map(|text| Rule::Text { key, text }));
    }
    if !is_checked(&rules) {
        rules.extend(schemas(cx, options));
    }
    for key in ["unique_items", "null_apart"] {
        rules.extend(options.flag(cx, key).then_some(Rule::Flag { key }));
    }
    let nested: [(_, fn(_) -> _); 3] = [
        ("items", Rule::Items),
        ("values", Rule::Items),
        ("names", Rule::PropertyNames),
    ];
    for (key, rule) in nested {
        if let Some(mut inner) = options.inner(cx, key) {
            if let ("names", Some(span)) = (key, inner.span("checked")) {
                cx.at(span, "a name has no type to be read: omit `checked`");
            }
            rules.push(rule(take(cx, &mut inner)));
            inner.finish(cx);
        }
    }
    rules.extend(contains(cx, options));
    rules.extend(kinds(cx, options, "implied").map(Rule::Implied));
    rules
}

/// What the values of a type are, as far as its name says.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bytes,
    Number,
    Array,
    Map,
    /// A boolean or null, for which there are no rules.
    Other,
}

impl Kind {
    /// The kind, and the type of the parts; `None` if the name says nothing.
    fn of(ty: &Type) -> Option<(Self, Option<&Type>)> {
        if let Some(inner) = ["Option", "Nullable", "Box", "Implied"]
            .into_iter()
            .find_map(|around| argument_of(ty, around))
        {
            return Self::of(inner);
        }
        let path = match ty {
            Type::Path(path) => path.path.segments.last()?,
            Type::Tuple(tuple) if tuple.elems.is_empty() => return Some((Self::Other, None)),
            _ => return None,
        };
        let parts = match &path.arguments {
            PathArguments::AngleBracketed(all) => match all.args.last() {
                Some(GenericArgument::Type(part)) => Some(part),
                _ => None,
            },
            _ => None,
        };
        let kind = match path.ident.to_string().as_str() {
            "String" | "ByteString" => Self::Text,
            "Bytes" => Self::Bytes,
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f64" | "Integer" => {
                Self::Number
            }
            "Vec" => Self::Array,
            "BTreeMap" => Self::Map,
            "bool" => Self::Other,
            _ => return None,
        };
        Some((kind, parts))
    }

    const fn values(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Number => "a number",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Other => "this type",
        }
    }

    fn has(self, key: &str) -> bool {
        match self {
            Self::Text | Self::Bytes => matches!(
                key,
                "min_length" | "max_length" | "pattern" | "format" | "content_encoding"
            ),
            Self::Number => NUMBERS.contains(&key),
            Self::Array => matches!(
                key,
                "min_items" | "max_items" | "unique_items" | "items" | "contains"
            ),
            Self::Map => matches!(key, "min_properties" | "max_properties" | "items" | "names"),
            Self::Other => false,
        }
    }
}

/// Whether the name of a type says what its values are.
pub(crate) fn has_known_name(ty: &Type) -> bool {
    Kind::of(ty).is_some()
}

impl Rule {
    /// The name of its option. That of `values` is `items`, which means the same.
    const fn key(&self) -> &'static str {
        match self {
            Self::Limit { key, .. }
            | Self::Count { key, .. }
            | Self::Text { key, .. }
            | Self::Schema { key, .. }
            | Self::Flag { key } => key,
            Self::Pattern(_) => "pattern",
            Self::Checked => "checked",
            Self::Implied(_) => "implied",
            Self::Items(_) => "items",
            Self::PropertyNames(_) => "names",
            Self::Contains { .. } => "contains",
            Self::DependentRequired { .. } => "dependent_required",
        }
    }

    /// Where it is written, if that is known.
    fn span(&self) -> Option<Span> {
        Some(match self {
            Self::Limit { limit, .. } => limit.span(),
            Self::Count { count, .. } => count.span(),
            Self::Pattern(text) | Self::Text { text, .. } => text.span(),
            Self::Schema {
                schema: SchemaText::Own(text),
                ..
            } => text.span(),
            Self::Schema {
                schema: SchemaText::Of { name, .. },
                ..
            } => name.span(),
            _ => return None,
        })
    }
}

/// Reports rules that do not speak of the values of a type, and so would never be broken.
pub(crate) fn check_type(cx: &Ctxt, ty: &Type, rules: &[Rule]) {
    let Some((kind, parts)) = Kind::of(ty) else {
        return;
    };
    // The schema judges, and what remains are the kinds of `Implied`.
    if is_checked(rules) {
        return;
    }
    for rule in rules {
        let key = rule.key();
        let at = || rule.span().unwrap_or_else(|| ty.span());
        match rule {
            Rule::Implied(_) => {}
            Rule::Flag { key: "null_apart" } => {}
            Rule::Text {
                key: "content_encoding",
                text,
            } if matches!(kind, Kind::Bytes) && text.value() != "base64" => cx.at(
                at(),
                "bytes are text in base64: in another encoding, the type is a `String`",
            ),
            Rule::Schema { .. } => cx.at(
                at(),
                format_args!(
                    "`{key}` has no effect on {}: write `checked, {key} = …` if the schema judges the value",
                    kind.values()
                ),
            ),
            _ if !kind.has(key) => cx.at(
                at(),
                format_args!("`{key}` has no effect on {}", kind.values()),
            ),
            Rule::Items(of) => {
                if let Some(part) = parts {
                    check_type(cx, part, of);
                }
            }
            _ => {}
        }
    }
}

/// Reports rules that do not speak of a struct with named fields, or of one of several values.
pub(crate) fn check_struct(cx: &Ctxt, ident: &Ident, is_tuple: bool, rules: &[Rule]) {
    let is_checked = is_checked(rules);
    for rule in rules {
        let key = rule.key();
        let has_effect = match rule {
            Rule::Checked => true,
            Rule::Schema { .. } => !is_tuple || is_checked,
            _ if is_tuple => {
                matches!(key, "min_items" | "max_items" | "unique_items" | "contains")
            }
            _ => matches!(
                key,
                "min_properties" | "max_properties" | "dependent_required"
            ),
        };
        if !has_effect {
            let (what, part) = match is_tuple {
                true => ("an array", "a value"),
                false => ("an object", "a field"),
            };
            cx.at(
                rule.span().unwrap_or_else(|| ident.span()),
                format_args!("`{key}` has no effect on {what}: it goes on {part}"),
            );
        }
    }
}

/// Reports rules of what takes the rest that do not speak of its members or items.
pub(crate) fn check_rest(cx: &Ctxt, ty: &Type, rules: &[Rule]) {
    let has_effect = |rule: &&Rule| matches!(rule, Rule::Items(_) | Rule::PropertyNames(_));
    for rule in rules.iter().filter(|rule| !has_effect(rule)) {
        let (key, at) = (rule.key(), rule.span().unwrap_or_else(|| ty.span()));
        cx.at(
            at,
            format_args!(
                "`{key}` has no effect on a `rest`: it goes on the struct, which counts all there is"
            ),
        );
    }
}

/// Whether a schema judges the value before it is read.
pub(crate) fn is_checked(rules: &[Rule]) -> bool {
    matches!(rules, [Rule::Checked, ..])
}

/// `checked, schema = …`; nothing if there is no `checked`.
pub(crate) fn checked(cx: &Ctxt, options: &mut Options) -> Vec<Rule> {
    let span = options.span("checked");
    if !options.flag(cx, "checked") {
        return Vec::new();
    }
    let mut rules = vec![Rule::Checked];
    rules.extend(schemas(cx, options));
    if let (1, Some(span)) = (rules.len(), span) {
        cx.at(
            span,
            "`checked` needs the schema that judges the value: `checked, schema = …`",
        );
    }
    rules
}

/// `schema = …`, which may be checked.
pub(crate) fn take_schema(cx: &Ctxt, options: &mut Options) -> Vec<Rule> {
    let checked = checked(cx, options);
    if checked.is_empty() {
        schemas(cx, options)
    } else {
        checked
    }
}

/// `schema = "…"`, `schema = DEFINITIONS["Name"]`
fn schemas(cx: &Ctxt, options: &mut Options) -> Vec<Rule> {
    let mut rules = Vec::new();
    for key in ["schema", "json_schema"] {
        let Some(expr) = options.expr(cx, key) else {
            continue;
        };
        let schema = schema_text(cx, key, expr);
        rules.extend(schema.map(|schema| Rule::Schema { key, schema }));
    }
    rules
}

/// `"…"` or `DEFINITIONS["Name"]`
pub(crate) fn schema_text(cx: &Ctxt, key: &str, expr: Expr) -> Option<SchemaText> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(SchemaText::Own(text)),
        Expr::Index(ExprIndex { expr, index, .. })
            if matches!((&*expr, &*index), (Expr::Path(_), Expr::Lit(_))) =>
        {
            Some(SchemaText::Of {
                table: expr,
                name: index,
            })
        }
        other => {
            cx.error(
                other,
                format_args!(
                    "`{key}` must be a string, or one of a table of schemas: `DEFINITIONS[\"Name\"]`"
                ),
            );
            None
        }
    }
}

/// `contains(schema = "…", min = 1, max = 3)`
fn contains(cx: &Ctxt, options: &mut Options) -> Option<Rule> {
    let span = options.span("contains");
    let mut inner = options.inner(cx, "contains")?;
    let [min, max] = ["min", "max"].map(|key| count(cx, &mut inner, key));
    let schemas = schemas(cx, &mut inner);
    inner.finish(cx);
    if let ([], Some(span)) = (schemas.as_slice(), span) {
        cx.at(
            span,
            "`contains` needs the schema of the items: `contains(schema = \"…\")`",
        );
    }
    Some(Rule::Contains { schemas, min, max })
}

/// `dependent_required(beside("card", "address", "owner"))`: if the first is present, the others must be. `has_field` says whether a field
/// has a name on the wire.
pub(crate) fn dependent_required(
    cx: &Ctxt,
    options: &mut Options,
    has_field: impl Fn(&str) -> bool,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let Some(mut inner) = options.inner(cx, "dependent_required") else {
        return rules;
    };
    while let Some(span) = inner.span("beside") {
        let Some(names) = inner.items::<LitStr>(cx, "beside") else {
            continue;
        };
        for name in names.iter().filter(|name| !has_field(&name.value())) {
            cx.error(name, "no field has this name on the wire");
        }
        let mut names = names.into_iter();
        let (because, names) = (names.next(), names.collect::<Vec<_>>());
        if names.is_empty() {
            cx.at(
                span,
                "write `beside(\"a\", \"b\")`: if `a` is present, `b` must be",
            );
        }
        rules.push(Rule::DependentRequired { because, names });
    }
    inner.finish(cx);
    rules
}

fn count(cx: &Ctxt, options: &mut Options, key: &'static str) -> Option<LitInt> {
    match options.expr(cx, key)? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(n), ..
        }) => Some(n),
        other => {
            cx.error(
                other,
                format_args!("`{key}` must be a whole number, 0 or more"),
            );
            None
        }
    }
}

fn limit(cx: &Ctxt, key: &'static str, limit: Expr) -> Option<Rule> {
    let number = match &limit {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => expr,
        other => other,
    };
    let is_integer = match number {
        Expr::Lit(ExprLit {
            lit: Lit::Int(_), ..
        }) => true,
        Expr::Lit(ExprLit {
            lit: Lit::Float(_), ..
        }) => false,
        _ => {
            cx.error(limit, format_args!("`{key}` must be a number"));
            return None;
        }
    };
    Some(Rule::Limit {
        key,
        limit,
        is_integer,
    })
}
