//! Eight o'clock.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::plain_browser::PlainBrowser;
use crate::world::{World, is_inside};

const PEOPLE: usize = 50;
const SIGN_INS: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sign_ins_of_fifty_people_cost_at_most_fifty_roles_and_fifty_tokens() {
    let world = Arc::new(World::start(&people()).await);
    let client = PlainBrowser::client();
    let mut sign_ins = JoinSet::new();
    for number in 0..SIGN_INS {
        let (world, browser) = (world.clone(), PlainBrowser::new(client.clone()));
        let person = format!("agent{:02}", number % PEOPLE);
        sign_ins.spawn(async move {
            let answer = world.answer_for(&browser, "acme", &person).await;
            let page = browser.settle(answer).await;
            assert!(is_inside(&page, &person), "{person} is at {}: {}\n{}", page.url, page.status, page.body);
        });
    }
    while let Some(ended) = sign_ins.join_next().await {
        ended.unwrap();
    }
    for operation in ["AssumeRole", "GetFederationToken"] {
        let errors: Vec<_> = world
            .emulator
            .history()
            .into_iter()
            .filter(|call| call.operation == operation && call.status != 200)
            .collect();
        assert!(
            world.calls(operation) <= PEOPLE,
            "{operation}: {} calls; {errors:?}",
            world.calls(operation)
        );
    }
    assert_eq!(world.calls("CreateUser"), 0, "everybody was there already");
}

/// Fifty people who are placed already.
pub(crate) fn people() -> String {
    let mut seed = String::new();
    for number in 0..PEOPLE {
        write!(
            seed,
            r#"
[[instance.user]]
username = "agent{number:02}"
first_name = "Agent"
last_name = "Number {number:02}"
security_profiles = ["Agent"]
routing_profile = "Basic Routing Profile"
[[person]]
uid = "agent{number:02}"
name = "Agent {number:02}"
title = "Agent"
name_id = "agent{number:02}@example.com"
[person.attributes]
uid = ["agent{number:02}"]
givenName = ["Agent"]
sn = ["Number {number:02}"]
mail = ["agent{number:02}@example.com"]
groups = ["cc-agents"]
"#
        )
        .unwrap();
    }
    seed
}
