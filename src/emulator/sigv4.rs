//! AWS Signature Version 4, verified.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use super::encoding::{percent_decode, percent_encode};
use super::error::{ApiError, ApiResult};
use super::principal::{AccessKey, Principal};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TOLERANCE: Duration = Duration::minutes(5);

/// A request of the API listener.
#[derive(Debug)]
pub(super) struct ApiRequest {
    pub(super) method: String,
    /// As sent, still percent-encoded.
    pub(super) path: String,
    /// As sent.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a request is verified against.
pub(super) struct Expected<'a> {
    pub(super) service: &'a str,
    pub(super) regions: &'a [String],
    pub(super) keys: &'a HashMap<String, AccessKey>,
    /// When the client may have signed, give or take five minutes.
    pub(super) signing_times: [OffsetDateTime; 2],
    /// When temporary keys end is told by the emulator's clock.
    pub(super) now: OffsetDateTime,
}

/// Who signed, for which Region.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) region: String,
}

struct Authorization<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl ApiRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Who signed the request.
pub(super) fn verify(request: &ApiRequest, expected: &Expected<'_>) -> ApiResult<Caller> {
    let header = request
        .header("authorization")
        .ok_or_else(|| ApiError::unsigned("Request is missing Authentication Token"))?;
    let authorization = parse(header)?;
    check_scope(&authorization, expected)?;
    let timestamp = check_date(request, &authorization, expected)?;
    check_signed_headers(request, &authorization)?;
    let key = check_key(request, &authorization, expected)?;
    let string_to_sign = string_to_sign(request, &authorization, timestamp)?;
    check_signature(key, &authorization, &string_to_sign)?;
    Ok(Caller { principal: key.principal.clone(), region: authorization.region.to_owned() })
}

fn parse(header: &str) -> ApiResult<Authorization<'_>> {
    let broken = || ApiError::incomplete_signature("Authorization header cannot be read");
    let rest = header.strip_prefix(ALGORITHM).ok_or_else(broken)?;
    let mut parts = HashMap::new();
    for part in rest.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or_else(broken)?;
        parts.insert(name, value);
    }
    let part = |name| parts.get(name).copied().ok_or_else(broken);
    let scope: Vec<&str> = part("Credential")?.split('/').collect();
    let [key, date, region, service, "aws4_request"] = scope.as_slice() else {
        return Err(broken());
    };
    let signed_headers = part("SignedHeaders")?.split(';').collect();
    Ok(Authorization { key, date, region, service, signed_headers, signature: part("Signature")? })
}

fn check_scope(authorization: &Authorization<'_>, expected: &Expected<'_>) -> ApiResult<()> {
    if authorization.service != expected.service {
        let message = format!("Credential should be scoped to correct service: '{}'.", expected.service);
        return Err(ApiError::bad_signature(message));
    }
    if !expected.regions.iter().any(|region| region == authorization.region) {
        return Err(ApiError::bad_signature("Credential should be scoped to a valid region."));
    }
    Ok(())
}

fn check_date<'a>(
    request: &'a ApiRequest,
    authorization: &Authorization<'_>,
    expected: &Expected<'_>,
) -> ApiResult<&'a str> {
    let text = request
        .header("x-amz-date")
        .ok_or_else(|| ApiError::incomplete_signature("Authorization header requires X-Amz-Date"))?;
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let date = PrimitiveDateTime::parse(text, format)
        .map_err(|_| ApiError::incomplete_signature("X-Amz-Date must be in ISO 8601 basic format"))?
        .assume_utc();
    if !text.starts_with(authorization.date) {
        return Err(ApiError::bad_signature(
            "Date in Credential scope does not match YYYYMMDD from X-Amz-Date",
        ));
    }
    if expected.signing_times.iter().any(|at| (date - *at).abs() <= TOLERANCE) {
        return Ok(text);
    }
    let late = expected.signing_times.iter().any(|at| date < *at);
    let wrong = if late { "Signature expired" } else { "Signature not yet current" };
    Err(ApiError::bad_signature(format!("{wrong}: {text}")))
}

/// What the service reads must be signed, else somebody on the way could change it.
fn check_signed_headers(request: &ApiRequest, authorization: &Authorization<'_>) -> ApiResult<()> {
    let signed = |name: &str| authorization.signed_headers.contains(&name);
    let required =
        request.headers.keys().map(axum::http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    match std::iter::once("host").chain(required).find(|name| !signed(name) && !OPTIONAL.contains(name)) {
        Some(name) => Err(ApiError::bad_signature(format!("'{name}' must be a 'SignedHeader'"))),
        None => Ok(()),
    }
}

/// Told by SDKs for diagnosis only and left out of the signature by some.
const OPTIONAL: [&str; 2] = ["x-amz-user-agent", "x-amz-content-sha256"];

fn check_key<'a>(
    request: &ApiRequest,
    authorization: &Authorization<'_>,
    expected: &Expected<'a>,
) -> ApiResult<&'a AccessKey> {
    let unknown = || ApiError::unknown_client("The security token included in the request is invalid.");
    let key = expected.keys.get(authorization.key).ok_or_else(unknown)?;
    if key.session_token.as_deref() != request.header("x-amz-security-token") {
        return Err(unknown());
    }
    if key.expires.is_some_and(|expires| expires <= expected.now) {
        return Err(ApiError::expired_token("The security token included in the request is expired"));
    }
    Ok(key)
}

fn string_to_sign(
    request: &ApiRequest,
    authorization: &Authorization<'_>,
    timestamp: &str,
) -> ApiResult<String> {
    let payload = hex::encode(Sha256::digest(&request.body));
    if request.header("x-amz-content-sha256").is_some_and(|claimed| claimed != payload) {
        return Err(ApiError::bad_signature("x-amz-content-sha256 does not match the payload"));
    }
    let mut canonical = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(&request.path),
        canonical_query(&request.query)
    );
    for name in &authorization.signed_headers {
        let values = request.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<String> =
            values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        canonical.extend([name, ":", &values.join(","), "\n"]);
    }
    canonical.extend(["\n", &authorization.signed_headers.join(";"), "\n", &payload]);
    let scope =
        format!("{}/{}/{}/aws4_request", authorization.date, authorization.region, authorization.service);
    let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
    Ok(format!("{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"))
}

/// Each segment encoded once more than it was sent, as every service but S3 wants.
fn canonical_path(path: &str) -> String {
    path.split('/').map(|segment| percent_encode(segment.as_bytes())).collect::<Vec<_>>().join("/")
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (percent_encode(&percent_decode(name)), percent_encode(&percent_decode(value))))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn check_signature(
    key: &AccessKey,
    authorization: &Authorization<'_>,
    string_to_sign: &str,
) -> ApiResult<()> {
    let wrong = |_| {
        ApiError::bad_signature(
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method.",
        )
    };
    let mut signing_key = format!("AWS4{}", key.secret).into_bytes();
    for part in [authorization.date, authorization.region, authorization.service, "aws4_request"] {
        signing_key = keyed(&signing_key, part).finalize().into_bytes().to_vec();
    }
    let signature = hex::decode(authorization.signature).unwrap_or_default();
    keyed(&signing_key, string_to_sign).verify_slice(&signature).map_err(wrong)
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}
