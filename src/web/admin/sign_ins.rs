//! Recent sign-ins: all of them, and one with the reasons for what became of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};

use super::comparison::{Comparison, compare};
use super::explanation::{RuleRow, View, rows};
use super::overview::counted;
use super::{Admin, unavailable};
use crate::admin::{Outcome, SignInRecord, as_pasted};
use crate::audit::Event;
use crate::model::{Brand, Code, Finding, code};
use crate::web::WebState;
use crate::web::boundary::utc;
use crate::web::headers::Csp;
use crate::web::pages;
use crate::web::refusal::Refusal;
use crate::web::start::parameter;

/// The list.
#[derive(Template)]
#[template(path = "admin/sign_ins.html")]
struct List<'a> {
    site: &'a Brand,
    here: &'static str,
    /// What is looked for.
    support_id: String,
    outcome: String,
    outcomes: Vec<&'static str>,
    total: usize,
    sign_ins: Vec<Line>,
}

/// One line of the list.
struct Line {
    at: String,
    support_id: String,
    idp: String,
    instance: String,
    outcome: &'static str,
    is_test: bool,
}

/// What the list of outcomes calls tests: what they came to is no sign-in's end.
const TEST: &str = "test";

/// One sign-in.
#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct One<'a> {
    site: &'a Brand,
    here: &'static str,
    line: Line,
    /// Why it was refused: the code, the cause, and who must act.
    refused: Option<(&'static Code, String, String)>,
    /// Whether the identity provider's word is there.
    has_attributes: bool,
    findings: Vec<Finding>,
    then: Vec<RuleRow>,
    /// By the rules in force now; `None` when it named no person or no instance.
    now: Option<View>,
    /// Its user in Amazon Connect, when that was asked for.
    comparison: Option<Comparison>,
    /// What asks for it anew: a link to the address of the page would only scroll.
    again: u32,
}

/// `GET /admin/sign-ins[?support_id=][&outcome=]`
pub(super) async fn list(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let wanted = |name| parameter(query.as_deref(), name).unwrap_or_default().trim().to_owned();
    let (support_id, outcome) = (wanted("support_id"), wanted("outcome"));
    let sign_ins = admin.console.sign_ins();
    let found = sign_ins.iter().filter(|sign_in| {
        let id = sign_in.support_id.as_str();
        id.contains(&support_id.to_ascii_uppercase()) && (outcome.is_empty() || ended(sign_in) == outcome)
    });
    let has_tests = sign_ins.iter().any(|sign_in| sign_in.test.is_some());
    let page = List {
        site: &web.site.brand,
        here: "sign-ins",
        outcomes: counted(&sign_ins).into_keys().chain(has_tests.then_some(TEST)).collect(),
        total: sign_ins.len(),
        sign_ins: found.map(|sign_in| line(sign_in)).collect(),
        support_id,
        outcome,
    };
    pages::page(&page, &Csp::form_to_self())
}

/// `GET /admin/sign-ins/{support id}[?connect=1]`
pub(super) async fn one(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    Path(support_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let sign_in = found(&admin, &support_id)?;
    let now = admin.console.explain(Arc::clone(&sign_in), web.sign_in.rules()).await;
    let now = now.map_err(|why| unavailable(&why))?;
    let connect = parameter(query.as_deref(), "connect");
    let comparison = match (&now, &sign_in.instance) {
        (Some(now), Some(instance)) if connect.is_some() => compare(&web, instance, now).await,
        _ => None,
    };
    let page = One {
        site: &web.site.brand,
        here: "sign-ins",
        line: line(&sign_in),
        refused: match &sign_in.outcome {
            Outcome::LetIn => None,
            Outcome::Refused(code, cause) => {
                Some((code, cause.clone(), web.site.brand.words.who(code).to_string()))
            }
        },
        has_attributes: sign_in.identity.is_some(),
        findings: sign_in.findings.clone(),
        then: rows(&sign_in.trace),
        now: now.map(View::new),
        comparison,
        again: connect.and_then(|times| times.parse::<u32>().ok()).unwrap_or(0).wrapping_add(1),
    };
    pages::page(&page, &Csp::default())
}

/// `GET /admin/sign-ins/{support id}/attributes.json`: what the identity provider said, for `mapping explain
/// --attributes` on another machine.
pub(super) async fn attributes(admin: Admin, Path(support_id): Path<String>) -> Result<Response, Refusal> {
    let sign_in = found(&admin, &support_id)?;
    let identity = sign_in.identity.as_ref().ok_or_else(|| unknown("the sign-in named no person"))?;
    let name = format!("attachment; filename=\"{}.json\"", sign_in.support_id);
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_DISPOSITION, &name)];
    Ok((headers, as_pasted(identity)).into_response())
}

fn found(admin: &Admin, support_id: &str) -> Result<Arc<SignInRecord>, Refusal> {
    admin.console.sign_in(support_id).ok_or_else(|| unknown("no such sign-in is remembered"))
}

fn unknown(cause: &str) -> Refusal {
    Refusal::new(&code::WEB_NOT_FOUND, cause).during(Event::Console).signed_in()
}

fn ended(sign_in: &SignInRecord) -> &'static str {
    if sign_in.test.is_some() { TEST } else { sign_in.outcome.id() }
}

fn line(sign_in: &SignInRecord) -> Line {
    let text = |name: Option<String>| name.unwrap_or_else(|| "-".to_owned());
    Line {
        at: utc(sign_in.at),
        support_id: sign_in.support_id.to_string(),
        idp: text(sign_in.idp.as_ref().map(ToString::to_string)),
        instance: text(sign_in.instance.as_ref().map(ToString::to_string)),
        outcome: sign_in.outcome.id(),
        is_test: sign_in.test.is_some(),
    }
}
