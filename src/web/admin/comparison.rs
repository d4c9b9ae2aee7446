//! A person's user in Amazon Connect, before and after a sign-in.

use super::trouble::Trouble;
use crate::admin::Explanation;
use crate::audit;
use crate::model::{Blamed as _, Code, InstanceName};
use crate::sign_in::{Fate, Preview};
use crate::web::WebState;

/// What is there and what would change, or why nobody can tell.
pub(super) type Comparison = Result<Compared, Trouble>;

/// What is there and what would change.
pub(super) struct Compared {
    /// Name and id.
    pub(super) user: Option<(String, String)>,
    /// Why the sign-in would be refused: the code and the cause.
    pub(super) refused: Option<(&'static Code, String)>,
    pub(super) rows: Vec<Row>,
    pub(super) calls: Vec<&'static str>,
}

/// One field.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) now: Option<String>,
    pub(super) after: Option<String>,
    pub(super) fate: String,
    pub(super) changes: bool,
    /// The rules that set it.
    pub(super) from: String,
}

/// Asks Amazon Connect; none for somebody whom the rules refuse.
pub(super) async fn compare(
    web: &WebState,
    instance: &InstanceName,
    explanation: &Explanation,
) -> Option<Comparison> {
    let placement = explanation.placed.outcome.as_ref().ok()?;
    let preview = web.sign_in.preview(instance, placement).await;
    Some(preview.map(|preview| told(preview, explanation)).map_err(|error| Trouble::of(&error)))
}

fn told(preview: Preview, explanation: &Explanation) -> Compared {
    let ruled = explanation.fields();
    let from = |name: &str| ruled.iter().find(|field| field.name == name).map(|field| field.from.join(" + "));
    let rows = preview.fields.into_iter().map(|field| Row {
        from: from(field.name).unwrap_or_default(),
        fate: field.fate.to_string(),
        changes: field.fate == Fate::Change,
        name: field.name,
        now: field.now,
        after: field.after,
    });
    Compared {
        user: preview.user.map(|(name, id)| (name, id.to_string())),
        refused: preview.refused.map(|error| (error.code(), audit::cause(&error))),
        rows: rows.collect(),
        calls: preview.calls,
    }
}
