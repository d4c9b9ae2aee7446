//! The configurations of proxies in `docs/proxies.md`, for tests that give them to the programs they are for.

const PAGE: &str = include_str!("../../docs/proxies.md");

/// Where the examples have their certificate and its key.
pub(crate) const PEM: &str = "/etc/ssl/sign-in.example.org.pem";
/// The key alone.
pub(crate) const KEY: &str = "/etc/ssl/sign-in.example.org.key";

/// Every block in this language.
pub(crate) fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = PAGE.split(start.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect()
}
