//! `connect-gateway audit verify`: whether the lines of the audit file are the ones that were written.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::json;

use super::{Outcome, read_config, read_text, told};
use crate::audit::{self, Begins, Break, Verified};
use crate::config::{AuditTo, ChainKey, unreadable};
use crate::model::Secret;

/// Exit status of a file that is not as it was written.
const BROKEN: u8 = 3;

/// What vouches for the lines.
pub enum Key<'p> {
    /// Their own hashes.
    None,
    /// The key in this file.
    File(&'p Path),
    /// What this configuration has.
    Config(&'p Path),
}

/// Prints where the chain of `file` breaks. Exit status 0: nowhere; 3: somewhere; 1: it could not be read.
#[must_use]
pub fn verify_audit(file: &Path, key: &Key<'_>, begins: &Begins, json: bool) -> Outcome {
    let key = match key_of(key) {
        Ok(key) => key,
        Err(reasons) => return Outcome::Failed(reasons),
    };
    let verified = File::open(file).and_then(|file| audit::verify(BufReader::new(file), key, begins));
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return Outcome::failed(&format!("{}: {}", file.display(), unreadable(&error))),
    };
    if json {
        say!("{}", as_json(&verified));
    } else {
        print(&verified);
    }
    match verified.breaks.len() {
        0 => Outcome::Done,
        count => Outcome::Exit(BROKEN, vec![format!("{}: the chain breaks {count} times", file.display())]),
    }
}

fn key_of(key: &Key<'_>) -> Result<Option<Secret>, Vec<String>> {
    match key {
        Key::None => Ok(None),
        Key::File(path) => {
            read_text(path).map(|text| Some(Secret::new(text.trim()))).map_err(|reason| vec![reason])
        }
        Key::Config(path) => {
            let loaded = read_config(path, None).0.map_err(|problems| told(&problems))?;
            match loaded.config.audit {
                AuditTo::File { chain: Some(ChainKey(key)), .. } => Ok(key),
                _ => Err(vec!["audit.chain: is not on in this configuration".to_owned()]),
            }
        }
    }
}

fn print(verified: &Verified) {
    for Break { line, what } in &verified.breaks {
        say!("line {line}: {what}");
    }
    let Verified { lines, first, last, seal, .. } = verified;
    match (lines, &**seal) {
        (0, _) => say!("no lines: nothing vouches for that"),
        (_, "") => say!("{lines} lines, and the last one does not hold"),
        _ => say!("{lines} lines, numbers {first} to {last}; the last line's seal is {seal}"),
    }
}

fn as_json(verified: &Verified) -> serde_json::Value {
    let breaks: Vec<_> =
        verified.breaks.iter().map(|found| json!({ "line": found.line, "what": found.what })).collect();
    json!({
        "lines": verified.lines,
        "first": verified.first,
        "last": verified.last,
        "seal": verified.seal,
        "breaks": breaks,
    })
}
