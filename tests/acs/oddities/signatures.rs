//! Signatures of other makers, and keys of other kinds.

use openssl::nid::Nid;
use openssl::pkey::PKey;

use super::{accepts, accepts_rewritten};
use crate::documents::rewritten;
use crate::gateway::{Gateway, assert_alice, verdict};
use crate::idp::{
    Answer, CURVE, ENTITY_ID, ENVELOPED, EXC_C14N, IDP, Key, NEXT, STRANGER, Sign, entity, key_descriptor,
    metadata, sign,
};

fn prefix_list(prefixes: &str) -> String {
    format!(r#"<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{prefixes}"/>"#)
}

#[tokio::test]
async fn exclusive_canonicalisation_with_comments_is_accepted() {
    let method = format!(r#"<ds:CanonicalizationMethod Algorithm="{EXC_C14N}WithComments"/>"#);
    accepts(|a| a.shape.canonicalization.clone_from(&method)).await;
    let transforms = format!(
        r#"<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}WithComments"/>"#
    );
    accepts(|a| a.shape.transforms.clone_from(&transforms)).await;
    accepts(|a| {
        a.sign = Sign::Both;
        a.shape.canonicalization.clone_from(&method);
        a.shape.transforms.clone_from(&transforms);
    })
    .await;
}

#[tokio::test]
async fn prefix_lists_of_every_kind_are_accepted() {
    for prefixes in
        ["", "xs", "#default", "saml samlp ds xs xsi #default", "nobody-declares-me", " xs\t saml "]
    {
        accepts(|a| {
            a.shape.transforms = format!(
                r#"<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}">{}</ds:Transform>"#,
                prefix_list(prefixes)
            );
        })
        .await;
        accepts(|a| {
            a.shape.canonicalization = format!(
                r#"<ds:CanonicalizationMethod Algorithm="{EXC_C14N}">{}</ds:CanonicalizationMethod>"#,
                prefix_list(prefixes)
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_signature_on_many_lines_is_accepted() {
    accepts_rewritten(|xml| {
        let (start, end) = (xml.find("<ds:Signature ").unwrap(), xml.find("</ds:Signature>").unwrap());
        let signature = xml[start..end].replace("><ds:", ">\n    <ds:").replace("></ds:", ">\n    </ds:");
        let signature = signature.replace("<ds:DigestValue>\n    ", "<ds:DigestValue>");
        let signature = signature.replace("<ds:SignatureValue>\n    ", "<ds:SignatureValue>");
        format!("{}{signature}\n{}", &xml[..start], &xml[end..])
    })
    .await;
}

#[tokio::test]
async fn identifiers_inside_a_signature_are_accepted() {
    for (from, to) in [
        ("<ds:Signature ", "<ds:Signature Id=\"_s\" "),
        ("<ds:SignedInfo>", "<ds:SignedInfo Id=\"_s\">"),
        ("<ds:SignatureValue>", "<ds:SignatureValue Id=\"_s\">"),
        ("<ds:Reference ", "<ds:Reference Id=\"_s\" "),
        ("</ds:Signature>", "<ds:KeyInfo Id=\"_s\"><ds:KeyName>k</ds:KeyName></ds:KeyInfo></ds:Signature>"),
    ] {
        accepts_rewritten(|xml| xml.replace(from, to)).await;
    }
}

#[tokio::test]
async fn every_plain_kind_of_key_info_is_accepted() {
    let (ours, other) = (IDP.certificate_base64(), STRANGER.certificate_base64());
    let rsa = IDP.private.rsa().unwrap();
    let base64 = |number: &openssl::bn::BigNumRef| crate::idp::encode(number.to_vec());
    let key_value = format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>{}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        base64(rsa.n()),
        base64(rsa.e())
    );
    let data = |inside: &str| format!("<ds:X509Data>{inside}</ds:X509Data>");
    let certificate = |der: &str| format!("<ds:X509Certificate>{der}</ds:X509Certificate>");
    let serial = "<ds:X509IssuerSerial><ds:X509IssuerName>CN=test</ds:X509IssuerName><ds:X509SerialNumber>0</ds:X509SerialNumber></ds:X509IssuerSerial>";
    for inside in [
        "<ds:KeyName>some key</ds:KeyName>".to_owned(),
        key_value.clone(),
        data(&certificate(&ours)),
        data(&certificate(&other)),
        data(&(certificate(&ours) + &certificate(&other))),
        data(&certificate(&ours)) + &data(&certificate(&other)),
        data(serial),
        data(&format!("{serial}{}", certificate(&ours))),
        data("<ds:X509SubjectName>CN=test, O=\u{e4}</ds:X509SubjectName>"),
        data("<ds:X509SKI>AAECAwQ=</ds:X509SKI>"),
        format!("<ds:KeyName>k</ds:KeyName>{key_value}{}", data(&certificate(&ours))),
    ] {
        accepts(|a| a.shape.key_info = format!("<ds:KeyInfo>{inside}</ds:KeyInfo>")).await;
    }
}

#[tokio::test]
async fn rsa_and_elliptic_curves_with_every_digest_are_accepted() {
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let digests = [
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    ];
    let p384 = Key::curve(Nid::SECP384R1);
    for (key, family) in [(&*IDP, "rsa"), (&*CURVE, "ecdsa"), (&p384, "ecdsa")] {
        let gateway = Gateway::trusting(metadata(&[key]));
        for (length, digest) in ["sha256", "sha384", "sha512"].into_iter().zip(digests) {
            let answer = Answer::with(|a| {
                a.assertion_id = format!("_{length}");
                a.shape.method = format!("{more}{family}-{length}");
                digest.clone_into(&mut a.shape.digest);
            });
            assert_alice(gateway.verify(sign(&answer.unsigned_xml(), key)).await);
        }
    }
}

#[tokio::test]
async fn response_and_assertion_signed_with_two_keys_are_accepted() {
    let gateway = Gateway::trusting(metadata(&[&NEXT, &IDP]));
    let answer = Answer::with(|a| a.sign = Sign::Both);
    let once = sign(&answer.unsigned_xml(), &IDP);
    let at = once.find("<samlp:Status>").unwrap();
    let outer = answer.shape.template("_response", &NEXT);
    let xml = sign(&format!("{}{outer}{}", &once[..at], &once[at..]), &NEXT);
    assert_alice(gateway.verify(xml).await);
}

#[tokio::test]
async fn expired_and_self_signed_certificates_and_keys_without_use_are_accepted() {
    let expired = Key::certify(IDP.private.clone(), 1);
    for usage in ["", r#"use="signing""#] {
        let metadata = entity(ENTITY_ID, "", &key_descriptor(&expired, usage));
        assert_alice(Gateway::trusting(metadata).verify(Answer::default().xml()).await);
    }
}

#[tokio::test]
async fn a_key_that_does_not_count_beside_one_that_does_is_passed_over() {
    let edwards = Key { private: PKey::generate_ed25519().unwrap(), certificate: edwards_certificate() };
    for other in [Key::rsa(1024, 365), Key::curve(Nid::SECP256K1), edwards] {
        for keys in [[&*IDP, &other], [&other, &*IDP]] {
            assert_alice(Gateway::trusting(metadata(&keys)).verify(Answer::default().xml()).await);
        }
    }
}

/// A certificate of an Ed25519 key, signed by another: openssl signs those in another way.
fn edwards_certificate() -> openssl::x509::X509 {
    let key = PKey::generate_ed25519().unwrap();
    let mut certificate = openssl::x509::X509::builder().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_pubkey(&key).unwrap();
    certificate.sign(&IDP.private, openssl::hash::MessageDigest::sha256()).unwrap();
    certificate.build()
}

#[tokio::test]
async fn a_large_rsa_key_is_accepted() {
    let large = Key::rsa(4096, 365);
    let xml = sign(&Answer::default().unsigned_xml(), &large);
    assert_alice(Gateway::trusting(metadata(&[&large])).verify(xml).await);
}

#[tokio::test]
async fn both_ways_of_signing_are_really_signed() {
    for xml in rewritten(|xml| xml) {
        assert_eq!(xml.matches("<ds:Signature ").count(), 1);
        assert!(verdict(xml.replace("alice-7", "alice-8")).await.is_err());
    }
}
