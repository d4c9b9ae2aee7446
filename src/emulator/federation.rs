//! `GetFederationToken` and the tokens it gave.

use std::collections::HashMap;

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::call::{Answer, Call};
use super::clock::{epoch_seconds, random_hex};
use super::error::{ApiError, ApiResult};
use super::options::Behaviour;
use super::principal::Principal;
use super::state::Instance;

/// How long an access token lives.
const ACCESS: Duration = Duration::minutes(60);
/// How long a refresh token lives: Connect's longest session.
const REFRESH: Duration = Duration::hours(12);

/// A pair of tokens for one user.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) access: String,
    pub(super) access_expires: OffsetDateTime,
    pub(super) refresh: String,
    pub(super) refresh_expires: OffsetDateTime,
    pub(super) instance_id: String,
    pub(super) user_id: String,
}

/// Tokens by their access token.
pub(super) type Tokens = HashMap<String, Token>;

/// The user whose username is the caller's session name, exactly, and a new pair for them.
pub(super) fn issue(
    instance: &mut Instance,
    principal: &Principal,
    behaviour: &Behaviour,
    now: OffsetDateTime,
) -> ApiResult<Token> {
    let Some(session) = principal.session.as_ref().filter(|_| !principal.root) else {
        return Err(ApiError::access_denied(format!(
            "Provided identity: Principal: {} cannot be used for federation with Amazon Connect",
            principal.arn
        )));
    };
    if instance.identity_management != "SAML" {
        return Err(ApiError::invalid_request("The instance does not use SAML for identity management"));
    }
    let onboarded = instance.user_named(&session.name);
    let seen = onboarded.filter(|slot| !slot.younger_than(now, behaviour.lag.federation));
    let user_id = seen.and_then(|slot| slot.current()).map(|user| user.id.clone()).ok_or_else(|| {
        ApiError::user_not_found("No user corresponds to the IAM credentials used in the request")
    })?;
    let bound = instance.bindings.entry(session.name.clone()).or_insert_with(|| session.role_arn.clone());
    if behaviour.bind_users_to_roles && *bound != session.role_arn {
        return Err(ApiError::duplicate(format!(
            "user {} is already associated with the Amazon Connect instance",
            session.name
        )));
    }
    // Whole seconds: what a client makes of fractions on the way to milliseconds is its own affair.
    let now = now.replace_nanosecond(0).unwrap_or(now);
    Ok(Token {
        access: random_hex(48),
        access_expires: now + ACCESS,
        refresh: random_hex(48),
        refresh_expires: now + REFRESH,
        instance_id: instance.id.clone(),
        user_id,
    })
}

/// `GetFederationToken`.
pub(super) fn token(call: &mut Call<'_>) -> Answer {
    call.about = call.principal.session.as_ref().map(|session| session.name.clone());
    let token = issue(call.instance, call.principal, call.behaviour, call.now)?;
    let answer = json!({
        "Credentials": {
            "AccessToken": token.access,
            "AccessTokenExpiration": epoch_seconds(token.access_expires),
            "RefreshToken": token.refresh,
            "RefreshTokenExpiration": epoch_seconds(token.refresh_expires),
        },
        "SignInUrl": format!("{}/auth/sign-in", call.site_url),
        "UserId": token.user_id,
        "UserArn": call.instance.arn_of("agent", &token.user_id),
    });
    call.tokens.insert(token.access.clone(), token);
    Ok(Some(answer))
}
