//! Where the gateway listens: an address, a socket in the file system, or one that systemd opened.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::section::Section;

/// The longest path of a socket, in bytes: systems take few more, and the file gets another name while it is made.
const LONGEST_PATH: usize = 90;

/// Where connections come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port.
    Address(SocketAddr),
    /// A Unix socket that the gateway makes at this path.
    Unix(PathBuf),
    /// A socket that systemd opened, by its `FileDescriptorName=`. See systemd.socket(5).
    Systemd(String),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// Where browsers, or the proxy in front, come in. Relative paths start at `base_dir`.
pub(super) fn read(root: &mut Section<'_>, base_dir: &Path) -> Listen {
    let usual = Listen::Address((Ipv4Addr::LOCALHOST, 8080).into());
    let listen = root.parsed("listen", |text| parse(base_dir, text));
    root.usual("listen", usual.to_string());
    listen.unwrap_or(usual)
}

pub(super) fn parse(base_dir: &Path, text: &str) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return socket_path(base_dir, path).map(Listen::Unix);
    }
    if let Some(name) = text.strip_prefix("systemd:") {
        return systemd(name);
    }
    text.parse().map(Listen::Address).map_err(|_| {
        "write an IP address and a port such as \"0.0.0.0:8080\", \"unix:/path/of/a.sock\", or \"systemd:name\" for a \
         socket that systemd opens"
            .to_owned()
    })
}

/// What systemd takes for `FileDescriptorName=`.
fn systemd(name: &str) -> Result<Listen, String> {
    let plain = |b: u8| b.is_ascii_graphic() && b != b':';
    let fits = (1..=255).contains(&name.len()) && name.bytes().all(plain);
    let advice = "write the socket's FileDescriptorName= behind systemd: without colons or spaces";
    if fits { Ok(Listen::Systemd(name.to_owned())) } else { Err(advice.to_owned()) }
}

/// The path of a Unix socket; a relative one starts at `base_dir`.
pub(super) fn socket_path(base_dir: &Path, path: &str) -> Result<PathBuf, String> {
    let whole = base_dir.join(path);
    let fits = !path.is_empty() && whole.as_os_str().len() <= LONGEST_PATH;
    fits.then_some(whole).ok_or_else(|| format!("write a path of 1 to {LONGEST_PATH} bytes, with its folder"))
}
