//! What an identity provider says over HTTP and SOAP about an artifact.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use connect_gateway::model::Blamed as _;
use connect_gateway::saml::{ArtifactFault, Error, Rule};
use tokio::net::TcpListener;

use crate::artifact::answer;
use crate::back_channel::{House, Reply, SOAP, artifact, envelope, gateway, xml};
use crate::gateway::{Gateway, assert_alice, assert_refused, pending};
use crate::idp::{ENTITY_ID, IDP, Sign, encode};

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
