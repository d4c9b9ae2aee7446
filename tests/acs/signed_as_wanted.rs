//! What an identity provider must sign, and how far its clock may be off: settings of each.

use std::time::Duration;

use connect_gateway::saml::{Error, IdpSettings, WantSigned};

use crate::gateway::{Gateway, Used, assert_alice, assert_refused, code, company, settings};
use crate::idp::{Answer, IDP, Sign, metadata};

fn gateway(change: impl FnOnce(&mut IdpSettings)) -> Gateway {
    let mut idp = company(metadata(&[&IDP]));
    change(&mut idp);
    Gateway::build(settings(), idp, Used { forgetful: true, ..Used::default() }).unwrap()
}

#[tokio::test]
async fn attack_37_less_than_is_wanted_signed_is_refused() {
    use Sign::{Assertion, Both, Nothing, Response};
    for (want_signed, enough) in [
        (WantSigned::Either, &[Response, Assertion, Both][..]),
        (WantSigned::Response, &[Response, Both]),
        (WantSigned::Assertion, &[Assertion, Both]),
        (WantSigned::Both, &[Both]),
    ] {
        let gateway = gateway(|idp| idp.want_signed = want_signed);
        for sign in [Nothing, Response, Assertion, Both] {
            let outcome = gateway.verify(Answer { sign, ..Answer::default() }.xml()).await;
            if enough.contains(&sign) {
                assert_alice(outcome);
            } else {
                assert_eq!(code(outcome), "saml.unsigned");
            }
        }
    }
}

#[test]
fn our_metadata_asks_for_signed_assertions_unless_only_responses_are_wanted() {
    for (want_signed, asked) in [
        (WantSigned::Either, true),
        (WantSigned::Response, false),
        (WantSigned::Assertion, true),
        (WantSigned::Both, true),
    ] {
        let gateway = gateway(|idp| idp.want_signed = want_signed);
        assert!(gateway.saml.metadata().contains(&format!(r#"WantAssertionsSigned="{asked}""#)));
    }
}

#[tokio::test]
async fn an_identity_provider_may_have_a_clock_tolerance_of_its_own() {
    let ahead = Answer::with(|a| "2026-03-01T09:32:30Z".clone_into(&mut a.assertion_issued)).xml();
    assert_refused!(gateway(|_| ()).verify(&ahead).await, Error::IssueInstant);
    let tolerant = gateway(|idp| idp.clock_skew = Some(Duration::from_mins(3)));
    assert_alice(tolerant.verify(&ahead).await);
    let strict = gateway(|idp| idp.clock_skew = Some(Duration::ZERO));
    let slightly_ahead = Answer::with(|a| "2026-03-01T09:30:01Z".clone_into(&mut a.assertion_issued));
    assert_refused!(strict.verify(slightly_ahead.xml()).await, Error::IssueInstant);
}
