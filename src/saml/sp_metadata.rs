//! Our own metadata. SAML metadata 2.4.4.

use super::own_key::OwnKey;
use super::settings::Settings;
use super::writer::Document;
use super::xml::{DS, MD, SAMLP};

/// Tells an identity provider who we are, how we sign, and where we take answers.
pub(super) fn render(settings: &Settings, key: &OwnKey) -> String {
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
                for binding in ["HTTP-Redirect", "HTTP-POST"] {
                    let binding = format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}");
                    let address = settings.logout_url();
                    role.empty("md:SingleLogoutService", &[("Binding", &binding), ("Location", &address)]);
                }
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
