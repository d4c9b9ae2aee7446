//! The query of the Redirect binding: its signature covers the octets that came.

use connect_gateway::saml::{Error, LogoutMessage};
use openssl::hash::MessageDigest;

use crate::gateway::assert_refused;
use crate::idp::{CURVE, ECDSA_SHA256, IDP, STRANGER, metadata};
use crate::logout_idp::{Message, Query, both_services, gateway, plain_escape, queried};

fn request() -> Message {
    Message::request(|_| {})
}

/// Lower-case escapes, `%20`, and characters escaped that need not be.
fn other_escape(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_digit() { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect()
}

/// What .NET writes: lower-case escapes of what must be escaped.
fn lower_escape(text: &str) -> String {
    plain_escape(text)
        .replace('+', "%20")
        .replace("%2B", "%2b")
        .replace("%3A", "%3a")
        .replace("%2F", "%2f")
        .replace("%3D", "%3d")
}

#[tokio::test]
async fn peers_that_escape_differently_are_understood() {
    for escape in [plain_escape as fn(&str) -> String, lower_escape, other_escape] {
        let request = queried(&request().query(&Query { escape, ..Query::default() })).await.unwrap();
        assert_eq!(request.session_indexes, ["session-1"]);
    }
    let without = Query { relay_state: None, ..Query::default() };
    assert!(queried(&request().query(&without)).await.is_ok());
    let empty = Query { relay_state: Some(""), ..Query::default() };
    assert!(queried(&request().query(&empty)).await.is_ok(), "an empty RelayState was signed and counts");
}

#[tokio::test]
async fn the_order_of_parameters_and_foreign_ones_change_nothing() {
    let query = request().query(&Query::default());
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.reverse();
    assert!(queried(&parts.join("&")).await.is_ok());
    assert!(queried(&format!("a=b&{query}&SAMLRequestX=1")).await.is_ok());
}

#[tokio::test]
async fn octets_that_were_written_anew_do_not_verify() {
    let query = request().query(&Query { escape: lower_escape, ..Query::default() });
    let rewritten = query.replace("%3a", "%3A");
    assert_ne!(query, rewritten);
    assert_refused!(queried(&rewritten).await.map(drop), Error::Signature);
}

#[tokio::test]
async fn every_signed_part_is_covered() {
    let query = request().query(&Query::default());
    let other = Message::request(|m| m.id = "_other".to_owned()).query(&Query::default());
    let part =
        |query: &str, name: &str| query.split('&').find(|part| part.starts_with(name)).unwrap().to_owned();
    for changed in [
        query.replace(&part(&query, "SAMLRequest="), &part(&other, "SAMLRequest=")),
        query.replace("RelayState=relay", "RelayState=other"),
        query.replace("&RelayState=relay+%26+state", ""),
        query.replace("rsa-sha256", "rsa-sha512"),
        query.replace(&part(&query, "Signature="), &part(&other, "Signature=")),
    ] {
        assert_ne!(changed, query);
        assert_refused!(queried(&changed).await.map(drop), Error::Signature);
    }
}

#[tokio::test]
async fn what_is_there_twice_or_half_is_refused() {
    let query = request().query(&Query::default());
    for odd in [
        format!("{query}&{}", query.split('&').next().unwrap()),
        format!("{query}&RelayState=again"),
        format!("{query}&SAMLResponse=AAAA"),
        query.replace("&SigAlg=", "&Sig%41lg="),
        query.split("&Signature=").next().unwrap().to_owned(),
    ] {
        assert_refused!(queried(&odd).await.map(drop), Error::Query(_));
    }
}

#[tokio::test]
async fn a_signature_inside_the_document_never_counts() {
    let message = request();
    let inside = message.signed();
    let deflated = crate::logout_idp::deflate(&inside);
    let alone = format!("SAMLRequest={}", plain_escape(&crate::idp::encode(deflated)));
    assert_refused!(queried(&alone).await.map(drop), Error::Forbidden(_));
    let signature = inside.split_once("<ds:Signature").unwrap().1.split_once("</ds:Signature>").unwrap().0;
    let both = Message::request(|m| m.issuer += &format!("<ds:Signature{signature}</ds:Signature>"));
    assert_refused!(queried(&both.query(&Query::default())).await.map(drop), Error::Forbidden(_));
}

#[tokio::test]
async fn only_algorithms_of_the_list_count() {
    let sha1 = Query {
        algorithm: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        digest: MessageDigest::sha1(),
        ..Query::default()
    };
    assert_refused!(queried(&request().query(&sha1)).await.map(drop), Error::Algorithm(_));
    let sha512 = Query {
        algorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        digest: MessageDigest::sha512(),
        ..Query::default()
    };
    assert!(queried(&request().query(&sha512)).await.is_ok());
}

#[tokio::test]
async fn only_keys_of_the_metadata_count() {
    let query = Message::request(|m| m.key = &STRANGER).query(&Query::default());
    assert_refused!(queried(&query).await.map(drop), Error::Signature);
    let curve = Message::request(|m| m.key = &CURVE);
    let query = curve.query(&Query { algorithm: ECDSA_SHA256, ..Query::default() });
    let xml = metadata(&[&IDP, &CURVE]);
    let gateway = crate::gateway::Gateway::trusting(xml);
    assert!(gateway.saml.verify_logout_request(LogoutMessage::from_query(&query).unwrap()).await.is_ok());
    assert_refused!(queried(&query).await.map(drop), Error::Signature);
}

#[tokio::test]
async fn a_signed_query_is_no_form_and_a_signed_form_no_query() {
    let gateway = gateway(&both_services());
    let message = request();
    let form = message.form(&message.unsigned()).unwrap();
    assert_refused!(gateway.saml.verify_logout_request(form).await.map(drop), Error::LogoutUnsigned);
}
