//! Settings by channel, and the phone settings that are their twins.

use std::collections::BTreeMap;

use aws_sdk_connect::types::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, Channel as SdkChannel, User,
};
use connect_gateway::emulator::SeedUser;
use connect_gateway::model::{
    Blamed, Channel, ChannelPhone, ChannelSettings, Phone, PhoneType, Placement, VoiceEnhancement, code,
};

use crate::house::{ACME, House, placement};

fn channels(settings: Vec<(Channel, ChannelSettings)>) -> BTreeMap<Channel, ChannelSettings> {
    settings.into_iter().collect()
}

fn work(channel: Channel, seconds: u32) -> BTreeMap<Channel, ChannelSettings> {
    let settings =
        ChannelSettings { after_contact_work_seconds: Some(seconds), ..ChannelSettings::default() };
    channels(vec![(channel, settings)])
}

fn enhanced() -> BTreeMap<Channel, ChannelSettings> {
    let voice_enhancement = Some(VoiceEnhancement::VoiceIsolation);
    channels(vec![(Channel::Voice, ChannelSettings { voice_enhancement, ..ChannelSettings::default() })])
}

fn phone(auto_accept: bool, seconds: u32) -> Phone {
    Phone { kind: PhoneType::SoftPhone, auto_accept, after_contact_work_seconds: seconds, desk_number: None }
}

/// After-contact work by channel, as Connect has it.
fn seconds(user: &User) -> Vec<(&str, i32)> {
    let limit = |config: &AfterContactWorkConfigPerChannel| {
        config.after_contact_work_config().unwrap().after_contact_work_time_limit
    };
    user.after_contact_work_configs().iter().map(|config| (config.channel.as_str(), limit(config))).collect()
}

/// Applies the placement, and again: the second time finds nothing to do.
async fn settle(house: &House, wanted: &Placement) -> Vec<String> {
    house.emulator.clear_history();
    house.connect().ensure(wanted).await.unwrap();
    let writes = house.writes();
    house.emulator.clear_history();
    house.connect().ensure(wanted).await.unwrap();
    assert_eq!(house.writes(), [""; 0], "nothing goes to and fro");
    writes
}

#[tokio::test]
async fn a_user_with_a_phone_config_gets_its_twin_for_every_channel() {
    let house = House::kind().await;
    settle(&house, &Placement { phone: Some(phone(true, 20)), ..placement("ada") }).await;
    let wanted = Placement { channels: work(Channel::Chat, 60), ..placement("ada") };
    assert_eq!(settle(&house, &wanted).await, ["UpdateUserConfig"]);
    let user = house.described("ada").await;
    assert_eq!(seconds(&user), [("VOICE", 20), ("CHAT", 60), ("TASK", 20), ("EMAIL", 20)]);
    assert!(user.phone_config().unwrap().auto_accept, "the rest of the phone config stays");
}

#[tokio::test]
async fn a_user_with_settings_by_channel_gets_phone_settings_by_channel() {
    let house = House::kind().await;
    settle(&house, &Placement { channels: work(Channel::Chat, 60), ..placement("ada") }).await;
    let wanted = Placement { phone: Some(phone(true, 30)), ..placement("ada") };
    assert_eq!(settle(&house, &wanted).await, ["UpdateUserConfig"]);
    let user = house.described("ada").await;
    assert_eq!(seconds(&user), [("VOICE", 30), ("CHAT", 30), ("TASK", 30), ("EMAIL", 30)]);
    assert!(user.auto_accept_configs()[0].auto_accept);
}

#[tokio::test]
async fn where_rules_set_both_the_channel_goes_before_the_phone_and_only_one_is_sent() {
    let house = House::kind().await;
    for (name, write) in [("ada", "UpdateUserConfig"), ("new.agent", "CreateUser")] {
        let wanted =
            Placement { phone: Some(phone(true, 30)), channels: work(Channel::Chat, 60), ..placement(name) };
        assert_eq!(settle(&house, &wanted).await, [write]);
        let user = house.described(name).await;
        assert_eq!(seconds(&user), [("VOICE", 30), ("CHAT", 60), ("TASK", 30), ("EMAIL", 30)], "{name}");
        let accepts = user.auto_accept_configs();
        assert!(accepts.len() == 1 && accepts[0].channel == SdkChannel::Voice && accepts[0].auto_accept);
    }
}

#[tokio::test]
async fn a_new_user_with_settings_by_channel_still_has_a_phone() {
    let house = House::kind().await;
    settle(&house, &Placement { channels: work(Channel::Task, 60), ..placement("new.agent") }).await;
    let user = house.described("new.agent").await;
    assert_eq!(user.phone_number_configs()[0].phone_type.as_str(), "SOFT_PHONE");
    assert!(user.phone_config().is_none());
}

#[tokio::test]
async fn voice_enhancement_has_no_twin_and_goes_beside_the_phone_config() {
    let house = House::kind().await;
    let of = |name| Placement { phone: Some(phone(true, 30)), channels: enhanced(), ..placement(name) };
    assert_eq!(settle(&house, &of("ada")).await, ["UpdateUserPhoneConfig", "UpdateUserConfig"]);
    assert_eq!(settle(&house, &of("new.agent")).await, ["CreateUser"]);
    for name in ["ada", "new.agent"] {
        let user = house.described(name).await;
        assert!(user.phone_config().unwrap().auto_accept && seconds(&user).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_the_phone_config_says_already_costs_no_call() {
    let house = House::kind().await;
    let user = SeedUser {
        username: "eve".into(),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        security_profiles: vec!["Agent".into()],
        routing_profile: "Basic".into(),
        after_contact_work_seconds: 30,
        desk_phone_number: Some("+442071838750".into()),
        ..SeedUser::default()
    };
    house.emulator.add_user("acme", &user).unwrap();
    let mut wanted = work(Channel::Email, 30);
    let desk_phone = Some(ChannelPhone { kind: PhoneType::DeskPhone, number: None });
    wanted.insert(Channel::Voice, ChannelSettings { phone: desk_phone, ..ChannelSettings::default() });
    let wanted = Placement { channels: wanted, ..placement("eve") };
    assert_eq!(settle(&house, &wanted).await, [""; 0]);
}

#[tokio::test]
async fn what_was_set_by_hand_for_other_channels_and_for_callbacks_stays() {
    let house = House::kind().await;
    let id = house.described("ada").await.id.unwrap();
    let limit = |seconds| AfterContactWorkConfig::builder().after_contact_work_time_limit(seconds).build();
    let accept = AutoAcceptConfig::builder()
        .channel(SdkChannel::Voice)
        .auto_accept(false)
        .agent_first_callback_auto_accept(true);
    let work_after = |channel| {
        AfterContactWorkConfigPerChannel::builder().channel(channel).after_contact_work_config(limit(11))
    };
    let voice = work_after(SdkChannel::Voice).agent_first_callback_after_contact_work_config(limit(12));
    let by_hand = house.sdk().update_user_config().instance_id(ACME).user_id(id);
    let by_hand = by_hand
        .auto_accept_configs(accept.build().unwrap())
        .after_contact_work_configs(voice.build().unwrap())
        .after_contact_work_configs(work_after(SdkChannel::Task).build().unwrap());
    by_hand.send().await.unwrap();

    let wanted = Placement { channels: work(Channel::Chat, 60), ..placement("ada") };
    assert_eq!(settle(&house, &wanted).await, ["UpdateUserConfig"]);
    let user = house.described("ada").await;
    assert_eq!(seconds(&user), [("VOICE", 11), ("CHAT", 60), ("TASK", 11)]);
    let callback = user.after_contact_work_configs()[0].agent_first_callback_after_contact_work_config();
    assert_eq!(callback.unwrap().after_contact_work_time_limit, 12);
    assert_eq!(user.auto_accept_configs()[0].agent_first_callback_auto_accept, Some(true));
}

#[tokio::test]
async fn settings_that_connect_refuses_are_told_to_the_administrator() {
    let house = House::kind().await;
    let desk_phone = ChannelPhone { kind: PhoneType::DeskPhone, number: Some("+442071838750".into()) };
    let voice = ChannelSettings {
        phone: Some(desk_phone),
        voice_enhancement: Some(VoiceEnhancement::VoiceIsolation),
        ..ChannelSettings::default()
    };
    let chat = ChannelSettings { persistent_connection: Some(true), ..ChannelSettings::default() };
    for wrong in [(Channel::Voice, voice), (Channel::Chat, chat)] {
        let wanted = Placement { channels: channels(vec![wrong]), ..placement("ada") };
        let error = house.connect().ensure(&wanted).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_REFUSED, "{error}");
    }
}
