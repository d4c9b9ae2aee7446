//! A browser without JavaScript, in one process with the test: redirects, forms, refreshes and cookies.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::html::{Form, forms, frames, refresh};

/// More than any sign-in needs.
const MAX_REDIRECTS: usize = 10;

/// Requests under way at once, over all browsers: each end of a connection is an open file of this
/// process, and 1024 of those is a usual limit.
static UNDER_WAY: Semaphore = Semaphore::const_new(250);

/// One browser, with cookies of its own. Clones of `client` share connections.
pub(crate) struct PlainBrowser {
    client: reqwest::Client,
    cookies: Mutex<Vec<Cookie>>,
}

/// What came back at the end of the redirects.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
    /// `Location` of every redirect on the way.
    pub(crate) redirects: Vec<Url>,
}

impl Page {
    /// The page's forms, with absolute actions.
    pub(crate) fn forms(&self) -> Vec<Form> {
        forms(&self.body, &self.url)
    }

    /// Whether the page goes on without the person.
    pub(crate) fn goes_on(&self) -> bool {
        self.refresh().is_some() || self.onward_form().is_some()
    }

    fn onward_form(&self) -> Option<Form> {
        self.forms().into_iter().find(|form| self.status == 200 && form.submits_itself())
    }

    /// How long the page waits before it asks again, when it does.
    pub(crate) fn refresh(&self) -> Option<Duration> {
        refresh(&self.body).map(|(seconds, _)| Duration::from_secs(seconds))
    }

    /// Where the page goes after that: by default, here again.
    fn next(&self) -> Url {
        self.onward().unwrap_or_else(|| self.url.clone())
    }

    /// The address that the page goes on to by itself, when it names one.
    pub(crate) fn onward(&self) -> Option<Url> {
        let address = refresh(&self.body)?.1?;
        Some(self.url.join(&address).unwrap())
    }

    /// What the page shows in frames.
    pub(crate) fn frames(&self) -> Vec<Url> {
        frames(&self.body).iter().map(|address| self.url.join(address).unwrap()).collect()
    }
}

#[derive(Debug, Clone)]
struct Cookie {
    host: String,
    name: String,
    value: String,
    secure: bool,
    same_site: SameSite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameSite {
    Strict,
    Lax,
    None,
}

/// The browser as it is now, for when the other one has gone on.
impl Clone for PlainBrowser {
    fn clone(&self) -> Self {
        let cookies = self.cookies.lock().unwrap().clone();
        Self { client: self.client.clone(), cookies: Mutex::new(cookies) }
    }
}

impl PlainBrowser {
    /// A browser without cookies.
    pub(crate) fn new(client: reqwest::Client) -> Self {
        Self { client, cookies: Mutex::default() }
    }

    /// A client that leaves redirects and cookies to the browser.
    pub(crate) fn client() -> reqwest::Client {
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
    }

    /// Types `url` into the address bar.
    pub(crate) async fn open(&self, url: &str) -> Page {
        self.navigate(Method::GET, Url::parse(url).unwrap(), Vec::new(), None).await
    }

    /// Submits `form`, which stands on `page`.
    pub(crate) async fn submit(&self, page: &Page, form: &Form) -> Page {
        let method = if form.post { Method::POST } else { Method::GET };
        let mut url = form.action.clone();
        if !form.post && !form.fields.is_empty() {
            url.query_pairs_mut().clear().extend_pairs(&form.fields);
        }
        let fields = if form.post { form.fields.clone() } else { Vec::new() };
        self.navigate(method, url, fields, Some(&page.url)).await
    }

    /// Follows pages that go on by themselves until one does not.
    pub(crate) async fn settle(&self, mut page: Page) -> Page {
        while page.goes_on() {
            page = self.step(page).await;
        }
        page
    }

    /// Does what a page does by itself: submits its form of hidden fields, or waits and asks again.
    pub(crate) async fn step(&self, page: Page) -> Page {
        if let Some(wait) = page.refresh() {
            tokio::time::sleep(wait).await;
            return self.navigate(Method::GET, page.next(), Vec::new(), Some(&page.url)).await;
        }
        match page.onward_form() {
            Some(form) => self.submit(&page, &form).await,
            None => page,
        }
    }

    /// The cookies that `url` would get from a link of its own site: `name=value; …`.
    pub(crate) fn cookies_for(&self, url: &Url) -> String {
        self.cookie_header(url, true, &Method::GET)
    }

    async fn navigate(
        &self,
        mut method: Method,
        mut url: Url,
        mut fields: Vec<(String, String)>,
        from: Option<&Url>,
    ) -> Page {
        let mut redirects = Vec::new();
        let same_site = from.is_none_or(|from| site(from) == site(&url));
        loop {
            let mut request = self
                .client
                .request(method.clone(), url.clone())
                .header("accept", "text/html")
                .header("sec-fetch-mode", "navigate");
            let cookies = self.cookie_header(&url, same_site, &method);
            if !cookies.is_empty() {
                request = request.header(COOKIE, cookies);
            }
            if method == Method::POST {
                request = request.form(&fields);
            }
            let _under_way = UNDER_WAY.acquire().await.unwrap();
            let answer = request.send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
            for line in answer.headers().get_all(SET_COOKIE) {
                self.keep(&url, line.to_str().unwrap());
            }
            let status = answer.status();
            let location =
                answer.headers().get(LOCATION).map(|value| url.join(value.to_str().unwrap()).unwrap());
            match location {
                Some(next) if status.is_redirection() => {
                    assert!(redirects.len() < MAX_REDIRECTS, "too many redirects: {redirects:?}");
                    if !matches!(status.as_u16(), 307 | 308) {
                        method = Method::GET;
                        fields.clear();
                    }
                    redirects.push(next.clone());
                    url = next;
                }
                _ => {
                    let body = answer.text().await.unwrap_or_default();
                    return Page { url, status: status.as_u16(), body, redirects };
                }
            }
        }
    }

    fn cookie_header(&self, url: &Url, same_site: bool, method: &Method) -> String {
        let sent = |cookie: &&Cookie| {
            let site_rule = match cookie.same_site {
                SameSite::None => true,
                SameSite::Lax => same_site || method == Method::GET,
                SameSite::Strict => same_site,
            };
            Some(cookie.host.as_str()) == url.host_str()
                && site_rule
                && (!cookie.secure || is_trustworthy(url))
        };
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> =
            cookies.iter().filter(sent).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        pairs.join("; ")
    }

    /// Keeps or drops one cookie as RFC 6265bis asks; whole paths and host-only cookies are enough here.
    fn keep(&self, url: &Url, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap();
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
        let secure = has("secure");
        let prefix_is_honest =
            secure && has("path=/") && !attributes.iter().any(|attribute| attribute.starts_with("domain="));
        if name.starts_with("__Host-") && !prefix_is_honest {
            return;
        }
        let same_site = match attributes.iter().find_map(|attribute| attribute.strip_prefix("samesite=")) {
            Some("none") => SameSite::None,
            Some("strict") => SameSite::Strict,
            _ => SameSite::Lax,
        };
        if same_site == SameSite::None && !secure {
            return;
        }
        let host = url.host_str().unwrap().to_owned();
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|cookie| cookie.host != host || cookie.name != name);
        let expired =
            has("max-age=0") || attributes.iter().any(|attribute| attribute.starts_with("max-age=-"));
        if !expired {
            cookies.push(Cookie { host, name: name.into(), value: value.into(), secure, same_site });
        }
    }
}

/// Scheme and registrable domain; every top-level domain of the tests is a public suffix.
fn site(url: &Url) -> (String, String) {
    let host = match url.host() {
        Some(Host::Domain(name)) => {
            let labels: Vec<&str> = name.rsplitn(3, '.').collect();
            labels.into_iter().take(2).collect::<Vec<_>>().join(".")
        }
        other => other.map(|host| host.to_string()).unwrap_or_default(),
    };
    (url.scheme().into(), host)
}

/// Where browsers take `Secure` cookies: HTTPS and this machine.
fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https" || matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}
