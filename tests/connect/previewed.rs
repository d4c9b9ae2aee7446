//! What a preview says against what a sign-in then does, over placements, users and settings.

use std::collections::{BTreeMap, BTreeSet};

use connect_gateway::connect::{Connect, Error, Preview, Provisioning};
use connect_gateway::model::{
    Cause, Channel, ChannelSettings, Phone, PhoneType, Placement, Proficiency, ProficiencyLevel, SyncPolicy,
    SyncWhen, VoiceEnhancement,
};

use crate::house::{House, asked, names, path, placement};

/// What the rules may want of somebody.
fn wishes(username: &str) -> Vec<(&'static str, Placement)> {
    let plain = || placement(username);
    let phone = Phone {
        kind: PhoneType::DeskPhone,
        auto_accept: true,
        after_contact_work_seconds: 60,
        desk_number: Some("+442079460000".into()),
    };
    let chat = ChannelSettings { after_contact_work_seconds: Some(5), ..ChannelSettings::default() };
    let voice = VoiceEnhancement::NoiseSuppression;
    let voice = ChannelSettings { voice_enhancement: Some(voice), ..ChannelSettings::default() };
    // Connect takes voice enhancement with a soft phone only.
    let soft = Phone { kind: PhoneType::SoftPhone, desk_number: None, ..phone.clone() };
    let whole = Placement {
        first_name: Some("Augusta".into()),
        security_profiles: names(&["Agent", "Supervisor"]),
        routing_profile: Some("Sales".into()),
        hierarchy: Some(path(&["US", "North"])),
        phone: Some(phone.clone()),
        ..plain()
    };
    let chats = BTreeMap::from([(Channel::Chat, chat)]);
    vec![
        ("plain", plain()),
        ("whole", whole),
        ("phone and channels", Placement { phone: Some(phone.clone()), channels: chats.clone(), ..plain() }),
        ("channels", Placement { channels: chats, ..plain() }),
        (
            "voice",
            Placement { phone: Some(soft), channels: BTreeMap::from([(Channel::Voice, voice)]), ..plain() },
        ),
        ("skills", Placement { proficiencies: skills(&[("English", 3.0), ("German", 5.0)]), ..plain() }),
        ("tags", Placement { tags: tags(&[("team", "north"), ("cost", "7")]), ..plain() }),
        ("nothing", Placement { security_profiles: BTreeSet::new(), routing_profile: None, ..plain() }),
        ("no last name", Placement { last_name: None, ..plain() }),
        ("unknown profile", Placement { routing_profile: Some("Nights".into()), ..plain() }),
        ("protected profile", Placement { security_profiles: names(&["Agent", "admin"]), ..plain() }),
    ]
}

fn skills(levels: &[(&str, f64)]) -> BTreeMap<Proficiency, ProficiencyLevel> {
    let skill = |(value, level): &(&str, f64)| {
        let proficiency = Proficiency::new("connect:Language", format!("connect:{value}")).unwrap();
        (proficiency, ProficiencyLevel::new(*level).unwrap())
    };
    levels.iter().map(skill).collect()
}

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn everywhere(when: SyncWhen) -> SyncPolicy {
    SyncPolicy {
        names: when,
        security_profiles: when,
        routing_profile: when,
        hierarchy: when,
        phone: when,
        proficiencies: when,
        tags: when,
        channels: when,
    }
}

/// What `ada` may be like before: as the seed has her, or as one of these wishes left her.
const STATES: [Option<&str>; 5] = [None, Some("whole"), Some("channels"), Some("voice"), Some("skills")];

async fn house_with_ada(state: Option<&str>) -> House {
    let house = House::kind().await;
    if let Some(state) = state {
        let (_, wish) = wishes("ada").into_iter().find(|(name, _)| *name == state).unwrap();
        let more = Placement {
            proficiencies: skills(&[("French", 1.0), ("English", 2.0)]),
            tags: tags(&[("team", "south"), ("by", "hand")]),
            ..wish
        };
        house.connect().ensure(&more).await.unwrap();
    }
    house
}

/// Field by field, in words.
type Fields = BTreeMap<&'static str, String>;

fn fields(preview: &Preview) -> (Fields, Fields) {
    let (mut now, mut after) = (Fields::new(), Fields::new());
    for field in &preview.fields {
        now.extend(field.now.clone().map(|value| (field.name, value)));
        after.extend(field.after.clone().map(|value| (field.name, value)));
    }
    (now, after)
}

/// Previews, signs in, previews again: each by rooms of its own, which remember nothing.
async fn check(house: &House, provisioning: Provisioning, wish: &Placement, about: &str) {
    let connect = || -> Connect { house.connect_with(|settings| settings.provisioning = provisioning) };
    house.emulator.clear_history();
    let before = connect().preview(wish, asked()).await.unwrap();
    assert_eq!(house.writes(), [""; 0], "{about}: a preview writes nothing");
    house.emulator.clear_history();
    let ensured = connect().ensure(wish).await;
    if let Err(Error::Call(call)) = &ensured {
        // A desk phone for a voice that is enhanced: Connect's own word, which nobody can know before.
        assert_eq!((call.cause, call.operation), (Cause::Refused, "UpdateUserConfig"), "{about}");
        assert_eq!(house.writes(), before.calls, "{about}: what would be called is called");
        return;
    }
    assert_eq!(before.refused.as_ref(), ensured.as_ref().err(), "{about}: refused alike");
    assert_eq!(house.writes(), before.calls, "{about}: what would be called is called");
    assert_eq!(before.user.is_some() || before.refused.is_some(), !before.calls.contains(&"CreateUser"));
    let Ok(user) = ensured else { return };
    let after = connect().preview(wish, asked()).await.unwrap();
    assert_eq!(after.calls, [""; 0], "{about}: nothing is left to do");
    let (name, id) = after.user.as_ref().unwrap();
    assert_eq!((name.as_str(), id), (user.username.as_str(), &user.id), "{about}");
    assert_eq!(fields(&after).0, fields(&before).1, "{about}: the user is as the preview said");
}

#[tokio::test]
async fn a_preview_says_what_a_sign_in_does_to_a_user_that_exists() {
    for state in STATES {
        for (name, wish) in wishes("ada") {
            let house = house_with_ada(state).await;
            check(&house, Provisioning::Sync, &wish, &format!("{state:?}, {name}")).await;
        }
    }
}

#[tokio::test]
async fn a_preview_knows_fields_that_do_not_follow_the_rules() {
    for state in [None, Some("channels")] {
        for (name, wish) in wishes("ada") {
            for when in [SyncWhen::Create, SyncWhen::Never] {
                let house = house_with_ada(state).await;
                let wish = Placement { sync: everywhere(when), ..wish.clone() };
                check(&house, Provisioning::Sync, &wish, &format!("{state:?}, {name}, {when:?}")).await;
            }
            for provisioning in [Provisioning::Create, Provisioning::Off] {
                let house = house_with_ada(state).await;
                check(&house, provisioning, &wish, &format!("{state:?}, {name}, {provisioning:?}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a_preview_says_how_a_user_is_created() {
    for (name, wish) in wishes("new.agent") {
        for when in [SyncWhen::Always, SyncWhen::Create, SyncWhen::Never] {
            let house = House::kind().await;
            let wish = Placement { sync: everywhere(when), ..wish.clone() };
            // Afterwards nothing is left to do for a field that counts at creation only, and the other way round.
            let provisioning =
                if when == SyncWhen::Always { Provisioning::Sync } else { Provisioning::Create };
            check(&house, provisioning, &wish, &format!("{name}, {when:?}")).await;
        }
        let house = House::kind().await;
        check(&house, Provisioning::Off, &wish, &format!("{name}, off")).await;
    }
}

#[tokio::test]
async fn a_preview_finds_whom_a_sign_in_finds() {
    for who in ["ADA", "grace.hopper", "twin", "TWIN", "root.ish", "Admin", "admin"] {
        for provisioning in [Provisioning::Sync, Provisioning::Create, Provisioning::Off] {
            for (name, wish) in wishes(who).into_iter().take(2) {
                let house = House::kind().await;
                check(&house, provisioning, &wish, &format!("{who}, {name}, {provisioning:?}")).await;
            }
        }
    }
}
