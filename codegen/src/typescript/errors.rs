//! The errors of a protocol: types and descriptors, each followed by the type of its data.

use super::{
    context::Context,
    descriptors::is_request,
    text::{self, scalar},
};
use crate::shape::Section;
use handfast_spec::model::Side;
use handfast_templates::typescript::{Alias, Descriptor, lay_out};

pub(super) fn errors(cx: &mut Context<'_>) -> Vec<String> {
    let mut items = Vec::new();
    let data: Vec<usize> = (0..cx.shapes.decls.len())
        .filter(|i| cx.shapes.decls[*i].section == Section::Errors)
        .collect();
    let mut data = data.into_iter().peekable();
    let mut answered = vec![false; cx.protocol.errors.len()];
    for message in &cx.protocol.messages {
        if is_request(message, Side::Server) {
            message.errors.iter().for_each(|id| answered[id.0] = true);
        }
    }
    for (i, error) in cx.protocol.errors.iter().enumerate() {
        let (ty, name) = cx.names.errors[i].clone();
        let code = scalar(&error.code);
        let decl = cx.shapes.errors[i];
        let (carried, validator) = match decl {
            Some(id) => (
                cx.names.types[id.0].clone(),
                cx.names.validators[id.0].clone(),
            ),
            None => ("undefined".to_owned(), "hf.noPayload".to_owned()),
        };
        let words = error.description.clone().unwrap_or_default();
        items.push(lay_out(&Alias {
            doc: text::doc("", &words, &[]),
            exported: cx.names.is_exported(&ty),
            name: &ty,
            ty: format!(" hf.DeclaredError<{code}, {carried}>"),
        }));
        let mut members = vec![format!("code: {code}"), format!("data: {validator}")];
        // What a handler of the client need not say.
        if answered[i] {
            members.extend(
                (error.description.as_deref())
                    .map(|words| format!("message: {}", text::string(words))),
            );
            members.extend(error.retryable.then(|| "retryable: true".to_owned()));
        }
        items.push(lay_out(&Descriptor {
            doc: text::doc("", &format!("{{@inheritDoc {ty}}}"), &[]),
            exported: true,
            name: &name,
            ty: format!("hf.ErrorDescriptor<{ty}>"),
            members,
        }));
        // The type of its data, and those inside of that, up to the data of the next error.
        let Some(id) = decl else { continue };
        let next = cx.shapes.errors[i + 1..].iter().flatten().next();
        while let Some(i) = data.next_if(|i| next.is_none_or(|next| *i < next.0)) {
            debug_assert!(i >= id.0);
            cx.declarations(Section::Errors, i, &mut items);
        }
    }
    items
}
