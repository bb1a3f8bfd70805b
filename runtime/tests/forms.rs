//! Protocols that differ from the usual: streams with nothing but items, replies told apart by a field or by their order,
//! close codes and keys of their own.

#![cfg(all(feature = "server", feature = "client"))]

mod support;

use handfast::{
    NoRequests, Protocol, TagBuf,
    client::{CallError, Client, ClientBuilder, ConnectError, StreamError},
    server::ConnectionInfo,
    transport::{CloseFrame, duplex},
};
use std::{convert::Infallible, time::Duration};
use support::{Script, log, simulated};
use tokio::sync::mpsc;

/// Streams without acknowledgement, end or cancel.
mod quiet {
    use handfast::{protocol, server::StreamSender};

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Count {
        pub(crate) to: i64,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Number {
        pub(crate) n: i64,
    }

    #[protocol(errors)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum CountError {
        #[error(wire = "TOO_MANY", message = "I cannot count that far.")]
        TooMany,
    }

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Asks {
        #[message("count", stream(item = Number), errors = CountError)]
        Count(Count),
    }

    #[protocol(server)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Says {
        #[message("number")]
        Number(Number),
    }

    /// Braces that are meant.
    #[protocol(channel = "{{{name}}}")]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Braced {
        pub(crate) name: String,
    }

    #[protocol(name = "quiet", version = "1.0.0", client = Asks, server = Says, channels(Braced), authorize_joins)]
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Quiet;

    pub(crate) struct App;

    impl SessionHandler for App {
        type Session = ();
        async fn connected(
            &self,
            _: &handfast::server::ConnectionInfo,
        ) -> Result<(), handfast::server::Rejection> {
            Ok(())
        }
        async fn authorize_join(
            &self,
            key: &str,
            _: &Context<()>,
        ) -> Result<(), handfast::server::Rejection> {
            assert!(key.starts_with('{'), "{key}");
            Ok(())
        }
    }

    impl Handler for App {
        async fn count(
            &self,
            m: Count,
            mut to: StreamSender<Number>,
            _: &Context<()>,
        ) -> Result<(), handfast::HandlerError<CountError>> {
            if m.to > 100 {
                return Err(CountError::TooMany.into());
            }
            for n in 0..m.to {
                if to.send(Number { n }).await.is_err() {
                    break;
                }
            }
            Ok(())
        }
    }
}

async fn quiet() -> (quiet::Client, quiet::Server) {
    let server = quiet::Server::new(quiet::App);
    let serving = server.clone();
    let client = ClientBuilder::<quiet::Quiet, quiet::Client>::over(move || {
        let (ours, theirs) = duplex(64);
        let server = serving.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        std::future::ready(Ok::<_, Infallible>(ours))
    })
    .await
    .expect("it is let in");
    (client, server)
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_have_nothing_but_items() {
    simulated(async {
        let (client, server) = quiet().await;
        let mut numbers = client
            .count(quiet::Count { to: 2 })
            .await
            .expect("it is asked for");
        assert_eq!(numbers.ack(), None);
        assert_eq!(numbers.next().await, Some(Ok(quiet::Number { n: 0 })));
        assert_eq!(numbers.next().await, Some(Ok(quiet::Number { n: 1 })));
        // The handler is done, and has no message to say so.
        let more = tokio::time::timeout(Duration::from_secs(60), numbers.next()).await;
        assert!(more.is_err(), "{more:?}");
        server.handle().shutdown().await;
        assert_eq!(
            numbers.next().await,
            Some(Err(StreamError::Closed(CallError::OutcomeUnknown)))
        );
        assert_eq!(numbers.next().await, None);
        assert_eq!(numbers.end(), None);
    })
    .await;
}

/// Types that were written by hand have no hash to compare, whatever that of the other end is.
#[tokio::test(start_paused = true)]
async fn without_a_hash_there_is_no_skew() {
    simulated(async {
        let (client, server) = quiet().await;
        assert_eq!(client.skew(), None);
        let (ours, theirs) = duplex(64);
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        let mut script = Script(ours);
        script
            .say(r#"{"type":"hello","payload":{"version":"1.0.0","hash":"of another"}}"#)
            .await;
        let ready = script.next().await;
        assert!(!ready.contains("hash"), "{ready}");

        let (connect, mut connections) = scripted::<quiet::Quiet, quiet::Client>();
        let client = tokio::spawn(connect.into_future());
        let mut script = connections.recv().await.expect("the client connects");
        let hello = script.next().await;
        assert!(!hello.contains("hash"), "{hello}");
        script
            .say(r#"{"type":"ready","payload":{"version":"1.0.0","hash":"of another","session":"s"}}"#)
            .await;
        let client = client.await.expect("it ends").expect("it is let in");
        assert_eq!(client.skew(), None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_says_so_first() {
    simulated(async {
        let (client, _server) = quiet().await;
        let mut numbers = client
            .count(quiet::Count { to: 101 })
            .await
            .expect("it is asked for");
        assert_eq!(
            numbers.next().await,
            Some(Err(StreamError::Closed(CallError::Declared(
                quiet::CountError::TooMany
            ))))
        );
        assert_eq!(numbers.next().await, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn braces_in_a_key_are_matched() {
    simulated(async {
        let (client, server) = quiet().await;
        let room = client
            .braced(&"a".to_owned())
            .join()
            .await
            .expect("the key belongs to the channel");
        assert_eq!(server.handle().braced(&"a".to_owned()).members(), 1);
        room.leave().await.expect("it may");
    })
    .await;
}

/// A field of the envelope tells success from failure; close codes are the protocol's own.
mod told {
    use handfast::protocol;

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Quote {
        pub(crate) symbol: String,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Quoted {
        pub(crate) price: i64,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct News {
        pub(crate) text: String,
    }

    #[protocol(errors)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum QuoteError {
        #[error(wire = "UNKNOWN_SYMBOL", message = "Nobody trades that.")]
        UnknownSymbol,
    }

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Asks {
        #[message("quote", reply = Quoted, errors = QuoteError)]
        Quote(Quote),
    }

    #[protocol(
        server,
        envelope(outcome(field = "ok", success = "true", failure = "false"))
    )]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Says {
        #[message("quoted")]
        Quoted(Quoted),
        #[message("news")]
        News(News),
    }

    #[protocol(
        name = "told",
        version = "1.0.0",
        client = Asks,
        server = Says,
        closes(unauthorized = 4001, silent = 4409, going_away = 1000)
    )]
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Told;

    pub(crate) struct App;

    impl SessionHandler for App {
        type Session = ();
        async fn connected(
            &self,
            _: &handfast::server::ConnectionInfo,
        ) -> Result<(), handfast::server::Rejection> {
            Ok(())
        }
    }

    impl Handler for App {
        async fn quote(
            &self,
            m: Quote,
            _: &Context<()>,
        ) -> Result<Quoted, handfast::HandlerError<QuoteError>> {
            match &*m.symbol {
                "X" => Err(QuoteError::UnknownSymbol.into()),
                _ => Ok(Quoted { price: 7 }),
            }
        }
    }
}

/// A client whose connections are played by the test.
fn scripted<P, C>() -> (ClientBuilder<P, C>, mpsc::Receiver<Script>)
where
    P: Protocol<Server: NoRequests>,
    C: From<Client<P>>,
{
    let (sender, receiver) = mpsc::channel(1);
    let connect = ClientBuilder::over(move || {
        let sender = sender.clone();
        async move {
            let (client, server) = duplex(64);
            sender.send(Script(server)).await.expect("the test goes on");
            Ok::<_, Infallible>(client)
        }
    });
    (connect, receiver)
}

const READY: &str = r#"{"type":"ready","payload":{"version":"1.0.0","session":"s"}}"#;

async fn begin<P: Protocol<Server: NoRequests>, C: From<Client<P>> + Send + 'static>()
-> (C, Script, mpsc::Receiver<Script>) {
    let (connect, mut scripts) = scripted::<P, C>();
    let client = tokio::spawn(connect.into_future());
    let mut script = scripts.recv().await.expect("it connects");
    script.next().await;
    script.say(READY).await;
    let client = client.await.expect("it ends").expect("it is let in");
    (client, script, scripts)
}

#[tokio::test(start_paused = true)]
async fn a_server_writes_how_it_went() {
    simulated(async {
        let server = told::Server::new(told::App);
        let (ours, theirs) = duplex(64);
        let serving = server.clone();
        tokio::spawn(async move { serving.serve(theirs, ConnectionInfo::default()).await });
        let mut raw = Script(ours);
        raw.say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
            .await;
        assert!(raw.next().await.starts_with(r#"{"type":"ready""#));
        raw.say(r#"{"type":"quote","payload":{"symbol":"A"},"id":"1"}"#)
            .await;
        let reply = raw.next().await;
        assert!(
            reply.starts_with(
                r#"{"type":"quoted","payload":{"price":7},"id":"1","ok":true,"timestamp":"#
            ),
            "{reply}"
        );
        raw.say(r#"{"type":"quote","payload":{"symbol":"X"},"id":"2"}"#)
            .await;
        raw.expect(
            r#"{"type":"error","payload":{"code":"UNKNOWN_SYMBOL","message":"Nobody trades that."},"id":"2","ok":false}"#,
        )
        .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_says_it_failed_is_a_failure() {
    log::keep();
    simulated(async {
        let (client, mut script, _scripts) = begin::<told::Told, told::Client>().await;
        let mut answers = Vec::new();
        for answer in [
            r#"{"type":"quoted","id":"ID","ok":true,"payload":{"price":7}}"#,
            r#"{"type":"quoted","id":"ID","ok":false,"payload":{"code":"UNKNOWN_SYMBOL","message":"no"}}"#,
            r#"{"payload":{"code":"NEW","message":"no"},"ok":false,"id":"ID","type":"quoted"}"#,
            r#"{"type":"quoted","id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"type":"error","id":"ID","ok":false,"payload":{"code":"INTERNAL","message":"no"}}"#,
            // Whatever its tag is.
            r#"{"type":"news","id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"type":"news","id":"ID","ok":false,"payload":{"code":"UNKNOWN_SYMBOL","message":"no"}}"#,
            r#"{"type":"newer","id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"type":5,"id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"type":"error","id":"ID","ok":false,"payload":{"price":7}}"#,
            r#"{"type":"join","id":"ID","ok":false,"payload":{"price":7}}"#,
        ] {
            let asked = tokio::spawn({
                let client = client.clone();
                async move { client.quote(told::Quote { symbol: "A".into() }).await }
            });
            let id = script.next().await.rsplit('"').nth(1).map(str::to_owned);
            let id = id.expect("it has an id");
            script.say(&answer.replace("ID", &id)).await;
            answers.push(asked.await.expect("it ends"));
        }
        let remote = |at: usize| match &answers[at] {
            Err(CallError::Remote(error)) => (error.code.clone(), error.data.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(answers[0], Ok(told::Quoted { price: 7 }));
        assert_eq!(
            answers[1],
            Err(CallError::Declared(told::QuoteError::UnknownSymbol))
        );
        assert_eq!(remote(2), (TagBuf::Text("NEW".into()), None));
        let whole = Some(r#"{"price":7}"#.to_owned());
        let failed = (TagBuf::Text("FAILED".into()), whole);
        assert_eq!(remote(3), failed);
        assert_eq!(remote(4).0, TagBuf::Text("INTERNAL".into()));
        assert_eq!(answers[6], answers[1]);
        for at in [5, 7, 8, 9, 10, 11] {
            assert_eq!(remote(at), failed, "{at}");
        }
        // The messages were as they should be.
        let logged = log::lines().join("\n");
        assert!(!logged.contains("cannot be decoded"), "{logged}");
        // What answers nothing is what it is.
        script.say(r#"{"type":"ping","id":"1","ok":false}"#).await;
        script.expect(r#"{"type":"pong","id":"1"}"#).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_final_is_what_the_protocol_says() {
    simulated(async {
        let table = told::Told::DESCRIPTOR;
        let finals = [1000, 1008, 4001, 4401, 4406, 4409]
            .map(|code| CloseFrame::new(code, "").is_final(table));
        assert_eq!(finals, [true, true, true, false, true, true]);

        let (connect, mut scripts) = scripted::<told::Told, told::Client>();
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        script.close(4001, "no").await;
        match client.await.expect("it ends") {
            Err(error @ ConnectError::Closed { .. }) => {
                assert!(error.is_final());
                let words = "the server closed before the session began, with code 4001: no";
                assert_eq!(error.to_string(), words);
            }
            other => panic!("{other:?}"),
        }

        let (client, mut script, mut scripts) = begin::<told::Told, told::Client>().await;
        script.close(4401, "this means nothing here").await;
        let mut script = scripts.recv().await.expect("it connects again");
        script.next().await;
        script.say(READY).await;
        script.close(4001, "no").await;
        let state = client
            .wait_for_state(|state| matches!(state, handfast::client::State::Closed(_)))
            .await;
        let closing = CloseFrame::new(4001, "no");
        assert_eq!(state, handfast::client::State::Closed(Some(closing)));
    })
    .await;
}

/// Replies come in the order of the requests.
mod ordered {
    use super::told::{Quote, QuoteError, Quoted};
    use handfast::protocol;

    #[protocol(client, envelope(id = none, by_order))]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Asks {
        #[message("quote", reply = Quoted, errors = QuoteError)]
        Quote(Quote),
    }

    #[protocol(server, envelope(id = none, by_order))]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Says {
        #[message("quoted")]
        Quoted(Quoted),
    }

    #[protocol(name = "ordered", version = "1.0.0", client = Asks, server = Says)]
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Ordered;

    pub(crate) struct App;

    impl SessionHandler for App {
        type Session = ();
        async fn connected(
            &self,
            _: &handfast::server::ConnectionInfo,
        ) -> Result<(), handfast::server::Rejection> {
            Ok(())
        }
    }

    impl Handler for App {
        async fn quote(
            &self,
            _: Quote,
            _: &Context<()>,
        ) -> Result<Quoted, handfast::HandlerError<QuoteError>> {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            Ok(Quoted { price: 1 })
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_ids_replies_come_in_order() {
    simulated(async {
        let (client, mut script, mut scripts) = begin::<ordered::Ordered, ordered::Client>().await;
        let ask = |symbol: &str, patience: u64| {
            let (client, symbol) = (client.clone(), symbol.to_owned());
            tokio::spawn(async move {
                let quote = told::Quote { symbol };
                tokio::time::timeout(Duration::from_secs(patience), client.call(&quote)).await
            })
        };
        let mut calls = Vec::new();
        for (symbol, patience) in [("a", 9), ("b", 1), ("c", 9), ("d", 9), ("e", 9)] {
            calls.push(ask(symbol, patience));
            script
                .expect(&format!(
                    r#"{{"type":"quote","payload":{{"symbol":"{symbol}"}}}}"#
                ))
                .await;
        }
        // The second is given up; its place in the line stays.
        tokio::time::sleep(Duration::from_secs(2)).await;
        script.say(r#"{"type":"of.a.newer.server"}"#).await;
        for answer in [
            r#"{"type":"quoted","payload":{"price":1}}"#,
            r#"{"type":"quoted","payload":{"price":2}}"#,
            r#"{"type":"error","payload":{"code":"INTERNAL","message":"no"}}"#,
            r#"{"type":"quoted","payload":{"price":"4"}}"#,
            r#"{"type":"quoted","payload":{"price":5}}"#,
        ] {
            script.say(answer).await;
        }
        let mut told = Vec::new();
        for call in calls {
            told.push(match call.await.expect("it ends") {
                Ok(Ok(quoted)) => quoted.price.to_string(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "given up".into(),
            });
        }
        assert_eq!(
            told,
            [
                "1",
                "given up",
                "the other end replied with INTERNAL: no",
                "the reply cannot be decoded",
                "5"
            ]
        );

        // The line begins anew with each connection.
        let lost = ask("lost", 9);
        script.next().await;
        drop(script);
        let mut script = scripts.recv().await.expect("it connects again");
        script.next().await;
        script.say(READY).await;
        assert_eq!(
            lost.await.expect("it ends"),
            Ok(Err(CallError::OutcomeUnknown))
        );
        let next = ask("next", 9);
        script.next().await;
        script
            .say(r#"{"type":"quoted","payload":{"price":6}}"#)
            .await;
        let quoted = next.await.expect("it ends").expect("in time");
        assert_eq!(quoted, Ok(told::Quoted { price: 6 }));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_ids_requests_that_were_given_up_are_bounded() {
    simulated(async {
        let (connect, mut scripts) = scripted::<ordered::Ordered, ordered::Client>();
        let limits = handfast::descriptor::Limits {
            outbound: 4096,
            ..handfast::descriptor::Limits::DEFAULT
        };
        let client = tokio::spawn(connect.limits(limits).into_future());
        let mut script = scripts.recv().await.expect("it connects");
        script.next().await;
        script.say(READY).await;
        let client = client.await.expect("it ends").expect("it is let in");
        // Each keeps its place in the line, for a server that never answers.
        for _ in 0..100 {
            let quote = told::Quote { symbol: "A".into() };
            let call = tokio::time::timeout(Duration::from_millis(10), client.call(&quote));
            call.await.expect_err("nothing answers");
        }
        script.say(r#"{"type":"ping"}"#).await;
        let mut asked = 0;
        while script.next().await.contains("quote") {
            asked += 1;
        }
        assert!((10..=16).contains(&asked), "{asked}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_ids_a_refusal_waits_for_its_turn() {
    simulated(async {
        let server = ordered::Server::new(ordered::App);
        let (ours, theirs) = duplex(64);
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        let mut raw = Script(ours);
        raw.say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
            .await;
        assert!(raw.next().await.starts_with(r#"{"type":"ready""#));
        raw.say(r#"{"type":"quote","payload":{"symbol":"A"}}"#)
            .await;
        // What asks for no answer gets none: it would be taken for another's.
        raw.say(r#"{"type":"nobody.knows"}"#).await;
        raw.say(r#"no JSON"#).await;
        raw.say(r#"{"type":"quote","payload":{}}"#).await;
        let first = raw.next().await;
        assert!(first.starts_with(r#"{"type":"quoted""#), "{first}");
        let second = raw.next().await;
        assert!(second.contains(r#""code":"INVALID""#), "{second}");
    })
    .await;
}
