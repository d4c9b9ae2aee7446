//! Drafts of the rules, tried on people. Nothing is saved, and nothing is put in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::comparison::{self, compare};
use super::explanation::View;
use super::{Admin, form_of_ours};
use crate::admin::{Comparison, Preview, Subject, Tried, Unusable};
use crate::audit::Event;
use crate::model::{Brand, IdpName, InstanceName, Problem, code};
use crate::sign_in::ConsoleView;
use crate::web::headers::Csp;
use crate::web::refusal::Refusal;
use crate::web::{WebState, pages};

/// The page, before and after a preview.
#[derive(Template)]
#[template(path = "admin/playground.html")]
struct Playground<'a> {
    site: &'a Brand,
    here: &'static str,
    token: &'a str,
    view: ConsoleView,
    asked: Asked,
    remembered: usize,
    shown: Option<Shown>,
}

/// What the form says.
#[derive(Default)]
struct Asked {
    draft: String,
    on: String,
    attributes: String,
    idp: String,
    instance: String,
}

/// What came of a preview.
struct Shown {
    problems: Vec<String>,
    /// What is wrong with the pasted attributes.
    pasted: Option<String>,
    warnings: Vec<Problem>,
    failed_tests: Vec<Problem>,
    compared: Option<Compared>,
    explanation: Option<View>,
    comparison: Option<comparison::Comparison>,
}

/// Recent sign-ins, by the rules in force and by the draft.
struct Compared {
    /// Before, after, how many.
    counts: Vec<(&'static str, &'static str, usize)>,
    changed: Vec<Comparison>,
    unchanged: usize,
}

/// `GET /admin/playground`: the rules of the file, to begin with.
pub(super) async fn page(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let asked = Asked { draft: admin.console.written().await, on: "recent".to_owned(), ..Asked::default() };
    render(&admin, &web, asked, None)
}

/// `POST /admin/playground`: what the draft would do. A form of ours, of this session.
pub(super) async fn preview(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let names = ["draft", "on", "attributes", "idp", "instance", "connect"];
    let [draft, mut on, attributes, idp, instance, connect] =
        form_of_ours(&admin, &web, &headers, body, names).await?;
    let compares = !connect.is_empty();
    if compares {
        "pasted".clone_into(&mut on);
    }
    let asked = Asked { draft, on, attributes, idp, instance };
    let preview = admin.console.preview(asked.draft.clone(), subject(&asked), web.sign_in.rules()).await;
    let comparison = match &preview {
        Ok(Preview { tried: Tried::Explained(explanation), .. }) if compares => {
            compare(&web, &InstanceName::new(&asked.instance), explanation).await
        }
        _ => None,
    };
    let mut shown = shown(preview)?;
    shown.comparison = comparison;
    render(&admin, &web, asked, Some(shown))
}

fn subject(asked: &Asked) -> Subject {
    if asked.on != "pasted" {
        return Subject::RecentSignIns;
    }
    Subject::Pasted {
        attributes: asked.attributes.clone(),
        idp: IdpName::new(&asked.idp),
        instance: InstanceName::new(&asked.instance),
    }
}

fn render(admin: &Admin, web: &WebState, asked: Asked, shown: Option<Shown>) -> Result<Response, Refusal> {
    let page = Playground {
        site: &web.site.brand,
        here: "playground",
        token: &admin.form_token,
        view: web.sign_in.console_view(),
        asked,
        remembered: admin.console.sign_ins().len(),
        shown,
    };
    let mut response = pages::page(&page, &Csp::form_to_self())?;
    // Without a referrer, browsers send `Origin: null` with the form, and we could not tell whose it is.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

fn shown(preview: Result<Preview, Unusable>) -> Result<Shown, Refusal> {
    let mut shown = Shown {
        problems: Vec::new(),
        pasted: None,
        warnings: Vec::new(),
        failed_tests: Vec::new(),
        compared: None,
        explanation: None,
        comparison: None,
    };
    match preview {
        Ok(Preview { warnings, failed_tests, tried }) => {
            (shown.warnings, shown.failed_tests) = (warnings, failed_tests);
            match tried {
                Tried::Compared(all) => shown.compared = Some(compared(all)),
                Tried::Explained(explanation) => shown.explanation = Some(View::new(*explanation)),
            }
        }
        Err(Unusable::Draft(problems)) => shown.problems = problems.iter().map(ToString::to_string).collect(),
        Err(Unusable::Pasted(why)) => shown.pasted = Some(why),
        Err(Unusable::Stopped) => {
            let refusal = Refusal::new(&code::GATEWAY_INTERNAL, "a preview stopped unexpectedly");
            return Err(refusal.during(Event::Console));
        }
    }
    Ok(shown)
}

fn compared(all: Vec<Comparison>) -> Compared {
    let mut counts: BTreeMap<(&'static str, &'static str), usize> = BTreeMap::new();
    for comparison in &all {
        *counts.entry((comparison.before, comparison.after)).or_default() += 1;
    }
    let (changed, unchanged): (Vec<_>, Vec<_>) = all.into_iter().partition(Comparison::is_changed);
    Compared {
        counts: counts.into_iter().map(|((before, after), count)| (before, after, count)).collect(),
        changed,
        unchanged: unchanged.len(),
    }
}
