//! A server, as a process of its own would be: it can be shut down, and killed.

use crate::{
    api::{Server, ServerHandle},
    world::{App, World},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

/// A server with a runtime of its own. Dropped, it is killed.
pub(crate) struct Process {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) async fn start(world: Arc<World>) -> Result<Self, String> {
        let words = |error: std::io::Error| error.to_string();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(words)?;
        let slot = Arc::new(Mutex::new(None));
        let app = App {
            world,
            handle: slot.clone(),
        };
        let server = Server::builder(app).allow_any_origin().build();
        let handle = server.handle();
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = handle.clone();
        let (listening, address) = oneshot::channel();
        let serving = runtime.spawn(async move {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else {
                return;
            };
            // Nobody waits for it if the scenario is over.
            let _ = listening.send(listener.local_addr());
            let served = handfast::server::serve(listener, server.router())
                .with_graceful_shutdown(async move {
                    // Where there is no sender any more, the process is being killed.
                    let _ = stopped.await;
                    stopping.shutdown().await;
                })
                .await;
            drop(served);
        });
        let address = address.await.map_err(|_| "the server does not listen")?;
        Ok(Self {
            runtime: Some(runtime),
            address: address.map_err(words)?,
            handle,
            stop: Some(stop),
            serving: Some(serving),
        })
    }

    /// Shuts down gracefully. Returns when the server has ended.
    pub(crate) async fn shut_down(&mut self) -> Result<(), String> {
        // Sent once; the task that receives it runs until then.
        let _ = self.stop.take().map(|stop| stop.send(()));
        match self.serving.take() {
            Some(serving) => serving.await.map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
