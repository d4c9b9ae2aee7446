//! What tests can ask of the emulator and change in it.

use connect_gateway::emulator::{Behaviour, Options, SeedUser};

use crate::aws::{connect, token};
use crate::{ACME, kind, seed, start};

#[tokio::test]
async fn the_history_tells_who_called_what_about_whom() {
    let emulator = start(kind()).await;
    token(&emulator, "dee@acme.test").await;
    let refused = connect(&emulator).describe_user().instance_id(ACME).user_id("unknown").send().await;
    assert!(refused.is_err());
    let calls: Vec<_> = emulator
        .history()
        .into_iter()
        .map(|call| (call.operation, call.status, call.error, call.username))
        .collect();
    let dee = Some("dee@acme.test".to_owned());
    let not_found = Some("ResourceNotFoundException".to_owned());
    assert_eq!(
        calls,
        [
            ("AssumeRole".to_owned(), 200, None, dee.clone()),
            ("GetFederationToken".to_owned(), 200, None, dee),
            ("DescribeUser".to_owned(), 404, not_found, None),
        ]
    );
    emulator.clear_history();
    assert!(emulator.history().is_empty());
}

#[tokio::test]
async fn it_is_unkind_unless_told_otherwise() {
    let emulator = start(Options::loopback(seed())).await;
    emulator.set_fault_rate(0.0);
    let page =
        connect(&emulator).list_users().instance_id(ACME).max_results(1000).send().await.expect("a page");
    assert_eq!(page.user_summary_list().len(), 3);
    assert!(page.next_token().is_some());
    let behaviour = Behaviour::default();
    assert!(behaviour.throttle.is_some() && behaviour.fault_rate > 0.0 && !behaviour.lag.list.is_zero());
}

#[tokio::test]
async fn faults_are_the_same_for_the_same_seed() {
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let mut options = kind();
        options.behaviour = Behaviour { fault_rate: 0.5, fault_seed: 42, ..Behaviour::kind() };
        let emulator = start(options).await;
        let config = connect(&emulator).config().to_builder();
        let once = aws_sdk_connect::config::retry::RetryConfig::disabled();
        let client = aws_sdk_connect::Client::from_conf(config.retry_config(once).build());
        let mut outcome = Vec::new();
        for _ in 0..20 {
            outcome.push(client.describe_instance().instance_id(ACME).send().await.is_ok());
        }
        assert!(outcome.contains(&true) && outcome.contains(&false));
        outcomes.push(outcome);
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

#[tokio::test]
async fn tests_add_change_and_delete_users() {
    let emulator = start(kind()).await;
    let user = SeedUser {
        username: "new@acme.test".to_owned(),
        first_name: "New".to_owned(),
        last_name: "Hire".to_owned(),
        security_profiles: vec!["Agent".to_owned()],
        routing_profile: "Tech L1".to_owned(),
        ..SeedUser::default()
    };
    emulator.add_user("acme", &user).expect("added");
    assert!(emulator.usernames("acme").contains(&user.username));
    emulator.put_users_profiles("acme", &user.username, &["Admin"]).expect("changed");
    assert!(emulator.put_users_profiles("acme", &user.username, &["Pilot"]).is_err());
    assert!(emulator.put_users_profiles("acme", "nobody", &["Admin"]).is_err());
    assert!(emulator.delete_user("acme", &user.username));
    assert!(!emulator.delete_user("acme", &user.username));
    assert!(!emulator.usernames("acme").contains(&user.username));
}
