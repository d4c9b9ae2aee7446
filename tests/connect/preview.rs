//! What a preview says of a user.

use std::time::Duration;

use connect_gateway::connect::{Error, Fate, GroupCreation, Preview, Provisioning};
use connect_gateway::model::{Patience, Phone, PhoneType, Placement, SyncPolicy, SyncWhen};

use crate::house::{House, asked, budget, fast, gateway, names, path, placement, reader};

fn field<'a>(preview: &'a Preview, name: &str) -> (&'a str, &'a str, Fate) {
    let field = preview.fields.iter().find(|field| field.name == name).unwrap();
    let word = |value: &'a Option<String>| value.as_deref().unwrap_or("-");
    (word(&field.now), word(&field.after), field.fate)
}

fn moved() -> Placement {
    Placement {
        security_profiles: names(&["Supervisor", "Agent"]),
        routing_profile: Some("Sales".into()),
        hierarchy: Some(path(&["US", "North"])),
        phone: Some(Phone {
            kind: PhoneType::DeskPhone,
            auto_accept: true,
            after_contact_work_seconds: 60,
            desk_number: Some("+442079460000".into()),
        }),
        ..placement("ada")
    }
}

#[tokio::test]
async fn each_field_is_told_by_names_before_and_after() {
    let house = House::kind().await;
    let preview = house.connect().preview(&moved(), asked()).await.unwrap();
    assert_eq!(field(&preview, "username"), ("ada", "ada", Fate::Same));
    assert_eq!(field(&preview, "security_profiles"), ("Agent", "Agent, Supervisor", Fate::Change));
    assert_eq!(field(&preview, "routing_profile"), ("Basic", "Sales", Fate::Change));
    assert_eq!(field(&preview, "hierarchy"), ("UK / North", "US / North", Fate::Change));
    let desk = "+442079460000, 60 s after-contact work, calls are answered automatically";
    assert_eq!(field(&preview, "phone"), ("in the browser, 0 s after-contact work", desk, Fate::Change));
    assert_eq!(
        preview.calls,
        [
            "UpdateUserSecurityProfiles",
            "UpdateUserRoutingProfile",
            "UpdateUserHierarchy",
            "UpdateUserPhoneConfig"
        ]
    );
}

/// The groups are told and not created; the sign-in then makes these very calls.
#[tokio::test]
async fn groups_that_a_sign_in_would_create_are_told_and_not_created() {
    for name in ["ada", "new.agent"] {
        let house = House::kind().await;
        let connect = house.connect_with(|settings| settings.group_creation = GroupCreation::WrittenOut);
        let wish = Placement { hierarchy: Some(path(&["FR", "Lyon"])), ..placement(name) };
        let preview = connect.preview(&wish, asked()).await.unwrap();
        assert_eq!(field(&preview, "hierarchy").1, "FR / Lyon", "{name}");
        assert_eq!(house.writes(), [""; 0], "{name}");
        connect.ensure(&wish).await.unwrap();
        assert_eq!(house.writes(), preview.calls, "{name}");
        assert!(preview.calls.starts_with(&["CreateUserHierarchyGroup"]), "{name}: {:?}", preview.calls);
    }
}

#[tokio::test]
async fn what_stays_although_the_rules_want_something_else_says_why() {
    let house = House::kind().await;
    let sync =
        SyncPolicy { routing_profile: SyncWhen::Create, phone: SyncWhen::Never, ..SyncPolicy::default() };
    let wish = Placement { sync, ..moved() };
    let preview = house.connect().preview(&wish, asked()).await.unwrap();
    assert_eq!(field(&preview, "routing_profile"), ("Basic", "Basic", Fate::KeptBySync(SyncWhen::Create)));
    assert_eq!(field(&preview, "phone").2, Fate::KeptBySync(SyncWhen::Never));
    assert_eq!(field(&preview, "hierarchy").2, Fate::Change);
    assert_eq!(field(&preview, "first_name").2, Fate::Same);
    for provisioning in [Provisioning::Off, Provisioning::Create] {
        let connect = house.connect_with(|settings| settings.provisioning = provisioning);
        let preview = connect.preview(&wish, asked()).await.unwrap();
        for name in ["security_profiles", "routing_profile", "hierarchy", "phone"] {
            assert_eq!(field(&preview, name).2, Fate::KeptByProvisioning(provisioning), "{name}");
        }
        assert_eq!((field(&preview, "last_name").2, preview.calls.len()), (Fate::Same, 0));
    }
}

#[tokio::test]
async fn a_new_user_lacks_what_is_never_written() {
    let house = House::kind().await;
    let sync = SyncPolicy { hierarchy: SyncWhen::Never, ..SyncPolicy::default() };
    let wish = Placement { sync, ..Placement { username: placement("new.agent").username, ..moved() } };
    let preview = house.connect().preview(&wish, asked()).await.unwrap();
    assert_eq!((&preview.user, &preview.calls[..]), (&None, &["CreateUser"][..]));
    assert_eq!(field(&preview, "hierarchy"), ("-", "-", Fate::KeptBySync(SyncWhen::Never)));
    assert_eq!(field(&preview, "routing_profile"), ("-", "Sales", Fate::Change));
}

#[tokio::test]
async fn a_user_who_would_be_refused_is_still_shown() {
    let house = House::kind().await;
    let preview = house.connect().preview(&placement("root.ish"), asked()).await.unwrap();
    assert_eq!(preview.refused, Some(Error::ProtectedProfile("Admin".into())));
    assert_eq!(field(&preview, "security_profiles"), ("Admin, Agent", "Admin, Agent", Fate::Same));
    let preview = house.connect().preview(&placement("twin"), asked()).await.unwrap();
    assert_eq!((preview.refused, preview.user), (Some(Error::AmbiguousUser(2)), None));
}

#[tokio::test]
async fn a_preview_needs_no_permission_to_write() {
    let house = House::kind().await;
    let preview = house.connect_as(&reader(), fast(), |_| {}).preview(&moved(), asked()).await.unwrap();
    assert_eq!(preview.calls.len(), 4, "it could not make them");
}

#[tokio::test]
async fn a_preview_that_would_wait_too_long_says_how_long() {
    let house = House::kind().await;
    let connect = house.connect_as(&gateway(), budget(0.001, 3), |_| {});
    assert!(connect.preview(&placement("ada"), asked()).await.is_ok());
    let patience = Patience::lasting(Duration::from_millis(100));
    match connect.preview(&placement("ada"), patience).await {
        Err(Error::Busy(busy)) => assert!(busy.retry_after > Duration::from_mins(5), "{busy}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(house.calls("DescribeUser").good, 1);
}
