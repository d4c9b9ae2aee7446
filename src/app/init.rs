//! `connect-gateway config init`: a first configuration, with its signing key.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::json;

use super::keys::make;
use super::{KeyAlgorithm, KeyKind, KeyOrder, Outcome, read_config};
use crate::config::Beginning;

const FILE: &str = "gateway.toml";
const DAYS: u32 = 3650;

/// Writes the files and says what comes next. Exit status 0: written; 1: not, and nothing is left behind.
#[must_use]
pub fn config_init(beginning: &Beginning, as_json: bool) -> Outcome {
    let written = match written(beginning) {
        Ok(written) => written,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let open: Vec<String> = read_config(&beginning.folder.join(FILE), None)
        .0
        .err()
        .into_iter()
        .flatten()
        .map(|problem| problem.to_string())
        .collect();
    if as_json {
        say!("{:#}", json!({ "written": written, "still_open": open }));
    } else {
        tell(&written, &open);
    }
    Outcome::Done
}

fn tell(written: &[String], open: &[String]) {
    for path in written {
        say!("Written: {path}");
    }
    let config = written.first().map_or("", String::as_str);
    if open.is_empty() {
        say!("\nNext:");
    } else {
        say!("\nNext, fill in what is still open:");
        for problem in open {
            say!("  {problem}");
        }
        say!("and then:");
    }
    say!("  1. write your groups and profiles into the rules at the end of {config}");
    say!("  2. connect-gateway check --config {config}");
    say!("  3. connect-gateway iam print --config {config}      the policies that AWS needs");
    say!("  4. connect-gateway check --online --config {config}");
    say!("  5. connect-gateway serve --config {config}");
    say!("  6. give the identity provider <public_url>/saml/metadata");
}

/// The files' paths, the configuration first.
fn written(beginning: &Beginning) -> Result<Vec<String>, String> {
    let text = beginning.text()?;
    let folder = &beginning.folder;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {}", folder.display(), error.kind()))?;
    let config = folder.join(FILE);
    create(&config, &text)?;
    let order = KeyOrder {
        kind: KeyKind::Signing,
        folder: folder.clone(),
        name: None,
        algorithm: KeyAlgorithm::Rsa3072,
        days: DAYS,
    };
    let made = make(&order).inspect_err(|_| {
        // It was made a moment ago, for a key that is not there.
        fs::remove_file(&config).ok();
    })?;
    let certificate = made.certificate.map(|(path, _)| path);
    Ok([Some(config), Some(made.key), certificate]
        .into_iter()
        .flatten()
        .map(|path| path.display().to_string())
        .collect())
}

fn create(path: &Path, text: &str) -> Result<(), String> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{}: is there already, and is never overwritten: choose another --out", path.display())
        }
        kind => format!("{}: can't be written: {kind}", path.display()),
    })
}
