//! Proficiencies, tags and channels of a rule's `set`.

use std::collections::BTreeMap;

use toml::Value;

use crate::mapping::ChannelConfig;
use crate::model::{Channel, Proficiency, ProficiencyLevel, VoiceEnhancement};

use super::{PHONE_TYPES, value, value_shape};
use crate::config::section::Section;
use crate::config::shape::Shape;

/// `{ "Language" = { "German" = 3.5 } }`: predefined attributes, their values, levels.
pub(super) fn proficiencies(written: &Value) -> Result<BTreeMap<Proficiency, ProficiencyLevel>, String> {
    const SHAPE: &str = "must be tables of levels: { \"connect:Language\" = { \"connect:English\" = 5 } }";
    let mut read = BTreeMap::new();
    for (attribute, levels) in written.as_table().ok_or(SHAPE)? {
        for (value, level) in levels.as_table().ok_or(SHAPE)? {
            let proficiency = Proficiency::new(attribute, value).map_err(|bad| bad.to_string())?;
            #[expect(clippy::cast_precision_loss, reason = "a level is at most 5")]
            let level =
                level.as_float().or_else(|| level.as_integer().map(|level| level as f64)).ok_or(SHAPE)?;
            read.insert(proficiency, ProficiencyLevel::new(level).map_err(|bad| bad.to_string())?);
        }
    }
    Ok(read)
}

pub(super) fn proficiencies_shape() -> Shape {
    let levels = Shape::TableOf(Box::new(Shape::Number(1.0..=5.0)));
    Shape::TableOf(Box::new(levels))
}

/// `[mapping.rule.set.channels.<channel>]`.
pub(super) fn channels(section: &mut Section<'_>) -> BTreeMap<Channel, ChannelConfig> {
    let mut read = BTreeMap::new();
    for channel in Channel::ALL {
        if let Some(settings) = section.optional(channel.word(), settings) {
            read.insert(channel, settings);
        }
    }
    read
}

fn settings(section: &mut Section<'_>) -> ChannelConfig {
    let enhancements = [
        ("voice_isolation", Some(VoiceEnhancement::VoiceIsolation)),
        ("noise_suppression", Some(VoiceEnhancement::NoiseSuppression)),
        ("none", Some(VoiceEnhancement::None)),
    ];
    let seconds = section.optional_number("after_contact_work_seconds", 0..=2_000_000);
    ChannelConfig {
        auto_accept: section.optional_flag("auto_accept"),
        after_contact_work_seconds: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
        persistent_connection: section.optional_flag("persistent_connection"),
        phone: section.one_of("phone", &PHONE_TYPES, None),
        desk_number: section.any("desk_number", value_shape(), value),
        voice_enhancement: section.one_of("voice_enhancement", &enhancements, None),
    }
}
