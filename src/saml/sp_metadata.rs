//! Our own metadata. SAML metadata 2.4.4.

use super::decryption::DecryptionKeys;
use super::own_key::OwnKey;
use super::settings::Settings;
use super::writer::Document;
use super::xml::{DS, MD, SAMLP, XENC11};

/// Tells an identity provider who we are, how we sign, and where we take answers.
pub(super) fn render(settings: &Settings, key: &OwnKey, decryption: &DecryptionKeys) -> String {
    let mut document = Document::new();
    document.element(
        "md:EntityDescriptor",
        &[("xmlns:md", MD), ("entityID", &settings.entity_id)],
        |entity| {
            let role = [
                ("AuthnRequestsSigned", "true"),
                ("WantAssertionsSigned", "true"),
                ("protocolSupportEnumeration", SAMLP),
            ];
            entity.element("md:SPSSODescriptor", &role, |role| {
                render_display_name(role, &settings.display_name);
                render_signing_key(role, key);
                decryption.certificates_base64().for_each(|key| render_encryption_key(role, &key));
                role.empty(
                    "md:AssertionConsumerService",
                    &[
                        ("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"),
                        ("Location", &settings.acs_url()),
                        ("index", "0"),
                        ("isDefault", "true"),
                    ],
                );
            });
        },
    );
    document.finish()
}

/// `mdui:DisplayName`. Metadata user interface extension 2.1.2.
fn render_display_name(role: &mut Document, display_name: &str) {
    const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
    role.element("md:Extensions", &[], |extensions| {
        extensions.element("mdui:UIInfo", &[("xmlns:mdui", MDUI)], |info| {
            info.text("mdui:DisplayName", &[("xml:lang", "en")], display_name);
        });
    });
}

fn render_signing_key(role: &mut Document, key: &OwnKey) {
    role.element("md:KeyDescriptor", &[("use", "signing")], |descriptor| {
        descriptor.element("ds:KeyInfo", &[("xmlns:ds", DS)], |info| {
            info.element("ds:X509Data", &[], |data| {
                data.text("ds:X509Certificate", &[], &key.certificate_base64());
            });
        });
    });
}

/// A key to encrypt for, and what we decrypt, the best first. Metadata 2.4.1.1; XML encryption 1.1, 5.
fn render_encryption_key(role: &mut Document, certificate: &str) {
    const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
    const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
    role.element("md:KeyDescriptor", &[("use", "encryption"), ("xmlns:ds", DS)], |descriptor| {
        descriptor.element("ds:KeyInfo", &[], |info| {
            info.element("ds:X509Data", &[], |data| data.text("ds:X509Certificate", &[], certificate));
        });
        for cipher in ["aes256-gcm", "aes128-gcm"] {
            descriptor.empty("md:EncryptionMethod", &[("Algorithm", &format!("{XENC11}{cipher}"))]);
        }
        let oaep = [("Algorithm", "http://www.w3.org/2009/xmlenc11#rsa-oaep")];
        descriptor.element("md:EncryptionMethod", &oaep, |method| {
            method.empty("ds:DigestMethod", &[("Algorithm", SHA256)]);
            let mask = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
            method.empty("xenc11:MGF", &[("xmlns:xenc11", XENC11), ("Algorithm", mask)]);
        });
        let oaep = [("Algorithm", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p")];
        for digest in [SHA256, SHA1] {
            descriptor.element("md:EncryptionMethod", &oaep, |method| {
                method.empty("ds:DigestMethod", &[("Algorithm", digest)]);
            });
        }
    });
}
