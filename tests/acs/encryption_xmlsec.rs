//! What the xmlsec1 program encrypts, with its line breaks and declarations, is decrypted.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::encryption::{decrypted, decrypted_with_cbc, signed};
use crate::encryptor::{AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM, OAEP_MGF1P, OURS, enclose, inside};
use crate::gateway::assert_alice;
use crate::idp::Sign;

/// `element`, encrypted by xmlsec1 with a new key of this `kind` for our certificate.
fn seal(folder: &Path, element: &str, cipher: &str, kind: &str) -> String {
    let template = format!(
        r#"<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{cipher}"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{OAEP_MGF1P}"/><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"#
    );
    fs::write(folder.join("certificate"), OURS.certificate_pem()).unwrap();
    fs::write(folder.join("element"), element).unwrap();
    fs::write(folder.join("template"), template).unwrap();
    let arguments = ["--encrypt", "--session-key", kind, "--pubkey-cert-pem", "certificate", "--xml-data"];
    let mut xmlsec1 = Command::new("xmlsec1");
    let done = xmlsec1.current_dir(folder).args(arguments).args(["element", "template"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let sealed = String::from_utf8(done.stdout).unwrap();
    let sealed = sealed.split_once("?>").unwrap().1.trim();
    format!(
        r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{sealed}</saml:EncryptedAssertion>"#
    )
}

#[tokio::test]
async fn what_another_program_encrypts_is_decrypted() {
    let folder = std::env::temp_dir().join(format!("connect-gateway-xmlsec1-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let ciphers =
        [(AES128_GCM, "aes-128"), (AES256_GCM, "aes-256"), (AES128_CBC, "aes-128"), (AES256_CBC, "aes-256")];
    for (cipher, kind) in ciphers {
        for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
            let answer = signed(sign);
            let xml = enclose(&answer, &seal(&folder, &inside(&answer), cipher, kind));
            if [AES128_GCM, AES256_GCM].contains(&cipher) {
                assert_alice(decrypted(&xml).await);
            }
            if sign != Sign::Assertion {
                assert_alice(decrypted_with_cbc(xml).await);
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
