//! What fuzzing found, kept.

use connect_gateway::saml::{Error, Rule};

use crate::gateway::{assert_refused, verdict};
use crate::idp::{Answer, attribute};

#[tokio::test]
async fn a_line_break_inside_an_attribute_is_refused_before_the_engines_disagree() {
    let plain = Answer::with(|a| a.attributes = attribute("job title", &["agent"])).xml();
    assert!(verdict(&plain).await.is_ok());
    for white in ["\n", "\r\n", "\r", "\t"] {
        let broken = plain.replace("job title", &format!("job{white}title"));
        assert_refused!(verdict(broken).await, Error::Forbidden(Rule::AttributeValue));
    }
}
