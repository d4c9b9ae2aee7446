//! What the administrator of an identity provider enters there: a page with the values in force. As public as the
//! metadata, and like it without anything secret or personal.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use time::OffsetDateTime;
use url::Url;

use super::boundary::day;
use super::headers::Csp;
use super::pages::{self, AttributeRow, CertificateView, IdpView, SetupPage};
use super::refusal::Refusal;
use super::start::parameter;
use super::{WebState, paths, words};
use crate::audit::Event;
use crate::model::IdpName;
use crate::sign_in::{IdpSetup, NameSources, PublishedCertificate, Usage};

/// `GET /saml/setup[?idp=]`
pub(super) async fn page(
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let idp = parameter(query.as_deref(), "idp").map(IdpName::new);
    let setup = web
        .sign_in
        .setup(idp.as_ref())
        .map_err(|error| Refusal::of(&error).during(Event::Request).with_idp(idp.as_ref()))?;
    let now = web.site.clock.now();
    let certificates = setup.own.certificates.iter().enumerate();
    let page = SetupPage {
        site: &web.site.brand,
        encrypts: setup.own.certificates.iter().any(|certificate| certificate.usage == Usage::Encryption),
        certificates: certificates.map(|(place, certificate)| view(place, certificate, now)).collect(),
        idps: setup.idps.into_iter().map(|idp| idp_view(idp, &web.site.public_url)).collect(),
        own: &setup.own,
    };
    pages::page(&page, &Csp::copying())
}

fn view(place: usize, certificate: &PublishedCertificate, now: OffsetDateTime) -> CertificateView<'_> {
    CertificateView {
        is_signing: certificate.usage == Usage::Signing,
        ends: ends(certificate.end, now),
        fingerprint_id: format!("fingerprint-{place}"),
        pem_id: format!("pem-{place}"),
        sha256: &certificate.sha256,
        pem: &certificate.pem,
    }
}

/// A day, and whether it is over.
fn ends(end: Option<OffsetDateTime>, now: OffsetDateTime) -> String {
    let Some(end) = end else { return words::UNKNOWN_END.to_owned() };
    let day = day(end);
    if end <= now { format!("{day} {}", words::OVER) } else { day }
}

fn idp_view(setup: IdpSetup, public_url: &Url) -> IdpView {
    let IdpSetup { idp, guide, demands, sources } = setup;
    let start = paths::with_idp("/sign-in", Some(&idp.name));
    IdpView {
        start_id: format!("start-{}", idp.name),
        start_url: format!("{}{start}", public_url.as_str().trim_end_matches('/')),
        name: idp.name.to_string(),
        display_name: idp.display_name,
        guide,
        signed: words::signed(demands.want_signed),
        answers: words::answers(demands.response_binding),
        unasked: words::unasked(demands.idp_initiated),
        name_id_formats: demands.name_id_formats,
        may_use_cbc: demands.may_use_cbc,
        rows: rows(sources),
    }
}

fn rows(sources: NameSources) -> Vec<AttributeRow> {
    let NameSources { username, first_name, last_name, display_name, email, groups } = sources;
    let fields = [username, first_name, last_name, display_name, email, groups];
    words::FIELDS.into_iter().zip(fields).map(|(value, names)| AttributeRow { value, names }).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_certificate_that_is_over_says_so() {
        let end = datetime!(2026-11-22 08:00 UTC);
        assert_eq!(ends(Some(end), datetime!(2026-11-22 07:59 UTC)), "2026-11-22");
        assert_eq!(ends(Some(end), end), "2026-11-22 (it has ended)");
    }
}
