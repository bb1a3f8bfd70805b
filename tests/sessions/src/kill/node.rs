//! The TypeScript clients, in one process of Node.

use super::report::Report;
use std::{net::SocketAddr, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc::UnboundedSender,
    task::JoinHandle,
};

/// The process. It is killed when this is dropped.
pub(crate) struct Node {
    child: Child,
    pub(crate) pid: u32,
    input: Option<ChildStdin>,
    reading: JoinHandle<Result<(), String>>,
}

impl Node {
    pub(crate) fn start(
        folder: &Path,
        address: SocketAddr,
        clients: usize,
        reports: UnboundedSender<Report>,
    ) -> Result<Self, String> {
        let mut child = Command::new("node")
            .arg(folder.join("node.cjs"))
            .args([address.to_string(), clients.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`node` does not run: {error}"))?;
        let pid = child.id().ok_or("Node ended at once")?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("its output is there")?;
        let reading = tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
                // The test may have ended with an error.
                let _ = reports.send(Report::parse(&line)?);
            }
            Ok(())
        });
        Ok(Self {
            child,
            pid,
            input,
            reading,
        })
    }

    pub(crate) async fn say(&mut self, line: &str) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("its input is there")?;
        let written = input.write_all(format!("{line}\n").as_bytes()).await;
        written.map_err(|error| format!("Node does not listen: {error}"))
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> Result<(), String> {
        self.input = None;
        let read = (&mut self.reading).await;
        read.map_err(|error| error.to_string())??;
        let status = self.child.wait().await.map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("Node ended with {status}")),
        }
    }
}
