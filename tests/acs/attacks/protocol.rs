//! Attacks 34, 35, 38 to 41, 48 and 49: messages that are rightly signed and not for us, or not about whom they seem.

use std::sync::{Arc, Mutex};

use connect_gateway::model::{IdpName, SystemRandom};
use connect_gateway::saml::{IdpSettings, MetadataSource, ServiceProvider, VerifiedAssertion};

use super::assert_hostile;
use crate::documents::{both_ways, edited, good};
use crate::gateway::{Gateway, NOW, TestClock, Used, code, company, pending, settings, verdict};
use crate::idp::{
    ACS, Answer, ENTITY_ID, IDP, NEXT, SP_ENTITY_ID, STRANGER, SUCCESS, attribute, encode, entity,
    key_descriptor, metadata,
};

/// Addresses that a careless comparison takes for `ours`.
fn alike(ours: &str) -> impl Iterator<Item = String> {
    let alike = [
        format!("{ours}/"),
        format!("{ours}?x=1"),
        format!("{ours}#x"),
        format!("{ours}%20"),
        format!("{ours}.evil.test"),
        ours.to_uppercase(),
        ours.replace("https://", "http://"),
        ours.replace("https://", "HTTPS://"),
        ours.replace("gateway.test", "gateway.test:443"),
        ours.replace("gateway.test", "gateway.test."),
        ours.replace("gateway.test", "user@gateway.test"),
        ours.replace("gateway.test", "gateway.test.evil.test"),
        ours.replace("gateway.test", "\u{261}ateway.test"),
        ours[..ours.len() - 1].to_owned(),
        String::new(),
    ];
    let ours = ours.to_owned();
    alike.into_iter().filter(move |other| *other != ours)
}

#[tokio::test]
async fn attack_34_answers_for_other_services_are_refused_however_alike() {
    for other in alike(ACS) {
        for xml in both_ways(|a| a.destination = Some(other.clone())) {
            assert_eq!(code(verdict(xml).await), "saml.destination", "{other}");
        }
        for xml in both_ways(|a| a.confirmations[0].recipient = Some(other.clone())) {
            assert_eq!(code(verdict(xml).await), "saml.subject_confirmation", "{other}");
        }
    }
    for other in alike(SP_ENTITY_ID) {
        for xml in both_ways(|a| a.audiences = vec![vec![other.clone()]]) {
            assert_eq!(code(verdict(xml).await), "saml.audience", "{other}");
        }
        for xml in both_ways(|a| a.audiences.push(vec![other.clone()])) {
            assert_eq!(code(verdict(xml).await), "saml.audience", "{other}");
        }
    }
}

/// Two identity providers, `company` and `partner`, each with its own key.
fn two_companies() -> ServiceProvider {
    let partner = entity("https://partner.test", "", &key_descriptor(&NEXT, ""));
    let partner = IdpSettings::new(IdpName::new("partner"), MetadataSource::Xml(partner));
    let idps = vec![company(metadata(&[&IDP])), partner];
    let clock = Arc::new(TestClock(Mutex::new(NOW)));
    ServiceProvider::new(settings(), idps, clock, Arc::new(SystemRandom), Arc::new(Used::default())).unwrap()
}

#[tokio::test]
async fn attack_35_an_answer_of_another_identity_provider_is_refused() {
    let saml = two_companies();
    let issued_by = |issuer: &str| {
        both_ways(|a| {
            a.key = &NEXT;
            a.response_issuer = Some(issuer.to_owned());
            a.issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>");
        })
    };
    for xml in issued_by("https://partner.test").into_iter().chain(issued_by(ENTITY_ID)) {
        let outcome = saml.verify(encode(xml), &pending()).await;
        assert_eq!(
            code(outcome.map(VerifiedAssertion::into_identity).map_err(|refused| refused.error)),
            "saml.signature"
        );
    }
    let mut asked_partner = pending();
    asked_partner.idp = IdpName::new("partner");
    for xml in issued_by(ENTITY_ID) {
        let outcome = saml.verify(encode(xml), &asked_partner).await;
        assert_eq!(
            code(outcome.map(VerifiedAssertion::into_identity).map_err(|refused| refused.error)),
            "saml.issuer"
        );
    }
    for xml in issued_by("https://partner.test") {
        let identity = saml.verify(encode(xml), &asked_partner).await;
        if let Ok(verified) = identity {
            assert_eq!(verified.into_identity().issuer, "https://partner.test");
        }
    }
}

#[tokio::test]
async fn attack_35_response_and_assertion_of_two_issuers_are_refused() {
    for other in alike(ENTITY_ID) {
        for xml in both_ways(|a| a.response_issuer = Some(other.clone())) {
            assert_eq!(code(verdict(xml).await), "saml.issuer", "{other}");
        }
        for xml in both_ways(|a| a.issuer = format!("<saml:Issuer>{other}</saml:Issuer>")) {
            assert_eq!(code(verdict(xml).await), "saml.issuer", "{other}");
        }
    }
}

#[tokio::test]
async fn attack_38_a_failure_with_an_assertion_is_a_failure() {
    for status in ["Responder", "Requester", "VersionMismatch", "AuthnFailed", "success", "Success ", ""] {
        let value = format!("urn:oasis:names:tc:SAML:2.0:status:{status}");
        for xml in
            both_ways(|a| a.status = SUCCESS.replace("urn:oasis:names:tc:SAML:2.0:status:Success", &value))
        {
            assert_eq!(code(verdict(xml).await), "saml.status", "{status}");
        }
    }
    let below = r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:StatusCode></samlp:Status>"#;
    for xml in both_ways(|a| below.clone_into(&mut a.status)) {
        assert_eq!(code(verdict(xml).await), "saml.status");
    }
    assert_hostile("no value", edited(" Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"", "")).await;
}

#[tokio::test]
async fn attack_39_times_without_end_or_sense_are_refused() {
    for time in [
        "9999-12-31T23:59:59Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-02-29T09:00:00Z",
        "2026-03-01T09:59:60Z",
        "2026-03-01T09:59:59",
        "2026-03-01",
        "1772357400",
        "-0001-01-01T00:00:00Z",
        "12026-03-01T09:59:59Z",
        "2026-03-01T09:59:59+99:00",
        "2026-3-1T9:59:59Z",
        "now",
        "",
        " 2026-03-01T09:34:55Z",
        "2026-03-01T09:34:55Z ",
    ] {
        for xml in both_ways(|a| a.not_on_or_after = Some(time.to_owned())) {
            assert_hostile(time, xml).await;
        }
        for xml in both_ways(|a| a.not_before = Some(time.to_owned())) {
            assert_hostile(time, xml).await;
        }
        for xml in both_ways(|a| a.confirmations[0].not_on_or_after = Some(time.to_owned())) {
            assert_hostile(time, xml).await;
        }
    }
    for xml in both_ways(|a| a.confirmations[0].not_on_or_after = None) {
        assert_eq!(code(verdict(xml).await), "saml.subject_confirmation");
    }
}

#[tokio::test]
async fn attack_40_attributes_go_by_their_name_and_keep_their_values_apart() {
    let answer = Answer::with(|a| {
        a.attributes = attribute("groups", &["agents"])
            + &attribute("Groups", &["admins"])
            + &attribute("x", &["admins"]).replace("Name=\"x\"", "Name=\"x\" FriendlyName=\"groups\"")
            + &attribute("groups ", &["admins"])
            + &attribute("groups", &["a;b,c", "d&#13;&#10;X-User: root"]);
    });
    let identity = verdict(answer.xml()).await.unwrap();
    assert_eq!(identity.attributes["groups"], ["agents", "a;b,c", "d\r\nX-User: root"]);
    assert_eq!(identity.attributes["Groups"], ["admins"]);
    assert_eq!(identity.attributes.len(), 4);
    for xml in both_ways(|a| a.attributes = attribute("", &["x"])) {
        assert_eq!(code(verdict(xml).await), "saml.malformed");
    }
}

#[tokio::test]
async fn attack_41_names_are_compared_octet_for_octet() {
    for name in [
        " alice-7",
        "alice-7 ",
        "Alice-7",
        "\u{ff41}lice-7",
        "\u{430}lice-7",
        "alice\u{200b}-7",
        "alice\u{2010}7",
        "alice-7\u{202e}",
    ] {
        for xml in both_ways(|a| a.name_id = format!("<saml:NameID>{name}</saml:NameID>")) {
            assert_eq!(verdict(xml).await.unwrap().name_id.unwrap().value, name);
        }
    }
    for name in ["", " ", "\n", "&#9;"] {
        for xml in both_ways(|a| a.name_id = format!("<saml:NameID>{name}</saml:NameID>")) {
            assert_eq!(code(verdict(xml).await), "saml.malformed");
        }
    }
}

#[tokio::test]
async fn attack_48_nothing_is_taken_from_what_is_not_verified() {
    let gateway = Gateway::new();
    for xml in both_ways(|a| a.key = &STRANGER) {
        assert_eq!(code(gateway.verify(xml).await), "saml.signature");
    }
    assert!(gateway.used.seen.lock().unwrap().is_empty());
    // The unsigned part can refuse, and can not add: its issuer, status and times are not read into the identity.
    let xml = edited("IssueInstant=\"2026-03-01T09:29:55Z\"", "IssueInstant=\"2026-03-01T09:29:59Z\"");
    assert!(gateway.verify(xml).await.unwrap() == verdict(good()).await.unwrap());
}

#[tokio::test]
async fn attack_49_a_refusal_tells_nothing_about_keys_or_values() {
    let xml = good();
    let changed = xml.replace("alice-7", "mallory");
    let digest = edited("<ds:DigestValue>", "<ds:DigestValue>AAAA").replacen("AAAA", "", 1);
    assert_eq!(digest, xml);
    let stranger = Answer::with(|a| a.key = &STRANGER).xml();
    let mut texts = Vec::new();
    for forged in [changed, stranger, xml.replace("09:34:55", "09:44:55")] {
        let refusal = verdict(forged).await.unwrap_err();
        texts.push(refusal.to_string());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for value in ["mallory", "alice", "agents", "_assertion"] {
        assert!(!texts[0].contains(value));
    }
}
