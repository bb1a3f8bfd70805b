//! What a step prints: kept until it ends where steps run side by side, so that their outputs do not mix, and otherwise printed as it comes.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::sync::{Arc, Mutex, PoisonError};

thread_local! {
    /// Where this thread's step prints, if not to the outputs of this program.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a step, and prints what it printed at the end, in one piece.
pub(crate) fn in_one_piece<T>(step: impl FnOnce() -> T) -> T {
    let kept = Kept::default();
    KEPT.set(Some(kept.clone()));
    let result = step();
    KEPT.set(None);
    let kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    // Where nobody reads it, the steps go on.
    let _ = stdout().lock().write_all(&kept);
    result
}

/// Prints a line of this thread's step.
pub(crate) fn say(line: &str) {
    match KEPT.with_borrow(Clone::clone) {
        Some(mut kept) => {
            let _ = kept.write_all(format!("{line}\n").as_bytes());
        }
        None => println!("{line}"),
    }
}

/// Whether commands print to a terminal.
pub(crate) fn is_terminal() -> bool {
    KEPT.with_borrow(Option::is_none) && stdout().is_terminal()
}

/// Where the output and the errors of a command go.
pub(crate) fn outputs() -> [Box<dyn Write + Send>; 2] {
    match KEPT.with_borrow(Clone::clone) {
        Some(kept) => [Box::new(kept.clone()), Box::new(kept)],
        None => [Box::new(stdout()), Box::new(stderr())],
    }
}

#[cfg(test)]
mod tests {
    use super::{in_one_piece, is_terminal, outputs};

    #[test]
    fn what_a_step_prints_is_kept() {
        let (kept, again) = in_one_piece(|| {
            let [mut one, mut other] = outputs();
            one.write_all(b"# this line and the next are of a test\n")
                .expect("kept");
            other.write_all(b"# in one piece\n").expect("kept");
            let kept = super::KEPT.with_borrow(Clone::clone).expect("it is kept");
            (kept, is_terminal())
        });
        let kept = kept.0.lock().expect("no panic").clone();
        assert_eq!(
            String::from_utf8_lossy(&kept),
            "# this line and the next are of a test\n# in one piece\n"
        );
        assert!(!again, "a step whose output is kept has no terminal");
        assert!(super::KEPT.with_borrow(Option::is_none));
    }
}
