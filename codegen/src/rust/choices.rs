//! Enums whose variants have no common tag.

use super::{
    RustContext,
    attribute::{attribute, text},
    docs, rules, size, types,
};
use crate::shape::{Decl, Guard, Kinds, Use, Variant, VariantContent};

pub(super) fn choice(cx: &RustContext<'_>, out: &mut String, decl: &Decl, variants: &[Variant]) {
    let name = &decl.rust;
    out.push_str(&format!("pub enum {name} {{\n"));
    for variant in variants {
        let mut words = variant.description.clone().unwrap_or_default();
        match &variant.content {
            VariantContent::Value(Use::Json(reason), _) if reason.says_more() => {
                words.push_str(&docs::kept_as_json(*reason));
            }
            VariantContent::Value(Use::Beside(_, reason), _) => {
                words.push_str(&docs::checked_beside(*reason));
            }
            _ => {}
        }
        docs::outer(out, "    ", &words);
        match &variant.content {
            VariantContent::Constant(value) => {
                let args = [format!("value = {}", rules::constant(value))];
                attribute(out, "    ", "protocol", &args);
                out.push_str(&format!("    {},\n", variant.rust));
            }
            VariantContent::Value(ty, schema) => {
                let mut args = selected_by(cx, variant);
                let place = format!("{name}.{}", variant.rust);
                args.extend(types::rules_of(cx, decl, (*schema, ty), &place));
                if !args.is_empty() {
                    attribute(out, "    ", "protocol", &args);
                }
                let ty = boxed(cx, decl, ty);
                out.push_str(&format!("    {}({ty}),\n", variant.rust));
            }
        }
    }
    out.push_str("}\n");
}

/// What selects a variant.
fn selected_by(cx: &RustContext<'_>, variant: &Variant) -> Vec<String> {
    let mut out = Vec::new();
    // Guards speak of objects; where no kinds are named, they say that a value is one.
    if variant.kinds != Kinds::ALL || !variant.guards.is_empty() {
        out.push(format!("kinds({})", variant.kinds.names().join(", ")));
    }
    for guard in &variant.guards {
        out.push(match guard {
            Guard::Has(name) => format!("has({})", text(name)),
            Guard::Lacks(name) => format!("lacks({})", text(name)),
            Guard::Value(name, values) => {
                let values: Vec<String> = values.iter().map(rules::constant).collect();
                format!("value({} = {})", text(name), values.join(" | "))
            }
        });
    }
    if let Some(branch) = variant.branch {
        out.push(format!(
            "branch = {}",
            rules::address(cx, branch, &variant.rust)
        ));
    }
    out
}

fn boxed(cx: &RustContext<'_>, decl: &Decl, ty: &Use) -> String {
    match ty.bare() {
        Use::Named(id) => size::boxed_if_large(cx, Some(*id), &cx.ty(ty)),
        _ => cx.part(decl, ty),
    }
}
