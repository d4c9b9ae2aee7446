//! Answers that the browser brings an artifact of, and the identity provider hands out itself.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use connect_gateway::model::{Blamed as _, Departure, IdpName, Requested};
use connect_gateway::saml::{ArtifactFault, Error, Rule, StatusCode as SamlStatus};
use openssl::sha::sha1;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
use tokio::net::TcpListener;

use crate::back_channel::{House, Reply, SOAP, artifact, envelope, gateway, wanting_artifacts, xml};
use crate::gateway::{Gateway, Used, assert_alice, assert_refused, company, pending, settings};
use crate::idp::{ACS, Answer, ENTITY_ID, GATEWAY, IDP, STRANGER, SUCCESS, Sign, encode, metadata};

fn answer(sign: Sign) -> String {
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

/// A signed reply, to another request, and an unsigned one that says something else, to the request under way.
fn genuine_and_forged() -> (String, String) {
    let genuine = Reply { key: Some(&IDP), ..Reply::with(&answer(Sign::Nothing)) };
    let forged = Reply::with(&answer(Sign::Nothing).replace("alice-7", "mallory"));
    (genuine.xml("_resolve"), forged.xml("RESOLVE"))
}

#[tokio::test]
async fn what_stands_in_a_header_counts_for_nothing() {
    let (genuine, forged) = genuine_and_forged();
    let hidden = envelope(&forged).replacen(
        "<soap:Body>",
        &format!("<soap:Header>{genuine}</soap:Header><soap:Body>"),
        1,
    );
    assert_refused!(House::saying(&hidden).await.verify().await, Error::Unsigned);

    let header =
        r#"<soap:Header><a:b xmlns:a="urn:a" soap:mustUnderstand="0">c</a:b></soap:Header><soap:Body>"#;
    let good = envelope(&Reply::with(&answer(Sign::Assertion)).xml("RESOLVE"));
    let passed_over = good.replacen("<soap:Body>", header, 1);
    assert_alice(House::saying(&passed_over).await.verify().await);
    for value in ["1", "true", "yes"] {
        let wanted = passed_over.replace(r#"="0""#, &format!(r#"="{value}""#));
        assert_refused!(
            House::saying(&wanted).await.verify().await,
            Error::Artifact(ArtifactFault::Envelope)
        );
    }
}

#[tokio::test]
async fn an_envelope_has_one_body_with_one_message() {
    let (genuine, forged) = genuine_and_forged();
    let good = envelope(&forged);
    let body = format!("<soap:Body>{genuine}</soap:Body>");
    for bad in [
        good.replace("</soap:Envelope>", &format!("{body}</soap:Envelope>")),
        good.replacen("<soap:Body>", &format!("{body}<soap:Body>"), 1),
        good.replace("</soap:Body>", &format!("{genuine}</soap:Body>")),
        good.replace("</soap:Body>", "text</soap:Body>"),
        good.replace("</soap:Envelope>", "text</soap:Envelope>"),
        good.replace("</soap:Envelope>", "<a/></soap:Envelope>"),
        good.replacen("<soap:Body>", "<soap:Header/><soap:Header/><soap:Body>", 1),
        good.replacen("<soap:Body>", "<Header/><soap:Body>", 1),
        good.replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"),
        good.replace("soap:Envelope", "soap:Other"),
        good.replace("soap:Body", "soap:Other"),
        envelope(""),
        forged.clone(),
    ] {
        let outcome = House::saying(&bad).await.verify().await;
        assert_refused!(outcome, Error::Artifact(ArtifactFault::Envelope));
    }
    let inside_another = envelope(&format!("<a>{forged}</a>"));
    assert_refused!(House::saying(&inside_another).await.verify().await, Error::Forbidden(Rule::Structure));
    let fault =
        envelope("<soap:Fault><faultcode>soap:Server</faultcode><faultstring>no</faultstring></soap:Fault>");
    assert_refused!(House::saying(&fault).await.verify().await, Error::Artifact(ArtifactFault::SoapFault));
}

#[tokio::test]
async fn an_envelope_is_plain_xml() {
    let good = envelope(&Reply::with(&answer(Sign::Assertion)).xml("RESOLVE"));
    assert_alice(
        House::saying(&format!(r#"<?xml version="1.0" encoding="UTF-8"?>{good}"#)).await.verify().await,
    );
    for bad in [
        format!(r#"<!DOCTYPE a [<!ENTITY b "c">]>{good}"#),
        good.replacen("<soap:Body>", "<!-- a --><soap:Body>", 1),
        good.replacen("<soap:Body>", "<?a b?><soap:Body>", 1),
        good.replace("agents", "<![CDATA[agents]]>"),
    ] {
        assert_refused!(House::saying(&bad).await.verify().await, Error::Forbidden(Rule::Markup));
    }
    let deep = good.replacen(
        "<soap:Body>",
        &format!("<soap:Header>{}{}</soap:Header><soap:Body>", "<a>".repeat(30), "</a>".repeat(30)),
        1,
    );
    assert_refused!(House::saying(&deep).await.verify().await, Error::Forbidden(Rule::Limits));
    for bad in ["", "nonsense", "<a>"] {
        assert_refused!(House::saying(bad).await.verify().await, Error::NotXml);
    }
    let latin = good.replacen('<', r#"<?xml version="1.0" encoding="ISO-8859-1"?><"#, 1);
    assert_refused!(House::saying(&latin).await.verify().await, Error::NotUtf8);
}

#[tokio::test]
async fn another_message_than_an_artifact_response_is_refused() {
    let posted = envelope(&answer(Sign::Assertion));
    assert_refused!(House::saying(&posted).await.verify().await, Error::Forbidden(Rule::Structure));
    let twice = answer(Sign::Assertion) + &answer(Sign::Nothing);
    let several = envelope(&Reply::with(&twice).xml("RESOLVE"));
    assert_refused!(House::saying(&several).await.verify().await, Error::Forbidden(Rule::Structure));
}

#[tokio::test]
async fn an_answer_over_http_is_a_bounded_envelope_from_that_very_address() {
    let large = format!("{}{}", envelope(""), " ".repeat(512 * 1024));
    assert_refused!(House::saying(&large).await.verify().await, Error::TooLarge);

    let reply = Reply::with(&answer(Sign::Assertion));
    let page =
        move |id: &str| ([(header::CONTENT_TYPE, "text/html")], envelope(&reply.xml(id))).into_response();
    let outcome = House::new(page).await.verify().await;
    assert_refused!(outcome, Error::Artifact(ArtifactFault::Envelope));

    let reply = Reply::with(&answer(Sign::Assertion));
    let broken =
        move |id: &str| (StatusCode::INTERNAL_SERVER_ERROR, xml(envelope(&reply.xml(id)))).into_response();
    assert_refused!(House::new(broken).await.verify().await, Error::Artifact(ArtifactFault::HttpStatus(500)));

    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let redirect = move |_: &str| {
        (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("http://{elsewhere}/artifact"))])
            .into_response()
    };
    let outcome = House::new(redirect).await.verify().await;
    assert_refused!(outcome, Error::Artifact(ArtifactFault::HttpStatus(307)));
}

#[tokio::test]
async fn an_identity_provider_that_is_not_there_is_an_outage_without_the_artifact_in_it() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = gateway(&format!("http://{nobody}/artifact"));
    let artifact = artifact(ENTITY_ID, 3);
    let refused = gateway.saml.verify_artifact(&artifact, &pending()).await.unwrap_err();
    assert_eq!(refused.code().id, "saml.back_channel");
    assert!(!format!("{refused} {refused:?}").contains(&artifact));
}

#[tokio::test]
async fn a_slow_identity_provider_is_waited_for_by_a_few_and_holds_up_nobody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/artifact", listener.local_addr().unwrap());
    let gateway = std::sync::Arc::new(gateway(&url));
    let bring = |gateway: std::sync::Arc<Gateway>| async move {
        gateway
            .saml
            .verify_artifact(&artifact(ENTITY_ID, 3), &pending())
            .await
            .map(|_| ())
            .map_err(|r| r.error)
    };
    let waiting: Vec<_> = (0..128).map(|_| tokio::spawn(bring(gateway.clone()))).collect();
    let mut held = Vec::new();
    for _ in 0..128 {
        held.push(listener.accept().await.unwrap());
    }
    assert!(matches!(bring(gateway.clone()).await, Err(Error::Busy)));
    assert_alice(gateway.verify_field(encode(answer(Sign::Assertion)), &pending()).await);
    for sign_in in waiting {
        assert!(matches!(sign_in.await.unwrap(), Err(Error::BackChannel(_))));
    }
    drop((listener, held));
    assert!(matches!(bring(gateway).await, Err(Error::BackChannel(_))));
}
