//! `[budget]`: the pace of AWS calls.

use std::time::Duration;

use crate::budget::{Rate, Rates};

use super::section::Section;

/// What the gateway calls; a rate for anything else would be a typing error.
const OPERATIONS: [&str; 27] = [
    "AssociateUserProficiencies",
    "AssumeRole",
    "CreateUser",
    "CreateUserHierarchyGroup",
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

/// What `[budget]` says.
pub(super) struct Budget {
    pub(super) rates: Rates,
    pub(super) patience: Duration,
}

pub(super) fn read(section: &mut Section<'_>) -> Budget {
    let patience = section.seconds("patience_seconds", 8, 1..=60);
    let connect = section.section("connect", |s| rate(s, Rate { per_second: 2.0, burst: 5 }));
    let sts = section.section("sts", |s| rate(s, Rate { per_second: 50.0, burst: 50 }));
    let operations = section.named("operations", |name, s| operation(name, s, connect, sts));
    Budget { rates: Rates { connect, sts, operations: operations.into_iter().flatten().collect() }, patience }
}

/// An operation keeps what it does not say from its service. The environment writes its name in lower case.
fn operation(name: &str, section: &mut Section<'_>, connect: Rate, sts: Rate) -> Option<(String, Rate)> {
    let found = OPERATIONS.iter().find(|operation| operation.eq_ignore_ascii_case(name));
    if found.is_none() {
        section.problem("", format!("is not called by the gateway; it calls {}", OPERATIONS.join(", ")));
    }
    let usual = if found == Some(&"AssumeRole") { sts } else { connect };
    let rate = rate(section, usual);
    Some(((*found?).to_owned(), rate))
}

fn rate(section: &mut Section<'_>, usual: Rate) -> Rate {
    let burst = section.number("burst", u64::from(usual.burst), 1..=10_000);
    Rate {
        per_second: section.rate("per_second", usual.per_second),
        burst: u32::try_from(burst).unwrap_or(usual.burst),
    }
}
