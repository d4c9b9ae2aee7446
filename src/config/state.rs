//! `[state]`: where what replicas share is kept.

use crate::store::redis::{Address, Login, Mode, Settings, StateKey, Tls, Transport};

use super::files::Files;
use super::section::Section;

/// What names of records begin with where nothing else is written.
const PREFIX: &str = "gateway";

/// Keys that say where Redis is and how it is used.
const OF_REDIS: [&str; 17] = [
    "urls",
    "mode",
    "sentinel_master",
    "sentinel_username",
    "sentinel_password",
    "sentinel_password_file",
    "username",
    "password",
    "password_file",
    "ca_file",
    "client_certificate_file",
    "client_key_file",
    "prefix",
    "key",
    "key_file",
    "other_key",
    "other_key_file",
];

/// What `[state]` says.
#[derive(Debug)]
pub struct State {
    /// How many gateways run side by side.
    pub replicas: u32,
    /// Where they keep what they share; `None`: the only one keeps it in its memory.
    pub redis: Option<Settings>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Single,
    Sentinel,
    Cluster,
}

/// Every key is read, whether it counts or not.
pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> Option<State> {
    let is_shared = section.one_of("store", &[("memory", false), ("redis", true)], false);
    let replicas = u32::try_from(section.number("replicas", 1, 1..=100)).unwrap_or(1);
    let written: Vec<&str> = OF_REDIS.into_iter().filter(|key| section.has(key)).collect();
    if is_shared {
        check_is_complete(section);
    }
    let redis = redis(section, files, is_shared);
    if is_shared {
        return redis.map(|redis| State { replicas, redis: Some(redis) });
    }
    for key in written {
        section.problem(key, "does nothing without store = \"redis\"");
    }
    if replicas > 1 {
        section.problem(
            "replicas",
            "needs store = \"redis\": gateways that share nothing take the same answer once each, and lose each other's people",
        );
    }
    Some(State { replicas, redis: None })
}

fn check_is_complete(section: &Section<'_>) {
    for (key, or, advice) in [
        ("urls", "urls", "write the addresses, such as urls = [\"rediss://cache.internal:6379\"]"),
        (
            "key_file",
            "key",
            "name a file with 32 random bytes, the same at every replica: openssl rand -base64 32",
        ),
    ] {
        if !section.has(key) && !section.has(or) {
            section.problem(key, format!("is missing: {advice}"));
        }
    }
}

/// What does not fit together is a problem only where it is `wanted`.
fn redis(section: &mut Section<'_>, files: &Files<'_>, wanted: bool) -> Option<Settings> {
    let addresses = addresses(section);
    let mode = mode(section, files, addresses.as_deref().unwrap_or_default(), wanted);
    let login = login(section, files, ["username", "password", "password_file"]);
    let is_used = !wanted || addresses.iter().flatten().any(is_tls);
    let tls = tls(section, files, is_used);
    let prefix = section.parsed("prefix", prefix);
    section.usual("prefix", PREFIX);
    let own = key(section, files, ["key", "key_file"]);
    let other_key = key_of_others(section, files, own.as_ref());
    Some(Settings {
        addresses: addresses?,
        mode: mode?,
        login,
        tls,
        prefix: prefix.unwrap_or_else(|| PREFIX.to_owned()),
        key: own?,
        other_key,
    })
}

fn addresses(section: &mut Section<'_>) -> Option<Vec<Address>> {
    let urls = section.texts("urls")?;
    if urls.is_empty() {
        section.problem("urls", "must name at least one address");
    }
    let parsed = urls.iter().map(|url| Address::parse(url));
    let addresses =
        parsed.collect::<Result<Vec<_>, _>>().map_err(|problem| section.problem("urls", problem)).ok()?;
    let mixed = addresses.iter().any(|address| address.database != addresses[0].database)
        || addresses.iter().any(|address| is_tls(address) != is_tls(&addresses[0]));
    if mixed {
        section.problem("urls", "must all have the same scheme and the same number of the database");
    }
    if addresses.iter().any(Address::is_in_the_clear) {
        section.warning(
            "urls",
            "redis:// goes over the network in the clear: who listens there sees the password, and who has that can end or \
             repeat what is kept, though not read it: use rediss://",
        );
    }
    (!addresses.is_empty()).then_some(addresses)
}

fn is_tls(address: &Address) -> bool {
    matches!(address.transport, Transport::Tls(..))
}

fn mode(section: &mut Section<'_>, files: &Files<'_>, addresses: &[Address], wanted: bool) -> Option<Mode> {
    let kinds = [("single", Kind::Single), ("sentinel", Kind::Sentinel), ("cluster", Kind::Cluster)];
    let kind = section.one_of("mode", &kinds, Kind::Single);
    let of_sentinel = ["sentinel_master", "sentinel_username", "sentinel_password", "sentinel_password_file"];
    let written: Vec<&str> = of_sentinel.into_iter().filter(|key| section.has(key)).collect();
    let master = section.text("sentinel_master", 200);
    let login = login(section, files, ["sentinel_username", "sentinel_password", "sentinel_password_file"]);
    if wanted && kind != Kind::Sentinel {
        for key in written {
            section.problem(key, "does nothing without mode = \"sentinel\"");
        }
    }
    if wanted && kind == Kind::Single && addresses.len() > 1 {
        section.problem("urls", "must name one address, or mode must be \"sentinel\" or \"cluster\"");
    }
    if wanted && kind != Kind::Single && addresses.iter().any(|a| matches!(a.transport, Transport::Unix(_))) {
        section.problem("urls", "must be addresses of the network: whoever is asked names others");
    }
    match kind {
        Kind::Single => Some(Mode::Single),
        Kind::Cluster => Some(Mode::Cluster),
        Kind::Sentinel => {
            if wanted && master.is_none() {
                section.problem("sentinel_master", "is missing: write what the sentinels call the master");
            }
            Some(Mode::Sentinel { master: master?, login })
        }
    }
}

fn login(section: &mut Section<'_>, files: &Files<'_>, [username, password, file]: [&str; 3]) -> Login {
    Login { username: section.text(username, 200), password: files.secret(section, password, file) }
}

fn tls(section: &mut Section<'_>, files: &Files<'_>, is_used: bool) -> Tls {
    let keys = ["ca_file", "client_certificate_file", "client_key_file"];
    let written: Vec<&str> = keys.into_iter().filter(|key| section.has(key)).collect();
    if !is_used {
        for key in &written {
            section.problem(key, "does nothing without rediss:// in urls");
        }
    }
    let [certificate, key] = [keys[1], keys[2]].map(|key| written.contains(&key));
    if certificate != key {
        let missing = if certificate { keys[2] } else { keys[1] };
        section.problem(missing, "is missing: a client's certificate needs its key");
    }
    let ca = section.parsed(keys[0], |path| files.read(path)).map(|(ca, _)| ca);
    let certificate = section.parsed(keys[1], |path| files.read(path)).map(|(certificate, _)| certificate);
    let key = section.parsed(keys[2], |path| Ok(path.to_owned()));
    let key = key.and_then(|path| files.secret_at(section, keys[2], &path));
    Tls { ca, client: certificate.zip(key) }
}

fn key(section: &mut Section<'_>, files: &Files<'_>, [name, file]: [&str; 2]) -> Option<StateKey> {
    let written = written(section, [name, file]);
    let text = files.secret(section, name, file)?;
    StateKey::parse(text.expose()).map_err(|problem| section.problem(written, problem)).ok()
}

fn key_of_others(section: &mut Section<'_>, files: &Files<'_>, own: Option<&StateKey>) -> Option<StateKey> {
    let keys = ["other_key", "other_key_file"];
    let written = written(section, keys);
    let other = key(section, files, keys)?;
    if own == Some(&other) {
        section.problem(written, "is the same key as the one that seals");
    }
    Some(other)
}

/// Which of a secret's two keys has it.
fn written<'k>(section: &Section<'_>, [name, file]: [&'k str; 2]) -> &'k str {
    if section.has(name) { name } else { file }
}

/// So that names of records stay readable.
fn prefix(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=40).contains(&text.len()) && text.bytes().all(plain);
    fits.then(|| text.to_owned()).ok_or_else(|| "write 1 to 40 small letters, digits and hyphens".to_owned())
}
