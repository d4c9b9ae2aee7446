//! `[budget]`: the pace of AWS calls.

use std::time::Duration;

use crate::budget::{Rate, Rates};

use super::section::Section;
use super::shape::Names;

/// What the gateway calls; a rate for anything else would be a typing error.
const OPERATIONS: [&str; 31] = [
    "AssociateUserProficiencies",
    "AssumeRole",
    "AssumeRoleWithSAML",
    "CreateUser",
    "CreateUserHierarchyGroup",
    "DeleteAllEntitySessions",
    "DeleteUser",
    "DeleteUserHierarchyGroup",
    "DescribeInstance",
    "DescribeUser",
    "DescribeUserHierarchyGroup",
    "DescribeUserHierarchyStructure",
    "DisassociateUserProficiencies",
    "GetFederationToken",
    "ListRoutingProfiles",
    "ListSecurityProfiles",
    "ListUserHierarchyGroups",
    "ListUserProficiencies",
    "ListUsers",
    "SearchQuickConnects",
    "SearchUsers",
    "TagResource",
    "UpdateUserConfig",
    "UpdateUserHierarchy",
    "UpdateUserHierarchyGroupName",
    "UpdateUserHierarchyStructure",
    "UpdateUserIdentityInfo",
    "UpdateUserPhoneConfig",
    "UpdateUserProficiencies",
    "UpdateUserRoutingProfile",
    "UpdateUserSecurityProfiles",
];

/// What AWS documents for every operation of Connect.
const CONNECT: Rate = Rate { per_second: 2.0, burst: 5 };
const STS: Rate = Rate { per_second: 50.0, burst: 50 };
/// What accounts have for [`READS`] whose quotas are of the older kind.
const READ: Rate = Rate { per_second: 10.0, burst: 10 };
const READS: [&str; 6] = [
    "DescribeUser",
    "DescribeUserHierarchyGroup",
    "ListRoutingProfiles",
    "ListUserHierarchyGroups",
    "ListUserProficiencies",
    "ListUsers",
];

/// What `[budget]` says.
pub(super) struct Budget {
    pub(super) rates: Rates,
    pub(super) patience: Duration,
    pub(super) place_kept_for: Duration,
}

pub(super) fn read(section: &mut Section<'_>) -> Budget {
    let patience = section.seconds("patience_seconds", 8, 1..=60);
    let minutes = section.number("place_kept_minutes", 120, 1..=720);
    if section.has("replicas") {
        section.problem("replicas", "has moved: write replicas under [state]");
    }
    Budget { rates: rates(section), patience, place_kept_for: Duration::from_secs(minutes * 60) }
}

fn rates(section: &mut Section<'_>) -> Rates {
    let presets = [("default", &[][..]), ("faster_reads", &READS[..])];
    let faster = section.one_of("preset", &presets, &[][..]);
    let connect = section.section("connect", |s| rate(s, CONNECT));
    let sts = section.section("sts", |s| rate(s, STS));
    let usual = |operation: &str| match operation {
        "AssumeRole" | "AssumeRoleWithSAML" => sts,
        read if faster.contains(&read) => READ,
        _ => connect,
    };
    let named = section.named("operations", Names::Listed(&OPERATIONS), |name, s| operation(name, s, usual));
    let preset = faster.iter().map(|read| ((*read).to_owned(), READ));
    Rates { connect, sts, operations: preset.chain(named.into_iter().flatten()).collect() }
}

/// An operation keeps what it does not say from its service. The environment writes its name in lower case.
fn operation(name: &str, section: &mut Section<'_>, usual: impl Fn(&str) -> Rate) -> Option<(String, Rate)> {
    let found = OPERATIONS.iter().find(|operation| operation.eq_ignore_ascii_case(name));
    if found.is_none() {
        section.problem("", format!("is not called by the gateway; it calls {}", OPERATIONS.join(", ")));
    }
    let rate = rate(section, usual(found.copied().unwrap_or_default()));
    Some(((*found?).to_owned(), rate))
}

fn rate(section: &mut Section<'_>, usual: Rate) -> Rate {
    let burst = section.number("burst", u64::from(usual.burst), 1..=10_000);
    Rate {
        per_second: section.rate("per_second", usual.per_second),
        burst: u32::try_from(burst).unwrap_or(usual.burst),
    }
}
