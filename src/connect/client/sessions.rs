//! `DeleteAllEntitySessions`, which this release of the SDK lacks.

use std::io;

use aws_sdk_connect::error::SdkError;
use aws_sdk_connect::operation::describe_instance::{DescribeInstanceError, DescribeInstanceOutput};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::{Calls, Error};
use crate::model::{CallError, Cause, Patience};

const OPERATION: &str = "DeleteAllEntitySessions";
const PATH: &str = "/auth/sessions/delete-all-entity-sessions";

impl Calls {
    /// Ends every session that the user has in Amazon Connect, wherever it began. A user without one is none the worse.
    /// Needs `connect:DeleteAllEntitySessions`.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_DeleteAllEntitySessions.html>
    pub(in crate::connect) async fn end_sessions(&self, id: &str, patience: Patience) -> Result<(), Error> {
        let answer = self.call(OPERATION, patience, || self.send_end_sessions(id)).await?;
        match answer.instance {
            None => Ok(()),
            // The call that lent its request was made itself: nothing has ended.
            Some(_) => Err(Error::Call(CallError {
                operation: OPERATION,
                cause: Cause::Refused,
                code: "the SDK sent another call".to_owned(),
                request_id: None,
            })),
        }
    }

    /// The SDK's own pipeline sends it, so that credentials, endpoint, timeouts, signature and errors are those of every
    /// other call: a call that only reads lends its request, which is written anew before it is signed.
    async fn send_end_sessions(
        &self,
        id: &str,
    ) -> Result<DescribeInstanceOutput, SdkError<DescribeInstanceError>> {
        let body = json!({ "InstanceId": self.arn.id, "EntityId": id, "EntityType": "USER" }).to_string();
        let lent = format!("/instance/{}", self.arn.id);
        let lender = self.client.describe_instance().instance_id(&self.arn.id).customize();
        lender.map_request(move |request| rewritten(request, &lent, &body)).send().await
    }
}

fn rewritten(mut request: HttpRequest, lent: &str, body: &str) -> io::Result<HttpRequest> {
    let endpoint =
        request.uri().strip_suffix(lent).ok_or_else(|| io::Error::other("another call's request"))?;
    let uri = format!("{endpoint}{PATH}");
    request.set_uri(uri).map_err(io::Error::other)?;
    request.set_method("POST").map_err(io::Error::other)?;
    request.headers_mut().insert("content-type", "application/json");
    *request.body_mut() = SdkBody::from(body);
    Ok(request)
}
