//! A client that echoes, case by case, as the suite's server wants it.

use crate::{AGENT, LIMIT, Result, echo::echo, handshake};
use handfast::transport::WebSocket;
use std::{fs::File, io::Write, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::ChildStdout,
};

/// How long a case may take: the suite gives up on the slowest after 100 s.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs all cases of a suite's server, whose output is this, and has it write its reports.
pub(crate) async fn run(output: ChildStdout, mut log: File) -> Result<()> {
    let mut lines = BufReader::new(output).lines();
    let port = loop {
        let line = lines
            .next_line()
            .await?
            .ok_or("the suite's server ended; errors.txt tells why")?;
        writeln!(log, "{line}")?;
        if let Some(port) = line.strip_prefix("listening on ") {
            break port.parse()?;
        }
    };
    let logging = tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if writeln!(log, "{line}").is_err() {
                break;
            }
        }
    });
    let count = connect(port, "/getCaseCount", false).await?;
    let count: usize = count.first().ok_or("the number of cases")?.parse()?;
    for case in 1..=count {
        let path = format!("/runCase?case={case}&agent={AGENT}");
        tokio::time::timeout(PATIENCE, connect(port, &path, true))
            .await
            .map_err(|_| format!("the case with the number {case} does not end"))??;
    }
    connect(port, &format!("/updateReports?agent={AGENT}"), false).await?;
    logging.abort();
    Ok(())
}

/// Asks for a path, and answers with what comes or gives it.
async fn connect(port: u16, path: &str, answers: bool) -> Result<Vec<String>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let rest = handshake::request(&mut stream, path).await?;
    let mut transport = WebSocket::client(stream, LIMIT).unread(&rest);
    Ok(echo(&mut transport, answers).await)
}
