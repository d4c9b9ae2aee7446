//! What is in force under each key, and where it comes from; nothing secret.

use std::fmt;

use url::Url;

/// A key with what is in force under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Dotted path of the key, such as `instance.prod.role_arn`.
    pub key: String,
    /// `None`: nothing, because nothing is written and there is no default.
    pub value: Option<Shown>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A value as it may be seen by whoever runs the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// There is one, and it is nobody's business.
    Secret,
    /// This, but for passwords and queries of addresses.
    Value(serde_json::Value),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This line of the file.
    File(usize),
    /// This line of the file of the rules, which has this name.
    RulesFile(String, usize),
    /// This variable.
    Environment(String),
    /// It holds without being written.
    Default,
    /// There is none.
    Unset,
}

impl Setting {
    /// The table that the key is in; empty for the file's own keys.
    #[must_use]
    pub fn table(&self) -> &str {
        self.key.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The value on one line, as the file would have it; of a text with several lines the first one.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.value {
            None => String::new(),
            Some(Shown::Secret) => "(secret)".to_owned(),
            Some(Shown::Value(value)) => written(value),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(line) => write!(f, "file (line {line})"),
            Self::RulesFile(name, line) => write!(f, "{name} (line {line})"),
            Self::Environment(variable) => write!(f, "environment ({variable})"),
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("not set"),
        }
    }
}

/// What the reader of a key found.
pub(super) struct Read {
    pub(super) path: String,
    written: Option<Shown>,
    pub(super) default: Option<toml::Value>,
}

impl Read {
    /// A secret's text ends here.
    pub(super) fn new(path: String, is_secret: bool, value: Option<&toml::Value>) -> Self {
        let shown = |value| if is_secret { Shown::Secret } else { Shown::of(value) };
        Self { path, written: value.map(shown), default: None }
    }

    /// `written_at` says where a key's value is written.
    pub(super) fn setting(&self, variable: Option<&String>, written_at: impl Fn(&str) -> Origin) -> Setting {
        let origin = match (&self.written, variable, &self.default) {
            (Some(_), Some(variable), _) => Origin::Environment(variable.clone()),
            (Some(_), None, _) => written_at(&self.path),
            (None, _, Some(_)) => Origin::Default,
            (None, _, None) => Origin::Unset,
        };
        let value = self.written.clone().or_else(|| self.default.as_ref().map(Shown::of));
        Setting { key: self.path.clone(), value, origin }
    }
}

impl Shown {
    fn of(value: &toml::Value) -> Self {
        let mut value = serde_json::to_value(value).unwrap_or_default();
        if redact(&mut value) { Self::Secret } else { Self::Value(value) }
    }
}

/// Takes passwords and queries out of addresses. Whether the whole value has to be kept back: it holds a private key.
fn redact(value: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) if text.contains("PRIVATE KEY-----") => true,
        Value::String(text) => {
            if let Some(plain) = plain_address(text) {
                *text = plain;
            }
            false
        }
        Value::Array(items) => items.iter_mut().any(redact),
        Value::Object(table) => table.values_mut().any(redact),
        _ => false,
    }
}

/// The address without what may be a credential; `None` where there is nothing to take out.
fn plain_address(text: &str) -> Option<String> {
    let mut url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return None;
    }
    let rest = if url.query().is_some() || url.fragment().is_some() { "?…" } else { "" };
    url.set_query(None);
    url.set_fragment(None);
    if has_user {
        // An address of these schemes has a host, so that neither can fail.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
    }
    let plain = format!("{url}{rest}");
    Some(if has_user { plain.replacen("://", "://…@", 1) } else { plain })
}

fn written(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) => match text.trim_end().split_once('\n') {
            Some((first, _)) => format!("{}…", quoted(first.trim_end())),
            None => quoted(text),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(k, v)| format!("{} = {}", bare(k), written(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn bare(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !key.is_empty() && key.bytes().all(plain) { key.to_owned() } else { quoted(key) }
}

/// So that it can't write a line of its own, nor anything else to a terminal.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
