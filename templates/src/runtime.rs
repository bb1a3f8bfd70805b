//! The TypeScript runtime, as files.

/// Every file of the TypeScript runtime: its path beside the output, and its text.
pub fn runtime() -> &'static [(&'static str, &'static str)] {
    &RUNTIME
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../typescript/runtime/", $path)))),*]
    };
}

static RUNTIME: [(&str, &str); 41] = files![
    "handfast.ts",
    "handfast/address.ts",
    "handfast/automaton.ts",
    "handfast/backoff.ts",
    "handfast/channels.ts",
    "handfast/client.ts",
    "handfast/clock.ts",
    "handfast/close-codes.ts",
    "handfast/options.ts",
    "handfast/connection.ts",
    "handfast/decode.ts",
    "handfast/descriptor.ts",
    "handfast/dispatch.ts",
    "handfast/encoder.ts",
    "handfast/encoding.ts",
    "handfast/envelope.ts",
    "handfast/errors.ts",
    "handfast/evaluated.ts",
    "handfast/events.ts",
    "handfast/format.ts",
    "handfast/idna.ts",
    "handfast/listeners.ts",
    "handfast/memoize.ts",
    "handfast/outbound.ts",
    "handfast/regex.ts",
    "handfast/report.ts",
    "handfast/result.ts",
    "handfast/rules.ts",
    "handfast/sequence.ts",
    "handfast/session.ts",
    "handfast/standard.ts",
    "handfast/state.ts",
    "handfast/stream.ts",
    "handfast/subscription.ts",
    "handfast/transport.ts",
    "handfast/unicode.ts",
    "handfast/uri.ts",
    "handfast/url.ts",
    "handfast/validators.ts",
    "handfast/wake.ts",
    "handfast/warnings.ts",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, io, path::Path};

    fn list(folder: &Path, prefix: &str, all: &mut BTreeSet<String>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                list(&entry.path(), &format!("{name}/"), all)?;
            } else if name != "README.md" {
                all.insert(name);
            }
        }
        Ok(())
    }

    #[test]
    fn no_file_is_forgotten() -> io::Result<()> {
        let mut there = BTreeSet::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("typescript/runtime");
        list(&folder, "", &mut there)?;
        let embedded: BTreeSet<String> = runtime()
            .iter()
            .map(|(path, _)| (*path).to_owned())
            .collect();
        assert_eq!(embedded, there);
        Ok(())
    }

    #[test]
    fn every_file_bears_the_header() {
        for (path, text) in runtime() {
            assert!(text.starts_with("// Made by Handfast"), "{path}");
        }
    }
}
