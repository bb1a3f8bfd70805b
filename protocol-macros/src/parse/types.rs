//! What can be seen of a type without resolving names.

use syn::{GenericArgument, PathArguments, Type};

/// The `T` of an `Option<T>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Option")
}

/// The `T` of a `Box<T>`.
pub(crate) fn box_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Box")
}

/// Whether the last segment of a type's path is this name.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// The first argument of a type, if the last segment of its path is this name.
pub(crate) fn argument_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last();
    let PathArguments::AngleBracketed(arguments) =
        &last.filter(|last| last.ident == name)?.arguments
    else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
