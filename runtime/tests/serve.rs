//! `server::serve`: what is asked slowly, answered to nobody, or still under way when the end comes.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;

use axum::{Router, body::Body, routing::get, routing::post};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use handfast::server::serve;
use std::{
    convert::Infallible,
    future::IntoFuture,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// How much a big answer has: more than the buffers of any system hold.
const BIG: usize = 64 * 1024 * 1024;

/// Serves until the sender says so, or is dropped.
async fn start(
    router: Router,
) -> (
    SocketAddr,
    oneshot::Sender<()>,
    JoinHandle<std::io::Result<()>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopped.await;
    });
    (address, stop, tokio::spawn(serving.into_future()))
}

async fn ask(address: SocketAddr, request: &str) -> TcpStream {
    let mut tcp = TcpStream::connect(address).await.expect("it listens");
    tcp.write_all(request.as_bytes()).await.expect("it is open");
    tcp
}

/// Runs a test in which minutes pass: one that hangs fails.
async fn late(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(600), test)
        .await
        .expect("the test ends");
}

/// Lets time pass that nobody waits for.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::sleep(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    late(async {
        let big = Router::new().route("/big", get(async || vec![b'x'; BIG]));
        let (address, _stop, _) = start(big).await;
        let mut tcp = ask(address, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut begin = [0; 12];
        tcp.read_exact(&mut begin).await.expect("it answers");
        pass(Duration::from_secs(31)).await;
        let mut rest = Vec::new();
        let _ = tcp.read_to_end(&mut rest).await;
        assert!(rest.len() < BIG, "all of it came");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    late(async {
        let echo = Router::new().route("/echo", post(async |body: String| body));
        let (address, _stop, _) = start(echo).await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
        let mut tcp = ask(address, head).await;
        tcp.write_all(b"x").await.expect("it is open");
        pass(Duration::from_secs(31)).await;
        let mut rest = String::new();
        let _ = tcp.read_to_string(&mut rest).await;
        assert!(!rest.contains(" 200 "), "{rest}");
        // One that comes is taken.
        let head =
            "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\n";
        let mut tcp = ask(address, head).await;
        tcp.write_all(b"abc").await.expect("it is open");
        let mut rest = String::new();
        tcp.read_to_string(&mut rest).await.expect("it answers");
        assert!(rest.contains(" 200 ") && rest.ends_with("abc"), "{rest}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_under_way_is_finished_in_a_graceful_end() {
    late(async {
        let (parts, receiver) = mpsc::channel::<&str>(1);
        let receiver = Arc::new(Mutex::new(Some(receiver)));
        let slow = move || {
            let parts = receiver.lock().expect("it is whole").take();
            let parts = futures_util::stream::unfold(parts, async |parts| {
                let mut parts = parts?;
                let part = parts.recv().await?;
                Some((Ok::<_, Infallible>(Bytes::from(part)), Some(parts)))
            });
            async move { Body::from_stream(parts) }
        };
        let (address, stop, serving) = start(Router::new().route("/slow", get(slow))).await;
        let mut tcp = ask(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        parts.send("begin").await.expect("it is answered");
        let mut all = String::new();
        let mut buffer = [0; 1024];
        while !all.contains("begin") {
            let read = tcp.read(&mut buffer).await.expect("it is open");
            all.push_str(std::str::from_utf8(&buffer[..read]).expect("it is text"));
        }
        stop.send(()).expect("it serves");
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        pass(Duration::from_secs(5)).await;
        parts.send("end").await.expect("it is answered still");
        drop(parts);
        tcp.read_to_string(&mut all).await.expect("it is finished");
        assert!(all.contains("end") && all.ends_with("0\r\n\r\n"), "{all}");
        serving.await.expect("it ends").expect("it served");
    })
    .await;
}

/// A session that waits to be resumed has no connection: another one is accepted, and resumes it.
#[tokio::test]
async fn a_session_without_a_connection_is_not_counted_as_one() {
    late(async {
        let server = chat::Server::new(chat::App::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let serving = tokio::spawn(serve(listener, server.router()).connections(1).into_future());
        let hello = |resume: &str| {
            format!(r#"{{"type":"hello","payload":{{"version":"1.2.0","auth":{{"name":"ada"}},"resume":{resume}}}}}"#)
        };
        let (mut socket, ready) = enter(address, hello("{}")).await;
        assert!(ready.contains(r#""received":0"#), "{ready}");
        let (_, token) = ready.split_once(r#""session":""#).expect("it has one");
        let (token, _) = token.split_once('"').expect("it ends");
        // Without a close frame.
        socket.get_mut().shutdown().await.expect("it is open");
        drop(socket);
        let resume = format!(r#"{{"session":"{token}","received":0}}"#);
        let resumed = enter(address, hello(&resume));
        let (_, ready) = tokio::time::timeout(Duration::from_secs(10), resumed)
            .await
            .expect("it is accepted");
        assert!(ready.contains(r#""resumed":true"#), "{ready}");
        serving.abort();
    })
    .await;
}

/// Connects and says hello. Returns the answer.
async fn enter(address: SocketAddr, hello: String) -> (WebSocketStream<TcpStream>, String) {
    let tcp = TcpStream::connect(address).await.expect("it listens");
    let url = format!("ws://{address}/ws");
    let (mut socket, _) = tokio_tungstenite::client_async(url, tcp)
        .await
        .expect("it is served");
    socket.send(Message::text(hello)).await.expect("it is open");
    let ready = socket
        .next()
        .await
        .expect("it answers")
        .expect("it is open");
    (socket, ready.to_string())
}
