//! Which identity provider: our own page, an e-mail address, or a discovery service.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::headers::Csp;
use super::pages::{self, ChooseIdp, Onward, Place};
use super::refusal::Refusal;
use super::start::parameter;
use super::{WebState, cookies, form, paths};
use crate::audit::Event;
use crate::model::{ConsolePath, Destination, IdpChoice, IdpName, InstanceName, code};
use crate::sign_in::Ask;

/// The page, with what this browser used last at its top; `unknown_address` when an e-mail address led nowhere.
pub(super) fn page(
    web: &WebState,
    ask: &Ask,
    choices: &[IdpChoice],
    headers: &HeaderMap,
    unknown_address: bool,
) -> Result<Response, Refusal> {
    let here = paths::go(&ask.instance, ask.destination.as_ref());
    let Sorted { last, others, asks_email } =
        Sorted::new(choices, &here, cookies::last_idp(headers).as_deref());
    let page = ChooseIdp {
        site: web.site.brand_for(headers),
        last,
        choices: others,
        asks_email,
        instance: ask.instance.as_str(),
        destination: ask.destination.as_ref().map_or("", Destination::as_str),
        unknown_address,
    };
    pages::page(&page, &Csp::form_to_self())
}

/// The same on the way to a page of the console. Whoever may go there knows their sign-in.
pub(super) fn for_console(
    web: &WebState,
    page: &ConsolePath,
    choices: &[IdpChoice],
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let Sorted { last, others, .. } =
        Sorted::new(choices, page.as_str(), cookies::last_idp(headers).as_deref());
    let (instance, destination, asks_email, unknown_address) = ("", "", false, false);
    let site = web.site.brand_for(headers);
    let page = ChooseIdp { site, last, choices: others, asks_email, instance, destination, unknown_address };
    pages::page(&page, &Csp::default())
}

/// The choices, with what this browser used last apart.
struct Sorted {
    last: Option<Place>,
    others: Vec<Place>,
    asks_email: bool,
}

impl Sorted {
    fn new(choices: &[IdpChoice], here: &str, last: Option<&str>) -> Self {
        let place = |idp: &IdpChoice| Place {
            name: idp.display_name.clone(),
            href: paths::with_idp(here, Some(&idp.name)),
        };
        let is_last = |idp: &&IdpChoice| last == Some(idp.name.as_str());
        Self {
            last: choices.iter().find(is_last).map(place),
            others: choices.iter().filter(|idp| !is_last(idp)).map(place).collect(),
            asks_email: choices.iter().any(|idp| !idp.email_domains.is_empty()),
        }
    }
}

/// `POST /sign-in/choose`: by what follows the @. The address is looked at here, and kept nowhere.
pub(super) async fn by_email(
    State(web): State<Arc<WebState>>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    form::check_is_form(&headers, Event::SignIn)?;
    let body = form::read(body, Event::SignIn).await?;
    let body = std::str::from_utf8(&body).ok();
    let ask = ask(body).ok_or_else(|| refusal("the form names no instance"))?;
    let choices = choices(&web, &ask)?;
    let found = parameter(body, "email").map(|email| with_domain(&choices, &email)).unwrap_or_default();
    match &found[..] {
        [] => page(&web, &ask, &choices, &headers, true),
        [only] => {
            let next = onward(&ask, &only.name);
            // Not a redirect: browsers hold those that follow a form to the form's own policy.
            pages::page(&Onward::to_idp(web.site.brand_for(&headers), &next), &Csp::default())
        }
        several => page(&web, &ask, several, &headers, false),
    }
}

/// `GET /discovery?instance=[&destination=][&entityID=]`: back from a discovery service. When it has no answer, the
/// choice is made here. Identity provider discovery 2.4.2.
pub(super) async fn discovered(
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ask = ask(query.as_deref()).ok_or_else(|| refusal("the query names no instance"))?;
    let choices = choices(&web, &ask)?;
    let Some(entity_id) = parameter(query.as_deref(), "entityID") else {
        return page(&web, &ask, &choices, &headers, false);
    };
    let idp = web.sign_in.idp_with(&entity_id).filter(|name| choices.iter().any(|idp| idp.name == *name));
    let idp = idp.ok_or_else(|| {
        Refusal::new(&code::SIGN_IN_UNKNOWN_IDP, "the discovery service chose none of ours")
            .during(Event::Start)
            .towards(&ask.instance, ask.destination.as_ref())
    })?;
    Ok(Redirect::to(&onward(&ask, &idp)).into_response())
}

/// Remembers a choice that led to a sign-in, where there is one to make.
pub(super) fn remember(web: &WebState, response: Response, idp: &IdpName) -> Response {
    if web.sign_in.has_several_idps() { cookies::remember_idp(response, idp) } else { response }
}

fn ask(fields: Option<&str>) -> Option<Ask> {
    Some(Ask {
        instance: InstanceName::new(parameter(fields, "instance")?),
        destination: parameter(fields, "destination").map(Destination::new),
        idp: None,
    })
}

fn choices(web: &WebState, ask: &Ask) -> Result<Vec<IdpChoice>, Refusal> {
    web.sign_in.idps(&ask.instance).map_err(|error| Refusal::of(&error).during(Event::Start))
}

fn onward(ask: &Ask, idp: &IdpName) -> String {
    paths::with_idp(&paths::go(&ask.instance, ask.destination.as_ref()), Some(idp))
}

fn with_domain(choices: &[IdpChoice], email: &str) -> Vec<IdpChoice> {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase());
    let has = |idp: &&IdpChoice| domain.as_ref().is_some_and(|domain| idp.email_domains.contains(domain));
    choices.iter().filter(has).cloned().collect()
}

fn refusal(cause: &str) -> Refusal {
    Refusal::new(&code::WEB_BAD_REQUEST, cause).during(Event::Start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(name: &str, domains: &[&str]) -> IdpChoice {
        IdpChoice {
            name: IdpName::new(name),
            display_name: name.to_owned(),
            email_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        }
    }

    #[test]
    fn only_the_exact_domain_after_the_last_at_sign_counts() {
        let choices = [
            choice("acme", &["acme.test", "acme.example"]),
            choice("both", &["acme.example"]),
            choice("none", &[]),
        ];
        for (email, expected) in [
            ("alice@acme.test", &["acme"][..]),
            (" alice@ACME.test ", &["acme"]),
            ("alice@acme.example", &["acme", "both"]),
            ("\"a@acme.test\"@other.test", &[]),
            ("alice@sub.acme.test", &[]),
            ("alice@test", &[]),
            ("acme.test", &[]),
            ("@", &[]),
        ] {
            let found = with_domain(&choices, email);
            let names: Vec<&str> = found.iter().map(|idp| idp.name.as_str()).collect();
            assert_eq!(names, expected, "{email}");
        }
    }
}
