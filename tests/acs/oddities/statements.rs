//! Conditions, authentications and times.

use time::macros::datetime;

use super::{accepts, accepts_rewritten};
use crate::documents::both_ways;
use crate::gateway::{Gateway, assert_alice, pending, verdict};
use crate::idp::{Answer, ENTITY_ID, SP_ENTITY_ID, authn_statement, encode};

#[tokio::test]
async fn conditions_without_an_end_are_bounded_by_the_confirmation() {
    accepts(|a| a.not_on_or_after = None).await;
    accepts(|a| {
        a.not_on_or_after = None;
        a.not_before = None;
    })
    .await;
}

#[tokio::test]
async fn an_audience_on_a_line_of_its_own_is_accepted() {
    accepts(|a| a.audiences = vec![vec![format!("\n      {SP_ENTITY_ID}\n    ")]]).await;
}

#[tokio::test]
async fn several_restrictions_that_all_name_us_are_accepted() {
    let (ours, other) = (SP_ENTITY_ID.to_owned(), "https://other.test".to_owned());
    accepts(|a| a.audiences = vec![vec![other.clone(), ours.clone()], vec![ours.clone(), ours.clone()]])
        .await;
}

#[tokio::test]
async fn one_time_use_and_proxy_restriction_in_any_order_are_accepted() {
    let proxy = r#"<saml:ProxyRestriction Count="2"><saml:Audience>https://other.test</saml:Audience></saml:ProxyRestriction>"#;
    for conditions in [
        format!("<saml:OneTimeUse/>{proxy}"),
        format!("{proxy}<saml:OneTimeUse></saml:OneTimeUse>"),
        "<saml:ProxyRestriction/>".to_owned(),
    ] {
        accepts(|a| a.more_conditions.clone_from(&conditions)).await;
    }
    accepts_rewritten(|xml| {
        xml.replace("<saml:AudienceRestriction>", "<saml:OneTimeUse/><saml:AudienceRestriction>")
    })
    .await;
}

#[tokio::test]
async fn several_authentications_are_accepted_and_the_strictest_counts() {
    let statements = vec![
        authn_statement(r#"AuthnInstant="2026-03-01T08:00:00Z" SessionNotOnOrAfter="2026-03-01T18:00:00Z""#),
        authn_statement(
            r#"AuthnInstant="2026-03-01T07:00:00Z" SessionIndex="s-2" SessionNotOnOrAfter="2026-03-01T17:00:00Z""#,
        ),
    ];
    for xml in both_ways(|a| a.authn_statements.clone_from(&statements)) {
        let identity = verdict(xml).await.unwrap();
        assert_eq!(identity.authn_instant, datetime!(2026-03-01 07:00 UTC));
        assert_eq!(identity.session_not_on_or_after, Some(datetime!(2026-03-01 17:00 UTC)));
        assert_eq!(identity.session_index.as_deref(), Some("s-2"));
    }
}

#[tokio::test]
async fn an_authentication_without_session_index_or_with_locality_is_accepted() {
    accepts(|a| a.authn_statements = vec![authn_statement(r#"AuthnInstant="2026-03-01T08:00:00Z""#)]).await;
    let locality = r#"<saml:SubjectLocality Address="192.0.2.1" DNSName="host.test"/><saml:AuthnContext>"#;
    accepts_rewritten(|xml| xml.replace("<saml:AuthnContext>", locality)).await;
}

#[tokio::test]
async fn every_form_of_an_authentication_context_is_accepted() {
    let class = "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>";
    let reference = "<saml:AuthnContextDeclRef>https://idp.test/context</saml:AuthnContextDeclRef>";
    let declaration = r#"<saml:AuthnContextDecl><ac:AuthenticationContextDeclaration xmlns:ac="urn:oasis:names:tc:SAML:2.0:ac"><ac:AuthnMethod/></ac:AuthenticationContextDeclaration></saml:AuthnContextDecl>"#;
    let authority = "<saml:AuthenticatingAuthority>https://upstream.test</saml:AuthenticatingAuthority>";
    for context in [
        reference.to_owned(),
        declaration.to_owned(),
        format!("{class}{reference}"),
        format!("{class}{declaration}{authority}{authority}"),
    ] {
        accepts_rewritten(|xml| xml.replace(class, &context)).await;
    }
}

#[tokio::test]
async fn times_with_fractions_and_offsets_are_accepted() {
    for issued in [
        "2026-03-01T09:29:55.1Z",
        "2026-03-01T09:29:55.123456789012345678901234567890Z",
        "2026-03-01T09:29:55+00:00",
        "2026-03-01T10:29:55.5+01:00",
        "2026-02-28T22:59:55-10:30",
    ] {
        accepts(|a| {
            issued.clone_into(&mut a.response_issued);
            issued.clone_into(&mut a.assertion_issued);
        })
        .await;
    }
}

#[tokio::test]
async fn an_issuer_that_names_its_format_is_accepted() {
    let format = r#"Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity""#;
    accepts(|a| a.issuer = format!("<saml:Issuer {format}>{ENTITY_ID}</saml:Issuer>")).await;
    accepts_rewritten(|xml| xml.replace("<saml:Issuer", &format!("<saml:Issuer {format}"))).await;
}

#[tokio::test]
async fn an_unsigned_response_may_leave_out_its_issuer_and_destination() {
    let answer = Answer::with(|a| {
        a.response_issuer = None;
        a.destination = None;
    });
    assert_alice(verdict(answer.xml()).await);
}

#[tokio::test]
async fn an_answer_to_a_request_without_force_may_tell_of_an_old_authentication() {
    let old = Answer::with(|a| {
        a.authn_statements = vec![authn_statement(r#"AuthnInstant="2026-01-01T00:00:00Z""#)];
    });
    assert_alice(Gateway::new().verify_field(encode(old.xml()), &pending()).await);
}
