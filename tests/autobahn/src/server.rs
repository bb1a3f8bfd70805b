//! A server that echoes.

use crate::{LIMIT, Result, echo::echo, handshake};
use handfast::transport::WebSocket;
use std::net::SocketAddr;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A server that ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

pub(crate) async fn start() -> Result<Server> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Err(error) = serve(stream).await {
                    eprintln!("the server: {error}");
                }
            });
        }
    });
    Ok(Server { address, accepting })
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let rest = handshake::accept(&mut stream).await?;
    let mut transport = WebSocket::server(stream, LIMIT).unread(&rest);
    echo(&mut transport, true).await;
    Ok(())
}
