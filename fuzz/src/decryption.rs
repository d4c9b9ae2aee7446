//! Encrypted parts: really encrypted for a key of ours, and then changed in every way, inside and outside.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Blame, Blamed as _, Secret};
use connect_gateway::saml::{self, DecryptionKey, IdpSettings, Settings};
use openssl::hash::MessageDigest;

use crate::acs::{KEY, name_id_of};
use crate::encryptor::{
    AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM, DIGEST_SHA256, Encryption, MASK_SHA1, MASK_SHA256, OAEP,
    OURS, Transport, enclose, inside,
};
use crate::gateway::{Gateway, Used, company, pending, settings};
use crate::idp::{Answer, Key, STRANGER, Sign, metadata};
use crate::limits::quietly;
use crate::mutation::{gently, local_name, wildly};
use crate::signer::sign_again;
use crate::tally::count;
use crate::tree::{Element, Node};

const CIPHERS: [&str; 4] = [AES128_GCM, AES256_GCM, AES128_CBC, AES256_CBC];

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let key = DecryptionKey { key: Secret::new(OURS.key_pem()), certificate: OURS.certificate_pem() };
    let settings = Settings { decryption_keys: vec![key], ..settings() };
    let idp = IdpSettings { allow_cbc: true, ..company(metadata(&[&KEY])) };
    let used = Used { forgetful: true, ..Used::default() };
    quietly(Gateway::build(settings, idp, used).unwrap())
});

/// Who signs: nobody, the assertion, the response around it, or both.
const SIGNS: [Sign; 4] = [Sign::Assertion, Sign::Response, Sign::Both, Sign::Nothing];

/// For each of [`SIGNS`]: the assertion alone, and the response with nothing in it.
static PARTS: LazyLock<Vec<(Element, Element)>> = LazyLock::new(|| {
    let parts = |sign| {
        let answer = Answer { sign, key: &KEY, ..Answer::default() };
        (Element::parse(&inside(&answer)), Element::parse(&enclose(&answer, "")))
    };
    SIGNS.into_iter().map(parts).collect()
});

/// Makes what every input needs.
pub fn prepare() {
    LazyLock::force(&GATEWAY);
    LazyLock::force(&PARTS);
    LazyLock::force(&STRANGER);
}

/// One input.
///
/// # Panics
/// When somebody is let in whom nobody signed for, or the gateway takes the blame for what was sent.
pub fn run(bytes: &[u8]) {
    let Ok(case) = case(&mut Unstructured::new(bytes)) else { return };
    count("documents");
    if saml::fuzzing::passes_guard(case.xml.as_bytes()) {
        count("guard");
    }
    match GATEWAY.saml.verify_here(&STANDARD.encode(&case.xml), &pending()) {
        Ok(identity) => {
            count("accepted");
            assert!(case.is_signed, "nobody signed this");
            let name_id = identity.name_id.map(|name_id| name_id.value);
            assert!(case.name_id.is_none_or(|expected| expected == name_id), "not what was encrypted");
        }
        Err(saml::Error::EnginesDisagree) => count("the engines disagree"),
        Err(saml::Error::Decryption) => count("not decrypted"),
        Err(error) => assert_ne!(error.code().blame, Blame::Gateway, "{error}"),
    }
}

struct Case {
    xml: String,
    is_signed: bool,
    /// What a second, simple reading found, where the cipher text is as it was encrypted.
    name_id: Option<Option<String>>,
}

fn case(u: &mut Unstructured<'_>) -> Result<Case> {
    let which = u.choose_index(SIGNS.len())?;
    let (mut assertion, mut response) = PARTS[which].clone();
    let encryption = encryption(u)?;
    if u.ratio(1, 2)? {
        change(&mut assertion, u)?;
    }
    if u.ratio(1, 4)? {
        encrypt_part(&mut assertion, &encryption, u)?;
    }
    let name_id =
        name_id_of(&Element { content: vec![Node::Element(assertion.clone())], ..response.clone() });
    let encrypts_name_id = assertion.write().contains("EncryptedID");
    if u.ratio(7, 8)? {
        sign_again(&mut assertion, &KEY.private);
    }
    let plain = if u.ratio(1, 16)? { u.bytes(u.len() / 2)?.to_vec() } else { assertion.write().into_bytes() };
    let mut sealed = Element::parse(&encryption.seal("EncryptedAssertion", plain));
    let is_changed = u.ratio(1, 2)?;
    if is_changed {
        change_octets(&mut sealed, u)?;
    }
    if u.ratio(1, 4)? {
        change(&mut sealed, u)?;
    }
    response.content.push(Node::Element(sealed));
    if u.ratio(7, 8)? {
        sign_again(&mut response, &KEY.private);
    }
    Ok(Case {
        xml: response.write(),
        is_signed: SIGNS[which] != Sign::Nothing,
        name_id: (!is_changed && !encrypts_name_id).then_some(name_id),
    })
}

fn encryption(u: &mut Unstructured<'_>) -> Result<Encryption> {
    let sha256 = MessageDigest::sha256();
    let transport = match u.int_in_range(0..=3)? {
        0 => Transport::oaep(OAEP, DIGEST_SHA256, sha256, MessageDigest::sha1()),
        1 => Transport::oaep(OAEP, &[DIGEST_SHA256, MASK_SHA256].concat(), sha256, sha256),
        2 => Transport::oaep(OAEP, MASK_SHA1, MessageDigest::sha1(), MessageDigest::sha1()),
        _ => Transport::usual(),
    };
    let keys: Vec<&'static LazyLock<Key>> = match u.int_in_range(0..=5)? {
        0 => vec![&STRANGER],
        1 => vec![&STRANGER, &OURS],
        2 => vec![],
        _ => vec![&OURS],
    };
    Ok(Encryption {
        cipher: u.choose(&CIPHERS)?,
        transport,
        keys,
        beside: u.arbitrary()?,
        ..Encryption::default()
    })
}

fn change(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    if u.ratio(1, 4)? { wildly(element, u) } else { gently(element, u) }
}

/// Puts `NameID`, or an attribute, into an encrypted part of its own.
fn encrypt_part(assertion: &mut Element, encryption: &Encryption, u: &mut Unstructured<'_>) -> Result<()> {
    let (name, holder) = *u.choose(&[("NameID", "EncryptedID"), ("Attribute", "EncryptedAttribute")])?;
    let place = (0..assertion.count()).find(|number| local_name(assertion.nth(*number)) == name);
    if let Some(number) = place {
        let mut part = assertion.nth(number).clone();
        if u.ratio(1, 4)? {
            change(&mut part, u)?;
        }
        part.attributes.push(("xmlns:saml".to_owned(), "urn:oasis:names:tc:SAML:2.0:assertion".to_owned()));
        let mut sealed = Element::parse(&encryption.seal(holder, part.write()));
        if u.ratio(1, 4)? {
            change_octets(&mut sealed, u)?;
        }
        *assertion.nth(number) = sealed;
    }
    Ok(())
}

/// Changes the octets of one cipher text: that of the content, or that of a key.
fn change_octets(sealed: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let values: Vec<usize> =
        (0..sealed.count()).filter(|number| local_name(sealed.nth(*number)) == "CipherValue").collect();
    if values.is_empty() {
        return Ok(());
    }
    let value = sealed.nth(*u.choose(&values)?);
    let [Node::Raw(text)] = &value.content[..] else { return Ok(()) };
    let mut octets = STANDARD.decode(text).unwrap_or_default();
    match u.int_in_range(0..=4)? {
        0 => octets.truncate(u.int_in_range(0..=octets.len())?),
        1 => octets.extend(u.bytes(u.len().min(20))?),
        2 => octets = u.bytes(u.len().min(300))?.to_vec(),
        3 => {
            let block = 16.min(octets.len());
            octets.rotate_left(block);
        }
        _ => {
            for _ in 0..u.int_in_range(1..=3)? {
                if let Some(octet) =
                    u.choose_index(octets.len().max(1)).ok().and_then(|at| octets.get_mut(at))
                {
                    *octet ^= u.arbitrary::<u8>()?;
                }
            }
        }
    }
    value.content = vec![Node::Raw(STANDARD.encode(octets))];
    Ok(())
}
