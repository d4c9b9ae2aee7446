//! The answer itself, for instances whose credentials come from it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{OriginalAnswer, Unreadable};
use connect_gateway::saml::VerifiedAssertion;
use time::macros::datetime;

use crate::artifact::answer;
use crate::back_channel::{House, Reply, artifact};
use crate::encryption::{SIGNED, signed, with_keys};
use crate::encryptor::{Encryption, OURS};
use crate::gateway::{Gateway, pending};
use crate::idp::{Answer, ENTITY_ID, IDP, Sign, encode};

fn for_aws(verified: VerifiedAssertion) -> Result<OriginalAnswer, Unreadable> {
    verified.into_parts().1
}

#[tokio::test]
async fn a_posted_answer_goes_on_as_it_came_but_for_line_breaks() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let field = encode(Answer { sign, ..Answer::default() }.xml());
        let lines: Vec<_> = field.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
        let verified = Gateway::new().saml.verify(lines.join("\r\n"), &pending()).await.unwrap();
        let answer = for_aws(verified).unwrap();
        assert_eq!(answer.expose(), field);
        assert_eq!(
            answer.good_until(),
            datetime!(2026-03-01 09:34:55.123 UTC),
            "five minutes after it was issued"
        );
    }
}

#[tokio::test]
async fn an_encrypted_answer_is_for_the_gateway_alone() {
    for sign in SIGNED {
        let gateway = with_keys(&[&OURS], false).unwrap();
        let field = encode(Encryption::default().of(&signed(sign)));
        let verified = gateway.saml.verify(field, &pending()).await.unwrap();
        assert_eq!(for_aws(verified).unwrap_err(), Unreadable::Encrypted);
    }
}

#[tokio::test]
async fn an_answer_by_artifact_goes_on_when_something_inside_the_envelope_is_signed() {
    let brought = async |reply: Reply| {
        let house = House::replying(reply).await;
        house.gateway.saml.verify_artifact(&artifact(ENTITY_ID, 3), &pending()).await.unwrap()
    };
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        for key in [None, Some(&*IDP)] {
            let inside = for_aws(brought(Reply { key, ..Reply::with(&answer(sign)) }).await).unwrap();
            let xml = String::from_utf8(STANDARD.decode(inside.expose()).unwrap()).unwrap();
            assert!(xml.contains("<samlp:Response") && !xml.contains("ArtifactResponse"), "{xml}");
        }
    }
    let around = Reply { key: Some(&IDP), ..Reply::with(&answer(Sign::Nothing)) };
    assert_eq!(for_aws(brought(around).await).unwrap_err(), Unreadable::Unsigned);
}
