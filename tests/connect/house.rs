//! An emulated AWS, and gateways' rooms in front of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use connect_gateway::budget::{ProcessBudget, Rate, Rates};
use connect_gateway::config;
use connect_gateway::connect::{
    self, Allowed, Connect, GroupCreation, Hierarchy, Plan, Provisioning, StepError,
};
use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed, SeedUser};
use connect_gateway::federation::{
    self, CredentialSource, Endpoints, Federation, HandOffMode, ProvisioningRole, provisioning_identity,
};
use connect_gateway::model::{
    Clock, ConnectUser, HierarchyPath, InstanceArn, InstanceName, Pace, Patience, Placement, ProtectedNames,
    SyncPolicy, SystemClock, SystemRandom, UserId, Username,
};
use time::OffsetDateTime;
use url::Url;

/// Id of the instance.
pub(crate) const ACME: &str = "11111111-1111-4111-8111-111111111111";
/// How the names of operations that write begin.
const WRITING: [&str; 7] = ["Associate", "Create", "Delete", "Disassociate", "Tag", "Untag", "Update"];

/// The machine's clock, ahead by what a test says.
#[derive(Default)]
pub(crate) struct Shifted(AtomicI64);

impl Shifted {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + time::Duration::seconds(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct House {
    pub(crate) emulator: Emulator,
    pub(crate) clock: Arc<Shifted>,
}

/// What an operation's history comes to: how often it succeeded, and how often not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) good: usize,
    pub(crate) bad: usize,
}

impl House {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let seed = Seed::parse(include_str!("acme.toml")).unwrap();
        Self::with(seed, behaviour).await
    }

    pub(crate) async fn with(seed: Seed, behaviour: Behaviour) -> Self {
        Self::of(Options { behaviour, ..Options::loopback(seed) }).await
    }

    /// An emulator run with other options.
    pub(crate) async fn of(options: Options) -> Self {
        Self { emulator: Emulator::start(options).await.unwrap(), clock: Arc::default() }
    }

    pub(crate) async fn kind() -> Self {
        Self::start(Behaviour::kind()).await
    }

    /// Adds so many people who are placed already, by these names.
    pub(crate) fn add_agents(&self, count: usize, name: impl Fn(usize) -> String) {
        for number in 0..count {
            let user = SeedUser {
                username: name(number),
                first_name: "Ada".to_owned(),
                last_name: "Lovelace".to_owned(),
                security_profiles: vec!["Agent".to_owned()],
                routing_profile: "Basic".to_owned(),
                ..SeedUser::default()
            };
            self.emulator.add_user("acme", &user).unwrap();
        }
    }

    pub(crate) fn api(&self) -> Url {
        self.emulator.api_url().parse().unwrap()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    pub(crate) fn connect(&self) -> Connect {
        self.connect_with(|_| {})
    }

    pub(crate) fn connect_with(&self, change: impl FnOnce(&mut connect::Settings)) -> Connect {
        self.connect_as(&gateway(), fast(), change)
    }

    /// What a command works with.
    pub(crate) fn hierarchy(&self) -> Hierarchy {
        self.hierarchy_as(&gateway(), fast())
    }

    pub(crate) fn hierarchy_as(&self, sdk: &SdkConfig, budget: Pace) -> Hierarchy {
        let settings = settings();
        let client = connect::client(sdk, &settings.arn, Some(&self.api()));
        Hierarchy::new(&settings, client, budget)
    }

    /// What would change for this file.
    pub(crate) async fn hierarchy_plan(&self, file: &str, allowed: Allowed) -> Result<Plan, StepError> {
        let wanted = config::read_hierarchy(file).unwrap();
        self.hierarchy().plan(&wanted, allowed, &mut |_, _| {}).await
    }

    /// The instance's hierarchy as a file without ids, whatever listings show.
    pub(crate) async fn hierarchy_file(&self) -> String {
        self.emulator.adjust(|behaviour| *behaviour = Behaviour::kind());
        let tree = self.hierarchy().read(&mut |_, _| {}).await.unwrap();
        let text = config::write_hierarchy(&tree);
        text.lines().map(|line| line.split("path = ").last().unwrap()).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn connect_as(
        &self,
        sdk: &SdkConfig,
        budget: Pace,
        change: impl FnOnce(&mut connect::Settings),
    ) -> Connect {
        let mut settings = settings();
        change(&mut settings);
        let client = connect::client(sdk, &settings.arn, Some(&self.api()));
        Connect::new(settings, client, budget, Arc::default(), self.clock())
    }

    /// With other names protected than the usual ones.
    pub(crate) fn connect_protecting(
        &self,
        protected: ProtectedNames,
        change: impl FnOnce(&mut connect::Settings),
    ) -> Connect {
        let mut settings = settings();
        change(&mut settings);
        let client = connect::client(&gateway(), &settings.arn, Some(&self.api()));
        Connect::new(settings, client, fast(), Arc::new(protected), self.clock())
    }

    pub(crate) fn federation(&self) -> Federation {
        self.federation_with(|_| {})
    }

    pub(crate) fn federation_with(&self, change: impl FnOnce(&mut federation::Settings)) -> Federation {
        self.federation_as(&gateway(), fast(), change)
    }

    pub(crate) fn federation_as(
        &self,
        sdk: &SdkConfig,
        budget: Pace,
        change: impl FnOnce(&mut federation::Settings),
    ) -> Federation {
        let parse = |text: String| text.parse::<Url>().unwrap();
        let mut settings = federation::Settings {
            instance: InstanceName::new("acme"),
            arn: arn(ACME),
            url: parse(self.emulator.site_url("acme")),
            role_arn: role("connect-federation"),
            external_id: None,
            source_identity: true,
            session_tags: BTreeMap::new(),
            credentials: CredentialSource::Base,
            hand_off: HandOffMode::Instance,
            signin_endpoint: parse(format!("{}/federation", self.emulator.signin_url())),
            console_url: parse(self.emulator.console_url()),
            issuer_url: parse("https://gateway.test/".to_owned()),
            token_margin: Duration::from_mins(5),
            refresh_ahead: Duration::from_mins(10),
            max_token_age: Duration::from_hours(1),
            refusal_for: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            place_kept_for: Duration::from_mins(10),
        };
        change(&mut settings);
        let endpoints =
            Endpoints { connect: Some(self.api()), sts: Some(self.api()), ..Endpoints::default() };
        let protected = Arc::new(ProtectedNames::default());
        Federation::new(settings, sdk, endpoints, budget, protected, self.clock())
    }

    pub(crate) fn calls(&self, operation: &str) -> Calls {
        let history = self.emulator.history();
        let of_operation = history.iter().filter(|entry| entry.operation == operation);
        let (good, bad): (Vec<_>, Vec<_>) = of_operation.partition(|entry| entry.error.is_none());
        Calls { good: good.len(), bad: bad.len() }
    }

    /// Every call since the last clearing, in order.
    pub(crate) fn all_calls(&self) -> Vec<String> {
        self.emulator.history().into_iter().map(|entry| entry.operation).collect()
    }

    /// Calls that write.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = |name: &String| WRITING.iter().any(|verb| name.starts_with(verb));
        self.all_calls().into_iter().filter(writes).collect()
    }

    /// Keys of a session that ends in an hour and may do what the gateway may, as if nothing knew of their end.
    pub(crate) async fn short_lived(&self) -> Credentials {
        let keys = self.short_lived_with_their_end().await;
        let token = keys.session_token().map(str::to_owned);
        Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "test")
    }

    /// The same, and when they end.
    pub(crate) async fn short_lived_with_their_end(&self) -> Credentials {
        let role = ProvisioningRole { role_arn: role("session"), external_id: None };
        let sdk = provisioning_identity(
            &gateway(),
            role,
            &arn(ACME),
            Some(&self.api()),
            (fast(), self.clock.clone()),
        );
        sdk.credentials_provider().unwrap().provide_credentials().await.unwrap()
    }

    /// The SDK's own client, for what is done by hand.
    pub(crate) fn sdk(&self) -> aws_sdk_connect::Client {
        connect::client(&gateway(), &arn(ACME), Some(&self.api()))
    }

    /// The user as `DescribeUser` tells it.
    pub(crate) async fn described(&self, name: &str) -> aws_sdk_connect::types::User {
        let users = self.sdk().list_users().instance_id(ACME).max_results(1000).send().await.unwrap();
        let id = users.user_summary_list().iter().find(|user| user.username() == Some(name)).unwrap().id();
        let answer = self.sdk().describe_user().instance_id(ACME).user_id(id.unwrap()).send().await.unwrap();
        answer.user.unwrap()
    }

    /// The user as another gateway finds it.
    pub(crate) async fn user(&self, name: &str) -> ConnectUser {
        let found = Placement { security_profiles: BTreeSet::new(), ..placement(name) };
        self.connect_with(|settings| settings.provisioning = Provisioning::Off).ensure(&found).await.unwrap()
    }

    pub(crate) fn in_an_hour(&self) -> OffsetDateTime {
        self.clock.now() + time::Duration::HOUR
    }
}

/// What somebody who asks for a page has.
pub(crate) fn asked() -> Patience {
    Patience::lasting(Duration::from_secs(30))
}

fn settings() -> connect::Settings {
    connect::Settings {
        instance: InstanceName::new("acme"),
        arn: arn(ACME),
        url: "https://acme.my.connect.aws".parse().unwrap(),
        provisioning: Provisioning::Sync,
        group_creation: GroupCreation::Never,
        removal: None,
        send_email: false,
        directory_max_age: Duration::from_mins(5),
        known_for: Duration::from_mins(1),
        settle_within: Duration::from_secs(10),
        refusal_for: Duration::from_secs(10),
        patience: Duration::from_secs(30),
        place_kept_for: Duration::from_mins(10),
    }
}

pub(crate) fn arn(id: &str) -> InstanceArn {
    format!("arn:aws:connect:eu-west-2:123456789012:instance/{id}").parse().unwrap()
}

pub(crate) fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// The gateway's own identity.
pub(crate) fn gateway() -> SdkConfig {
    identity("AKIAGATEWAYGATEWAY01", "the-gateways-own-secret-key")
}

/// Somebody who may create and update users, but give neither proficiencies nor tags.
pub(crate) fn creator() -> SdkConfig {
    identity("AKIACREATORCREATOR01", "the-creators-secret-key")
}

/// Somebody who may only look.
pub(crate) fn reader() -> SdkConfig {
    identity("AKIAREADERREADER0001", "the-readers-secret-key")
}

pub(crate) fn identity(key: &str, secret: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            key, secret, None, None, "test",
        )))
        .build()
}

/// A budget that never makes anybody wait.
pub(crate) fn fast() -> Pace {
    budget(10_000.0, 10_000)
}

/// AWS's default rates.
pub(crate) fn real_rates() -> Pace {
    budget(2.0, 5)
}

pub(crate) fn budget(per_second: f64, burst: u32) -> Pace {
    let connect = Rate { per_second, burst };
    let sts = Rate { per_second: 50.0, burst: 50 };
    let budget = ProcessBudget::new(Rates { connect, sts, operations: BTreeMap::new() });
    Pace::new(Arc::new(budget), Arc::new(SystemRandom))
}

/// An agent as `acme.toml` has it, but for the hierarchy.
pub(crate) fn placement(username: &str) -> Placement {
    Placement {
        username: Username::new(username).unwrap(),
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        email: Some("ada@example.org".into()),
        security_profiles: names(&["Agent"]),
        routing_profile: Some("Basic".into()),
        hierarchy: None,
        hierarchy_is_written: true,
        phone: None,
        landing: None,
        proficiencies: BTreeMap::new(),
        tags: BTreeMap::new(),
        channels: BTreeMap::new(),
        sync: SyncPolicy::default(),
    }
}

pub(crate) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn path(names: &[&str]) -> HierarchyPath {
    HierarchyPath(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(crate) fn nobody() -> ConnectUser {
    ConnectUser {
        instance: InstanceName::new("acme"),
        id: UserId::new("nobody"),
        username: Username::new("nobody").unwrap(),
        created_at: None,
    }
}
