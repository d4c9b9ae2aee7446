//! The lists of settings by channel.

use std::collections::BTreeMap;

use super::phone::PhoneConfig;
use crate::model::{Channel, ChannelPhone, ChannelSettings, PhoneType, VoiceEnhancement};

/// The lists of `UpdateUserConfig`, by channel. An empty list is not sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::connect) struct ChannelConfigs {
    pub(in crate::connect) auto_accept: BTreeMap<Channel, bool>,
    pub(in crate::connect) after_contact_work: BTreeMap<Channel, u32>,
    pub(in crate::connect) phone_number: BTreeMap<Channel, ChannelPhone>,
    pub(in crate::connect) persistent_connection: BTreeMap<Channel, bool>,
    pub(in crate::connect) voice_enhancement: BTreeMap<Channel, VoiceEnhancement>,
    /// What the lists say of agent-first callbacks. No rule sets it; a list that is sent repeats it.
    pub(in crate::connect) callback_auto_accept: Option<bool>,
    /// The same, in seconds of after-contact work.
    pub(in crate::connect) callback_after_contact_work: Option<u32>,
}

impl ChannelConfigs {
    pub(super) fn of(settings: &BTreeMap<Channel, ChannelSettings>) -> Self {
        Self {
            auto_accept: list(settings, |s| s.auto_accept),
            after_contact_work: list(settings, |s| s.after_contact_work_seconds),
            phone_number: list(settings, |s| s.phone.clone()),
            persistent_connection: list(settings, |s| s.persistent_connection),
            voice_enhancement: list(settings, |s| s.voice_enhancement),
            ..Self::default()
        }
    }

    /// The same, channel by channel.
    pub(super) fn by_channel(&self) -> BTreeMap<Channel, ChannelSettings> {
        let settings = |channel| ChannelSettings {
            auto_accept: self.auto_accept.get(channel).copied(),
            after_contact_work_seconds: self.after_contact_work.get(channel).copied(),
            persistent_connection: self.persistent_connection.get(channel).copied(),
            phone: self.phone_number.get(channel).cloned(),
            voice_enhancement: self.voice_enhancement.get(channel).copied(),
        };
        let all = Channel::ALL.iter().map(|channel| (*channel, settings(channel)));
        all.filter(|(_, settings)| *settings != ChannelSettings::default()).collect()
    }

    /// What a `UserPhoneConfig` means by channel: its after-contact work is every channel's, the rest is
    /// about calls.
    pub(super) fn of_phone(phone: &PhoneConfig) -> Self {
        let ringing = ChannelPhone { kind: phone.kind, number: phone.desk_number.clone() };
        Self {
            auto_accept: BTreeMap::from([(Channel::Voice, phone.auto_accept)]),
            after_contact_work: Channel::ALL
                .map(|channel| (channel, phone.after_contact_work_seconds))
                .into(),
            phone_number: BTreeMap::from([(Channel::Voice, ringing)]),
            persistent_connection: phone
                .persistent_connection
                .map(|on| (Channel::Voice, on))
                .into_iter()
                .collect(),
            ..Self::default()
        }
    }

    /// Whether anything here has a twin in `UserPhoneConfig`.
    pub(super) fn has_twins(&self) -> bool {
        !(self.auto_accept.is_empty()
            && self.after_contact_work.is_empty()
            && self.phone_number.is_empty()
            && self.persistent_connection.is_empty())
    }

    /// A soft phone, where nothing else is said.
    pub(super) fn ring_somewhere(&mut self) {
        let soft_phone = ChannelPhone { kind: PhoneType::SoftPhone, number: None };
        self.phone_number.entry(Channel::Voice).or_insert(soft_phone);
    }

    /// `over`, and these for the channels that it leaves out.
    pub(super) fn overlaid(mut self, over: Self) -> Self {
        self.auto_accept.extend(over.auto_accept);
        self.after_contact_work.extend(over.after_contact_work);
        for (channel, phone) in over.phone_number {
            let known = self.phone_number.remove(&channel).and_then(|known| known.number);
            let number = phone.number.or(known);
            self.phone_number.insert(channel, ChannelPhone { number, ..phone });
        }
        self.persistent_connection.extend(over.persistent_connection);
        self.voice_enhancement.extend(over.voice_enhancement);
        self
    }

    /// `by`, and these for the lists that it leaves out.
    pub(super) fn replaced(self, by: Self) -> Self {
        Self {
            auto_accept: or(by.auto_accept, self.auto_accept),
            after_contact_work: or(by.after_contact_work, self.after_contact_work),
            phone_number: or(by.phone_number, self.phone_number),
            persistent_connection: or(by.persistent_connection, self.persistent_connection),
            voice_enhancement: or(by.voice_enhancement, self.voice_enhancement),
            callback_auto_accept: by.callback_auto_accept,
            callback_after_contact_work: by.callback_after_contact_work,
        }
    }

    /// The lists to send so that a user who holds `held` has these; nothing when nothing differs. AWS does
    /// not say whether a list that is left out stays: so those that the user has, in `current`, go along.
    pub(super) fn changed_from(self, held: &Self, current: &Self) -> Option<Self> {
        (self != *held).then(|| Self {
            auto_accept: sent(self.auto_accept, &held.auto_accept, &current.auto_accept),
            after_contact_work: sent(
                self.after_contact_work,
                &held.after_contact_work,
                &current.after_contact_work,
            ),
            phone_number: sent(self.phone_number, &held.phone_number, &current.phone_number),
            persistent_connection: sent(
                self.persistent_connection,
                &held.persistent_connection,
                &current.persistent_connection,
            ),
            voice_enhancement: sent(
                self.voice_enhancement,
                &held.voice_enhancement,
                &current.voice_enhancement,
            ),
            ..self
        })
    }
}

fn list<T>(
    settings: &BTreeMap<Channel, ChannelSettings>,
    of: impl Fn(&ChannelSettings) -> Option<T>,
) -> BTreeMap<Channel, T> {
    settings.iter().filter_map(|(channel, settings)| Some((*channel, of(settings)?))).collect()
}

fn or<T>(list: BTreeMap<Channel, T>, other: BTreeMap<Channel, T>) -> BTreeMap<Channel, T> {
    if list.is_empty() { other } else { list }
}

fn sent<T: PartialEq>(
    wanted: BTreeMap<Channel, T>,
    held: &BTreeMap<Channel, T>,
    current: &BTreeMap<Channel, T>,
) -> BTreeMap<Channel, T> {
    if wanted == *held && current.is_empty() { BTreeMap::new() } else { wanted }
}
