//! What the connection is told.

use std::fmt;
use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

use super::keyed::Key;
use crate::model::Secret;

/// How Redis or Valkey is reached, and what keeps our values ours.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where: of a cluster or of Sentinel some of the nodes; never empty.
    pub addresses: Vec<Address>,
    /// What stands there.
    pub mode: Mode,
    /// Who we are to Redis.
    pub login: Login,
    /// Whom we believe, and who we are, in TLS.
    pub tls: Tls,
    /// Keeps several gateways at one Redis apart.
    pub prefix: String,
    /// Seals.
    pub key: StateKey,
    /// Opens too, while keys are exchanged.
    pub other_key: Option<StateKey>,
}

/// What stands at the addresses.
#[derive(Debug, Clone)]
pub enum Mode {
    /// One server, or whatever looks like one.
    Single,
    /// Sentinels that know which server is the master of this name.
    Sentinel {
        /// What they call it.
        master: String,
        /// Who we are to them.
        login: Login,
    },
    /// Some nodes of a cluster.
    Cluster,
}

/// A user of Redis's access control lists.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// `None`: the default user.
    pub username: Option<String>,
    /// `None`: no password is asked for.
    pub password: Option<Secret>,
}

/// TLS towards Redis.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificates in PEM of those who may sign Redis's; `None`: those that the machine trusts.
    pub ca: Option<String>,
    /// Our own certificate and its key in PEM, where Redis wants one.
    pub client: Option<(String, Secret)>,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How it is reached.
    pub transport: Transport,
    /// The number of the database, usually 0.
    pub database: i64,
}

/// How an address is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// `redis://`: in the clear.
    Plain(String, u16),
    /// `rediss://`: TLS, with a certificate for this host.
    Tls(String, u16),
    /// `unix:`.
    Unix(PathBuf),
}

impl Address {
    /// Reads `redis://host:port/database`, `rediss://…` or `unix:///path`.
    ///
    /// # Errors
    /// What is wrong with it, for the operator; never with a password in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const USAGE: &str = "write redis://host:6379, rediss://host:6379 or unix:///path/to/the.sock";
        let url = Url::parse(text.trim()).map_err(|_| USAGE.to_owned())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user or a password: write username and password_file".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end with the port or the number of the database".to_owned());
        }
        let host = || url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| USAGE.to_owned());
        let port = url.port().unwrap_or(6379);
        let transport = match url.scheme() {
            "redis" | "valkey" => Transport::Plain(bare(host()?), port),
            "rediss" | "valkeys" => Transport::Tls(bare(host()?), port),
            "unix" if url.path().len() > 1 => {
                return Ok(Self { transport: Transport::Unix(url.path().into()), database: 0 });
            }
            _ => return Err(USAGE.to_owned()),
        };
        let database = match url.path().trim_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| "the path must be the number of a database".to_owned())?,
        };
        Ok(Self { transport, database })
    }

    /// Whether others could listen on the way there.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        match &self.transport {
            Transport::Plain(host, _) => {
                host != "localhost" && !host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            }
            Transport::Tls(..) | Transport::Unix(_) => false,
        }
    }
}

/// An IPv6 address without the brackets that it has in a URL.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// 32 random bytes that seal what leaves the process.
#[derive(Clone, PartialEq, Eq)]
pub struct StateKey(pub(super) Key);

impl StateKey {
    /// From base64.
    ///
    /// # Errors
    /// What is wrong with it, for the operator; never the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        use base64::Engine as _;
        let bytes = Zeroizing::new(
            base64::engine::general_purpose::STANDARD
                .decode(text.trim())
                .map_err(|_| "must be base64: openssl rand -base64 32".to_owned())?,
        );
        let key: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| "must be 32 bytes: openssl rand -base64 32".to_owned())?;
        if key == [0; 32] {
            return Err("must be random: openssl rand -base64 32".to_owned());
        }
        Ok(Self(Zeroizing::new(key)))
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let plain = |host: &str, port| Transport::Plain(host.to_owned(), port);
        for (text, transport, database) in [
            ("redis://cache.internal", plain("cache.internal", 6379), 0),
            ("valkey://[::1]:7000/3", plain("::1", 7000), 3),
            ("rediss://cache.internal:6380", Transport::Tls("cache.internal".to_owned(), 6380), 0),
            ("unix:///run/redis.sock", Transport::Unix("/run/redis.sock".into()), 0),
        ] {
            assert_eq!(Address::parse(text), Ok(Address { transport, database }), "{text}");
        }
    }

    #[test]
    fn an_address_with_a_secret_or_an_option_is_refused_without_being_repeated() {
        for text in [
            "redis://:hunter2@cache.internal",
            "redis://hunter2@cache.internal",
            "rediss://cache.internal/#insecure",
            "redis://cache.internal/?hunter2",
            "redis://cache.internal/hunter2",
            "http://cache.internal",
            "unix:",
            "redis:",
            "cache.internal:6379",
        ] {
            let problem = Address::parse(text).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn a_key_is_32_random_bytes_in_base64() {
        use base64::Engine as _;
        let written = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        assert!(StateKey::parse(&written(&[7; 32])).is_ok());
        for text in ["hunter2!", &written(&[7; 31]), &written(&[7; 33]), &written(&[0; 32])] {
            assert!(!StateKey::parse(text).unwrap_err().contains(text));
        }
    }
}
