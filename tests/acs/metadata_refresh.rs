//! How metadata that comes from a URL is kept up to date.

use std::sync::Arc;

use connect_gateway::model::{IdpName, Requested, SystemRandom};
use connect_gateway::saml::{Error, IdpSettings, MetadataError, MetadataTrust, ServiceProvider};
use time::{Duration, OffsetDateTime};

use crate::gateway::{Gateway, NOW, TestClock, Used, assert_alice, assert_refused, company, settings};
use crate::idp::{Answer, ENTITY_ID, IDP, NEXT, STRANGER, entity, key_descriptor, metadata};
use crate::metadata_site::{self as site, Site};

fn gateway(idp: IdpSettings) -> Gateway {
    Gateway::build(settings(), idp, Used { forgetful: true, ..Used::default() }).unwrap()
}

fn set(gateway: &Gateway, now: OffsetDateTime) {
    *gateway.clock.0.lock().unwrap() = now;
}

async fn refresh_at(gateway: &Gateway, now: OffsetDateTime) {
    set(gateway, now);
    gateway.saml.refresh_metadata().await;
}

/// Whether sign-ins can begin.
async fn works(gateway: &Gateway) -> bool {
    gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await.is_ok()
}

/// Metadata with these attributes at its root.
fn document(attributes: &str) -> String {
    entity(ENTITY_ID, attributes, &key_descriptor(&IDP, ""))
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    for (etag, last_modified) in
        [(Some("\"v1\""), None), (None, Some("Sun, 01 Mar 2026 09:00:00 GMT")), (Some("W/\"v1\""), Some("x"))]
    {
        let answer = site::Answer { body: metadata(&[&IDP]), etag, last_modified, ..site::Answer::default() };
        let site = Site::answering(answer).await;
        let gateway = gateway(site.idp());
        refresh_at(&gateway, NOW).await;
        refresh_at(&gateway, NOW + Duration::hours(2)).await;
        assert_eq!(site.statuses(), [200, 304]);
        assert!(works(&gateway).await);
        refresh_at(&gateway, NOW + Duration::minutes(2 * 60 + 50)).await;
        assert!(site.statuses().is_empty(), "an unchanged copy counts as a good reading");
        site.change(|answer| {
            answer.body = metadata(&[&NEXT]);
            (answer.etag, answer.last_modified) = (Some("\"v2\""), Some("later"));
        });
        refresh_at(&gateway, NOW + Duration::hours(4)).await;
        assert_eq!(site.statuses(), [200]);
        set(&gateway, NOW);
        assert_alice(gateway.verify(Answer::with(|a| a.key = &NEXT).xml()).await);
    }
}

#[tokio::test]
async fn a_copy_that_did_not_change_is_over_all_the_same_when_its_time_has_come() {
    let body = document(r#"validUntil="2026-03-02T09:30:00Z""#);
    let site = Site::answering(site::Answer { body, etag: Some("\"v1\""), ..site::Answer::default() }).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW).await;
    refresh_at(&gateway, NOW + Duration::hours(23)).await;
    assert!(works(&gateway).await);
    refresh_at(&gateway, NOW + Duration::hours(25)).await;
    assert_eq!(site.statuses(), [200, 304, 304]);
    let request = gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await;
    assert!(matches!(request, Err(Error::MetadataExpired(_))));
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_no_answer() {
    let site = Site::answering(site::Answer { status: Some(304), ..site::Answer::default() }).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW).await;
    assert!(!works(&gateway).await);
    refresh_at(&gateway, NOW + Duration::MINUTE).await;
    assert_eq!(site.statuses(), [304, 304], "tried again soon");
}

#[tokio::test]
async fn what_can_not_be_used_replaces_nothing_and_is_asked_for_again_whole() {
    let good = || site::Answer { body: metadata(&[&IDP]), etag: Some("\"v1\""), ..site::Answer::default() };
    let over = document(r#"validUntil="2026-03-01T09:00:00Z""#);
    for (place, bad) in [
        site::Answer { body: String::new(), ..good() },
        site::Answer { body: "<html>Maintenance</html>".to_owned(), ..good() },
        site::Answer { body: entity(ENTITY_ID, "", ""), ..good() },
        site::Answer { body: entity("https://other.test", "", &key_descriptor(&IDP, "")), ..good() },
        site::Answer { body: over, ..good() },
        site::Answer { body: metadata(&[&IDP]) + &" ".repeat(9 * 1024 * 1024), ..good() },
        site::Answer { status: Some(500), ..good() },
        site::Answer { status: Some(404), ..good() },
        site::Answer { status: Some(206), ..good() },
    ]
    .into_iter()
    .enumerate()
    {
        let site = Site::answering(good()).await;
        let gateway = gateway(site.idp());
        refresh_at(&gateway, NOW).await;
        site.change(|answer| *answer = site::Answer { etag: Some("\"v2\""), ..bad });
        refresh_at(&gateway, NOW + Duration::hours(2)).await;
        set(&gateway, NOW);
        assert_alice(gateway.verify(Answer::default().xml()).await);
        site.change(|answer| *answer = site::Answer { etag: Some("\"v2\""), ..good() });
        site.statuses();
        refresh_at(&gateway, NOW + Duration::minutes(121)).await;
        assert!(matches!(site.statuses()[..], [200 | 304]), "tried again soon: {place}");
        assert!(works(&gateway).await);
    }
}

#[tokio::test]
async fn a_document_says_how_long_it_may_be_kept_within_limits() {
    // Minutes after which it is certainly kept, and after which it is certainly read again.
    for (attributes, kept, read) in [
        ("", 53, 67),
        (r#"cacheDuration="PT3H""#, 161, 199),
        (r#"cacheDuration="PT1S""#, 4, 6),
        (r#"cacheDuration="P10Y""#, 21 * 60, 27 * 60),
        (r#"cacheDuration="P99999999999999999999Y""#, 21 * 60, 27 * 60),
        (r#"cacheDuration="soon""#, 53, 67),
        (r#"cacheDuration="-PT3H""#, 53, 67),
        (r#"validUntil="2026-03-01T10:30:00Z""#, 26, 34),
        (r#"validUntil="2026-03-01T09:31:00Z""#, 4, 6),
        (r#"validUntil="2036-03-01T09:31:00Z" cacheDuration="PT2H""#, 107, 133),
    ] {
        let site = Site::serving(document(attributes)).await;
        let gateway = gateway(site.idp());
        refresh_at(&gateway, NOW).await;
        refresh_at(&gateway, NOW + Duration::minutes(kept)).await;
        assert_eq!(site.statuses(), [200], "{attributes}");
        refresh_at(&gateway, NOW + Duration::minutes(read)).await;
        assert_eq!(site.statuses(), [200], "{attributes}");
    }
}

#[tokio::test]
async fn the_role_may_ask_to_be_kept_for_less_than_the_document() {
    let role = document(r#"cacheDuration="PT10H""#)
        .replace("<md:IDPSSODescriptor", r#"<md:IDPSSODescriptor cacheDuration="PT2H""#);
    let site = Site::serving(role).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW).await;
    refresh_at(&gateway, NOW + Duration::minutes(133)).await;
    assert_eq!(site.statuses(), [200, 200]);
}

#[test]
fn the_earliest_end_of_the_role_and_everything_around_it_counts() {
    let (soon, late) = (r#"validUntil="2026-03-01T09:29:00Z""#, r#"validUntil="2026-03-09T09:29:00Z""#);
    for (root, role) in [(soon, late), (late, soon)] {
        let xml = document(root).replace("<md:IDPSSODescriptor", &format!("<md:IDPSSODescriptor {role}"));
        let refused = Gateway::build(settings(), company(xml), Used::default()).map(|_| ());
        assert!(matches!(refused, Err(Error::Metadata { reason: MetadataError::Expired, .. })));
    }
}

#[tokio::test]
async fn redirects_are_followed_inside_the_host_and_not_for_ever() {
    let other = Site::serving(metadata(&[&IDP])).await;
    let site = Site::serving(metadata(&[&IDP])).await;
    for (location, followed) in [
        ("/elsewhere".to_owned(), true),
        (format!("{}/elsewhere", site.address), true),
        (format!("{}/metadata", other.address), false),
        ("http://192.0.2.1/metadata".to_owned(), false),
        ("https://example.org/metadata".to_owned(), false),
        ("file:///etc/passwd".to_owned(), false),
        ("/metadata".to_owned(), false),
    ] {
        site.change(|answer| answer.redirect = Some(location.clone()));
        let gateway = gateway(site.idp());
        refresh_at(&gateway, NOW).await;
        assert_eq!(works(&gateway).await, followed, "{location}");
        assert!(site.statuses().len() <= 4, "{location}");
    }
    assert!(other.statuses().is_empty());
}

#[tokio::test]
async fn one_document_is_fetched_once_for_all_identity_providers_in_it() {
    let other = entity("https://other.test", "", &key_descriptor(&STRANGER, ""));
    let both = format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{}<md:EntitiesDescriptor>{other}</md:EntitiesDescriptor></md:EntitiesDescriptor>"#,
        metadata(&[&IDP])
    );
    let site =
        Site::answering(site::Answer { body: both, etag: Some("\"v1\""), ..site::Answer::default() }).await;
    let named = |name: &str, entity_id: &str| IdpSettings {
        name: IdpName::new(name),
        entity_id: Some(entity_id.to_owned()),
        ..site.idp()
    };
    let clock = Arc::new(TestClock(NOW.into()));
    let build = |idps| {
        let used = Arc::new(Used::default());
        ServiceProvider::new(settings(), idps, clock.clone(), Arc::new(SystemRandom), used).unwrap()
    };
    let saml = build(vec![named("company", ENTITY_ID), named("other", "https://other.test")]);
    saml.refresh_metadata().await;
    assert_eq!(site.statuses(), [200]);
    for name in ["company", "other"] {
        assert!(saml.authn_request(&IdpName::new(name), &Requested::default(), "r").await.is_ok(), "{name}");
    }

    // One that is missing does not stop the other, and keeps the whole document from counting as known.
    let saml = build(vec![named("company", ENTITY_ID), named("third", "https://third.test")]);
    saml.refresh_metadata().await;
    assert!(saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await.is_ok());
    assert!(saml.authn_request(&IdpName::new("third"), &Requested::default(), "r").await.is_err());
    *clock.0.lock().unwrap() = NOW + Duration::MINUTE;
    saml.refresh_metadata().await;
    assert_eq!(site.statuses(), [200, 200]);

    // Trusted in different ways, they are read apart.
    let trust = MetadataTrust { certificates: Some(STRANGER.certificate_pem()), ..MetadataTrust::default() };
    let saml = build(vec![
        named("company", ENTITY_ID),
        IdpSettings { trust, ..named("other", "https://other.test") },
    ]);
    saml.refresh_metadata().await;
    assert_eq!(site.statuses(), [200, 200]);
    assert!(saml.authn_request(&IdpName::new("other"), &Requested::default(), "r").await.is_err());
}

#[tokio::test]
async fn an_identity_provider_replaces_its_key_without_a_sign_in_that_fails() {
    let site = Site::serving(metadata(&[&IDP])).await;
    let gateway = gateway(site.idp());
    let (old, new) = (Answer::default().xml(), Answer::with(|a| a.key = &NEXT).xml());
    refresh_at(&gateway, NOW).await;
    assert_alice(gateway.verify(&old).await);
    // The next key is published first, then used, and the old one goes last.
    site.change(|answer| answer.body = metadata(&[&IDP, &NEXT]));
    refresh_at(&gateway, NOW + Duration::hours(2)).await;
    set(&gateway, NOW);
    assert_alice(gateway.verify(&old).await);
    assert_alice(gateway.verify(&new).await);
    site.change(|answer| answer.body = metadata(&[&NEXT]));
    refresh_at(&gateway, NOW + Duration::hours(4)).await;
    set(&gateway, NOW);
    assert_alice(gateway.verify(&new).await);
    assert_refused!(gateway.verify(&old).await, Error::Signature);
}

#[tokio::test]
async fn a_key_that_is_replaced_without_notice_is_found_when_a_signature_fails() {
    let site = Site::serving(metadata(&[&IDP])).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW - Duration::minutes(6)).await;
    site.change(|answer| answer.body = metadata(&[&NEXT]));
    set(&gateway, NOW);
    site.statuses();
    let answer = Answer::with(|a| a.key = &NEXT).xml();
    let all = tokio::join!(gateway.verify(&answer), gateway.verify(&answer), gateway.verify(&answer));
    for outcome in [all.0, all.1, all.2] {
        assert_alice(outcome);
    }
    assert_eq!(site.statuses(), [200], "all of them wait for one reading");
}

#[tokio::test]
async fn forged_signatures_do_not_make_us_ask_more_often_than_every_five_minutes() {
    let site = Site::serving(metadata(&[&IDP])).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW).await;
    site.statuses();
    let forged = Answer::with(|a| a.key = &STRANGER).xml();
    for seconds in [0, 20, 200, 299] {
        set(&gateway, NOW + Duration::seconds(seconds));
        assert_refused!(gateway.verify(&forged).await, Error::Signature);
    }
    assert!(site.statuses().is_empty());
    for _ in 0..3 {
        set(&gateway, NOW + Duration::seconds(300));
        assert!(gateway.verify(&forged).await.is_err());
    }
    assert_eq!(site.statuses(), [200]);
}

#[tokio::test]
async fn nothing_else_than_a_signature_makes_us_ask_out_of_turn() {
    let site = Site::serving(metadata(&[&IDP])).await;
    let gateway = gateway(site.idp());
    refresh_at(&gateway, NOW - Duration::minutes(30)).await;
    set(&gateway, NOW);
    site.statuses();
    assert!(gateway.verify("<nonsense/>").await.is_err());
    assert!(gateway.verify(Answer::with(|a| a.destination = None).xml()).await.is_ok());
    assert!(gateway.verify(Answer::with(|a| a.audiences = Vec::new()).xml()).await.is_err());
    assert!(site.statuses().is_empty());
}
