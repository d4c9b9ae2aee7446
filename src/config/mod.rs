//! The configuration: one TOML file, strict, with every problem reported at once.
//!
//! Every key can be overridden from the environment; every secret can come from a file. Sections
//! translate what is written into the rooms' own settings, so nothing behind this module knows TOML.

mod about;
mod address;
mod admin;
mod budget;
mod cache;
mod drafts;
mod environment;
mod files;
mod hierarchy;
mod idp;
mod instance;
mod log;
mod mapping;
mod pages;
mod protected;
mod report;
mod request;
mod saml;
mod section;
mod source;
mod summary;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::mapping::{Known, NamesConfig, Rules};
use crate::model::{Brand, IdpChoice, IdpName, Problem, ProtectedNames};
use crate::{budget as pace, federation, saml as service_provider};

use files::Files;
use report::Report;
use section::Section;

pub use admin::Admin;
pub use drafts::Drafts;
pub(crate) use files::unreadable;
pub use hierarchy::{read_hierarchy, write_hierarchy};
pub use instance::Instance;
pub use log::{Log, LogFormat};
pub use summary::summary;

/// Everything the gateway is told, checked.
#[derive(Debug)]
pub struct Config {
    /// The gateway's own origin, as browsers see it.
    pub public_url: Url,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its name on pages and in metadata, and what else makes the pages the company's own.
    pub brand: Brand,
    /// Whom people ask for help: a sentence, or an https: or mailto: address.
    pub support: Option<String>,
    /// The service provider.
    pub saml: service_provider::Settings,
    /// How long a person may take at the identity provider.
    pub pending_for: Duration,
    /// Identity providers; never empty.
    pub idps: Vec<service_provider::IdpSettings>,
    /// Their names on pages, in the same order.
    pub idp_choices: Vec<IdpChoice>,
    /// Where each puts its values.
    pub idp_names: BTreeMap<IdpName, NamesConfig>,
    /// Instances; never empty.
    pub instances: Vec<Instance>,
    /// The rules.
    pub rules: Rules,
    /// Who may use the console; `None`: there is none.
    pub admin: Option<Admin>,
    /// Reads drafts of the rules.
    pub drafts: Drafts,
    /// Names that are never federated or granted.
    pub protected: ProtectedNames,
    /// AWS endpoints other than the usual ones.
    pub endpoints: federation::Endpoints,
    /// Region of calls that belong to no instance: of the credentials chain.
    pub aws_region: String,
    /// The pace of AWS calls.
    pub rates: pace::Rates,
    /// Our longest session.
    pub session_max: Duration,
    /// What is logged, and how.
    pub log: Log,
}

/// A usable configuration, and what should be looked at all the same.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Nothing that stops the gateway, but something an operator should know.
    pub warnings: Vec<Problem>,
    /// Every file that it was read from, the configuration's own first.
    pub files: Vec<PathBuf>,
    /// The same as long as nothing but `[mapping]` changes: everything else needs a restart.
    pub rest: u64,
}

/// Reads the file at `path`, with overrides from `environment`.
///
/// # Errors
/// Every problem at once; never empty.
pub fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Problem::new(path.display().to_string(), format!("can't be read: {}", unreadable(&error)))]
    })?;
    let base_dir = path.parent().unwrap_or(Path::new(""));
    read(&text, &Files::new(base_dir, Some(path)), environment)
}

/// Reads `text` as if it were a file in `base_dir`, with overrides from `environment`.
///
/// # Errors
/// Every problem at once; never empty.
pub fn parse(
    text: &str,
    base_dir: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    read(text, &Files::new(base_dir, None), environment)
}

fn read(
    text: &str,
    files: &Files<'_>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    let mut table = source::table(text)?;
    let environment: Vec<(String, String)> = environment.into_iter().collect();
    let drafts = Drafts::new(text, files, &environment);
    let report = Report::new(environment::apply(&mut table, environment)?);
    let rest = rest(&table);
    let mut root = Section::root(table, &report);
    let config = root_section(&mut root, files, drafts);
    root.finish();
    let (problems, warnings) = report.into_problems(text);
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded { config, warnings, files: files.paths(), rest }),
        _ => Err(problems),
    }
}

/// A digest of everything but the rules.
fn rest(table: &toml::Table) -> u64 {
    let mut digest = DefaultHasher::new();
    for (key, value) in table.iter().filter(|(key, _)| *key != "mapping") {
        key.hash(&mut digest);
        value.to_string().hash(&mut digest);
    }
    digest.finish()
}

fn root_section(root: &mut Section<'_>, files: &Files<'_>, drafts: Drafts) -> Option<Config> {
    version(root);
    let public_url = root.required("public_url", "write the https origin that browsers use", address::origin);
    let listen = root.parsed("listen", listen_address).unwrap_or((Ipv4Addr::LOCALHOST, 8080).into());
    let display_name = root.text("display_name", 100).unwrap_or_else(|| "Contact centre sign-in".to_owned());
    let support = root.parsed("support", support);
    let pages = root.section("pages", |s| pages::read(s, files));
    let saml = root.section("saml", |s| saml::read(s, files, public_url.as_ref(), &display_name));
    let pending_for = saml.pending_for;
    let idps = root.named("idp", |name, s| idp::read(name, s, files));
    let cache = root.section("cache", cache::Cache::read);
    let budget = root.section("budget", budget::read);
    let protected = root.section("protected", protected::read);
    let shared = instance::Shared {
        public_url: public_url.as_ref(),
        idps: idps.iter().map(|idp| idp.name.clone()).collect(),
        cache,
        patience: budget.patience,
    };
    let instances = root.named("instance", |name, s| instance::read(name, s, files, &shared));
    let (endpoints, region) = root.section("aws", aws);
    let known = Known {
        idps: idps.iter().map(|idp| (idp.name.clone(), idp.names.clone())).collect(),
        instances: instances.iter().flatten().map(Instance::destinations).collect(),
        protected: protected.clone(),
    };
    let rules = root.section("mapping", |s| mapping::read(s, files, &known));
    let names_admins = root.has("admin");
    let admin = root.section("admin", |s| admin::read(s, names_admins, &known));
    let session_max = root.section("session", |s| s.number("max_hours", 12, 1..=12));
    let log = root.section("log", log::read);
    at_least_one(root, "idp", idps.is_empty());
    at_least_one(root, "instance", instances.is_empty());
    let instances: Vec<Instance> = instances.into_iter().collect::<Option<_>>()?;
    Some(Config {
        public_url: public_url?,
        listen,
        brand: pages.into_brand(display_name),
        support,
        saml: saml.settings?,
        pending_for,
        idp_choices: idps.iter().map(idp::Idp::choice).collect(),
        idp_names: known.idps.clone(),
        idps: idps.into_iter().map(|idp| idp.settings).collect::<Option<_>>()?,
        aws_region: region.or_else(|| instances.first().map(|i| i.connect.arn.region.clone()))?,
        instances,
        rules: rules?,
        admin,
        drafts: drafts.knowing(known),
        protected,
        endpoints,
        rates: budget.rates,
        session_max: Duration::from_secs(session_max * 3600),
        log,
    })
}

fn version(root: &mut Section<'_>) {
    if root.number("version", 0, 0..=1) != 1 {
        root.problem("version", "write `version = 1`, the version of this file's format");
    }
}

fn at_least_one(root: &Section<'_>, key: &str, none: bool) {
    if none {
        root.problem(key, format!("is missing: write at least one [{key}.<name>] table"));
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, such as \"0.0.0.0:8080\"".to_owned())
}

/// A sentence, or an address that a page may link to.
fn support(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 300 || text.chars().any(char::is_control) {
        return Err("write 1 to 300 characters on one line".to_owned());
    }
    Ok(text.trim().to_owned())
}

fn aws(section: &mut Section<'_>) -> (federation::Endpoints, Option<String>) {
    let connect = section.parsed("connect_endpoint", address::endpoint);
    let sts = section.parsed("sts_endpoint", address::endpoint);
    let region = section.parsed("region", |text| {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then(|| text.to_owned()).ok_or_else(|| "write a Region code, such as \"eu-west-2\"".to_owned())
    });
    (federation::Endpoints { connect, sts }, region)
}
