//! Phone settings, which Connect takes in two places: `UserPhoneConfig`, and lists by channel.
//!
//! A field of `UserPhoneConfig` may not be set together with its twin by channel, `UpdateUserPhoneConfig`
//! gives all channels the same after-contact work, and the SDK never leaves out the phone type. So the
//! two are not mixed: whoever has, or is to get, a twin by channel gets everything by channel.
//! <https://docs.aws.amazon.com/connect/latest/APIReference/API_CreateUser.html>

use std::collections::BTreeMap;

use super::channels::ChannelConfigs;
use super::{Change, UserFields, differs};
use crate::model::{Channel, ChannelSettings, Phone, PhoneType};

/// `UserPhoneConfig`.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::connect) struct PhoneConfig {
    pub(in crate::connect) kind: PhoneType,
    pub(in crate::connect) auto_accept: bool,
    pub(in crate::connect) after_contact_work_seconds: u32,
    pub(in crate::connect) desk_number: Option<String>,
    pub(in crate::connect) persistent_connection: Option<bool>,
}

impl PhoneConfig {
    pub(super) fn soft_phone() -> Self {
        Self {
            kind: PhoneType::SoftPhone,
            auto_accept: false,
            after_contact_work_seconds: 0,
            desk_number: None,
            persistent_connection: None,
        }
    }

    fn in_words(&self) -> String {
        let kept = match self.persistent_connection {
            Some(true) => ", line kept",
            _ => "",
        };
        let phone = Phone {
            kind: self.kind,
            auto_accept: self.auto_accept,
            after_contact_work_seconds: self.after_contact_work_seconds,
            desk_number: self.desk_number.clone(),
        };
        phone.in_words() + kept
    }

    fn keeping(self, current: Option<&Self>) -> Self {
        let Some(current) = current else { return self };
        Self {
            desk_number: self.desk_number.or_else(|| current.desk_number.clone()),
            persistent_connection: self.persistent_connection.or(current.persistent_connection),
            ..self
        }
    }
}

impl From<Phone> for PhoneConfig {
    fn from(phone: Phone) -> Self {
        Self {
            kind: phone.kind,
            auto_accept: phone.auto_accept,
            after_contact_work_seconds: phone.after_contact_work_seconds,
            desk_number: phone.desk_number,
            persistent_connection: None,
        }
    }
}

impl UserFields {
    /// The phone settings; settings by channel take their place as soon as there is one.
    pub(in crate::connect) fn phone_in_words(&self) -> Option<String> {
        if self.channels.has_twins() {
            return Some("by channel".to_owned());
        }
        self.phone.as_ref().map(PhoneConfig::in_words)
    }

    /// What counts for each channel, wherever it is kept; nothing where the phone settings say all.
    pub(in crate::connect) fn by_channel(&self) -> BTreeMap<Channel, ChannelSettings> {
        if self.channels.has_twins() { held(self).by_channel() } else { self.channels.by_channel() }
    }
}

fn held(current: &UserFields) -> ChannelConfigs {
    let phone = current.phone.as_ref().map(ChannelConfigs::of_phone).unwrap_or_default();
    phone.replaced(current.channels.clone())
}

/// What `CreateUser` may be sent: all by channel, or nothing of what has a twin.
pub(super) fn in_one_place(
    phone: Option<PhoneConfig>,
    channels: ChannelConfigs,
) -> (Option<PhoneConfig>, ChannelConfigs) {
    if channels.has_twins() { (None, by_channel(phone.as_ref(), channels)) } else { (phone, channels) }
}

/// The changes of phone settings for a user that exists.
pub(super) fn changes(
    current: &UserFields,
    phone: Option<PhoneConfig>,
    channels: ChannelConfigs,
) -> [Option<Change>; 2] {
    let held = held(current);
    let (phone, channels) = if current.channels.has_twins() {
        (None, by_channel(phone.as_ref(), channels))
    } else {
        in_one_place(phone, channels)
    };
    let phone = phone.map(|phone| phone.keeping(current.phone.as_ref()));
    let channels = held.clone().overlaid(channels).changed_from(&held, &current.channels);
    [
        phone.filter(|phone| differs(phone, current.phone.as_ref())).map(Change::PhoneConfig),
        channels.map(Change::ChannelConfigs),
    ]
}

/// `channels`, and what `phone` says where they say nothing.
fn by_channel(phone: Option<&PhoneConfig>, channels: ChannelConfigs) -> ChannelConfigs {
    phone.map(ChannelConfigs::of_phone).unwrap_or_default().overlaid(channels)
}
