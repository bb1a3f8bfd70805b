//! The enums of the errors with which requests are answered, and a type for each error without data.

use super::{
    RustContext,
    attribute::{attribute, scalar, text},
    derives::{COMPARED, plain},
    docs, size,
    type_names::errors_of,
};
use crate::shape::api_names::{self, declared};
use handfast_naming::rust_ident;
use handfast_spec::model::{ErrorCode, ErrorId, MessageId};

/// The enums of errors, one for each message that has any, and the types of errors without data.
pub(super) fn errors(cx: &RustContext<'_>, items: &mut Vec<String>) {
    for id in declared(cx.protocol) {
        if cx.shapes.errors[id.0].is_none() {
            items.push(error_type(&cx.protocol.errors[id.0]));
        }
    }
    for (i, message) in cx.protocol.messages.iter().enumerate() {
        if let Some(name) = errors_of(cx, MessageId(i)) {
            let description = format!("Why `{}` is refused.", message.name.text);
            items.push(error_enum(cx, &name, &description, &message.errors));
        }
    }
}

/// The type of an error without data, which converts into the errors of all requests that declare it.
fn error_type(error: &ErrorCode) -> String {
    let mut out = String::new();
    docs::outer(
        &mut out,
        "",
        error.description.as_deref().unwrap_or_default(),
    );
    // `Default`, since an application may have no use for it, and would be warned of a type that nothing constructs.
    out.push_str("#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]\n");
    out.push_str(&format!("pub struct {};\n", api_names::error_type(error)));
    out
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
        match cx.shapes.errors[id.0] {
            None => args.push(format!("from = {}", api_names::error_type(error))),
            // Two errors may have data of the same type, which then stands for neither.
            Some(data)
                if errors
                    .iter()
                    .filter(|id| cx.shapes.errors[id.0] == Some(data))
                    .count()
                    == 1 =>
            {
                args.push(format!("from = {}", cx.shapes.decls[data.0].rust));
            }
            Some(_) => {}
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
