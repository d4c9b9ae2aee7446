//! One line for each thing that a person did or that was refused, with the cause that no browser sees.
//!
//! Lines go to the log, or to a stream of their own, under the target `audit`. They hold names from the configuration,
//! codes and causes; never an attribute value, a token, a key or a cookie. Who it was they say as far as
//! [`PersonalData`](crate::model::PersonalData) lets them: by default not at all.

mod chain;
mod verify;

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;

pub use chain::{Chain, Link};
pub use verify::{Begins, Break, Verified, verify};

use crate::model::{Blame, Code, Finding, IdpName, InstanceName, Problem, Random, SupportId, Trace};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A browser left for the identity provider.
    Start,
    /// An identity provider's answer.
    SignIn,
    /// A way into an instance.
    HandOff,
    /// The end of a session.
    SignOut,
    /// A message of single logout, from or for an identity provider.
    Logout,
    /// A test sign-in, which signed nobody in.
    Test,
    /// A link to one, made for somebody else.
    TestLink,
    /// A look at the console.
    Console,
    /// Rules that somebody publishes.
    Rules,
    /// A request that belongs to none of these.
    Request,
}

impl Event {
    /// Its name in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::SignIn => "sign_in",
            Self::HandOff => "hand_off",
            Self::SignOut => "sign_out",
            Self::Logout => "logout",
            Self::Test => "test",
            Self::TestLink => "test_link",
            Self::Console => "console",
            Self::Rules => "rules",
            Self::Request => "request",
        }
    }
}

/// One audit line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// What happened.
    pub event: Event,
    /// What the person can read to support.
    pub support_id: &'a SupportId,
    /// The identity provider concerned.
    pub idp: Option<&'a IdpName>,
    /// The instance concerned.
    pub instance: Option<&'a InstanceName>,
    /// Why it was refused, when it was: the code and the cause.
    pub refused: Option<(&'static Code, &'a str)>,
    /// The rules that decided, when they did.
    pub trace: Option<&'a Trace>,
    /// What a refused message said, point by point.
    pub findings: &'a [Finding],
}

/// Who it was, as far as the configuration lets that be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The subject that the identity provider named.
    pub subject: Option<String>,
    /// The user name in Amazon Connect.
    pub user: Option<String>,
    /// Whether it was refused before it was known who asked: anybody can make the gateway write such lines, as many as they
    /// like, so they are the first that are lost.
    pub anonymous: bool,
}

tokio::task_local! {
    /// Where the request came from that this task answers.
    static CLIENT_ADDRESS: Option<String>;
}

/// Runs `work`, whose audit lines say that it was asked for from `client_address`: every line of a request has it, and
/// no route can forget it.
pub async fn from_address<T>(client_address: Option<String>, work: impl Future<Output = T>) -> T {
    CLIENT_ADDRESS.scope(client_address, work).await
}

/// [`record_of`] nobody in particular.
pub fn record(line: &Line<'_>) {
    record_of(&Who::default(), line);
}

/// Writes the line: an error when the gateway itself is to blame, else information.
pub fn record_of(who: &Who, line: &Line<'_>) {
    let (subject, user) = (who.subject.as_deref().map(clean), who.user.as_deref().map(clean));
    let client_address = CLIENT_ADDRESS.try_with(Clone::clone).ok().flatten();
    let event = line.event.as_str();
    let support_id = line.support_id.as_str();
    let idp = line.idp.map_or(String::new(), |name| clean(name.as_str()));
    let instance = line.instance.map_or(String::new(), |name| clean(name.as_str()));
    let rules = line.trace.map_or(String::new(), rules);
    match line.refused {
        None => {
            tracing::info!(target: "audit", event, support_id, idp, instance, rules, subject, user, client_address, "ok");
        }
        Some((code, cause)) => {
            let (id, blame, cause) = (code.id, code.blame.word(), clean(cause));
            let (findings, anonymous) = (findings(line.findings), who.anonymous.then_some(true));
            if code.blame == Blame::Gateway {
                tracing::error!(target: "audit", event, code = id, blame, support_id, idp, instance, rules, cause, findings, subject, user, client_address, anonymous, "refused");
            } else {
                tracing::info!(target: "audit", event, code = id, blame, support_id, idp, instance, rules, cause, findings, subject, user, client_address, anonymous, "refused");
            }
        }
    }
}

/// The error and what is beneath it, in one line.
#[must_use]
pub fn cause(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let words = source.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        next = source.source();
    }
    text
}

/// Twelve characters of Crockford's base32 in three groups: 60 bits, easy to read out.
#[must_use]
pub fn support_id(random: &dyn Random) -> SupportId {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0_u8; 12];
    random.fill(&mut bytes);
    let text: Vec<char> = bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte & 31)])).collect();
    SupportId::new(text.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// AWS says something else of an instance than before.
pub fn instance(instance: &InstanceName, standing: &'static str, warning: Option<&str>) {
    let instance = instance.as_str();
    match warning.map(clean) {
        None => tracing::info!(target: "audit", event = "instance", instance, standing, "looked at"),
        Some(cause) => {
            tracing::warn!(target: "audit", event = "instance", instance, standing, cause, "look at this instance");
        }
    }
}

/// Other rules are in force; `warnings` are of rules that probably don't do what was meant.
pub fn rules_replaced(count: usize, needs_restart: bool, warnings: &[Problem]) {
    for warning in warnings {
        let warning = clean(&warning.to_string());
        tracing::warn!(target: "audit", event = "rules", warning, "look at this rule");
    }
    tracing::info!(target: "audit", event = "rules", rules = count, needs_restart, "replaced");
}

/// Somebody published rules as this version, which took the place of `base`.
pub fn rules_published(support_id: &SupportId, idp: &IdpName, version: u32, digest: &str, base: &str) {
    let (support_id, idp) = (support_id.as_str(), idp.as_str());
    tracing::info!(target: "audit", event = "rules", support_id, idp, version, digest, base, "published");
}

/// Rules that somebody wanted to publish were not: the file and the rules in force are as they were.
pub fn rules_refused(support_id: &SupportId, idp: &IdpName, digest: &str, cause: &str) {
    let (support_id, idp, cause) = (support_id.as_str(), idp.as_str(), clean(cause));
    tracing::info!(target: "audit", event = "rules", support_id, idp, digest, cause, "refused");
}

/// Versions that were too old to be kept are gone.
pub fn rules_pruned(support_id: &SupportId, count: usize) {
    let support_id = support_id.as_str();
    tracing::info!(target: "audit", event = "rules", support_id, count, "pruned: old versions are gone");
}

/// A question at the control socket, and who asked: a user id of this machine.
pub fn control(question: &'static str, uid: u32, refused: Option<&str>) {
    match refused {
        None => tracing::info!(target: "audit", event = "control", question, uid, "ok"),
        Some(cause) => {
            let cause = clean(cause);
            tracing::info!(target: "audit", event = "control", question, uid, cause, "refused");
        }
    }
}

/// The audit file did not end with a line of its chain when the gateway started: told there and in the log.
pub fn chain_broken() {
    let cause = "the audit file's last line does not hold: it was changed, made up or cut off, is older than audit.chain, or the key is another";
    tracing::error!(target: "audit", event = chain::BROKEN, cause, "broken: a chain begins anew");
    tracing::error!(cause, "audit.chain begins anew: keep the file, and ask connect-gateway audit verify");
}

/// The file's rules can't be used: the old ones stay in force.
pub fn rules_kept(problems: &[Problem]) {
    let problems: Vec<String> = problems.iter().map(|problem| clean(&problem.to_string())).collect();
    tracing::error!(target: "audit", event = "rules", problems = problems.join("; "), "kept: the file can't be used");
}

/// Rule names and outcomes as JSON.
fn rules(trace: &Trace) -> String {
    let rules: Vec<_> = trace.0.iter().map(|entry| (&entry.rule, entry.outcome)).collect();
    serde_json::to_string(&rules).unwrap_or_default()
}

/// The points as JSON; nothing when there are none.
fn findings(findings: &[Finding]) -> Option<String> {
    if findings.is_empty() { None } else { serde_json::to_string(findings).ok() }
}

/// Text that may come from a request can't break the line or fill the log.
fn clean(text: &str) -> String {
    const MOST: usize = 500;
    text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RuleOutcome, SystemRandom, TraceEntry};

    #[test]
    fn a_support_id_is_three_groups_that_are_easy_to_read_out() {
        let id = support_id(&SystemRandom);
        let groups: Vec<&str> = id.as_str().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4]);
        assert!(!id.as_str().contains(['I', 'L', 'O', 'U']), "{id}");
        assert_ne!(id, support_id(&SystemRandom));
    }

    #[test]
    fn the_cause_names_what_is_beneath_an_error_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("reading the file: {0}")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("disk gone"));
        assert_eq!(cause(&error), "reading the file: disk gone");
    }

    #[test]
    fn a_request_can_not_forge_a_second_line() {
        assert_eq!(clean("prod\n{\"event\":\"sign_in\"}"), "prod\u{fffd}{\"event\":\"sign_in\"}");
        assert_eq!(clean(&"x".repeat(9_000)).len(), 500);
    }

    #[test]
    fn a_rule_trace_is_written_as_names_and_outcomes() {
        let trace = Trace(vec![TraceEntry::new("agents", RuleOutcome::Hit, "group agents")]);
        assert_eq!(rules(&trace), r#"[["agents","hit"]]"#);
    }
}
