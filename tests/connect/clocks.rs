//! Clocks that differ, and credentials that end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use connect_gateway::emulator::{Behaviour, SeedKey};
use connect_gateway::model::{Blame, Clock as _, SystemClock, code};

use crate::faults::Door;
use crate::house::{Calls, House, fast, gateway, placement};

/// AWS's clock is off by this: more than the five minutes that a signature may be old.
const OFF: [time::Duration; 2] = [time::Duration::seconds(390), time::Duration::seconds(-390)];

#[tokio::test]
async fn a_clock_of_ours_that_is_wrong_keeps_nobody_out() {
    for off in OFF {
        let house = House::kind().await;
        let user = house.user("ada").await;
        house.emulator.set_clock_off(off);
        let (connect, federation) = (house.connect(), house.federation());
        house.emulator.clear_history();
        connect.ensure(&placement("ada")).await.unwrap();
        federation.token_for(&user, house.in_an_hour()).await.unwrap();
        assert_eq!(house.calls("ListUsers"), Calls { good: 1, bad: 1 }, "{off}: signed by AWS's clock then");
        assert_eq!(house.calls("DescribeUser"), Calls { good: 1, bad: 0 }, "{off}: and from then on");
        assert_eq!(house.calls("GetFederationToken").good, 1);
    }
}

#[tokio::test]
async fn a_clock_that_stays_wrong_is_the_operators_affair() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    for operation in ["AssumeRole", "DescribeUser"] {
        door.fail(operation, "RequestTimeTooSkewed", usize::MAX);
        assert_eq!(door.enter(0).await.map(drop), Err(code::GATEWAY_CLOCK.id), "{operation}");
        assert_eq!(door.house.calls(operation).bad, 2, "{operation}");
        door.fail(operation, "RequestTimeTooSkewed", 0);
        door.house.clock.advance(Duration::from_mins(2));
    }
    assert_eq!(code::GATEWAY_CLOCK.blame, Blame::Gateway);
}

/// Tokens live an hour, and are not served in their last five minutes.
#[tokio::test]
async fn a_token_is_served_until_five_minutes_before_its_real_end_whatever_the_clocks_say() {
    for off in OFF {
        let house = House::kind().await;
        let user = house.user("ada").await;
        let not_after = house.in_an_hour() + time::Duration::HOUR;
        house.emulator.set_clock_off(off);
        let federation = house.federation();
        let first = federation.token_for(&user, not_after).await.unwrap();
        for (minutes, is_served) in [(54, true), (2, false)] {
            let passes = Duration::from_mins(minutes);
            house.clock.advance(passes);
            house.emulator.advance(passes);
            let token = federation.token_for(&user, not_after).await.unwrap();
            assert_eq!(token == first, is_served, "AWS is {off} ahead, {minutes} minutes later");
        }
    }
}

#[tokio::test]
async fn what_the_browser_is_told_of_the_token_is_aws_word() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    house.emulator.set_clock_off(OFF[0]);
    let token = house.federation().token_for(&user, house.in_an_hour()).await.unwrap();
    let life = token.access_token_expiration - (house.in_an_hour() - time::Duration::HOUR);
    assert!((life - time::Duration::HOUR - OFF[0]).abs() < time::Duration::seconds(20), "{life}");
}

#[tokio::test]
async fn credentials_of_a_provisioning_role_are_replaced_before_their_real_end() {
    let house = House::kind().await;
    house.emulator.set_clock_off(OFF[0]);
    let keys = house.short_lived_with_their_end().await;
    let latest = SystemTime::from(house.in_an_hour()) + Duration::from_secs(5);
    assert!(keys.expiry().unwrap() <= latest, "not the hour by AWS's clock, which is ahead");
}

fn key(id: &str) -> SeedKey {
    SeedKey {
        id: id.to_owned(),
        secret: format!("the secret of {id}"),
        arn: "arn:aws:iam::123456789012:user/gateway".to_owned(),
        actions: ["connect:*", "sts:AssumeRole", "sts:SetSourceIdentity"].map(str::to_owned).into(),
        policy: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_end_keep_nobody_out_who_has_a_token_and_new_ones_are_taken_without_a_restart() {
    let (old, new) = (key("AKIAOLDOLDOLDOLD0001"), key("AKIANEWNEWNEWNEW0001"));
    let source = Arc::new(Mutex::new(old.clone()));
    let asked = Arc::clone(&source);
    // What ends this soon is asked for again at every call, as a role's credentials are shortly before their end.
    let provider = provide_credentials_fn(move || {
        let key = asked.lock().unwrap().clone();
        let ends = SystemTime::from(SystemClock.now()) + Duration::from_secs(5);
        async move { Ok(Credentials::new(key.id, key.secret, None, Some(ends), "test")) }
    });
    let sdk = gateway().into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
    let door = Door::with(Behaviour::kind(), fast(), &sdk, |_| {}).await;
    door.house.emulator.put_key(&old, false).unwrap();
    door.enter(0).await.unwrap();
    door.enter(1).await.unwrap();
    door.house.emulator.put_key(&old, true).unwrap();
    assert_eq!(door.enter(2).await.map(drop), Err(code::FEDERATION_EXPIRED_CREDENTIALS.id));
    assert_eq!(door.enter(6).await.map(drop), Err(code::FEDERATION_EXPIRED_CREDENTIALS.id), "somebody new");
    door.enter(0).await.unwrap();
    door.house.emulator.put_key(&new, false).unwrap();
    *source.lock().unwrap() = new;
    for number in [0, 1, 2, 6] {
        door.enter(number).await.unwrap();
    }
    assert_eq!(code::FEDERATION_CREDENTIALS.blame, Blame::Admin);
}
