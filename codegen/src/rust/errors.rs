//! The enums of the errors with which requests are answered.

use super::{
    RustContext,
    attribute::{attribute, scalar, text},
    derives::{COMPARED, plain},
    docs, size,
    type_names::errors_of,
};
use handfast_naming::rust_ident;
use handfast_spec::model::{ErrorId, MessageId};

/// The enums of errors, one for each message that has any.
pub(super) fn errors(cx: &RustContext<'_>, items: &mut Vec<String>) {
    for (i, message) in cx.protocol.messages.iter().enumerate() {
        if let Some(name) = errors_of(cx, MessageId(i)) {
            let description = format!("Why `{}` is refused.", message.name.text);
            items.push(error_enum(cx, &name, &description, &message.errors));
        }
    }
}

fn error_enum(cx: &RustContext<'_>, name: &str, description: &str, errors: &[ErrorId]) -> String {
    let mut out = String::new();
    docs::outer(&mut out, "", description);
    attribute(
        &mut out,
        "",
        "protocol",
        &cx.arguments(vec!["errors".to_owned()]),
    );
    let bare = |id: &ErrorId| cx.shapes.errors[id.0].is_none();
    out.push_str(if errors.iter().all(bare) {
        COMPARED
    } else {
        plain(cx)
    });
    out.push_str(&format!("pub enum {name} {{\n"));
    for id in errors {
        let error = &cx.protocol.errors[id.0];
        docs::outer(
            &mut out,
            "    ",
            error.description.as_deref().unwrap_or_default(),
        );
        let mut args = vec![scalar(&error.code)];
        if let Some(description) = &error.description {
            args.push(format!("message = {}", text(description)));
        }
        if error.retryable {
            args.push("retryable".to_owned());
        }
        attribute(&mut out, "    ", "error", &args);
        let given = error.names.rust.as_ref().unwrap_or(&error.name);
        let variant = rust_ident(&crate::names::pascal(&given.text));
        match cx.shapes.errors[id.0] {
            Some(data) => out.push_str(&format!(
                "    {variant}({}),\n",
                size::boxed_if_large(cx, Some(data), &cx.shapes.decls[data.0].rust)
            )),
            None => out.push_str(&format!("    {variant},\n")),
        }
    }
    out.push_str("}\n");
    out
}
