//! The federation role, assumed with the person's own answer from the identity provider: nobody's credentials are needed.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sts::operation::assume_role_with_saml::AssumeRoleWithSamlOutput;
use time::OffsetDateTime;

use super::kept::{Kept, KeptCredentials};
use super::role::{credentials, session_policy};
use super::{AssertionFault, CredentialSource, Error, Settings, wire};
use crate::model::{
    Call, Caller, Cause, Clock, OriginalAnswer, Pace, Patience, SessionId, Stopped, Username,
};

const OPERATION: &str = "AssumeRoleWithSAML";
/// Most characters of `SAMLAssertion`.
const LONGEST: usize = 100_000;
/// What `DurationSeconds` may be.
const SECONDS: (i64, i64) = (900, 43_200);

/// Assumes the role of one instance with answers.
pub(super) struct ByAssertion {
    client: aws_sdk_sts::Client,
    caller: Caller,
    call: Call,
    settings: Arc<Settings>,
    provider_arn: String,
    duration: Duration,
    kept: KeptCredentials,
    clock: Arc<dyn Clock>,
}

impl ByAssertion {
    /// `None` where our own identity assumes the role.
    pub(super) fn new(
        settings: &Arc<Settings>,
        mut config: aws_sdk_sts::config::Builder,
        pace: Pace,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let CredentialSource::Assertion { provider_arn, duration } = settings.credentials.clone() else {
            return None;
        };
        // The call is not signed: what is not there can't be sent, or asked for.
        config.set_credentials_provider(None);
        let call = Call::about(&settings.arn, OPERATION);
        Some(Self {
            client: aws_sdk_sts::Client::from_conf(config.build()),
            caller: Caller::new(pace),
            call,
            settings: Arc::clone(settings),
            provider_arn,
            duration,
            kept: KeptCredentials::default(),
            clock,
        })
    }

    /// Assumes the role with the session's own answer and keeps the credentials; without one, looks whether AWS took one
    /// of this session before. The user's place is taken before the answer is: whoever comes meanwhile waits for it.
    pub(super) async fn present(
        &self,
        username: &Username,
        session: SessionId,
        answer: Option<Arc<OriginalAnswer>>,
        patience: Patience,
    ) -> Result<(), Error> {
        let slot = self.kept.slot(username);
        let mut kept = slot.lock().await;
        let Some(answer) = answer.filter(|answer| answer.begin_use()) else {
            let now = self.clock.now();
            let own = kept.as_ref().filter(|kept| kept.is_usable(now) && kept.sessions.contains(&session));
            return own.map(|_| ()).ok_or(Error::AnswerNeeded);
        };
        let assumed = self.assume(username, &answer, patience).await;
        if matches!(assumed, Err(Error::Busy(_))) {
            answer.stay_unused();
        }
        let (credentials, ends) = assumed?;
        let mut sessions = kept.take().map(|kept| kept.sessions).unwrap_or_default();
        sessions.insert(session);
        *kept = Some(Kept { credentials, ends, sessions });
        Ok(())
    }

    /// Assumes the role as `username`, whom the answer must name.
    async fn assume(
        &self,
        username: &Username,
        answer: &OriginalAnswer,
        patience: Patience,
    ) -> Result<(Credentials, OffsetDateTime), Error> {
        check_length(answer)?;
        check_role(answer, &self.settings.role_arn, &self.provider_arn)?;
        check_session_name(answer, username)?;
        let (seconds, asked_at) = (self.seconds(answer), self.clock.now());
        let request = self
            .client
            .assume_role_with_saml()
            .role_arn(&self.settings.role_arn)
            .principal_arn(&self.provider_arn)
            .saml_assertion(answer.expose())
            .policy(session_policy(&self.settings.arn))
            .duration_seconds(seconds);
        let attempt = || {
            let answer = Box::pin(request.clone().send());
            async move { answer.await.map_err(|error| wire::call_error(OPERATION, &error)) }
        };
        let assumed = self.caller.call(&self.call, patience, attempt).await.map_err(refused)?;
        let (credentials, ends) = self.read(assumed, username)?;
        // `Expiration` is by AWS's clock, which may be ahead of ours.
        let ends = ends.min(asked_at + Duration::from_secs(u64::from(seconds.unsigned_abs())));
        Ok((credentials, answer.session_end().map_or(ends, |session| session.min(ends))))
    }

    /// What an answer brought before, or is about to bring.
    pub(super) async fn kept(&self, username: &Username) -> Result<Credentials, Error> {
        self.kept.find(username, self.clock.now()).await.ok_or(Error::AnswerNeeded)
    }

    /// Whether there are credentials now.
    pub(super) fn has_kept(&self, username: &Username) -> bool {
        self.kept.has(username, self.clock.now())
    }

    pub(super) fn forget(&self, username: &Username) {
        self.kept.forget(username);
    }

    pub(super) fn forget_these(&self, username: &Username, these: &Credentials) {
        self.kept.forget_these(username, these);
    }

    pub(super) fn forget_ended(&self) {
        self.kept.forget_ended(self.clock.now());
    }

    /// Not longer than the identity provider's session. AWS asks for 900 at least, and shortens by itself.
    fn seconds(&self, answer: &OriginalAnswer) -> i32 {
        let configured = i64::try_from(self.duration.as_secs()).unwrap_or(SECONDS.1);
        let left = answer.session_end().map(|end| (end - self.clock.now()).whole_seconds());
        let seconds = left.map_or(configured, |left| left.min(configured)).clamp(SECONDS.0, SECONDS.1);
        i32::try_from(seconds).unwrap_or(900)
    }

    fn read(
        &self,
        assumed: AssumeRoleWithSamlOutput,
        username: &Username,
    ) -> Result<(Credentials, OffsetDateTime), Error> {
        let missing = |missing| Error::IncompleteAnswer { operation: OPERATION, missing };
        let session = assumed.assumed_role_user.ok_or(missing("AssumedRoleUser"))?;
        check_session(&session.arn, &self.settings.role_arn, username)?;
        let keys = assumed.credentials.ok_or(missing("credentials"))?;
        let ends = wire::moment(&keys.expiration).ok_or(missing("Expiration"))?;
        Ok((credentials(keys), ends))
    }
}

fn check_length(answer: &OriginalAnswer) -> Result<(), Error> {
    if answer.expose().len() > LONGEST { Err(AssertionFault::TooLong.into()) } else { Ok(()) }
}

/// The answer is meant for this role, through this provider.
fn check_role(answer: &OriginalAnswer, role_arn: &str, provider_arn: &str) -> Result<(), Error> {
    if answer.names_role(role_arn, provider_arn) { Ok(()) } else { Err(AssertionFault::Role.into()) }
}

/// AWS names the session as the answer does, and Connect signs in the user of that name: no other than the rules say.
fn check_session_name(answer: &OriginalAnswer, username: &Username) -> Result<(), Error> {
    if answer.names_session(username) { Ok(()) } else { Err(Error::SessionName) }
}

/// What AWS read in the answer is what we read: its parser is another one.
fn check_session(session_arn: &str, role_arn: &str, username: &Username) -> Result<(), Error> {
    if Some(session_arn) == expected_session(role_arn, username).as_deref() {
        Ok(())
    } else {
        Err(Error::OtherSession)
    }
}

/// `arn:aws:iam::<account>:role/<path>/<name>` becomes `arn:aws:sts::<account>:assumed-role/<name>/<session>`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
fn expected_session(role_arn: &str, username: &Username) -> Option<String> {
    let (partition, rest) = role_arn.strip_prefix("arn:")?.split_once(":iam::")?;
    let (account, role) = rest.split_once(":role/")?;
    let name = role.rsplit('/').next()?;
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{name}/{}", username.as_str()))
}

fn refused(stopped: Stopped) -> Error {
    match stopped {
        Stopped::Failed(call) => match reason(&call.code) {
            Some(reason) => Error::AssertionRefused { call, reason },
            None if call.cause == Cause::AccessDenied => Error::Role { call, reason: NOT_TRUSTED },
            None => Error::of_assume_role(Stopped::Failed(call), None),
        },
        Stopped::Busy(busy) => Error::Busy(busy),
        Stopped::Unavailable(why) => Error::State(why),
    }
}

const NOT_TRUSTED: &str = "the role's trust policy does not take this provider's answers, or SAML:aud in it is not the gateway's assertion consumer service";

/// AWS's code for an answer that it does not take.
fn reason(code: &str) -> Option<&'static str> {
    Some(match code {
        "InvalidIdentityToken" => {
            "AWS finds no audience of its own in it, does not know the key that signed it, or can't read it"
        }
        "IDPRejectedClaim" => "AWS reads in it that the identity provider refused the sign-in",
        "ExpiredTokenException" | "ExpiredToken" => {
            "AWS takes an answer for five minutes after it was issued"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credentials_of_the_session_that_was_asked_for_are_taken() {
        let ada = Username::new("ada").unwrap();
        let role = "arn:aws:iam::123456789012:role/contact/centre/connect";
        let good = "arn:aws:sts::123456789012:assumed-role/connect/ada";
        assert_eq!(check_session(good, role, &ada), Ok(()));
        for other in [
            "arn:aws:sts::123456789012:assumed-role/connect/root.ish",
            "arn:aws:sts::123456789012:assumed-role/connect/Ada",
            "arn:aws:sts::123456789012:assumed-role/connect/x/ada",
            "arn:aws:sts::123456789012:assumed-role/other/ada",
            "arn:aws:sts::210987654321:assumed-role/connect/ada",
            "arn:aws-us-gov:sts::123456789012:assumed-role/connect/ada",
            "ada",
            "",
        ] {
            assert_eq!(check_session(other, role, &ada), Err(Error::OtherSession), "{other}");
        }
    }
}
