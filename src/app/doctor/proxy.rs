//! `connect-gateway doctor proxy`: what stands between browsers and the gateway, asked from outside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde::Deserialize;
use url::Url;

use super::told;
use crate::app::remark::Remark;
use crate::app::{Outcome, load};
use crate::audit;
use crate::outbound::Outbound;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An address for documentation, which nobody has. RFC 5737.
const FORGED: &str = "203.0.113.7";
/// A name that nobody has. RFC 6761.
const EVIL: &str = "forged.invalid";
/// Headers that say who asks.
const CLAIMS: [(&str, &str); 3] =
    [("X-Forwarded-For", FORGED), ("Forwarded", "for=203.0.113.7"), ("X-Real-IP", FORGED)];
/// Headers that say which host was asked.
const HOSTS: [(&str, &str); 3] =
    [("Host", EVIL), ("X-Forwarded-Host", EVIL), ("Forwarded", "host=forged.invalid;proto=http")];

/// What to ask.
#[derive(Debug)]
pub struct DoctorProxy {
    /// The configuration file; by default the usual one, unless there is an address.
    pub config: Option<PathBuf>,
    /// The address to ask instead of `public_url`.
    pub url: Option<String>,
    /// Whether to print JSON.
    pub json: bool,
}

/// What `/whoami` tells.
#[derive(Debug, Deserialize)]
struct WhoAmI {
    service: String,
    address: Option<String>,
    mode: String,
    believed_header: Option<String>,
    ignored_headers: Vec<String>,
    fault: Option<String>,
    public_url: String,
}

/// Asks and prints a line for each check. Exit status 0: all is well; 2: something should be looked at; 1: something is wrong.
pub async fn doctor_proxy(ask: &DoctorProxy) -> Outcome {
    let (url, expected, outbound) = match subject(ask) {
        Ok(subject) => subject,
        Err(failed) => return failed,
    };
    let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none());
    let found = match outbound.straight(client) {
        Ok(client) => Patient { client, url, expected }.examined().await,
        Err(error) => return Outcome::failed(&error),
    };
    told(&found, ask.json)
}

/// The address to ask, the `public_url` that should be told, and which certificates are believed.
fn subject(ask: &DoctorProxy) -> Result<(Url, Url, Outbound), Outcome> {
    let url = ask.url.as_deref().map(|text| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.ok_or_else(|| Outcome::failed(&format!("--url {text}: is not an address: write https://…")))
    });
    let url = url.transpose()?;
    if let (Some(url), None) = (&url, &ask.config) {
        return Ok((url.clone(), url.clone(), Outbound::default()));
    }
    let config = load(ask.config.as_deref().unwrap_or(Path::new("config/gateway.toml")))?.config;
    Ok((url.unwrap_or_else(|| config.public_url.clone()), config.public_url, config.outbound))
}

/// A gateway, seen from outside.
struct Patient {
    client: Client,
    url: Url,
    expected: Url,
}

impl Patient {
    async fn examined(&self) -> Vec<Remark> {
        let response = match self.get("/whoami", None).await {
            Ok(response) => response,
            Err(error) => {
                return vec![Remark::failing("reach", format!("{} does not answer: {error}", self.url))];
            }
        };
        let hsts = response.headers().get("strict-transport-security").is_some();
        let told = match whoami(response).await {
            Ok(told) => told,
            Err(reason) => {
                return vec![Remark::failing("reach", format!("{} leads to no gateway: {reason}", self.url))];
            }
        };
        let mut found = vec![
            Remark::well("reach", format!("{} leads to a gateway", self.url)),
            self.public_url(&told),
            self.https(),
        ];
        found.extend(self.hsts(hsts));
        found.push(address(&told));
        for claim in CLAIMS {
            found.push(self.claim(claim, &told).await);
        }
        for host in HOSTS {
            found.push(self.host(host).await);
        }
        found
    }

    async fn get(&self, path: &str, header: Option<(&str, &str)>) -> Result<Response, String> {
        let mut url = self.url.clone();
        url.set_path(path);
        let request = header
            .into_iter()
            .fold(self.client.get(url), |request, (name, value)| request.header(name, value));
        request.send().await.map_err(|error| audit::cause(&error))
    }

    fn public_url(&self, told: &WhoAmI) -> Remark {
        let same = Url::parse(&told.public_url).is_ok_and(|told| told.origin() == self.expected.origin());
        if same {
            return Remark::well("public_url", format!("the gateway calls itself {}", told.public_url));
        }
        let text =
            "the gateway that answers calls itself {}: write the address that browsers use into public_url";
        Remark::failing("public_url", text.replace("{}", &told.public_url))
    }

    fn https(&self) -> Remark {
        match self.url.scheme() {
            "https" => Remark::well("https", "the certificate is valid for this name"),
            _ => Remark::doubtful("https", "browsers talk plain HTTP: that is for tests on one machine only"),
        }
    }

    fn hsts(&self, is_there: bool) -> Option<Remark> {
        if self.url.scheme() != "https" {
            return None;
        }
        Some(if is_there {
            Remark::well("hsts", "Strict-Transport-Security reaches the browser")
        } else {
            Remark::failing(
                "hsts",
                "Strict-Transport-Security is lost on the way: the proxy must not remove it",
            )
        })
    }

    /// Nobody may say who they are.
    async fn claim(&self, (name, value): (&'static str, &str), honest: &WhoAmI) -> Remark {
        let told = match self.get("/whoami", Some((name, value))).await {
            Ok(response) => whoami(response).await,
            Err(error) => Err(error),
        };
        match told {
            Err(reason) => {
                Remark::doubtful("forged", format!("a forged {name} gets another answer: {reason}"))
            }
            Ok(told) if told.address.as_deref() == Some(FORGED) => Remark::failing(
                "forged",
                format!(
                    "a forged {name} is believed: the proxy must overwrite it or append to it, and client_address.trusted may \
                     name nobody but proxies. (If this command runs on such a proxy, run it elsewhere.)"
                ),
            ),
            Ok(told) if told.address == honest.address => {
                Remark::well("forged", format!("a forged {name} is not believed"))
            }
            Ok(_) => Remark::doubtful(
                "forged",
                format!("with a forged {name} the gateway sees another address than without"),
            ),
        }
    }

    /// The host of a request leads nowhere. A proxy may well refuse it.
    async fn host(&self, (name, value): (&'static str, &str)) -> Remark {
        let Ok(response) = self.get("/saml/metadata", Some((name, value))).await else {
            return Remark::well("host", format!("a forged host in {name} is refused"));
        };
        let leads_there = format!("{:?}", response.headers()).contains(EVIL);
        let body = response.text().await.unwrap_or_default();
        if leads_there || body.contains(EVIL) {
            Remark::failing(
                "host",
                format!("a forged host in {name} comes back: something on the way believes it"),
            )
        } else {
            Remark::well("host", format!("a forged host in {name} changes nothing"))
        }
    }
}

async fn whoami(response: Response) -> Result<WhoAmI, String> {
    let status = response.status();
    let told = response.json::<WhoAmI>().await.ok().filter(|told| told.service == "connect-gateway");
    told.ok_or_else(|| {
        format!("/whoami is answered with status {} and not as a gateway does", status.as_u16())
    })
}

/// Whether clients are told apart.
fn address(told: &WhoAmI) -> Remark {
    const CHECK: &str = "client";
    let address = told.address.as_deref().unwrap_or("an address that nobody told");
    match (&told.fault, &told.believed_header) {
        (Some(fault), _) => Remark::failing(
            CHECK,
            format!(
                "the proxy is trusted and its header is {fault} (mode {}): all clients count as one",
                told.mode
            ),
        ),
        (None, Some(header)) => Remark::well(CHECK, format!("you come from {address}, as {header} says")),
        (None, None) if told.mode == "direct" && !told.ignored_headers.is_empty() => Remark::doubtful(
            CHECK,
            format!(
                "a proxy sends {} and client_address.mode is \"direct\": all clients count as one, {address}",
                told.ignored_headers.join(" and ")
            ),
        ),
        (None, None) if told.mode == "x_forwarded_for" || told.mode == "forwarded" => Remark::doubtful(
            CHECK,
            format!(
                "{address} is not in client_address.trusted: add it if it is the proxy; if it is yours, you asked past the proxy"
            ),
        ),
        (None, None) => Remark::well(CHECK, format!("you come from {address} (mode {})", told.mode)),
    }
}
