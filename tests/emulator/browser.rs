//! A browser without JavaScript, which shows what it was told.

use std::collections::BTreeMap;

/// Reads pages and keeps redirects visible.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A page as text.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    /// `name=value` of each cookie set.
    pub(crate) cookies: Vec<String>,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) text: String,
}

/// Sends a request and reads all of the answer.
pub(crate) async fn open(request: reqwest::RequestBuilder) -> Page {
    let answer = request.send().await.expect("an answer");
    let header = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
    let set_cookies: Vec<String> = answer.headers().get_all("set-cookie").iter().map(header).collect();
    Page {
        status: answer.status().as_u16(),
        location: answer.headers().get("location").map(header).unwrap_or_default(),
        cookies: set_cookies
            .iter()
            .filter_map(|cookie| cookie.split(';').next())
            .map(str::to_owned)
            .collect(),
        set_cookies,
        text: answer.text().await.expect("text"),
    }
}

impl Page {
    /// Text of the element with this id.
    pub(crate) fn element(&self, id: &str) -> String {
        let after =
            self.text.split_once(&format!("id=\"{id}\">")).map(|(_, after)| after).unwrap_or_default();
        after.split('<').next().unwrap_or_default().to_owned()
    }

    /// Target of the first form.
    pub(crate) fn form_action(&self) -> String {
        let after = self.text.split_once(" action=\"").map(|(_, after)| after).unwrap_or_default();
        unescape(after.split('"').next().unwrap_or_default())
    }

    /// Hidden fields of the first form.
    pub(crate) fn hidden_fields(&self) -> BTreeMap<String, String> {
        let inputs = self.text.split("<input type=\"hidden\" name=\"").skip(1);
        inputs
            .filter_map(|input| {
                let (name, rest) = input.split_once("\" value=\"")?;
                Some((name.to_owned(), unescape(rest.split('"').next()?)))
            })
            .collect()
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
