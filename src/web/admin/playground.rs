//! Drafts of the rules, tried on people. Nothing is put in force here: a draft can be downloaded, or published from the
//! form below its preview.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use super::comparison::{self, compare};
use super::diff::{PlaceView, places};
use super::explanation::View;
use super::{Admin, form_of_ours, unavailable};
use crate::admin::{
    Comparison, Digest, Draft, LONGEST_WHY, Meanwhile, Preview, Risk, Subject, Tried, Unusable, unix_lines,
};
use crate::audit::Event;
use crate::model::{Brand, IdpName, InstanceName, Problem, code};
use crate::sign_in::ConsoleView;
use crate::web::refusal::Refusal;
use crate::web::start::parameter;
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
    may_publish: bool,
    longest_why: usize,
    /// Why nothing was published.
    said: Option<Said>,
    meanwhile: Option<Changed>,
}

/// What the form says.
#[derive(Default)]
pub(super) struct Asked {
    draft: String,
    /// The digest of the file when the draft began.
    base: String,
    why: String,
    on: String,
    attributes: String,
    idp: String,
    instance: String,
    /// Whether Amazon Connect is asked too.
    connects: bool,
}

impl Asked {
    /// The form's part of what was to be published.
    pub(super) fn to_publish(draft: &Draft) -> Self {
        let (text, base, why) = (draft.text.clone(), draft.base.to_string(), draft.why.clone());
        Self { draft: text, base, why, on: "recent".to_owned(), ..Self::default() }
    }
}

/// Why nothing was published.
pub(super) struct Said {
    pub(super) words: String,
    pub(super) problems: Vec<String>,
}

/// The file changed since the draft began.
struct Changed {
    /// How; `None` when nobody kept what it was.
    places: Option<Vec<PlaceView>>,
}

/// What came of a preview.
#[derive(Default)]
struct Shown {
    problems: Vec<String>,
    /// What is wrong with the pasted attributes.
    pasted: Option<String>,
    warnings: Vec<Problem>,
    failed_tests: Vec<Problem>,
    compared: Option<Compared>,
    explanation: Option<View>,
    comparison: Option<comparison::Comparison>,
    /// From the file to the draft.
    diff: Vec<PlaceView>,
    /// What must be known before it is published; `None`: it can't be.
    risk: Option<Risk>,
}

/// Recent sign-ins, by the rules in force and by the draft.
struct Compared {
    /// Before, after, how many.
    counts: Vec<(&'static str, &'static str, usize)>,
    changed: Vec<Comparison>,
    unchanged: usize,
}

/// `GET /admin/playground[?version=]`: the rules of the file, or a version of them, to begin with.
pub(super) async fn page(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let unknown = || {
        Refusal::new(&code::WEB_NOT_FOUND, "no such version can be read").during(Event::Console).signed_in()
    };
    let version = parameter(query.as_deref(), "version");
    let number = version.map(|number| number.parse().map_err(|_| unknown())).transpose()?;
    let opened = admin.console.open(number).await.ok_or_else(unknown)?;
    let (draft, base, on) = (opened.draft, opened.base.to_string(), "recent".to_owned());
    render(&admin, &web, Asked { draft, base, on, ..Asked::default() }, None, None, None).await
}

/// `POST /admin/playground`: what the draft would do; or the draft as a file. A form of ours, of this session.
pub(super) async fn preview(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let names = ["draft", "base", "on", "attributes", "idp", "instance", "do"];
    let fields = form_of_ours::read((&admin, &web), (&headers, body), names, Event::Console).await?;
    let [draft, base, on, attributes, idp, instance, wanted] = fields;
    let draft = unix_lines(&draft);
    if wanted == "download" {
        return Ok(download(draft));
    }
    let connects = wanted == "connect";
    // That button stands for the attributes beside it.
    let on = if connects { "pasted".to_owned() } else { on };
    let asked = Asked { draft, base, why: String::new(), on, attributes, idp, instance, connects };
    show(&admin, &web, asked, None).await
}

/// The draft as a file, to commit where the configuration is kept.
fn download(draft: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mapping.toml\""),
    ];
    (headers, draft).into_response()
}

/// What the draft would do, and with `said`, why it was not published. Whoever began with another file than there is
/// now sees what changed meanwhile, and begins with that from here on.
pub(super) async fn show(
    admin: &Admin,
    web: &WebState,
    mut asked: Asked,
    said: Option<Said>,
) -> Result<Response, Refusal> {
    let console = &admin.console;
    let meanwhile = console.changed_since(&Digest::from(asked.base.clone())).await;
    let mut preview = console.preview(asked.draft.clone(), subject(&asked), web.sign_in.rules()).await;
    // What may be published next; whoever only looks at one person asks AWS when they want to.
    if let Some(preview) = preview.as_mut().ok().filter(|_| asked.on != "pasted") {
        preview.warnings.extend(web.sign_in.unknown_names(&preview.rules).await);
    }
    let comparison = match &preview {
        Ok(Preview { tried: Tried::Explained(explanation), .. }) if asked.connects => {
            compare(web, &InstanceName::new(&asked.instance), explanation).await
        }
        _ => None,
    };
    let mut shown = Shown { comparison, ..shown(preview)? };
    shown.diff = places(console.diff_from_written(asked.draft.clone()).await);
    if shown.diff.is_empty() || !shown.failed_tests.is_empty() || meanwhile.is_some() {
        shown.risk = None;
    }
    if let Some(Meanwhile { digest, .. }) = &meanwhile {
        asked.base = digest.to_string();
    }
    let meanwhile = meanwhile.map(|meanwhile| Changed { places: meanwhile.diff.map(places) });
    render(admin, web, asked, Some(shown), said, meanwhile).await
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

async fn render(
    admin: &Admin,
    web: &WebState,
    asked: Asked,
    shown: Option<Shown>,
    said: Option<Said>,
    meanwhile: Option<Changed>,
) -> Result<Response, Refusal> {
    let may_publish = admin.check_publisher(web).await.is_ok();
    let page = Playground {
        site: &web.site.brand,
        here: "playground",
        token: &admin.form_token,
        view: web.sign_in.console_view(),
        asked,
        remembered: admin.console.sign_ins().len(),
        shown,
        may_publish,
        longest_why: LONGEST_WHY,
        said,
        meanwhile,
    };
    pages::with_form(&page)
}

fn shown(preview: Result<Preview, Unusable>) -> Result<Shown, Refusal> {
    let mut shown = Shown::default();
    match preview {
        Ok(Preview { warnings, failed_tests, tried, .. }) => {
            match tried {
                Tried::Compared(all) => {
                    shown.risk = Some(Risk::of(&all, warnings.len()));
                    shown.compared = Some(compared(all));
                }
                Tried::Explained(explanation) => shown.explanation = Some(View::new(*explanation)),
            }
            (shown.warnings, shown.failed_tests) = (warnings, failed_tests);
        }
        Err(Unusable::Draft(problems)) => shown.problems = problems.iter().map(ToString::to_string).collect(),
        Err(Unusable::Pasted(why)) => shown.pasted = Some(why),
        Err(other) => return Err(unavailable(&other)),
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
