//! `xs:duration`, as far as it says for how long a copy may be kept.

use std::time::Duration;

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Units before `T` in the order in which they stand, with their seconds. A year has 365 days here and a month 30:
/// nobody keeps a copy for that long.
const DATE: [(char, u64); 3] = [('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)];
/// Units after `T`.
const TIME: [(char, u64); 3] = [('H', 3600), ('M', 60), ('S', 1)];

/// Reads `PnYnMnDTnHnMn.nS`: every part may be missing, but not all. A fraction of a second is cut off, and what is
/// too long to count is the longest duration there is. `None` for anything else, also for what is negative.
pub(in crate::saml) fn parse(text: &str) -> Option<Duration> {
    let rest = text.trim_ascii().strip_prefix('P')?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, "0S"));
    if rest.is_empty() || time.is_empty() {
        return None;
    }
    let seconds = parts(date, &DATE)?.saturating_add(parts(&whole_seconds(time)?, &TIME)?);
    Some(Duration::from_secs(seconds))
}

/// `1M2.25S` as `1M2S`.
fn whole_seconds(time: &str) -> Option<String> {
    let Some((whole, fraction)) = time.split_once('.') else { return Some(time.to_owned()) };
    let digits = fraction.strip_suffix('S').filter(|digits| !digits.is_empty())?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{whole}S"))
}

/// The seconds of `text`, where each unit stands at most once and in this order.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum: u64 = 0;
    for (unit, seconds) in units {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(rest) = text[digits..].strip_prefix(*unit) {
            if digits == 0 {
                return None;
            }
            let number: u64 = text[..digits].parse().unwrap_or(u64::MAX);
            sum = sum.saturating_add(number.saturating_mul(*seconds));
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_that_metadata_holds_are_understood() {
        for (text, seconds) in [
            ("PT1H", 3600),
            ("PT604800S", 604_800),
            ("P1D", DAY),
            ("P7DT12H", 7 * DAY + 12 * 3600),
            ("P0Y0M1DT0H0M0.000S", DAY),
            ("PT5M", 300),
            ("P1M", 30 * DAY),
            ("P1Y2M3DT4H5M6.789S", 428 * DAY + 4 * 3600 + 5 * 60 + 6),
            (" PT10S\n", 10),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_duration_without_measure_is_the_longest() {
        let longest = Duration::from_secs(u64::MAX);
        for text in ["P99999999999999999999Y", "PT99999999999999999999S", "P18446744073709551615DT1S"] {
            assert_eq!(parse(text), Some(longest), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_duration() {
        for text in [
            "", "P", "PT", "P1", "1D", "-P1D", "P-1D", "P1H", "PT1D", "P1DT", "PT1S1H", "P1D1Y", "PT1M1M",
            "PT.5S", "PT1.S", "PT1.5H", "PT1.5", "P1.5D", "PT1,5S", "PD", "PTS", "pt1h", "P1D2", "PT٣S",
            "P 1D", "PT1..2S",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
