//! Vocabularies: the groups of keywords that a meta-schema puts together.

use super::draft::Draft;

/// A set of vocabularies: the source of a resource's keywords. Drafts before 2019-09 have no vocabularies, and all of
/// their keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vocabularies(u8);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Core,
    Applicator,
    Unevaluated,
    Validation,
    MetaData,
    FormatAnnotation,
    FormatAssertion,
    Content,
}

impl Vocabulary {
    /// The vocabularies of a draft, by the name in their address; none before draft 2019-09.
    pub(super) const fn all(draft: Draft) -> &'static [(Self, &'static str)] {
        match draft {
            Draft::Draft2019 => &[
                (Self::Core, "core"),
                (Self::Applicator, "applicator"),
                (Self::Validation, "validation"),
                (Self::MetaData, "meta-data"),
                (Self::FormatAnnotation, "format"),
                (Self::Content, "content"),
            ],
            Draft::Draft2020 => &[
                (Self::Core, "core"),
                (Self::Applicator, "applicator"),
                (Self::Unevaluated, "unevaluated"),
                (Self::Validation, "validation"),
                (Self::MetaData, "meta-data"),
                (Self::FormatAnnotation, "format-annotation"),
                (Self::Content, "content"),
                (Self::FormatAssertion, "format-assertion"),
            ],
            _ => &[],
        }
    }

    /// The vocabulary with an address; `required` is whether a schema may not be read without it. In draft 2019-09, that
    /// of formats makes assertions of them if it is required.
    pub(super) fn named(address: &str, draft: Draft, required: bool) -> Option<Self> {
        let base = draft.address().strip_suffix("schema")?;
        let name = address.strip_prefix(base)?.strip_prefix("vocab/")?;
        let (found, _) = Self::all(draft).iter().find(|(_, known)| *known == name)?;
        Some(match found {
            Self::FormatAnnotation if name == "format" && required => Self::FormatAssertion,
            other => *other,
        })
    }

    /// The vocabulary of a keyword; `None` for one of Handfast's own.
    pub(super) fn of(keyword: &str, draft: Draft) -> Option<Self> {
        Some(match keyword {
            "open" => return None,
            // Names in code do not affect validation.
            "rust" | "ts" => Self::Core,
            word if word.starts_with('$') || word == "definitions" => Self::Core,
            "prefixItems"
            | "items"
            | "additionalItems"
            | "contains"
            | "additionalProperties"
            | "properties"
            | "patternProperties"
            | "dependentSchemas"
            | "propertyNames"
            | "if"
            | "then"
            | "else"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "dependencies" => Self::Applicator,
            "unevaluatedItems" | "unevaluatedProperties" if draft == Draft::Draft2020 => {
                Self::Unevaluated
            }
            "unevaluatedItems" | "unevaluatedProperties" => Self::Applicator,
            "title" | "description" | "default" | "deprecated" | "readOnly" | "writeOnly"
            | "examples" => Self::MetaData,
            "format" => Self::FormatAnnotation,
            "contentEncoding" | "contentMediaType" | "contentSchema" => Self::Content,
            _ => Self::Validation,
        })
    }
}

impl Vocabularies {
    /// The core alone, which every schema has.
    pub(super) const CORE: Self = Self(1 << Vocabulary::Core as u8);

    /// The vocabularies of a draft's own meta-schema.
    pub(super) const STANDARD: Self = Self(!(1 << Vocabulary::FormatAssertion as u8));

    pub(super) const fn with(self, one: Vocabulary) -> Self {
        Self(self.0 | 1 << one as u8)
    }

    pub(super) const fn has(self, one: Vocabulary) -> bool {
        self.0 & (1 << one as u8) != 0
    }
}
