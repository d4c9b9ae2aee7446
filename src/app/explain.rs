//! `connect-gateway explain`: what stands in the log under a support id.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Outcome, read_config, told};
use crate::config::{AuditTo, unreadable};
use crate::model::{Finding, code};

/// Prints every audit line of `support_id` from a JSON log or audit file, as sentences or as they are: from standard input,
/// from `log`, or from the audit file of the configuration at `config`.
pub fn explain(support_id: &str, log: Option<&Path>, config: Option<&Path>, as_json: bool) -> Outcome {
    let of_config = match config.map(audit_file).transpose() {
        Ok(file) => file,
        Err(reasons) => return Outcome::Failed(reasons),
    };
    let log = log.or(of_config.as_deref());
    let lines: Box<dyn BufRead> = match log {
        None => Box::new(stdin().lock()),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(error) => return Outcome::failed(&format!("{}: {}", path.display(), unreadable(&error))),
        },
    };
    let lines = lines.split(b'\n').map_while(Result::ok);
    let told = lines.filter_map(|line| {
        let found = of_id(&line, support_id)?;
        if !as_json {
            say!("{}", explained(&found));
        }
        Some(found)
    });
    let told: Vec<Value> = told.collect();
    if as_json {
        say!("{:#}", Value::from(told.clone()));
    }
    if told.is_empty() {
        return Outcome::failed(&format!(
            "{support_id}: not in this log. Is it the log of the right replica and day, and is its format json?"
        ));
    }
    Outcome::Done
}

fn audit_file(config: &Path) -> Result<PathBuf, Vec<String>> {
    match read_config(config, None).0.map_err(|problems| told(&problems))?.config.audit {
        AuditTo::File { path, .. } => Ok(path),
        _ => Err(vec!["audit.to: is not \"file\" in this configuration; name the log with --log".to_owned()]),
    }
}

/// One line of the log, when it is an audit line of that support id.
fn of_id(line: &[u8], support_id: &str) -> Option<Value> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let field = |name: &str| line[name].as_str().unwrap_or_default();
    let is_it = field("support_id").eq_ignore_ascii_case(support_id.trim()) && field("target") == "audit";
    is_it.then_some(line)
}

fn explained(line: &Value) -> String {
    let field = |name: &str| line[name].as_str().unwrap_or_default();
    let mut told = vec![format!("{}  {}: {}", field("timestamp"), field("event"), field("message"))];
    let named = ["idp", "instance", "code", "cause", "rules"].into_iter();
    told.extend(named.filter(|name| !field(name).is_empty()).map(|name| format!("{name}: {}", field(name))));
    if let Some(code) = code::ALL.iter().find(|code| code.id == field("code")) {
        told.push(format!("who must act: {}", field("blame")));
        told.push(format!("the page said: {}", code.advice));
    }
    let findings: Vec<Finding> = serde_json::from_str(field("findings")).unwrap_or_default();
    told.extend(findings.iter().map(ToString::to_string));
    told.join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"timestamp":"2026-03-01T09:30:00Z","level":"INFO","message":"refused","event":"sign_in","code":"saml.destination","blame":"idp_owner","support_id":"4F7K-9Q2M-X0TB","idp":"okta","instance":"","rules":"","cause":"Destination is not our assertion consumer service","findings":"[{\"item\":\"Response Destination\",\"expected\":\"https://us.test\",\"received\":\"https://old.test\",\"differs\":true}]","target":"audit"}"#;

    #[test]
    fn a_line_is_told_with_its_cause_and_what_differs() {
        let text = explained(&of_id(LINE.as_bytes(), "4f7k-9q2m-x0tb").unwrap());
        for part in [
            "sign_in: refused",
            "code: saml.destination",
            "who must act: idp_owner",
            "≠ Response Destination: https://old.test\n    expected: https://us.test",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn other_lines_are_passed_over() {
        assert_eq!(of_id(LINE.as_bytes(), "0000-0000-0000"), None);
        assert_eq!(of_id(b"not json", ""), None);
        assert_eq!(of_id(b"{\"target\":\"other\"}", ""), None);
    }
}
