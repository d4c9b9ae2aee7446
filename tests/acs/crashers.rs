//! What fuzzing found, kept.

use connect_gateway::saml::{Error, Rule};

use crate::gateway::{assert_refused, verdict};
use crate::idp::{Answer, attribute};

#[tokio::test]
async fn a_line_break_inside_an_attribute_is_refused_before_the_engines_disagree() {
    for white in ["\n", "\r\n", "\r", "\t"] {
        let answer = Answer::with(|a| a.attributes = attribute(&format!("job{white}title"), &["agent"]));
        assert_refused!(verdict(answer.xml()).await, Error::Forbidden(Rule::AttributeValue));
    }
    let plain = Answer::with(|a| a.attributes = attribute("job title", &["agent"]));
    assert!(verdict(plain.xml()).await.is_ok());
}
