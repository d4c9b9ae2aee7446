//! Where the replacement of a key stands by the configuration, and the next step. docs/key-rollover.md.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::super::{Outcome, load};
use super::new::{KeyKind, KeyOrder, make};
use crate::config::{Origin, Setting, Shown};
use crate::model::{Clock as _, SystemClock};
use crate::saml::{KeyAlgorithm, Usage, certificate_of};

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
        Ok(loaded) => Written { settings: loaded.config.settings, folder: folder_of(path) },
        Err(failed) => return failed,
    };
    let step = match kind {
        KeyKind::Signing => signing(&settings),
        KeyKind::Decryption => decryption(&settings),
        KeyKind::State => state(&settings),
        KeyKind::Audit => Err("this key is not replaced by steps: make a new one".to_owned()),
    };
    match step {
        Ok(step) if as_json => println!("{:#}", step.as_json(kind)),
        Ok(step) => print!("{}", step.as_text(kind)),
        Err(reason) => return Outcome::Failed(vec![reason]),
    }
    Outcome::Done
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

/// What the configuration says.
struct Written {
    settings: Vec<Setting>,
    folder: PathBuf,
}

impl Written {
    fn value(&self, key: &str) -> Option<&serde_json::Value> {
        let setting = self.settings.iter().find(|setting| setting.key == key)?;
        match setting.value.as_ref()? {
            Shown::Value(value) => Some(value),
            Shown::Secret => None,
        }
    }

    /// A file that `key` names, as it is written.
    fn file(&self, key: &str) -> Option<String> {
        Some(self.value(key)?.as_str()?.to_owned())
    }

    fn files(&self, key: &str) -> Vec<String> {
        let listed = self.value(key).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(|file| Some(file.as_str()?.to_owned())).collect()
    }

    /// Where to write `key`: in the file, unless a variable overrides it.
    fn line(&self, section: &str, key: &str, value: &serde_json::Value) -> String {
        let path = format!("{section}.{key}");
        let origin = self.settings.iter().find(|setting| setting.key == path).map(|setting| &setting.origin);
        match origin {
            Some(Origin::Environment(variable)) => format!("{variable}={}", bare(value)),
            _ => format!("[{section}] {key} = {value}"),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// When a certificate begins to be valid: the later one is the newer one.
    fn start(&self, file: &str) -> Result<OffsetDateTime, String> {
        let path = self.path(file);
        let pem =
            fs::read_to_string(&path).map_err(|error| format!("{}: {}", path.display(), error.kind()))?;
        let start = certificate_of(Usage::Signing, &pem).and_then(|certificate| certificate.start);
        start.ok_or_else(|| format!("{}: is not a certificate", path.display()))
    }
}

/// Text of a variable stands without quotes.
fn bare(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn signing(written: &Written) -> Result<Step, String> {
    const CERTIFICATES: &str = "additional_signing_certificate_files";
    let key = named(written, "saml.signing_key_file")?;
    let certificate = named(written, "saml.signing_certificate_file")?;
    let more = written.files(&format!("saml.{CERTIFICATES}"));
    let in_use = written.start(&certificate)?;
    let mut newer = None;
    for file in &more {
        if written.start(file)? > in_use {
            newer = Some(file.clone());
        }
    }
    if let Some(next) = newer {
        let next_key = with_end(&next, "key");
        return Ok(Step {
            place: 2,
            of: 3,
            now: format!("{key} signs; the certificate of the next key, {next}, is published beside its own"),
            made: Vec::new(),
            wait: Some(
                "until every identity provider has read our metadata: within a day where it has its URL; give the others the new \
                 certificate by hand"
                    .to_owned(),
            ),
            change: vec![
                written.line("saml", "signing_key_file", &next_key.into()),
                written.line("saml", "signing_certificate_file", &next.into()),
                written.line("saml", CERTIFICATES, &json!([certificate])),
            ],
            then: "restart. The new key signs, and the old certificate stays published for whoever reads late".to_owned(),
        });
    }
    if !more.is_empty() {
        return Ok(Step {
            place: 3,
            of: 3,
            now: format!("{key} signs, and older certificates are still published: {}", more.join(", ")),
            made: Vec::new(),
            wait: Some("a few days, for identity providers that read our metadata late".to_owned()),
            change: vec![format!("(take the line out) {}", written.line("saml", CERTIFICATES, &json!(more)))],
            then: "restart, and delete the old key's files".to_owned(),
        });
    }
    let (next, made) = next_pair(written, KeyKind::Signing, &key, in_use, &[])?;
    Ok(Step {
        place: 1,
        of: 3,
        now: format!("{key} signs, and no other certificate is published; the next key is {next}.key"),
        made,
        wait: None,
        change: vec![written.line("saml", CERTIFICATES, &json!([format!("{next}.crt")]))],
        then: "restart: both certificates are published, and the old key still signs".to_owned(),
    })
}

fn decryption(written: &Written) -> Result<Step, String> {
    const KEYS: &str = "decryption_key_files";
    const CERTIFICATES: &str = "decryption_certificate_files";
    let (keys, certificates) =
        (written.files("saml.decryption_key_files"), written.files("saml.decryption_certificate_files"));
    let (Some(key), Some(certificate)) = (keys.first(), certificates.first()) else {
        return Err(
            "saml.decryption_key_files: names no key, so that there is nothing to replace: `keys new decryption` makes one"
                .to_owned(),
        );
    };
    if keys.len() > 1 {
        return Ok(Step {
            place: 2,
            of: 2,
            now: format!("{key} is published first; older keys still open answers: {}", keys[1..].join(", ")),
            made: Vec::new(),
            wait: Some(
                "until every identity provider encrypts for the new certificate: within a day where it has our metadata's URL; give \
                 it to the others by hand"
                    .to_owned(),
            ),
            change: vec![
                written.line("saml", KEYS, &json!([key])),
                written.line("saml", CERTIFICATES, &json!([certificate])),
            ],
            then: "restart, and delete the old keys' files".to_owned(),
        });
    }
    let (next, made) =
        next_pair(written, KeyKind::Decryption, key, written.start(certificate)?, &certificates)?;
    Ok(Step {
        place: 1,
        of: 2,
        now: format!("{key} is the only key; the next one is {next}.key"),
        made,
        wait: None,
        change: vec![
            written.line("saml", KEYS, &json!([format!("{next}.key"), key])),
            written.line("saml", CERTIFICATES, &json!([format!("{next}.crt"), certificate])),
        ],
        then: "restart: both are published and both are tried, the new one first".to_owned(),
    })
}

/// One key seals and one other opens, so that replicas with the old and the new configuration understand each other.
fn state(written: &Written) -> Result<Step, String> {
    let key = written.file("state.key_file").ok_or_else(|| {
        "state.key_file: is not set, so that nothing is sealed and there is nothing to replace".to_owned()
    })?;
    let Some(other) = written.file("state.other_key_file") else {
        let (next, made) = next_state_key(written, &key)?;
        return Ok(Step {
            place: 1,
            of: 3,
            now: format!("{key} seals, and no other key opens; the next key is {next}"),
            made,
            wait: None,
            change: vec![written.line("state", "other_key_file", &next.into())],
            then: "restart every replica: all of them can open what either key sealed".to_owned(),
        });
    };
    let (newer, older) = (modified(written, &other)?, modified(written, &key)?);
    if newer > older {
        return Ok(Step {
            place: 2,
            of: 3,
            now: format!("{key} seals, and the next key, {other}, opens"),
            made: Vec::new(),
            wait: Some("until every replica runs with this configuration".to_owned()),
            change: vec![
                written.line("state", "key_file", &other.into()),
                written.line("state", "other_key_file", &key.into()),
            ],
            then: "restart every replica: the new key seals, and the old one still opens".to_owned(),
        });
    }
    Ok(Step {
        place: 3,
        of: 3,
        now: format!("{key} seals, and the old key, {other}, still opens"),
        made: Vec::new(),
        wait: Some(
            "until every replica runs with this configuration, and then for session.max_hours".to_owned(),
        ),
        change: vec![format!(
            "(take the line out) {}",
            written.line("state", "other_key_file", &other.clone().into())
        )],
        then: format!("restart every replica, and delete {other}"),
    })
}

fn modified(written: &Written, file: &str) -> Result<std::time::SystemTime, String> {
    let path = written.path(file);
    fs::metadata(&path)
        .and_then(|metadata| metadata.modified())
        .map_err(|error| format!("{}: {}", path.display(), error.kind()))
}

fn named(written: &Written, key: &str) -> Result<String, String> {
    written.file(key).ok_or_else(|| {
        format!("{key}: is not set: put the key into a file, so that another can take its place")
    })
}

/// The next pair beside `key`, without its end: one that was made before and is not in use, or a new one.
fn next_pair(
    written: &Written,
    kind: KeyKind,
    key: &str,
    in_use: OffsetDateTime,
    used: &[String],
) -> Result<(String, Vec<PathBuf>), String> {
    for name in beside(written, key, kind)? {
        let certificate = format!("{name}.crt");
        let is_next = written.start(&certificate).is_ok_and(|start| start > in_use);
        if is_next && !used.contains(&certificate) && written.path(&format!("{name}.key")).is_file() {
            return Ok((name, Vec::new()));
        }
    }
    let name = dated(kind);
    let order = KeyOrder {
        kind,
        folder: written.path(key).parent().unwrap_or(Path::new("")).to_owned(),
        name: Some(name.clone()),
        algorithm: KeyAlgorithm::Rsa3072,
        days: 3650,
    };
    let made = make(&order)?;
    let files = [Some(made.key), made.certificate.map(|(path, _)| path)];
    Ok((sibling(key, &name), files.into_iter().flatten().collect()))
}

fn next_state_key(written: &Written, key: &str) -> Result<(String, Vec<PathBuf>), String> {
    for name in beside(written, key, KeyKind::State)? {
        let file = format!("{name}.key");
        if file != key && modified(written, &file)? > modified(written, key)? {
            return Ok((file, Vec::new()));
        }
    }
    let name = dated(KeyKind::State);
    let order = KeyOrder {
        kind: KeyKind::State,
        folder: written.path(key).parent().unwrap_or(Path::new("")).to_owned(),
        name: Some(name.clone()),
        algorithm: KeyAlgorithm::Rsa3072,
        days: 3650,
    };
    Ok((sibling(key, &format!("{name}.key")), vec![make(&order)?.key]))
}

/// Keys that this command made beside `key`, as the configuration would name them, without their end.
fn beside(written: &Written, key: &str, kind: KeyKind) -> Result<Vec<String>, String> {
    let folder = written.path(key).parent().unwrap_or(Path::new("")).to_owned();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {}", folder.display(), error.kind()))?;
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

fn with_end(file: &str, end: &str) -> String {
    Path::new(file).with_extension(end).to_string_lossy().into_owned()
}

/// `signing-20261128`: keys of several years lie side by side.
fn dated(kind: KeyKind) -> String {
    let day = SystemClock.now().format(format_description!("[year][month][day]"));
    format!("{}-{}", kind.word(), day.unwrap_or_default())
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
