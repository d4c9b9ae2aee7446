//! Creating and correcting.

use connect_gateway::connect::{Error, Provisioning};
use connect_gateway::model::{Blamed, Phone, PhoneType, Placement, SyncPolicy, SyncWhen, code};

use crate::house::{Calls, House, fast, names, path, placement, reader};

fn whole(username: &str) -> Placement {
    Placement {
        security_profiles: names(&["Agent", "Supervisor"]),
        routing_profile: Some("Sales".into()),
        hierarchy: Some(path(&["UK", "North"])),
        phone: Some(Phone {
            kind: PhoneType::DeskPhone,
            auto_accept: true,
            after_contact_work_seconds: 60,
            desk_number: Some("+442079460000".into()),
        }),
        ..placement(username)
    }
}

#[tokio::test]
async fn a_missing_user_is_created_with_all_that_the_rules_set() {
    let house = House::kind().await;
    let user = house.connect().ensure(&whole("new.agent")).await.unwrap();
    assert_eq!(user.username.as_str(), "new.agent");
    assert_eq!(house.writes(), ["CreateUser"]);
    house.emulator.clear_history();
    let again = house.connect().ensure(&whole("new.agent")).await.unwrap();
    assert_eq!((again.id, again.username), (user.id, user.username));
    assert_eq!(house.writes(), [""; 0], "another gateway finds nothing to correct");
}

#[tokio::test]
async fn a_user_in_place_is_described_and_not_written() {
    let house = House::kind().await;
    let placement = Placement { hierarchy: Some(path(&["UK", "North"])), ..placement("ada") };
    house.connect().ensure(&placement).await.unwrap();
    assert_eq!(house.calls("DescribeUser"), Calls { good: 1, bad: 0 });
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn only_what_differs_is_corrected() {
    let house = House::kind().await;
    let wanted = Placement {
        routing_profile: Some("Night".into()),
        hierarchy: Some(path(&["UK", "North"])),
        ..placement("ada")
    };
    house.connect().ensure(&wanted).await.unwrap();
    assert_eq!(house.writes(), ["UpdateUserRoutingProfile"]);
}

#[tokio::test]
async fn each_field_is_corrected_by_its_own_call_and_then_found_in_place() {
    let house = House::kind().await;
    let wanted = Placement { first_name: Some("Augusta".into()), ..whole("ada") };
    let wanted = Placement { hierarchy: Some(path(&["US", "North"])), ..wanted };
    house.connect().ensure(&wanted).await.unwrap();
    assert_eq!(
        house.writes(),
        [
            "UpdateUserSecurityProfiles",
            "UpdateUserRoutingProfile",
            "UpdateUserHierarchy",
            "UpdateUserIdentityInfo",
            "UpdateUserPhoneConfig"
        ]
    );
    house.emulator.clear_history();
    house.connect().ensure(&wanted).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn fields_that_follow_the_rules_at_creation_only_or_never_are_left_alone_later() {
    for when in [SyncWhen::Create, SyncWhen::Never] {
        let house = House::kind().await;
        let sync = SyncPolicy {
            names: when,
            security_profiles: when,
            routing_profile: SyncWhen::Always,
            hierarchy: when,
            phone: when,
            ..SyncPolicy::default()
        };
        let wanted = Placement { first_name: Some("Augusta".into()), sync, ..whole("ada") };
        house.connect().ensure(&wanted).await.unwrap();
        assert_eq!(house.writes(), ["UpdateUserRoutingProfile"], "{when:?}");
    }
}

#[tokio::test]
async fn with_provisioning_off_a_missing_user_is_refused_and_an_existing_one_left_alone() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.provisioning = Provisioning::Off);
    let error = connect.ensure(&placement("new.agent")).await.unwrap_err();
    assert_eq!((&error, error.code()), (&Error::NoUser, &code::CONNECT_NO_USER));
    connect.ensure(&whole("ada")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn with_provisioning_create_existing_users_are_left_alone() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.provisioning = Provisioning::Create);
    connect.ensure(&whole("ada")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
    connect.ensure(&whole("new.agent")).await.unwrap();
    assert_eq!(house.writes(), ["CreateUser"]);
}

#[tokio::test]
async fn a_user_is_not_created_from_half_a_placement() {
    let house = House::kind().await;
    for half in [
        Placement { first_name: None, ..placement("new.agent") },
        Placement { last_name: None, ..placement("new.agent") },
        Placement { routing_profile: None, ..placement("new.agent") },
        Placement { security_profiles: names(&[]), ..placement("new.agent") },
    ] {
        let error = house.connect().ensure(&half).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_INCOMPLETE);
    }
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_the_instance_lacks_is_named_to_the_administrator() {
    let house = House::kind().await;
    for (wrong, name) in [
        (Placement { security_profiles: names(&["Agents"]), ..placement("ada") }, "Agents"),
        (Placement { routing_profile: Some("basic".into()), ..placement("ada") }, "basic"),
        (Placement { hierarchy: Some(path(&["UK", "South"])), ..placement("ada") }, "UK / South"),
        (Placement { hierarchy: Some(path(&["North"])), ..placement("ada") }, "North"),
    ] {
        let error = house.connect().ensure(&wrong).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_UNKNOWN_NAME);
        assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
    }
}

#[tokio::test]
async fn a_hierarchy_group_is_found_by_its_whole_path_with_few_calls() {
    let house = House::kind().await;
    let wanted = Placement { hierarchy: Some(path(&["US", "North"])), ..placement("ada") };
    let connect = house.connect();
    connect.ensure(&wanted).await.unwrap();
    assert_eq!(house.writes(), ["UpdateUserHierarchy"]);
    assert!(house.calls("DescribeUserHierarchyGroup").good <= 2, "only the two groups named North");
    let before = house.calls("DescribeUserHierarchyGroup");
    connect.ensure(&Placement { username: placement("Grace.Hopper").username, ..wanted }).await.unwrap();
    assert_eq!(house.calls("DescribeUserHierarchyGroup"), before, "paths are remembered");
}

#[tokio::test]
async fn a_full_quota_is_told_at_once_and_never_retried() {
    let mut seed = connect_gateway::emulator::Seed::parse(include_str!("acme.toml")).unwrap();
    seed.instances[0].user_quota = seed.instances[0].users.len();
    let house = House::with(seed, connect_gateway::emulator::Behaviour::kind()).await;
    let error = house.connect().ensure(&placement("one.too.many")).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_QUOTA);
    assert_eq!(house.calls("CreateUser"), Calls { good: 0, bad: 1 });
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let house = House::kind().await;
    let connect = house.connect_as(&reader(), fast(), |_| {});
    let error = connect.ensure(&placement("new.agent")).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_ACCESS_DENIED);
    assert!(error.to_string().starts_with("CreateUser failed"), "{error}");
}

#[tokio::test]
async fn no_error_text_holds_a_name_of_the_person() {
    let house = House::kind().await;
    let connect = house.connect_as(&reader(), fast(), |_| {});
    let error = connect.ensure(&placement("new.agent")).await.unwrap_err();
    let text = format!("{error} {error:?}");
    for personal in ["new.agent", "Ada", "Lovelace", "example.org"] {
        assert!(!text.contains(personal), "{text}");
    }
}
