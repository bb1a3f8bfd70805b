//! Few names are refused, and each of them with a word.

#[test]
fn few_names_are_refused() {
    assert_eq!(handfast_names::REFUSED, include_str!("refused.txt"));
}
