//! `[audit]`: where audit lines go.

use std::path::PathBuf;

use url::Url;

use super::files::Files;
use super::log::check_key;
use super::section::Section;
use crate::model::Secret;

/// Where audit lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditTo {
    /// Among the log's.
    Log,
    /// Standard output, as JSON whatever the log's format is.
    Stdout,
    /// A file of their own.
    File {
        /// Where it is.
        path: PathBuf,
        /// Whether lines are sealed, each behind the one before.
        chain: Option<ChainKey>,
    },
    /// A syslog server. RFC 5424.
    Syslog(SyslogAddress),
}

/// What seals the lines of a chain: a key, or nothing but their own hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainKey(pub Option<Secret>);

/// Where a syslog server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A datagram socket of this machine's file system, such as `/dev/log`.
    Unix(PathBuf),
    /// Host and port: one datagram a line. RFC 5426.
    Udp(String),
    /// Host and port: octet counting. RFC 6587.
    Tcp(String),
}

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> AuditTo {
    let words = [("log", "log"), ("stdout", "stdout"), ("file", "file"), ("syslog", "syslog")];
    let to = section.one_of("to", &words, "log");
    let (has_file, has_syslog) = (section.has("file"), section.has("syslog"));
    let file = section.parsed("file", |path| file(files, path));
    let syslog = section.parsed("syslog", syslog);
    let chain = chain(section, files, to == "file");
    for (key, has) in [("file", has_file), ("syslog", has_syslog)] {
        if has && to != key {
            section.problem(key, format!("is not used: write to = \"{key}\", or take it out"));
        }
        if !has && to == key {
            section.problem(key, format!("is missing: to = \"{key}\" needs it"));
        }
    }
    match (to, file, syslog) {
        ("stdout", ..) => AuditTo::Stdout,
        ("file", Some(path), _) => AuditTo::File { path, chain },
        ("syslog", _, Some(address)) => AuditTo::Syslog(address),
        _ => AuditTo::Log,
    }
}

fn chain(section: &mut Section<'_>, files: &Files<'_>, is_file: bool) -> Option<ChainKey> {
    let is_wanted = section.flag("chain", false);
    let has_key = section.has("chain_key") || section.has("chain_key_file");
    let key = files.secret(section, "chain_key", "chain_key_file");
    check_key(section, "chain_key_file", key.as_ref());
    if is_wanted && !is_file {
        section.problem("chain", "needs to = \"file\": elsewhere nobody knows the line before");
    }
    if has_key && !is_wanted {
        section.problem("chain", "has a key and is off: write chain = true, or take the key out");
    }
    is_wanted.then_some(ChainKey(key))
}

fn file(files: &Files<'_>, path: &str) -> Result<PathBuf, String> {
    let whole = files.base_dir().join(path);
    if path.is_empty() || whole.file_name().is_none() || whole.is_dir() {
        return Err("write a path with the name of a file".to_owned());
    }
    Ok(whole)
}

fn syslog(text: &str) -> Result<SyslogAddress, String> {
    let advice = || "write \"unix:/dev/log\", \"udp://host:514\" or \"tcp://host:601\"".to_owned();
    if let Some(path) = text.strip_prefix("unix:") {
        return if path.starts_with('/') { Ok(SyslogAddress::Unix(path.into())) } else { Err(advice()) };
    }
    let url = Url::parse(text).map_err(|_| advice())?;
    let is_plain = url.username().is_empty() && url.query().is_none() && matches!(url.path(), "" | "/");
    let (Some(host), Some(port), true) = (url.host_str(), url.port(), is_plain) else { return Err(advice()) };
    match url.scheme() {
        "udp" => Ok(SyslogAddress::Udp(format!("{host}:{port}"))),
        "tcp" => Ok(SyslogAddress::Tcp(format!("{host}:{port}"))),
        _ => Err(advice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_syslog_is_one_of_three_kinds() {
        assert_eq!(syslog("unix:/dev/log"), Ok(SyslogAddress::Unix("/dev/log".into())));
        assert_eq!(syslog("udp://[::1]:514"), Ok(SyslogAddress::Udp("[::1]:514".to_owned())));
        assert_eq!(
            syslog("tcp://logs.example.org:601"),
            Ok(SyslogAddress::Tcp("logs.example.org:601".to_owned()))
        );
        for wrong in
            ["", "/dev/log", "unix:dev/log", "udp://host", "tls://host:6514", "tcp://a@host:1", "tcp://h:1/x"]
        {
            assert!(syslog(wrong).is_err(), "{wrong}");
        }
    }
}
