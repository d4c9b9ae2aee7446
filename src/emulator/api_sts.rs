//! STS at the listener of both.

use axum::response::Response;

use super::api::{About, authenticate, failed, record, response};
use super::clock::random_id;
use super::encoding::escape;
use super::error::{ApiError, ApiResult};
use super::shared::Shared;
use super::sigv4::ApiRequest;
use super::sts::{self, StsRequest};
use super::sts_saml::{OwnIdp, assume_role_with_saml};

pub(super) fn answer_sts(shared: &Shared, request: &ApiRequest) -> Response {
    let request_id = random_id();
    let asked = StsRequest::parse(&request.body);
    let mut about = About { principal: None, username: asked.session_name() };
    let outcome = call_sts(shared, request, &asked, &mut about);
    let (status, error) =
        outcome.as_ref().map_or_else(|error| (error.status, Some(error.sts_code())), |_| (200, None));
    record(shared, "sts", asked.action.clone(), status, error, about, &request_id);
    query_xml(&asked.action, &outcome, &request_id)
}

fn call_sts(
    shared: &Shared,
    request: &ApiRequest,
    asked: &StsRequest,
    about: &mut About,
) -> ApiResult<String> {
    let now = shared.clock.now();
    let inner = &mut *shared.lock();
    let failure = inner.behaviour.failure(&asked.action);
    if asked.action == "AssumeRoleWithSAML" {
        if let Some((code, false)) = &failure {
            return Err(failed(code));
        }
        let own = OwnIdp {
            entity_id: format!("{}/saml/metadata", shared.urls.idp),
            certificate: shared.idp.certificate(),
        };
        let (result, name) = assume_role_with_saml(asked, &mut inner.world, &own, now)?;
        about.username = Some(name);
        return failure.map_or(Ok(result), |(code, _)| Err(failed(&code)));
    }
    let caller = authenticate(inner, request, "sts", &shared.clock)?;
    about.principal = Some(caller.principal.label().to_owned());
    if let Some((code, false)) = &failure {
        return Err(failed(code));
    }
    if let Some(rates) = inner.behaviour.throttle
        && !inner.throttle.admits(&caller.principal.account, &caller.region, &asked.action, rates.sts, now)
    {
        return Err(ApiError::sts_throttled("Rate exceeded"));
    }
    let answer = sts::answer(asked, &mut inner.world, &caller, now);
    failure.map_or(answer, |(code, _)| Err(failed(&code)))
}

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn query_xml(action: &str, outcome: &ApiResult<String>, request_id: &str) -> Response {
    let (status, body) = match outcome {
        Ok(result) => (
            200,
            format!(
                "<{action}Response xmlns=\"{STS_NAMESPACE}\"><{action}Result>{result}</{action}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            ),
        ),
        Err(error) => (
            error.status,
            format!(
                "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                if error.status < 500 { "Sender" } else { "Receiver" },
                error.sts_code(),
                escape(&error.message)
            ),
        ),
    };
    response(status, "text/xml", body, request_id)
}
