//! What is configured, in a few lines.

use crate::federation::HandOffMode;
use crate::saml::{IdpSettings, MetadataSource};

use super::{Config, Instance};

/// What is configured, for a person; nothing secret.
#[must_use]
pub fn summary(config: &Config) -> Vec<String> {
    let mut lines = vec![
        format!("gateway   {} (listens on {})", config.public_url, config.listen),
        format!("SAML      entity id {}, ACS {}saml/acs", config.saml.entity_id, config.public_url),
    ];
    lines.extend(config.idps.iter().map(idp));
    lines.extend(config.instances.iter().map(instance));
    lines.push(format!("rules     {}", config.rules.count()));
    lines.push(format!(
        "AWS       Connect {} calls a second (burst {}), STS {} (burst {})",
        config.rates.connect.per_second,
        config.rates.connect.burst,
        config.rates.sts.per_second,
        config.rates.sts.burst
    ));
    lines.push(format!("session   at most {} hours", config.session_max.as_secs() / 3600));
    lines
}

fn idp(idp: &IdpSettings) -> String {
    let metadata = match &idp.metadata {
        MetadataSource::Xml(_) => "from a file".to_owned(),
        MetadataSource::Url(url) => format!("from {}", url.origin().ascii_serialization()),
    };
    format!("idp       {}: metadata {metadata}", idp.name)
}

fn instance(instance: &Instance) -> String {
    let provisioning = instance.connect.provisioning.word();
    let hand_off = match instance.federation.hand_off {
        HandOffMode::Instance => "instance",
        HandOffMode::Console => "console",
    };
    let idps: Vec<&str> = instance.idps.iter().map(crate::model::IdpName::as_str).collect();
    format!(
        "instance  {}: {} in {}, idps {}, provisioning {provisioning}, hand-off {hand_off}",
        instance.name,
        instance.federation.url,
        instance.connect.arn.region,
        idps.join(", ")
    )
}
