//! What a build script generated, as a module.

#![deny(warnings)]

/// The protocol of `protocol.yaml`.
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

#[cfg(test)]
mod tests {
    use super::api::{ClientMessage, Say};

    #[test]
    fn what_the_build_script_generated_reads_a_message() {
        let read = ClientMessage::decode(r#"{"type":"say","id":"1","payload":{"text":"hi"}}"#);
        let ClientMessage::Say(Say { text }) = read.expect("a good message").message;
        assert_eq!(text.as_str(), "hi");
        let refused = ClientMessage::decode(r#"{"type":"say","id":"1","payload":{"text":""}}"#);
        assert_eq!(refused.expect_err("a bad one").kind.code(), "INVALID");
    }
}
