//! What identity providers' metadata must be like, and where it is fetched from.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use connect_gateway::model::{Blamed as _, IdpName, Requested};
use connect_gateway::saml::{Error, IdpSettings, MetadataError, MetadataSource};
use openssl::nid::Nid;
use time::{Duration, OffsetDateTime};

use crate::gateway::{Gateway, NOW, Used, assert_alice, assert_refused, company, settings};
use crate::idp::{Answer, CURVE, ENTITY_ID, IDP, Key, NEXT, STRANGER, entity, key_descriptor, metadata};

fn load(settings_of_idp: IdpSettings) -> Result<Gateway, Error> {
    Gateway::build(settings(), settings_of_idp, Used::default())
}

#[track_caller]
fn refusal(xml: String) -> MetadataError {
    match load(company(xml)).map(|_| ()) {
        Err(Error::Metadata { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn metadata_without_a_signing_key_is_refused() {
    assert_eq!(refusal(entity(ENTITY_ID, "", "")), MetadataError::NoSigningKey);
    let encryption = key_descriptor(&IDP, r#"use="encryption""#);
    assert_eq!(refusal(entity(ENTITY_ID, "", &encryption)), MetadataError::NoSigningKey);
    let name_only = r#"<md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>k</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>"#;
    assert_eq!(refusal(entity(ENTITY_ID, "", name_only)), MetadataError::NoSigningKey);
}

#[test]
fn weak_keys_are_refused() {
    for key in [Key::rsa(1024, 365), Key::curve(Nid::SECP256K1), Key::curve(Nid::SECP224R1)] {
        assert_eq!(refusal(metadata(&[&key])), MetadataError::Key);
    }
    assert!(load(company(metadata(&[&Key::curve(Nid::SECP384R1)]))).is_ok());
}

#[test]
fn a_broken_certificate_is_refused() {
    let broken = metadata(&[&IDP]).replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA");
    assert_eq!(refusal(broken), MetadataError::Key);
}

#[test]
fn five_keys_are_refused_and_four_are_not() {
    let fifth = Key::curve(Nid::X9_62_PRIME256V1);
    assert!(load(company(metadata(&[&IDP, &NEXT, &CURVE, &STRANGER]))).is_ok());
    assert_eq!(refusal(metadata(&[&IDP, &NEXT, &CURVE, &STRANGER, &fifth])), MetadataError::TooManyKeys);
    assert!(load(company(metadata(&[&IDP, &IDP, &IDP, &IDP, &IDP]))).is_ok());
}

#[tokio::test]
async fn certificates_may_be_wrapped_and_stand_in_several_x509_data() {
    let wrapped = IDP.certificate_base64().replace('A', "\n A");
    let keys = key_descriptor(&STRANGER, "").replace(
        "</ds:X509Data>",
        &format!(
            "</ds:X509Data><ds:X509Data><ds:X509Certificate>{wrapped}</ds:X509Certificate></ds:X509Data>"
        ),
    );
    assert_alice(Gateway::trusting(entity(ENTITY_ID, "", &keys)).verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn the_rest_of_a_certificate_chain_does_not_sign() {
    let chain = |first: &Key, second: &Key| {
        let second =
            format!("<ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>", second.certificate_base64());
        let keys = key_descriptor(first, "").replace("</ds:X509Data>", &second);
        Gateway::trusting(entity(ENTITY_ID, "", &keys))
    };
    let xml = Answer::default().xml();
    assert_alice(chain(&IDP, &STRANGER).verify(&xml).await);
    assert_refused!(chain(&STRANGER, &IDP).verify(&xml).await, Error::Signature);
}

/// What the documents of AD FS, Entra ID and Shibboleth have beside what we use.
#[tokio::test]
async fn everything_else_in_metadata_is_left_aside() {
    const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- This is example metadata only. -->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_1" entityID="https://idp.test/metadata" cacheDuration="PT1H">
  <?instruction for others?>
  <Extensions><x:Scope xmlns:x="urn:mace:shibboleth:metadata:1.0" regexp="false">idp.test</x:Scope></Extensions>
  <RoleDescriptor xsi:type="fed:SecurityTokenServiceType" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">STRANGER<fed:TokenTypesOffered><fed:TokenType Uri="urn:x"/></fed:TokenTypesOffered></RoleDescriptor>
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">STRANGER<AssertionConsumerService Binding="urn:x" Location="https://idp.test/acs" index="0"/></SPSSODescriptor>
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol">STRANGER</IDPSSODescriptor>
  <IDPSSODescriptor WantAuthnRequestsSigned="1" protocolSupportEnumeration="urn:mace:shibboleth:1.0 urn:oasis:names:tc:SAML:2.0:protocol" errorURL="https://idp.test/error" validUntil="2026-04-01T00:00:00.000">
    <Extensions><UIInfo xmlns="urn:oasis:names:tc:SAML:metadata:ui"><DisplayName xml:lang="en">Company</DisplayName></UIInfo></Extensions>
    <KeyDescriptor use="encryption"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo><EncryptionMethod Algorithm="urn:x"/></KeyDescriptor>
    OURS
    <ArtifactResolutionService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://idp.test/artifact"/>
    <SingleLogoutService Location="https://idp.test/logout"/>
    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</NameIDFormat>
    <SingleSignOnService Location="https://idp.test/nothing"/>
    <SingleSignOnService Binding="urn:mace:shibboleth:1.0:profiles:AuthnRequest" Location="https://idp.test/shibboleth"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"/>
    <Attribute xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Name="mail" FriendlyName="mail"/>
  </IDPSSODescriptor>
  <ContactPerson contactType="technical"><EmailAddress>mailto:x@idp.test</EmailAddress></ContactPerson>
</EntityDescriptor>"#;
    let descriptor = |key: &Key, usage: &str| {
        let named = "<ds:KeyName>k</ds:KeyName><ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName>";
        key_descriptor(key, usage).replace("md:", "").replace("<ds:X509Data>", named)
    };
    let xml = XML
        .replace("STRANGER", &descriptor(&STRANGER, r#"use="signing""#))
        .replace("OURS", &descriptor(&Key::certify(IDP.private.clone(), 1), ""));
    let gateway = Gateway::trusting(xml);
    assert_alice(gateway.verify(Answer::default().xml()).await);
    let forged = Answer::with(|a| a.key = &STRANGER).xml();
    assert_refused!(gateway.verify(forged).await, Error::Signature);
    assert!(gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await.is_ok());
}

#[test]
fn metadata_that_is_over_or_unreadable_is_refused() {
    let keys = key_descriptor(&IDP, "");
    for until in ["2026-03-01T09:30:00Z", "2020-01-01T00:00:00", "whenever"] {
        let attribute = format!(r#"validUntil="{until}""#);
        assert_eq!(refusal(entity(ENTITY_ID, &attribute, &keys)), MetadataError::Expired);
        let around = format!(
            r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {attribute}>{}</md:EntitiesDescriptor>"#,
            entity(ENTITY_ID, "", &keys)
        );
        assert_eq!(refusal(around), MetadataError::Expired);
    }
}

#[tokio::test]
async fn metadata_stops_counting_when_its_time_is_over() {
    let until = r#"validUntil="2026-03-01T09:31:00" cacheDuration="PT1H""#;
    let gateway = Gateway::trusting(entity(ENTITY_ID, until, &key_descriptor(&IDP, "")));
    let xml = Answer::default().xml();
    assert_alice(gateway.verify(&xml).await);
    *gateway.clock.0.lock().unwrap() = NOW + Duration::MINUTE;
    assert_refused!(gateway.verify(&xml).await, Error::MetadataExpired(_));
    let request = gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await;
    assert!(matches!(request, Err(Error::MetadataExpired(_))));
}

#[test]
fn what_is_not_an_identity_providers_metadata_is_refused() {
    let good = metadata(&[&IDP]);
    assert_eq!(refusal("<html>".to_owned()), MetadataError::NotXml);
    assert_eq!(refusal(String::new()), MetadataError::NotXml);
    assert_eq!(refusal(format!("<!DOCTYPE x [<!ENTITY e 'x'>]>{good}")), MetadataError::NotXml);
    assert_eq!(refusal("<html/>".to_owned()), MetadataError::Entity);
    assert_eq!(refusal(good.replace("IDPSSODescriptor", "SPSSODescriptor")), MetadataError::Role);
    assert_eq!(refusal(good.replace("SAML:2.0:protocol", "SAML:1.1:protocol")), MetadataError::Role);
    assert_eq!(
        refusal(good.replace("https://idp.test/sso", "http://idp.test/sso")),
        MetadataError::NoEndpoint
    );
    assert_eq!(
        refusal(good.replace("https://idp.test/sso", "javascript:alert(1)//")),
        MetadataError::NoEndpoint
    );
    assert_eq!(refusal(good.replace("HTTP-", "SOAP-")), MetadataError::NoEndpoint);
    assert_eq!(refusal(good + &" ".repeat(9 * 1024 * 1024)), MetadataError::TooLarge);
    let deep = "<a>".repeat(200_000);
    assert_eq!(refusal(deep), MetadataError::NotXml);
}

#[tokio::test]
async fn one_entity_of_several_is_chosen_by_its_id() {
    let other = entity("https://other.test/metadata", "", &key_descriptor(&STRANGER, ""));
    let ours = entity(ENTITY_ID, "", &key_descriptor(&IDP, ""));
    let several = format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{other}<md:EntitiesDescriptor>{ours}</md:EntitiesDescriptor></md:EntitiesDescriptor>"#
    );
    assert_eq!(refusal(several.clone()), MetadataError::Entity);
    let chosen = IdpSettings { entity_id: Some(ENTITY_ID.to_owned()), ..company(several.clone()) };
    assert_alice(load(chosen).unwrap().verify(Answer::default().xml()).await);
    let unknown = IdpSettings { entity_id: Some("https://third.test".to_owned()), ..company(several) };
    assert_eq!(load(unknown).map(|_| ()).unwrap_err().code().id, "saml.metadata");
}

#[tokio::test]
async fn the_keys_of_another_entity_do_not_count() {
    let ours = entity(ENTITY_ID, "", &key_descriptor(&STRANGER, ""));
    let other = entity("https://other.test/metadata", "", &key_descriptor(&IDP, ""));
    let several = format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{ours}{other}</md:EntitiesDescriptor>"#
    );
    let chosen = IdpSettings { entity_id: Some(ENTITY_ID.to_owned()), ..company(several) };
    assert_refused!(load(chosen).unwrap().verify(Answer::default().xml()).await, Error::Signature);
}

/// A site whose answer can be changed, on this machine.
async fn site(answer: Arc<Mutex<Option<String>>>) -> String {
    let serve = move || {
        let answer = answer.lock().unwrap().clone();
        async move {
            answer.map_or(StatusCode::INTERNAL_SERVER_ERROR.into_response(), IntoResponse::into_response)
        }
    };
    let routes = Router::new()
        .route("/metadata", get(serve))
        .route(
            "/away",
            get(async || -> Response { Redirect::to("http://192.0.2.1/metadata").into_response() }),
        )
        .route("/file", get(async || -> Response { Redirect::to("file:///etc/passwd").into_response() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

fn from_url(url: &str) -> Gateway {
    load(IdpSettings { metadata: MetadataSource::Url(url.parse().unwrap()), ..company(String::new()) })
        .unwrap()
}

async fn at(gateway: &Gateway, now: OffsetDateTime) -> Result<(), Error> {
    *gateway.clock.0.lock().unwrap() = now;
    gateway.saml.refresh_metadata().await;
    gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await.map(|_| ())
}

#[tokio::test]
async fn metadata_is_fetched_kept_and_refreshed() {
    let answer = Arc::new(Mutex::new(None));
    let gateway = from_url(&format!("{}/metadata", site(answer.clone()).await));
    assert!(matches!(at(&gateway, NOW).await, Err(Error::MetadataNotLoaded(_))));
    *answer.lock().unwrap() = Some(metadata(&[&IDP]));
    assert!(at(&gateway, NOW + Duration::SECOND).await.is_err(), "the pause after a failure is kept");
    assert!(at(&gateway, NOW + Duration::MINUTE).await.is_ok());

    *answer.lock().unwrap() = Some("<html/>".to_owned());
    assert!(at(&gateway, NOW + Duration::HOUR * 2).await.is_ok(), "the last good copy stays");

    *answer.lock().unwrap() = Some(metadata(&[&NEXT]));
    assert!(at(&gateway, NOW + Duration::HOUR * 4).await.is_ok());
    *gateway.clock.0.lock().unwrap() = NOW;
    assert_alice(gateway.verify(Answer::with(|a| a.key = &NEXT).xml()).await);
    assert_refused!(gateway.verify(Answer::default().xml()).await, Error::Signature);
}

#[tokio::test]
async fn metadata_is_not_fetched_more_often_than_about_hourly() {
    let answer = Arc::new(Mutex::new(Some(metadata(&[&IDP]))));
    let gateway = from_url(&format!("{}/metadata", site(answer.clone()).await));
    assert!(at(&gateway, NOW).await.is_ok());
    *answer.lock().unwrap() = Some(metadata(&[&NEXT]));
    assert!(at(&gateway, NOW + Duration::MINUTE * 53).await.is_ok());
    *gateway.clock.0.lock().unwrap() = NOW;
    assert_alice(gateway.verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn metadata_that_became_another_entitys_is_not_taken() {
    let answer = Arc::new(Mutex::new(Some(metadata(&[&IDP]))));
    let gateway = from_url(&format!("{}/metadata", site(answer.clone()).await));
    assert!(at(&gateway, NOW).await.is_ok());
    *answer.lock().unwrap() = Some(entity("https://other.test", "", &key_descriptor(&NEXT, "")));
    assert!(at(&gateway, NOW + Duration::HOUR * 2).await.is_ok());
    *gateway.clock.0.lock().unwrap() = NOW;
    assert_alice(gateway.verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn redirects_away_from_https_or_this_machine_are_not_followed() {
    let site = site(Arc::default()).await;
    for path in ["away", "file"] {
        assert!(at(&from_url(&format!("{site}/{path}")), NOW).await.is_err());
    }
}

#[test]
fn metadata_addresses_are_https_or_on_this_machine() {
    for address in [
        "http://idp.test/metadata",
        "file:///etc/passwd",
        "ftp://idp.test/",
        "data:text/xml,x",
        "http://127.0.0.1.idp.test/",
    ] {
        let idp =
            IdpSettings { metadata: MetadataSource::Url(address.parse().unwrap()), ..company(String::new()) };
        let refused = load(idp).map(|_| ());
        assert!(matches!(refused, Err(Error::Metadata { reason: MetadataError::Address, .. })), "{address}");
    }
}
