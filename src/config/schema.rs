//! JSON Schema of the file, for editors: what its own readers looked for.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::described::{Descriptions, REFERENCE};
use super::files::Files;
use super::report::{Key, Report};
use super::section::{Section, join};
use super::shape::{Names, Shape};
use super::{Drafts, root_section, source};

/// A file with one of everything that is read only where it is written, and two where what is written elsewhere, or the
/// name, decides on a default: one that is not the same for both is none.
const ONE_OF_EACH: &str = r#"
[idp.a]
metadata_certificate_file = ""
[idp.b]
[instance.a]
[instance.a.removal]
[budget.operations.AssumeRole]
[budget.operations.DescribeUser]
[[pages.footer_links]]
[[mapping.rule]]
set = { phone = {}, channels = { voice = {}, chat = {}, task = {}, email = {} } }
[[mapping.check]]
[[mapping.test]]
[admin.publishers]
"#;

/// JSON Schema (2020-12) of the configuration file. It can't know of overrides from the environment, nor check what one
/// key says against another.
#[must_use]
pub fn schema() -> Value {
    let report = explored();
    let descriptions = Descriptions::new(REFERENCE, &report);
    let mut schema = Schema { report: &report, descriptions }.table("");
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Configuration of connect-gateway");
    schema
}

/// What reading a file with one of everything looked for; it reads no other file.
pub(super) fn explored() -> Report {
    let report = Report::default();
    let mut root = Section::root(source::table(ONE_OF_EACH).unwrap_or_default(), &report);
    // It is no usable configuration: what is wrong with it is beside the point.
    let _ = root_section(&mut root, &Files::new(Path::new(""), None), Drafts::default());
    root.finish();
    report
}

struct Schema<'r> {
    report: &'r Report,
    descriptions: Descriptions,
}

impl Schema<'_> {
    /// A table whose keys are those below `template`.
    fn table(&self, template: &str) -> Value {
        let keys = self.report.keys_below(template);
        let required: Vec<&String> =
            keys.iter().filter(|(_, key)| key.is_required).map(|(name, _)| name).collect();
        let properties: Map<_, _> =
            keys.iter().map(|(name, key)| (name.clone(), self.key(&join(template, name), key))).collect();
        let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            table["required"] = json!(required);
        }
        table
    }

    fn key(&self, template: &str, key: &Key) -> Value {
        let mut schema = match &key.shape {
            Shape::Section => self.table(template),
            Shape::Sections => json!({ "type": "array", "items": self.table(template) }),
            Shape::Named(names) => self.named(template, *names, key.is_required),
            shape => shape.schema(),
        };
        if let Some(text) = self.descriptions.of(template) {
            schema["description"] = json!(text);
        }
        if let Some(value) = key.usual() {
            schema["default"] = json!(value);
        }
        schema
    }

    fn named(&self, template: &str, names: Names, is_required: bool) -> Value {
        let table = self.table(&join(template, "<name>"));
        let names = match names {
            Names::Like(expression) => json!({ "pattern": expression }),
            Names::Listed(names) => json!({ "enum": names }),
        };
        json!({
            "type": "object", "propertyNames": names, "additionalProperties": table,
            "minProperties": u8::from(is_required),
        })
    }
}
