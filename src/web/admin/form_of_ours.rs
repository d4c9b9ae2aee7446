//! Forms of the console: whose they are, and what they say.

use axum::extract::Request;
use axum::http::HeaderMap;

use super::Admin;
use crate::audit::Event;
use crate::model::code;
use crate::web::form::is_our_form;
use crate::web::refusal::Refusal;
use crate::web::{WebState, form};

/// The fields of a form of ours, of this session, from our own origin.
pub(super) async fn read<const N: usize>(
    (admin, web): (&Admin, &WebState),
    (headers, body): (&HeaderMap, Request),
    names: [&str; N],
    event: Event,
) -> Result<[String; N], Refusal> {
    form::check_is_form(headers, event)?;
    let foreign = || {
        let refusal = Refusal::new(&code::WEB_BAD_REQUEST, "the form is not ours");
        refusal.during(event).with_idp(Some(&admin.identity.idp)).signed_in()
    };
    if !is_our_form(headers, &web.site.public_url) {
        return Err(foreign());
    }
    let body = form::read(body, event).await?;
    let [token] = form::fields(&body, ["token"], event)?;
    if token.as_deref() != Some(admin.form_token.as_str()) {
        return Err(foreign());
    }
    Ok(form::fields(&body, names, event)?.map(Option::unwrap_or_default))
}
