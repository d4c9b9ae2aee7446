//! The key that comes next: one that was made before, or a new one.

use std::fs;
use std::path::{Path, PathBuf};

use time::macros::format_description;

use super::super::new::{KeyKind, KeyOrder, make};
use super::written::{Age, Written};
use crate::config::unreadable;
use crate::model::{Clock as _, SystemClock};
use crate::saml::KeyAlgorithm;

/// How long certificates of new keys are valid: as long as those of `keys new`.
const DAYS: u32 = 3650;

/// The next pair beside `key`, without its end: one that was made before and is not in use, or a new one.
pub(super) fn next_pair(
    written: &Written,
    kind: KeyKind,
    key: &str,
    in_use: Age,
    used: &[String],
) -> Result<(String, Vec<PathBuf>), String> {
    for name in beside(written, key, kind)? {
        let certificate = format!("{name}.crt");
        let is_next = written.age(&certificate).is_ok_and(|age| age > in_use);
        if is_next && !used.contains(&certificate) && written.path(&format!("{name}.key")).is_file() {
            return Ok((name, Vec::new()));
        }
    }
    let name = dated(kind);
    let made = make(&order(written, kind, key, &name))?;
    let files = [Some(made.key), made.certificate.map(|(path, _)| path)];
    Ok((sibling(key, &name), files.into_iter().flatten().collect()))
}

pub(super) fn next_state_key(written: &Written, key: &str) -> Result<(String, Vec<PathBuf>), String> {
    for name in beside(written, key, KeyKind::State)? {
        let file = format!("{name}.key");
        if file != key && written.modified(&file)? > written.modified(key)? {
            return Ok((file, Vec::new()));
        }
    }
    let name = dated(KeyKind::State);
    Ok((sibling(key, &format!("{name}.key")), vec![make(&order(written, KeyKind::State, key, &name))?.key]))
}

fn order(written: &Written, kind: KeyKind, key: &str, name: &str) -> KeyOrder {
    let folder = written.path(key).parent().unwrap_or(Path::new("")).to_owned();
    KeyOrder { kind, folder, name: Some(name.to_owned()), algorithm: KeyAlgorithm::Rsa3072, days: DAYS }
}

/// Keys that this command made beside `key`, as the configuration would name them, without their end.
fn beside(written: &Written, key: &str, kind: KeyKind) -> Result<Vec<String>, String> {
    let folder = written.path(key).parent().unwrap_or(Path::new("")).to_owned();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {}", folder.display(), unreadable(&error)))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let begin = format!("{}-", kind.word());
    let mut ours: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".key").map(str::to_owned))
        .filter(|name| name.starts_with(&begin))
        .map(|name| sibling(key, &name))
        .collect();
    ours.sort();
    Ok(ours)
}

/// `name` in the folder of `key`.
fn sibling(key: &str, name: &str) -> String {
    Path::new(key).with_file_name(name).to_string_lossy().into_owned()
}

pub(super) fn with_end(file: &str, end: &str) -> String {
    Path::new(file).with_extension(end).to_string_lossy().into_owned()
}

/// `signing-20261128`: keys of several years lie side by side.
fn dated(kind: KeyKind) -> String {
    let day = SystemClock.now().format(format_description!("[year][month][day]"));
    format!("{}-{}", kind.word(), day.unwrap_or_default())
}
