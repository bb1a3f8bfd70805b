//! The servers. Each runs in a process of its own, with one thread for everything.

mod axum;
mod by_hand;
mod handfast;
mod room;
mod socketioxide;
mod tungstenite;
mod yawc;

use crate::Allocated;
use std::{
    error::Error,
    future::Future,
    io::{BufRead, Write},
    net::{Ipv4Addr, SocketAddr},
};
use tokio::net::{TcpListener, TcpSocket};

type Failure = Box<dyn Error + Send + Sync>;

/// Serves until the standard input ends.
pub(crate) fn serve(name: &str, allocated: Allocated) -> Result<bool, Box<dyn Error>> {
    std::thread::spawn(move || control(allocated));
    match name {
        "tungstenite-each" => on_tokio(tungstenite::each()),
        "tungstenite-batches" => on_tokio(tungstenite::batches()),
        "socketioxide" => on_tokio(socketioxide::serve()),
        "yawc" => on_tokio(yawc::serve()),
        "axum" => on_tokio(axum::serve()),
        "by-hand" => by_hand::serve(),
        "handfast" => on_tokio(handfast::serve()),
        _ => return Err(format!("there is no server `{name}`").into()),
    }
    .map_err(|error| error as Box<dyn Error>)?;
    Ok(true)
}

fn on_tokio(server: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(server)
}

async fn listen() -> Result<TcpListener, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let listener = socket.listen(4096)?;
    announce(listener.local_addr()?);
    Ok(listener)
}

fn announce(address: SocketAddr) {
    println!("port {}", address.port());
    let _ = std::io::stdout().flush();
}

/// Answers `memory`, and ends the program with the standard input.
fn control(allocated: Allocated) {
    for line in std::io::stdin().lock().lines() {
        if line.is_err() {
            break;
        }
        let allocated = allocated().map_or("-".to_owned(), |bytes| bytes.to_string());
        println!("memory {} {allocated}", resident().unwrap_or_default());
        let _ = std::io::stdout().flush();
    }
    std::process::exit(0);
}

/// The resident memory of this process, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
