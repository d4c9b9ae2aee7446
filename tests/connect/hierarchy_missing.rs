//! Hierarchy groups that a sign-in creates.

use std::time::Duration;

use connect_gateway::connect::{Error, GroupCreation, Provisioning};
use connect_gateway::emulator::{Behaviour, Lag, Seed};
use connect_gateway::model::{Blamed, Cause, NamedObjects, Placement, code};

use crate::house::{Calls, House, asked, creator, fast, path, placement};

fn in_group(username: &str, names: &[&str]) -> Placement {
    Placement { hierarchy: Some(path(names)), ..placement(username) }
}

fn copied(username: &str, names: &[&str]) -> Placement {
    Placement { hierarchy_is_written: false, ..in_group(username, names) }
}

#[tokio::test]
async fn missing_groups_are_created_from_the_top_down_and_the_person_is_put_into_the_last() {
    let house = House::start(Behaviour { lag: Lag::default(), ..Behaviour::kind() }).await;
    let connect = house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
    connect.ensure(&in_group("new.agent", &["FR", "Lyon"])).await.unwrap();
    assert_eq!(house.writes(), ["CreateUserHierarchyGroup", "CreateUserHierarchyGroup", "CreateUser"]);
    connect.ensure(&in_group("ada", &["FR", "Lyon"])).await.unwrap();
    assert_eq!(house.writes()[3..], ["UpdateUserHierarchy"], "the next person finds them");
    let house = &house;
    let group = |name| async move { house.described(name).await.hierarchy_group_id };
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(group("new.agent").await, group("ada").await);
    assert!(house.hierarchy_file().await.contains("[\"FR\", \"Lyon\"]"));
}

#[tokio::test]
async fn without_a_word_of_the_administrator_nothing_is_created() {
    let house = House::kind().await;
    let error = house.connect().ensure(&in_group("ada", &["FR", "Lyon"])).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_UNKNOWN_NAME);
    let connect = house.connect_with(|settings| {
        settings.group_creation = GroupCreation::Any;
        settings.provisioning = Provisioning::Create;
    });
    connect.ensure(&in_group("ada", &["FR", "Lyon"])).await.unwrap();
    assert_eq!(house.writes(), [""; 0], "an existing user is left alone, and so are groups");
}

#[tokio::test]
async fn a_path_that_was_copied_creates_nothing_unless_that_is_wanted_too() {
    let house = House::kind().await;
    let written = house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
    let error = written.ensure(&copied("ada", &["UK", "whatever the provider sends"])).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_UNKNOWN_NAME);
    assert_eq!(house.writes(), [""; 0]);
    let any = house.connect_with(|settings| settings.group_creation = GroupCreation::Any);
    any.ensure(&copied("ada", &["UK", "South"])).await.unwrap();
    assert_eq!(house.writes(), ["CreateUserHierarchyGroup", "UpdateUserHierarchy"]);
}

#[tokio::test]
async fn a_level_is_never_created() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.group_creation = GroupCreation::Any);
    let error = connect.ensure(&in_group("ada", &["FR", "Lyon", "1st"])).await.unwrap_err();
    assert_eq!(error, Error::NoLevel { wanted: 3, levels: 2 });
    assert_eq!(error.code(), &code::CONNECT_NO_LEVEL);
    assert_eq!(house.writes(), [""; 0], "nor a part of the path");
}

#[tokio::test]
async fn two_gateways_that_create_one_group_both_find_it() {
    let house = House::start(Behaviour { lag: Lag::default(), ..Behaviour::kind() }).await;
    let gateway = || house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
    let (one, other) = (gateway(), gateway());
    // Both know the listing without the group.
    one.ensure(&in_group("ada", &["UK", "North"])).await.unwrap();
    other.ensure(&in_group("ada", &["UK", "North"])).await.unwrap();
    let (ada, grace) = (in_group("ada", &["FR", "Lyon"]), in_group("Grace.Hopper", &["FR", "Lyon"]));
    let (ada, grace) = tokio::join!(one.ensure(&ada), other.ensure(&grace));
    ada.unwrap();
    grace.unwrap();
    let house = &house;
    let group = |name| async move { house.described(name).await.hierarchy_group_id.unwrap() };
    assert_eq!(group("ada").await, group("Grace.Hopper").await);
    assert_eq!(house.calls("CreateUserHierarchyGroup"), Calls { good: 2, bad: 2 });
}

#[tokio::test]
async fn many_people_of_one_gateway_who_want_one_group_create_it_once() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
    let people: Vec<Placement> = (0..8).map(|n| in_group(&format!("agent{n}"), &["FR", "Lyon"])).collect();
    let mut all = tokio::task::JoinSet::new();
    let connect = std::sync::Arc::new(connect);
    for person in people {
        let connect = connect.clone();
        all.spawn(async move { connect.ensure(&person).await.map(drop) });
    }
    all.join_all().await.into_iter().for_each(|result| result.unwrap());
    assert_eq!(house.calls("CreateUserHierarchyGroup"), Calls { good: 2, bad: 0 });
}

#[tokio::test]
async fn a_full_quota_and_a_missing_permission_have_codes_of_their_own() {
    let seed =
        include_str!("acme.toml").replacen("security_profiles", "group_quota = 4\nsecurity_profiles", 1);
    let house = House::with(Seed::parse(&seed).unwrap(), Behaviour::kind()).await;
    let connect = house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
    let full = connect.ensure(&in_group("ada", &["FR"])).await.unwrap_err();
    assert_eq!(full.code(), &code::CONNECT_GROUP_QUOTA);
    assert!(matches!(&full, Error::Call(call) if call.cause == Cause::Quota));
    let connect = house.connect_as(&creator(), fast(), |settings| {
        settings.group_creation = GroupCreation::WrittenOut;
    });
    let denied = connect.ensure(&in_group("ada", &["FR"])).await.unwrap_err();
    assert_eq!(denied.code(), &code::CONNECT_ACCESS_DENIED);
}

#[tokio::test]
async fn a_check_misses_only_what_a_sign_in_would_not_create() {
    let house = House::kind().await;
    let named = NamedObjects {
        hierarchies: [path(&["UK"]), path(&["FR", "Lyon"]), path(&["FR", "Lyon", "1st"])].into(),
        ..NamedObjects::default()
    };
    let missing = |creation| {
        let connect = house.connect_with(|settings| settings.group_creation = creation);
        let named = named.clone();
        async move {
            let unknown = connect.unknown_names(&named, asked()).await.unwrap();
            unknown
                .into_iter()
                .map(|unknown| format!("{} {}", unknown.kind, unknown.name))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        missing(GroupCreation::Never).await,
        ["hierarchy group FR / Lyon", "hierarchy group FR / Lyon / 1st"]
    );
    assert_eq!(missing(GroupCreation::WrittenOut).await, ["hierarchy level for FR / Lyon / 1st"]);
}
