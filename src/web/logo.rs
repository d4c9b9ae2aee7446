//! The company's picture.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::WebState;
use super::refusal::Refusal;
use crate::model::code;

/// Where it is.
pub(super) const PATH: &str = "/pages/logo";

/// Whoever opens the picture itself gets a document that may load nothing and run nothing: an SVG can hold scripts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// `GET /pages/logo`
pub(super) async fn get(State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let logo = web.site.brand.logo.as_ref();
    let logo = logo.ok_or_else(|| Refusal::new(&code::WEB_NOT_FOUND, "no logo is configured"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(logo.content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    Ok((headers, axum::body::Bytes::copy_from_slice(&logo.octets)).into_response())
}
