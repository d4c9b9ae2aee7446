//! The public address, as a browser reaches it: its name, its certificate, and whether it leads here.

use reqwest::tls::TlsInfo;

use super::super::healthcheck::{plain_client, reason};
use super::super::keys::ends;
use super::super::remark::Remark;
use super::certificates::standing_of;
use crate::config::Config;
use crate::model::{Clock as _, SystemClock};
use crate::saml::end_of_certificate;

const KEY: &str = "public_url";

pub(super) async fn examined(config: &Config) -> Vec<Remark> {
    match asked(config).await {
        Ok(remarks) => remarks,
        Err(reason) => vec![Remark::failing(
            KEY,
            format!(
                "{}: {reason}: is the name in DNS, and does its proxy run with a certificate for it?",
                shown(config)
            ),
        )],
    }
}

fn shown(config: &Config) -> String {
    config.public_url.origin().ascii_serialization()
}

async fn asked(config: &Config) -> Result<Vec<Remark>, String> {
    let told = |error: reqwest::Error| reason(&error);
    let address = config.public_url.join("saml/metadata").map_err(|error| error.to_string())?;
    let answer =
        plain_client().tls_info(true).build().map_err(told)?.get(address).send().await.map_err(told)?;
    let end =
        answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).and_then(end_of_certificate);
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(told)?;
    let mut remarks = vec![leads_here(config, status, &text)];
    if let Some(end) = end {
        let now = SystemClock.now();
        let text = format!("its certificate ends {}", ends(end, now));
        remarks.push(Remark { about: KEY.to_owned(), standing: standing_of(end, now), text });
    }
    Ok(remarks)
}

/// Our metadata names us, and nobody else's does.
fn leads_here(config: &Config, status: u16, text: &str) -> Remark {
    let place = shown(config);
    if status != 200 {
        return Remark::failing(
            KEY,
            format!(
                "{place} answers /saml/metadata with {status}: let its proxy pass every path to the gateway"
            ),
        );
    }
    if text.contains(&format!("entityID=\"{}\"", config.saml.entity_id.replace('&', "&amp;"))) {
        Remark::well(KEY, format!("{place} leads to a gateway with this entity id"))
    } else {
        Remark::failing(KEY, format!("{place} does not lead to a gateway with this saml.entity_id"))
    }
}
