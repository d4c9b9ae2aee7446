//! Encrypted assertions that are accepted, and who may encrypt how.

use std::sync::LazyLock;

use connect_gateway::model::{Identity, Secret};
use connect_gateway::saml::{Algorithm, DecryptionKey, Error, IdpSettings, Settings};
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;

use crate::encryptor::{
    AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM, DIGEST_SHA1, DIGEST_SHA256, Encryption, MASK_SHA1,
    MASK_SHA256, OAEP, OAEP_MGF1P, OLD, OURS, RSA_1_5, Transport,
};
use crate::gateway::{Gateway, Used, assert_alice, assert_refused, company, settings, verdict};
use crate::idp::{Answer, CURVE, GATEWAY, IDP, Key, STRANGER, Sign, metadata};

pub(crate) fn decryption_key(key: &Key) -> DecryptionKey {
    DecryptionKey { key: Secret::new(key.key_pem()), certificate: key.certificate_pem() }
}

pub(crate) fn with_keys(keys: &[&Key], allow_cbc: bool) -> Result<Gateway, Error> {
    let decryption_keys = keys.iter().map(|key| decryption_key(key)).collect();
    let idp = IdpSettings { allow_cbc, ..company(metadata(&[&IDP])) };
    let used = Used { forgetful: true, ..Used::default() };
    Gateway::build(Settings { decryption_keys, ..settings() }, idp, used)
}

static DECRYPTING: LazyLock<Gateway> = LazyLock::new(|| with_keys(&[&OURS, &OLD], false).unwrap());
static ALLOWING_CBC: LazyLock<Gateway> = LazyLock::new(|| with_keys(&[&OURS, &OLD], true).unwrap());

/// What a gateway with two decryption keys says.
pub(crate) async fn decrypted(xml: impl AsRef<[u8]>) -> Result<Identity, Error> {
    DECRYPTING.verify(xml).await
}

/// The same where the identity provider may use AES-CBC.
pub(crate) async fn decrypted_with_cbc(xml: impl AsRef<[u8]>) -> Result<Identity, Error> {
    ALLOWING_CBC.verify(xml).await
}

/// The ways to sign an encrypted answer: inside, around, both.
pub(crate) const SIGNED: [Sign; 3] = [Sign::Assertion, Sign::Response, Sign::Both];

pub(crate) fn signed(sign: Sign) -> Answer {
    Answer { sign, ..Answer::default() }
}

#[tokio::test]
async fn an_encrypted_assertion_is_accepted_signed_inside_around_or_both() {
    for sign in SIGNED {
        assert_alice(decrypted(Encryption::default().of(&signed(sign))).await);
    }
}

#[tokio::test]
async fn every_algorithm_of_the_list_is_decrypted() {
    let (sha1, sha256) = (MessageDigest::sha1(), MessageDigest::sha256());
    let both = |digest: &str, mask: &str| format!("{digest}{mask}");
    let empty_label = format!("<xenc:OAEPparams/>{DIGEST_SHA256}");
    let transports = [
        Transport::oaep(OAEP_MGF1P, "", sha1, sha1),
        Transport::oaep(OAEP_MGF1P, DIGEST_SHA1, sha1, sha1),
        Transport::oaep(OAEP_MGF1P, DIGEST_SHA256, sha256, sha1),
        Transport::oaep(OAEP_MGF1P, &empty_label, sha256, sha1),
        Transport::oaep(OAEP, "", sha1, sha1),
        Transport::oaep(OAEP, &both(DIGEST_SHA256, MASK_SHA1), sha256, sha1),
        Transport::oaep(OAEP, &both(DIGEST_SHA256, MASK_SHA256), sha256, sha256),
        Transport::oaep(OAEP, &both(DIGEST_SHA1, MASK_SHA256), sha1, sha256),
        Transport::oaep(OAEP, MASK_SHA256, sha1, sha256),
    ];
    for cipher in [AES128_GCM, AES256_GCM] {
        for transport in &transports {
            let encryption = Encryption { cipher, transport: transport.clone(), ..Encryption::default() };
            assert_alice(decrypted(encryption.of(&signed(Sign::Assertion))).await);
        }
    }
}

#[tokio::test]
async fn an_encrypted_key_may_stand_inside_or_beside_the_data_and_there_may_be_one_for_others() {
    for beside in [false, true] {
        for keys in [vec![&OURS], vec![&STRANGER, &OURS], vec![&OURS, &STRANGER], vec![&OURS, &OLD]] {
            let encryption = Encryption { keys, beside, ..Encryption::default() };
            assert_alice(decrypted(encryption.of(&signed(Sign::Assertion))).await);
        }
    }
}

#[tokio::test]
async fn what_was_encrypted_for_the_older_key_is_still_decrypted() {
    let encryption = Encryption::with(|e| e.keys = vec![&OLD]);
    let xml = encryption.of(&signed(Sign::Both));
    assert_alice(decrypted(&xml).await);
    assert_refused!(with_keys(&[&OURS], false).unwrap().verify(xml).await, Error::Decryption);
}

#[tokio::test]
async fn names_and_references_around_encrypted_keys_are_ignored() {
    let certificate = format!(
        "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
        STRANGER.certificate_base64()
    );
    let token = r#"<o:SecurityTokenReference xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></o:SecurityTokenReference>"#;
    let hints = [
        (String::new(), "<ds:KeyName>nobody</ds:KeyName>".to_owned()),
        (
            r##"<ds:RetrievalMethod URI="#_k" Type="http://www.w3.org/2001/04/xmlenc#EncryptedKey"/>"##
                .to_owned(),
            certificate,
        ),
        ("<ds:KeyName>nobody</ds:KeyName>".to_owned(), token.to_owned()),
    ];
    for (hints, key_hints) in hints {
        let encryption = Encryption::with(|e| {
            e.beside = true;
            e.hints = hints;
            e.key_hints = format!("<ds:KeyInfo>{key_hints}</ds:KeyInfo>");
            e.after_key = r##"<xenc:ReferenceList><xenc:DataReference URI="#_d"/></xenc:ReferenceList><xenc:CarriedKeyName>nobody</xenc:CarriedKeyName>"##.to_owned();
        });
        let xml = encryption.of(&signed(Sign::Response));
        let xml = xml
            .replace("<xenc:EncryptedKey>", r#"<xenc:EncryptedKey Id="_k" Recipient="https://nobody.test">"#);
        assert_refused!(decrypted(&xml).await, Error::Signature);
        let xml = encryption.of(&signed(Sign::Assertion));
        let xml = xml
            .replace("<xenc:EncryptedKey>", r#"<xenc:EncryptedKey Id="_k" Recipient="https://nobody.test">"#);
        assert_alice(decrypted(xml).await);
    }
}

#[tokio::test]
async fn aes_cbc_needs_the_operators_leave_and_a_verified_signature_around_it() {
    for cipher in [AES128_CBC, AES256_CBC] {
        let encryption = Encryption { cipher, ..Encryption::default() };
        for sign in SIGNED {
            let xml = encryption.of(&signed(sign));
            assert_refused!(decrypted(&xml).await, Error::Algorithm(Algorithm::Cbc));
            if sign == Sign::Assertion {
                assert_refused!(decrypted_with_cbc(xml).await, Error::Algorithm(Algorithm::Cbc));
            } else {
                assert_alice(decrypted_with_cbc(xml).await);
            }
        }
        let forged = encryption.of(&Answer { key: &STRANGER, ..signed(Sign::Response) });
        assert_refused!(decrypted_with_cbc(forged).await, Error::Signature);
    }
}

#[tokio::test]
async fn other_algorithms_are_refused() {
    let ciphers = [
        "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
        "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
        "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        "",
    ];
    for named in ciphers {
        let encryption = Encryption::with(|e| e.named = Some(named));
        let outcome = decrypted_with_cbc(encryption.of(&signed(Sign::Both))).await;
        assert_refused!(outcome, Error::Algorithm(Algorithm::Encryption));
    }
    let xml = Encryption::default().of(&signed(Sign::Assertion));
    let parameter = r#"aes256-gcm"><ds:DigestMethod/></xenc:EncryptionMethod>"#;
    let outcome = decrypted(xml.replace(r#"aes256-gcm"/>"#, parameter)).await;
    assert_refused!(outcome, Error::Algorithm(Algorithm::Encryption));
}

#[tokio::test]
async fn pkcs_1_5_and_other_key_transports_are_refused() {
    let (sha1, sha256) = (MessageDigest::sha1(), MessageDigest::sha256());
    let pkcs1 = Transport {
        padding: Padding::PKCS1,
        method: RSA_1_5.to_owned(),
        parameters: String::new(),
        ..Transport::usual()
    };
    let two = format!("{DIGEST_SHA1}{DIGEST_SHA1}");
    let unknown = DIGEST_SHA1.replace("sha1", "md5");
    let filled = r#"<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1">x</ds:DigestMethod>"#;
    let refused = [
        pkcs1,
        Transport::oaep("http://www.w3.org/2001/04/xmlenc#kw-aes256", "", sha1, sha1),
        Transport::oaep(OAEP_MGF1P, MASK_SHA1, sha1, sha1),
        Transport::oaep(OAEP_MGF1P, &two, sha1, sha1),
        Transport::oaep(OAEP_MGF1P, &unknown, sha1, sha1),
        Transport::oaep(OAEP_MGF1P, filled, sha1, sha1),
        Transport::oaep(OAEP, &format!("{MASK_SHA256}{MASK_SHA256}"), sha1, sha256),
        Transport::oaep(OAEP, &MASK_SHA1.replace("mgf1sha1", "mgf1sha224"), sha1, sha1),
        Transport::oaep(OAEP, "<xenc:OAEPparams>AAAA</xenc:OAEPparams>", sha1, sha1),
    ];
    for transport in refused {
        let encryption = Encryption { transport, ..Encryption::default() };
        for sign in SIGNED {
            let outcome = decrypted_with_cbc(encryption.of(&signed(sign))).await;
            assert_refused!(outcome, Error::Algorithm(Algorithm::KeyTransport));
        }
    }
}

#[tokio::test]
async fn without_a_decryption_key_encrypted_answers_are_refused_with_their_own_code() {
    for sign in SIGNED {
        let encryption = Encryption::with(|e| e.keys = vec![&GATEWAY]);
        assert_refused!(verdict(encryption.of(&signed(sign))).await, Error::Encrypted);
    }
}

#[test]
fn decryption_keys_are_strong_rsa_keys_with_their_certificates_and_every_problem_is_told() {
    let problem = |keys: Vec<DecryptionKey>| {
        let settings = Settings { decryption_keys: keys, ..settings() };
        let refused = Gateway::build(settings, company(metadata(&[&IDP])), Used::default());
        refused.map(|_| ()).unwrap_err().to_string()
    };
    let weak = Key::rsa(1024, 365);
    let foreign = DecryptionKey { certificate: OLD.certificate_pem(), ..decryption_key(&OURS) };
    assert!(problem(vec![decryption_key(&weak)]).contains("not RSA of 2048 bits"));
    let all = problem(vec![decryption_key(&OURS), decryption_key(&CURVE), foreign]);
    assert!(
        all.contains("number 2: the key is not RSA") && all.contains("number 3: the certificate"),
        "{all}"
    );
    assert!(problem((0..4).map(|_| decryption_key(&OURS)).collect()).contains("more than 3"));
}

#[test]
fn our_metadata_publishes_every_decryption_key_and_the_algorithms_in_order() {
    let gateway = with_keys(&[&OURS, &OLD], false).unwrap();
    let metadata_text = gateway.saml.metadata();
    let document = roxmltree::Document::parse(&metadata_text).unwrap();
    let named = |node: roxmltree::Node<'_, '_>, name: &str| node.tag_name().name() == name;
    let keys: Vec<_> = document
        .descendants()
        .filter(|node| named(*node, "KeyDescriptor") && node.attribute("use") == Some("encryption"))
        .collect();
    let certificates: Vec<_> = keys
        .iter()
        .flat_map(|key| key.descendants().filter(|node| named(*node, "X509Certificate")))
        .map(|node| node.text().unwrap().to_owned())
        .collect();
    assert_eq!(certificates, [OURS.certificate_base64(), OLD.certificate_base64()]);
    let algorithms: Vec<_> = keys[0]
        .children()
        .filter(|node| named(*node, "EncryptionMethod"))
        .map(|node| node.attribute("Algorithm").unwrap())
        .collect();
    assert_eq!(algorithms, [AES256_GCM, AES128_GCM, OAEP, OAEP_MGF1P, OAEP_MGF1P]);
    let parsed: samael::metadata::EntityDescriptor = metadata_text.parse().unwrap();
    assert_eq!(parsed.sp_sso_descriptors.unwrap().len(), 1);
    assert!(!Gateway::new().saml.metadata().contains("encryption"));
}
