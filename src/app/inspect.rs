//! `connect-gateway saml inspect`: a captured answer against the configuration.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Outcome, load};
use crate::audit;
use crate::config::{Config, unreadable};
use crate::model::{Blamed as _, Clock, Identity, IdpName, SystemClock, SystemRandom};
use crate::saml::{Captured, Inspected, MetadataSource, ServiceProvider};
use crate::store::MemoryReplay;

/// What to inspect.
#[derive(Debug)]
pub struct Inspection {
    /// The captured answer: XML, base64 or the form's body.
    pub file: PathBuf,
    /// The configuration file.
    pub config: PathBuf,
    /// RFC 3339; the present moment when absent.
    pub at: Option<String>,
    /// The identity provider's name in the configuration.
    pub idp: Option<String>,
    /// Its metadata, in place of the configured source.
    pub metadata: Option<PathBuf>,
    /// The `ID` of the request.
    pub request_id: Option<String>,
    /// Whether values of the person are printed.
    pub show_values: bool,
    /// Whether to print JSON.
    pub json: bool,
}

/// Prints what the answer says and what the assertion consumer service would say to it.
#[must_use]
pub fn inspect(inspection: &Inspection) -> Outcome {
    match inspected(inspection) {
        Ok(inspected) if inspection.json => {
            say!("{:#}", as_json(&inspected, inspection.show_values));
            if inspected.verdict.is_ok() { Outcome::Done } else { Outcome::Failed(Vec::new()) }
        }
        Ok(inspected) => told(&inspected, inspection.show_values),
        Err(reason) => Outcome::Failed(vec![reason]),
    }
}

pub(super) fn inspected(inspection: &Inspection) -> Result<Inspected, String> {
    let clock = clock(inspection.at.as_deref())?;
    let saml_response = captured(&read(&inspection.file)?)?;
    let loaded = load(&inspection.config).map_err(|failed| match failed {
        Outcome::Failed(reasons) | Outcome::Exit(_, reasons) => reasons.join("\n"),
        Outcome::Done => String::new(),
    })?;
    let saml = service_provider(loaded.config, inspection, clock)?;
    let idp = inspection.idp.as_ref().map(IdpName::new);
    let captured = Captured { saml_response, idp, request_id: inspection.request_id.clone() };
    saml.inspect(&captured).map_err(|error| {
        format!(
            "{}: {error}. Name the identity provider with --idp, and its metadata with --metadata where the \
             configuration only has its URL.",
            inspection.file.display()
        )
    })
}

fn service_provider(
    mut config: Config,
    inspection: &Inspection,
    clock: Arc<dyn Clock>,
) -> Result<ServiceProvider, String> {
    if let Some(path) = &inspection.metadata {
        let xml = String::from_utf8(read(path)?).map_err(|_| format!("{}: not UTF-8", path.display()))?;
        for idp in &mut config.idps {
            if Some(idp.name.as_str()) == inspection.idp.as_deref() {
                idp.metadata = MetadataSource::Xml(xml.clone());
            }
        }
    }
    let replay = Arc::new(MemoryReplay::new(clock.clone()));
    let saml = ServiceProvider::new(config.saml, config.idps, clock, Arc::new(SystemRandom), replay);
    saml.map_err(|error| audit::cause(&error))
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {}", path.display(), unreadable(&error)))
}

/// The form field, from whichever form the capture has.
fn captured(bytes: &[u8]) -> Result<String, String> {
    let bytes = bytes.trim_ascii();
    if bytes.starts_with(b"<") || bytes.starts_with("\u{feff}".as_bytes()) {
        return Ok(STANDARD.encode(bytes));
    }
    let field = url::form_urlencoded::parse(bytes).find(|(name, _)| name == "SAMLResponse");
    if let Some((_, value)) = field.filter(|(_, value)| !value.is_empty()) {
        return Ok(value.into_owned());
    }
    String::from_utf8(bytes.to_vec())
        .map_err(|_| "the file holds neither XML, nor base64, nor a form with SAMLResponse".to_owned())
}

fn clock(at: Option<&str>) -> Result<Arc<dyn Clock>, String> {
    let Some(at) = at else { return Ok(Arc::new(SystemClock)) };
    let at = OffsetDateTime::parse(at, &Rfc3339)
        .map_err(|_| "--at: write a moment such as 2026-03-01T09:30:00Z".to_owned())?;
    Ok(Arc::new(Stopped(at)))
}

/// A clock that stands still.
struct Stopped(OffsetDateTime);

impl Clock for Stopped {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

fn told(inspected: &Inspected, show_values: bool) -> Outcome {
    say!("Read as an answer of idp.{}, assuming that", inspected.idp);
    for assumed in &inspected.assumed {
        say!("  - {assumed}");
    }
    for finding in &inspected.findings {
        say!("{finding}");
    }
    match &inspected.verdict {
        Ok(identity) => {
            say!("It would be accepted.");
            if show_values {
                say!("{}", values(identity));
            }
            Outcome::Done
        }
        Err(error) => {
            let code = error.code();
            say!("It would be refused: {error}.\n  code: {}\n  the page says: {}", code.id, code.advice);
            Outcome::Failed(vec![format!("refused: {}", code.id)])
        }
    }
}

fn as_json(inspected: &Inspected, show_values: bool) -> Value {
    let (identity, error) = (inspected.verdict.as_ref().ok(), inspected.verdict.as_ref().err());
    let refused = error.map(|error| {
        let code = error.code();
        json!({ "code": code.id, "reason": error.to_string(), "page": code.advice })
    });
    json!({
        "idp": inspected.idp,
        "assumed": inspected.assumed,
        "findings": inspected.findings,
        "accepted": error.is_none(),
        "refused": refused,
        "identity": identity.filter(|_| show_values),
    })
}

fn values(identity: &Identity) -> String {
    let name_id = identity.name_id.as_ref().map_or("(none)", |name_id| &name_id.value);
    let attributes = identity.attributes.iter().map(|(name, values)| format!("  {name} = {values:?}\n"));
    format!("  NameID = {name_id:?}\n{}", attributes.collect::<String>()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_base64_and_a_forms_body_are_all_read() {
        for capture in [
            "<a/>\n",
            " PGEvPg==\n",
            "SAMLResponse=PGEvPg%3D%3D&RelayState=x",
            "RelayState=x&SAMLResponse=PGEvPg%3D%3D",
        ] {
            assert_eq!(captured(capture.as_bytes()).as_deref(), Ok("PGEvPg=="), "{capture}");
        }
        assert!(captured(b"\xff").is_err());
    }
}
