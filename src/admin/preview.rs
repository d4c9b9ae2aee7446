//! A draft of the rules, tried on sign-ins that were and on people who are made up. Nothing is put in force.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::mapping::{Explanation, Rules, Told, explain, pasted};
use crate::model::{IdpName, InstanceName, Problem, Username};

use super::{Drafts, SignInRecord};

/// The outcome that is no code.
pub(super) const LET_IN: &str = "let_in";

/// How long a comparison may take; sign-ins go first all the while.
const LONGEST_COMPARISON: Duration = Duration::from_secs(10);

/// Whom a draft is tried on.
pub enum Subject {
    /// Everybody who signed in recently.
    RecentSignIns,
    /// A made-up person.
    Pasted {
        /// Attributes as JSON.
        attributes: String,
        /// The identity provider that is to have sent them.
        idp: IdpName,
        /// Where the person is on the way to.
        instance: InstanceName,
    },
}

/// What a draft would do.
pub struct Preview {
    /// Rules that can't do anything.
    pub warnings: Vec<Problem>,
    /// Its own examples that come out differently.
    pub failed_tests: Vec<Problem>,
    /// What it makes of whom it was tried on.
    pub tried: Tried,
    /// The draft itself, compiled.
    pub rules: Rules,
}

/// What a draft makes of whom it was tried on.
pub enum Tried {
    /// Of recent sign-ins, changed ones first.
    Compared(Vec<Comparison>),
    /// Of one made-up person.
    Explained(Box<Explanation>),
}

/// One sign-in by the rules in force and by the draft.
pub struct Comparison {
    /// The sign-in.
    pub sign_in: Arc<SignInRecord>,
    /// By the rules in force: `let_in`, or the code.
    pub before: &'static str,
    /// By the draft.
    pub after: &'static str,
    /// Whom the rules in force let in.
    pub let_in: Option<Username>,
    /// The fields that differ.
    pub changes: Vec<FieldChange>,
}

/// A field that differs. What is `None` is set by no rule.
pub struct FieldChange {
    /// The field.
    pub name: &'static str,
    /// By the rules in force.
    pub before: Option<String>,
    /// By the draft.
    pub after: Option<String>,
}

impl Comparison {
    /// Whether the draft refuses whom the rules in force let in.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        self.let_in.is_some() && self.after != LET_IN
    }

    /// Whether the draft makes a difference.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.before != self.after || !self.changes.is_empty()
    }
}

/// Why there is no preview.
#[derive(Debug)]
pub enum Unusable {
    /// The draft can't be used.
    Draft(Vec<Problem>),
    /// The pasted attributes can't be read.
    Pasted(String),
    /// Others compute.
    Busy,
    /// The computation stopped.
    Stopped,
}

pub(super) fn preview(
    drafts: &dyn Drafts,
    draft: &str,
    subject: &Subject,
    sign_ins: Vec<Arc<SignInRecord>>,
    rules: &Rules,
) -> Result<Preview, Unusable> {
    let draft = drafts.compile(draft).map_err(Unusable::Draft)?;
    let tried = match subject {
        Subject::RecentSignIns => {
            Tried::Compared(compared(sign_ins, rules, &draft).map_err(Unusable::Draft)?)
        }
        Subject::Pasted { attributes, idp, instance } => {
            let person = pasted(idp.clone(), attributes).map_err(Unusable::Pasted)?;
            Tried::Explained(Box::new(explain(&person, instance, &draft)))
        }
    };
    let (warnings, failed_tests) = (draft.warnings().to_vec(), draft.failed_tests());
    Ok(Preview { warnings, failed_tests, tried, rules: draft })
}

/// What `rules` make of a sign-in; `None` when it named no person or no instance.
pub(super) fn explained(sign_in: &SignInRecord, rules: &Rules) -> Option<Explanation> {
    Some(explain(sign_in.identity.as_ref()?, sign_in.instance.as_ref()?, rules))
}

/// Everybody of `sign_ins` by both; newest first, for as long as it may take.
///
/// # Errors
/// When that is too long: what was not tried is not known.
pub(super) fn compared(
    sign_ins: Vec<Arc<SignInRecord>>,
    rules: &Rules,
    draft: &Rules,
) -> Result<Vec<Comparison>, Vec<Problem>> {
    let until = Instant::now() + LONGEST_COMPARISON;
    let compare = |sign_in: Arc<SignInRecord>| {
        let (before, after) = (explained(&sign_in, rules)?, explained(&sign_in, draft)?);
        let changes = changes(&before.fields(), &after.fields());
        let let_in = before.placed.outcome.as_ref().ok().map(|placement| placement.username.clone());
        Some(Comparison { before: outcome(&before), after: outcome(&after), let_in, changes, sign_in })
    };
    let mut compared = Vec::new();
    for sign_in in sign_ins {
        if Instant::now() > until {
            let message = "takes too long to be tried on the recent sign-ins: compare groups with `groups` or a `lookup` where that is enough";
            return Err(vec![Problem::new("mapping", message)]);
        }
        compared.extend(compare(sign_in));
    }
    compared.sort_by_key(|comparison| !comparison.is_changed());
    Ok(compared)
}

fn outcome(explanation: &Explanation) -> &'static str {
    explanation.placed.outcome.as_ref().map_or_else(|denial| denial.code.id, |_| LET_IN)
}

/// None where one of them refuses: that says it all.
fn changes(before: &[Told], after: &[Told]) -> Vec<FieldChange> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let of = |fields: &[Told], name| {
        fields.iter().find(|field| field.name == name).map(|field| field.value.clone())
    };
    let mut names: Vec<&'static str> = before.iter().chain(after).map(|field| field.name).collect();
    names.sort_unstable();
    names.dedup();
    let change = |name| FieldChange { name, before: of(before, name), after: of(after, name) };
    names.into_iter().map(change).filter(|change| change.before != change.after).collect()
}
