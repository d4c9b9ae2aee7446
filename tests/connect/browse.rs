//! What an instance has, to look at.

use std::time::Duration;

use connect_gateway::connect::{Connect, Error, GroupListing, GroupNode, Listed};
use connect_gateway::emulator::{Behaviour, Seed};
use connect_gateway::model::{Patience, Phone, PhoneType, Placement, UserId};

use crate::house::{House, asked, budget, fast, gateway, identity, names, path, placement, reader};

fn shown(listed: &[Listed]) -> Vec<(&str, bool)> {
    listed.iter().map(|one| (one.name.as_str(), one.is_protected)).collect()
}

fn names_of(groups: &[GroupNode]) -> Vec<&str> {
    groups.iter().map(|group| group.name.as_str()).collect()
}

#[tokio::test]
async fn profiles_users_and_the_hierarchy_are_listed_and_what_is_protected_is_marked() {
    let house = House::start(Behaviour { page_cap: 2, ..Behaviour::kind() }).await;
    let connect = house.connect();
    let listings = connect.listings(asked()).await;
    let profiles = listings.security_profiles.unwrap().value;
    assert_eq!(shown(&profiles)[..2], [("Admin", true), ("Agent", false)]);
    assert_eq!(shown(&listings.routing_profiles.unwrap().value).len(), 4);
    let users = listings.users.unwrap().value;
    let users = shown(&users);
    assert_eq!(users.len(), 5);
    assert!(users.is_sorted() && users.contains(&("Grace.Hopper", false)), "{users:?}");
    let GroupListing::Tree(tree) = listings.hierarchy.unwrap().value else { panic!("a tree") };
    assert_eq!(names_of(&tree), ["UK", "US"], "without the root that nobody sees");
    assert_eq!(names_of(&tree[0].below), ["North"]);
    assert_eq!(house.calls("DescribeUserHierarchyGroup").good, 0, "not one call for each group");
    let calls = house.all_calls().len();
    connect.listings(asked()).await.users.unwrap();
    assert_eq!(house.all_calls().len(), calls, "what was listed is kept");
    assert_eq!(house.writes(), [""; 0]);
    house.clock.advance(Duration::from_mins(6));
    connect.listings(asked()).await.users.unwrap();
    assert!(house.all_calls().len() > calls, "for a while");
}

#[tokio::test]
async fn without_the_permission_to_search_the_hierarchy_is_a_list_of_names() {
    let house = House::kind().await;
    let connect = house.connect_as(&reader(), fast(), |_| {});
    match connect.listings(asked()).await.hierarchy.unwrap().value {
        GroupListing::Flat(names, error) => {
            assert_eq!(
                shown(&names),
                [("North", false), ("North", false), ("UK", false), ("US", false)],
                "in no order of theirs"
            );
            assert_eq!(error.missing_permission().unwrap(), "connect:SearchUserHierarchyGroups");
        }
        GroupListing::Tree(tree) => panic!("{tree:?}"),
    }
}

/// Somebody who may list users and nothing else.
async fn lister() -> (House, Connect) {
    let key = "[[access_key]]\nid = \"AKIALISTERLISTER0001\"\nsecret = \"the-listers-secret-key\"\narn = \"arn:aws:iam::123456789012:user/lister\"\nactions = [\"connect:ListUsers\"]\n";
    let seed = Seed::parse(&format!("{}\n{key}", include_str!("acme.toml"))).unwrap();
    let house = House::with(seed, Behaviour::kind()).await;
    let connect =
        house.connect_as(&identity("AKIALISTERLISTER0001", "the-listers-secret-key"), fast(), |_| {});
    (house, connect)
}

#[tokio::test]
async fn each_part_has_its_own_missing_permission() {
    let (_house, connect) = lister().await;
    let listings = connect.listings(asked()).await;
    assert_eq!(listings.users.unwrap().value.len(), 5);
    let missing = |error: Option<Error>| error.unwrap().missing_permission().unwrap();
    assert_eq!(missing(listings.security_profiles.err()), "connect:ListSecurityProfiles");
    assert_eq!(missing(listings.routing_profiles.err()), "connect:ListRoutingProfiles");
    assert_eq!(missing(listings.hierarchy.err()), "connect:ListUserHierarchyGroups");
    let error = connect.preview(&placement("ada"), asked()).await.unwrap_err();
    assert_eq!(missing(Some(error)), "connect:DescribeUser");
}

#[tokio::test]
async fn a_listing_that_takes_long_is_waited_for_elsewhere() {
    let house = House::start(Behaviour { page_cap: 1, ..Behaviour::kind() }).await;
    let connect = house.connect_as(&gateway(), budget(10.0, 3), |_| {});
    let short = || Patience::lasting(Duration::from_millis(50));
    assert!(matches!(connect.listings(short()).await.users, Err(Error::Busy(_))));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(connect.listings(short()).await.users.is_ok(), "it went on for the next");
}

#[tokio::test]
async fn a_user_is_told_by_names_and_whether_anybody_is_signed_in_as_it() {
    let house = House::kind().await;
    let connect = house.connect();
    let phone = Phone {
        kind: PhoneType::SoftPhone,
        auto_accept: true,
        after_contact_work_seconds: 30,
        desk_number: None,
    };
    let wish = Placement {
        hierarchy: Some(path(&["UK", "North"])),
        phone: Some(phone),
        security_profiles: names(&["Agent", "Supervisor"]),
        ..placement("ada")
    };
    let user = connect.ensure(&wish).await.unwrap();
    let view = connect.user(&user.id, asked()).await.unwrap().unwrap();
    assert_eq!((view.username.as_str(), view.refused), ("ada", None));
    let phone = "in the browser, 30 s after-contact work, calls are answered automatically";
    for (name, value) in [
        ("first_name", "Ada"),
        ("security_profiles", "Agent, Supervisor"),
        ("routing_profile", "Basic"),
        ("hierarchy", "UK / North"),
        ("phone", phone),
    ] {
        assert!(view.fields.contains(&(name, value.to_owned())), "{name}: {:?}", view.fields);
    }
    let root = UserId::new(house.described("root.ish").await.id.unwrap());
    let view = connect.user(&root, asked()).await.unwrap().unwrap();
    assert_eq!(view.refused, Some(Error::ProtectedProfile("Admin".into())));
    for unknown in ["00000000-0000-4000-8000-000000000000", "../users", "?x"] {
        assert!(connect.user(&UserId::new(unknown), asked()).await.unwrap().is_none(), "{unknown}");
    }
}

#[tokio::test]
async fn what_is_kept_and_how_calls_stand_can_be_seen() {
    let house = House::kind().await;
    let connect = house.connect();
    let fresh = connect.in_use();
    assert_eq!((fresh.calls.len(), fresh.known_users, fresh.listings.len()), (0, 0, 0));
    connect.ensure(&placement("ada")).await.unwrap();
    let used = connect.in_use();
    let operations: Vec<_> = used.calls.iter().map(|used| used.call.operation).collect();
    assert_eq!(operations, ["DescribeUser", "ListRoutingProfiles", "ListSecurityProfiles", "ListUsers"]);
    assert!(used.calls.iter().all(|used| (used.waiting, used.throttled) == (0, 0) && used.left > 0));
    let listings: Vec<_> = used.listings.iter().map(|(what, _)| *what).collect();
    assert_eq!((used.known_users, &listings[..]), (1, &["routing profile", "security profile", "user"][..]));
    let federation = house.federation();
    assert_eq!(federation.tokens_kept(), 0);
    federation.token_for(&house.user("ada").await, house.in_an_hour()).await.unwrap();
    assert_eq!(federation.tokens_kept(), 1);
}
