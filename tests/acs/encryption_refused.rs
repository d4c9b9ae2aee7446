//! Encrypted assertions that are refused, and that nobody learns why from a decryption that failed.

use connect_gateway::model::Identity;
use connect_gateway::saml::{Error, Rule};
use openssl::hash::MessageDigest;

use crate::encryption::{SIGNED, decrypted, decrypted_with_cbc, signed, with_keys};
use crate::encryptor::{
    AES128_GCM, AES256_CBC, AES256_GCM, DIGEST_SHA256, Encryption, OAEP_MGF1P, OURS, Transport, enclose,
    inside,
};
use crate::gateway::{assert_refused, code};
use crate::idp::{Answer, IDP, STRANGER, Sign, encode};

/// Every way in which an authenticated decryption can fail.
fn undecryptable() -> Vec<(&'static str, Encryption)> {
    let misnamed = Transport::oaep(OAEP_MGF1P, DIGEST_SHA256, MessageDigest::sha1(), MessageDigest::sha1());
    vec![
        ("another's key", Encryption::with(|e| e.keys = vec![&STRANGER])),
        ("no key", Encryption::with(|e| e.keys = vec![])),
        ("another digest", Encryption::with(|e| e.transport = misnamed)),
        ("a changed key", Encryption::with(|e| e.change_wrapped = |w| w[100] ^= 1)),
        ("a key above the modulus", Encryption::with(|e| e.change_wrapped = |w| w.fill(0xff))),
        ("a short key", Encryption::with(|e| e.change_wrapped = |w| w.truncate(255))),
        ("a long key", Encryption::with(|e| e.change_wrapped = |w| w.push(0))),
        ("another content key", Encryption::with(|e| e.change_key = |k| k[0] ^= 1)),
        ("a short content key", Encryption::with(|e| e.change_key = |k| k.truncate(16))),
        ("a long content key", Encryption::with(|e| e.change_key = |k| k.push(0))),
        ("an empty content key", Encryption::with(|e| e.change_key = Vec::clear)),
        ("another cipher", Encryption::with(|e| e.named = Some(AES128_GCM))),
        ("a changed vector", Encryption::with(|e| e.change_sealed = |s| s[0] ^= 1)),
        ("a changed text", Encryption::with(|e| e.change_sealed = |s| s[40] ^= 1)),
        ("a changed tag", Encryption::with(|e| e.change_sealed = |s| *s.last_mut().unwrap() ^= 1)),
        ("a tag of 12 octets", Encryption::with(|e| e.change_sealed = |s| s.truncate(s.len() - 4))),
        ("a tag of 1 octet", Encryption::with(|e| e.change_sealed = |s| s.truncate(s.len() - 15))),
        ("no tag", Encryption::with(|e| e.change_sealed = |s| s.truncate(s.len() - 16))),
    ]
}

fn all_a_failure_shows(outcome: Result<Identity, Error>) -> (String, String, &'static str) {
    let error = outcome.map(|_| "accepted").unwrap_err();
    (format!("{error:?}"), error.to_string(), code(Err(error)))
}

#[tokio::test]
async fn decryptions_that_fail_for_different_reasons_can_not_be_told_apart() {
    for sign in SIGNED {
        for (what, encryption) in undecryptable() {
            let seen = all_a_failure_shows(decrypted(encryption.of(&signed(sign))).await);
            let one = (
                "Decryption".to_owned(),
                "an encrypted part can't be decrypted".to_owned(),
                "saml.decryption",
            );
            assert_eq!(seen, one, "{what}");
        }
    }
}

#[tokio::test]
async fn cipher_texts_of_every_short_length_are_refused() {
    for length in 0..=40 {
        for cipher in [AES256_GCM, AES256_CBC] {
            let data = Encryption { cipher, ..Encryption::default() }.seal("EncryptedAssertion", "");
            let start = data.rfind("<xenc:CipherValue>").unwrap();
            let end = data.rfind("</xenc:CipherValue>").unwrap();
            let value = if length == 0 { "=".to_owned() } else { encode(vec![7; length]) };
            let short = format!("{}<xenc:CipherValue>{value}{}", &data[..start], &data[end..]);
            let outcome = decrypted_with_cbc(enclose(&signed(Sign::Response), &short)).await;
            assert!(matches!(outcome, Err(Error::Decryption | Error::PlainText)), "{length} {outcome:?}");
        }
    }
}

#[tokio::test]
async fn aes_cbc_texts_without_a_possible_padding_are_refused() {
    let changes: [fn(&mut Vec<u8>); 3] = [|s| s.truncate(s.len() - 1), |s| s.truncate(16), |s| s.truncate(1)];
    for change_sealed in changes {
        let encryption = Encryption { cipher: AES256_CBC, change_sealed, ..Encryption::default() };
        assert_refused!(decrypted_with_cbc(encryption.of(&signed(Sign::Response))).await, Error::Decryption);
    }
    let paddings: [&[u8]; 3] = [b"xxxxxxx\x00", b"xxxxxxx\x11", b"xxxxxxx\xff"];
    for padding in paddings {
        let encryption = Encryption { cipher: AES256_CBC, padding: Some(padding), ..Encryption::default() };
        let xml = enclose(&signed(Sign::Response), &encryption.seal("EncryptedAssertion", "12345678"));
        assert_refused!(decrypted_with_cbc(xml).await, Error::Decryption);
    }
}

#[tokio::test]
async fn a_plain_text_with_a_forbidden_shape_is_refused() {
    let good = inside(&signed(Sign::Assertion));
    let plain_texts = [
        good.replace("alice-7", "alice<!-- -->-7"),
        good.replace("alice-7", "<![CDATA[alice-7]]>"),
        format!("<?x y?>{good}"),
        format!("<!DOCTYPE x>{good}"),
        format!("{good}{good}"),
        format!("{good}trailing"),
        good.replace("<saml:Subject>", "<saml:Subject>text"),
        good.replace("<saml:Subject>", "<saml:Advice/><saml:Subject>"),
        good.replace(r#"ID="_assertion""#, r#"ID="_assertion" Id="_assertion""#),
        good.replace(r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#, ""),
        Answer::default().xml(),
        String::new(),
    ];
    for plain_text in plain_texts {
        let part = Encryption::default().seal("EncryptedAssertion", &plain_text);
        assert_refused!(decrypted(enclose(&signed(Sign::Nothing), &part)).await, Error::Decryption);
        let outcome = decrypted(enclose(&signed(Sign::Response), &part)).await;
        assert_refused!(outcome, Error::Forbidden(_) | Error::PlainText);
    }
    let latin1 = Encryption::default().seal(
        "EncryptedAssertion",
        good.replace("alice", "\u{e9}").chars().map(|c| c as u8).collect::<Vec<_>>(),
    );
    assert_refused!(decrypted(enclose(&signed(Sign::Response), &latin1)).await, Error::PlainText);
}

#[tokio::test]
async fn a_plain_text_must_declare_its_own_namespaces() {
    let borrowed =
        inside(&signed(Sign::Nothing)).replace(r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#, "");
    let part = Encryption::default().seal("EncryptedAssertion", borrowed);
    assert_eq!(code(decrypted(enclose(&signed(Sign::Response), &part)).await), "saml.malformed");
}

#[tokio::test]
async fn an_encrypted_assertion_without_any_signature_is_refused() {
    assert_refused!(decrypted(Encryption::default().of(&signed(Sign::Nothing))).await, Error::Unsigned);
}

#[tokio::test]
async fn a_signature_inside_must_verify_even_when_the_response_is_signed() {
    for sign in [Sign::Assertion, Sign::Both] {
        let broken = inside(&signed(sign)).replace("alice-7", "mallory");
        let part = Encryption::default().seal("EncryptedAssertion", broken);
        assert_refused!(decrypted(enclose(&signed(sign), &part)).await, Error::Signature);
        let strangers = inside(&Answer { key: &STRANGER, ..signed(sign) });
        let part = Encryption::default().seal("EncryptedAssertion", strangers);
        assert_refused!(decrypted(enclose(&signed(sign), &part)).await, Error::Signature);
    }
}

#[tokio::test]
async fn an_encrypted_assertion_swapped_into_a_signed_response_is_refused() {
    let mallory = Encryption::default()
        .seal("EncryptedAssertion", inside(&signed(Sign::Nothing)).replace("alice", "mallory"));
    let xml = Encryption::default().of(&signed(Sign::Response));
    let (start, end) =
        (xml.find("<saml:EncryptedAssertion").unwrap(), xml.find("</samlp:Response>").unwrap());
    let swapped = format!("{}{mallory}{}", &xml[..start], &xml[end..]);
    assert_refused!(decrypted(swapped).await, Error::Signature);
}

#[tokio::test]
async fn an_encrypted_assertion_that_answers_another_request_is_refused() {
    let answer = Answer::with(|a| a.confirmations[0].in_response_to = Some("_other".to_owned()));
    assert_refused!(decrypted(Encryption::default().of(&answer)).await, Error::InResponseTo);
    let answer = Answer::with(|a| a.in_response_to = Some("_other".to_owned()));
    assert_refused!(decrypted(Encryption::default().of(&answer)).await, Error::InResponseTo);
    let answer = Answer::with(|a| a.issuer = a.issuer.replace("idp.test", "other.test"));
    assert_refused!(decrypted(Encryption::default().of(&answer)).await, Error::Issuer);
}

#[tokio::test]
async fn the_response_is_checked_before_anything_is_decrypted() {
    let encryption = Encryption::with(|e| e.keys = vec![&STRANGER]);
    for sign in [Sign::Assertion, Sign::Response] {
        let answer = Answer { in_response_to: None, ..signed(sign) };
        assert_refused!(decrypted(encryption.of(&answer)).await, Error::InResponseTo);
    }
}

#[tokio::test]
async fn plain_and_encrypted_assertions_are_never_mixed_nor_are_there_two() {
    let answer = signed(Sign::Assertion);
    let part = Encryption::default().seal("EncryptedAssertion", inside(&answer));
    let plain = inside(&answer);
    let other = Answer::with(|a| a.assertion_id = "_other".to_owned());
    let other = Encryption::default().seal("EncryptedAssertion", inside(&other));
    for content in [format!("{plain}{part}"), format!("{part}{plain}"), format!("{part}{other}")] {
        for sign in [Sign::Nothing, Sign::Response] {
            assert_refused!(
                decrypted(enclose(&signed(sign), &content)).await,
                Error::Forbidden(Rule::Assertions)
            );
        }
    }
}

#[tokio::test]
async fn encrypted_assertions_in_other_places_are_refused() {
    let part = Encryption::default().seal("EncryptedAssertion", inside(&signed(Sign::Assertion)));
    let hidden = [
        Answer::with(|a| a.extensions = format!("<samlp:Extensions>{part}</samlp:Extensions>")),
        Answer::with(|a| a.advice = format!("<saml:Advice>{part}</saml:Advice>")),
        Answer::with(|a| {
            a.attributes = format!(
                r#"<saml:Attribute Name="x"><saml:AttributeValue>{part}</saml:AttributeValue></saml:Attribute>"#
            );
        }),
    ];
    for answer in hidden {
        for sign in [Sign::Assertion, Sign::Response] {
            let answer = Answer { sign, ..answer.clone() };
            assert_refused!(decrypted(answer.xml()).await, Error::Forbidden(_));
        }
    }
}

#[tokio::test]
async fn an_assertion_hidden_inside_an_encrypted_one_is_not_read() {
    let evil = inside(&Answer {
        key: &STRANGER,
        ..Answer::with(|a| a.name_id = a.name_id.replace("alice", "mallory"))
    });
    let good = inside(&signed(Sign::Assertion));
    let advised =
        good.replace("</saml:Conditions>", &format!("</saml:Conditions><saml:Advice>{evil}</saml:Advice>"));
    let part = Encryption::default().seal("EncryptedAssertion", advised);
    assert_refused!(decrypted(enclose(&signed(Sign::Nothing), &part)).await, Error::Decryption);
    assert_refused!(decrypted(enclose(&signed(Sign::Response), &part)).await, Error::Forbidden(_));
}

/// The document with one text replaced, unsigned around; the guard must stop it before a decryption.
async fn edited(from: &str, to: &str) -> Result<Identity, Error> {
    let xml = Encryption::default().of(&signed(Sign::Assertion));
    assert!(xml.contains(from), "{from}");
    decrypted(xml.replacen(from, to, 1)).await
}

#[tokio::test]
async fn an_encrypted_part_with_unusual_parts_is_refused() {
    let edits = [
        ("<xenc:EncryptedData", "<xenc:EncryptedData Id=\"_x\"/><xenc:EncryptedData"),
        ("<xenc:EncryptedData", "text<xenc:EncryptedData"),
        ("</xenc:EncryptedData>", "<xenc:EncryptionProperties/></xenc:EncryptedData>"),
        (
            "</xenc:EncryptedData>",
            "<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
        ),
        ("<xenc:CipherValue>", r#"<xenc:CipherReference URI="http://127.0.0.1/"/><xenc:CipherValue>"#),
        ("<xenc:CipherValue>", "<xenc:CipherValue x=\"1\">"),
        ("<xenc:CipherValue>", "<xenc:CipherValue>!"),
        ("<xenc:CipherValue>", "<xenc:CipherValue><xenc:CipherValue>AAAA</xenc:CipherValue>"),
        ("<ds:KeyInfo>", "<ds:KeyInfo><ds:MgmtData>x</ds:MgmtData>"),
        ("<ds:KeyInfo>", r#"<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1/"/>"#),
        (
            "<ds:KeyInfo>",
            r##"<ds:KeyInfo><ds:RetrievalMethod URI="#_k" Type="http://www.w3.org/2000/09/xmldsig#X509Data"/>"##,
        ),
        (
            "<ds:KeyInfo>",
            r##"<ds:KeyInfo><ds:RetrievalMethod URI="#_k"><ds:Transforms/></ds:RetrievalMethod>"##,
        ),
        ("<ds:KeyInfo>", r#"<ds:KeyInfo><xenc:AgreementMethod Algorithm="x"/>"#),
        ("#Element", "#Content"),
        (r#"rsa-oaep-mgf1p">"#, r#"rsa-oaep-mgf1p"><xenc:KeySize>128</xenc:KeySize>"#),
        (r#"rsa-oaep-mgf1p">"#, r#"rsa-oaep-mgf1p">text"#),
    ];
    for (from, to) in edits {
        assert_refused!(edited(from, to).await, Error::Forbidden(Rule::Encryption));
    }
    let empty = r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>"#;
    let outcome = decrypted(enclose(&signed(Sign::Nothing), empty)).await;
    assert_refused!(outcome, Error::Forbidden(Rule::Encryption));
}

#[tokio::test]
async fn keys_of_encrypted_keys_come_by_name_only() {
    for inner in ["<xenc:EncryptedKey/>", r##"<ds:RetrievalMethod URI="#_k"/>"##, "<x:y xmlns:x=\"urn:x\"/>"]
    {
        let encryption = Encryption::with(|e| e.key_hints = format!("<ds:KeyInfo>{inner}</ds:KeyInfo>"));
        let outcome = decrypted(encryption.of(&signed(Sign::Assertion))).await;
        assert_refused!(outcome, Error::Forbidden(Rule::Encryption));
    }
}

#[tokio::test]
async fn elements_of_encryption_outside_an_encrypted_part_are_refused() {
    let data = Encryption::default().seal("X", "x");
    let data = &data[data.find("<xenc:EncryptedData").unwrap()..data.find("</saml:X>").unwrap()];
    let data = data.replace("<xenc:EncryptedData", r#"<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#);
    let attributes = format!(
        r#"<saml:Attribute Name="x"><saml:AttributeValue>{data}</saml:AttributeValue></saml:Attribute>"#
    );
    let answer = Answer::with(|a| a.attributes = attributes);
    assert_refused!(decrypted(answer.xml()).await, Error::Forbidden(Rule::Encryption));
}

#[tokio::test]
async fn an_identifier_used_twice_is_refused_in_encrypted_parts_too() {
    let xml = Encryption::default().of(&signed(Sign::Assertion));
    let twice = xml.replace("<xenc:EncryptedData", r#"<xenc:EncryptedData Id="_response""#);
    assert_refused!(decrypted(twice).await, Error::Forbidden(Rule::Identifiers));
}

#[tokio::test]
async fn more_encrypted_keys_than_four_are_refused() {
    for beside in [false, true] {
        let many = |count| Encryption { beside, keys: vec![&OURS; count], ..Encryption::default() };
        assert!(decrypted(many(4).of(&signed(Sign::Assertion))).await.is_ok());
        let outcome = decrypted(many(5).of(&signed(Sign::Assertion))).await;
        assert_refused!(outcome, Error::Forbidden(_));
    }
}

#[tokio::test]
async fn six_private_key_operations_are_the_most_for_one_part() {
    let gateway = with_keys(&[&STRANGER, &IDP, &OURS], false).unwrap();
    let keys = |late: usize| {
        let mut keys = vec![&crate::encryptor::OLD; 3];
        keys.insert(late, &OURS);
        Encryption::with(|e| e.keys = keys).of(&signed(Sign::Assertion))
    };
    assert!(gateway.verify(keys(1)).await.is_ok());
    assert_refused!(gateway.verify(keys(2)).await, Error::Decryption);
}
