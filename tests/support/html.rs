//! Just enough HTML to submit forms. Strict: what it can't read stops the test.

use url::Url;

/// A form as a browser would submit it.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// Where it goes.
    pub(crate) action: Url,
    /// Whether it is a POST.
    pub(crate) post: bool,
    /// Names and values, in order; buttons only when a test presses them.
    pub(crate) fields: Vec<(String, String)>,
    /// Whether every named field is hidden.
    pub(crate) only_hidden: bool,
}

impl Form {
    /// With `name` set to `value`.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether pages submit such forms by themselves: SAML messages and the hand-off into the instance.
    pub(crate) fn submits_itself(&self) -> bool {
        let carried = ["SAMLRequest", "SAMLResponse", "credentials"];
        self.post && self.only_hidden && carried.iter().any(|name| self.value(name).is_some())
    }
}

/// The forms of `html`; relative actions are resolved against `base`.
pub(crate) fn forms(html: &str, base: &Url) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<form") {
        let (form, after) = rest[start..].split_once("</form>").unwrap_or((&rest[start..], ""));
        forms.push(read_form(form, base));
        rest = after;
    }
    forms
}

/// Seconds of a `<meta http-equiv="refresh">` in the head, and the address that it names.
pub(crate) fn refresh(html: &str) -> Option<(u64, Option<String>)> {
    let head = html.split_once("</head>").map_or(html, |(head, _)| head);
    let (_, meta) = head.split_once("<meta http-equiv=\"refresh\"")?;
    let tag = format!("meta{meta}");
    let content = read_tag(&tag).0.attribute("content")?.to_owned();
    let (seconds, url) = content.split_once(';').unwrap_or((&content, ""));
    let url = url.trim().strip_prefix("url=").map(str::to_owned);
    Some((seconds.trim().parse().ok()?, url))
}

/// Addresses of the frames of `html`.
pub(crate) fn frames(html: &str) -> Vec<String> {
    let frames = tags(html).into_iter().filter(|tag| tag.name == "iframe");
    frames.filter_map(|tag| tag.attribute("src").map(str::to_owned)).collect()
}

fn read_form(html: &str, base: &Url) -> Form {
    let tags = tags(html);
    let attribute = |name| tags.first().and_then(|tag| tag.attribute(name));
    let action = base.join(attribute("action").unwrap_or("")).unwrap();
    let post = attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    let mut form = Form { action, post, fields: Vec::new(), only_hidden: true };
    for tag in &tags {
        let (Some(name), value) = (tag.attribute("name"), tag.attribute("value").unwrap_or("")) else {
            continue;
        };
        let pair = (name.to_owned(), value.to_owned());
        match (tag.name.as_str(), tag.attribute("type").unwrap_or("text")) {
            ("input", "submit") => {}
            ("input", "hidden") => form.fields.push(pair),
            ("input" | "select" | "textarea", _) => {
                form.only_hidden = false;
                form.fields.push(pair);
            }
            _ => {}
        }
    }
    form
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, after) = read_tag(rest);
            tags.push(tag);
            rest = after;
        }
    }
    tags
}

fn read_tag(html: &str) -> (Tag, &str) {
    let end = html.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(html.len());
    let mut tag = Tag { name: html[..end].to_ascii_lowercase(), attributes: Vec::new() };
    let mut rest = &html[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        let end =
            rest.find(['=', '>', ' ', '\n', '/']).unwrap_or_else(|| panic!("a tag without an end: {rest}"));
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    after[1..].split_once(quote).expect("an attribute without an end")
                }
                _ => after.split_at(after.find(['>', ' ', '\n']).unwrap_or(after.len())),
            };
        }
        tag.attributes.push((name, unescape(value)));
    }
}

/// Replaces character references.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, after) = rest.split_once(';').expect("an ampersand that is no reference");
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = name.strip_prefix('#').unwrap_or_else(|| panic!("an unknown reference: {name}"));
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => digits.parse(),
                };
                code.ok().and_then(char::from_u32).unwrap_or_else(|| panic!("an unknown reference: {name}"))
            }
        });
        rest = after;
    }
    plain + rest
}
