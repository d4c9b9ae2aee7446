//! Versions of the rules: what is in the file, what was, and who put it there.

use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::Admin;
use super::diff::{PlaceView, places};
use crate::admin::{History, Kept, OneVersion, Version};
use crate::audit::Event;
use crate::model::{Brand, RulesState, code};
use crate::web::boundary::utc;
use crate::web::headers::Csp;
use crate::web::refusal::Refusal;
use crate::web::{WebState, pages};

/// The list.
#[derive(Template)]
#[template(path = "admin/history.html")]
struct List<'a> {
    site: &'a Brand,
    here: &'static str,
    /// Whether anybody may publish.
    is_on: bool,
    rows: Vec<Row>,
    /// Whether the file was changed, and not from here.
    is_changed_by_hand: bool,
    /// What can't be read.
    unreadable: Option<String>,
    state: RulesState,
}

/// One version of the list.
struct Row {
    number: u32,
    is_in_file: bool,
    /// Why it can't be read.
    damaged: Option<String>,
    about: About,
}

/// What is known of a version.
#[derive(Default)]
struct About {
    at: String,
    /// `None`: changed in the file, not from here.
    who: Option<String>,
    why: String,
    digest: String,
    base: Option<String>,
}

/// One version.
#[derive(Template)]
#[template(path = "admin/version.html")]
struct One<'a> {
    site: &'a Brand,
    here: &'static str,
    /// `None`: the file as it is.
    number: Option<u32>,
    is_in_file: bool,
    damaged: Option<String>,
    about: About,
    text: String,
    from_previous: Option<(u32, Vec<PlaceView>)>,
    to_file: Option<Vec<PlaceView>>,
    state: RulesState,
}

/// `GET /admin/history`
pub(super) async fn list(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let history = admin.console.history().await;
    let mut page = List {
        site: &web.site.brand,
        here: "history",
        is_on: history.is_some(),
        rows: Vec::new(),
        is_changed_by_hand: false,
        unreadable: None,
        state: state(&web),
    };
    if let Some(history) = history {
        let in_file = history.in_file();
        page.is_changed_by_hand = history.is_changed_by_hand();
        page.unreadable = history.file.as_ref().err().or(history.kept.as_ref().err()).cloned();
        let kept = history.kept.unwrap_or_default();
        page.rows = kept.into_iter().map(|kept| row(kept, in_file)).collect();
    }
    pages::page(&page, &Csp::default())
}

/// `GET /admin/history/{number}`
pub(super) async fn one(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    Path(number): Path<String>,
) -> Result<Response, Refusal> {
    let history = admin.console.history().await.ok_or_else(unknown)?;
    let number: u32 = number.parse().map_err(|_| unknown())?;
    let is_in_file = history.in_file() == Some(number);
    match history.one(number).ok_or_else(unknown)? {
        Ok(version) => show(&web, version, is_in_file),
        Err(damaged) => {
            let page = One { number: Some(number), damaged: Some(damaged), ..empty(&web) };
            pages::page(&page, &Csp::default())
        }
    }
}

/// `GET /admin/history/file`: the file as it is.
pub(super) async fn file(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let history = admin.console.history().await;
    let file = history.as_ref().and_then(History::file_itself).ok_or_else(unknown)?;
    show(&web, file, true)
}

fn show(web: &WebState, version: OneVersion, is_in_file: bool) -> Result<Response, Refusal> {
    let page = One {
        number: version.number,
        is_in_file,
        about: version.version.map(about).unwrap_or_default(),
        text: version.text,
        from_previous: version.from_previous.map(|(number, diff)| (number, places(diff))),
        to_file: version.to_file.map(places),
        ..empty(web)
    };
    pages::page(&page, &Csp::default())
}

fn empty(web: &WebState) -> One<'_> {
    One {
        site: &web.site.brand,
        here: "history",
        number: None,
        is_in_file: false,
        damaged: None,
        about: About::default(),
        text: String::new(),
        from_previous: None,
        to_file: None,
        state: state(web),
    }
}

fn row(kept: Kept, in_file: Option<u32>) -> Row {
    let (about, damaged) = match kept.version {
        Ok((version, _)) => (about(version), None),
        Err(why) => (About::default(), Some(why)),
    };
    Row { number: kept.number, is_in_file: in_file == Some(kept.number), damaged, about }
}

fn about(version: Version) -> About {
    About {
        at: utc(version.at),
        who: version.by.map(|by| format!("{} ({})", by.name, by.idp)),
        why: version.why,
        digest: version.digest.short().to_owned(),
        base: version.base.map(|base| base.short().to_owned()),
    }
}

fn state(web: &WebState) -> RulesState {
    web.rules_state.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn unknown() -> Refusal {
    Refusal::new(&code::WEB_NOT_FOUND, "no such version is kept").during(Event::Console).signed_in()
}
