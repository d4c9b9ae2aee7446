//! People who leave: parked or deleted, completed after any interruption, and nobody else touched.

use std::sync::Arc;
use std::time::Duration;

use connect_gateway::budget::{ProcessBudget, Rate, Rates};
use connect_gateway::connect::{Connect, Error, Leaving, Provisioning, Removal, Removed};
use connect_gateway::emulator::{Behaviour, Lag, Outage, Seed};
use connect_gateway::model::{
    Blamed as _, ConnectUser, NamedObjects, Pace, Placement, SystemRandom, Username, code,
};
use tokio::task::{JoinHandle, JoinSet};

use crate::house::{House, asked, budget, fast, gateway, names, placement, reader};

const QUICK_CONNECTS: &str = r#"
[[instance.quick_connect]]
name = "Ada, billing"
user = "ada"

[[instance.quick_connect]]
name = "Grace"
user = "Grace.Hopper"

[[instance.quick_connect]]
name = "Help desk"
phone_number = "+442071838750"

[[instance.quick_connect]]
name = "Ada"
user = "ada"
"#;

fn seed() -> Seed {
    let text = include_str!("acme.toml")
        .replacen("\"QualityAnalyst\"]", "\"QualityAnalyst\", \"Left\"]", 1)
        .replacen("\"Night\"]", "\"Night\", \"Nothing\"]", 1)
        .replacen(
            "[[instance]]\nalias = \"globex\"",
            &format!("{QUICK_CONNECTS}\n[[instance]]\nalias = \"globex\""),
            1,
        );
    Seed::parse(&text).unwrap()
}

fn park() -> Removal {
    Removal::Park { security_profile: "Left".into(), routing_profile: "Nothing".into() }
}

async fn house(behaviour: Behaviour) -> House {
    House::with(seed(), behaviour).await
}

fn connect(house: &House, removal: &Removal) -> Connect {
    house.connect_with(|settings| settings.removal = Some(removal.clone()))
}

fn name(text: &str) -> Username {
    Username::new(text).unwrap()
}

async fn leaving(house: &House, removal: &Removal, who: &str) -> Result<Leaving, Error> {
    connect(house, removal).leaving(&name(who), asked()).await
}

/// Looks and removes, as one run of the command does.
async fn removed(house: &House, removal: &Removal, who: &str) -> Result<Removed, Error> {
    let connect = connect(house, removal);
    let leaving = match connect.leaving(&name(who), asked()).await {
        Err(Error::NotThere) => return Ok(Removed::Gone),
        leaving => leaving?,
    };
    connect.remove(&leaving, asked()).await
}

async fn profiles(house: &House, who: &str) -> (Vec<String>, String) {
    let user = house.described(who).await;
    (user.security_profile_ids.unwrap(), user.routing_profile_id.unwrap())
}

#[tokio::test]
async fn somebody_who_leaves_is_shown_with_calls_and_quick_connects() {
    let house = house(Behaviour { page_cap: 2, ..Behaviour::kind() }).await;
    let parked = leaving(&house, &park(), "ada").await.unwrap();
    let (profiles, routing) = ("UpdateUserSecurityProfiles", "UpdateUserRoutingProfile");
    assert_eq!(parked.calls, [profiles, "DeleteAllEntitySessions", routing]);
    assert_eq!(parked.quick_connects, ["Ada", "Ada, billing"]);
    assert!(!parked.is_parked);
    assert_eq!(house.calls("SearchQuickConnects").good, 2, "four of them, two on a page");
    let deleted = leaving(&house, &Removal::Delete, "ada").await.unwrap();
    assert_eq!(deleted.calls, ["DeleteAllEntitySessions", "DeleteUser"]);
    assert_eq!(house.writes(), [""; 0], "nothing but reading");
}

#[tokio::test]
async fn a_user_is_parked_with_exactly_the_two_profiles_and_once_is_enough() {
    let house = house(Behaviour::kind()).await;
    house.emulator.put_users_profiles("acme", "ada", &["Agent", "Supervisor", "Left"]).unwrap();
    assert_eq!(removed(&house, &park(), "ada").await, Ok(Removed::Parked));
    let directory = connect(&house, &park()).listings(asked()).await;
    let id = |listed: &[connect_gateway::connect::Listed], name: &str| {
        listed.iter().find(|one| one.name == name).unwrap().id.clone()
    };
    let left = id(&directory.security_profiles.unwrap().value, "Left");
    let nothing = id(&directory.routing_profiles.unwrap().value, "Nothing");
    assert_eq!(profiles(&house, "ada").await, (vec![left], nothing));
    assert!(leaving(&house, &park(), "ada").await.unwrap().is_parked);
    house.emulator.clear_history();
    assert_eq!(removed(&house, &park(), "ada").await, Ok(Removed::Parked));
    assert_eq!(house.writes(), ["DeleteAllEntitySessions"]);
}

#[tokio::test]
async fn a_parked_user_is_refused_whatever_may_be_provisioned_and_never_corrected_back() {
    let house = house(Behaviour::kind()).await;
    removed(&house, &park(), "ada").await.unwrap();
    house.emulator.clear_history();
    for provisioning in [Provisioning::Off, Provisioning::Create, Provisioning::Sync] {
        let connect = house.connect_with(|settings| {
            (settings.provisioning, settings.removal) = (provisioning, Some(park()));
        });
        let error = connect.ensure(&placement("ada")).await.unwrap_err();
        assert_eq!((&error, error.code()), (&Error::Parked("Left".into()), &code::CONNECT_PARKED));
        let preview = connect.preview(&placement("ada"), asked()).await.unwrap();
        assert_eq!(preview.refused, Some(Error::Parked("Left".into())));
    }
    assert_eq!(house.writes(), [""; 0]);
    house.emulator.put_users_profiles("acme", "ada", &["Agent"]).unwrap();
    connect(&house, &park()).ensure(&placement("ada")).await.unwrap();
}

#[tokio::test]
async fn a_parking_profile_beside_others_parks_too_and_no_rule_can_grant_it() {
    let house = house(Behaviour::kind()).await;
    house.emulator.put_users_profiles("acme", "ada", &["Agent", "Left"]).unwrap();
    let error = connect(&house, &park()).ensure(&placement("ada")).await.unwrap_err();
    assert_eq!(error, Error::Parked("Left".into()));
    let granted = Placement { security_profiles: names(&["Agent", "Left"]), ..placement("newcomer") };
    let error = connect(&house, &park()).ensure(&granted).await.unwrap_err();
    assert_eq!(error, Error::Parked("Left".into()));
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn a_parked_user_is_refused_even_where_no_profile_is_protected() {
    let house = house(Behaviour::kind()).await;
    house.emulator.put_users_profiles("acme", "ada", &["Left"]).unwrap();
    let connect = house.connect_protecting(connect_gateway::model::ProtectedNames::new([], []), |settings| {
        settings.removal = Some(park());
    });
    assert_eq!(connect.ensure(&placement("ada")).await.unwrap_err(), Error::Parked("Left".into()));
}

#[tokio::test]
async fn without_the_parking_profile_nobody_gets_in_who_may_be_parked() {
    let house = house(Behaviour::kind()).await;
    let renamed = Removal::Park { security_profile: "Gone".into(), routing_profile: "Nowhere".into() };
    house.emulator.put_users_profiles("acme", "ada", &["Left"]).unwrap();
    for provisioning in [Provisioning::Off, Provisioning::Create, Provisioning::Sync] {
        let connect = house.connect_with(|settings| {
            (settings.provisioning, settings.removal) = (provisioning, Some(renamed.clone()));
        });
        let error = connect.ensure(&placement("ada")).await.unwrap_err();
        assert_eq!(
            error,
            Error::UnknownName { kind: "security profile", name: "Gone".into() },
            "{provisioning:?}"
        );
        connect.ensure(&placement("Grace.Hopper")).await.unwrap();
    }
    assert_eq!(house.writes(), ["UpdateUserIdentityInfo"], "of Grace, who holds what the rules grant");
    let unknown = connect(&house, &renamed).unknown_names(&NamedObjects::default(), asked()).await.unwrap();
    assert_eq!(unknown.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["Gone", "Nowhere"]);
}

#[tokio::test]
async fn somebody_protected_is_never_touched() {
    let house = house(Behaviour::kind()).await;
    for removal in [park(), Removal::Delete] {
        for who in ["Admin", "admin"] {
            assert_eq!(leaving(&house, &removal, who).await.unwrap_err(), Error::ProtectedUsername);
        }
        let error = leaving(&house, &removal, "root.ish").await.unwrap_err();
        assert_eq!(error, Error::ProtectedProfile("Admin".into()));
        let connect = connect(&house, &removal);
        let leaving = connect.leaving(&name("Grace.Hopper"), asked()).await.unwrap();
        house.emulator.put_users_profiles("acme", "Grace.Hopper", &["Agent", "Admin"]).unwrap();
        let error = connect.remove(&leaving, asked()).await.unwrap_err();
        assert_eq!(error, Error::ProtectedProfile("Admin".into()), "promoted after the look");
        house.emulator.put_users_profiles("acme", "Grace.Hopper", &["Agent"]).unwrap();
    }
    let onto_admin = Removal::Park { security_profile: "admin".into(), routing_profile: "Basic".into() };
    let error = leaving(&house, &onto_admin, "ada").await.unwrap_err();
    assert_eq!(error, Error::ProtectedProfile("admin".into()), "nobody is parked as an administrator");
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_differs_in_a_letter_is_somebody_else() {
    let house = house(Behaviour::kind()).await;
    for (who, error) in [
        ("grace.hopper", Error::OtherCase(name("Grace.Hopper"))),
        ("ADA", Error::OtherCase(name("ada"))),
        ("twin", Error::AmbiguousUser(2)),
        ("nobody", Error::NotThere),
    ] {
        assert_eq!(leaving(&house, &Removal::Delete, who).await.unwrap_err(), error, "{who}");
        assert!(!format!("{error} {error:?}").contains("opper"), "{error:?}");
    }
    let ending = connect(&house, &park()).end_sessions(&name("ADA"), asked()).await;
    assert_eq!(ending, Err(Error::OtherCase(name("ada"))));
    assert_eq!(removed(&house, &Removal::Delete, "TWIN").await, Ok(Removed::Deleted));
    assert!(house.emulator.usernames("acme").contains(&"Twin".to_owned()), "the twin stays");
    let connect = connect(&house, &Removal::Delete);
    let mut leaving = connect.leaving(&name("ada"), asked()).await.unwrap();
    leaving.username = name("Ada");
    house.emulator.clear_history();
    assert_eq!(connect.remove(&leaving, asked()).await.unwrap_err(), Error::NotThere);
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn a_user_who_was_made_anew_since_the_listing_is_found() {
    let house = house(Behaviour::kind()).await;
    let connect = connect(&house, &Removal::Delete);
    let before = connect.leaving(&name("ada"), asked()).await.unwrap();
    assert!(house.emulator.delete_user("acme", "ada"));
    self::connect(&house, &park()).ensure(&placement("ada")).await.unwrap();
    let now = connect.leaving(&name("ada"), asked()).await.unwrap();
    assert_ne!(now.id, before.id);
    assert_eq!(connect.remove(&now, asked()).await, Ok(Removed::Deleted));
}

#[tokio::test]
async fn sessions_end_before_the_last_change_of_a_parking_whatever_the_user_has_already() {
    let house = house(Behaviour::kind()).await;
    let (powers, ends, work) =
        ("UpdateUserSecurityProfiles", "DeleteAllEntitySessions", "UpdateUserRoutingProfile");
    for (profiles, wanted) in [
        (&["Agent"][..], &[powers, ends, work][..]),
        // The routing profile is that of the parked by now.
        (&["Agent"], &[ends, powers, ends]),
        (&["Agent", "Left"], &[ends, powers, ends]),
        (&["Left"], &[ends]),
    ] {
        house.emulator.put_users_profiles("acme", "ada", profiles).unwrap();
        house.emulator.clear_history();
        assert_eq!(leaving(&house, &park(), "ada").await.unwrap().calls, wanted);
        assert_eq!(removed(&house, &park(), "ada").await, Ok(Removed::Parked));
        assert_eq!(house.writes(), wanted);
    }
    house.emulator.put_users_profiles("acme", "Grace.Hopper", &["Left"]).unwrap();
    house.emulator.clear_history();
    assert_eq!(removed(&house, &park(), "Grace.Hopper").await, Ok(Removed::Parked));
    assert_eq!(house.writes(), [ends, work]);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_gone_again() {
    let house = house(Behaviour::kind()).await;
    let connect = connect(&house, &Removal::Delete);
    let leaving = connect.leaving(&name("ada"), asked()).await.unwrap();
    assert_eq!(connect.remove(&leaving, asked()).await, Ok(Removed::Deleted));
    assert_eq!(house.writes(), ["DeleteAllEntitySessions", "DeleteUser"], "and no quick connect");
    assert_eq!(connect.remove(&leaving, asked()).await, Ok(Removed::Gone));
    assert_eq!(connect.leaving(&name("ada"), asked()).await.unwrap_err(), Error::NotThere);
}

#[tokio::test]
async fn without_a_choice_nobody_is_removed() {
    let house = house(Behaviour::kind()).await;
    let error = house.connect().leaving(&name("ada"), asked()).await.unwrap_err();
    assert_eq!(error, Error::NoRemovalPolicy);
    assert!(house.connect().removal().is_none());
    assert_eq!(house.all_calls(), [""; 0]);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let house = house(Behaviour::kind()).await;
    let connect = house.connect_as(&reader(), fast(), |settings| settings.removal = Some(Removal::Delete));
    let error = connect.leaving(&name("ada"), asked()).await.unwrap_err();
    assert_eq!(error.missing_permission().as_deref(), Some("connect:SearchQuickConnects"));
    let error = connect.end_sessions(&name("ada"), asked()).await.unwrap_err();
    assert_eq!(error.missing_permission().as_deref(), Some("connect:DeleteAllEntitySessions"));
}

#[tokio::test]
async fn ending_sessions_is_one_signed_call_of_its_own_that_the_budget_counts() {
    let house = house(Behaviour::kind()).await;
    let connect = connect(&house, &park());
    assert_eq!(connect.end_sessions(&name("ada"), asked()).await, Ok(true));
    assert_eq!(house.calls("DeleteAllEntitySessions").good, 1);
    assert_eq!(house.calls("DescribeInstance").good, 0, "the call that lends its request is not made");
    let used = connect.in_use().calls;
    assert!(used.iter().any(|used| used.call.operation == "DeleteAllEntitySessions"), "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_under_way_lets_nobody_in_after_the_user_was_parked_and_forgotten() {
    let house = house(Behaviour { page_cap: 3, ..Behaviour::kind() }).await;
    let slow = budget(2.0, 1);
    let connect = Arc::new(house.connect_as(&gateway(), slow, |settings| settings.removal = Some(park())));
    let under_way = tokio::spawn({
        let connect = Arc::clone(&connect);
        async move { connect.ensure(&placement("ada")).await }
    });
    while house.calls("DescribeUser").good == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.emulator.put_users_profiles("acme", "ada", &["Left"]).unwrap();
    connect.forget_name(&name("Ada")).await;
    under_way.await.unwrap().ok();
    assert_eq!(connect.ensure(&placement("ada")).await, Err(Error::Parked("Left".into())));
}

/// One call of this operation at once, and the next one so much later that everything else has happened by then.
fn scarce(operation: &str) -> Pace {
    let fast = Rate { per_second: 1000.0, burst: 1000 };
    let operations = [(operation.to_owned(), Rate { per_second: 0.2, burst: 1 })].into();
    let budget = ProcessBudget::new(Rates { connect: fast, sts: fast, operations });
    Pace::new(Arc::new(budget), Arc::new(SystemRandom))
}

/// Begins to make everybody as the rules want them, and waits until the last one's call waits for its turn.
async fn in_line(
    connect: &Arc<Connect>,
    operation: &str,
    [first, last]: [Placement; 2],
) -> JoinHandle<Result<ConnectUser, Error>> {
    connect.ensure(&first).await.unwrap();
    let under_way = tokio::spawn({
        let connect = Arc::clone(connect);
        async move { connect.ensure(&last).await }
    });
    let waits = || {
        let calls = connect.in_use().calls;
        calls.iter().any(|used| used.call.operation == operation && used.waiting > 0)
    };
    while !waits() {
        assert!(!under_way.is_finished(), "{operation} has not waited");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    under_way
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_waits_in_line_does_not_undo_a_parking() {
    let house = house(Behaviour::kind()).await;
    let change = "UpdateUserSecurityProfiles";
    let slow = house.connect_as(&gateway(), scarce(change), |settings| settings.removal = Some(park()));
    let promoted = |who: &str| Placement { security_profiles: names(&["Supervisor"]), ..placement(who) };
    let slow = Arc::new(slow);
    let people = [promoted("Grace.Hopper"), promoted("ada")];
    let under_way = in_line(&slow, change, people).await;
    assert_eq!(removed(&house, &park(), "ada").await, Ok(Removed::Parked));
    let parked = profiles(&house, "ada").await;
    slow.forget_name(&name("Ada")).await;
    assert_eq!(under_way.await.unwrap(), Err(Error::Forgotten));
    assert_eq!(profiles(&house, "ada").await, parked);
    assert_eq!(slow.ensure(&promoted("ada")).await, Err(Error::Parked("Left".into())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_that_waits_in_line_does_not_bring_anybody_back() {
    let house = house(Behaviour::kind()).await;
    let slow = house.connect_as(&gateway(), scarce("CreateUser"), |_| {});
    let slow = Arc::new(slow);
    let under_way = in_line(&slow, "CreateUser", [placement("first"), placement("newcomer")]).await;
    slow.forget_name(&name("newcomer")).await;
    assert_eq!(under_way.await.unwrap(), Err(Error::Forgotten));
    assert!(!house.emulator.usernames("acme").contains(&"newcomer".to_owned()));
    assert_eq!(house.calls("CreateUser").good, 1, "the first one's");
}

/// Runs into an outage after so many calls, and then again without.
async fn with_outage(removal: Removal, behaviour: Behaviour, outage: Outage) {
    let house = house(behaviour).await;
    house.emulator.adjust(|behaviour| behaviour.outage = Some(outage));
    let broken_off = removed(&house, &removal, "ada").await;
    assert!(broken_off.is_err(), "{outage:?} broke nothing off");
    house.emulator.adjust(|behaviour| behaviour.outage = None);
    let again = removed(&house, &removal, "ada").await.unwrap_or_else(|error| panic!("{outage:?}: {error}"));
    let told = (again, house.emulator.usernames("acme").contains(&"ada".to_owned()));
    match removal {
        Removal::Delete => {
            assert!(matches!(told, (Removed::Deleted | Removed::Gone, false)), "{outage:?}: {told:?}");
        }
        Removal::Park { .. } => {
            assert_eq!(told, (Removed::Parked, true), "{outage:?}");
            assert!(house.calls("DeleteAllEntitySessions").good > 0, "{outage:?}");
            let error = connect(&house, &removal).ensure(&placement("ada")).await.unwrap_err();
            assert_eq!(error, Error::Parked("Left".into()), "{outage:?}");
        }
    }
    assert_eq!(house.emulator.usernames("acme").len(), if again == Removed::Parked { 5 } else { 4 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interruption_at_any_call_leaves_what_the_next_run_completes() {
    let late = Behaviour { lag: Lag::default(), ..Behaviour::kind() };
    let mut cases = JoinSet::new();
    for removal in [park(), Removal::Delete] {
        let counting = house(Behaviour::kind()).await;
        removed(&counting, &removal, "ada").await.unwrap();
        let calls = counting.all_calls().len();
        assert!(calls >= 6, "{calls}");
        for after in 0..calls {
            for loses_answers in [false, true] {
                for behaviour in [Behaviour::kind(), late.clone()] {
                    cases.spawn(with_outage(removal.clone(), behaviour, Outage { after, loses_answers }));
                }
            }
        }
    }
    cases.join_all().await;
}
