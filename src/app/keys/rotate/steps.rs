//! Which step comes next, for each kind of key.

use serde_json::json;

use super::super::new::KeyKind;
use super::Step;
use super::next::{next_pair, next_state_key, with_end};
use super::written::Written;

pub(super) fn signing(written: &Written) -> Result<Step, String> {
    const CERTIFICATES: &str = "additional_signing_certificate_files";
    let key = named(written, "saml.signing_key_file")?;
    let certificate = named(written, "saml.signing_certificate_file")?;
    let more = written.files(&format!("saml.{CERTIFICATES}"));
    let in_use = written.age(&certificate)?;
    let mut newer = None;
    for file in &more {
        if written.age(file)? > in_use {
            newer = Some(file.clone());
        }
    }
    if let Some(next) = newer {
        let next_key = with_end(&next, "key");
        return Ok(Step {
            place: 2,
            of: 3,
            now: format!("{key} signs; the certificate of the next key, {next}, is published beside its own"),
            made: Vec::new(),
            wait: Some(
                "until every identity provider has read our metadata: within a day where it has its URL; give the others the new \
                 certificate by hand"
                    .to_owned(),
            ),
            change: vec![
                written.line("saml", "signing_key_file", &next_key.into()),
                written.line("saml", "signing_certificate_file", &next.into()),
                written.line("saml", CERTIFICATES, &json!([certificate])),
            ],
            then: "restart. The new key signs, and the old certificate stays published for whoever reads late".to_owned(),
        });
    }
    if !more.is_empty() {
        return Ok(Step {
            place: 3,
            of: 3,
            now: format!("{key} signs, and older certificates are still published: {}", more.join(", ")),
            made: Vec::new(),
            wait: Some("a few days, for identity providers that read our metadata late".to_owned()),
            change: vec![format!("(take the line out) {}", written.line("saml", CERTIFICATES, &json!(more)))],
            then: "restart, and delete the old key's files".to_owned(),
        });
    }
    let (next, made) = next_pair(written, KeyKind::Signing, &key, in_use, &[])?;
    Ok(Step {
        place: 1,
        of: 3,
        now: format!("{key} signs, and no other certificate is published; the next key is {next}.key"),
        made,
        wait: None,
        change: vec![written.line("saml", CERTIFICATES, &json!([format!("{next}.crt")]))],
        then: "restart: both certificates are published, and the old key still signs".to_owned(),
    })
}

pub(super) fn decryption(written: &Written) -> Result<Step, String> {
    const KEYS: &str = "decryption_key_files";
    const CERTIFICATES: &str = "decryption_certificate_files";
    let (keys, certificates) =
        (written.files("saml.decryption_key_files"), written.files("saml.decryption_certificate_files"));
    let (Some(key), Some(certificate)) = (keys.first(), certificates.first()) else {
        return Err(
            "saml.decryption_key_files: names no key, so that there is nothing to replace: `keys new decryption` makes one"
                .to_owned(),
        );
    };
    if keys.len() > 1 {
        return Ok(Step {
            place: 2,
            of: 2,
            now: format!("{key} is published first; older keys still open answers: {}", keys[1..].join(", ")),
            made: Vec::new(),
            wait: Some(
                "until every identity provider encrypts for the new certificate: within a day where it has our metadata's URL; give \
                 it to the others by hand"
                    .to_owned(),
            ),
            change: vec![
                written.line("saml", KEYS, &json!([key])),
                written.line("saml", CERTIFICATES, &json!([certificate])),
            ],
            then: "restart, and delete the old keys' files".to_owned(),
        });
    }
    let (next, made) =
        next_pair(written, KeyKind::Decryption, key, written.age(certificate)?, &certificates)?;
    Ok(Step {
        place: 1,
        of: 2,
        now: format!("{key} is the only key; the next one is {next}.key"),
        made,
        wait: None,
        change: vec![
            written.line("saml", KEYS, &json!([format!("{next}.key"), key])),
            written.line("saml", CERTIFICATES, &json!([format!("{next}.crt"), certificate])),
        ],
        then: "restart: both are published and both are tried, the new one first".to_owned(),
    })
}

/// One key seals and one other opens, so that replicas with the old and the new configuration understand each other.
pub(super) fn state(written: &Written) -> Result<Step, String> {
    for key in ["state.key", "state.other_key"] {
        if written.has(key) {
            return Err(format!(
                "{key}: is not in a file. By hand: the new key as other_key, then the two exchanged, then other_key taken out; \
                 restart every replica after each step"
            ));
        }
    }
    let key = written.file("state.key_file").ok_or_else(|| {
        "state.key_file: is not set, so that nothing is sealed and there is nothing to replace".to_owned()
    })?;
    let Some(other) = written.file("state.other_key_file") else {
        let (next, made) = next_state_key(written, &key)?;
        return Ok(Step {
            place: 1,
            of: 3,
            now: format!("{key} seals, and no other key opens; the next key is {next}"),
            made,
            wait: None,
            change: vec![written.line("state", "other_key_file", &next.into())],
            then: "restart every replica: all of them can open what either key sealed".to_owned(),
        });
    };
    let (newer, older) = (written.modified(&other)?, written.modified(&key)?);
    if newer > older {
        return Ok(Step {
            place: 2,
            of: 3,
            now: format!("{key} seals, and the next key, {other}, opens"),
            made: Vec::new(),
            wait: Some("until every replica runs with this configuration".to_owned()),
            change: vec![
                written.line("state", "key_file", &other.into()),
                written.line("state", "other_key_file", &key.into()),
            ],
            then: "restart every replica: the new key seals, and the old one still opens".to_owned(),
        });
    }
    Ok(Step {
        place: 3,
        of: 3,
        now: format!("{key} seals, and the old key, {other}, still opens"),
        made: Vec::new(),
        wait: Some(
            "until every replica runs with this configuration, and then for session.max_hours".to_owned(),
        ),
        change: vec![format!(
            "(take the line out) {}",
            written.line("state", "other_key_file", &other.clone().into())
        )],
        then: format!("restart every replica, and delete {other}"),
    })
}

fn named(written: &Written, key: &str) -> Result<String, String> {
    written.file(key).ok_or_else(|| {
        format!("{key}: is not set: put the key into a file, so that another can take its place")
    })
}
