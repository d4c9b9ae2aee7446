//! Responses that are changed in every way, and then signed again or not.
//!
//! The bytes are read as choices, so that nearly every input is a document; half of them are signed again, so that
//! the checks behind the signatures meet them too.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use arbitrary::Unstructured;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Blame, Blamed as _, Identity};
use connect_gateway::saml::Error;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::nid::Nid;
use openssl::pkey::PKey;

use crate::damage::{BYTE_KINDS, Damage, Damages, damaged_byte};
use crate::gateway::{Gateway, pending};
use crate::idp::{Answer, Key, Sign, SignatureShape, attribute, encode, metadata};
use crate::limits::quietly;
use crate::mutation::{bytewise, gently, wildly};
use crate::signer::sign_again;
use crate::tally::count;
use crate::tree::{Element, Node};

/// Always the same key, so that an input means the same in every run; P-256, because it signs quickly.
pub(crate) static KEY: LazyLock<Key> = LazyLock::new(|| {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let number = BigNum::from_slice(&[0x5a; 32]).unwrap();
    let mut point = EcPoint::new(&group).unwrap();
    point.mul_generator2(&group, &number, &mut BigNumContext::new().unwrap()).unwrap();
    let key = EcKey::from_private_components(&group, &number, &point).unwrap();
    Key::certify(PKey::from_ec_key(key).unwrap(), 365)
});

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| quietly(Gateway::trusting(metadata(&[&KEY]))));

/// A document that is accepted, and whom it speaks of.
struct Original {
    xml: String,
    tree: Element,
    identity: Identity,
}

static ORIGINALS: LazyLock<Vec<Original>> = LazyLock::new(|| {
    let rich = Answer::with(|answer| {
        answer.extensions =
            r#"<samlp:Extensions><x:any xmlns:x="urn:x">x</x:any></samlp:Extensions>"#.to_owned();
        answer.advice = r#"<saml:Advice><x:any xmlns:x="urn:x"/></saml:Advice>"#.to_owned();
        answer.attributes =
            [attribute("groups", &["agents", "supervisors"]), attribute("mail", &["a@b.test"])].concat();
        answer.shape = SignatureShape {
            transforms: answer.shape.transforms.replace(
                r#"c14n#"/>"#,
                r#"c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform>"#,
            ),
            key_info: format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                KEY.certificate_base64()
            ),
            ..SignatureShape::default()
        };
    });
    let signed = |answer: &Answer, sign| {
        let mut answer = Answer { sign, key: &KEY, ..answer.clone() };
        if sign == Sign::Both {
            // The tests' signer puts the outer signature behind them.
            answer.extensions.clear();
        }
        let xml = answer.xml();
        let identity = GATEWAY.saml.verify_here(&encode(&xml), &pending()).unwrap();
        Original { tree: Element::parse(&xml), xml, identity }
    };
    let signs = [Sign::Assertion, Sign::Response, Sign::Both];
    signs.into_iter().flat_map(|sign| [signed(&Answer::default(), sign), signed(&rich, sign)]).collect()
});

/// Makes what every input needs.
pub fn prepare() {
    LazyLock::force(&ORIGINALS);
    LazyLock::force(&DAMAGES);
}

/// What the bytes made of an original.
struct Case {
    original: &'static Original,
    document: Element,
    xml: Vec<u8>,
    signed_again: bool,
}

fn case(u: &mut Unstructured<'_>) -> arbitrary::Result<Case> {
    let original = &ORIGINALS[u.choose_index(ORIGINALS.len())?];
    let mut document = original.tree.clone();
    let (signed_again, wild): (bool, bool) = (u.arbitrary()?, u.ratio(1, 4)?);
    for _ in 0..u.int_in_range(0..=4)? {
        if wild {
            wildly(&mut document, u)?;
        } else {
            gently(&mut document, u)?;
        }
    }
    if signed_again {
        sign_again(&mut document, &KEY.private);
    }
    let mut xml = document.write().into_bytes();
    if !signed_again && u.ratio(1, 8)? {
        bytewise(&mut xml, u)?;
    }
    Ok(Case { original, document, xml, signed_again })
}

/// One input: never a panic, never somebody whom the identity provider did not sign for.
///
/// # Panics
/// When something is accepted that must not be, or the gateway takes the blame for what was sent.
pub fn run(bytes: &[u8]) {
    let Ok(case) = case(&mut Unstructured::new(bytes)) else { return };
    match verify(&case.xml) {
        Ok(identity) if case.signed_again => {
            count("accepted and signed again");
            let name_id = identity.name_id.map(|name_id| name_id.value);
            assert_eq!(name_id, name_id_of(&case.document), "not what was signed");
        }
        Ok(identity) => {
            count("accepted as first signed");
            assert!(identity == case.original.identity, "not what was signed");
        }
        Err(Error::EnginesDisagree) => count("the engines disagree"),
        Err(error) => assert_ne!(error.code().blame, Blame::Gateway, "{error}"),
    }
}

/// The verdict on a document, counted by how far it came.
fn verify(xml: &[u8]) -> Result<Identity, Error> {
    count("documents");
    let verdict = GATEWAY.saml.verify_here(&STANDARD.encode(xml), &pending());
    match verdict {
        Err(Error::TooLarge | Error::NotUtf8 | Error::NotXml | Error::Forbidden(_) | Error::Algorithm(_)) => {
        }
        _ => count("guard"),
    }
    verdict
}

static DAMAGES: LazyLock<Vec<(&Original, Damages, Vec<Damage>)>> = LazyLock::new(|| {
    let damages = |original: &'static Original| {
        let damages = Damages::of(&original.xml);
        let all = damages.at_bytes().chain(damages.at_elements()).collect();
        (original, damages, all)
    };
    ORIGINALS.iter().map(damages).collect()
});

/// The number of the damage after the last one, as an input of [`damaged`].
pub fn next_damage() -> [u8; 4] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes()
}

/// One input: the number of one of all single damages, the same that `tests/acs/mutations.rs` does a part of; higher
/// numbers are two damages.
///
/// # Panics
/// When something is accepted that the identity provider did not sign, or the gateway takes the blame.
pub fn damaged(bytes: &[u8]) {
    let Ok(number) = <[u8; 4]>::try_from(bytes) else { return };
    let total: usize = DAMAGES.iter().map(|(.., all)| all.len()).sum();
    let number = u32::from_le_bytes(number) as usize;
    let (round, mut number) = (number / total, number % total);
    for (original, damages, all) in DAMAGES.iter() {
        let Some(damage) = all.get(number) else {
            number -= all.len();
            continue;
        };
        let mut xml = damages.apply(*damage);
        if round > 0 {
            // All were done once: another one on top, anywhere.
            let anywhere = (number * 1000 + round).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            xml = damaged_byte(&xml, anywhere % xml.len(), anywhere % BYTE_KINDS);
            count("damaged twice");
        }
        match verify(&xml) {
            Ok(identity) => {
                count("accepted");
                assert!(identity == original.identity, "{damage:?}");
            }
            Err(error) => assert_ne!(error.code().blame, Blame::Gateway, "{error}: {damage:?}"),
        }
        return;
    }
}

/// A second, simple reading of the document: the text of `Response/Assertion/Subject/NameID`, by namespace.
pub(crate) fn name_id_of(document: &Element) -> Option<String> {
    const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    let mut scope = HashMap::new();
    let mut element = document;
    declare(&mut scope, element);
    for name in ["Assertion", "Subject", "NameID"] {
        let mut found = element.elements().filter(|child| {
            let mut scope = scope.clone();
            declare(&mut scope, child);
            let (prefix, local) = child.name.split_once(':').unwrap_or(("", &child.name));
            local == name && scope.get(prefix).is_some_and(|namespace| namespace == SAML)
        });
        element = found.next()?;
        declare(&mut scope, element);
    }
    let text: String =
        element.content.iter().map(|node| if let Node::Raw(text) = node { text } else { "" }).collect();
    Some(plain(&text))
}

fn declare(scope: &mut HashMap<String, String>, element: &Element) {
    for (name, value) in &element.attributes {
        if let Some(prefix) = name.strip_prefix("xmlns") {
            scope.insert(prefix.trim_start_matches(':').to_owned(), value.clone());
        }
    }
}

/// Line ends and references as XML reads them.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or((part, ""));
        let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
        let meant = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            _ => name
                .strip_prefix("#x")
                .map_or_else(|| number(name.strip_prefix('#')?, 10), |hex| number(hex, 16)),
        };
        plain.extend(meant);
        plain.push_str(rest);
    }
    plain
}
