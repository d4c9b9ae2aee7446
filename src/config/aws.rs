//! `[aws]`: where its services are, where that is not for the SDK to say.

use super::address;
use super::section::Section;
use crate::federation::Endpoints;

/// The endpoints, and the Region of what is asked of no instance.
pub(super) fn read(section: &mut Section<'_>) -> (Endpoints, Option<String>) {
    let connect = section.parsed("connect_endpoint", address::endpoint);
    let sts = section.parsed("sts_endpoint", address::endpoint);
    let region = section.parsed("region", |text| {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then(|| text.to_owned()).ok_or_else(|| "write a Region code, such as \"eu-west-2\"".to_owned())
    });
    (Endpoints { connect, sts, ..Default::default() }, region)
}
