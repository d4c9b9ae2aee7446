//! Answers that the browser brings an artifact of, and the identity provider hands out itself.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use connect_gateway::model::{Blamed as _, Departure, IdpName, Requested};
use connect_gateway::saml::{ArtifactFault, Error, StatusCode as SamlStatus};
use openssl::sha::sha1;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use crate::back_channel::{House, Reply, SOAP, artifact, envelope, gateway, wanting_artifacts, xml};
use crate::gateway::{Gateway, Used, assert_alice, assert_refused, company, pending, settings};
use crate::idp::{ACS, Answer, ENTITY_ID, GATEWAY, IDP, STRANGER, SUCCESS, Sign, metadata};

/// What it stands for, signed so.
pub(crate) fn answer(sign: Sign) -> String {
    Answer { sign, ..Answer::default() }.xml()
}

#[tokio::test]
async fn an_artifact_is_exchanged_for_an_answer_that_is_signed_inside_or_around_or_both() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        assert_alice(House::replying(Reply::with(&answer(sign))).await.verify().await);
        let around = Reply { key: Some(&IDP), ..Reply::with(&answer(sign)) };
        assert_alice(House::replying(around).await.verify().await);
    }
    let around = Reply { key: Some(&IDP), ..Reply::with(&answer(Sign::Nothing)) };
    assert_alice(House::replying(around).await.verify().await);
}

#[tokio::test]
async fn an_answer_may_use_namespaces_that_are_declared_around_it() {
    const SAMLP: &str = r#" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#;
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let body = envelope(&Reply::with(&answer(sign)).xml("RESOLVE"));
        let body = body.replace(SAMLP, "").replacen("<soap:Body", &format!("<soap:Body{SAMLP}"), 1);
        assert_eq!(body.matches(SAMLP).count(), 1);
        assert_alice(House::saying(&body).await.verify().await);
    }
}

#[tokio::test]
async fn the_identity_provider_is_asked_with_a_signed_request_for_that_artifact() {
    let house = House::replying(Reply::with(&answer(Sign::Assertion))).await;
    house.verify().await.unwrap();
    let (headers, body) = house.asked().pop().unwrap();
    assert_eq!(headers[header::CONTENT_TYPE], "text/xml; charset=utf-8");
    assert!(headers.contains_key("soapaction"));
    let start = format!(r#"<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>"#);
    let message = body.strip_prefix(&start).unwrap().strip_suffix("</soap:Body></soap:Envelope>").unwrap();
    let trusted = [CertificateDer::from(GATEWAY.certificate.to_der().unwrap())];
    let signed = Crypto::reduce_xml_to_signed(message, &trusted, ReduceMode::PreDigest).unwrap();
    let document = roxmltree::Document::parse(&signed).unwrap();
    let request = document.root_element();
    assert_eq!(request.tag_name().name(), "ArtifactResolve");
    assert_eq!(request.attribute("IssueInstant"), Some("2026-03-01T09:30:00Z"));
    assert!(request.attribute("Destination").unwrap().ends_with("/artifact"));
    let inside: Vec<_> =
        request.children().map(|node| (node.tag_name().name(), node.text().unwrap())).collect();
    let wanted = artifact(ENTITY_ID, 3);
    assert_eq!(inside, [("Issuer", crate::idp::SP_ENTITY_ID), ("Artifact", &wanted)]);
}

#[tokio::test]
async fn a_request_asks_for_an_artifact_where_one_is_wanted() {
    let request = async |gateway: Gateway| {
        gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await
    };
    let Departure::Redirect(url) = request(gateway("https://idp.test/artifact")).await.unwrap().departure
    else {
        panic!("POST")
    };
    let xml = crate::requests::inflate(&crate::requests::parameter(&url, "SAMLRequest"));
    assert!(xml.contains(r#"ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact""#), "{xml}");
    assert!(xml.contains(&format!(r#"AssertionConsumerServiceURL="{ACS}""#)), "{xml}");

    let mut without = wanting_artifacts("https://idp.test/artifact");
    without.metadata = company(metadata(&[&IDP])).metadata;
    let without = Gateway::build(settings(), without, Used::default()).unwrap();
    assert!(matches!(request(without).await, Err(Error::NoArtifactService(_))));
}

#[tokio::test]
async fn what_is_not_an_artifact_of_type_4_is_refused_and_nobody_is_asked() {
    let house = House::replying(Reply::with(&answer(Sign::Assertion))).await;
    let source = sha1(ENTITY_ID.as_bytes());
    let bytes = [&[0, 4, 0, 3][..], &source, &[251; 20]].concat();
    for text in [
        String::new(),
        "nonsense".to_owned(),
        format!("{} ", STANDARD.encode(&bytes)),
        format!("\n{}", STANDARD.encode(&bytes)),
        URL_SAFE.encode(&bytes),
        STANDARD.encode(&bytes).trim_end_matches('=').to_owned(),
        STANDARD.encode(&bytes[..43]),
        STANDARD.encode([&bytes[..], &[0]].concat()),
        STANDARD.encode([&[0, 1], &bytes[2..]].concat()),
        STANDARD.encode([&[4, 0], &bytes[2..]].concat()),
    ] {
        assert_refused!(house.bring(&text).await, Error::Artifact(ArtifactFault::Malformed));
    }
    assert!(house.asked().is_empty());
    assert_alice(house.bring(&STANDARD.encode(&bytes)).await);
}

#[tokio::test]
async fn an_artifact_of_another_identity_provider_is_refused_and_nobody_is_asked() {
    let house = House::replying(Reply::with(&answer(Sign::Assertion))).await;
    for entity_id in ["https://other.test/metadata", "https://IDP.test/metadata", ""] {
        let outcome = house.bring(&artifact(entity_id, 3)).await;
        assert_refused!(outcome, Error::Artifact(ArtifactFault::Source));
    }
    assert!(house.asked().is_empty());
}

#[tokio::test]
async fn an_artifact_for_a_service_that_the_metadata_does_not_list_is_refused_and_nobody_is_asked() {
    let house = House::replying(Reply::with(&answer(Sign::Assertion))).await;
    for index in [0, 1, 4, 0x0300, u16::MAX] {
        let outcome = house.bring(&artifact(ENTITY_ID, index)).await;
        assert_refused!(outcome, Error::Artifact(ArtifactFault::Endpoint));
    }
    assert!(house.asked().is_empty());
}

#[tokio::test]
async fn an_artifact_that_is_not_wanted_is_refused() {
    let refused = Gateway::new().saml.verify_artifact(&artifact(ENTITY_ID, 3), &pending()).await.unwrap_err();
    assert!(matches!(refused.error, Error::Artifact(ArtifactFault::NotWanted)), "{refused:?}");
    assert_eq!(refused.code().id, "saml.artifact");
}

#[tokio::test]
async fn an_artifact_that_was_resolved_before_leads_to_nothing() {
    let (reply, used) = (answer(Sign::Assertion), AtomicBool::new(false));
    let house = House::new(move |id| {
        let content = if used.swap(true, Ordering::SeqCst) { "" } else { &reply };
        xml(envelope(&Reply::with(content).xml(id)))
    });
    let house = house.await;
    assert_alice(house.verify().await);
    assert_refused!(house.verify().await, Error::Artifact(ArtifactFault::NoMessage));

    let careless = House::replying(Reply::with(&answer(Sign::Assertion))).await;
    assert_alice(careless.verify().await);
    assert_refused!(careless.verify().await, Error::Replay);
}

#[tokio::test]
async fn an_answer_that_nothing_signs_is_refused() {
    assert_refused!(
        House::replying(Reply::with(&answer(Sign::Nothing))).await.verify().await,
        Error::Unsigned
    );
}

#[tokio::test]
async fn a_reply_that_breaks_a_rule_is_refused_signed_or_not() {
    type Change = (fn(&mut Reply), fn(&Error) -> bool);
    let changes: [Change; 7] = [
        (|r| r.version = "1.1".to_owned(), |e| matches!(e, Error::Version)),
        (|r| r.issued = "2026-03-01T09:31:01Z".to_owned(), |e| matches!(e, Error::IssueInstant)),
        (|r| r.issued = "2026-03-01T09:28:59Z".to_owned(), |e| matches!(e, Error::IssueInstant)),
        (|r| r.in_response_to = Some("_other".to_owned()), |e| matches!(e, Error::InResponseTo)),
        (|r| r.issuer = "https://other.test/metadata".to_owned(), |e| matches!(e, Error::Issuer)),
        (
            |r| r.destination = r#" Destination="https://other.test/""#.to_owned(),
            |e| matches!(e, Error::Destination),
        ),
        (
            |r| r.status = SUCCESS.replace("Success", "RequestDenied"),
            |e| matches!(e, Error::Status(SamlStatus::Known("RequestDenied"))),
        ),
    ];
    for (inside, around) in [
        (Sign::Assertion, None),
        (Sign::Response, None),
        (Sign::Both, Some(&*IDP)),
        (Sign::Nothing, Some(&*IDP)),
    ] {
        for (change, is_expected) in changes {
            let mut reply = Reply { key: around, ..Reply::with(&answer(inside)) };
            change(&mut reply);
            let error = House::replying(reply).await.verify().await.map(|_| "accepted").unwrap_err();
            assert!(is_expected(&error), "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_answer_inside_keeps_to_every_rule_of_a_posted_one() {
    for (inside, around) in [(Sign::Assertion, None), (Sign::Response, None), (Sign::Nothing, Some(&*IDP))] {
        let content = |change: fn(&mut Answer)| {
            let mut answer = Answer { sign: inside, ..Answer::default() };
            change(&mut answer);
            Reply { key: around, ..Reply::with(&answer.xml()) }
        };
        let elsewhere = content(|a| a.destination = Some("https://other.test/".to_owned()));
        assert_refused!(House::replying(elsewhere).await.verify().await, Error::Destination);
        let another = content(|a| a.in_response_to = Some("_other".to_owned()));
        assert_refused!(House::replying(another).await.verify().await, Error::InResponseTo);
        let audience = content(|a| a.audiences = vec![vec!["https://other.test".to_owned()]]);
        assert_refused!(House::replying(audience).await.verify().await, Error::Audience);
        let over = content(|a| {
            a.not_before = None;
            a.not_on_or_after = Some("2026-03-01T09:28:00Z".to_owned());
        });
        assert_refused!(House::replying(over).await.verify().await, Error::Expired);
    }
}

#[tokio::test]
async fn a_refusal_of_the_identity_provider_says_why_signed_or_not() {
    let denied = SUCCESS.replace("Success", "AuthnFailed");
    let refusal = Answer::with(|a| a.status = denied).response_xml("", "");
    for key in [None, Some(&*IDP)] {
        let outcome = House::replying(Reply { key, ..Reply::with(&refusal) }).await.verify().await;
        assert_refused!(outcome, Error::Status(SamlStatus::Known("AuthnFailed")));
    }
}

#[tokio::test]
async fn a_signature_of_somebody_else_inside_or_around_is_refused() {
    for sign in [Sign::Nothing, Sign::Assertion, Sign::Response, Sign::Both] {
        let around = Reply { key: Some(&STRANGER), ..Reply::with(&answer(sign)) };
        assert_refused!(House::replying(around).await.verify().await, Error::Signature);
    }
    for (sign, key) in [
        (Sign::Assertion, None),
        (Sign::Response, None),
        (Sign::Assertion, Some(&*IDP)),
        (Sign::Response, Some(&*IDP)),
    ] {
        let inside = Answer { sign, key: &STRANGER, ..Answer::default() }.xml();
        let outcome = House::replying(Reply { key, ..Reply::with(&inside) }).await.verify().await;
        assert_refused!(outcome, Error::Signature);
    }
}

#[tokio::test]
async fn an_answer_that_was_changed_under_its_signature_is_refused() {
    for (sign, key) in [
        (Sign::Nothing, Some(&*IDP)),
        (Sign::Assertion, Some(&*IDP)),
        (Sign::Response, Some(&*IDP)),
        (Sign::Assertion, None),
    ] {
        let reply = Reply { key, ..Reply::with(&answer(sign)) };
        let house = House::new(move |id| xml(envelope(&reply.xml(id).replace("alice-7", "mallory"))));
        assert_refused!(house.await.verify().await, Error::Signature);
    }
    // Around an answer that is signed itself, the outer signature still has to be right.
    let reply = Reply { key: Some(&IDP), ..Reply::with(&answer(Sign::Assertion)) };
    let house = House::new(move |id| {
        xml(envelope(&reply.xml(id).replace(
            r#"Version="2.0" IssueInstant="2026-03-01T09:30:00Z""#,
            r#"Version="2.0" IssueInstant="2026-03-01T09:30:01Z""#,
        )))
    });
    assert_refused!(house.await.verify().await, Error::Signature);
}
