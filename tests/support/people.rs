//! Agents who are placed in Connect already, and whom the identity provider knows.

use std::fmt::Write as _;

/// Name of one of them.
pub(crate) fn agent(number: usize) -> String {
    format!("agent{number:04}")
}

/// So many of them, for the emulator's seed.
pub(crate) fn people(count: usize) -> String {
    (0..count).fold(String::new(), |mut seed, number| {
        let uid = agent(number);
        write!(
            seed,
            r#"
[[instance.user]]
username = "{uid}"
first_name = "Agent"
last_name = "Number {number}"
security_profiles = ["Agent"]
routing_profile = "Basic Routing Profile"
[[person]]
uid = "{uid}"
name = "Agent {number}"
title = "Agent"
name_id = "{uid}@example.com"
[person.attributes]
uid = ["{uid}"]
givenName = ["Agent"]
sn = ["Number {number}"]
mail = ["{uid}@example.com"]
groups = ["cc-agents"]
"#
        )
        .unwrap();
        seed
    })
}
