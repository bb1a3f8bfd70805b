//! `presence` of a channel: its forms, the role that it needs, and the hash.

use handfast_spec::model::{ChannelPresence, Protocol, RoleKind, RolePlayer};
use handfast_spec::{Loaded, load_str};
use std::collections::BTreeMap;

fn read(presence: &str, more: &str) -> Loaded {
    let text = format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\ntypes:\n  Person: {{ type: object, required: [name], properties: {{ name: {{ type: string }} }} }}\n\
        channels:\n  room: {{ key: lobby{presence} }}\nmessages:\n  news: {{ from: server, channel: room, payload: {{ type: object, properties: {{ of: {{ $ref: '#/types/Person' }} }} }} }}\n{more}"
    );
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

fn protocol(presence: &str) -> Protocol {
    read(presence, "").protocol.expect("it is valid")
}

fn codes(presence: &str, more: &str) -> Vec<&'static str> {
    let loaded = read(presence, more);
    loaded.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn a_presence_is_a_flag_or_says_more() {
    let of = |presence| protocol(presence).channels[0].presence;
    let plain = ChannelPresence {
        info: None,
        members: 1000,
    };
    assert_eq!(of(""), None);
    assert_eq!(of(", presence: false"), None);
    assert_eq!(of(", presence: true"), Some(plain));
    assert_eq!(of(", presence: {}"), Some(plain));
    let long = of(", presence: { members: 7 }").expect("it has one");
    assert_eq!((long.info, long.members), (None, 7));
    let protocol = protocol(", presence: { info: { $ref: '#/types/Person' } }");
    let info = protocol.channels[0].presence.and_then(|one| one.info);
    let info = &protocol.schemas[info.expect("it has one")];
    assert_eq!(info.reference, Some(protocol.types[0].schema));
    assert_eq!(codes(", presence: yes", ""), ["P003"]);
    assert_eq!(codes(", presence: { members: 0 }", ""), ["P027"]);
    assert_eq!(codes(", presence: { infos: {} }", ""), ["P001"]);
    assert_eq!(codes(", presence: { info: { typ: string } }", ""), ["S001"]);
}

#[test]
fn the_role_is_off_unless_a_channel_has_presence() {
    let player = |presence| {
        let protocol = protocol(presence);
        protocol.session.role(RoleKind::Presence).clone()
    };
    assert_eq!(player(""), RolePlayer::Off);
    assert!(matches!(player(", presence: true"), RolePlayer::Own { .. }));
    let off = "session: { roles: { presence: off } }";
    assert_eq!(codes(", presence: true", off), ["P044", "G001"]);
    assert_eq!(codes("", off), [""; 0]);
}

#[test]
fn presence_is_part_of_the_hash_and_its_limit_is_not() {
    let hash = |presence| protocol(presence).hash;
    assert_eq!(hash(""), hash(", presence: false"));
    assert_ne!(hash(""), hash(", presence: true"));
    assert_eq!(hash(", presence: true"), hash(", presence: { members: 7 }"));
    let info = ", presence: { info: { $ref: '#/types/Person' } }";
    assert_ne!(hash(", presence: true"), hash(info));
    assert_ne!(hash(info), hash(", presence: { info: { type: string } }"));
}
