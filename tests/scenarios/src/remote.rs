//! Clients that run elsewhere: in Node, and in a page of Chromium. Their orders go over a socket, and their reports come back over it.

use crate::{
    journal::{Clients, Event, Journal, Order},
    run::Platform,
    scenario::Scenario,
    suite::{Options, run_all},
};
use axum::{Router, response::Html, routing::get};
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// How long a platform may take to start.
const START: Duration = Duration::from_secs(60);

/// How long a platform may go on when all its clients are closed.
const END: Duration = Duration::from_secs(10);

/// What is sent to a platform: `end` forgets a run.
#[derive(Serialize)]
#[serde(untagged)]
enum Instruction<'a> {
    Order {
        run: &'a str,
        client: &'a str,
        #[serde(flatten)]
        order: Order,
    },
    End {
        run: &'a str,
        #[serde(rename = "do")]
        what: &'static str,
    },
}

/// What a platform reports.
#[derive(Deserialize)]
struct Report {
    run: String,
    client: String,
    #[serde(flatten)]
    event: Event,
}

/// What runs on a platform.
struct Remote {
    name: &'static str,
    orders: mpsc::UnboundedSender<String>,
    journals: Arc<Journals>,
}

#[derive(Default)]
struct Journals(Mutex<HashMap<String, Journal>>);

impl Journals {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Journal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platform for Remote {
    fn name(&self) -> &'static str {
        self.name
    }

    fn clients(&self, run: &str, journal: Journal) -> Result<Box<dyn Clients>, String> {
        self.journals.lock().insert(run.to_owned(), journal);
        Ok(Box::new(RemoteClients {
            run: run.to_owned(),
            orders: self.orders.clone(),
            journals: self.journals.clone(),
        }))
    }
}

/// The clients of one run.
struct RemoteClients {
    run: String,
    orders: mpsc::UnboundedSender<String>,
    journals: Arc<Journals>,
}

impl RemoteClients {
    fn send(&self, instruction: &Instruction<'_>) {
        if let Ok(text) = serde_json::to_string(instruction) {
            // A platform that is gone reports nothing, which is noticed.
            let _ = self.orders.send(text);
        }
    }
}

impl Clients for RemoteClients {
    fn order(&mut self, client: &str, order: Order) {
        self.send(&Instruction::Order {
            run: &self.run,
            client,
            order,
        });
    }
}

impl Drop for RemoteClients {
    fn drop(&mut self) {
        self.send(&Instruction::End {
            run: &self.run,
            what: "end",
        });
        self.journals.lock().remove(&self.run);
    }
}

/// The sources of the tests.
fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Serves the page.
async fn serve_page(folder: &Path) -> Result<SocketAddr, String> {
    let script = fs::read_to_string(folder.join("page.bundle.js"));
    let script = script.map_err(|error| error.to_string())?;
    let page = format!("<!doctype html><title>Scenarios</title><script>{script}</script>");
    let router = Router::new().route("/page", get(|| async { Html(page) }));
    let listener = listen().await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(handfast::server::serve(listener, router).into_future());
    Ok(address)
}

async fn listen() -> Result<TcpListener, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    listener.map_err(|error| error.to_string())
}

/// Runs scenarios on a platform, `node` or `chromium`. Returns how many failed.
pub(crate) async fn run(
    platform: &'static str,
    scenarios: &[Scenario],
    options: Options,
) -> Result<usize, String> {
    let folder = handfast_bundles::bundle(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let control = listen().await?;
    let address = control.local_addr().map_err(|error| error.to_string())?;
    let mut command = Command::new("node");
    match platform {
        "node" => command.arg(folder.join("node.cjs")),
        _ => {
            let page = serve_page(&folder).await?;
            let driver = tests().join("hostile-servers/js/chromium.js");
            command.arg(driver).arg(page.to_string())
        }
    };
    let child = command
        .arg(address.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let child = child.map_err(|error| error.to_string())?;
    let accepted = timeout(START, control.accept()).await;
    let (stream, _) = accepted
        .map_err(|_| format!("{platform} does not start"))?
        .map_err(|error| error.to_string())?;
    let socket = accept_async(stream).await;
    let socket = socket.map_err(|error| error.to_string())?;
    let (orders, ordered) = mpsc::unbounded_channel();
    let journals = Arc::<Journals>::default();
    let talking = tokio::spawn(talk(socket, ordered, journals.clone()));
    let remote = Remote {
        name: platform,
        orders,
        journals,
    };
    let failed = run_all(Arc::new(remote), scenarios, options).await;
    // With the last sender the conversation is over.
    talking.await.map_err(|error| error.to_string())?;
    let problems = timeout(END, end(child)).await;
    let problems = problems.map_err(|_| format!("{platform} does not end"))??;
    for problem in &problems {
        println!("{platform}: FAILED: nobody caught {problem}");
    }
    Ok(failed + problems.len())
}

async fn talk(
    socket: WebSocketStream<TcpStream>,
    mut orders: mpsc::UnboundedReceiver<String>,
    journals: Arc<Journals>,
) {
    let (mut sink, mut source) = socket.split();
    let writing = async {
        while let Some(order) = orders.recv().await {
            if sink.send(Message::text(order)).await.is_err() {
                return;
            }
        }
        // It may be closed already.
        let _ = sink.close().await;
    };
    let reading = async {
        while let Some(Ok(message)) = source.next().await {
            let Message::Text(text) = message else {
                continue;
            };
            let Ok(report) = serde_json::from_str::<Report>(&text) else {
                println!("not a report: {text}");
                continue;
            };
            if let Some(journal) = journals.lock().get(&report.run) {
                journal.add(&report.client, report.event);
            }
        }
    };
    tokio::join!(writing, reading);
}

/// Waits for the end of a platform. Returns what was not caught there.
async fn end(mut child: Child) -> Result<Vec<String>, String> {
    let out = child.stdout.take().ok_or("its output is there")?;
    let mut lines = BufReader::new(out).lines();
    let mut problems = Vec::new();
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        let line = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
        if let Some(words) = line["uncaught"].as_str() {
            problems.push(words.to_owned());
        }
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    match status.success() {
        true => Ok(problems),
        false => Err(format!("it ended with {status}")),
    }
}
