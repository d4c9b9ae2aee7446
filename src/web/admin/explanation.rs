//! A decision in three blocks: what was received, what each rule made of it, the result.

use crate::admin::{Explanation, Told};
use crate::model::{Denial, Trace};

/// The three blocks.
pub(super) struct View {
    pub(super) received: Vec<Row>,
    pub(super) unused: Vec<String>,
    pub(super) rules: Vec<RuleRow>,
    pub(super) fields: Vec<Told>,
    pub(super) denial: Option<Denial>,
}

/// One field of what was received.
pub(super) struct Row {
    pub(super) field: &'static str,
    pub(super) values: Vec<String>,
    /// Where it was; or where it was looked for.
    pub(super) places: String,
}

/// One rule's part.
pub(super) struct RuleRow {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) outcome: &'static str,
    pub(super) why: String,
}

impl View {
    pub(super) fn new(explanation: Explanation) -> Self {
        let fields = explanation.fields();
        let received = explanation.received.into_iter().map(|received| Row {
            field: received.field,
            places: match received.from {
                Some(from) => format!("from {from}"),
                None => format!("nothing in {}", received.looked_for.join(", ")),
            },
            values: received.values,
        });
        Self {
            received: received.collect(),
            unused: explanation.unused,
            rules: rows(&explanation.placed.trace),
            denial: explanation.placed.outcome.err(),
            fields,
        }
    }
}

/// The rules in the order they were tried.
pub(super) fn rows(trace: &Trace) -> Vec<RuleRow> {
    let row = |(index, entry): (usize, &crate::model::TraceEntry)| RuleRow {
        number: index + 1,
        name: entry.rule.clone(),
        outcome: entry.outcome.word(),
        why: entry.why.clone(),
    };
    trace.0.iter().enumerate().map(row).collect()
}
