//! Proficiencies and tags, and all of a user's settings together.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_gateway::connect::{Error, Provisioning};
use connect_gateway::emulator::{Behaviour, Lag};
use connect_gateway::model::{
    Blame, Blamed, Channel, ChannelPhone, ChannelSettings, PhoneType, Placement, Proficiency,
    ProficiencyLevel, SyncPolicy, SyncWhen, VoiceEnhancement, code,
};

use crate::house::{ACME, Calls, House, creator, fast, gateway, placement, real_rates};

type Proficiencies = BTreeMap<Proficiency, ProficiencyLevel>;

fn proficiencies(levels: &[(&str, &str, f64)]) -> Proficiencies {
    levels
        .iter()
        .map(|(attribute, value, level)| {
            (Proficiency::new(*attribute, *value).unwrap(), ProficiencyLevel::new(*level).unwrap())
        })
        .collect()
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The first `count` values of `Product`.
fn products(count: usize) -> Proficiencies {
    let values: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    proficiencies(&values.iter().map(|value| ("Product", value.as_str(), 1.0)).collect::<Vec<_>>())
}

fn furnished(username: &str) -> Placement {
    let voice = ChannelSettings {
        auto_accept: Some(true),
        after_contact_work_seconds: Some(30),
        persistent_connection: Some(true),
        phone: Some(ChannelPhone { kind: PhoneType::SoftPhone, number: None }),
        voice_enhancement: Some(VoiceEnhancement::NoiseSuppression),
    };
    let chat = ChannelSettings { after_contact_work_seconds: Some(0), ..ChannelSettings::default() };
    Placement {
        proficiencies: proficiencies(&[
            ("connect:Language", "connect:German", 4.0),
            ("Product", "1", 2.0),
            ("Product", "2", 5.0),
        ]),
        tags: tags(&[("team", "north"), ("cost centre", "7/a")]),
        channels: BTreeMap::from([(Channel::Voice, voice), (Channel::Chat, chat)]),
        ..placement(username)
    }
}

async fn held(house: &House, name: &str) -> Proficiencies {
    let id = house.described(name).await.id.unwrap();
    let request = house.sdk().list_user_proficiencies().instance_id(ACME).user_id(id);
    let listed = request.max_results(100).send().await.unwrap();
    let all = listed.user_proficiency_list();
    let triple = |item: &aws_sdk_connect::types::UserProficiency| {
        let proficiency = Proficiency::new(item.attribute_name(), item.attribute_value()).unwrap();
        (proficiency, ProficiencyLevel::new(f64::from(item.level())).unwrap())
    };
    all.iter().map(triple).collect()
}

async fn tags_of(house: &House, name: &str) -> BTreeMap<String, String> {
    house.described(name).await.tags.unwrap_or_default().into_iter().collect()
}

async fn is_furnished(house: &House, name: &str) {
    let wanted = furnished(name);
    let user = house.described(name).await;
    assert_eq!(held(house, name).await, wanted.proficiencies);
    assert_eq!(tags_of(house, name).await, wanted.tags);
    let accepts: Vec<_> =
        user.auto_accept_configs().iter().map(|c| (c.channel.as_str(), c.auto_accept)).collect();
    assert_eq!(accepts, [("VOICE", true)]);
    assert_eq!(user.voice_enhancement_configs()[0].voice_enhancement_mode.as_str(), "NOISE_SUPPRESSION");
    assert!(user.persistent_connection_configs()[0].persistent_connection);
    // A user whose phone config said so already is not told again.
    let by_channel = user.phone_number_configs().first().map(|config| config.phone_type.as_str());
    let by_phone = user.phone_config().map(|config| config.phone_type.as_str());
    assert_eq!(by_channel.or(by_phone), Some("SOFT_PHONE"));
    let seconds = |channel: &str| {
        let mut configs = user.after_contact_work_configs().iter();
        let config = configs.find(|config| config.channel.as_str() == channel).unwrap();
        config.after_contact_work_config().unwrap().after_contact_work_time_limit
    };
    assert_eq!((seconds("VOICE"), seconds("CHAT")), (30, 0));
}

#[tokio::test]
async fn a_new_user_is_created_with_all_of_it_and_then_found_in_place() {
    let house = House::kind().await;
    house.connect().ensure(&furnished("new.agent")).await.unwrap();
    assert_eq!(house.writes(), ["CreateUser", "AssociateUserProficiencies"]);
    is_furnished(&house, "new.agent").await;
    house.emulator.clear_history();
    house.connect().ensure(&furnished("new.agent")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
    assert_eq!(house.calls("DescribeUser"), Calls { good: 1, bad: 0 });
    assert_eq!(house.calls("ListUserProficiencies"), Calls { good: 1, bad: 0 });
}

#[tokio::test]
async fn an_existing_user_is_corrected_by_one_call_for_each_kind_and_then_found_in_place() {
    let house = House::kind().await;
    house.connect().ensure(&furnished("ada")).await.unwrap();
    assert_eq!(house.writes(), ["UpdateUserConfig", "TagResource", "AssociateUserProficiencies"]);
    is_furnished(&house, "ada").await;
    house.emulator.clear_history();
    house.connect().ensure(&furnished("ada")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn the_rules_proficiencies_are_the_whole_set() {
    let house = House::kind().await;
    house.connect().ensure(&furnished("ada")).await.unwrap();
    house.emulator.clear_history();
    let wanted = proficiencies(&[
        ("connect:Language", "connect:German", 4.0),
        ("connect:Language", "connect:French", 1.0),
        ("Product", "2", 3.0),
    ]);
    let placement = Placement { proficiencies: wanted.clone(), ..furnished("ada") };
    house.connect().ensure(&placement).await.unwrap();
    assert_eq!(
        house.writes(),
        ["DisassociateUserProficiencies", "UpdateUserProficiencies", "AssociateUserProficiencies"]
    );
    assert_eq!(held(&house, "ada").await, wanted);
}

#[tokio::test]
async fn ten_proficiencies_give_way_to_ten_others_and_are_read_page_by_page() {
    let house = House::start(Behaviour { page_cap: 3, ..Behaviour::kind() }).await;
    let ten = Placement { proficiencies: products(10), ..placement("ada") };
    house.connect().ensure(&ten).await.unwrap();
    house.emulator.clear_history();
    house.connect().ensure(&ten).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
    assert_eq!(house.calls("ListUserProficiencies"), Calls { good: 4, bad: 0 });

    let mut others = products(7);
    others.extend(proficiencies(
        &["connect:English", "connect:German", "connect:French"]
            .map(|value| ("connect:Language", value, 5.0)),
    ));
    let others = Placement { proficiencies: others, ..placement("ada") };
    house.connect().ensure(&others).await.unwrap();
    assert_eq!(house.writes(), ["DisassociateUserProficiencies", "AssociateUserProficiencies"]);
}

#[tokio::test]
async fn proficiencies_and_tags_that_no_rule_mentions_are_left_alone() {
    let house = House::kind().await;
    house.connect().ensure(&furnished("ada")).await.unwrap();
    house.emulator.clear_history();
    house.connect().ensure(&placement("ada")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
    assert_eq!(house.calls("ListUserProficiencies"), Calls { good: 0, bad: 0 }, "nor asked for");
    let wanted = Placement { tags: tags(&[("team", "south"), ("cost centre", "7/a")]), ..placement("ada") };
    let by_hand = house.sdk().tag_resource().resource_arn(house.described("ada").await.arn.unwrap());
    by_hand.tags("theirs", "kept").send().await.unwrap();
    house.emulator.clear_history();
    house.connect().ensure(&wanted).await.unwrap();
    assert_eq!(house.writes(), ["TagResource"]);
    let expected = tags(&[("team", "south"), ("cost centre", "7/a"), ("theirs", "kept")]);
    assert_eq!(tags_of(&house, "ada").await, expected);
}

#[tokio::test]
async fn more_than_ten_proficiencies_are_refused_before_any_call() {
    let house = House::kind().await;
    let mut eleven = products(10);
    eleven.extend(proficiencies(&[("connect:Language", "connect:German", 1.0)]));
    let wanted = Placement { proficiencies: eleven, ..placement("ada") };
    let error = house.connect().ensure(&wanted).await.unwrap_err();
    assert_eq!((&error, error.code()), (&Error::TooManyProficiencies(11), &code::CONNECT_REFUSED));
    assert_eq!(house.all_calls(), [""; 0]);
}

#[tokio::test]
async fn a_predefined_attribute_that_is_not_there_is_told_to_the_administrator() {
    let house = House::kind().await;
    for name in ["ada", "new.agent"] {
        for (attribute, value) in [("Skill", "1"), ("Product", "11")] {
            let wanted =
                Placement { proficiencies: proficiencies(&[(attribute, value, 1.0)]), ..placement(name) };
            let error = house.connect().ensure(&wanted).await.unwrap_err();
            assert_eq!(error.code(), &code::CONNECT_UNKNOWN_NAME, "{error}");
            assert_eq!(error.code().blame, Blame::Admin);
        }
    }
    let wanted = Placement { proficiencies: proficiencies(&[("Product", "1", 2.5)]), ..placement("ada") };
    let error = house.connect().ensure(&wanted).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_REFUSED, "AWS documents whole levels: {error}");
}

#[tokio::test]
async fn what_failed_half_way_is_completed_at_the_next_sign_in() {
    let house = House::kind().await;
    for (name, done, left) in [
        ("new.agent", "CreateUser", vec!["AssociateUserProficiencies"]),
        ("ada", "UpdateUserConfig", vec!["TagResource", "AssociateUserProficiencies"]),
    ] {
        house.emulator.clear_history();
        let half = house.connect_as(&creator(), fast(), |_| {});
        let error = half.ensure(&furnished(name)).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_ACCESS_DENIED, "{error}");
        assert_eq!(house.calls(done), Calls { good: 1, bad: 0 });
        house.emulator.clear_history();
        house.connect().ensure(&furnished(name)).await.unwrap();
        assert_eq!(house.writes(), left);
        is_furnished(&house, name).await;
    }
}

#[tokio::test]
async fn settings_that_follow_the_rules_at_creation_only_or_never_are_left_alone_later() {
    for when in [SyncWhen::Create, SyncWhen::Never] {
        let house = House::kind().await;
        let sync = SyncPolicy { proficiencies: when, tags: when, channels: when, ..SyncPolicy::default() };
        house.connect().ensure(&Placement { sync, ..furnished("ada") }).await.unwrap();
        assert_eq!(house.writes(), [""; 0], "{when:?}");
        assert_eq!(house.calls("ListUserProficiencies"), Calls { good: 0, bad: 0 }, "{when:?}");

        house.connect().ensure(&Placement { sync, ..furnished("new.agent") }).await.unwrap();
        if when == SyncWhen::Create {
            is_furnished(&house, "new.agent").await;
        } else {
            assert_eq!(house.writes(), ["CreateUser"]);
            assert!(tags_of(&house, "new.agent").await.is_empty());
            assert!(house.described("new.agent").await.auto_accept_configs().is_empty());
        }
    }
}

#[tokio::test]
async fn with_provisioning_create_a_new_user_gets_all_of_it_and_an_existing_one_nothing() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.provisioning = Provisioning::Create);
    connect.ensure(&furnished("ada")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
    connect.ensure(&furnished("new.agent")).await.unwrap();
    is_furnished(&house, "new.agent").await;
}

#[tokio::test]
async fn a_new_user_that_connect_shows_late_is_waited_for() {
    let late = Lag { describe: Duration::from_millis(700), ..Lag::none() };
    let house = House::start(Behaviour { lag: late, ..Behaviour::kind() }).await;
    house.connect().ensure(&furnished("new.agent")).await.unwrap();
    assert_eq!(house.calls("AssociateUserProficiencies"), Calls { good: 1, bad: 1 });
    is_furnished(&house, "new.agent").await;
}

#[tokio::test]
async fn a_new_user_that_connect_does_not_show_is_not_waited_for_without_end() {
    let never = Lag { describe: Duration::from_hours(1), ..Lag::none() };
    let house = House::start(Behaviour { lag: never, ..Behaviour::kind() }).await;
    let impatient = house.connect_with(|settings| settings.settle_within = Duration::from_millis(600));
    assert_eq!(impatient.ensure(&furnished("new.agent")).await.unwrap_err(), Error::Unsettled);
}

#[tokio::test]
async fn an_unkind_aws_keeps_nobody_from_their_settings() {
    // Small pages, real rates, late listings and occasional faults.
    let house = House::start(Behaviour::default()).await;
    let connect = house.connect_as(&gateway(), real_rates(), |_| {});
    for name in ["ada", "new.agent"] {
        connect.ensure(&furnished(name)).await.unwrap();
    }
    house.emulator.adjust(|behaviour| *behaviour = Behaviour::kind());
    house.emulator.advance(Duration::from_secs(5));
    for name in ["ada", "new.agent"] {
        is_furnished(&house, name).await;
    }
}
