//! Requests from the server: a client answers them, fails them, streams, or does not answer at all.

#![cfg(all(feature = "server", feature = "client"))]

mod asking;
mod support;

use asking::{
    App, Client, ClientHandle, Confirm, ConfirmError, Confirmed, Counting, Desk, Hang, Measure,
    Measured, Order, Sample, Server, ask_client, over, raw,
};
use handfast::{
    client::State,
    server::{CallError, ConnectionInfo, StreamError},
};
use std::sync::atomic::Ordering;
use support::{Script, faulty::Network, simulated};

async fn start() -> (App, Desk, Client, ClientHandle) {
    let app = App::new();
    let server = Server::new(app.clone());
    let desk = Desk::new();
    let client = over(&server, desk.clone()).await;
    let handle = ask_client(&server).await;
    (app, desk, client, handle)
}

#[tokio::test(start_paused = true)]
async fn a_client_replies_or_fails_with_a_declared_error() {
    simulated(async {
        let (_app, _server, _client, handle) = start().await;
        assert_eq!(
            handle
                .confirm(Confirm {
                    text: "yes?".into()
                })
                .await,
            Ok(Confirmed { yes: true })
        );
        assert_eq!(
            handle.confirm(Confirm { text: "no?".into() }).await,
            Err(CallError::Declared(ConfirmError::Refused))
        );
        assert_eq!(
            handle
                .confirm(Confirm {
                    text: "later?".into()
                })
                .await,
            Err(CallError::Declared(ConfirmError::Later(
                asking::LaterData { minutes: 5 }
            )))
        );
        let invalid = handle
            .confirm(Confirm {
                text: String::new(),
            })
            .await;
        assert!(matches!(invalid, Err(CallError::Invalid(_))), "{invalid:?}");
        for text in ["panic", "fail", "invalid"] {
            let Err(CallError::Remote(error)) = handle.confirm(Confirm { text: text.into() }).await
            else {
                panic!("{text}");
            };
            assert_eq!(error.code.borrow().to_string(), "INTERNAL");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_does_not_come_is_a_timeout() {
    simulated(async {
        let (_app, _server, _client, handle) = start().await;
        assert_eq!(
            handle.hang(Hang { abort: false }).await,
            Err(CallError::Timeout)
        );
        // The handler was cancelled by nothing but its own limit, and the next request is answered.
        assert!(
            handle
                .confirm(Confirm {
                    text: "yes?".into()
                })
                .await
                .is_ok()
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn requests_run_beside_each_other() {
    simulated(async {
        let (app, _server, client, handle) = start().await;
        let hanging = tokio::spawn({
            let handle = handle.clone();
            async move { handle.hang(Hang { abort: false }).await }
        });
        tokio::task::yield_now().await;
        let many = (0..100).map(|_| {
            handle.confirm(Confirm {
                text: "yes?".into(),
            })
        });
        for reply in futures_util::future::join_all(many).await {
            assert_eq!(reply, Ok(Confirmed { yes: true }));
        }
        // A handler asks its own client, while messages of it are queued.
        let orders = (0..20).map(|_| {
            client.order(Order {
                text: "yes?".into(),
            })
        });
        for reply in futures_util::future::join_all(orders).await {
            assert!(reply.expect("it is answered").done);
        }
        assert_eq!(app.orders.load(Ordering::Relaxed), 20);
        assert!(matches!(hanging.await, Ok(Err(CallError::Timeout))));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_streams_to_the_server() {
    simulated(async {
        let (_app, desk, _client, handle) = start().await;
        let mut samples = handle
            .measure(Measure { count: 3 })
            .await
            .expect("it begins");
        assert_eq!(samples.ack(), Some(&asking::Measuring {}));
        for n in 0..3 {
            assert_eq!(samples.next().await, Some(Ok(Sample { n })));
        }
        assert_eq!(samples.next().await, None);
        assert_eq!(samples.end(), Some(&Measured { total: 3 }));
        let refused = handle.measure(Measure { count: -1 }).await.map(|_| ());
        assert!(
            matches!(refused, Err(CallError::Declared(_))),
            "{refused:?}"
        );
        // A stream without an acknowledgement and without an end.
        let mut counts = handle
            .counting(Counting { from: 5 })
            .await
            .expect("it begins");
        for n in 5..100 {
            assert_eq!(counts.next().await, Some(Ok(asking::Counted { n })));
        }
        drop(counts);
        // Dropping it cancels it: its handler is dropped, too.
        desk.cancelled.notified().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_the_loss_of_a_connection() {
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let network = Network::new();
        let desk = Desk::new();
        let client = Client::over_with(
            {
                let (network, server) = (network.clone(), server.clone());
                move || {
                    let (ours, theirs) = network.connect(usize::MAX);
                    let server = server.clone();
                    tokio::spawn(
                        async move { server.serve(theirs, ConnectionInfo::default()).await },
                    );
                    async { Ok::<_, std::convert::Infallible>(ours) }
                }
            },
            desk.clone(),
        )
        .await
        .expect("it connects");
        let handle = ask_client(&server).await;
        // One is being handled while the connection is lost, and one is sent without a connection.
        let first = tokio::spawn({
            let handle = handle.clone();
            async move {
                handle
                    .confirm(Confirm {
                        text: "wait".into(),
                    })
                    .await
            }
        });
        desk.began.notified().await;
        network.cut();
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        let second = tokio::spawn({
            let handle = handle.clone();
            async move {
                handle
                    .confirm(Confirm {
                        text: "yes?".into(),
                    })
                    .await
            }
        });
        desk.gate.add_permits(1);
        assert_eq!(first.await.expect("it ends"), Ok(Confirmed { yes: true }));
        assert_eq!(second.await.expect("it ends"), Ok(Confirmed { yes: true }));
        assert_eq!(network.connections(), 2);
        assert_eq!(desk.confirmed.load(Ordering::Relaxed), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_fails_with_its_session() {
    simulated(async {
        let (_app, desk, client, handle) = start().await;
        let pending = tokio::spawn({
            let handle = handle.clone();
            async move {
                handle
                    .confirm(Confirm {
                        text: "wait".into(),
                    })
                    .await
            }
        });
        desk.began.notified().await;
        handle.kick("enough");
        assert_eq!(
            pending.await.expect("it ends"),
            Err(CallError::OutcomeUnknown)
        );
        client
            .wait_for_state(
                |state| matches!(state, State::Closed(Some(frame)) if frame.code == 4403),
            )
            .await;
        let late = handle
            .confirm(Confirm {
                text: "yes?".into(),
            })
            .await;
        assert_eq!(late, Err(CallError::Closed));
    })
    .await;
}

/// A server that shuts down still reads the answer that a handler waits for.
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_an_answer() {
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let desk = Desk::new();
        let client = over(&server, desk.clone()).await;
        let order = tokio::spawn(async move {
            client
                .order(Order {
                    text: "wait".into(),
                })
                .await
        });
        desk.began.notified().await;
        let handle = server.handle();
        let shutdown = tokio::spawn(async move { handle.shutdown().await });
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        desk.gate.add_permits(1);
        assert!(order.await.expect("it ends").expect("it is answered").done);
        shutdown.await.expect("it ends");
    })
    .await;
}

/// Many clients, each asked by the handlers of its own requests and from outside, over connections that are lost.
#[tokio::test(start_paused = true)]
async fn no_answer_is_lost_or_confused() {
    let seed = 11;
    println!("seed {seed}");
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let (network, desk) = (Network::new(), Desk::new());
        let random = std::sync::Mutex::new(support::random::Random::new(seed));
        let first = std::sync::atomic::AtomicBool::new(true);
        let client = Client::over_with(
            {
                let (network, server) = (network.clone(), server.clone());
                move || {
                    let mut random = random.lock().expect("it is whole");
                    let most = [6, 20, 60, 200][random.below(4)];
                    let packets = match first.swap(false, Ordering::Relaxed) {
                        true => 100,
                        false => random.below(most),
                    };
                    let (ours, theirs) = network.connect(packets);
                    let server = server.clone();
                    tokio::spawn(
                        async move { server.serve(theirs, ConnectionInfo::default()).await },
                    );
                    async { Ok::<_, std::convert::Infallible>(ours) }
                }
            },
            desk.clone(),
        )
        .await
        .expect("it connects");
        let handle = ask_client(&server).await;
        for n in 0..200 {
            let measured = async {
                let mut samples = handle
                    .measure(Measure { count: n % 7 })
                    .await
                    .expect("it begins");
                for expected in 0..n % 7 {
                    assert_eq!(samples.next().await, Some(Ok(Sample { n: expected })));
                }
                assert_eq!(samples.next().await, None);
            };
            let text = || if n % 2 == 0 { "yes?" } else { "no?" }.to_owned();
            let (confirmed, order, ()) = tokio::join!(
                handle.confirm(Confirm { text: text() }),
                client.order(Order {
                    text: "yes?".into()
                }),
                measured,
            );
            let expected = match n % 2 {
                0 => Ok(Confirmed { yes: true }),
                _ => Err(CallError::Declared(ConfirmError::Refused)),
            };
            assert_eq!(confirmed, expected, "{n}");
            assert!(order.expect("it is answered").done, "{n}");
        }
        println!("{} connections", network.connections());
        assert!(network.connections() > 20, "{}", network.connections());
        assert_eq!(desk.confirmed.load(Ordering::Relaxed), 300);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_the_server_fails_with_its_session() {
    simulated(async {
        let (_app, _server, client, handle) = start().await;
        let mut counts = handle
            .counting(Counting { from: 0 })
            .await
            .expect("it begins");
        assert!(counts.next().await.is_some());
        client.close().await;
        let last = loop {
            match counts.next().await {
                Some(Ok(_)) => {}
                other => break other,
            }
        };
        assert_eq!(
            last,
            Some(Err(StreamError::Closed(CallError::OutcomeUnknown)))
        );
    })
    .await;
}

async fn asked_for(client: &mut Script, text: &str, id: &str) {
    let request = client.next().await;
    let expected = format!(r#"{{"type":"confirm","payload":{{"text":"{text}"}},"id":"{id}""#);
    assert!(request.starts_with(&expected), "{request}");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_answers_wrongly_is_an_error() {
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let mut client = raw(&server).await;
        let handle = ask_client(&server).await;
        let ask = |text: &str| {
            let (handle, text) = (handle.clone(), text.to_owned());
            tokio::spawn(async move { handle.confirm(Confirm { text }).await })
        };
        // An answer that is invalid.
        let asked = ask("a");
        asked_for(&mut client, "a", "1").await;
        client.say(r#"{"type":"confirmed","payload":{"yes":1},"id":"1"}"#).await;
        assert!(matches!(asked.await, Ok(Err(CallError::Decode(_)))));
        let error = client.next().await;
        assert!(error.contains(r#""code":"INVALID""#) && !error.contains(r#""id""#), "{error}");
        // The reply to another request.
        let asked = ask("b");
        asked_for(&mut client, "b", "2").await;
        client.say(r#"{"type":"measured","payload":{"total":1},"id":"2"}"#).await;
        assert_eq!(asked.await.expect("it ends"), Err(CallError::UnexpectedReply));
        assert!(client.next().await.contains(r#""code":"ENVELOPE""#));
        // An error that is not declared, and a second answer, which is ignored.
        let asked = ask("c");
        client.next().await;
        client.say(r#"{"type":"error","payload":{"code":"ODD","message":"odd"},"id":"3"}"#).await;
        client.say(r#"{"type":"confirmed","payload":{"yes":true},"id":"3"}"#).await;
        let Ok(Err(CallError::Remote(error))) = asked.await else {
            panic!("it fails");
        };
        assert_eq!(error.code.borrow().to_string(), "ODD");
        // A declared error whose data is invalid is not declared.
        let asked = ask("d");
        client.next().await;
        client.say(r#"{"type":"error","payload":{"code":"LATER","message":"","data":{"minutes":"x"}},"id":"4"}"#).await;
        assert!(matches!(asked.await, Ok(Err(CallError::Remote(_)))));
        // Answers to what was never asked are bad messages.
        let closes = async {
            for n in ["9", "0", "x", "-1", "05"] {
                client.say(&format!(r#"{{"type":"confirmed","payload":{{"yes":true}},"id":"{n}"}}"#)).await;
                let error = client.next().await;
                assert!(error.contains(r#""code":"ENVELOPE""#), "{error}");
            }
            client.next().await
        };
        assert!(closes.await.contains("1008"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_costs_bounded_memory() {
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let mut client = raw(&server).await;
        let handle = ask_client(&server).await;
        let text = "x".repeat(50_000);
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let (handle, text) = (handle.clone(), text.clone());
                tokio::spawn(async move { handle.confirm(Confirm { text }).await })
            })
            .collect();
        // `limits.outbound` is 1 MiB: no more than 20 of them are sent.
        let mut received = 0;
        let count = async {
            loop {
                let message = client.next().await;
                if message.starts_with(r#"{"type":"confirm""#) {
                    received += 1;
                } else {
                    client.say(r#"{"type":"pong"}"#).await;
                }
            }
        };
        let all = async {
            for call in calls {
                assert!(matches!(call.await, Ok(Err(CallError::Timeout))));
            }
        };
        tokio::select! {
            () = count => {}
            () = all => {}
        }
        assert!((1..=20).contains(&received), "{received}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_refuses_what_it_cannot_handle() {
    simulated(async {
        let (ends, mut dialled) = tokio::sync::mpsc::unbounded_channel();
        let connecting = tokio::spawn(async move {
            Client::over_with(
                move || {
                    let (ours, theirs) = handfast::transport::duplex(64);
                    let _ = ends.send(theirs);
                    async { Ok::<_, std::convert::Infallible>(ours) }
                },
                Desk::new(),
            )
            .await
        });
        let mut server = Script(dialled.recv().await.expect("it dials"));
        server.next().await;
        server.say(r#"{"type":"ready","payload":{"version":"1.0.0","session":"s"}}"#).await;
        let client = connecting.await.expect("it ends").expect("it is ready");
        server.say(r#"{"type":"confirm","payload":{"text":""},"id":"1"}"#).await;
        let error = server.next().await;
        assert!(error.starts_with(r#"{"type":"error","payload":{"code":"INVALID""#), "{error}");
        assert!(error.ends_with(r#""id":"1"}"#), "{error}");
        server.say(r#"{"type":"newer","id":"2"}"#).await;
        server
            .expect(r#"{"type":"error","payload":{"code":"UNKNOWN_TYPE","message":"no message has this type"},"id":"2"}"#)
            .await;
        server.say(r#"{"type":"counting","payload":{"from":1},"id":"3"}"#).await;
        server.expect(r#"{"type":"counted","payload":{"n":1},"id":"3"}"#).await;
        server.say(r#"{"type":"counting","payload":{"from":1},"id":"3"}"#).await;
        let mut repeated = server.next().await;
        while repeated.contains("counted") {
            repeated = server.next().await;
        }
        assert!(repeated.contains("ID_REUSED"), "{repeated}");
        // A request of the server does not complete one of the client with the same id.
        let order = tokio::spawn({
            let client = client.clone();
            async move { client.order(Order { text: "a".into() }).await }
        });
        let mut sent = server.next().await;
        while sent.contains("counted") {
            sent = server.next().await;
        }
        assert_eq!(sent, r#"{"type":"order","payload":{"text":"a"},"id":"1"}"#);
        server.say(r#"{"type":"confirm","payload":{"text":"yes?"},"id":"1"}"#).await;
        let mut sent = server.next().await;
        while sent.contains("counted") {
            sent = server.next().await;
        }
        assert_eq!(sent, r#"{"type":"confirmed","payload":{"yes":true},"id":"1"}"#);
        // Nor does one of a newer server, of which the client knows nothing but the id.
        server.say(r#"{"type":"newer","payload":{"text":"a"},"id":"1"}"#).await;
        let mut sent = server.next().await;
        while sent.contains("counted") {
            sent = server.next().await;
        }
        assert_eq!(sent, r#"{"type":"error","payload":{"code":"UNKNOWN_TYPE","message":"no message has this type"},"id":"1"}"#);
        server.say(r#"{"type":"ordered","payload":{"done":true},"id":"1"}"#).await;
        assert!(order.await.expect("it ends").is_ok());
        client.close().await;
    })
    .await;
}

/// Handlers and queued answers end with their session: the ids of the next one mean other requests.
#[tokio::test(start_paused = true)]
async fn answers_are_not_sent_to_another_session() {
    simulated(async {
        let (ends, mut dialled) = tokio::sync::mpsc::unbounded_channel();
        let desk = Desk::new();
        let connecting = tokio::spawn({
            let desk = desk.clone();
            async move {
                Client::over_with(
                    move || {
                        let (ours, theirs) = handfast::transport::duplex(64);
                        let _ = ends.send(theirs);
                        async { Ok::<_, std::convert::Infallible>(ours) }
                    },
                    desk,
                )
                .await
            }
        });
        let ready = r#"{"type":"ready","payload":{"version":"1.0.0","session":"s"}}"#;
        let mut server = Script(dialled.recv().await.expect("it dials"));
        server.next().await;
        server.say(ready).await;
        let client = connecting.await.expect("it ends").expect("it is ready");
        server
            .say(r#"{"type":"confirm","payload":{"text":"wait"},"id":"1"}"#)
            .await;
        desk.began.notified().await;
        drop(server);
        let mut server = Script(dialled.recv().await.expect("it dials"));
        server.next().await;
        server.say(ready).await;
        client
            .wait_for_state(|state| *state == State::Connected)
            .await;
        desk.gate.add_permits(1);
        server
            .say(r#"{"type":"confirm","payload":{"text":"no?"},"id":"1"}"#)
            .await;
        let answer = server.next().await;
        assert!(answer.contains(r#""code":"REFUSED""#), "{answer}");
        client.close().await;
        assert!(server.next().await.contains("1000"));
    })
    .await;
}

/// A protocol whose server asks nothing is connected without handlers.
#[tokio::test(start_paused = true)]
async fn a_protocol_without_requests_needs_no_handlers() {
    simulated(async {
        let client = asking::plain::connect().await;
        assert!(matches!(client.state(), State::Connected));
    })
    .await;
}
