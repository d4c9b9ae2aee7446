//! Attacks 19 to 23: keys that nobody vouched for, and algorithms that prove nothing.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::{assert_hostile, cut};
use crate::documents::{both_ways, good, shaped};
use crate::gateway::{Gateway, code, verdict};
use crate::idp::{
    Answer, CURVE, ENTITY_ID, GATEWAY, IDP, Key, NEXT, STRANGER, Sign, encode, entity, key_descriptor,
    metadata, sign,
};

#[tokio::test]
async fn attack_19_key_info_is_never_believed() {
    let rsa = STRANGER.private.rsa().unwrap();
    let value = format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>{}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        encode(rsa.n().to_vec()),
        encode(rsa.e().to_vec())
    );
    let certificate = |key: &Key| {
        format!(
            "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
            key.certificate_base64()
        )
    };
    for inside in [
        value,
        certificate(&STRANGER),
        certificate(&IDP),
        certificate(&IDP) + &certificate(&STRANGER),
        "<ds:KeyName>0</ds:KeyName>".to_owned(),
    ] {
        for xml in both_ways(|a| {
            a.key = &STRANGER;
            a.shape.key_info = format!("<ds:KeyInfo>{inside}</ds:KeyInfo>");
        }) {
            assert_eq!(code(verdict(xml).await), "saml.signature");
        }
    }
}

#[tokio::test]
async fn attack_20_a_mac_with_the_public_key_is_refused() {
    let xml = shaped(|s| s.method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256".to_owned());
    let info = cut_info(&xml);
    for secret in [
        IDP.certificate_pem().into_bytes(),
        IDP.certificate.to_der().unwrap(),
        IDP.private.public_key_to_der().unwrap(),
        Vec::new(),
    ] {
        let Ok(key) = PKey::hmac(&secret) else { continue };
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(info.as_bytes()).unwrap();
        let value = encode(signer.sign_to_vec().unwrap());
        let forged = xml.replace(&encode([7; 256]), &value);
        assert_eq!(code(verdict(forged).await), "saml.algorithm");
    }
}

fn cut_info(xml: &str) -> &str {
    let end = "</ds:SignedInfo>";
    &xml[xml.find("<ds:SignedInfo>").unwrap()..xml.find(end).unwrap() + end.len()]
}

#[tokio::test]
async fn attack_21_only_a_valid_signature_is_one() {
    let xml = good();
    let value = {
        let end = "</ds:SignatureValue>";
        xml[xml.find("<ds:SignatureValue>").unwrap()..xml.find(end).unwrap() + end.len()].to_owned()
    };
    for other in [
        encode([0; 256]),
        encode([0xff; 256]),
        encode([0; 1]),
        encode([7; 255]),
        encode([7; 257]),
        "AAAA".to_owned(),
        "====".to_owned(),
        "A".to_owned(),
        String::new(),
    ] {
        let forged = xml.replace(&value, &format!("<ds:SignatureValue>{other}</ds:SignatureValue>"));
        assert_hostile(&other, forged).await;
    }
    assert_hostile("no value", xml.replace(&value, "")).await;
    let curve = Gateway::trusting(metadata(&[&CURVE]));
    let zeros = Answer::with(|a| a.key = &CURVE).xml();
    let start = zeros.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let end = zeros.find("</ds:SignatureValue>").unwrap();
    for numbers in [vec![0; 64], vec![0; 72], vec![0xff; 64], vec![]] {
        let forged = format!("{}{}{}", &zeros[..start], encode(numbers), &zeros[end..]);
        assert!(curve.verify(forged).await.is_err());
    }
}

#[tokio::test]
async fn attack_22_without_a_key_or_a_signature_nobody_gets_in() {
    for keys in [String::new(), key_descriptor(&IDP, r#"use="encryption""#)] {
        let idp = crate::gateway::company(entity(ENTITY_ID, "", &keys));
        assert!(Gateway::build(crate::gateway::settings(), idp, crate::gateway::Used::default()).is_err());
    }
    let unsigned = Answer::with(|a| a.sign = Sign::Nothing).xml();
    assert_eq!(code(verdict(&unsigned).await), "saml.unsigned");
    let keyless_use = Gateway::trusting(entity(ENTITY_ID, "", &key_descriptor(&IDP, "")));
    assert_eq!(code(keyless_use.verify(&unsigned).await), "saml.unsigned");
    for sign in [Sign::Assertion, Sign::Response] {
        let xml = Answer { sign, ..Answer::default() }.xml();
        assert_eq!(code(verdict(xml.replace(cut(&xml, "ds:Signature"), "")).await), "saml.unsigned");
    }
}

#[tokio::test]
async fn attack_23_weak_algorithms_are_refused_even_when_they_verify() {
    let old = "http://www.w3.org/2000/09/xmldsig#";
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    for xml in both_ways(|a| a.shape.method = format!("{old}rsa-sha1")) {
        assert_eq!(code(verdict(xml).await), "saml.algorithm");
    }
    for xml in both_ways(|a| a.shape.digest = format!("{old}sha1")) {
        assert_eq!(code(verdict(xml).await), "saml.algorithm");
    }
    for method in [
        format!("{old}dsa-sha1"),
        format!("{old}hmac-sha1"),
        format!("{more}rsa-md5"),
        format!("{more}rsa-ripemd160"),
        format!("{more}rsa-sha224"),
        format!("{more}ecdsa-sha1"),
        format!("{more}ecdsa-sha224"),
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1".to_owned(),
        "http://www.w3.org/2007/05/xmldsig-more#md5-rsa-MGF1".to_owned(),
        "http://www.w3.org/2009/xmldsig11#dsa-sha256".to_owned(),
        String::from("none"),
        format!("{more}RSA-SHA256"),
        format!(" {more}rsa-sha256"),
    ] {
        assert_eq!(
            code(verdict(shaped(|s| s.method.clone_from(&method))).await),
            "saml.algorithm",
            "{method}"
        );
    }
    for digest in [
        format!("{more}md5"),
        format!("{more}sha224"),
        "http://www.w3.org/2001/04/xmlenc#ripemd160".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            code(verdict(shaped(|s| s.digest.clone_from(&digest))).await),
            "saml.algorithm",
            "{digest}"
        );
    }
}

#[tokio::test]
async fn attack_23_weak_keys_beside_strong_ones_verify_nothing() {
    let weak = Key::rsa(1024, 365);
    let gateway = Gateway::trusting(metadata(&[&weak, &IDP]));
    let xml = sign(&Answer::default().unsigned_xml(), &weak);
    assert_eq!(code(gateway.verify(xml).await), "saml.signature");
}

#[tokio::test]
async fn attack_19_keys_of_others_that_we_know_verify_nothing() {
    for key in [&GATEWAY, &NEXT] {
        for xml in both_ways(|a| a.key = key) {
            assert_eq!(code(verdict(xml).await), "saml.signature");
        }
    }
}
