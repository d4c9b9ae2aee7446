//! The start page: where to, for whoever has a choice.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use url::form_urlencoded;

use super::headers::Csp;
use super::pages::{self, Choice, Choose, Place};
use super::refusal::Refusal;
use super::{WebState, paths};
use crate::model::{Destination, IdpName, InstanceName};
use crate::sign_in::InstanceChoice;

/// `GET /` and `GET /sign-in[?instance=&idp=]`: straight on when there is nothing to choose.
pub(super) async fn page(
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let idp = parameter(query.as_deref(), "idp").map(IdpName::new);
    let choices = web.sign_in.choices();
    let named = parameter(query.as_deref(), "instance").map(InstanceName::new);
    if let Some(instance) = named.or_else(|| only(&choices)) {
        return Ok(Redirect::to(&paths::with_idp(&paths::go(&instance, None), idp.as_ref())).into_response());
    }
    let choices = choices.iter().map(|choice| entry(choice, idp.as_ref())).collect();
    pages::page(&Choose { site: web.site.brand_for(&headers), choices }, &Csp::default())
}

/// A query parameter's first value, unless it is empty.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

fn only(choices: &[InstanceChoice]) -> Option<InstanceName> {
    match choices {
        [choice] => Some(choice.name.clone()),
        _ => None,
    }
}

fn entry(choice: &InstanceChoice, idp: Option<&IdpName>) -> Choice {
    let place = |destination| Place {
        name: readable(destination),
        href: paths::with_idp(&paths::go(&choice.name, Some(destination)), idp),
    };
    Choice {
        name: choice.display_name.clone(),
        href: paths::with_idp(&paths::go(&choice.name, None), idp),
        places: choice.destinations.iter().map(place).collect(),
    }
}

/// `agent-workspace` reads `agent workspace`.
fn readable(destination: &Destination) -> String {
    destination.as_str().replace(['-', '_'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_whatever_stands_around_it() {
        for (query, found) in [
            (None, None),
            (Some(""), None),
            (Some("idp="), None),
            (Some("&&=&x&idp=a%20b&idp=c"), Some("a b")),
            (Some("idp=%ff%zz"), Some("\u{fffd}%zz")),
        ] {
            assert_eq!(parameter(query, "idp").as_deref(), found, "{query:?}");
        }
    }

    #[test]
    fn an_entry_links_to_the_instance_and_its_places_and_keeps_the_chosen_idp() {
        let choice = InstanceChoice {
            name: InstanceName::new("prod"),
            display_name: "Production".to_owned(),
            destinations: vec![Destination::new("agent-workspace")],
        };
        let entry = entry(&choice, Some(&IdpName::new("acme")));
        assert_eq!(entry.href, "/go/prod?idp=acme");
        assert_eq!(entry.places[0].href, "/go/prod/agent-workspace?idp=acme");
        assert_eq!(entry.places[0].name, "agent workspace");
    }
}
