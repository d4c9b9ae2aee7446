//! Encrypted subjects and attributes.

use connect_gateway::saml::{Algorithm, Error, Rule};

use crate::encryption::{decrypted, decrypted_with_cbc};
use crate::encryptor::{AES256_CBC, Encryption, OLD};
use crate::gateway::{assert_alice, assert_refused, verdict};
use crate::idp::{Answer, STRANGER, Sign, attribute};

const NAMESPACE: &str = r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#;

fn alone(xml: &str) -> String {
    let end = xml.find([' ', '>']).unwrap();
    format!("{}{NAMESPACE}{}", &xml[..end], &xml[end..])
}

fn name_id() -> String {
    alone(&Answer::default().name_id)
}

fn groups() -> String {
    alone(&attribute("groups", &["agents", "supervisors"]))
}

/// Signed answers with this subject.
fn with_subject(subject: &str) -> [String; 2] {
    [Sign::Assertion, Sign::Response]
        .map(|sign| Answer { sign, name_id: subject.to_owned(), ..Answer::default() }.xml())
}

/// Signed answers with these attributes.
fn with_attributes(attributes: &str) -> [String; 2] {
    [Sign::Assertion, Sign::Response]
        .map(|sign| Answer { sign, attributes: attributes.to_owned(), ..Answer::default() }.xml())
}

#[tokio::test]
async fn an_encrypted_subject_is_read() {
    for encryption in [
        Encryption::default(),
        Encryption::with(|e| e.beside = true),
        Encryption::with(|e| e.keys = vec![&OLD]),
    ] {
        for xml in with_subject(&encryption.seal("EncryptedID", name_id())) {
            let format = decrypted(&xml).await.unwrap().name_id.unwrap().format;
            assert_eq!(format.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
            assert_alice(decrypted(xml).await);
        }
    }
}

#[tokio::test]
async fn encrypted_attributes_are_read_beside_plain_ones() {
    let encryption = Encryption::default();
    let one = alone(&attribute("groups", &["agents"]));
    let mixed = encryption.seal("EncryptedAttribute", one) + &attribute("groups", &["supervisors"]);
    for attributes in [encryption.seal("EncryptedAttribute", groups()), mixed] {
        for xml in with_attributes(&attributes) {
            assert_alice(decrypted(xml).await);
        }
    }
}

#[tokio::test]
async fn everything_may_be_encrypted_at_once() {
    let encryption = Encryption::default();
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let answer = Answer {
            sign,
            name_id: encryption.seal("EncryptedID", name_id()),
            attributes: encryption.seal("EncryptedAttribute", groups()),
            ..Answer::default()
        };
        assert_alice(decrypted(encryption.of(&answer)).await);
    }
}

#[tokio::test]
async fn aes_cbc_in_parts_needs_the_operators_leave() {
    let encryption = Encryption { cipher: AES256_CBC, ..Encryption::default() };
    let subjects = with_subject(&encryption.seal("EncryptedID", name_id()));
    let attributes = with_attributes(&encryption.seal("EncryptedAttribute", groups()));
    for xml in subjects.into_iter().chain(attributes) {
        assert_refused!(decrypted(&xml).await, Error::Algorithm(Algorithm::Cbc));
        assert_alice(decrypted_with_cbc(xml).await);
    }
}

#[tokio::test]
async fn parts_that_can_not_be_decrypted_are_refused() {
    let strangers = Encryption::with(|e| e.keys = vec![&STRANGER]);
    let changed = Encryption::with(|e| e.change_sealed = |s| s[20] ^= 1);
    for encryption in [strangers, changed] {
        let subjects = with_subject(&encryption.seal("EncryptedID", name_id()));
        let attributes = with_attributes(&encryption.seal("EncryptedAttribute", groups()));
        for xml in subjects.into_iter().chain(attributes) {
            assert_refused!(decrypted(&xml).await, Error::Decryption);
            assert_refused!(verdict(xml).await, Error::Encrypted);
        }
    }
}

#[tokio::test]
async fn a_part_is_what_it_stands_for_and_nothing_else() {
    let encryption = Encryption::default();
    let wrong = |text: &str| text.replace("NameID", "BaseID");
    for text in [groups(), wrong(&name_id()), format!("{0}{0}", name_id()), format!("<!-- -->{}", name_id())]
    {
        for xml in with_subject(&encryption.seal("EncryptedID", text)) {
            assert_refused!(decrypted(xml).await, Error::Forbidden(_) | Error::PlainText);
        }
    }
    let commented = groups().replace("agents", "ag<!-- -->ents");
    let encrypted = groups().replace("agents", &encryption.seal("EncryptedAssertion", "x"));
    for text in
        [name_id(), format!("{0}{0}", groups()), commented, encrypted, format!("<!DOCTYPE x>{}", groups())]
    {
        for xml in with_attributes(&encryption.seal("EncryptedAttribute", text)) {
            assert_refused!(decrypted(xml).await, Error::Forbidden(_) | Error::PlainText);
        }
    }
    for xml in with_subject(&encryption.seal("EncryptedID", Answer::default().name_id)) {
        assert_refused!(decrypted(xml).await, Error::PlainText);
    }
    for xml in with_subject(&encryption.seal("EncryptedID", name_id().replace("alice-7", " "))) {
        assert_refused!(decrypted(xml).await, Error::Content(_));
    }
}

#[tokio::test]
async fn parts_are_not_decrypted_before_the_signature_is_verified() {
    let strangers = Encryption::with(|e| e.keys = vec![&STRANGER]).seal("EncryptedID", name_id());
    for sign in [Sign::Assertion, Sign::Response] {
        let answer = Answer { sign, key: &STRANGER, name_id: strangers.clone(), ..Answer::default() };
        assert_refused!(decrypted(answer.xml()).await, Error::Signature);
    }
}

#[tokio::test]
async fn encrypted_attributes_count_as_attributes() {
    let values = vec![""; 2_050];
    let part =
        |name: &str| Encryption::default().seal("EncryptedAttribute", alone(&attribute(name, &values)));
    let xml = Answer::with(|a| a.attributes = part("groups") + &part("more")).xml();
    assert_refused!(decrypted(xml).await, Error::Content(_));
}

#[tokio::test]
async fn more_encrypted_parts_than_sixteen_are_refused() {
    let part = Encryption::default().seal("EncryptedAttribute", groups());
    let answer = |count: usize| Answer::with(|a| a.attributes = part.repeat(count)).xml();
    assert!(decrypted(answer(16)).await.is_ok());
    assert_refused!(decrypted(answer(17)).await, Error::Forbidden(Rule::Limits));
}
