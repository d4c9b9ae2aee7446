//! The configuration in force.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Admin;
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
    summary: Vec<(&'a str, &'a str)>,
    rules: Vec<(String, String)>,
    warnings: Vec<Problem>,
}

/// `GET /admin/config`
pub(super) async fn page(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let rules = web.sign_in.rules();
    let summary = admin.console.summary().iter();
    let page = Configuration {
        site: &web.site.brand,
        here: "config",
        summary: summary
            .filter_map(|line| line.split_once(' '))
            .map(|(what, text)| (what, text.trim()))
            .collect(),
        rules: rules.sentences(),
        warnings: rules.warnings().to_vec(),
    };
    pages::page(&page, &Csp::default())
}
