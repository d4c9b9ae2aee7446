//! `[tls]`: the certificate of those who have no proxy in front.

use std::path::PathBuf;

use super::files::Files;
use super::section::Section;

/// What `[tls]` says. The files are read where they are used, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM: the server's certificate first, then those between it and the authority.
    pub certificate_file: PathBuf,
    /// PEM: its private key.
    pub key_file: PathBuf,
}

/// `None`: plain HTTP. Relative paths start at the configuration's folder.
pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> Option<Tls> {
    let (certificate, key) = ("certificate_file", "key_file");
    for (one, other) in [(certificate, key), (key, certificate)] {
        if !section.has(one) && section.has(other) {
            section.problem(one, format!("is missing: {other} is of no use without it"));
        }
    }
    let path = |text: &str| {
        if text.is_empty() { Err("is empty".to_owned()) } else { Ok(files.base_dir().join(text)) }
    };
    let certificate_file = section.parsed(certificate, path);
    let key_file = section.parsed(key, path);
    if let Some(path) = &key_file {
        files.look_who_reads(section, key, path);
    }
    Some(Tls { certificate_file: certificate_file?, key_file: key_file? })
}
