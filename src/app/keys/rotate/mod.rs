//! Where the replacement of a key stands by the configuration, and the next step. docs/key-rollover.md.

mod next;
mod steps;
mod written;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::{Outcome, load};
use super::new::KeyKind;
use steps::{decryption, signing, state};
use written::Written;

/// The step that comes next.
struct Step {
    /// Its place, and of how many.
    place: u8,
    of: u8,
    /// How it stands.
    now: String,
    /// Files that this call made.
    made: Vec<PathBuf>,
    /// What to wait for before the change.
    wait: Option<String>,
    /// Lines of the configuration after the change.
    change: Vec<String>,
    then: String,
}

/// Prints how the rotation stands and what comes next; makes the next key when there is none. Exit status 0: said; 1: not.
#[must_use]
pub fn rotate_key(kind: KeyKind, path: &Path, as_json: bool) -> Outcome {
    let settings = match load(path) {
        Ok(loaded) => Written::new(loaded.config.settings, path),
        Err(failed) => return failed,
    };
    let step = match kind {
        KeyKind::Signing => signing(&settings),
        KeyKind::Decryption => decryption(&settings),
        KeyKind::State => state(&settings),
        KeyKind::Audit => Err("this key is not replaced by steps: make a new one".to_owned()),
    };
    match step {
        Ok(step) if as_json => say!("{:#}", step.as_json(kind)),
        Ok(step) => say_text!("{}", step.as_text(kind)),
        Err(reason) => return Outcome::Failed(vec![reason]),
    }
    Outcome::Done
}

impl Step {
    fn as_text(&self, kind: KeyKind) -> String {
        let mut lines = vec![format!("{}: step {} of {}. {}.", kind.word(), self.place, self.of, self.now)];
        lines.extend(self.made.iter().map(|path| format!("Made: {}", path.display())));
        lines.extend(self.wait.iter().map(|wait| format!("Wait {wait}.")));
        lines.push("Then change the configuration:".to_owned());
        lines.extend(self.change.iter().map(|line| format!("    {line}")));
        lines.push(format!("And {}.", self.then));
        lines.push("Run this again after that.".to_owned());
        lines.join("\n") + "\n"
    }

    fn as_json(&self, kind: KeyKind) -> Value {
        let made: Vec<String> = self.made.iter().map(|path| path.display().to_string()).collect();
        json!({
            "kind": kind.word(),
            "step": self.place,
            "steps": self.of,
            "now": self.now,
            "made": made,
            "wait": self.wait,
            "change": self.change,
            "then": self.then,
        })
    }
}
