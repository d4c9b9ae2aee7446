//! What ends soon is said while there is time.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use connect_gateway::model::{IdpName, Secret};
use connect_gateway::saml::{IdpSettings, MetadataSource, ResponseBinding};
use time::{Duration, OffsetDateTime};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::gateway::{Gateway, NOW, Used, company, settings};
use crate::idp::{ENTITY_ID, IDP, Key, entity, key_descriptor, metadata};
use crate::metadata_site::Site;

/// Days from the beginning of a test certificate to `NOW`.
const TO_NOW: i64 = 2251;

fn with_certificates(own: i64, theirs: &[i64]) -> Gateway {
    let key = |days: i64| Key::certify(IDP.private.clone(), TO_NOW + days);
    let mut settings = settings();
    settings.signing_key = Secret::new(IDP.key_pem());
    settings.signing_certificate = key(own).certificate_pem();
    let theirs: Vec<Key> = theirs.iter().map(|days| key(*days)).collect();
    let theirs: Vec<&Key> = theirs.iter().collect();
    Gateway::build(settings, company(metadata(&theirs)), Used::default()).unwrap()
}

fn warnings(gateway: &Gateway) -> Vec<String> {
    gateway.saml.warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn our_own_certificate_is_spoken_of_a_month_before_it_ends_and_afterwards() {
    assert!(warnings(&with_certificates(32, &[400])).is_empty());
    let found = warnings(&with_certificates(28, &[400]));
    assert_eq!(found, ["saml.signing_certificate_file: ends on 2026-03-29: see docs/key-rollover.md"]);
    assert_eq!(warnings(&with_certificates(-5, &[400])).len(), 1);
}

#[test]
fn the_last_certificate_of_an_identity_provider_is_spoken_of_a_month_before_it_ends() {
    assert!(warnings(&with_certificates(400, &[32])).is_empty());
    let found = warnings(&with_certificates(400, &[28]));
    assert_eq!(
        found,
        ["idp.company.metadata_file: the last signing certificate ends on 2026-03-29: expect a new one"]
    );
    assert!(warnings(&with_certificates(400, &[28, 90])).is_empty(), "the next one is there");
    assert!(warnings(&with_certificates(400, &[-5])).is_empty(), "many are used long after their end");
}

#[test]
fn two_identity_providers_that_call_themselves_the_same_are_spoken_of() {
    let key = Key::certify(IDP.private.clone(), TO_NOW + 400);
    let idp = |name: &str, entity_id: &str| {
        let xml = entity(entity_id, "", &key_descriptor(&key, ""));
        IdpSettings::new(IdpName::new(name), MetadataSource::Xml(xml))
    };
    let mut settings = settings();
    settings.signing_key = Secret::new(key.key_pem());
    settings.signing_certificate = key.certificate_pem();
    let idps = vec![idp("first", ENTITY_ID), idp("other", "https://other.test"), idp("second", ENTITY_ID)];
    let gateway = Gateway::build_with(settings, idps, Used::default()).unwrap();
    assert_eq!(
        warnings(&gateway),
        ["idp.second.entity_id: is also what idp.first calls itself: one of them is not who it says"]
    );
}

fn valid_until(until: OffsetDateTime) -> String {
    let until = until.format(&time::format_description::well_known::Rfc3339).unwrap();
    let key = Key::certify(IDP.private.clone(), TO_NOW + 400);
    entity(ENTITY_ID, &format!(r#"validUntil="{until}""#), &key_descriptor(&key, ""))
}

fn certified(idp: IdpSettings) -> Gateway {
    let mut settings = settings();
    settings.signing_key = Secret::new(IDP.key_pem());
    settings.signing_certificate = Key::certify(IDP.private.clone(), TO_NOW + 400).certificate_pem();
    Gateway::build(settings, idp, Used::default()).unwrap()
}

#[test]
fn a_metadata_file_is_spoken_of_two_weeks_before_it_is_over() {
    let gateway = |days| certified(company(valid_until(NOW + Duration::days(days))));
    assert!(warnings(&gateway(15)).is_empty());
    let found = warnings(&gateway(13));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("idp.company.metadata_file: the metadata is valid until 2026-03-14"));
}

#[test]
fn an_identity_provider_without_a_service_that_is_wanted_is_spoken_of() {
    let metadata = valid_until(NOW + Duration::days(100));
    let artifacts = IdpSettings { response_binding: ResponseBinding::Artifact, ..company(metadata.clone()) };
    assert!(warnings(&certified(company(metadata))).is_empty());
    let found = warnings(&certified(artifacts));
    assert_eq!(
        found,
        [
            "idp.company.metadata_file: the metadata of company has no artifact resolution service: nobody can sign in with it"
        ]
    );
}

#[tokio::test]
async fn metadata_of_a_url_is_spoken_of_when_three_quarters_of_its_life_brought_no_newer_copy() {
    let site = Site::serving(valid_until(NOW + Duration::days(8))).await;
    let gateway = certified(site.idp());
    gateway.saml.refresh_metadata().await;
    assert!(warnings(&gateway).is_empty());
    site.change(|answer| answer.status = Some(500));
    *gateway.clock.0.lock().unwrap() = NOW + Duration::days(5);
    gateway.saml.refresh_metadata().await;
    assert!(warnings(&gateway).is_empty());
    *gateway.clock.0.lock().unwrap() = NOW + Duration::hours(24 * 6 + 1);
    assert!(
        warnings(&gateway)[0].starts_with("idp.company.metadata_url: the metadata is valid until 2026-03-09")
    );
    site.change(|answer| {
        answer.status = None;
        answer.body = valid_until(NOW + Duration::days(14));
    });
    gateway.saml.refresh_metadata().await;
    assert!(warnings(&gateway).is_empty());
}

/// Keeps the text of every warning.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, "{value:?}").unwrap();
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        if *event.metadata().level() == Level::WARN {
            self.0.lock().unwrap().push(text.0);
        }
    }
}

#[tokio::test]
async fn the_same_warning_is_logged_once_a_day() {
    let log = Log::default();
    let _scope = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let gateway = with_certificates(28, &[20]);
    let mut lines = Vec::new();
    for hours in [0, 1, 23, 25, 26, 50] {
        *gateway.clock.0.lock().unwrap() = NOW + Duration::hours(hours);
        gateway.saml.refresh_metadata().await;
        lines.push(log.0.lock().unwrap().len());
    }
    assert_eq!(lines, [2, 2, 2, 4, 4, 6]);
    assert!(log.0.lock().unwrap()[0].starts_with("saml.signing_certificate_file: ends on"));
}
