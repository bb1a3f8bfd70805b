//! Which tokens begin a session.

use super::Property;
use crate::{
    peer::ConnectionInfo,
    process::{PATIENCE, Process},
    tokens,
};
use futures_util::FutureExt;

pub(crate) fn all() -> Vec<Property> {
    vec![Property {
        name: "tokens-forged",
        line: "A13",
        holds: |server| forged(server).boxed(),
    }]
}

async fn forged(server: &Process) -> Result<(), String> {
    let hello = |name: &str| {
        let token = tokens::of(name);
        format!(
            r#"{{"type":"hello","payload":{{"version":"1.0.0","auth":{{"name":"","token":"{token}"}}}}}}"#
        )
    };
    ConnectionInfo::enter_as(server.address, "", &hello("good")).await?;
    let mut count = 0;
    for name in tokens::forged() {
        let mut peer = ConnectionInfo::connect(server.address, "").await?;
        peer.say(&hello(name)).await?;
        let answer = peer.hear().await?;
        if !answer.contains(r#""code":"BAD_NAME""#) {
            return Err(format!("a token with {name} was answered with {answer}"));
        }
        super::expect(name, &peer.closed(PATIENCE).await?, &4401)?;
        count += 1;
    }
    super::expect("forged tokens", &count, &9)
}
