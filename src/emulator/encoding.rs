//! Percent signs and angle brackets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Encodes all but RFC 3986's unreserved characters.
pub(super) fn percent_encode(text: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Decodes `%XX`; `+` stays.
pub(super) fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    decoded
}

/// Decodes to text; no text, no value.
pub(super) fn percent_decode_text(text: &str) -> Option<String> {
    String::from_utf8(percent_decode(text)).ok()
}

/// Fields of a query or of an urlencoded form; the first of several with one name counts.
pub(super) fn form_fields(text: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    fields
}

/// Every value of the field with this name.
pub(super) fn all_form_values(text: &[u8], name: &str) -> Vec<String> {
    let fields = url::form_urlencoded::parse(text).filter(|(found, _)| found == name);
    fields.map(|(_, value)| value.into_owned()).collect()
}

/// Makes text safe inside HTML and XML, in elements and in double-quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The value of a cookie in a `Cookie` header.
pub(super) fn cookie(headers: &axum::http::HeaderMap, name: &str) -> Option<String> {
    let headers = headers.get_all(axum::http::header::COOKIE).iter();
    headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}
