//! Few names are refused, and each of them with a diagnostic.

#[test]
fn few_names_are_refused() {
    assert_eq!(handfast_names::REFUSED, include_str!("refused.txt"));
}

#[test]
fn letters_signs_and_underscores_are_kept() {
    use handfast_names::letters::{Ask, AskId, AskId2, Größe, Mengé, Zoom, 注文, 漢字};
    let ask = Ask {
        id: Some(AskId {
            a: Some("1".to_owned()),
        }),
        _id: Some(AskId2 {
            b: Some("2".to_owned()),
        }),
        size: Some(Größe {
            maß: Some(1.5),
            注文: 注文::try_from("三").ok(),
        }),
        zoom: Some(Zoom::Plus1),
        menge: Some(Mengé { n: Some(1) }),
        漢: Some(漢字 { n: None }),
    };
    assert_eq!(
        serde_json::to_string(&ask).expect("it is written"),
        r#"{"id":{"a":"1"},"_id":{"b":"2"},"size":{"maß":1.5,"注文":"三"},"zoom":"+1","menge":{"n":1},"漢":{}}"#
    );
    let zooms = [
        Zoom::Plus1,
        Zoom::Minus1,
        Zoom::N1,
        Zoom::N1_2_6,
        Zoom::N12_6,
        Zoom::APlus,
        Zoom::AMinus,
        Zoom::A,
    ];
    let words = zooms.map(|zoom| zoom.as_str().to_owned());
    assert_eq!(words, ["+1", "-1", "1", "1.2.6", "12.6", "A+", "A-", "A"]);
}
