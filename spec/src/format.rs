//! F.
/// F.
pub fn format_schema() -> serde_json::Value {
    serde_json::Value::Null
}
