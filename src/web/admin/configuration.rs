//! The configuration in force.

use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Admin;
use crate::admin::Setting;
use crate::model::{Brand, Problem};
use crate::web::WebState;
use crate::web::headers::Csp;
use crate::web::pages;
use crate::web::refusal::Refusal;

/// The configuration, without anything secret, and each rule as a sentence.
#[derive(Template)]
#[template(path = "admin/config.html")]
struct Configuration<'a> {
    site: &'a Brand,
    here: &'static str,
    tables: Vec<Table<'a>>,
    rules: Vec<(String, String)>,
    warnings: Vec<Problem>,
    needs_restart: bool,
}

/// The settings of one table of the file.
struct Table<'a> {
    name: &'a str,
    settings: &'a [Setting],
}

impl<'a> Table<'a> {
    fn of(settings: &'a [Setting]) -> Option<Self> {
        Some(Self { name: settings.first()?.place().0, settings })
    }
}

/// `GET /admin/config`
pub(super) async fn page(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let (rules, settings) = (web.sign_in.rules(), admin.console.settings());
    let together = settings.chunk_by(|one, next| one.place().0 == next.place().0);
    let page = Configuration {
        site: &web.site.brand,
        here: "config",
        tables: together.filter_map(Table::of).collect(),
        rules: rules.sentences(),
        warnings: rules.warnings().to_vec(),
        needs_restart: web.rules_state.read().unwrap_or_else(PoisonError::into_inner).needs_restart,
    };
    pages::page(&page, &Csp::default())
}
