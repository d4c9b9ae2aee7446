//! When certificates and metadata end, ours and the identity providers'.

use time::{Duration, OffsetDateTime};

use super::super::keys::ends;
use super::super::remark::{Remark, Standing};
use crate::audit;
use crate::model::{Clock as _, IdpName, SystemClock};
use crate::saml::Usage;
use crate::sign_in::Parts;

/// How long before its end somebody should look at it.
const SOON: Duration = Duration::days(60);
/// How long before its end it is late.
const LATE: Duration = Duration::days(7);
/// How long before its end metadata should have a newer copy.
const STALE: Duration = Duration::days(1);

pub(super) fn examined(parts: &Parts) -> Vec<Remark> {
    let now = SystemClock.now();
    let mut remarks = own(parts, now);
    for idp in &parts.idps {
        remarks.extend(theirs(parts, &idp.name, now));
    }
    remarks
}

/// How something is that ends then.
pub(super) fn standing_of(end: OffsetDateTime, now: OffsetDateTime) -> Standing {
    match end - now {
        left if left <= LATE => Standing::Failing,
        left if left <= SOON => Standing::Doubtful,
        _ => Standing::Well,
    }
}

fn own(parts: &Parts, now: OffsetDateTime) -> Vec<Remark> {
    let certificates = match parts.saml.own_values() {
        Ok(values) => values.certificates,
        Err(error) => return vec![Remark::failing("saml", audit::cause(&error))],
    };
    // The one that signs is the first; those beside it may be old ones on their way out.
    let mut is_first = true;
    let remarks = certificates.into_iter().filter_map(|certificate| {
        let end = certificate.end?;
        let signs = certificate.usage == Usage::Signing && std::mem::take(&mut is_first);
        let (about, advice) = match certificate.usage {
            _ if signs => ("saml.signing", "`keys rotate signing` says how to replace the key"),
            Usage::Encryption => {
                ("saml.decryption", "only its key counts here, and some identity providers look at the date")
            }
            Usage::Signing => return None,
        };
        let standing = match standing_of(end, now) {
            Standing::Failing if !signs => Standing::Doubtful,
            standing => standing,
        };
        let advice = if standing == Standing::Well { String::new() } else { format!("; {advice}") };
        Some(Remark {
            about: about.to_owned(),
            standing,
            text: format!("the certificate ends {}{advice}", ends(end, now)),
        })
    });
    remarks.collect()
}

/// Their certificates' dates end no trust here, but they change keys by them.
fn theirs(parts: &Parts, name: &IdpName, now: OffsetDateTime) -> Vec<Remark> {
    let about = format!("idp.{name}");
    // Without metadata, that was said where it was asked for.
    let Some((valid_until, keys_end)) = parts.saml.metadata_ends(name) else { return Vec::new() };
    let mut remarks = Vec::new();
    if let Some(until) = valid_until {
        let text = format!("the metadata ends {}", ends(until, now));
        remarks.push(match until - now {
            left if left <= Duration::ZERO => {
                Remark::failing(&about, text + "; ask its owner for a new document")
            }
            left if left <= STALE => Remark::doubtful(&about, text + ", and there is no newer copy yet"),
            _ => Remark::well(&about, text),
        });
    }
    if let Some(end) = keys_end {
        let text = format!("the last signing certificate ends {}", ends(end, now));
        remarks.push(match standing_of(end, now) {
            Standing::Well => Remark::well(&about, text),
            _ => {
                Remark::doubtful(&about, text + "; ask its owner when the key changes: docs/key-rollover.md")
            }
        });
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_two_months_is_looked_at_and_what_ends_in_a_week_is_late() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for (days, standing) in [
            (61, Standing::Well),
            (60, Standing::Doubtful),
            (8, Standing::Doubtful),
            (7, Standing::Failing),
            (-1, Standing::Failing),
        ] {
            assert_eq!(standing_of(now + Duration::days(days), now), standing, "{days}");
        }
    }
}
