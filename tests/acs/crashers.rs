//! What fuzzing found, kept.

use crate::back_channel::{House, Reply, envelope, xml};
use crate::gateway::assert_alice;
use crate::idp::{Answer, IDP, Sign, attribute};

/// Engine B keeps a tab in an attribute's value, engine A makes a space of it: both must be shown a space.
#[tokio::test]
async fn tabs_and_line_breaks_in_what_an_artifact_stands_for_are_read_as_spaces() {
    let groups = attribute("groups", &["agents", "supervisors"]);
    let attributes = [attribute("job title", &["agent"]), groups].concat();
    let answer = Answer { sign: Sign::Nothing, attributes, ..Answer::default() }.xml();
    let signed = Reply { key: Some(&IDP), ..Reply::with(&answer) };
    for white in ["\t", "\n", "\r\n", "\r"] {
        let (signed, white) = (signed.clone(), format!("job{white}title"));
        let house = House::new(move |id| xml(envelope(&signed.xml(id)).replace("job title", &white))).await;
        assert_alice(house.verify().await);
    }
}
