//! Which calls the configuration of one instance makes, as statements of a policy.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Instance};
use crate::connect::{GroupCreation, Provisioning, Removal};
use crate::model::{Field, InstanceArn, SyncPolicy, SyncWhen};

use super::policy::Statement;

/// What decides which calls are made.
pub(super) struct Needs<'c> {
    arn: &'c InstanceArn,
    provisioning: Provisioning,
    group_creation: GroupCreation,
    removal: Option<&'c Removal>,
    has_console: bool,
    ends_sessions: bool,
    protects_profiles: bool,
    sync: SyncPolicy,
    fields: BTreeSet<Field>,
    /// None: rules compute some.
    profiles: Option<BTreeSet<String>>,
}

impl<'c> Needs<'c> {
    pub(super) fn of(instance: &'c Instance, config: &Config) -> Self {
        let (rules, name) = (&config.rules, &instance.name);
        Self {
            arn: &instance.connect.arn,
            provisioning: instance.connect.provisioning,
            group_creation: instance.connect.group_creation,
            removal: instance.connect.removal.as_ref(),
            has_console: config.admin.is_some(),
            ends_sessions: instance.end_connect_sessions
                || config.admin.as_ref().is_some_and(|admin| admin.socket.is_some()),
            protects_profiles: config.protected.has_security_profiles(),
            sync: rules.sync(),
            fields: rules.fields(name),
            profiles: (!rules.computes_security_profiles(name)).then(|| rules.named(name).security_profiles),
        }
    }

    /// The security profiles that can be granted can't be listed, since rules compute some.
    pub(super) fn grants_any_profile(&self) -> bool {
        self.profiles.is_none() && self.provisioning != Provisioning::Off
    }

    /// Everything that the gateway does with users. `ids` are of security profiles, by name.
    pub(super) fn users(&self, ids: &BTreeMap<String, String>) -> Vec<Statement> {
        let reads = [self.look(), self.draw()];
        let ends = self.ends_sessions.then(|| self.end_sessions());
        let writes = self.writes(ids);
        reads.into_iter().chain(writes).chain(ends).filter(|statement| !statement.is_idle()).collect()
    }

    /// What makes users as the rules want them.
    fn writes(&self, ids: &BTreeMap<String, String>) -> [Statement; 4] {
        [self.create(ids), self.complete(), self.correct(ids), self.create_groups()]
    }

    /// What whoever runs `connect-gateway users list`, `show`, `export` or `plan` needs.
    pub(super) fn read_everybody(&self) -> Vec<Statement> {
        let actions = which(&[
            ("SearchUsers", true),
            ("ListUsers", true),
            ("DescribeUser", true),
            ("ListUserProficiencies", true),
            ("ListSecurityProfiles", true),
            ("ListRoutingProfiles", true),
            ("SearchUserHierarchyGroups", true),
            ("ListUserHierarchyGroups", true),
            ("DescribeUserHierarchyGroup", true),
            ("DescribeUserHierarchyStructure", self.group_creation != GroupCreation::Never),
        ]);
        vec![self.allow("ReadEverybody", &actions, &["", "agent/*", "agent-group/*"])]
    }

    /// The same for `connect-gateway users apply`; nothing where no user is written.
    pub(super) fn put_everybody(&self, ids: &BTreeMap<String, String>) -> Vec<Statement> {
        let writes = self.writes(ids).into_iter().filter(|statement| !statement.is_idle());
        let writes: Vec<_> = writes.collect();
        if writes.is_empty() { writes } else { [self.read_everybody(), writes].concat() }
    }

    /// The same for `connect-gateway users remove`; nothing where nobody is removed.
    pub(super) fn remove(&self, ids: &BTreeMap<String, String>) -> Vec<Statement> {
        let Some(removal) = self.removal else { return Vec::new() };
        let last = match removal {
            Removal::Delete => self.allow("DeleteUsers", &["DeleteUser"], &["agent/*"]),
            Removal::Park { security_profile, .. } => {
                let profile = self.profile(security_profile, ids);
                let resource = vec![self.part("agent/*"), self.part("routing-profile/*"), profile];
                let actions = ["UpdateUserSecurityProfiles", "UpdateUserRoutingProfile"];
                Statement::allow("ParkUsers", "connect", &actions, resource)
            }
        };
        vec![self.see_who_leaves(), self.end_sessions(), last]
    }

    fn see_who_leaves(&self) -> Statement {
        let actions = which(&[
            ("ListUsers", true),
            ("DescribeUser", true),
            ("ListSecurityProfiles", self.protects_profiles || self.parks()),
            ("ListRoutingProfiles", self.parks()),
            ("SearchQuickConnects", true),
            ("DescribeQuickConnect", true),
        ]);
        self.allow("SeeWhoLeaves", &actions, &["", "*"])
    }

    fn end_sessions(&self) -> Statement {
        self.allow("EndSessions", &["DeleteAllEntitySessions"], &["", "agent/*"])
    }

    fn parks(&self) -> bool {
        matches!(self.removal, Some(Removal::Park { .. }))
    }

    /// Whether a new user gets this from the rules.
    fn gives(&self, field: Field, when: SyncWhen) -> bool {
        self.provisioning != Provisioning::Off && when != SyncWhen::Never && self.fields.contains(&field)
    }

    fn look(&self) -> Statement {
        let (sets, console) = (|field| self.fields.contains(&field), self.has_console);
        // To know who holds a profile that stands in the way, too.
        let checks_profiles = self.protects_profiles || self.parks();
        let lists_profiles = self.provisioning != Provisioning::Off || checks_profiles || console;
        let lists_groups = sets(Field::Hierarchy) || console;
        // Of users who are not complete yet, whatever becomes of existing ones.
        let reads_proficiencies = self.gives(Field::Proficiencies, self.sync.proficiencies) || console;
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
        let actions = which(&[("CreateUser", creates)]);
        let mut resource = vec![self.part("agent/*")];
        if sets(Field::Hierarchy) {
            resource.push(self.part("agent-group/*"));
        }
        resource.push(self.part("routing-profile/*"));
        resource.extend(self.profiles(ids));
        Statement::allow("CreateUsers", "connect", &actions, resource)
    }

    /// Tags and proficiencies belong to users: of nothing else may a tag be changed.
    fn complete(&self) -> Statement {
        let actions = which(&[
            ("AssociateUserProficiencies", self.gives(Field::Proficiencies, self.sync.proficiencies)),
            ("TagResource", self.gives(Field::Tags, self.sync.tags)),
        ]);
        self.allow("CompleteUsers", &actions, &["agent/*"])
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
        self.profiles.iter().flatten().map(|name| self.profile(name, ids)).collect()
    }

    fn profile(&self, name: &str, ids: &BTreeMap<String, String>) -> String {
        let id = ids.get(name).cloned().unwrap_or_else(|| format!("<id of {name}>"));
        self.part(&format!("security-profile/{id}"))
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
