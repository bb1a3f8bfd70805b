//! `generate.rust.derive`: the traits of the types of `corners` that its spec asks for.

use handfast_golden::corners::{Maybe, Tree};

#[test]
fn what_is_asked_for_is_derived() -> Result<(), serde_json::Error> {
    let text = r#"{"value":1,"children":[{"value":2,"children":[]}]}"#;
    let tree: Tree = serde_json::from_str(text)?;
    assert_eq!(serde_json::to_string(&tree)?, text);
    assert_eq!(tree, serde_json::from_str(text)?);
    assert_ne!(tree, serde_json::from_str(r#"{"value":1,"children":[]}"#)?);
    assert_eq!(
        serde_json::from_str::<Maybe>("null")?,
        Maybe(handfast::Nullable::Null)
    );
    let refused = serde_json::from_str::<Tree>(r#"{"value":"one","children":[]}"#);
    assert!(refused.is_err_and(|error| error.to_string().contains("/value must be")));
    Ok(())
}
