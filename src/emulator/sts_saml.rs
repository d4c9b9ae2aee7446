//! STS: `AssumeRoleWithSAML`, which nobody signs.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>

use time::{Duration, OffsetDateTime};

use super::encoding::escape;
use super::error::{ApiError, ApiResult};
use super::idp::Presented;
use super::seed::SeedProvider;
use super::state::{Role, World};
use super::sts::{
    Asked, StsRequest, assumed_role, check, duration, is_session_name, session_key, session_policy,
};

const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
const ROLE_SESSION_NAME: &str = "https://aws.amazon.com/SAML/Attributes/RoleSessionName";
const AUDIENCES: [&str; 2] = ["https://signin.aws.amazon.com/saml", "urn:amazon:webservices"];
/// Most characters of `SAMLAssertion`.
const LONGEST: usize = 100_000;
/// How old an answer may be.
const OLDEST: Duration = Duration::minutes(5);

/// The emulator's own identity provider: what providers without certificates of their own stand for.
pub(super) struct OwnIdp<'a> {
    pub(super) entity_id: String,
    pub(super) certificate: &'a str,
}

/// The result element, and the session's name.
pub(super) fn assume_role_with_saml(
    request: &StsRequest,
    world: &mut World,
    own: &OwnIdp<'_>,
    now: OffsetDateTime,
) -> ApiResult<(String, String)> {
    let (role_arn, provider_arn) = (request.required("RoleArn")?, request.required("PrincipalArn")?);
    check("roleArn", role_arn, 20..=2048, "")?;
    check("principalArn", provider_arn, 20..=2048, "")?;
    let field = request.required("SAMLAssertion")?;
    check("sAMLAssertion", field, 4..=LONGEST, "")?;
    let (duration, policy) = (duration(request)?, request.field("Policy"));
    let policy = policy.map(session_policy).transpose()?;
    let provider = world.providers.iter().find(|provider| provider.arn == provider_arn);
    let provider = provider.ok_or_else(|| invalid("Specified provider doesn't exist"))?;
    let presented = presented(field, provider, own)?;
    check_answer(&presented, now)?;
    let session_name = session_name(&presented)?.to_owned();
    let role = world.roles.iter().find(|role| role.seed.arn == role_arn);
    let role = role
        .filter(|role| admits(role, provider_arn, &presented, &session_name))
        .ok_or_else(|| ApiError::sts_access_denied("Not authorized to perform sts:AssumeRoleWithSAML"))?;
    if duration > role.seed.max_session_seconds {
        return Err(ApiError::sts_validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let asked = Asked { role_arn, session_name: &session_name, duration, policy: &policy };
    let mut key = session_key(&asked, role, None, now);
    key.expires = key.expires.min(presented.session_end.or(key.expires));
    let (key_id, result) = assumed_role(&key);
    world.keys.insert(key_id, key);
    let about = format!(
        "<Issuer>{}</Issuer><Audience>{}</Audience><Subject>{}</Subject><SubjectType>persistent</SubjectType>\
         <PackedPolicySize>1</PackedPolicySize>",
        escape(&presented.issuer),
        escape(presented.confirmations.first().map_or("", |(recipient, _)| recipient)),
        escape(&presented.name_id),
    );
    Ok((result + &about, session_name))
}

fn invalid(message: &str) -> ApiError {
    ApiError::invalid_identity_token(message)
}

fn presented(field: &str, provider: &SeedProvider, own: &OwnIdp<'_>) -> ApiResult<Presented> {
    let (entity_id, certificates) = match &provider.entity_id {
        Some(entity_id) => (entity_id.as_str(), provider.certificates.clone()),
        None => (own.entity_id.as_str(), vec![own.certificate.to_owned()]),
    };
    let presented =
        Presented::read(field, &certificates).ok_or_else(|| invalid("Response signature invalid"))?;
    if presented.issuer != entity_id {
        return Err(invalid("Issuer not present in specified provider"));
    }
    Ok(presented)
}

fn check_answer(presented: &Presented, now: OffsetDateTime) -> ApiResult<()> {
    if !presented.succeeded {
        return Err(ApiError::idp_rejected_claim("The identity provider did not authenticate anybody"));
    }
    let [(_, end)] = &presented.confirmations[..] else {
        return Err(invalid("There must be one SubjectConfirmation"));
    };
    if now >= *end || now > presented.issued + OLDEST {
        return Err(ApiError::saml_expired("Token must be redeemed within 5 minutes of issuance"));
    }
    if !presented.audiences.iter().any(|audience| AUDIENCES.contains(&audience.as_str())) {
        return Err(invalid("Audience is invalid"));
    }
    Ok(())
}

fn session_name(presented: &Presented) -> ApiResult<&str> {
    match presented.values(ROLE_SESSION_NAME) {
        [only] if is_session_name(only) => Ok(only),
        _ => Err(invalid("RoleSessionName is required in AuthnResponse")),
    }
}

/// The answer names the role with its provider, and the trust policy admits both and where the answer was sent.
fn admits(role: &Role, provider_arn: &str, presented: &Presented, session_name: &str) -> bool {
    let seed = &role.seed;
    let pairs = [format!("{},{provider_arn}", seed.arn), format!("{provider_arn},{}", seed.arn)];
    let recipient = presented.confirmations.first().map(|(recipient, _)| recipient);
    presented.values(ROLE).iter().any(|pair| pairs.contains(pair))
        && seed.saml_providers.iter().any(|trusted| trusted == provider_arn)
        && recipient.is_some_and(|recipient| seed.saml_audiences.contains(recipient))
        && !seed.denied_session_names.iter().any(|name| name == session_name)
}
