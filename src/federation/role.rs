//! IAM credentials for one user: the federation role, assumed with the user's name.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_sdk_sts::config::Region;
use aws_sdk_sts::types::Tag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use serde_json::json;
use url::Url;

use super::assertion::ByAssertion;
use super::{Error, Settings, wire};
use crate::model::{
    Call, Caller, Cause, Clock, InstanceArn, OriginalAnswer, Pace, Patience, SessionId, Username,
};

/// The shortest life STS gives: credentials are used at once and thrown away.
const DURATION_SECONDS: i32 = 900;
const OPERATION: &str = "AssumeRole";

/// The federation role of one instance.
pub(super) struct Role {
    client: aws_sdk_sts::Client,
    caller: Caller,
    call: Call,
    settings: Arc<Settings>,
    by_assertion: Option<ByAssertion>,
}

impl Role {
    pub(super) fn new(
        settings: Arc<Settings>,
        sdk: &SdkConfig,
        endpoint: Option<&Url>,
        (pace, clock): (Pace, Arc<dyn Clock>),
    ) -> Self {
        let config = sts_config(sdk, &settings.arn, endpoint);
        let by_assertion = ByAssertion::new(&settings, config.clone(), pace.clone(), clock);
        let call = Call::about(&settings.arn, OPERATION);
        Self {
            client: aws_sdk_sts::Client::from_conf(config.build()),
            caller: Caller::new(pace),
            call,
            settings,
            by_assertion,
        }
    }

    /// Assumes the role with the session's own answer, or looks whether that was done. Does nothing where our own identity
    /// does that.
    pub(super) async fn present(
        &self,
        username: &Username,
        session: SessionId,
        answer: Option<Arc<OriginalAnswer>>,
        patience: Patience,
    ) -> Result<(), Error> {
        match &self.by_assertion {
            Some(by_assertion) => by_assertion.present(username, session, answer, patience).await,
            None => Ok(()),
        }
    }

    /// Whether the role could be assumed as this user now, as far as that depends on us.
    pub(super) async fn check_ready(&self, username: &Username) -> Result<(), Error> {
        match &self.by_assertion {
            Some(by_assertion) => by_assertion.kept(username).await.map(drop),
            None => Ok(()),
        }
    }

    /// The same at this moment, without waiting for an answer that is under way.
    pub(super) fn is_ready(&self, username: &Username) -> bool {
        self.by_assertion.as_ref().is_none_or(|by_assertion| by_assertion.has_kept(username))
    }

    /// Drops credentials that are kept for this user.
    pub(super) fn forget(&self, username: &Username) {
        self.by_assertion.iter().for_each(|by_assertion| by_assertion.forget(username));
    }

    /// What Connect's refusal means: credentials that are kept and that AWS takes no more are dropped, so that the next
    /// visit brings others.
    pub(super) fn refused(&self, username: &Username, credentials: &Credentials, error: Error) -> Error {
        let Some(by_assertion) = &self.by_assertion else { return error };
        let is_over = match &error {
            Error::Permission(_) => false,
            Error::Call(call)
                if matches!(call.cause, Cause::ExpiredCredentials | Cause::WrongCredentials) =>
            {
                true
            }
            _ => return error,
        };
        by_assertion.forget_these(username, credentials);
        if is_over { Error::AnswerNeeded } else { error }
    }

    /// Drops credentials that have ended.
    pub(super) fn forget_ended(&self) {
        self.by_assertion.iter().for_each(ByAssertion::forget_ended);
    }

    /// Credentials that can do nothing but ask for this user's token at this instance.
    pub(super) async fn assume(&self, username: &Username, patience: Patience) -> Result<Credentials, Error> {
        if let Some(by_assertion) = &self.by_assertion {
            return by_assertion.kept(username).await;
        }
        let name = username.as_str();
        let request = self
            .client
            .assume_role()
            .role_arn(&self.settings.role_arn)
            .role_session_name(name)
            .set_source_identity(self.settings.source_identity.then(|| name.to_owned()))
            .policy(session_policy(&self.settings.arn))
            .set_tags(self.tags())
            .set_external_id(self.settings.external_id.as_ref().map(|id| id.expose().to_owned()))
            .duration_seconds(DURATION_SECONDS);
        let denied = Mutex::new(None);
        let attempt = || {
            let (answer, denied) = (Box::pin(request.clone().send()), &denied);
            async move {
                answer.await.map_err(|error| {
                    let message = error.as_service_error().and_then(|error| error.message());
                    *denied.lock().unwrap_or_else(PoisonError::into_inner) = message.and_then(denied_action);
                    wire::call_error(OPERATION, &error)
                })
            }
        };
        let answer = self.caller.call(&self.call, patience, attempt).await;
        let denied = denied.into_inner().unwrap_or_else(PoisonError::into_inner);
        let answer = answer.map_err(|stopped| Error::of_assume_role(stopped, denied))?;
        let missing = Error::IncompleteAnswer { operation: OPERATION, missing: "credentials" };
        let keys = answer.credentials.ok_or(missing)?;
        Ok(credentials(keys))
    }

    fn tags(&self) -> Option<Vec<Tag>> {
        let tags: Vec<Tag> = self.settings.session_tags.iter().filter_map(tag).collect();
        (!tags.is_empty()).then_some(tags)
    }
}

/// STS of the instance's Region, called with the credentials of `sdk`; only the budget knows when a call is made again.
pub(super) fn sts_config(
    sdk: &SdkConfig,
    arn: &InstanceArn,
    endpoint: Option<&Url>,
) -> aws_sdk_sts::config::Builder {
    let config = aws_sdk_sts::config::Builder::from(sdk)
        .region(Region::new(arn.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(wire::timeouts());
    match endpoint {
        Some(endpoint) => config.endpoint_url(endpoint.as_str()),
        None => config,
    }
}

/// The SDK's other type for the same; both are wiped when dropped.
pub(super) fn credentials(keys: aws_sdk_sts::types::Credentials) -> Credentials {
    Credentials::new(
        keys.access_key_id,
        keys.secret_access_key,
        Some(keys.session_token),
        None,
        "federation role",
    )
}

/// Narrows the role to one action at one instance, whatever else the role may do.
pub(super) fn session_policy(arn: &InstanceArn) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "connect:GetFederationToken",
            "Resource": format!("{arn}/user/*"),
            "Condition": { "StringEquals": { "connect:InstanceId": arn.id } },
        }],
    })
    .to_string()
}

/// One of the configured tags; the configuration has checked that it has both parts.
fn tag((key, value): (&String, &String)) -> Option<Tag> {
    Tag::builder().key(key).value(value).build().ok()
}

/// AWS's message for a denial names the action; the rest of the message is not kept.
fn denied_action(message: &str) -> Option<&'static str> {
    [
        (
            "sts:SetSourceIdentity",
            "the role's trust policy lacks sts:SetSourceIdentity (or set source_identity = false)",
        ),
        ("sts:TagSession", "the role's trust policy lacks sts:TagSession"),
    ]
    .into_iter()
    .find_map(|(action, reason)| message.contains(action).then_some(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_policy_allows_one_action_at_one_instance() {
        let arn: InstanceArn = "arn:aws:connect:eu-west-2:123456789012:instance/abc".parse().unwrap();
        let policy: serde_json::Value = serde_json::from_str(&session_policy(&arn)).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 1);
        assert_eq!(statements[0]["Action"], "connect:GetFederationToken");
        assert_eq!(statements[0]["Resource"], "arn:aws:connect:eu-west-2:123456789012:instance/abc/user/*");
        assert_eq!(statements[0]["Condition"]["StringEquals"]["connect:InstanceId"], "abc");
        assert!(session_policy(&arn).len() < 2048);
    }

    #[test]
    fn a_denial_says_which_permission_is_missing() {
        let message = "User: x is not authorized to perform: sts:SetSourceIdentity on resource: y";
        assert!(denied_action(message).unwrap().contains("source_identity = false"));
        assert_eq!(
            denied_action("User: x is not authorized to perform: sts:AssumeRole on resource: y"),
            None
        );
    }
}
