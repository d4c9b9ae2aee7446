//! The configuration: one TOML file, strict, with every problem reported at once.
//!
//! Every key can be overridden from the environment; every secret can come from a file. Sections
//! translate what is written into the rooms' own settings, so nothing behind this module knows TOML.

mod about;
mod address;
mod admin;
mod audit;
mod aws;
mod beginning;
mod budget;
mod cache;
mod client_address;
mod credentials;
mod described;
mod drafts;
mod environment;
mod files;
mod hierarchy;
mod history;
mod idp;
mod instance;
mod instances;
mod listen;
mod listener;
mod log;
mod mapping;
mod mapping_file;
mod migrate;
mod operations;
mod outbound;
mod pages;
mod people;
mod protected;
mod rate_limits;
mod replace;
mod report;
mod request;
mod saml;
mod schema;
mod section;
mod setting;
mod shape;
mod shutdown;
mod source;
mod state;
mod summary;
mod tls;
mod version_file;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::mapping::{Known, NamesConfig, Rules};
use crate::model::{Brand, ClientAddressSettings, IdpChoice, IdpName, Problem, ProtectedNames, RateLimits};
use crate::outbound::Outbound;
use crate::{budget as pace, federation, saml as service_provider};

use files::Files;
use report::Report;
use section::Section;
use shape::Names;

pub(crate) use address::check_endpoint;
pub use admin::{Admin, Publishers};
pub use audit::{AuditTo, ChainKey, SyslogAddress};
pub use beginning::Beginning;
pub use drafts::Drafts;
pub use files::Seen;
pub(crate) use files::unreadable;
pub use hierarchy::{read_hierarchy, write_hierarchy};
pub use history::History;
pub use instance::Instance;
pub use listen::Listen;
pub use listener::Listener;
pub use log::{Log, LogFormat, PersonalDataPolicy};
pub use migrate::{Migrated, Move, migrate, rewrite};
pub use schema::schema;
pub use setting::{Origin, Setting, Shown};
pub use shutdown::Shutdown;
pub use state::State;
pub use summary::summary;
pub use tls::Tls;
#[cfg(test)]
pub(crate) use words::catalogue;
pub use words::english;

/// What the gateway is called where nothing else is written.
const DISPLAY_NAME: &str = "Contact centre sign-in";

/// Everything the gateway is told, checked.
#[derive(Debug)]
pub struct Config {
    /// The gateway's own origin, as browsers see it.
    pub public_url: Url,
    /// Where it listens.
    pub listen: Listen,
    /// What connections and requests may take, and who says for whom they are.
    pub listener: Listener,
    /// Where the certificate is; `None`: plain HTTP, behind something that speaks TLS.
    pub tls: Option<Tls>,
    /// How it stops.
    pub shutdown: Shutdown,
    /// Where monitoring asks; `None`: nowhere.
    pub operations: Option<Listen>,
    /// Whose word about a client's address counts.
    pub client_address: ClientAddressSettings,
    /// How often somebody may ask.
    pub rate_limits: RateLimits,
    /// Its name on pages and in metadata, and what else makes the pages the company's own; in English.
    pub brand: Brand,
    /// The same in other languages.
    pub translated: Vec<Brand>,
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
    /// Every key with what is in force under it, the keys of a table together; nothing secret.
    pub settings: Vec<Setting>,
    /// Names that are never federated or granted.
    pub protected: ProtectedNames,
    /// The way out.
    pub outbound: Outbound,
    /// AWS endpoints other than the usual ones.
    pub endpoints: federation::Endpoints,
    /// Region of calls that belong to no instance: of the credentials chain.
    pub aws_region: String,
    /// The pace of AWS calls.
    pub rates: pace::Rates,
    /// Where what replicas share is kept.
    pub state: State,
    /// The file with everybody's latest sign-in; `None`: nothing is kept.
    pub seen_file: Option<PathBuf>,
    /// Our longest session.
    pub session_max: Duration,
    /// What is logged, and how.
    pub log: Log,
    /// What becomes of what tells one person from others, there and in audit lines.
    pub personal_data: PersonalDataPolicy,
    /// Where audit lines go.
    pub audit: AuditTo,
}

/// A usable configuration, and what should be looked at all the same.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Nothing that stops the gateway, but something an operator should know.
    pub warnings: Vec<Problem>,
    /// Every file that it was read from, the configuration's own first.
    pub files: Vec<Seen>,
    /// The same as long as nothing but `[mapping]` changes: everything else needs a restart.
    pub rest: u64,
    /// The file that holds `[mapping]` alone, where there is one.
    pub mapping_file: Option<PathBuf>,
}

/// Reads the file at `path`, with overrides from `environment`.
///
/// # Errors
/// Every problem at once; never empty.
pub fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    load_seen(path, environment).0
}

/// [`load`], with every file that was looked at, whatever came of it.
pub fn load_seen(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> (Result<Loaded, Vec<Problem>>, Vec<Seen>) {
    let files = Files::new(folder_of(path), Some(path));
    let text = files.config_text().map_err(|problem| vec![problem]);
    let loaded = text.and_then(|text| read(&text, &files, environment));
    (loaded, files.seen())
}

/// [`load`], as if `text` were in the file at `mapping_file`.
///
/// # Errors
/// Every problem at once; never empty.
pub fn load_with(
    (mapping_file, text): (&Path, &str),
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Vec<Problem>> {
    let files = Files::new(folder_of(path), Some(path)).instead(mapping_file.to_owned(), text);
    read(&files.config_text().map_err(|problem| vec![problem])?, &files, environment)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
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
    // The rules may be in a file that a variable names, and other variables override what is in it.
    let (of_rules, others): (Vec<_>, Vec<_>) = environment.into_iter().partition(environment::is_of_rules);
    let foreign = outbound::foreign(&others);
    let written = table.clone();
    let overrides = environment::apply(&mut table, others);
    let mapping_file = mapping_file::read(&mut table, files)?;
    let drafts = Drafts::new(text, files, mapping_file.as_ref(), &of_rules);
    let overrides = environment::join(overrides, environment::apply(&mut table, of_rules))?;
    let strangers = environment::strangers(&written, &overrides);
    let report = Report::new(overrides);
    outbound::check_foreign(&foreign, &table, &report);
    let rest = rest(&table);
    let mut root = Section::root(table, &report);
    let config = root_section(&mut root, files, drafts);
    root.finish();
    let settings = report.settings(text, mapping_file.as_ref());
    let (problems, warnings) = report.into_problems(text, mapping_file.as_ref());
    let (files, mapping_file) = (files.seen(), mapping_file.map(|file| file.path));
    match config {
        Some(config) if problems.is_empty() => {
            let config = Config { settings, ..config };
            Ok(Loaded { config, warnings, files, rest, mapping_file })
        }
        _ => Err(with_strangers(problems, strangers)),
    }
}

/// The variables that the problems may come from are told first.
fn with_strangers(problems: Vec<Problem>, strangers: Vec<(String, Problem)>) -> Vec<Problem> {
    let is_about = |key: &str| problems.iter().any(|problem| problem.key.starts_with(&format!("{key}.")));
    let strangers: Vec<Problem> =
        strangers.into_iter().filter(|(key, _)| is_about(key)).map(|(_, problem)| problem).collect();
    strangers.into_iter().chain(problems).collect()
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
    if root.flag("strict_permissions", false) {
        files.be_strict();
    }
    let public_url = root.required("public_url", "write the https origin that browsers use", address::origin);
    let listen = listen::read(root, files.base_dir());
    let operations = root.section("operations", |s| operations::read(s, &listen, files.base_dir()));
    let client_address = root.section("client_address", client_address::read);
    let rate_limits = root.section("rate_limits", rate_limits::read);
    let listener = root.section("listener", |s| listener::read(s, &client_address));
    let tls = root.section("tls", |s| tls::read(s, files));
    let shutdown = root.section("shutdown", shutdown::read);
    let display_name = root.text("display_name", 100).unwrap_or_else(|| DISPLAY_NAME.to_owned());
    root.usual("display_name", DISPLAY_NAME);
    let support = root.parsed("support", pages::support);
    let pages = root.section("pages", |s| pages::read(s, files));
    let saml = root.section("saml", |s| saml::read(s, files, public_url.as_ref(), &display_name));
    let pending_for = saml.pending_for;
    let idps = root.named("idp", Names::Like(address::NAME), |name, s| idp::read(name, s, files));
    let cache = root.section("cache", cache::Cache::read);
    let budget = root.section("budget", budget::read);
    let protected = root.section("protected", protected::read);
    let shared = instance::Shared {
        public_url: public_url.as_ref(),
        idps: idps.iter().map(|idp| idp.name.clone()).collect(),
        cache,
        patience: budget.patience,
        place_kept_for: budget.place_kept_for,
        protected: protected.clone(),
    };
    let instances =
        root.named("instance", Names::Like(address::NAME), |name, s| instance::read(name, s, files, &shared));
    let outbound = root.section("outbound", |s| outbound::read(s, files));
    let (endpoints, region) = root.section("aws", aws::read);
    let known = Known {
        idps: idps.iter().map(|idp| (idp.name.clone(), idp.names.clone())).collect(),
        instances: instances.iter().flatten().map(Instance::destinations).collect(),
        protected: protected.clone(),
    };
    // It was read before the sections, and its rules stand under `mapping`.
    root.parsed(mapping_file::KEY, |_| Ok(()));
    let rules = root.section("mapping", |s| mapping::read(s, files, &known));
    let admin = root.optional("admin", |s| admin::read(s, &known, &drafts)).flatten();
    let history = admin.as_ref().and_then(Admin::history).cloned();
    let session_max = root.section("session", |s| s.number("max_hours", 12, 1..=12));
    let state = root.section("state", |s| state::read(s, files));
    let seen_file = root.section("people", |s| people::read(s, files.base_dir()));
    let (log, personal_data) = root.section("log", |s| (log::read(s), log::personal_data(s, files)));
    let audit = root.section("audit", |s| audit::read(s, files));
    at_least_one(root, "idp", idps.is_empty());
    at_least_one(root, "instance", instances.is_empty());
    let (brand, translated) = pages.into_brands(display_name)?;
    let instances: Vec<Instance> = instances.into_iter().collect::<Option<_>>()?;
    instances::check_removal(root, &instances);
    instances::check_accounts(root, &instances);
    if let Some(state) = &state {
        instances::check_sharing(root, &instances, state);
    }
    if let Some(rules) = &rules {
        instances::check_parking_profile(root, &instances, rules);
    }
    let usual_region = instances.first().map(|instance| instance.connect.arn.region.clone())?;
    root.instead("aws.region", usual_region.as_str());
    let outbound = outbound?;
    Some(Config {
        public_url: public_url?,
        listen,
        listener,
        tls,
        shutdown,
        operations,
        client_address,
        rate_limits,
        brand,
        translated,
        support,
        saml: service_provider::Settings { outbound: outbound.clone(), ..saml.settings? },
        pending_for,
        idp_choices: idps.iter().map(idp::Idp::choice).collect(),
        idp_names: known.idps.clone(),
        idps: idps.into_iter().map(|idp| idp.settings).collect::<Option<_>>()?,
        aws_region: region.unwrap_or(usual_region),
        instances,
        rules: rules?,
        admin,
        drafts: drafts.knowing(known, history),
        settings: Vec::new(),
        protected,
        endpoints: federation::Endpoints { outbound: outbound.clone(), ..endpoints },
        outbound,
        rates: budget.rates,
        state: state?,
        seen_file,
        session_max: Duration::from_secs(session_max * 3600),
        log,
        personal_data,
        audit,
    })
}

fn version(root: &mut Section<'_>) {
    if root.optional_number("version", 1..=1).is_none() {
        root.problem("version", "write `version = 1`, the version of this file's format");
    }
    root.require("version");
}

fn at_least_one(root: &Section<'_>, key: &str, none: bool) {
    root.require(key);
    if none {
        root.problem(key, format!("is missing: write at least one [{key}.<name>] table"));
    }
}
