//! Our own metadata. SAML metadata 2.4.4; extensions for user interfaces and for algorithm support.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use crate::model::Random;
use crate::saml::decryption::DecryptionKeys;
use crate::saml::discovery::PROTOCOL;
use crate::saml::error::Error;
use crate::saml::guard::{DIGEST_METHODS, SIGNATURE_METHODS};
use crate::saml::instant;
use crate::saml::own_key::OwnKey;
use crate::saml::settings::Settings;
use crate::saml::signer::{self, Signature};
use crate::saml::writer::Document;
use crate::saml::xml::{DS, MD, SAMLP, XENC11};

use super::about::{AboutUs, Contact, Logo, Organization};

/// How long a rendered document with `validUntil` is served.
const RENDERED_FOR: Duration = Duration::from_hours(1);

const HTTP_ARTIFACT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";
const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// Our metadata, as it is served. Always holds the key that signs.
pub(in crate::saml) struct OwnMetadata(Mutex<Rendered>);

/// What it is made of.
#[derive(Clone, Copy)]
pub(in crate::saml) struct Us<'a> {
    pub(in crate::saml) settings: &'a Settings,
    pub(in crate::saml) key: &'a OwnKey,
    pub(in crate::saml) decryption: &'a DecryptionKeys,
    pub(in crate::saml) wants_assertions_signed: bool,
}

struct Rendered {
    text: Arc<str>,
    /// When it is rendered anew, because it says how long it is valid.
    due: Option<OffsetDateTime>,
}

impl OwnMetadata {
    /// Renders it once.
    ///
    /// # Errors
    /// When our key can't sign it.
    pub(in crate::saml) fn new(us: Us<'_>, now: OffsetDateTime, random: &dyn Random) -> Result<Self, Error> {
        Ok(Self(Mutex::new(rendered(us, now, random)?)))
    }

    /// The document; rendered anew when its time has come.
    pub(in crate::saml) fn text(&self, us: Us<'_>, now: OffsetDateTime, random: &dyn Random) -> Arc<str> {
        let mut copy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if copy.due.is_some_and(|due| due <= now) {
            match rendered(us, now, random) {
                Ok(new) => *copy = new,
                Err(error) => tracing::error!(%error, "our metadata is not rendered anew"),
            }
        }
        Arc::clone(&copy.text)
    }
}

fn rendered(us: Us<'_>, now: OffsetDateTime, random: &dyn Random) -> Result<Rendered, Error> {
    let about = &us.settings.about;
    let entity = Entity {
        us,
        id: format!("_{}", random.token()),
        valid_until: about.valid_for.map(|time| instant::format(now + time)).transpose()?,
    };
    let text = if about.sign {
        signer::sign(&entity.id, us.key, |signature| Ok(entity.render(signature)))?
    } else {
        entity.render(None)
    };
    Ok(Rendered { text: text.into(), due: about.valid_for.map(|_| now + RENDERED_FOR) })
}

/// An `EntityDescriptor` of ours. The elements stand in the order of the schema.
struct Entity<'a> {
    us: Us<'a>,
    id: String,
    valid_until: Option<String>,
}

impl Entity<'_> {
    fn render(&self, signature: Option<&Signature<'_>>) -> String {
        let about = &self.us.settings.about;
        let cache_for = about.cache_for.map(|time| format!("PT{}S", time.as_secs()));
        let mut attributes =
            vec![("xmlns:md", MD), ("ID", &self.id), ("entityID", &self.us.settings.entity_id)];
        attributes.extend(self.valid_until.as_deref().map(|until| ("validUntil", until)));
        attributes.extend(cache_for.as_deref().map(|time| ("cacheDuration", time)));
        let mut document = Document::new();
        document.element("md:EntityDescriptor", &attributes, |entity| {
            if let Some(signature) = signature {
                signature.write(entity);
            }
            render_algorithms(entity);
            self.render_role(entity);
            if let Some(organization) = &about.organization {
                render_organization(entity, organization, &about.language);
            }
            for contact in &about.contacts {
                render_contact(entity, contact);
            }
        });
        document.finish()
    }

    fn render_role(&self, entity: &mut Document) {
        let wants_assertions_signed = self.us.wants_assertions_signed.to_string();
        let attributes = [
            ("AuthnRequestsSigned", "true"),
            ("WantAssertionsSigned", &*wants_assertions_signed),
            ("protocolSupportEnumeration", SAMLP),
        ];
        entity.element("md:SPSSODescriptor", &attributes, |role| {
            role.element("md:Extensions", &[], |extensions| {
                render_user_interface(extensions, &self.us.settings.display_name, &self.us.settings.about);
                render_discovery(extensions, self.us.settings);
            });
            for certificate in self.us.key.published() {
                render_key(role, "signing", &certificate, |_| ());
            }
            for certificate in self.us.decryption.certificates_base64() {
                render_key(role, "encryption", &certificate, render_encryption_methods);
            }
            for binding in [HTTP_REDIRECT, HTTP_POST] {
                let address = self.us.settings.logout_url();
                role.empty("md:SingleLogoutService", &[("Binding", binding), ("Location", &address)]);
            }
            for format in &self.us.settings.about.name_id_formats {
                role.text("md:NameIDFormat", &[], format);
            }
            self.render_assertion_consumer_services(role);
        });
    }

    fn render_assertion_consumer_services(&self, role: &mut Document) {
        let acs = self.us.settings.acs_url();
        let post = [("Binding", HTTP_POST), ("Location", &*acs), ("index", "0"), ("isDefault", "true")];
        role.empty("md:AssertionConsumerService", &post);
        let artifact = [("Binding", HTTP_ARTIFACT), ("Location", &*acs), ("index", "1")];
        role.empty("md:AssertionConsumerService", &artifact);
    }
}

/// A key, and how what is encrypted for it may be encrypted. SAML metadata 2.4.1.1.
fn render_key(role: &mut Document, usage: &str, certificate: &str, methods: impl FnOnce(&mut Document)) {
    role.element("md:KeyDescriptor", &[("use", usage), ("xmlns:ds", DS)], |descriptor| {
        descriptor.element("ds:KeyInfo", &[], |info| {
            info.element("ds:X509Data", &[], |data| {
                data.text("ds:X509Certificate", &[], certificate);
            });
        });
        methods(descriptor);
    });
}

/// What we decrypt, the best first. XML encryption 1.1, 5.2 and 5.5.
fn render_encryption_methods(descriptor: &mut Document) {
    const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
    const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
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
}

/// What we accept: the guard's own lists. Metadata profile for algorithm support 2.
fn render_algorithms(entity: &mut Document) {
    const ALG: &str = "urn:oasis:names:tc:SAML:metadata:algsupport";
    entity.element("md:Extensions", &[("xmlns:alg", ALG)], |extensions| {
        for (digest, _) in DIGEST_METHODS {
            extensions.empty("alg:DigestMethod", &[("Algorithm", digest)]);
        }
        for method in SIGNATURE_METHODS {
            let smallest = if method.contains("rsa") { "2048" } else { "256" };
            extensions.empty("alg:SigningMethod", &[("Algorithm", method), ("MinKeySize", smallest)]);
        }
    });
}

/// What an identity provider may show to people. Metadata user interface extension 2.1.
fn render_user_interface(extensions: &mut Document, display_name: &str, about: &AboutUs) {
    const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
    let language = [("xml:lang", &*about.language)];
    extensions.element("mdui:UIInfo", &[("xmlns:mdui", MDUI)], |info| {
        info.text("mdui:DisplayName", &language, display_name);
        if let Some(description) = &about.description {
            info.text("mdui:Description", &language, description);
        }
        if let Some(Logo { url, width, height }) = &about.logo {
            let size = [("width", &*width.to_string()), ("height", &*height.to_string())];
            info.text("mdui:Logo", &size, url.as_str());
        }
        if let Some(url) = &about.information_url {
            info.text("mdui:InformationURL", &language, url.as_str());
        }
        if let Some(url) = &about.privacy_url {
            info.text("mdui:PrivacyStatementURL", &language, url.as_str());
        }
    });
}

/// Where a discovery service may send browsers back to. Identity provider discovery 2.5.
fn render_discovery(extensions: &mut Document, settings: &Settings) {
    if settings.discovery_service.is_none() {
        return;
    }
    let location = settings.discovery_response_url();
    let attributes =
        [("xmlns:idpdisc", PROTOCOL), ("Binding", PROTOCOL), ("Location", &*location), ("index", "0")];
    extensions.empty("idpdisc:DiscoveryResponse", &attributes);
}

fn render_organization(entity: &mut Document, organization: &Organization, language: &str) {
    let language = [("xml:lang", language)];
    entity.element("md:Organization", &[], |element| {
        element.text("md:OrganizationName", &language, &organization.name);
        element.text("md:OrganizationDisplayName", &language, &organization.display_name);
        element.text("md:OrganizationURL", &language, organization.url.as_str());
    });
}

fn render_contact(entity: &mut Document, contact: &Contact) {
    entity.element("md:ContactPerson", &[("contactType", contact.kind)], |person| {
        if let Some(name) = &contact.name {
            person.text("md:GivenName", &[], name);
        }
        person.text("md:EmailAddress", &[], &format!("mailto:{}", contact.email));
    });
}
