//! The emulator as the AWS SDK sees it.

use aws_sdk_connect::operation::get_federation_token::GetFederationTokenOutput;
use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};
use connect_gateway::emulator::Emulator;

use crate::{ACME, KEY, ROLE};

fn config(emulator: &Emulator, credentials: Credentials) -> aws_config::SdkConfig {
    aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .endpoint_url(emulator.api_url())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .build()
}

/// Connect as the gateway.
pub(crate) fn connect(emulator: &Emulator) -> aws_sdk_connect::Client {
    aws_sdk_connect::Client::new(&config(emulator, Credentials::new(KEY.0, KEY.1, None, None, "test")))
}

/// Credentials of a session with this name.
pub(crate) async fn assume(emulator: &Emulator, name: &str) -> Credentials {
    let sts = aws_sdk_sts::Client::new(&config(emulator, Credentials::new(KEY.0, KEY.1, None, None, "test")));
    let answer = sts.assume_role().role_arn(ROLE).role_session_name(name).send().await.expect("a session");
    let found = answer.credentials().expect("credentials");
    let token = Some(found.session_token().to_owned());
    Credentials::new(found.access_key_id(), found.secret_access_key(), token, None, "test")
}

/// A token for the user with this name.
pub(crate) async fn token(emulator: &Emulator, name: &str) -> GetFederationTokenOutput {
    let client = aws_sdk_connect::Client::new(&config(emulator, assume(emulator, name).await));
    client.get_federation_token().instance_id(ACME).send().await.expect("a token")
}

/// The form field that an instance's site takes.
pub(crate) fn credentials_field(token: &GetFederationTokenOutput) -> serde_json::Value {
    let credentials = token.credentials().expect("credentials");
    let milliseconds = |at: Option<&aws_sdk_connect::primitives::DateTime>| {
        at.expect("a time").to_millis().expect("milliseconds")
    };
    serde_json::json!({
        "AccessToken": credentials.access_token().expect("an access token"),
        "AccessTokenExpiration": milliseconds(credentials.access_token_expiration()),
        "RefreshToken": credentials.refresh_token().expect("a refresh token"),
        "RefreshTokenExpiration": milliseconds(credentials.refresh_token_expiration()),
    })
}
