//! `[rate_limits]`: how often somebody may ask.

use std::num::NonZeroU32;

use toml::Value;

use crate::model::{PerMinute, RateLimits};

use super::section::Section;
use super::shape::Shape;

const MOST: u64 = 10_000_000;
/// Any number.
const OFF: &str = "off";

pub(super) fn read(section: &mut Section<'_>) -> RateLimits {
    RateLimits {
        sign_in: per_minute(section, "sign_in_per_minute", 6000),
        acs: per_minute(section, "acs_per_minute", 2000),
        choose: per_minute(section, "choose_per_minute", 2000),
        logout: per_minute(section, "logout_per_minute", 2000),
        admin: per_minute(section, "admin_per_minute", 600),
        idp: per_minute(section, "idp_answers_per_minute", 6000),
    }
}

fn per_minute(section: &mut Section<'_>, key: &str, usual: u32) -> PerMinute {
    let shape = Shape::AnyOf(vec![Shape::Whole(1..=MOST), Shape::words([OFF])]);
    let written = section.any(key, shape, |value| match value {
        Value::String(text) if text == OFF => Ok(None),
        Value::Integer(number) => {
            let number = u32::try_from(*number).ok().filter(|number| u64::from(*number) <= MOST);
            number.and_then(NonZeroU32::new).map(Some).ok_or_else(advice)
        }
        _ => Err(advice()),
    });
    section.usual(key, i64::from(usual));
    written.unwrap_or_else(|| NonZeroU32::new(usual))
}

fn advice() -> String {
    format!("must be a whole number from 1 to {MOST}, or \"off\"")
}
