//! Answers that nobody asked for: refused unless the identity provider may send them, and held to every check of
//! those that were asked for.

use connect_gateway::model::{Identity, IdpName};
use connect_gateway::saml::{Error, IdpInitiated, IdpSettings, VerifiedAssertion};
use time::macros::datetime;

use crate::gateway::{
    Gateway, Used, assert_alice, assert_refused, code, company, pending, settings, verdict,
};
use crate::idp::{
    ACS, Answer, Confirmation, ENTITY_ID, IDP, SP_ENTITY_ID, STRANGER, SUCCESS, Sign, attribute,
    authn_statement, encode, metadata,
};

/// A gateway that treats the identity provider's own beginnings so.
fn gateway(idp_initiated: IdpInitiated) -> Gateway {
    let idp = IdpSettings { idp_initiated, ..company(metadata(&[&IDP])) };
    Gateway::build(settings(), idp, Used::default()).unwrap()
}

/// An answer that names no request.
fn unsolicited(sign: Sign, change: impl Fn(&mut Answer)) -> Answer {
    let mut answer = Answer { sign, in_response_to: None, ..Answer::default() };
    answer.confirmations[0].in_response_to = None;
    change(&mut answer);
    answer
}

/// Verified as the gateway does: its sender first, then everything.
async fn received(gateway: &Gateway, xml: impl AsRef<[u8]>) -> Result<Identity, Error> {
    let field = encode(xml);
    let (idp, _) = gateway.saml.unsolicited_sender(&field).await?;
    verified(gateway, field, &idp).await
}

/// Verified as if that sender were known.
async fn verified(gateway: &Gateway, field: String, idp: &IdpName) -> Result<Identity, Error> {
    let outcome = gateway.saml.verify_unsolicited(field, idp).await;
    outcome.map(VerifiedAssertion::into_identity).map_err(|refused| refused.error)
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_taken_where_it_may_be_confirmed() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let gateway = gateway(IdpInitiated::Confirm);
        assert_alice(received(&gateway, unsolicited(sign, |_| {}).xml()).await);
    }
}

#[tokio::test]
async fn its_sender_is_told_by_either_issuer() {
    let gateway = gateway(IdpInitiated::Restart);
    for answer in [
        unsolicited(Sign::Assertion, |_| {}),
        unsolicited(Sign::Assertion, |a| a.response_issuer = None),
        unsolicited(Sign::Nothing, |a| {
            "<saml:Issuer>https://other.test</saml:Issuer>".clone_into(&mut a.issuer);
        }),
    ] {
        let sender = gateway.saml.unsolicited_sender(&encode(answer.xml())).await.unwrap();
        assert_eq!(sender, (IdpName::new("company"), IdpInitiated::Restart));
    }
}

#[tokio::test]
async fn an_identity_provider_begins_nothing_unless_it_may() {
    let off = gateway(IdpInitiated::Off);
    let xml = unsolicited(Sign::Both, |_| {}).xml();
    assert_eq!(code(received(&off, &xml).await), "sign_in.unsolicited");
    // It is not even read.
    assert_refused!(off.saml.unsolicited_sender("no base64!").await, Error::Unsolicited);
    // Not by another door, and not where only a request of ours may follow.
    for may in [IdpInitiated::Off, IdpInitiated::Restart] {
        let outcome = verified(&gateway(may), encode(&xml), &IdpName::new("company")).await;
        assert_refused!(outcome, Error::Unsolicited);
    }
}

#[tokio::test]
async fn a_stranger_begins_nothing() {
    let confirm = gateway(IdpInitiated::Confirm);
    let other = |a: &mut Answer| {
        a.response_issuer = Some("https://other.test/metadata".to_owned());
        "<saml:Issuer>https://other.test/metadata</saml:Issuer>".clone_into(&mut a.issuer);
    };
    assert_refused!(received(&confirm, unsolicited(Sign::Both, other).xml()).await, Error::Unsolicited);
    let nobody = |a: &mut Answer| {
        a.response_issuer = None;
        "<saml:Issuer/>".clone_into(&mut a.issuer);
    };
    assert_refused!(received(&confirm, unsolicited(Sign::Both, nobody).xml()).await, Error::Unsolicited);
}

/// Stolen on its way, it is worth nothing in another browser.
#[tokio::test]
async fn the_answer_to_a_request_is_never_taken_as_one_that_nobody_asked_for() {
    let confirm = gateway(IdpInitiated::Confirm);
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let stolen = Answer { sign, ..Answer::default() };
        assert_eq!(code(received(&confirm, stolen.xml()).await), "saml.in_response_to");
        let outcome = verified(&confirm, encode(stolen.xml()), &IdpName::new("company")).await;
        assert_refused!(outcome, Error::InResponseTo);
        // The unsigned response around it says nothing of a request any more.
        let stripped = Answer { sign: Sign::Assertion, in_response_to: None, ..Answer::default() };
        assert_refused!(received(&confirm, stripped.xml()).await, Error::InResponseTo);
    }
    for named in ["", "_other"] {
        let response = unsolicited(Sign::Both, |a| a.in_response_to = Some(named.to_owned()));
        assert_refused!(confirm.saml.unsolicited_sender(&encode(response.xml())).await, Error::InResponseTo);
        let confirmation =
            unsolicited(Sign::Both, |a| a.confirmations[0].in_response_to = Some(named.to_owned()));
        assert_refused!(received(&confirm, confirmation.xml()).await, Error::InResponseTo);
    }
}

#[tokio::test]
async fn no_confirmation_may_name_a_request_whatever_its_method_or_recipient() {
    let confirm = gateway(IdpInitiated::Confirm);
    let elsewhere =
        Confirmation { recipient: Some("https://other.test".to_owned()), ..Confirmation::default() };
    let holder = Confirmation {
        method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".to_owned(),
        ..Confirmation::default()
    };
    for other in [Confirmation::default(), elsewhere, holder] {
        for place in [0, 1] {
            let answer = unsolicited(Sign::Both, |a| a.confirmations.insert(place, other.clone()));
            assert_refused!(received(&confirm, answer.xml()).await, Error::InResponseTo);
        }
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_never_taken_as_the_answer_to_a_request() {
    for may in [IdpInitiated::Off, IdpInitiated::Confirm, IdpInitiated::Restart] {
        for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
            let field = encode(unsolicited(sign, |_| {}).xml());
            assert_refused!(gateway(may).verify_field(field, &pending()).await, Error::InResponseTo);
        }
    }
}

#[tokio::test]
async fn it_is_used_once() {
    let confirm = gateway(IdpInitiated::Confirm);
    let answer = unsolicited(Sign::Assertion, |_| {});
    assert_alice(received(&confirm, answer.xml()).await);
    assert_refused!(received(&confirm, answer.xml()).await, Error::Replay);
    let rewrapped = unsolicited(Sign::Assertion, |a| a.response_id = "_again".to_owned());
    assert_refused!(received(&confirm, rewrapped.xml()).await, Error::Replay);
    let idp = IdpSettings { idp_initiated: IdpInitiated::Confirm, ..company(metadata(&[&IDP])) };
    let down = Gateway::build(settings(), idp, Used { down: true, ..Used::default() }).unwrap();
    assert_eq!(code(received(&down, answer.xml()).await), "gateway.state_unavailable");
}

/// One that was asked for after that is taken.
#[tokio::test]
async fn it_is_refused_where_the_store_may_have_forgotten_that_it_was_used() {
    for (since, is_remembered) in
        [(datetime!(2026-03-01 09:27:59 UTC), true), (datetime!(2026-03-01 09:28:00 UTC), false)]
    {
        let idp = IdpSettings { idp_initiated: IdpInitiated::Confirm, ..company(metadata(&[&IDP])) };
        let used = Used { since: Some(since), ..Used::default() };
        let gateway = Gateway::build(settings(), idp, used).unwrap();
        let issued = |a: &mut Answer| "2026-03-01T09:29:00Z".clone_into(&mut a.assertion_issued);
        let answer = unsolicited(Sign::Assertion, issued);
        let outcome = received(&gateway, answer.xml()).await;
        if is_remembered {
            assert_alice(outcome);
        } else {
            assert_refused!(outcome, Error::NotRemembered);
        }
        assert_alice(gateway.verify(Answer::with(|a| a.assertion_id = "_asked".to_owned()).xml()).await);
    }
}

/// Nobody waits at the identity provider: it comes at once.
#[tokio::test]
async fn it_was_issued_in_the_last_five_minutes() {
    let answer = |issued: &str| {
        unsolicited(Sign::Both, |a| {
            issued.clone_into(&mut a.assertion_issued);
            issued.clone_into(&mut a.response_issued);
        })
    };
    assert_alice(received(&gateway(IdpInitiated::Confirm), answer("2026-03-01T09:24:00Z").xml()).await);
    let outcome = received(&gateway(IdpInitiated::Confirm), answer("2026-03-01T09:23:59Z").xml()).await;
    assert_refused!(outcome, Error::IssueInstant);
}

/// Name, change, and the code of the refusal.
type Bad = (&'static str, fn(&mut Answer), &'static str);

const BAD: &[Bad] = &[
    ("another version of the response", |a| "2.1".clone_into(&mut a.response_version), "saml.malformed"),
    ("another version of the assertion", |a| "1.1".clone_into(&mut a.assertion_version), "saml.malformed"),
    (
        "addressed elsewhere",
        |a| a.destination = Some("https://other.test/acs".to_owned()),
        "saml.destination",
    ),
    (
        "an assertion of another issuer",
        |a| "<saml:Issuer>https://other.test</saml:Issuer>".clone_into(&mut a.issuer),
        "saml.issuer",
    ),
    (
        "an issuer that is no entity",
        |a| a.issuer = format!(r#"<saml:Issuer Format="urn:x">{ENTITY_ID}</saml:Issuer>"#),
        "saml.issuer",
    ),
    ("a failure", |a| a.status = SUCCESS.replace("Success", "Responder"), "saml.status"),
    (
        "a response of the future",
        |a| "2026-03-01T09:31:01Z".clone_into(&mut a.response_issued),
        "saml.expired",
    ),
    (
        "an assertion of the future",
        |a| "2026-03-01T09:31:01Z".clone_into(&mut a.assertion_issued),
        "saml.expired",
    ),
    ("an old assertion", |a| "2026-03-01T09:00:00Z".clone_into(&mut a.assertion_issued), "saml.expired"),
    ("no confirmation", |a| a.confirmations.clear(), "saml.subject_confirmation"),
    (
        "no bearer confirmation",
        |a| "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".clone_into(&mut a.confirmations[0].method),
        "saml.subject_confirmation",
    ),
    ("no recipient", |a| a.confirmations[0].recipient = None, "saml.subject_confirmation"),
    (
        "another recipient",
        |a| a.confirmations[0].recipient = Some(format!("{ACS}?x")),
        "saml.subject_confirmation",
    ),
    (
        "a confirmation with a beginning",
        |a| a.confirmations[0].not_before = Some("2026-03-01T09:00:00Z".to_owned()),
        "saml.subject_confirmation",
    ),
    (
        "a confirmation without end",
        |a| a.confirmations[0].not_on_or_after = None,
        "saml.subject_confirmation",
    ),
    (
        "a confirmation that is over",
        |a| a.confirmations[0].not_on_or_after = Some("2026-03-01T09:29:00Z".to_owned()),
        "saml.expired",
    ),
    (
        "a confirmation that lives too long",
        |a| a.confirmations[0].not_on_or_after = Some("2026-03-01T11:00:00Z".to_owned()),
        "saml.lifetime",
    ),
    ("no conditions", |a| a.conditions = Some(String::new()), "saml.conditions"),
    (
        "an unknown condition",
        |a| r#"<x:Weekend xmlns:x="urn:example:x"/>"#.clone_into(&mut a.more_conditions),
        "saml.conditions",
    ),
    ("before its time", |a| a.not_before = Some("2026-03-01T09:31:01Z".to_owned()), "saml.expired"),
    (
        "after its time",
        |a| {
            a.not_before = None;
            a.not_on_or_after = Some("2026-03-01T09:29:00Z".to_owned());
        },
        "saml.expired",
    ),
    ("a long life", |a| a.not_on_or_after = Some("2026-03-01T11:00:00Z".to_owned()), "saml.lifetime"),
    ("no audience", |a| a.audiences.clear(), "saml.audience"),
    (
        "another audience besides",
        |a| a.audiences = vec![vec![SP_ENTITY_ID.to_owned()], vec!["https://other.test".to_owned()]],
        "saml.audience",
    ),
    ("no authentication", |a| a.authn_statements.clear(), "saml.authn_statement"),
    (
        "an authentication of the future",
        |a| a.authn_statements = vec![authn_statement(r#"AuthnInstant="2026-03-01T09:31:01Z""#)],
        "saml.authn_statement",
    ),
    (
        "a session that is over",
        |a| {
            let times = r#"AuthnInstant="2026-03-01T08:00:00Z" SessionNotOnOrAfter="2026-03-01T09:29:00Z""#;
            a.authn_statements = vec![authn_statement(times)];
        },
        "saml.expired",
    ),
    ("an empty NameID", |a| "<saml:NameID> </saml:NameID>".clone_into(&mut a.name_id), "saml.malformed"),
    (
        "a flood of attributes",
        |a| a.attributes = (0..300).map(|n| attribute(&n.to_string(), &["x"])).collect(),
        "saml.malformed",
    ),
    ("a stranger's key", |a| a.key = &STRANGER, "saml.signature"),
    (
        "an outdated digest",
        |a| "http://www.w3.org/2000/09/xmldsig#sha1".clone_into(&mut a.shape.digest),
        "saml.algorithm",
    ),
    ("an identifier used twice", |a| "_response".clone_into(&mut a.assertion_id), "saml.forbidden_shape"),
    (
        "a signed original in the extensions",
        |a| a.extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", a.assertion_xml("")),
        "saml.forbidden_shape",
    ),
];

/// One table, two ways in.
#[tokio::test]
async fn whatever_is_refused_of_an_answer_is_refused_of_one_that_nobody_asked_for() {
    let confirm = gateway(IdpInitiated::Confirm);
    for (what, change, expected) in BAD {
        for sign in [Sign::Assertion, Sign::Response] {
            let mut asked = Answer { sign, ..Answer::default() };
            change(&mut asked);
            assert_eq!(code(verdict(asked.xml()).await), *expected, "{what}, asked for");
            let outcome = received(&confirm, unsolicited(sign, change).xml()).await;
            assert_eq!(code(outcome), *expected, "{what}, not asked for");
        }
    }
    assert!(confirm.used.seen.lock().unwrap().is_empty(), "a refused answer uses nothing up");
    let unsigned = unsolicited(Sign::Nothing, |_| {}).xml();
    assert_eq!(code(received(&confirm, unsigned).await), "saml.unsigned");
    let signed = unsolicited(Sign::Both, |_| {}).xml();
    let tampered = signed.replace("alice-7", "carol-7");
    assert_eq!(code(received(&confirm, tampered).await), "saml.signature");
}
