//! A loopback stand-in for Amazon Connect, STS, the AWS sign-in endpoint, instance sites and an identity
//! provider, for the demo and the tests. **Not for production:** it refuses to listen anywhere but on
//! loopback, keeps nothing, and makes new keys at each start.
//!
//! It keeps its client honest: signatures are verified, constraints enforced, pages small, rates real,
//! listings late, and some calls fail, unless a test says otherwise. It imports none of the gateway's
//! modules, so that a misunderstanding of the API cannot hide by standing on both sides.
//!
//! ```text
//! api.rs       who calls (sigv4), may they (policy, throttle, faults), what do they want (operation)
//!   users hierarchy listing search federation     Connect
//!   user_config proficiencies tags sessions quick_connects
//!   sts sts_saml                                  AssumeRole, AssumeRoleWithSAML, GetCallerIdentity
//! signin.rs    getSigninToken, login, connect/federate
//! site.rs      POST /auth/sign-in, destination pages, /logout
//! idp/         SAML metadata, requests, people to pick from, signed responses
//! ```

mod api;
mod api_sts;
mod call;
mod clock;
mod encoding;
mod error;
mod faults;
mod federation;
mod hierarchy;
mod history;
mod idp;
mod listing;
mod manage;
mod operation;
mod options;
mod pages;
mod policy;
mod principal;
mod proficiencies;
mod quick_connects;
mod search;
mod search_groups;
mod seed;
mod sessions;
mod shapes;
mod shared;
mod signin;
mod sigv4;
mod site;
mod state;
mod sts;
mod sts_saml;
mod tags;
mod throttle;
mod trust;
mod user_config;
mod user_rules;
mod users;
mod versions;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::history::HistoryEntry;
pub use self::idp::throwaway_key_pair;
pub use self::options::{
    Behaviour, Failing, IdpOptions, Lag, Options, Outage, Ports, PublicUrls, Rate, Rates, ServiceProvider,
    Sign,
};
pub use self::seed::{
    Person, Seed, SeedInstance, SeedKey, SeedProvider, SeedQuickConnect, SeedRole, SeedUser,
};

use self::idp::Idp;
use self::shared::{Shared, Urls};
use self::state::{Instance, World};

/// A running emulator; it stops when dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    servers: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Binds all listeners and serves.
    ///
    /// # Errors
    /// An address that is not loopback, a port that is taken, a seed that contradicts itself.
    pub async fn start(options: Options) -> io::Result<Self> {
        if !options.bind.is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the emulator listens on loopback only"));
        }
        let world = World::new(&options.seed).map_err(io::Error::other)?;
        let api = bind(options.bind, options.ports.api).await?;
        let signin = bind(options.bind, options.ports.signin).await?;
        let idp = bind(options.bind, options.ports.idp).await?;
        let mut sites = Vec::new();
        for instance in &options.seed.instances {
            let port = options.ports.sites.get(&instance.alias).copied().unwrap_or(0);
            sites.push((instance.alias.clone(), bind(options.bind, port).await?));
        }
        let urls = Urls {
            api: base_url(&api, None)?,
            sites: site_urls(&sites, &options)?,
            signin: base_url(&signin, options.public.signin.as_ref())?,
            console: base_url(&signin, options.public.console.as_ref())?,
            idp: base_url(&idp, options.public.idp.as_ref())?,
        };
        let people = Idp::new(options.idp.clone(), options.seed.people.clone())?;
        let shared = Arc::new(Shared::new(&options, world, urls, people));
        let mut servers = vec![
            serve(api, api::router(shared.clone())),
            serve(signin, signin::router(shared.clone())),
            serve(idp, idp::router(shared.clone())),
        ];
        for (alias, listener) in sites {
            servers.push(serve(listener, site::router(shared.clone(), &alias)));
        }
        Ok(Self { shared, servers })
    }

    /// Endpoint of Connect and STS.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.shared.urls.api.clone()
    }

    /// Access URL of the instance with this alias; empty when there is none.
    #[must_use]
    pub fn site_url(&self, alias: &str) -> String {
        self.shared.urls.site(alias)
    }

    /// AWS sign-in: the federation endpoint is `/federation` under it.
    #[must_use]
    pub fn signin_url(&self) -> String {
        self.shared.urls.signin.clone()
    }

    /// AWS console: `/connect/federate/<instance id>` is under it.
    #[must_use]
    pub fn console_url(&self) -> String {
        self.shared.urls.console.clone()
    }

    /// The identity provider.
    #[must_use]
    pub fn idp_url(&self) -> String {
        self.shared.urls.idp.clone()
    }

    /// The identity provider's metadata, which is its entity id too.
    #[must_use]
    pub fn idp_metadata_url(&self) -> String {
        format!("{}/saml/metadata", self.shared.urls.idp)
    }

    /// Every call since the start or the last clearing, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<HistoryEntry> {
        self.shared.history.all()
    }

    /// Forgets the history.
    pub fn clear_history(&self) {
        self.shared.history.clear();
    }

    /// The identity provider answers this service provider from now on, at `acs_url` only.
    pub fn trust_service_provider(&self, entity_id: &str, acs_url: &str) {
        self.shared.idp.trust(ServiceProvider {
            entity_id: entity_id.to_owned(),
            acs_url: acs_url.to_owned(),
            logout_url: None,
            certificates: Vec::new(),
        });
    }

    /// The same from metadata, so that requests must be signed by one of its certificates.
    ///
    /// # Errors
    /// A sentence that says what the metadata lacks.
    pub fn trust_service_provider_metadata(&self, metadata: &str) -> Result<(), String> {
        self.shared.idp.trust_metadata(metadata)
    }

    /// Adds a value to `SAML:aud` in a role's trust policy; false when there is no such role.
    #[must_use]
    pub fn put_saml_audience(&self, role_arn: &str, audience: &str) -> bool {
        let inner = &mut *self.shared.lock();
        let role = inner.world.roles.iter_mut().find(|role| role.seed.arn == role_arn);
        role.map(|role| role.seed.saml_audiences.push(audience.to_owned())).is_some()
    }

    /// Changes how unkind it is.
    pub fn adjust(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.adjust(change);
    }

    /// Share of Connect calls that fail, 0 to 1.
    pub fn set_fault_rate(&self, rate: f64) {
        self.adjust(|behaviour| behaviour.fault_rate = rate);
    }

    /// Switches throttling, at the real rates, on or off; buckets start full.
    pub fn set_throttle(&self, on: bool) {
        self.adjust(|behaviour| behaviour.throttle = on.then(Rates::default));
    }

    /// Lets `by` pass at once: tokens end, listings catch up, buckets fill.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// AWS's clock differs from the machine's by `off` from now on: signatures, times and the `Date` header.
    pub fn set_clock_off(&self, off: time::Duration) {
        self.shared.clock.set_off(off);
    }

    /// Gives out a base key, which ends at once when `expired`. It takes the place of one with the same id.
    ///
    /// # Errors
    /// A sentence about a policy that is none.
    pub fn put_key(&self, key: &SeedKey, expired: bool) -> Result<(), String> {
        let ends = expired.then(|| self.shared.clock.now());
        self.shared.lock().world.put_key(key, ends)
    }

    /// Adds a user, seen at once by every view.
    ///
    /// # Errors
    /// A sentence that names what does not exist.
    pub fn add_user(&self, alias: &str, user: &SeedUser) -> Result<(), String> {
        self.with_instance(alias, |instance| {
            let created = instance.created;
            instance.seed_user(user, created)
        })?
    }

    /// Deletes the user with exactly this username; false when there is none.
    #[must_use]
    pub fn delete_user(&self, alias: &str, username: &str) -> bool {
        self.change_user(alias, username, |_, _| None).is_ok()
    }

    /// Replaces a user's security profiles by name.
    ///
    /// # Errors
    /// A sentence that names what does not exist.
    pub fn put_users_profiles(&self, alias: &str, username: &str, profiles: &[&str]) -> Result<(), String> {
        let names: Vec<String> = profiles.iter().map(|name| (*name).to_owned()).collect();
        let ids = self.with_instance(alias, |instance| instance.security_profile_ids(&names))??;
        self.change_user(alias, username, |_, user| Some(state::User { security_profiles: ids, ..user }))
    }

    /// Usernames of an instance as they are now, whatever listings show.
    #[must_use]
    pub fn usernames(&self, alias: &str) -> Vec<String> {
        let names = |instance: &mut Instance| {
            let users = instance.users.iter().filter_map(versions::Versioned::current);
            users.map(|user| user.username.clone()).collect()
        };
        self.with_instance(alias, names).unwrap_or_default()
    }

    /// Replaces an attribute of a person of the identity provider; false when there is no such person.
    #[must_use]
    pub fn put_attribute(&self, uid: &str, name: &str, values: &[&str]) -> bool {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        self.shared.idp.put_attribute(uid, name, &values)
    }

    fn with_instance<T>(&self, alias: &str, change: impl FnOnce(&mut Instance) -> T) -> Result<T, String> {
        let inner = &mut *self.shared.lock();
        inner.world.by_alias(alias).map(change).ok_or_else(|| format!("instance {alias} does not exist"))
    }

    fn change_user(
        &self,
        alias: &str,
        username: &str,
        change: impl FnOnce(&Instance, state::User) -> Option<state::User>,
    ) -> Result<(), String> {
        let now = self.shared.clock.now();
        self.with_instance(alias, |instance| {
            let user = instance.user_named(username).and_then(versions::Versioned::current).cloned();
            let user = user.ok_or_else(|| format!("user {username} does not exist"))?;
            let id = user.id.clone();
            let changed = change(instance, user);
            instance.user_slot(&id).map_err(|error| error.message)?.write(now, changed);
            Ok(())
        })?
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(address, port)).await
}

fn base_url(listener: &TcpListener, public: Option<&String>) -> io::Result<String> {
    let own = || listener.local_addr().map(|address| format!("http://{address}"));
    public.map_or_else(own, |url| Ok(url.trim_end_matches('/').to_owned()))
}

fn site_urls(sites: &[(String, TcpListener)], options: &Options) -> io::Result<BTreeMap<String, String>> {
    let url = |(alias, listener): &(String, TcpListener)| {
        Ok((alias.clone(), base_url(listener, options.public.sites.get(alias))?))
    };
    sites.iter().map(url).collect()
}

fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        // Serving ends when the emulator is dropped; until then axum retries failed accepts by itself.
        let _ended = axum::serve(listener, router).await;
    })
}
