//! What the sections of instances say together, and with the rules.

use std::collections::BTreeSet;

use super::section::Section;
use super::{Instance, State};
use crate::connect::Removal;
use crate::federation::CredentialSource;
use crate::mapping::Rules;

/// One identity of ours manages the users of one account.
pub(super) fn check_accounts(root: &Section<'_>, instances: &[Instance]) {
    let by_us = instances.iter().filter(|instance| instance.provisioning_role.is_none());
    let accounts: BTreeSet<&str> = by_us.map(|instance| instance.connect.arn.account.as_str()).collect();
    if accounts.len() > 1 {
        let accounts = accounts.into_iter().collect::<Vec<_>>().join(" and ");
        root.warning(
            "instance",
            format!(
                "instances in the accounts {accounts} have no provisioning_role_arn: the gateway's own AWS identity can manage \
                 users in one account only; write one for the others (docs/aws.md, several accounts)"
            ),
        );
    }
}

/// A person's own answer, and what AWS gave for it, stay in the memory of the replica that took it.
pub(super) fn check_sharing(root: &Section<'_>, instances: &[Instance], state: &State) {
    if state.redis.is_none() {
        return;
    }
    let needs_answers = |instance: &&Instance| instance.federation.credentials != CredentialSource::Base;
    for instance in instances.iter().filter(needs_answers) {
        root.problem(
            &format!("instance.{}.credentials", instance.name),
            "\"assertion\" does not go together with state.store = \"redis\": a person's own answer is never written down, so the \
             person would have to come back to the very replica that took it; write credentials = \"base\" here, or run one \
             gateway with store = \"memory\"",
        );
    }
}

/// Whoever holds the parking profile is refused: nobody may get it by a rule.
pub(super) fn check_parking_profile(root: &Section<'_>, instances: &[Instance], rules: &Rules) {
    for instance in instances {
        let removal = instance.connect.removal.as_ref();
        let Some(security_profile) = removal.and_then(Removal::parking_profile) else { continue };
        if rules.named(&instance.name).security_profiles.contains(security_profile) {
            root.problem(
                &format!("instance.{}.removal.security_profile", instance.name),
                format!("{security_profile:?} is granted by rules: everybody whom they give it to would be refused"),
            );
        }
    }
}

/// Sections of one instance are ways in to the same users: who is parked must be so by all of them.
pub(super) fn check_removal(root: &Section<'_>, instances: &[Instance]) {
    for (number, instance) in instances.iter().enumerate() {
        let (arn, removal) = (&instance.connect.arn, &instance.connect.removal);
        let is_other = |first: &&Instance| first.connect.arn == *arn && first.connect.removal != *removal;
        if let Some(first) = instances[..number].iter().find(is_other) {
            root.problem(
                &format!("instance.{}.removal", instance.name),
                format!(
                    "must be as in instance.{}, which is the same Amazon Connect instance: who is parked there would be \
                     let in here",
                    first.name
                ),
            );
        }
    }
}
