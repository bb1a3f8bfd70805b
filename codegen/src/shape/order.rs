//! Properties that follow from how types contain each other.

use super::{DeclId, DeclKind, Shapes, Use, Variant, VariantContent};
use std::collections::BTreeSet;

/// Puts a box wherever a struct would contain itself.
pub(super) fn box_cycles(shapes: &mut Shapes) {
    let edges: Vec<Vec<usize>> = shapes.decls.iter().map(|decl| direct(&decl.kind)).collect();
    let component = components(&edges);
    for (from, decl) in shapes.decls.iter_mut().enumerate() {
        let cyclic = |to: &DeclId| component[to.0] == component[from];
        match &mut decl.kind {
            DeclKind::Struct { fields, .. } => {
                for field in fields {
                    put_boxes(&mut field.ty, &cyclic);
                }
            }
            DeclKind::Tuple { items, .. } => {
                for item in items {
                    put_boxes(&mut item.ty, &cyclic);
                }
            }
            DeclKind::Choice(variants) => {
                for variant in variants {
                    if let VariantContent::Value(ty, _) = &mut variant.content {
                        put_boxes(ty, &cyclic);
                    }
                }
            }
            DeclKind::Alias(ty) => put_boxes(ty, &cyclic),
            // The branches of a tagged union are structs or JSON, and a cycle through a struct passes a field.
            DeclKind::Union { .. } | DeclKind::Literals { .. } => {}
        }
    }
}

fn put_boxes(ty: &mut Use, cyclic: &dyn Fn(&DeclId) -> bool) {
    match ty {
        Use::Named(id) if cyclic(id) => *ty = Use::Boxed(*id),
        Use::Nullable(inner) | Use::Implied(inner, _) | Use::Beside(inner, _) => {
            put_boxes(inner, cyclic);
        }
        _ => {}
    }
}

/// The types that a type contains directly.
fn direct(kind: &DeclKind) -> Vec<usize> {
    fn of(ty: &Use) -> Option<usize> {
        match ty {
            Use::Named(id) => Some(id.0),
            Use::Nullable(inner) | Use::Implied(inner, _) | Use::Beside(inner, _) => of(inner),
            _ => None,
        }
    }
    match kind {
        DeclKind::Struct { fields, .. } => {
            fields.iter().filter_map(|field| of(&field.ty)).collect()
        }
        DeclKind::Tuple { items, .. } => items.iter().filter_map(|item| of(&item.ty)).collect(),
        DeclKind::Choice(variants) => contents(variants).filter_map(of).collect(),
        DeclKind::Union { branches, .. } => branches.iter().map(|branch| branch.decl.0).collect(),
        DeclKind::Alias(ty) => of(ty).into_iter().collect(),
        DeclKind::Literals { .. } => Vec::new(),
    }
}

/// The strongly connected components, by Kosaraju's algorithm without recursion. A type alone in its component gets a
/// unique number; one that contains itself directly is detected by its edge.
pub(crate) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let n = edges.len();
    let mut done = vec![false; n];
    let mut finished = Vec::with_capacity(n);
    for root in 0..n {
        if std::mem::replace(&mut done[root], true) {
            continue;
        }
        let mut stack = vec![(root, 0)];
        while let Some((node, next)) = stack.pop() {
            match edges[node].get(next) {
                Some(&to) => {
                    stack.push((node, next + 1));
                    if !std::mem::replace(&mut done[to], true) {
                        stack.push((to, 0));
                    }
                }
                None => finished.push(node),
            }
        }
    }
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            back[to].push(from);
        }
    }
    let mut component = vec![usize::MAX; n];
    for &root in finished.iter().rev() {
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            if component[node] == usize::MAX {
                component[node] = root;
                stack.extend(&back[node]);
            }
        }
    }
    component
}

/// Records for every type which sides receive it.
pub(super) fn find_receivers(shapes: &mut Shapes) {
    let mut server: Vec<usize> = Vec::new();
    let mut client: Vec<usize> = Vec::new();
    for message in &shapes.messages {
        server.extend(
            message
                .client
                .iter()
                .filter_map(|payload| payload.decl)
                .map(|id| id.0),
        );
        client.extend(
            message
                .server
                .iter()
                .filter_map(|payload| payload.decl)
                .map(|id| id.0),
        );
    }
    client.extend(shapes.errors.iter().flatten().map(|id| id.0));
    client.extend(shapes.infos.iter().flatten().map(|id| id.0));
    for ty in shapes.channels.iter().flatten() {
        server.extend(inside(ty));
    }
    let reach = |mut open: Vec<usize>, shapes: &Shapes| {
        let mut reached = vec![false; shapes.decls.len()];
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut reached[id], true) {
                open.extend(contained(&shapes.decls[id].kind));
            }
        }
        reached
    };
    let (by_server, by_client) = (reach(server, shapes), reach(client, shapes));
    for (i, decl) in shapes.decls.iter_mut().enumerate() {
        decl.received.by_server = by_server[i];
        decl.received.by_client = by_client[i];
    }
}

/// Every type that a type refers to.
fn contained(kind: &DeclKind) -> Vec<usize> {
    match kind {
        DeclKind::Struct { fields, rest, .. } => {
            let rest = rest.iter().map(|rest| &rest.ty);
            let all = fields.iter().map(|field| &field.ty).chain(rest);
            all.filter_map(inside).collect()
        }
        DeclKind::Tuple { items, rest, .. } => {
            let all = items.iter().chain(rest);
            all.filter_map(|item| inside(&item.ty)).collect()
        }
        DeclKind::Choice(variants) => contents(variants).filter_map(inside).collect(),
        DeclKind::Union { branches, .. } => branches.iter().map(|branch| branch.decl.0).collect(),
        DeclKind::Alias(ty) => inside(ty).into_iter().collect(),
        DeclKind::Literals { .. } => Vec::new(),
    }
}

fn inside(ty: &Use) -> Option<usize> {
    match ty {
        Use::Named(id) | Use::Boxed(id) => Some(id.0),
        Use::List(inner)
        | Use::Map(inner)
        | Use::Nullable(inner)
        | Use::Implied(inner, _)
        | Use::Beside(inner, _) => inside(inner),
        _ => None,
    }
}

/// The types of the variants that have one.
fn contents(variants: &[Variant]) -> impl Iterator<Item = &Use> {
    variants
        .iter()
        .filter_map(|variant| match &variant.content {
            VariantContent::Value(ty, _) => Some(ty),
            VariantContent::Constant(_) => None,
        })
}

/// Decides which branches of unions need no field for the discriminant: those that are only used as branches.
pub(super) fn settle_discriminants(shapes: &mut Shapes) {
    let mut elsewhere = vec![false; shapes.decls.len()];
    let payloads = shapes
        .messages
        .iter()
        .flat_map(|m| m.client.iter().chain(&m.server))
        .filter_map(|p| p.decl);
    let others = shapes.errors.iter().chain(&shapes.infos).flatten();
    let roots: Vec<usize> = payloads.chain(others.copied()).map(|id| id.0).collect();
    for id in &roots {
        elsewhere[*id] = true;
    }
    let mut tags: Vec<Vec<String>> = vec![Vec::new(); shapes.decls.len()];
    for decl in &shapes.decls {
        match &decl.kind {
            DeclKind::Union { tag, branches } => {
                for branch in branches {
                    tags[branch.decl.0].push(tag.clone());
                }
            }
            kind => {
                for id in contained(kind) {
                    elsewhere[id] = true;
                }
            }
        }
    }
    // An unused type under `types` may be used by the application.
    let is_bare = |i: usize| {
        // A branch that remains checked JSON contains its discriminant.
        matches!(shapes.decls[i].kind, DeclKind::Struct { .. })
            && !elsewhere[i]
            && tags[i]
                .first()
                .is_some_and(|tag| tags[i].iter().all(|other| other == tag))
    };
    let bare: Vec<bool> = (0..shapes.decls.len()).map(is_bare).collect();
    for (i, decl) in shapes.decls.iter_mut().enumerate() {
        match &mut decl.kind {
            DeclKind::Struct { fields, .. } if bare[i] => {
                for field in fields
                    .iter_mut()
                    .filter(|field| tags[i].first() == Some(&field.name))
                {
                    field.discriminant = true;
                }
            }
            DeclKind::Union { branches, .. } => {
                for branch in branches {
                    branch.tagged = !bare[branch.decl.0];
                }
            }
            _ => {}
        }
    }
    let discriminants = shapes.decls.iter().flat_map(|decl| match &decl.kind {
        DeclKind::Struct { fields, .. } => fields.as_slice(),
        _ => &[],
    });
    // A named type may be used by the application, whatever else uses it. Where several schemas say what a value is, a field of it may have
    // the type of a discriminant.
    let named = shapes.named;
    let params = shapes.channels.iter().flatten().filter_map(inside);
    let fields = shapes.decls.iter().flat_map(|decl| written_in(&decl.kind));
    let written: BTreeSet<usize> = fields.chain(params).chain(roots).collect();
    shapes.implied = discriminants
        .filter(|field| field.discriminant)
        .filter_map(|field| inside(&field.ty))
        .filter(|id| *id >= named && !written.contains(id))
        .map(DeclId)
        .collect();
}

/// Every type that a type refers to, except by its discriminant.
fn written_in(kind: &DeclKind) -> Vec<usize> {
    match kind {
        DeclKind::Struct { fields, rest, .. } => {
            let rest = rest.iter().map(|rest| &rest.ty);
            let fields = fields.iter().filter(|field| !field.discriminant);
            let all = fields.map(|field| &field.ty).chain(rest);
            all.filter_map(inside).collect()
        }
        other => contained(other),
    }
}
