//! Why a schema has no type, or one that does not say all that the schema says.

/// Why a value stays JSON, or is checked beside its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It is `true` or `{}`: nothing is said of it.
    AnyValue,
    /// No value is valid.
    NoValue,
    /// `const` or `enum` has arrays or objects.
    Constants,
    /// It says neither `type` nor anything else of one kind of value.
    NoType,
    /// More schemas are combined than are looked at.
    TooManyParts,
    /// The alternatives of a map's values are told apart by nothing but their names.
    NamesOnly,
    /// `if`
    Condition,
    /// `not`
    Not,
    /// `contains`
    Contains,
    /// `patternProperties`
    PatternProperties,
    /// `propertyNames`
    PropertyNames,
    /// `dependentRequired`
    DependentRequired,
    /// `dependentSchemas`
    DependentSchemas,
    /// `unevaluatedItems`, `unevaluatedProperties`
    Unevaluated,
    /// `$dynamicRef`
    DynamicReference,
    /// `$ref` beside other keywords.
    ReferenceBeside,
    /// `allOf`
    AllOf,
    /// A union whose branches may hold for the same value.
    Overlapping,
    /// The branches of `anyOf` or `oneOf` are constants.
    Alternatives,
    /// A union beside other keywords.
    UnionBeside,
    /// `enum` or `const` with values that are not all strings.
    Values,
    /// `enum` that lists a string twice.
    Repeated,
    /// An array whose first items differ from the rest, or may be absent.
    Tuple,
    /// Keywords of several kinds of values.
    SeveralKinds,
}

impl Reason {
    /// Whether the schema says more of the value than the type does.
    pub const fn says_more(self) -> bool {
        !matches!(self, Self::AnyValue)
    }

    /// The reason, as the rest of a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::AnyValue => "any value is valid",
            Self::NoValue => "no value is valid",
            Self::Constants => "its values are arrays or objects",
            Self::NoType => "it has no `type`",
            Self::TooManyParts => "it combines too many schemas",
            Self::NamesOnly => "its `patternProperties` give names values of several types",
            Self::Condition => "its `if` makes the valid values depend on the value",
            Self::Not => "its `not` excludes values",
            Self::Contains => "its `contains` applies to some of its items only",
            Self::PatternProperties => "its `patternProperties` types fields by their names",
            Self::PropertyNames => "its `propertyNames` restricts the names of fields",
            Self::DependentRequired => "its `dependentRequired` makes fields depend on others",
            Self::DependentSchemas => {
                "its `dependentSchemas` makes the valid values depend on its fields"
            }
            Self::Unevaluated => {
                "its `unevaluatedItems` or `unevaluatedProperties` depends on other schemas"
            }
            Self::DynamicReference => "it has a `$dynamicRef` beside a `$ref`",
            Self::ReferenceBeside => "it has a `$ref` beside other keywords",
            Self::AllOf => "several schemas say what it is",
            Self::Overlapping => "a value may fit several of its alternatives",
            Self::Alternatives => "its values are the branches of a union",
            Self::UnionBeside => "it has alternatives beside other keywords",
            Self::Values => "not all of its values are strings",
            Self::Repeated => "one of its values is listed twice",
            Self::Tuple => "its first items differ from the rest, or may be absent",
            Self::SeveralKinds => "its keywords speak of several types",
        }
    }

    /// What to write instead, for a value that stays JSON.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::AnyValue => "",
            Self::NoValue => "remove the property, or say what is valid",
            Self::Constants => {
                "declare `properties` with a `const` each, or `prefixItems`, instead of a constant that is an object or an array"
            }
            Self::NoType => "add a `type`, or `properties`, `items` or an `enum`",
            Self::TooManyParts => "combine fewer schemas, or write their properties out",
            Self::NamesOnly => {
                "give the values a `type` each, all different, or one schema for all names"
            }
            _ => "add a `type`",
        }
    }
}
