//! The look of all pages.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::encoding::escape;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2530;--soft:#5b6776;--paper:#f4f6f8;--card:#fff;--line:#d8dee6;--accent:#1f5fbf}\
@media(prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9aa7b6;--paper:#12171d;--card:#1b222b;--line:#303a46;--accent:#7db1ff}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:40rem;margin:8vh auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:12px}\
h1{font-size:1.4rem;margin:0 0 1rem}p.soft,dt{color:var(--soft)}dl{display:grid;grid-template-columns:10rem 1fr;gap:.5rem 1rem;margin:0}\
dd{margin:0;overflow-wrap:anywhere}button{font:inherit;padding:.6rem 1rem;border:1px solid var(--accent);border-radius:8px;\
background:none;color:var(--accent);cursor:pointer}button.person{display:block;width:100%;text-align:left;margin:.5rem 0}\
button.person small{display:block;color:var(--soft)}footer{margin-top:1.5rem;color:var(--soft);font-size:.85rem}\
@media(max-width:32rem){main{margin:0;border:0;border-radius:0}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}";

/// A page; `body` is HTML.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}\
         <footer>Emulator for demonstrations and tests. Nothing here is Amazon&#39;s.</footer></main></body></html>",
        title = escape(title)
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A page with one sentence.
pub(super) fn sentence(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &format!("<p>{}</p>", escape(text)))
}

/// 303 to `location`, with cookies to set.
pub(super) fn see_other(location: &str, cookies: &[String]) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    match HeaderValue::from_str(location) {
        Ok(location) => headers.insert(header::LOCATION, location),
        Err(_) => return sentence(StatusCode::BAD_REQUEST, "Bad request", "The destination is no URL."),
    };
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}
