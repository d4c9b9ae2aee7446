//! `xs:dateTime`, strictly.

use time::macros::format_description;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::error::Error;

/// Longest time that we read: fractions may have many digits.
const MAX_LENGTH: usize = 64;

/// Writes `YYYY-MM-DDThh:mm:ssZ`. SAML core 1.3.3.
pub(super) fn format(instant: OffsetDateTime) -> Result<String, Error> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let unreadable = |_| Error::Machinery("the clock is unreadable".to_owned());
    instant.to_offset(UtcOffset::UTC).format(format).map_err(unreadable)
}

/// Reads `YYYY-MM-DDThh:mm:ss[.f+](Z|±hh:mm)`. SAML core 1.3.3 asks for UTC; an explicit offset is understood.
///
/// `None` for anything else: no zone, hour 24, second 60, and years outside 1970 to 9000, so that
/// adding a skew or a lifetime can't overflow.
pub(super) fn parse(text: &str) -> Option<OffsetDateTime> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 || bytes.len() > MAX_LENGTH {
        return None;
    }
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, byte)| bytes[at] != byte) {
        return None;
    }
    let year = i32::try_from(number(&text[0..4])?).ok().filter(|year| (1970..=9000).contains(year))?;
    let month = Month::try_from(small(&text[5..7])?).ok()?;
    let date = Date::from_calendar_date(year, month, small(&text[8..10])?).ok()?;
    let (nanosecond, zone) = fraction(&text[19..])?;
    let time =
        Time::from_hms_nano(small(&text[11..13])?, small(&text[14..16])?, small(&text[17..19])?, nanosecond)
            .ok()?;
    let instant = date.with_time(time).assume_offset(offset(zone)?);
    Some(instant.to_offset(UtcOffset::UTC))
}

/// Splits `[.f+]zone` into nanoseconds (further digits are cut off) and the zone.
fn fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(rest) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let digits = rest.get(..end).filter(|digits| !digits.is_empty())?;
    let nanosecond = format!("{digits:0<9}");
    Some((number(nanosecond.get(..9)?)?, &rest[end..]))
}

/// `Z` or `±hh:mm`, at most fourteen hours.
fn offset(zone: &str) -> Option<UtcOffset> {
    if zone == "Z" {
        return Some(UtcOffset::UTC);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (i32::from(small(hours)?), i32::from(small(minutes)?));
    let seconds = hours * 3600 + minutes * 60;
    let in_range = minutes < 60 && seconds <= 14 * 3600;
    in_range.then(|| UtcOffset::from_whole_seconds(sign * seconds).ok()).flatten()
}

fn small(digits: &str) -> Option<u8> {
    (digits.len() == 2).then(|| number(digits)).flatten().and_then(|number| u8::try_from(number).ok())
}

fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::parse;

    #[test]
    fn the_forms_that_identity_providers_send_are_understood() {
        for text in [
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00.000Z",
            "2026-03-01T09:30:00.0000000000001Z",
            "2026-03-01T10:30:00+01:00",
            "2026-02-28T23:30:00-10:00",
        ] {
            assert_eq!(parse(text), Some(datetime!(2026-03-01 09:30 UTC)), "{text}");
        }
        assert_eq!(parse("2026-03-01T09:30:00.25Z"), Some(datetime!(2026-03-01 09:30:00.25 UTC)));
    }

    #[test]
    fn everything_else_is_refused_without_a_panic() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01T09:30:00",
            "2026-03-01T24:00:00Z",
            "2026-03-01T23:59:60Z",
            "2026-02-30T09:30:00Z",
            "9999-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "-2026-03-01T09:30:00Z",
            "2026-03-01t09:30:00z",
            "2026-03-01 09:30:00Z",
            "2026-03-01T09:30:00.Z",
            "2026-03-01T09:30:00.5",
            "2026-03-01T09:30:00+15:00",
            "2026-03-01T09:30:00+0100",
            "2026-03-01T09:30:00Z ",
            "+026-03-01T09:30:00Z",
            "2026-03-01T09:30:00ZZ",
            "2026-03-01T09:30:0٣Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
