//! `connect-gateway healthcheck`: whether the gateway that runs on this machine is well, where there is no curl.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use serde_json::{Value, json};
use url::Url;

use super::terminal::shown;
use super::{Outcome, read_config};
use crate::config::{Config, Listen};

/// How long an answer may take: container platforms ask again soon, and count what is slow as ill.
const PATIENCE: Duration = Duration::from_secs(3);
/// Whether sign-ins are taken.
pub(super) const READY: &str = "/readyz";
/// Whether the process serves; at the listener for monitoring only.
const LIVE: &str = "/livez";

/// Where a gateway answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// An address of the network.
    Web(Url),
    /// A socket of this machine.
    Socket(PathBuf),
}

impl Door {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Ok(Self::Socket(path.into()));
        }
        let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        url.map(Self::Web).ok_or_else(|| "--url: write http://…, https://… or unix:/path".to_owned())
    }

    /// The listener, seen from its own machine; `None` where that can't be told: a socket that systemd opened.
    pub(super) fn of(listen: &Listen) -> Option<Self> {
        let address = match listen {
            Listen::Address(address) => address,
            Listen::Unix(path) => return Some(Self::Socket(path.clone())),
            Listen::Systemd(_) => return None,
        };
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Url::parse(&format!("http://{}/", SocketAddr::new(ip, address.port()))).ok().map(Self::Web)
    }

    /// Where it is asked for `path`; a path of its own is kept.
    fn address(&self, path: &str) -> Option<Url> {
        match self {
            Self::Web(url) if url.path() == "/" => url.join(path).ok(),
            Self::Web(url) => Some(url.clone()),
            Self::Socket(_) => Url::parse("http://localhost/").ok()?.join(path).ok(),
        }
    }

    fn client(&self) -> reqwest::Result<Client> {
        let client = plain_client();
        match self {
            Self::Web(_) => client.build(),
            Self::Socket(path) => client.unix_socket(path.as_path()).build(),
        }
    }

    /// Its answer: the status, and what it says.
    ///
    /// # Errors
    /// When there is none in time.
    pub(super) async fn ask(&self, path: &str) -> Result<(u16, String), String> {
        let address = self.address(path).ok_or_else(|| "has no address that can be asked".to_owned())?;
        let answer = self.client().map_err(|error| reason(&error))?.get(address).send().await;
        let answer = answer.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        answer.text().await.map(|text| (status, text)).map_err(|error| reason(&error))
    }
}

impl std::fmt::Display for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web(url) => f.write_str(&url.origin().ascii_serialization()),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Asks just the one that is named: no proxy in between, no redirect.
pub(super) fn plain_client() -> ClientBuilder {
    Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy()
}

/// Why there is no answer: the innermost cause, which is what an operator can look at.
pub(super) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("does not answer within {} seconds", PATIENCE.as_secs());
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "does not answer".to_owned(), ToString::to_string)
}

/// Prints one line. Exit status 0: the gateway is well; 1: it is not, or does not answer.
pub async fn healthcheck(config: &Path, url: Option<&str>, live: bool, as_json: bool) -> Outcome {
    let (said, is_well) = match asked(config, url, live).await {
        Ok(said) => (said, true),
        Err(said) => (said, false),
    };
    if as_json {
        say!("{}", json!({ "healthy": is_well, "text": said }));
        return if is_well { Outcome::Done } else { Outcome::Failed(Vec::new()) };
    }
    if !is_well {
        return Outcome::failed(&said);
    }
    say!("{said}");
    Outcome::Done
}

async fn asked(config: &Path, url: Option<&str>, live: bool) -> Result<String, String> {
    let door = match url {
        Some(url) => Door::parse(url)?,
        None => configured(config, live)?,
    };
    let path = if live { LIVE } else { READY };
    match door.ask(path).await {
        Ok((200, _)) => Ok(format!("{door}: {}", if live { "alive" } else { "ready" })),
        Ok((status, text)) => Err(format!("{door}: answers {path} with {status}{}", why(&text))),
        Err(reason) => Err(format!("{door}: {reason}: does the gateway run, with this configuration?")),
    }
}

/// What a gateway says it lacks, as an end of a sentence; empty where it does not say.
pub(super) fn why(answer: &str) -> String {
    let said: Value = serde_json::from_str(answer).unwrap_or_default();
    let reasons = said["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let reasons: Vec<&str> = reasons.collect();
    if reasons.is_empty() { String::new() } else { format!(", because of: {}", shown(&reasons.join(", "))) }
}

fn configured(path: &Path, live: bool) -> Result<Door, String> {
    let config = read_config(path, None).0.map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("{}: can't be used: {first}; `check` says everything", path.display())
    })?;
    door(&config.config, live)
}

/// The listener for monitoring, or the one for browsers where that is enough.
fn door(config: &Config, live: bool) -> Result<Door, String> {
    let listen = match &config.operations {
        Some(listen) => listen,
        None if live => {
            return Err(
                "--live: operations.listen is not set, and /livez is answered nowhere else".to_owned()
            );
        }
        None if config.tls.is_some() => {
            return Err("listen: speaks TLS for the public name only: set operations.listen, or name the address by --url".to_owned());
        }
        None => &config.listen,
    };
    Door::of(listen).ok_or_else(|| {
        format!("{listen}: can't be told apart from here: set operations.listen to an address, or use --url")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/readyz"),
            ("[::]:8080", "http://[::1]:8080/readyz"),
            ("10.0.0.7:80", "http://10.0.0.7/readyz"),
        ] {
            let door = Door::of(&Listen::Address(listen.parse().unwrap())).unwrap();
            assert_eq!(door.address(READY).unwrap().as_str(), asked);
        }
    }

    #[test]
    fn what_a_gateway_lacks_is_told() {
        assert_eq!(why(r#"{"ready":false,"reasons":["store","draining"]}"#), ", because of: store, draining");
        assert!(!why("{\"reasons\":[\"\\u001b[2J\"]}").contains('\u{1b}'));
        assert_eq!(why("draining") + &why(r#"{"ready":true,"reasons":[]}"#), "");
    }

    #[test]
    fn an_address_keeps_its_own_path_and_other_schemes_are_refused() {
        let door = Door::parse("https://sign-in.example.org/healthz").unwrap();
        assert_eq!(door.address(READY).unwrap().path(), "/healthz");
        assert_eq!(Door::parse("unix:/run/x.sock"), Ok(Door::Socket("/run/x.sock".into())));
        for wrong in ["unix:x.sock", "ftp://x/", "127.0.0.1:80", ""] {
            assert!(Door::parse(wrong).is_err(), "{wrong}");
        }
    }
}
