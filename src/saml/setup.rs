//! What the administrator of an identity provider copies by hand: the same as our metadata says, in a person's order.

use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKeyRef, Public};
use openssl::x509::X509;
use time::OffsetDateTime;

use crate::model::{IdpName, RequestOptions};

use super::error::Error;
use super::idp_metadata::end_of;
use super::{IdpInitiated, ResponseBinding, ServiceProvider, WantSigned};

/// Who we are, by the values that our metadata has.
#[derive(Debug, Clone)]
pub struct OwnValues {
    /// Our entity id.
    pub entity_id: String,
    /// Where our metadata is.
    pub metadata_url: String,
    /// The assertion consumer service.
    pub acs_url: String,
    /// The single logout service.
    pub logout_url: String,
    /// `NameIDFormat` of our metadata, most wanted first.
    pub name_id_formats: Vec<String>,
    /// Every certificate in our metadata.
    pub certificates: Vec<PublishedCertificate>,
}

/// One certificate in metadata: ours, or an identity provider's.
#[derive(Debug, Clone)]
pub struct PublishedCertificate {
    /// What its key is for.
    pub usage: Usage,
    /// The certificate in PEM.
    pub pem: String,
    /// SHA-256 of its DER, as administrators compare it: `AB:CD:…`.
    pub sha256: String,
    /// Its key's kind and size, such as `RSA 3072`.
    pub algorithm: String,
    /// `notBefore`.
    pub start: Option<OffsetDateTime>,
    /// `notAfter`.
    pub end: Option<OffsetDateTime>,
}

/// What a key of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Signs our requests.
    Signing,
    /// Opens what is encrypted for us.
    Encryption,
}

/// What the answers of one identity provider must be like.
#[derive(Debug, Clone)]
pub struct Demands {
    /// What it must sign.
    pub want_signed: WantSigned,
    /// How its answers come.
    pub response_binding: ResponseBinding,
    /// `Format`s that our requests ask for, each once; empty: none is asked for.
    pub name_id_formats: Vec<String>,
    /// Whether it may encrypt: we have a key.
    pub may_encrypt: bool,
    /// Whether it may use AES-CBC to encrypt.
    pub may_use_cbc: bool,
    /// What becomes of answers that nobody asked for.
    pub idp_initiated: IdpInitiated,
}

impl ServiceProvider {
    /// What our metadata says, for a person to copy.
    ///
    /// # Errors
    /// When a certificate of ours can't be written.
    pub fn own_values(&self) -> Result<OwnValues, Error> {
        let signing = self.key.published_der().map(|der| (Usage::Signing, der));
        let encryption = self.decryption.certificates_der().map(|der| (Usage::Encryption, der));
        let certificates = signing.chain(encryption).map(|(usage, der)| published(usage, der));
        Ok(OwnValues {
            entity_id: self.settings.entity_id.clone(),
            metadata_url: self.settings.metadata_url(),
            acs_url: self.settings.acs_url(),
            logout_url: self.settings.logout_url(),
            name_id_formats: self.settings.about.name_id_formats.clone(),
            certificates: certificates
                .collect::<Result<_, _>>()
                .map_err(|_| Error::Machinery("a certificate of ours can't be written".to_owned()))?,
        })
    }

    /// The signing certificates of `idp`; `None` while there is no metadata.
    ///
    /// # Errors
    /// When that identity provider is unknown, or a certificate of its can't be read.
    pub fn idp_certificates(&self, idp: &IdpName) -> Result<Option<Vec<PublishedCertificate>>, Error> {
        let Some(metadata) = self.idp(idp)?.last_good() else { return Ok(None) };
        let all = metadata.certificates.iter().map(|der| published(Usage::Signing, der));
        let all: Result<_, _> = all.collect();
        all.map(Some).map_err(|_| Error::Machinery("a certificate of theirs can't be read".to_owned()))
    }

    /// What the answers of `idp` must be like, for instances with these options.
    ///
    /// # Errors
    /// When that identity provider is unknown.
    pub fn demands<'a>(
        &self,
        idp: &IdpName,
        instances: impl Iterator<Item = &'a RequestOptions>,
    ) -> Result<Demands, Error> {
        let settings = &self.idp(idp)?.settings;
        let mut name_id_formats: Vec<_> =
            instances.filter_map(|instance| instance.over(&settings.request).name_id_format).collect();
        name_id_formats.sort();
        name_id_formats.dedup();
        Ok(Demands {
            want_signed: settings.want_signed,
            response_binding: settings.response_binding,
            name_id_formats,
            may_encrypt: !self.decryption.is_empty(),
            may_use_cbc: settings.allow_cbc,
            idp_initiated: settings.idp_initiated,
        })
    }
}

/// A certificate in PEM, such as one of a file that is not in force yet; `None`: it is none.
#[must_use]
pub fn certificate_of(usage: Usage, pem: &str) -> Option<PublishedCertificate> {
    published(usage, &X509::from_pem(pem.as_bytes()).ok()?.to_der().ok()?).ok()
}

/// `notAfter` of a certificate in DER, such as a web server's; `None`: it is none.
#[must_use]
pub fn end_of_certificate(der: &[u8]) -> Option<OffsetDateTime> {
    end_of(X509::from_der(der).ok()?.not_after())
}

fn algorithm(key: &PKeyRef<Public>) -> String {
    let kind = match key.id() {
        Id::RSA => "RSA",
        Id::EC => "EC",
        _ => "other",
    };
    format!("{kind} {}", key.bits())
}

fn published(usage: Usage, der: &[u8]) -> Result<PublishedCertificate, openssl::error::ErrorStack> {
    let certificate = X509::from_der(der)?;
    let digest = hash(MessageDigest::sha256(), der)?;
    let pairs: Vec<String> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
    Ok(PublishedCertificate {
        usage,
        pem: String::from_utf8_lossy(&certificate.to_pem()?).into_owned(),
        sha256: pairs.join(":"),
        algorithm: algorithm(&*certificate.public_key()?),
        start: end_of(certificate.not_before()),
        end: end_of(certificate.not_after()),
    })
}
