//! The TypeScript clients, in one process of Node.

use super::report::Report;
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc::UnboundedSender,
    task::JoinHandle,
};

/// The sources of this crate.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Generates the TypeScript of the protocol, and bundles it with the clients.
pub(crate) async fn bundle() -> Result<PathBuf, String> {
    let words = |error: io::Error| error.to_string();
    let program = std::env::current_exe().map_err(words)?;
    let target = program.parent().and_then(Path::parent).unwrap_or(here());
    let folder = target.join("sessions");
    let (outputs, ..) = handfast_codegen::Generator::new(here().join("protocol.yaml"))
        .prepare()
        .map_err(|error| format!("{error:?}"))?;
    for output in outputs {
        let path = folder.join(output.path);
        fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(words)?;
        fs::write(path, output.text).map_err(words)?;
    }
    let status = Command::new("node")
        .arg(here().join("js/build.js"))
        .arg(&folder)
        .status()
        .await;
    match status {
        Ok(status) if status.success() => Ok(folder),
        Ok(status) => Err(format!(
            "the clients cannot be bundled: {status}; run `npm ci --prefix tests/typescript`"
        )),
        Err(error) => Err(format!("`node` does not run: {error}")),
    }
}

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
            .arg(folder.join("clients.cjs"))
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
