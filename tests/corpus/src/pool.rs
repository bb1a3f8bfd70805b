//! Runs schemas in processes, some at a time.

use crate::Result;
use crate::one::{Job, Outcome};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a schema may take before its process is ended.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many processes run at a time.
pub(crate) fn width() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// The outcomes of jobs, in their order.
///
/// # Errors
/// Where no process can be started.
pub(crate) fn run(jobs: &[Job]) -> Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..width() {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else {
                        return;
                    };
                    let outcome = one(job).map_err(|error| error.to_string());
                    if sender.send((at, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut outcomes = vec![Outcome::default(); jobs.len()];
        let start = Instant::now();
        for (done, (at, outcome)) in receiver.iter().enumerate() {
            outcomes[at] = outcome?;
            if (done + 1) % 100 == 0 || done + 1 == jobs.len() {
                eprintln!("{} of {} in {:.0?}", done + 1, jobs.len(), start.elapsed());
            }
        }
        Ok(outcomes)
    })
}

fn one(job: &Job) -> Result<Outcome> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--one")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut to = child.stdin.take().ok_or("a process without input")?;
    let mut from = child.stdout.take().ok_or("a process without output")?;
    let mut errors = child.stderr.take().ok_or("a process without errors")?;
    let text = serde_json::to_vec(job)?;
    // A process that falls closes its pipes.
    let writer = thread::spawn(move || to.write_all(&text).ok());
    let reader = thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).ok();
        text
    });
    let complaints = thread::spawn(move || {
        let mut bytes = Vec::new();
        errors.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let ended = wait(&mut child)?;
    writer.join().ok();
    let said = reader.join().unwrap_or_default();
    let complaint = complaints.join().unwrap_or_default();
    if ended.is_empty() {
        return Ok(serde_json::from_str(&said)?);
    }
    let why: Vec<&str> = complaint.lines().take(3).collect();
    Ok(Outcome {
        fell: Some(format!("{ended}: {}", why.join(" "))),
        ..Outcome::default()
    })
}

/// Waits for a process; returns how it ended, if it failed.
fn wait(child: &mut Child) -> Result<String> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() {
                String::new()
            } else {
                status.to_string()
            });
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(format!("ended after {PATIENCE:?}"));
        }
        thread::sleep(Duration::from_millis(2));
    }
}
