//! `connect-gateway mapping explain | test`: what the rules make of somebody, by the code that a sign-in runs.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::inspect::{Inspection, inspected};
use super::{Outcome, live, load, online, read_text, told};
use crate::config::Config;
use crate::connect::Preview;
use crate::mapping::{Explanation, explain, pasted};
use crate::model::{Denial, Identity, IdpName, InstanceName, code};

/// Exit status: the person would be refused.
const DENIED: u8 = 3;
/// Exit status: something that is needed was not sent.
const MISSING: u8 = 4;

/// Whose place to explain.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(Debug)]
pub struct Explain {
    /// The configuration file.
    pub config: PathBuf,
    /// The identity provider's name in the configuration; may be left out when there is only one.
    pub idp: Option<String>,
    /// The instance's name; may be left out when there is only one.
    pub instance: Option<String>,
    /// A JSON file of attributes: names, each with a text or a list of texts, and `name_id`.
    pub attributes: Option<PathBuf>,
    /// A captured answer: XML, base64 or the form's body.
    pub saml_response: Option<PathBuf>,
    /// The moment to check the captured answer at, RFC 3339.
    pub at: Option<String>,
    /// Metadata of the identity provider, where the configuration only has its URL.
    pub metadata: Option<PathBuf>,
    /// The support id of a recent sign-in, which the gateway that runs is asked for.
    pub sign_in: Option<String>,
    /// Whether the gateway that runs is asked for a test sign-in, to explain its end.
    pub live: bool,
    /// Whether the person authenticates anew in that test.
    pub again: bool,
    /// Whether to ask Amazon Connect what is there and what would change.
    pub online: bool,
    /// Whether to print JSON.
    pub json: bool,
}

/// Prints what was received, what each rule made of it, and the result; online, beside what Amazon Connect has.
pub async fn explain_mapping(ask: &Explain) -> Outcome {
    let config = match load(&ask.config) {
        Ok(loaded) => loaded.config,
        Err(failed) => return failed.with_status(2),
    };
    let found = if ask.live || ask.sign_in.is_some() {
        live::subject(ask, &config).await
    } else {
        subject(ask, &config)
    };
    let (identity, instance) = match found {
        Ok(subject) => subject,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let explanation = explain(&identity, &instance, &config.rules);
    let asked = match &explanation.placed.outcome {
        Ok(placement) if ask.online => {
            Box::pin(online::preview(config, &instance, placement)).await.map(Some)
        }
        _ => Ok(None),
    };
    let preview = asked.as_ref().ok().and_then(Option::as_ref);
    if ask.json {
        say!("{:#}", as_json(&identity, &instance, &explanation, preview));
    } else {
        say_text!("{}", as_text(&identity, &instance, &explanation, preview));
    }
    let refused = preview.is_some_and(|preview| preview.refused.is_some());
    match &explanation.placed.outcome {
        Err(denial) if is_missing(denial) => Outcome::Exit(MISSING, Vec::new()),
        Err(_) => Outcome::Exit(DENIED, Vec::new()),
        Ok(_) if refused => Outcome::Exit(DENIED, Vec::new()),
        Ok(_) => asked.map_or_else(|reason| Outcome::Failed(vec![reason]), |_| Outcome::Done),
    }
}

/// Runs every `[[mapping.test]]`. Exit status 0: all as expected; 1: not; 2: the configuration can't be used.
#[must_use]
pub fn test_mapping(path: &Path, as_json: bool) -> Outcome {
    let rules = match load(path) {
        Ok(loaded) => loaded.config.rules,
        Err(failed) => return failed.with_status(2),
    };
    let failed = rules.failed_tests();
    let count = rules.test_count();
    if count == 0 {
        return Outcome::failed(&"there is no [[mapping.test]]: docs/mapping.md shows how to write one");
    }
    if as_json {
        let told = failed.iter().map(|problem| json!({ "key": problem.key, "message": problem.message }));
        say!("{:#}", json!({ "tests": count, "failed": told.collect::<Vec<_>>() }));
        return if failed.is_empty() { Outcome::Done } else { Outcome::Failed(Vec::new()) };
    }
    if failed.is_empty() {
        say!("{count} of {count} tests as expected");
        return Outcome::Done;
    }
    Outcome::Failed(told(&failed))
}

fn is_missing(denial: &Denial) -> bool {
    [&code::MAPPING_MISSING_ATTRIBUTE, &code::MAPPING_NO_GROUPS, &code::MAPPING_GROUPS_OVERAGE]
        .contains(&denial.code)
}

/// Who, and on the way to where.
fn subject(ask: &Explain, config: &Config) -> Result<(Identity, InstanceName), String> {
    let instances = config.instances.iter().map(|instance| instance.name.as_str());
    let instance = InstanceName::new(chosen("--instance", ask.instance.as_deref(), instances)?);
    let identity = match (&ask.attributes, &ask.saml_response) {
        (Some(path), _) => {
            let idps = config.idps.iter().map(|idp| idp.name.as_str());
            let idp = chosen("--idp", ask.idp.as_deref(), idps)?;
            pasted(IdpName::new(idp), &read_text(path)?)
                .map_err(|reason| format!("{}: {reason}", path.display()))?
        }
        (None, Some(path)) => captured(ask, path)?,
        (None, None) => return Err("name a file with --attributes or --saml-response".to_owned()),
    };
    Ok((identity, instance))
}

/// The one that is named, or the only one there is.
pub(super) fn chosen<'a>(
    option: &str,
    named: Option<&str>,
    mut known: impl Iterator<Item = &'a str> + Clone,
) -> Result<String, String> {
    let all = known.clone().collect::<Vec<_>>().join(", ");
    match named {
        Some(name) if known.any(|known| known == name) => Ok(name.to_owned()),
        Some(name) => Err(format!("{option} {name}: there are {all}")),
        None => match (known.next(), known.next()) {
            (Some(only), None) => Ok(only.to_owned()),
            _ => Err(format!("name one with {option}: there are {all}")),
        },
    }
}

fn captured(ask: &Explain, path: &Path) -> Result<Identity, String> {
    let inspection = Inspection {
        file: path.to_owned(),
        config: ask.config.clone(),
        at: ask.at.clone(),
        idp: ask.idp.clone(),
        metadata: ask.metadata.clone(),
        request_id: None,
        show_values: false,
        json: false,
    };
    inspected(&inspection)?.verdict.map_err(|error| {
        format!(
            "{}: would be refused: {error}. `saml inspect` says more, --at checks it at another moment.",
            path.display()
        )
    })
}

fn as_json(
    identity: &Identity,
    instance: &InstanceName,
    explanation: &Explanation,
    preview: Option<&Preview>,
) -> Value {
    let result = match &explanation.placed.outcome {
        Ok(_) => json!({ "placed": explanation.fields().into_iter().map(|field| {
            (field.name.to_owned(), json!({ "value": field.value, "from": field.from }))
        }).collect::<Map<_, _>>() }),
        Err(denial) => json!({ "refused": {
            "code": denial.code.id, "rule": denial.rule, "detail": denial.detail,
            "message": denial.message, "who": denial.code.blame.word(),
        } }),
    };
    let mut told = json!({
        "idp": identity.idp.as_str(),
        "instance": instance.as_str(),
        "received": explanation.received,
        "unused": explanation.unused,
        "rules": explanation.placed.trace,
        "result": result,
    });
    if let Some(preview) = preview {
        told["connect"] = online::as_json(preview);
    }
    told
}

fn as_text(
    identity: &Identity,
    instance: &InstanceName,
    explanation: &Explanation,
    preview: Option<&Preview>,
) -> String {
    let received = explanation.received.iter().map(|received| match &received.from {
        Some(from) => [received.field.to_owned(), quoted(&received.values), format!("from {from}")],
        None => [
            received.field.to_owned(),
            "-".to_owned(),
            format!("nothing in {}", received.looked_for.join(", ")),
        ],
    });
    let unused = match &explanation.unused[..] {
        [] => String::new(),
        unused => format!("  unused: {}\n", quoted(unused)),
    };
    let received = table(["field", "value", ""], received);
    let trace = explanation.placed.trace.0.iter().enumerate();
    let trace = trace.map(|(index, entry)| {
        [format!("{} {}", index + 1, entry.rule), entry.outcome.word().to_owned(), entry.why.clone()]
    });
    let rules = table(["rule", "result", "why"], trace);
    let idp = &identity.idp;
    let text = format!("Received from {idp} on the way to {instance}\n{received}{unused}\nRules\n{rules}");
    match &explanation.placed.outcome {
        Ok(_) if let Some(preview) = preview => text + "\nResult\n" + &online::as_text(preview, explanation),
        Ok(_) => {
            let lines = explanation.fields().into_iter();
            let lines =
                lines.map(|line| [line.name.to_owned(), quoted(&[line.value]), line.from.join(" + ")]);
            text + "\nResult\n" + &table(["field", "value", "from"], lines)
        }
        Err(denial) => {
            let rule = denial.rule.as_ref().map(|rule| format!(" by \"{rule}\"")).unwrap_or_default();
            format!(
                "{text}\nRefused{rule}: {}\n  {}\n  the page says: {}\n",
                denial.code.id,
                denial.detail,
                denial.message.as_deref().unwrap_or(denial.code.title)
            )
        }
    }
}

/// What was sent, so that it can't write a line of its own.
pub(super) fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
}

/// Columns as wide as they need to be.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] =
        std::array::from_fn(|column| width(column).min(if column == 0 { usize::MAX } else { 60 }));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:width$}"));
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
