//! STS: `AssumeRole` and `GetCallerIdentity`, in the query protocol.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::collections::BTreeMap;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::clock::random_hex;
use super::encoding::{escape, form_fields};
use super::error::{ApiError, ApiResult};
use super::policy::Policy;
use super::principal::{AccessKey, Principal, RoleSession};
use super::sigv4::Caller;
use super::state::{Role, World};
use super::trust::Ask;

/// Longest session of a role assumed by a role.
const CHAINED: u32 = 3600;

/// A readable request.
pub(super) struct StsRequest {
    pub(super) action: String,
    fields: BTreeMap<String, String>,
}

impl StsRequest {
    /// Reads the urlencoded body.
    pub(super) fn parse(body: &[u8]) -> Self {
        let fields = form_fields(body);
        Self { action: fields.get("Action").cloned().unwrap_or_default(), fields }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> ApiResult<&str> {
        self.field(name).ok_or_else(|| {
            ApiError::sts_missing_parameter(format!("The request must contain the parameter {name}"))
        })
    }

    /// Session name asked for.
    pub(super) fn session_name(&self) -> Option<String> {
        self.field("RoleSessionName").map(str::to_owned)
    }
}

/// The result element of the answer.
pub(super) fn answer(
    request: &StsRequest,
    world: &mut World,
    caller: &Caller,
    now: OffsetDateTime,
) -> ApiResult<String> {
    if request.field("Version") != Some("2011-06-15") {
        return Err(ApiError::sts_invalid_action("Could not find this operation in the requested version"));
    }
    match request.action.as_str() {
        "AssumeRole" => assume_role(request, world, &caller.principal, now),
        "GetCallerIdentity" => Ok(caller_identity(&caller.principal)),
        other => Err(ApiError::sts_invalid_action(format!("Could not find operation {other}"))),
    }
}

fn caller_identity(principal: &Principal) -> String {
    format!(
        "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>",
        escape(&principal.arn),
        escape(&principal.user_id),
        escape(&principal.account)
    )
}

struct AssumeRole<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    duration: u32,
    source_identity: Option<&'a str>,
    policy: Option<Policy>,
    packed_percent: usize,
}

/// A session, however it is asked for.
pub(super) struct Asked<'a> {
    pub(super) role_arn: &'a str,
    pub(super) session_name: &'a str,
    pub(super) duration: u32,
    pub(super) policy: &'a Option<Policy>,
}

fn assume_role(
    request: &StsRequest,
    world: &mut World,
    principal: &Principal,
    now: OffsetDateTime,
) -> ApiResult<String> {
    let asked = read(request)?;
    let refused = |action: &str| ApiError::sts_access_denied(principal.refusal(action, asked.role_arn));
    if principal.root {
        return Err(ApiError::sts_access_denied("Roles may not be assumed by root accounts."));
    }
    let role = world.roles.iter().find(|role| role.seed.arn == asked.role_arn);
    let role = role.filter(|role| trusts(role, principal, &asked, request.field("ExternalId")));
    let role = role.ok_or_else(|| refused("sts:AssumeRole"))?;
    if !principal.may("sts:AssumeRole", asked.role_arn, None) {
        return Err(refused("sts:AssumeRole"));
    }
    let tags = session_tags(request)?;
    let may_tag = role.seed.tag_session && principal.may("sts:TagSession", asked.role_arn, None);
    if !tags.is_empty() && !may_tag {
        return Err(refused("sts:TagSession"));
    }
    let source_identity = source_identity(&asked, role, principal)?;
    check_duration(&asked, role, principal)?;
    let session = Asked {
        role_arn: asked.role_arn,
        session_name: asked.session_name,
        duration: asked.duration,
        policy: &asked.policy,
    };
    let key = session_key(&session, role, source_identity.clone(), now);
    let (key_id, result) = assumed_role(&key);
    world.keys.insert(key_id, key);
    let source = source_identity
        .map(|name| format!("<SourceIdentity>{}</SourceIdentity>", escape(&name)))
        .unwrap_or_default();
    Ok(format!("{result}<PackedPolicySize>{}</PackedPolicySize>{source}", asked.packed_percent))
}

/// Tags by key. <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
fn session_tags(request: &StsRequest) -> ApiResult<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    let number = request.fields.keys().filter(|name| name.starts_with("Tags.member.")).count();
    if number > 100 {
        return Err(ApiError::sts_validation("value at 'tags' must have length less than or equal to 50"));
    }
    for index in 1..=number {
        let part = |name: &str| request.field(&format!("Tags.member.{index}.{name}"));
        let Some(key) = part("Key") else { break };
        let value = part("Value").unwrap_or_default();
        let plain = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
        let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !fits || !key.chars().chain(value.chars()).all(plain) || key.to_lowercase().starts_with("aws:") {
            return Err(ApiError::sts_validation("value at 'tags' failed to satisfy constraint"));
        }
        if tags.insert(key.to_lowercase(), value.to_owned()).is_some() {
            return Err(ApiError::sts_validation("Duplicate tag keys found"));
        }
    }
    Ok(tags)
}

fn trusts(role: &Role, principal: &Principal, asked: &AssumeRole<'_>, external_id: Option<&str>) -> bool {
    if let Some(trust) = &role.trust {
        return trust.allows(Ask { external_id, ..asked.ask("sts:AssumeRole", principal) });
    }
    role.seed.trusts.contains(principal.own_arn())
        && role.seed.external_id.as_deref() == external_id
        && !role.seed.denied_session_names.iter().any(|name| name == asked.session_name)
}

impl<'a> AssumeRole<'a> {
    fn ask(&self, action: &'a str, principal: &'a Principal) -> Ask<'a> {
        let (session_name, source_identity) = (self.session_name, self.source_identity);
        Ask { action, principal: principal.own_arn(), session_name, external_id: None, source_identity }
    }
}

/// The session's source identity, which a chained session inherits and cannot change.
fn source_identity(asked: &AssumeRole<'_>, role: &Role, principal: &Principal) -> ApiResult<Option<String>> {
    let inherited = principal.session.as_ref().and_then(|session| session.source_identity.clone());
    let changed = asked.source_identity.zip(inherited.as_deref()).is_some_and(|(asked, had)| asked != had);
    let found = inherited.or_else(|| asked.source_identity.map(str::to_owned));
    let may = || {
        let action = "sts:SetSourceIdentity";
        let trusted = match &role.trust {
            Some(trust) => trust.allows(asked.ask(action, principal)),
            None => role.seed.source_identity,
        };
        trusted && principal.may(action, asked.role_arn, None)
    };
    if changed || (found.is_some() && !may()) {
        return Err(ApiError::sts_access_denied(principal.refusal("sts:SetSourceIdentity", asked.role_arn)));
    }
    Ok(found)
}

fn read(request: &StsRequest) -> ApiResult<AssumeRole<'_>> {
    let role_arn = request.required("RoleArn")?;
    let session_name = request.required("RoleSessionName")?;
    check("roleArn", role_arn, 20..=2048, "")?;
    check("roleSessionName", session_name, 2..=64, "_+=,.@-")?;
    let source_identity = request.field("SourceIdentity");
    if let Some(name) = source_identity {
        check("sourceIdentity", name, 2..=64, "_+=,.@-")?;
    }
    if let Some(id) = request.field("ExternalId") {
        check("externalId", id, 2..=1224, "_+=,.@:/-")?;
    }
    let duration = duration(request)?;
    if request.fields.keys().any(|name| name.starts_with("PolicyArns.")) {
        return Err(ApiError::sts_validation("PolicyArns is not emulated"));
    }
    let text = request.field("Policy");
    let policy = text.map(session_policy).transpose()?;
    let packed_percent = text.map_or(0, |text| text.len() * 100 / 2048);
    Ok(AssumeRole { role_arn, session_name, duration, source_identity, policy, packed_percent })
}

pub(super) fn duration(request: &StsRequest) -> ApiResult<u32> {
    let duration = match request.field("DurationSeconds") {
        Some(text) => {
            text.parse().map_err(|_| ApiError::sts_validation("durationSeconds is not a number"))?
        }
        None => 3600,
    };
    if !(900..=43_200).contains(&duration) {
        return Err(ApiError::sts_validation("durationSeconds must be 900 to 43200"));
    }
    Ok(duration)
}

/// Whether a role session can have this name.
pub(super) fn is_session_name(text: &str) -> bool {
    check("roleSessionName", text, 2..=64, "_+=,.@-").is_ok()
}

/// Refuses text of another length, or with characters besides letters, digits and `also` (when given).
pub(super) fn check(
    name: &str,
    text: &str,
    length: std::ops::RangeInclusive<usize>,
    also: &str,
) -> ApiResult<()> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || also.contains(character);
    if !length.contains(&text.chars().count()) || (!also.is_empty() && !text.chars().all(allowed)) {
        return Err(ApiError::sts_validation(format!(
            "1 validation error detected: value at '{name}' failed to satisfy constraint"
        )));
    }
    Ok(())
}

pub(super) fn session_policy(text: &str) -> ApiResult<Policy> {
    if text.is_empty() {
        return Err(ApiError::sts_validation(
            "1 validation error detected: value at 'policy' failed to satisfy constraint",
        ));
    }
    if text.chars().count() > 2048 {
        return Err(ApiError::packed_policy_too_large(
            "Packed size of policy consumes more than 100% of allotted space",
        ));
    }
    Policy::parse(text)
        .map_err(|error| ApiError::malformed_policy(format!("Syntax errors in policy: {error}")))
}

fn check_duration(asked: &AssumeRole<'_>, role: &Role, principal: &Principal) -> ApiResult<()> {
    if principal.session.is_some() && asked.duration > CHAINED {
        return Err(ApiError::sts_validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if asked.duration > role.seed.max_session_seconds {
        return Err(ApiError::sts_validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(())
}

pub(super) fn session_key(
    asked: &Asked<'_>,
    role: &Role,
    source_identity: Option<String>,
    now: OffsetDateTime,
) -> AccessKey {
    let account = asked.role_arn.split(':').nth(4).unwrap_or_default();
    let session = RoleSession {
        role_arn: asked.role_arn.to_owned(),
        name: asked.session_name.to_owned(),
        source_identity,
    };
    AccessKey {
        secret: random_hex(20),
        session_token: Some(random_hex(64)),
        expires: Some(now + Duration::seconds(i64::from(asked.duration))),
        principal: Principal {
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{}", role.name(), asked.session_name),
            user_id: format!("{}:{}", role.id, asked.session_name),
            root: false,
            policies: std::iter::once(role.policy.clone()).chain(asked.policy.clone()).collect(),
            session: Some(session),
        },
    }
}

/// A new access key id, and who has it.
pub(super) fn assumed_role(key: &AccessKey) -> (String, String) {
    let key_id = format!("ASIA{}", random_hex(8).to_uppercase());
    let expires = key.expires.and_then(|expires| expires.replace_nanosecond(0).ok());
    let expires = expires.and_then(|expires| expires.format(&Rfc3339).ok()).unwrap_or_default();
    let result = format!(
        "<AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>{expires}</Expiration></Credentials>",
        escape(&key.principal.user_id),
        escape(&key.principal.arn),
        key.secret,
        key.session_token.as_deref().unwrap_or_default(),
    );
    (key_id, result)
}
