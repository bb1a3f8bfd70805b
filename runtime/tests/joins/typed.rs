//! Joins of the typed client whose message has further fields: its parameters are those of the channel.

use super::{App, Client, Enter, Joins, Server};
use handfast::{
    client::{CallError, ClientBuilder},
    server::ConnectionInfo,
    transport::duplex,
};
use std::convert::Infallible;

#[tokio::test]
async fn a_message_that_names_another_channel_than_the_one_that_is_joined_is_not_sent() {
    let server = Server::new(App::default());
    let client = ClientBuilder::<Joins, Client>::over(move || {
        let (ours, theirs) = duplex(64);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(ours) }
    })
    .await
    .expect("it connects");
    let enter = |room: &str| Enter {
        room: room.to_owned(),
        length: 1,
        publish: 0,
    };
    let refused = client.room(&"abc".into(), enter("def")).join().await;
    let Err(CallError::Invalid(error)) = refused else {
        panic!("{refused:?}");
    };
    let words = "must name the channel \"room:abc\", not \"room:def\"";
    assert_eq!(error.to_string(), words);
    let entered = client.room(&"abc".into(), enter("abc")).join().await;
    assert_eq!(entered.expect("it may").reply.text, "x");
}
