//! Which calls the configuration of one instance makes, as statements of a policy.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Instance};
use crate::connect::{GroupCreation, Provisioning};
use crate::model::{Field, InstanceArn, SyncPolicy, SyncWhen};

use super::policy::Statement;

/// What decides which calls are made.
pub(super) struct Needs<'c> {
    arn: &'c InstanceArn,
    provisioning: Provisioning,
    group_creation: GroupCreation,
    has_console: bool,
    protects_profiles: bool,
    sync: SyncPolicy,
    fields: BTreeSet<Field>,
    profiles: BTreeSet<String>,
    computes_profiles: bool,
}

impl<'c> Needs<'c> {
    pub(super) fn of(instance: &'c Instance, config: &Config) -> Self {
        let (rules, name) = (&config.rules, &instance.name);
        Self {
            arn: &instance.connect.arn,
            provisioning: instance.connect.provisioning,
            group_creation: instance.connect.group_creation,
            has_console: config.admin.is_some(),
            protects_profiles: config.protected.has_security_profiles(),
            sync: rules.sync(),
            fields: rules.fields(name),
            profiles: rules.named(name).security_profiles,
            computes_profiles: rules.computes_security_profiles(name),
        }
    }

    /// The security profiles that can be granted can't be listed, since rules compute some.
    pub(super) fn grants_any_profile(&self) -> bool {
        self.computes_profiles && self.provisioning != Provisioning::Off
    }

    /// Everything that the gateway does with users. `ids` are of security profiles, by name.
    pub(super) fn users(&self, ids: &BTreeMap<String, String>) -> Vec<Statement> {
        let statements =
            [self.look(), self.draw(), self.create(ids), self.correct(ids), self.create_groups()];
        statements.into_iter().filter(|statement| !statement.is_idle()).collect()
    }

    fn look(&self) -> Statement {
        let (sets, console) = (|field| self.fields.contains(&field), self.has_console);
        let lists_profiles = self.provisioning != Provisioning::Off || self.protects_profiles || console;
        let lists_groups = sets(Field::Hierarchy) || console;
        let reads_proficiencies =
            (sets(Field::Proficiencies) && self.provisioning == Provisioning::Sync) || console;
        let actions = which(&[
            ("DescribeInstance", true),
            ("ListUsers", true),
            ("DescribeUser", true),
            ("ListUserProficiencies", reads_proficiencies),
            ("ListSecurityProfiles", lists_profiles),
            ("ListRoutingProfiles", sets(Field::RoutingProfile) || console),
            ("ListUserHierarchyGroups", lists_groups),
            ("DescribeUserHierarchyGroup", lists_groups),
        ]);
        let parts: &[&str] = if lists_groups { &["", "agent/*", "agent-group/*"] } else { &["", "agent/*"] };
        self.allow("Look", &actions, parts)
    }

    fn draw(&self) -> Statement {
        let actions = which(&[("SearchUserHierarchyGroups", self.has_console)]);
        self.allow("DrawTheHierarchyInTheConsole", &actions, &[""])
    }

    fn create(&self, ids: &BTreeMap<String, String>) -> Statement {
        let creates = self.provisioning != Provisioning::Off;
        let sets = |field| creates && self.fields.contains(&field);
        let actions = which(&[
            ("CreateUser", creates),
            ("AssociateUserProficiencies", sets(Field::Proficiencies)),
            ("TagResource", sets(Field::Tags)),
        ]);
        let mut resource = vec![self.part("agent/*")];
        if sets(Field::Hierarchy) {
            resource.push(self.part("agent-group/*"));
        }
        resource.push(self.part("routing-profile/*"));
        resource.extend(self.profiles(ids));
        Statement::allow("CreateUsers", "connect", &actions, resource)
    }

    fn correct(&self, ids: &BTreeMap<String, String>) -> Statement {
        let corrects = |when| self.provisioning == Provisioning::Sync && when == SyncWhen::Always;
        let sets = |field, when| corrects(when) && self.fields.contains(&field);
        let sync = &self.sync;
        let profiles = corrects(sync.security_profiles);
        let routing = sets(Field::RoutingProfile, sync.routing_profile);
        let hierarchy = sets(Field::Hierarchy, sync.hierarchy);
        let phone = sets(Field::Phone, sync.phone);
        let channels = sets(Field::Channels, sync.channels);
        let proficiencies = sets(Field::Proficiencies, sync.proficiencies);
        let actions = which(&[
            ("UpdateUserSecurityProfiles", profiles),
            ("UpdateUserRoutingProfile", routing),
            ("UpdateUserHierarchy", hierarchy),
            ("UpdateUserIdentityInfo", corrects(sync.names)),
            ("UpdateUserPhoneConfig", phone),
            // Users who have settings by channel get the phone's there too.
            ("UpdateUserConfig", phone || channels),
            ("UpdateUserProficiencies", proficiencies),
            ("DisassociateUserProficiencies", proficiencies),
        ]);
        let mut resource = vec![self.part("agent/*")];
        resource.extend(hierarchy.then(|| self.part("agent-group/*")));
        resource.extend(routing.then(|| self.part("routing-profile/*")));
        if profiles {
            resource.extend(self.profiles(ids));
        }
        Statement::allow("CorrectUsers", "connect", &actions, resource)
    }

    fn create_groups(&self) -> Statement {
        let creates = self.group_creation != GroupCreation::Never;
        let actions =
            which(&[("DescribeUserHierarchyStructure", creates), ("CreateUserHierarchyGroup", creates)]);
        self.allow("CreateHierarchyGroups", &actions, &["", "agent-group/*"])
    }

    /// What may be granted, one by one where that is known.
    fn profiles(&self, ids: &BTreeMap<String, String>) -> Vec<String> {
        if self.grants_any_profile() {
            return vec![self.part("security-profile/*")];
        }
        let id = |name: &String| ids.get(name).cloned().unwrap_or_else(|| format!("<id of {name}>"));
        self.profiles.iter().map(|name| self.part(&format!("security-profile/{}", id(name)))).collect()
    }

    fn allow(&self, sid: &str, actions: &[&str], parts: &[&str]) -> Statement {
        Statement::allow(sid, "connect", actions, parts.iter().map(|part| self.part(part)).collect())
    }

    fn part(&self, part: &str) -> String {
        part_of(self.arn, part)
    }
}

/// What whoever runs `connect-gateway hierarchy` needs: for `plan` and `export`, for `apply`, for `--prune`.
pub(super) fn hierarchy(arn: &InstanceArn) -> Vec<Statement> {
    let allow = |sid, actions: &[&str], parts: &[&str]| {
        Statement::allow(sid, "connect", actions, parts.iter().map(|part| part_of(arn, part)).collect())
    };
    vec![
        allow(
            "ReadTheHierarchy",
            &["DescribeUserHierarchyStructure", "ListUserHierarchyGroups", "DescribeUserHierarchyGroup"],
            &["", "agent-group/*"],
        ),
        allow(
            "ChangeTheHierarchy",
            &["UpdateUserHierarchyStructure", "CreateUserHierarchyGroup", "UpdateUserHierarchyGroupName"],
            &["", "agent-group/*"],
        ),
        allow(
            "PruneTheHierarchy",
            &["SearchUsers", "DescribeUser", "DeleteUserHierarchyGroup"],
            &["", "agent/*", "agent-group/*"],
        ),
    ]
}

fn part_of(arn: &InstanceArn, part: &str) -> String {
    if part.is_empty() { arn.to_string() } else { format!("{arn}/{part}") }
}

fn which<'a>(actions: &[(&'a str, bool)]) -> Vec<&'a str> {
    actions.iter().filter_map(|(action, is_needed)| is_needed.then_some(*action)).collect()
}
