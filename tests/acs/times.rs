//! Answers that come too early, too late, or would live too long; correctly signed.

use connect_gateway::saml::Error;
use time::Duration;
use time::macros::datetime;

use crate::documents::both_ways;
use crate::gateway::{Gateway, NOW, assert_alice, assert_refused, code, pending, verdict};
use crate::idp::{Answer, authn_statement, encode};

#[tokio::test]
async fn an_answer_issued_in_the_future_or_before_the_request_is_refused() {
    for instant in ["2026-03-01T09:31:01Z", "2026-03-01T09:28:29Z", "soon", ""] {
        for xml in both_ways(|a| instant.clone_into(&mut a.response_issued)) {
            assert_refused!(verdict(xml).await, Error::IssueInstant);
        }
        for xml in both_ways(|a| instant.clone_into(&mut a.assertion_issued)) {
            assert_refused!(verdict(xml).await, Error::IssueInstant);
        }
    }
}

#[tokio::test]
async fn clocks_may_differ_by_the_skew_and_no_more() {
    for instant in ["2026-03-01T09:31:00Z", "2026-03-01T09:28:30Z"] {
        assert_alice(verdict(Answer::with(|a| instant.clone_into(&mut a.assertion_issued)).xml()).await);
    }
    let gateway = Gateway::new();
    let end = datetime!(2026-03-01 09:34:55 UTC);
    *gateway.clock.0.lock().unwrap() = end + Duration::SECOND * 60;
    assert_refused!(gateway.verify(Answer::default().xml()).await, Error::Expired);
    *gateway.clock.0.lock().unwrap() = end + Duration::SECOND * 59;
    assert_alice(gateway.verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn a_confirmation_without_end_is_refused() {
    for end in [None, Some("2026-03-01".to_owned()), Some("9999-12-31T23:59:59Z".to_owned())] {
        for xml in both_ways(|a| a.confirmations[0].not_on_or_after.clone_from(&end)) {
            assert_refused!(verdict(xml).await, Error::SubjectConfirmation(_));
        }
    }
}

#[tokio::test]
async fn a_confirmation_that_is_over_is_refused() {
    for xml in both_ways(|a| a.confirmations[0].not_on_or_after = Some("2026-03-01T09:29:00Z".to_owned())) {
        assert_refused!(verdict(xml).await, Error::ConfirmationExpired);
    }
}

#[tokio::test]
async fn an_assertion_before_its_time_is_refused() {
    for xml in both_ways(|a| a.not_before = Some("2026-03-01T09:31:01Z".to_owned())) {
        assert_refused!(verdict(xml).await, Error::NotYetValid);
    }
}

#[tokio::test]
async fn an_assertion_after_its_time_is_refused() {
    for xml in both_ways(|a| {
        a.not_before = Some("2026-03-01T09:28:00Z".to_owned());
        a.not_on_or_after = Some("2026-03-01T09:29:00Z".to_owned());
    }) {
        assert_refused!(verdict(xml).await, Error::Expired);
    }
}

#[tokio::test]
async fn an_assertion_that_lives_too_long_or_forever_is_refused() {
    for end in [Some("2026-03-01T10:29:56Z".to_owned()), Some("8999-12-31T23:59:59Z".to_owned())] {
        for xml in both_ways(|a| a.not_on_or_after.clone_from(&end)) {
            assert_refused!(verdict(xml).await, Error::Lifetime);
        }
    }
    for xml in both_ways(|a| a.confirmations[0].not_on_or_after = Some("2026-03-01T10:29:56Z".to_owned())) {
        assert_refused!(verdict(xml).await, Error::Lifetime);
    }
}

#[tokio::test]
async fn conditions_that_end_before_they_begin_are_refused() {
    for end in ["2026-03-01T09:29:25Z", "2026-03-01T09:29:24Z"] {
        for xml in both_ways(|a| a.not_on_or_after = Some(end.to_owned())) {
            assert_refused!(verdict(xml).await, Error::Conditions(_));
        }
    }
}

#[tokio::test]
async fn every_authentication_and_session_of_several_counts() {
    let with = |attributes: &str| {
        let (good, other) =
            (authn_statement(r#"AuthnInstant="2026-03-01T09:29:50Z""#), authn_statement(attributes));
        [vec![good.clone(), other.clone()], vec![other, good]]
    };
    for statements in with(r#"AuthnInstant="2026-03-01T09:31:01Z""#) {
        assert_refused!(
            verdict(Answer::with(|a| a.authn_statements = statements).xml()).await,
            Error::AuthnStatement(_)
        );
    }
    for statements in
        with(r#"AuthnInstant="2026-03-01T08:00:00Z" SessionNotOnOrAfter="2026-03-01T09:29:00Z""#)
    {
        assert_refused!(
            verdict(Answer::with(|a| a.authn_statements = statements).xml()).await,
            Error::SessionOver
        );
    }
    let mut forced = pending();
    forced.requested.force_authn = true;
    for statements in with(r#"AuthnInstant="2026-03-01T08:00:00Z""#) {
        let stale = encode(Answer::with(|a| a.authn_statements = statements).xml());
        assert_refused!(Gateway::new().verify_field(stale, &forced).await, Error::StaleAuthentication);
    }
}

#[tokio::test]
async fn an_unreadable_time_is_refused() {
    for time in
        ["2026-03-01T24:00:00Z", "9999-12-31T23:59:59Z", "2026-03-01T10:00:00", "99999999999999999999Z"]
    {
        for xml in both_ways(|a| a.not_on_or_after = Some(time.to_owned())) {
            assert_refused!(verdict(xml).await, Error::Content(_));
        }
    }
}

#[tokio::test]
async fn an_authentication_in_the_future_is_refused() {
    for xml in
        both_ways(|a| a.authn_statements = vec![authn_statement(r#"AuthnInstant="2026-03-01T09:31:01Z""#)])
    {
        assert_refused!(verdict(xml).await, Error::AuthnStatement(_));
    }
}

#[tokio::test]
async fn a_forced_authentication_must_be_fresh() {
    let gateway = Gateway::new();
    let mut forced = pending();
    forced.requested.force_authn = true;
    let stale = encode(Answer::default().xml());
    assert_refused!(gateway.verify_field(stale, &forced).await, Error::StaleAuthentication);
    let fresh = Answer::with(|a| {
        a.authn_statements = vec![authn_statement(r#"AuthnInstant="2026-03-01T09:29:50Z""#)];
    });
    assert_alice(gateway.verify_field(encode(fresh.xml()), &forced).await);
}

#[tokio::test]
async fn a_session_that_is_over_is_refused() {
    let statement = |end: &str| {
        authn_statement(&format!(r#"AuthnInstant="2026-03-01T08:00:00Z" SessionNotOnOrAfter="{end}""#))
    };
    for xml in both_ways(|a| a.authn_statements = vec![statement("2026-03-01T09:29:00Z")]) {
        assert_refused!(verdict(xml).await, Error::SessionOver);
    }
    let later = Answer::with(|a| a.authn_statements = vec![statement("2026-03-01T17:00:00Z")]);
    let identity = verdict(later.xml()).await.unwrap();
    assert_eq!(identity.session_not_on_or_after, Some(datetime!(2026-03-01 17:00 UTC)));
}

#[tokio::test]
async fn an_old_answer_is_refused() {
    let gateway = Gateway::new();
    *gateway.clock.0.lock().unwrap() = NOW + Duration::HOUR;
    assert_eq!(code(gateway.verify(Answer::default().xml()).await), "saml.expired");
}
