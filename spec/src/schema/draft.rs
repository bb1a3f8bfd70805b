//! The drafts of JSON Schema, which differ in their keywords and not in what validates: all are read into one kind of
//! node.

use crate::tree::{Document, Kind, NodeId};

/// A draft of JSON Schema, or the Schema Object of OpenAPI 3.0, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    /// The Schema Object of OpenAPI 3.0, which began with a draft before 04.
    OpenApi30,
    /// Draft 04, and draft 05, which has the same meaning.
    Draft04,
    /// Draft 06.
    Draft06,
    /// Draft 07.
    Draft07,
    /// Draft 2019-09.
    Draft2019,
    /// Draft 2020-12.
    #[default]
    Draft2020,
}

/// What an address of `json-schema.org` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The meta-schema of a draft.
    Draft(Draft),
    /// `http://json-schema.org/schema`, which names no draft.
    Latest,
    /// A draft that is not supported.
    Unsupported,
}

impl Draft {
    /// The drafts of JSON Schema itself, the oldest first.
    pub(super) const JSON_SCHEMA: [Self; 5] = [
        Self::Draft04,
        Self::Draft06,
        Self::Draft07,
        Self::Draft2019,
        Self::Draft2020,
    ];

    /// The name in diagnostics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OpenApi30 => "OpenAPI 3.0",
            Self::Draft04 => "draft 04",
            Self::Draft06 => "draft 06",
            Self::Draft07 => "draft 07",
            Self::Draft2019 => "draft 2019-09",
            Self::Draft2020 => "draft 2020-12",
        }
    }

    /// The address of its meta-schema, without the `#` that older drafts put behind it.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::OpenApi30 => "https://spec.openapis.org/oas/3.0/schema/2021-09-28",
            Self::Draft04 => "http://json-schema.org/draft-04/schema",
            Self::Draft06 => "http://json-schema.org/draft-06/schema",
            Self::Draft07 => "http://json-schema.org/draft-07/schema",
            Self::Draft2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// What an address of `json-schema.org` names, with either scheme and with or without an empty fragment. `None`
    /// for an address of somebody else's.
    pub(super) fn named_by(address: &str) -> Option<Named> {
        let path = path_at_json_schema_org(address)?;
        let known = match path {
            "draft-04/schema"
            | "draft-04/hyper-schema"
            | "draft-05/schema"
            | "draft-05/hyper-schema" => Self::Draft04,
            "draft-06/schema" | "draft-06/hyper-schema" => Self::Draft06,
            "draft-07/schema" | "draft-07/hyper-schema" => Self::Draft07,
            "draft/2019-09/schema" | "draft/2019-09/hyper-schema" => Self::Draft2019,
            "draft/2020-12/schema" | "draft/2020-12/hyper-schema" => Self::Draft2020,
            "schema" | "hyper-schema" => return Some(Named::Latest),
            _ => return Some(Named::Unsupported),
        };
        Some(Named::Draft(known))
    }

    /// The draft with a name of the setting `dialect.draft`.
    pub(super) fn of_setting(tree: &Document, at: NodeId) -> Option<Self> {
        match &tree.node(at).kind {
            Kind::Number(number) => match number.as_u64()? {
                4 | 5 => Some(Self::Draft04),
                6 => Some(Self::Draft06),
                7 => Some(Self::Draft07),
                _ => None,
            },
            Kind::Text(text) => match text.as_str() {
                "2019-09" => Some(Self::Draft2019),
                "2020-12" => Some(Self::Draft2020),
                "openapi-3.0" => Some(Self::OpenApi30),
                _ => None,
            },
            _ => None,
        }
    }

    /// The draft of the schemas of a file that is an OpenAPI document.
    pub(super) fn of_openapi(tree: &Document) -> Option<Self> {
        let version = tree.text(tree.get(tree.root, "openapi")?)?;
        match version {
            _ if version.starts_with("3.0") => Some(Self::OpenApi30),
            _ if version.starts_with("3.") => Some(Self::of_later_openapi(tree)),
            _ => None,
        }
    }

    /// From version 3.1 on, a document may name the draft of its schemas.
    fn of_later_openapi(tree: &Document) -> Self {
        let named = tree.get(tree.root, "jsonSchemaDialect");
        match named.and_then(|at| Self::named_by(tree.text(at)?)) {
            Some(Named::Draft(draft)) => draft,
            _ => Self::Draft2020,
        }
    }

    /// The keyword that identifies a resource.
    pub(super) const fn id_keyword(self) -> Option<&'static str> {
        match self {
            Self::OpenApi30 => None,
            Self::Draft04 => Some("id"),
            _ => Some("$id"),
        }
    }

    /// Whether the identifying keyword may name an anchor: `#name`.
    pub(super) const fn ids_name_anchors(self) -> bool {
        matches!(self, Self::Draft04 | Self::Draft06 | Self::Draft07)
    }

    /// Whether what stands beside a `$ref` is ignored.
    pub(super) fn ref_stands_alone(self) -> bool {
        self <= Self::Draft07
    }

    /// Whether it has a format.
    pub(super) fn has_format(self, format: &str) -> bool {
        let since = match format {
            "date-time" | "email" | "hostname" | "ipv4" | "ipv6" | "uri" => Self::Draft04,
            "uri-reference" | "uri-template" | "json-pointer" => Self::Draft06,
            "date"
            | "time"
            | "idn-email"
            | "idn-hostname"
            | "iri"
            | "iri-reference"
            | "relative-json-pointer"
            | "regex" => Self::Draft07,
            "duration" | "uuid" => Self::Draft2019,
            _ => return false,
        };
        // OpenAPI defines few, and allows all.
        self >= since || self == Self::OpenApi30
    }
}

/// The path of an address at `json-schema.org`.
pub(super) fn path_at_json_schema_org(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let path = rest.strip_prefix("json-schema.org/")?;
    Some(path.trim_end_matches('#'))
}

/// Drafts that share a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drafts(u8);

impl Drafts {
    /// All of them, OpenAPI 3.0 included.
    pub(super) const ALL: Self = Self(!0);
    /// OpenAPI 3.0 alone.
    pub(super) const OPENAPI: Self = Self::between(Draft::OpenApi30, Draft::OpenApi30);

    /// The drafts of JSON Schema from one on.
    pub(super) const fn since(first: Draft) -> Self {
        Self::between(first, Draft::Draft2020)
    }

    /// The drafts from one to another.
    pub(super) const fn between(first: Draft, last: Draft) -> Self {
        Self((u8::MAX << first as u8) & (u8::MAX >> (7 - last as u8)))
    }

    /// These and others.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a draft is among them.
    pub(crate) const fn has(self, draft: Draft) -> bool {
        self.0 & (1 << draft as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_drafts() {
        let draft = |draft| Some(Named::Draft(draft));
        for (address, expected) in [
            (
                "http://json-schema.org/draft-04/schema#",
                draft(Draft::Draft04),
            ),
            (
                "https://json-schema.org/draft-07/schema",
                draft(Draft::Draft07),
            ),
            (
                "http://json-schema.org/draft-05/schema#",
                draft(Draft::Draft04),
            ),
            (
                "http://json-schema.org/draft/2019-09/schema",
                draft(Draft::Draft2019),
            ),
            ("http://json-schema.org/schema#", Some(Named::Latest)),
            (
                "http://json-schema.org/draft-03/schema#",
                Some(Named::Unsupported),
            ),
            ("http://example.com/draft-07/schema#", None),
        ] {
            assert_eq!(Draft::named_by(address), expected, "{address}");
        }
        for draft in Draft::JSON_SCHEMA {
            assert_eq!(Draft::named_by(draft.address()), Some(Named::Draft(draft)));
        }
    }

    #[test]
    fn sets_of_drafts_have_bounds() {
        let middle = Drafts::between(Draft::Draft06, Draft::Draft07);
        let has = |set: Drafts| {
            let all = [Draft::OpenApi30].into_iter().chain(Draft::JSON_SCHEMA);
            all.map(|draft| set.has(draft)).collect::<Vec<_>>()
        };
        assert_eq!(has(middle), [false, false, true, true, false, false]);
        assert_eq!(
            has(Drafts::OPENAPI),
            [true, false, false, false, false, false]
        );
        assert_eq!(
            has(Drafts::since(Draft::Draft2019).or(Drafts::OPENAPI)),
            [true, false, false, false, true, true]
        );
    }
}
