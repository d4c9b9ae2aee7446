//! What there is, and what an administrator should look at.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use time::OffsetDateTime;

use super::Admin;
use super::directory::age;
use crate::admin::SignInRecord;
use crate::model::{Brand, CallUse, Problem, RulesState};
use crate::sign_in::{ConsoleView, IdpView};
use crate::web::WebState;
use crate::web::boundary::day;
use crate::web::headers::Csp;
use crate::web::pages;
use crate::web::refusal::Refusal;

/// The overview.
#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Overview<'a> {
    site: &'a Brand,
    here: &'static str,
    view: ConsoleView,
    rules: usize,
    rule_warnings: Vec<Problem>,
    state: RulesState,
    outcomes: BTreeMap<&'static str, usize>,
    now: OffsetDateTime,
}

/// `GET /admin`
pub(super) async fn page(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let rules = web.sign_in.rules();
    let page = Overview {
        site: &web.site.brand,
        here: "overview",
        view: web.sign_in.console_view(),
        rules: rules.count(),
        rule_warnings: rules.warnings().to_vec(),
        state: web.rules_state.read().unwrap_or_else(PoisonError::into_inner).clone(),
        outcomes: counted(&admin.console.sign_ins()),
        now: web.site.clock.now(),
    };
    pages::page(&page, &Csp::default())
}

/// How many sign-ins ended in each way. Tests are none.
pub(super) fn counted(sign_ins: &[Arc<SignInRecord>]) -> BTreeMap<&'static str, usize> {
    let mut counted = BTreeMap::new();
    for sign_in in sign_ins.iter().filter(|sign_in| sign_in.test.is_none()) {
        *counted.entry(sign_in.outcome.id()).or_insert(0) += 1;
    }
    counted
}

impl Overview<'_> {
    fn until(idp: &IdpView) -> String {
        if !idp.has_metadata {
            return "not read yet".to_owned();
        }
        idp.metadata_until.map_or_else(|| "no end".to_owned(), day)
    }

    fn rate(used: &CallUse) -> String {
        format!("{:.1}", used.per_second)
    }

    fn age(&self, read_at: &OffsetDateTime) -> String {
        age(self.now - *read_at)
    }

    fn keys(idp: &IdpView) -> String {
        idp.keys_end.map_or_else(|| "unknown".to_owned(), day)
    }
}
