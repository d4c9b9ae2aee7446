//! Metadata that must be signed: what counts as signed, and for how long it is believed.

use connect_gateway::saml::{Error, IdpSettings, MetadataError, MetadataTrust};
use time::Duration;

use crate::gateway::{Gateway, NOW, Used, assert_alice, assert_refused, company, settings};
use crate::idp::{
    Answer, CURVE, ENTITY_ID, IDP, Key, NEXT, STRANGER, SignatureShape, entity, key_descriptor, sign,
};
use crate::metadata_site::Site;

/// The federation that signs, which is none of the identity providers' keys.
use crate::idp::GATEWAY as FEDERATION;

const UNTIL: &str = r#"validUntil="2026-03-11T09:30:00Z""#;

/// What the gateway trusts: this certificate, and otherwise as the configuration's default is.
fn trust(certificates: &[&Key]) -> MetadataTrust {
    MetadataTrust {
        certificates: Some(certificates.iter().map(|key| key.certificate_pem()).collect()),
        max_lifetime: Some(std::time::Duration::from_hours(30 * 24)),
        needs_valid_until: true,
    }
}

fn load(xml: String) -> Result<Gateway, Error> {
    load_trusting(xml, trust(&[&FEDERATION]))
}

fn load_trusting(xml: String, trust: MetadataTrust) -> Result<Gateway, Error> {
    let idp = IdpSettings { trust, entity_id: Some(ENTITY_ID.to_owned()), ..company(xml) };
    Gateway::build(settings(), idp, Used::default())
}

#[track_caller]
fn reason(outcome: Result<Gateway, Error>) -> MetadataError {
    match outcome.map(|_| ()) {
        Err(Error::Metadata { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_signature_does_not_count(xml: String) {
    let reason = reason(load(xml));
    assert!(matches!(reason, MetadataError::Signature(_)), "{reason:?}");
}

/// One entity with this key, unsigned.
fn company_metadata(attributes: &str, key: &Key) -> String {
    entity(ENTITY_ID, attributes, &key_descriptor(key, ""))
}

/// `inside` in an aggregate.
fn aggregate(attributes: &str, inside: &str) -> String {
    format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {attributes}>{inside}</md:EntitiesDescriptor>"#
    )
}

/// `xml`, whose root has `ID="_m"`, signed by `key`.
fn signed(xml: &str, key: &Key) -> String {
    shaped(xml, key, &SignatureShape::default())
}

fn shaped(xml: &str, key: &Key, shape: &SignatureShape) -> String {
    let (root, inside) = xml.split_at(xml.find('>').unwrap() + 1);
    sign(&format!("{root}{}{inside}", shape.template("_m", key)), key)
}

fn good() -> String {
    signed(&company_metadata(&format!(r#"ID="_m" {UNTIL}"#), &IDP), &FEDERATION)
}

#[tokio::test]
async fn metadata_that_is_signed_with_the_pinned_key_is_believed() {
    for xml in [
        good(),
        format!("\u{feff}{}", good()),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", good()),
        format!("<!-- Terms of use. -->{}", good()),
        signed(&aggregate(&format!(r#"ID="_m" {UNTIL}"#), &company_metadata("", &IDP)), &FEDERATION),
    ] {
        assert_alice(load(xml).unwrap().verify(Answer::default().xml()).await);
    }
}

#[tokio::test]
async fn an_aggregate_of_a_thousand_entities_is_read() {
    let others: String = (0..1000)
        .map(|place| entity(&format!("https://{place}.test"), "", &key_descriptor(&STRANGER, "")))
        .collect();
    let inside = format!("{others}{}", company_metadata("", &IDP));
    let xml = signed(&aggregate(&format!(r#"ID="_m" {UNTIL}"#), &inside), &FEDERATION);
    assert!(xml.len() > 1024 * 1024);
    assert_alice(load(xml).unwrap().verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn any_of_several_pinned_keys_may_sign() {
    let attributes = format!(r#"ID="_m" {UNTIL}"#);
    for key in [&NEXT, &CURVE] {
        let xml = signed(&company_metadata(&attributes, &IDP), key);
        let gateway = load_trusting(xml, trust(&[&NEXT, &CURVE])).unwrap();
        assert_alice(gateway.verify(Answer::default().xml()).await);
    }
}

#[test]
fn metadata_without_signature_is_refused_when_a_key_is_pinned() {
    let unsigned = company_metadata(&format!(r#"ID="_m" {UNTIL}"#), &IDP);
    assert_eq!(reason(load(unsigned)), MetadataError::Unsigned);
}

#[test]
fn metadata_that_another_key_signed_is_refused() {
    let attributes = format!(r#"ID="_m" {UNTIL}"#);
    // Also not with the key that is in it.
    for key in [&STRANGER, &IDP] {
        assert_signature_does_not_count(signed(&company_metadata(&attributes, &IDP), key));
    }
}

#[test]
fn metadata_that_was_changed_after_it_was_signed_is_refused() {
    for (from, to) in [
        ("https://idp.test/sso?", "https://evil.test/sso?"),
        ("2026-03-11", "2026-03-12"),
        (&*IDP.certificate_base64(), &*STRANGER.certificate_base64()),
    ] {
        let changed = good().replace(from, to);
        assert_ne!(changed, good());
        assert_signature_does_not_count(changed);
    }
}

/// The forged entity that every wrapping tries to have read.
fn forged() -> String {
    company_metadata(&format!(r#"ID="_forged" {UNTIL}"#), &STRANGER)
}

#[test]
fn a_signed_entity_in_an_unsigned_aggregate_vouches_for_nothing_around_it() {
    for inside in [format!("{}{}", forged(), good()), format!("{}{}", good(), forged()), good()] {
        assert_signature_does_not_count(aggregate(UNTIL, &inside));
        assert_signature_does_not_count(aggregate(&format!(r#"ID="_outer" {UNTIL}"#), &inside));
        assert_signature_does_not_count(aggregate(&format!(r#"ID="_m" {UNTIL}"#), &inside));
    }
}

#[test]
fn a_signature_that_was_moved_to_another_root_is_refused() {
    let good = good();
    let (start, end) = (good.find("<ds:Signature").unwrap(), good.find("</ds:Signature>").unwrap() + 15);
    let signature = &good[start..end];
    let original = format!("{}{}", &good[..start], &good[end..]);
    let extensions = format!("<md:Extensions>{original}</md:Extensions>");
    let object = |inside: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{inside}</ds:Object></ds:Signature>"))
    };
    for (attributes, inside) in [
        (r#"ID="_outer""#, format!("{signature}{}{original}", forged())),
        (r#"ID="_outer""#, format!("{signature}{extensions}{}", forged())),
        (r#"ID="_m""#, format!("{signature}{}", forged())),
        (r#"ID="_m""#, format!("{signature}{extensions}{}", forged())),
        (r#"ID="_outer""#, format!("{}{}", object(&original), forged())),
        (r#"ID="_m""#, format!("{}{}", object(&original), forged())),
        (r#"xml:id="_m""#, format!("{signature}{}", forged())),
        ("", format!("{signature}{}{original}", forged())),
    ] {
        assert_signature_does_not_count(aggregate(&format!("{attributes} {UNTIL}"), &inside));
    }
}

#[test]
fn a_signature_anywhere_but_first_in_the_root_is_refused() {
    let good = good();
    let (start, end) = (good.find("<ds:Signature").unwrap(), good.find("</ds:Signature>").unwrap() + 15);
    let last = format!("{}{}", &good[..start], &good[end..])
        .replace("</md:EntityDescriptor>", &format!("{}</md:EntityDescriptor>", &good[start..end]));
    assert_signature_does_not_count(last);
}

#[test]
fn a_second_signature_is_refused() {
    let entity = signed(&company_metadata(r#"ID="_m""#, &IDP), &FEDERATION);
    let entity = entity.replace("\"_m\"", "\"_inner\"").replace("#_m", "#_inner");
    let both = signed(&aggregate(&format!(r#"ID="_m" {UNTIL}"#), &entity), &FEDERATION);
    assert_signature_does_not_count(both);
}

#[test]
fn signatures_of_unusual_shape_are_refused_even_when_they_verify() {
    let xml = company_metadata(&format!(r#"ID="_m" {UNTIL}"#), &IDP);
    let shape = SignatureShape::default();
    for shape in [
        SignatureShape { uri: Some(String::new()), ..shape.clone() },
        SignatureShape { digest: "http://www.w3.org/2000/09/xmldsig#sha1".to_owned(), ..shape.clone() },
        SignatureShape { method: "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned(), ..shape.clone() },
        SignatureShape {
            canonicalization:
                r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>"#
                    .to_owned(),
            ..shape
        },
    ] {
        assert_signature_does_not_count(shaped(&xml, &FEDERATION, &shape));
    }
}

#[test]
fn signed_metadata_must_say_until_when() {
    let xml =
        |attributes: &str| signed(&company_metadata(&format!(r#"ID="_m" {attributes}"#), &IDP), &FEDERATION);
    assert_eq!(reason(load(xml(""))), MetadataError::NoValidUntil);
    assert_eq!(reason(load(xml(r#"validUntil="2026-03-01T09:30:00Z""#))), MetadataError::Expired);
    assert_eq!(reason(load(xml(r#"validUntil="2026-03-31T09:30:01Z""#))), MetadataError::Lifetime);
    assert!(load(xml(r#"validUntil="2026-03-31T09:30:00Z""#)).is_ok());
    let forever = MetadataTrust { max_lifetime: None, needs_valid_until: false, ..trust(&[&FEDERATION]) };
    assert!(load_trusting(xml(""), forever.clone()).is_ok());
    assert!(load_trusting(xml(r#"validUntil="2046-03-31T09:30:01Z""#), forever).is_ok());
}

#[test]
fn the_limits_of_valid_until_hold_for_unsigned_metadata_too_where_they_are_set() {
    let limits = MetadataTrust {
        certificates: None,
        max_lifetime: Some(std::time::Duration::from_hours(24)),
        needs_valid_until: true,
    };
    let load = |attributes: &str| load_trusting(company_metadata(attributes, &IDP), limits.clone());
    assert_eq!(reason(load("")), MetadataError::NoValidUntil);
    assert_eq!(reason(load(r#"validUntil="2026-03-02T09:31:00Z""#)), MetadataError::Lifetime);
    assert!(load(r#"validUntil="2026-03-02T09:29:00""#).is_ok());
    assert!(load(r#"validUntil=" 2026-03-02T09:29:00.25 ""#).is_ok());
    assert!(load(r#"validUntil="2026-03-02T11:29:00+02:00""#).is_ok());
}

#[tokio::test]
async fn comments_do_not_split_a_certificate() {
    let commented = |key: &Key| {
        let whole = key.certificate_base64();
        let (first, rest) = whole.split_at(100);
        let text = format!("{first}<!-- {} -->{rest}", "x".repeat(10));
        let plain = company_metadata(&format!(r#"ID="_m" {UNTIL}"#), key);
        plain.replace(&whole, &text)
    };
    let unsigned = Gateway::build(settings(), company(commented(&IDP)), Used::default()).unwrap();
    assert_alice(unsigned.verify(Answer::default().xml()).await);
    let signed = load(signed(&commented(&IDP), &FEDERATION)).unwrap();
    assert_alice(signed.verify(Answer::default().xml()).await);
}

#[test]
fn a_pinned_certificate_must_be_one_to_four_strong_ones() {
    let pinned = |certificates: String| {
        reason(load_trusting(
            good(),
            MetadataTrust { certificates: Some(certificates), ..trust(&[&FEDERATION]) },
        ))
    };
    let five: String =
        [&FEDERATION, &IDP, &NEXT, &CURVE, &STRANGER].map(|key| key.certificate_pem()).concat();
    for certificates in [
        String::new(),
        "nonsense".to_owned(),
        Key::rsa(1024, 365).certificate_pem(),
        FEDERATION.certificate_pem() + &Key::rsa(1024, 365).certificate_pem(),
        five,
    ] {
        assert_eq!(pinned(certificates), MetadataError::Certificate);
    }
}

#[tokio::test]
async fn a_url_that_serves_unsigned_or_older_documents_changes_nothing() {
    let site = Site::serving(good()).await;
    let idp = IdpSettings { trust: trust(&[&FEDERATION]), ..site.idp() };
    let gateway = Gateway::build(settings(), idp, Used { forgetful: true, ..Used::default() }).unwrap();
    gateway.saml.refresh_metadata().await;
    assert_alice(gateway.verify(Answer::default().xml()).await);
    let over = r#"ID="_m" validUntil="2026-03-01T09:00:00Z""#;
    for (place, xml) in [
        company_metadata("", &STRANGER),
        signed(&company_metadata(&format!(r#"ID="_m" {UNTIL}"#), &STRANGER), &STRANGER),
        signed(&company_metadata(over, &STRANGER), &FEDERATION),
    ]
    .into_iter()
    .enumerate()
    {
        site.change(|answer| answer.body = xml);
        *gateway.clock.0.lock().unwrap() = NOW + Duration::hours(2 * (1 + i64::try_from(place).unwrap()));
        site.statuses();
        gateway.saml.refresh_metadata().await;
        assert_eq!(site.statuses(), [200]);
        *gateway.clock.0.lock().unwrap() = NOW;
        assert_alice(gateway.verify(Answer::default().xml()).await);
        let stranger = Answer::with(|a| a.key = &STRANGER).xml();
        assert_refused!(gateway.verify(stranger).await, Error::Signature);
    }
}
