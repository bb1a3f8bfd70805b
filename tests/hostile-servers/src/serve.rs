//! The server of all scenarios: `/NAME?run=ID` is the WebSocket of one, `/seen` and `/release` are for those who drive it.

use crate::{
    list::{Scenario, Upgrade},
    record::Run,
    script,
};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// How many bytes the system holds of a connection for reading.
const BUFFER: u32 = 16 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The largest head of a request.
const HEAD: usize = 16 * 1024;

/// How long a server that does not answer an upgrade keeps the connection.
const HANG: Duration = Duration::from_secs(30);

/// A page that runs the driver for browsers.
const PAGE: &str =
    "<!doctype html><meta charset=utf-8><title>driver</title><script src=/driver.js></script>";

pub(crate) struct Server {
    scenarios: Vec<&'static Scenario>,
    runs: Mutex<HashMap<String, Arc<Run>>>,
    /// The script of the page.
    driver: String,
}

/// Serves on a port of its own for as long as the program runs.
pub(crate) async fn start(
    scenarios: Vec<&'static Scenario>,
    driver: String,
) -> io::Result<(Arc<Server>, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server {
        scenarios,
        runs: Mutex::default(),
        driver,
    });
    tokio::spawn(accept(listener, server.clone()));
    Ok((server, address))
}

async fn accept(listener: TcpListener, server: Arc<Server>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Small messages should not wait for others; where it cannot be set, they do.
        let _ = stream.set_nodelay(true);
        tokio::spawn(server.clone().connection(stream));
    }
}

impl Server {
    /// A run, which begins when it is first asked for.
    pub(crate) fn run(&self, id: &str) -> Arc<Run> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.entry(id.to_owned()).or_default().clone()
    }

    /// Forgets a run, so that it begins anew.
    pub(crate) fn forget(&self, id: &str) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.remove(id);
    }

    async fn connection(self: Arc<Self>, mut stream: TcpStream) {
        let mut unread = Vec::new();
        let Some(head) = head(&mut stream, &mut unread).await else {
            return;
        };
        let target = head.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let of = |name: &str| {
            let pair = query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.unwrap_or_default()
        };
        let run = self.run(of("run"));
        let name = path.trim_start_matches('/');
        if let Some(scenario) = self.scenarios.iter().find(|scenario| scenario.name == name) {
            let number = run.connected();
            upgraded(stream, unread, &head, scenario, run.clone(), number).await;
            run.ended();
            return;
        }
        let (content, body) = match path {
            "/seen" => ("application/json", run.to_json().to_string()),
            "/release" => {
                run.release(of("name"));
                ("application/json", "{}".to_owned())
            }
            "/page" => ("text/html", PAGE.to_owned()),
            "/driver.js" => ("text/javascript", self.driver.clone()),
            "/scenarios.json" => ("application/json", crate::list::TEXT.to_owned()),
            _ => ("text/plain", "there is no such page".to_owned()),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        // Where nobody waits for it any more, it is not written.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// The head of a request; what came behind it stays unread.
async fn head(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = unread.windows(4).position(|at| at == b"\r\n\r\n") {
            let head: Vec<u8> = unread.drain(..end + 4).collect();
            return String::from_utf8(head).ok();
        }
        match stream.read_buf(unread).await {
            Ok(1..) if unread.len() < HEAD => {}
            _ => return None,
        }
    }
}

async fn upgraded(
    mut stream: TcpStream,
    unread: Vec<u8>,
    head: &str,
    scenario: &'static Scenario,
    run: Arc<Run>,
    number: usize,
) {
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let upgrades = &scenario.server.upgrade;
    let upgrade = upgrades.get(number).or(upgrades.last());
    if let Some(Upgrade::Hold) = upgrade {
        let mut released = run.released.subscribe();
        // The sender lives as long as the run.
        let _ = released
            .wait_for(|released| released.contains("upgrade"))
            .await;
    }
    let answer = match upgrade {
        None | Some(Upgrade::Good | Upgrade::Hold) => {
            let accept =
                derive_accept_key(header("sec-websocket-key").unwrap_or_default().as_bytes());
            let protocol = header("sec-websocket-protocol").unwrap_or_default();
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
            )
        }
        Some(Upgrade::Status(status)) => {
            format!(
                "HTTP/1.1 {status} No\r\nContent-Length: 10\r\nConnection: close\r\n\r\nnot today\n"
            )
        }
        Some(Upgrade::Cut) => return,
        Some(Upgrade::Hang) => {
            let mut rest = Vec::new();
            let gone = async { while let Ok(1..) = stream.read_buf(&mut rest).await {} };
            // Until the client gives up.
            let _ = timeout(HANG, gone).await;
            return;
        }
    };
    if stream.write_all(answer.as_bytes()).await.is_ok() && answer.starts_with("HTTP/1.1 101") {
        script::serve(stream, unread, &scenario.server, run, number).await;
    }
}
