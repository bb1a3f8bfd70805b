//! Chat rooms and live prices over one WebSocket: a server, its page, and a client for the terminal.
//!
//! ```text
//! cargo run -p chat                              serves the page and the protocol on http://127.0.0.1:8080
//! cargo run -p chat -- --port 0                  on a free port
//! cargo run -p chat -- client ada                talks in the lobby as ada
//! cargo run -p chat -- client ada --room rust    in another room
//! ```
//!
//! `api.rs` is made from `protocol.yaml`; everything else is what an application writes itself.

mod api;
mod app;
mod market;
mod page;
mod terminal;

use app::App;
use std::{net::Ipv4Addr, process::ExitCode};
use tokio::net::TcpListener;

const USAGE: &str = "usage: chat [--port PORT]
       chat client NAME [--room ROOM] [--url ws://HOST:PORT/ws]";

enum Command {
    Serve {
        port: u16,
    },
    Talk {
        name: String,
        room: String,
        url: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match command(std::env::args().skip(1)) {
        Ok(Command::Serve { port }) => serve(port).await,
        Ok(Command::Talk { name, room, url }) => terminal::talk(&name, &room, url).await,
        Err(words) => {
            eprintln!("{words}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut port, mut name, mut room) = (8080, None, "lobby".to_owned());
    let mut url = "ws://127.0.0.1:8080/ws".to_owned();
    let mut first = true;
    while let Some(arg) = args.next() {
        let mut value = |what: &str| args.next().ok_or_else(|| format!("`{arg}` needs {what}"));
        match arg.as_str() {
            "client" if first => name = Some(value("a name")?),
            "--port" if name.is_none() => {
                let text = value("a number")?;
                port = text.parse().map_err(|_| format!("`{text}` is no port"))?;
            }
            "--room" if name.is_some() => room = value("the name of a room")?,
            "--url" if name.is_some() => url = value("an address")?,
            _ => return Err(format!("`{arg}` is not understood here")),
        }
        first = false;
    }
    Ok(match name {
        Some(name) => Command::Talk { name, room, url },
        None => Command::Serve { port },
    })
}

async fn serve(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let app = App::new();
    app.open();
    let server = api::Server::new(app);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("port {port} cannot be served: {error}"))?;
    println!("chat: http://{}", listener.local_addr()?);
    let handle = server.handle();
    let router = page::router().merge(server.router());
    handfast::server::serve(listener, router)
        .with_graceful_shutdown(async move {
            // Without a signal to wait for, the server runs until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            handle.shutdown().await;
        })
        .await?;
    Ok(())
}
