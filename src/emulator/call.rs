//! One call of the Connect API, after its caller is known.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;

use super::error::{ApiError, ApiResult};
use super::federation::Tokens;
use super::options::Behaviour;
use super::principal::Principal;
use super::state::Instance;

/// What an operation works with.
pub(super) struct Call<'a> {
    pub(super) instance: &'a mut Instance,
    pub(super) principal: &'a Principal,
    pub(super) behaviour: &'a Behaviour,
    pub(super) now: OffsetDateTime,
    /// Id of the path: a user or a group.
    pub(super) id: &'a str,
    pub(super) query: BTreeMap<String, String>,
    /// The query as it was sent, for what may be in it several times.
    pub(super) raw_query: &'a str,
    pub(super) body: &'a [u8],
    /// Tokens given so far.
    pub(super) tokens: &'a mut Tokens,
    /// Base URL of the instance's site.
    pub(super) site_url: &'a str,
    /// Signs page tokens.
    pub(super) page_key: &'a str,
    /// Connect username the call is about, for the history.
    pub(super) about: Option<String>,
}

/// What it answers; an update answers nothing.
pub(super) type Answer = ApiResult<Option<Value>>;

impl Call<'_> {
    /// The body as `T`; an empty body is an empty object.
    pub(super) fn input<T: DeserializeOwned>(&self) -> ApiResult<T> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid_request(format!("Invalid request body: {error}")))
    }

    /// The query's `maxResults`.
    pub(super) fn max_results(&self) -> ApiResult<Option<i64>> {
        let number = |text: &String| {
            text.parse().map_err(|_| ApiError::invalid_parameter("maxResults is not a number"))
        };
        self.query.get("maxResults").map(number).transpose()
    }
}

/// A required member.
pub(super) fn required<T>(member: Option<T>, name: &str) -> ApiResult<T> {
    member.ok_or_else(|| ApiError::invalid_request(format!("{name} is required")))
}

/// Refuses text outside `1..=longest` characters.
pub(super) fn check_length(text: &str, longest: usize, name: &str) -> ApiResult<()> {
    if (1..=longest).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(ApiError::invalid_parameter(format!("{name} must be 1 to {longest} characters")))
    }
}
