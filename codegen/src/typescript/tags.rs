//! The tags of documentation: constraints, defaults, examples, and versions.

use handfast_schema::Schema;
use handfast_spec::model::Message;
use serde_json::Value;

/// The constraints of a schema, as tags of documentation.
pub(super) fn tags(schema: &Schema) -> Vec<String> {
    let mut all = Vec::new();
    let mut tag = |name: &str, value: Option<String>| {
        all.extend(value.map(|value| format!("@{name} {value}")));
    };
    let number = |n: &Option<handfast_schema::Number>| n.as_ref().map(ToString::to_string);
    let count = |n: &Option<u64>| n.map(|n| n.to_string());
    tag("multipleOf", number(&schema.multiple_of));
    tag("minimum", number(&schema.minimum));
    tag("exclusiveMinimum", number(&schema.exclusive_minimum));
    tag("maximum", number(&schema.maximum));
    tag("exclusiveMaximum", number(&schema.exclusive_maximum));
    tag("minLength", count(&schema.min_length));
    tag("maxLength", count(&schema.max_length));
    tag("pattern", schema.pattern.clone());
    tag("format", schema.format.clone());
    tag("contentEncoding", schema.content_encoding.clone());
    tag("minItems", count(&schema.min_items));
    tag("maxItems", count(&schema.max_items));
    tag("uniqueItems", schema.unique_items.then(String::new));
    tag("minProperties", count(&schema.min_properties));
    tag("maxProperties", count(&schema.max_properties));
    let annotations = &schema.annotations;
    tag(
        "defaultValue",
        annotations.default.as_ref().map(Value::to_string),
    );
    for example in &annotations.examples {
        tag(
            "example",
            Some(format!("`{}`", example.to_string().replace('`', "'"))),
        );
    }
    tag("deprecated", annotations.deprecated.then(String::new));
    for tag in &mut all {
        tag.truncate(tag.trim_end().len());
    }
    all
}

/// Since when a message is, and whether it is to be used.
pub(super) fn message_tags(message: &Message) -> Vec<String> {
    let since = message
        .since
        .as_ref()
        .map(|since| format!("@since {since}"));
    let deprecated = message
        .deprecated
        .as_ref()
        .map(|deprecated| match &deprecated.note {
            Some(note) => format!("@deprecated {note}"),
            None => "@deprecated".to_owned(),
        });
    since.into_iter().chain(deprecated).collect()
}
