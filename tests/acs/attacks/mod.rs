//! Attacks that are known by name. Each test carries the number of its row in docs/attacks.md.

mod keys;
mod listed;
mod namespaces;
mod parsers;
mod protocol;
mod references;
mod wrapping;

use connect_gateway::model::{Blame, Blamed as _};

use crate::gateway::verdict;

/// Refused, with a code of SAML's that lays it at the sender's door.
async fn assert_hostile(what: &str, xml: impl AsRef<[u8]>) {
    let outcome = verdict(xml).await;
    let refusal = outcome.map(|_| what).unwrap_err();
    let code = refusal.code();
    assert!(code.id.starts_with("saml.") && code.blame != Blame::Gateway, "{what}: {refusal}");
}

/// The element from its start tag to its end tag.
fn cut<'a>(xml: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    &xml[xml.find(&format!("<{name} ")).unwrap()..xml.rfind(&end).unwrap() + end.len()]
}
