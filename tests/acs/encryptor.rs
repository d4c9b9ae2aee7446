//! Encrypts as an identity provider does, with knobs; shares nothing with the gateway's decryption.

use std::sync::LazyLock;

use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};

use crate::idp::{Answer, Key, Sign, encode, sign};

pub(crate) const AES128_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
pub(crate) const AES256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
pub(crate) const AES128_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
pub(crate) const AES256_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
pub(crate) const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
pub(crate) const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
pub(crate) const RSA_1_5: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
pub(crate) const DIGEST_SHA1: &str =
    r#"<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>"#;
pub(crate) const DIGEST_SHA256: &str =
    r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#;
pub(crate) const MASK_SHA1: &str = r#"<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha1"/>"#;
pub(crate) const MASK_SHA256: &str = r#"<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>"#;

/// The key of ours that is in use for decryption.
pub(crate) static OURS: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));
/// The one before it.
pub(crate) static OLD: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));

/// How a content key is encrypted.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) method: String,
    pub(crate) parameters: String,
    pub(crate) digest: MessageDigest,
    pub(crate) mask: MessageDigest,
    pub(crate) padding: Padding,
}

impl Transport {
    /// RSA-OAEP as most products do it.
    pub(crate) fn usual() -> Self {
        Self::oaep(OAEP_MGF1P, DIGEST_SHA1, MessageDigest::sha1(), MessageDigest::sha1())
    }

    pub(crate) fn oaep(method: &str, parameters: &str, digest: MessageDigest, mask: MessageDigest) -> Self {
        let (method, parameters) = (method.to_owned(), parameters.to_owned());
        Self { method, parameters, digest, mask, padding: Padding::PKCS1_OAEP }
    }

    fn wrap(&self, content_key: &[u8], key: &PKey<Private>) -> Vec<u8> {
        let mut encrypter = Encrypter::new(key).unwrap();
        encrypter.set_rsa_padding(self.padding).unwrap();
        if self.padding == Padding::PKCS1_OAEP {
            encrypter.set_rsa_oaep_md(self.digest).unwrap();
            encrypter.set_rsa_mgf1_md(self.mask).unwrap();
        }
        let mut wrapped = vec![0; encrypter.encrypt_len(content_key).unwrap()];
        let length = encrypter.encrypt(content_key, &mut wrapped).unwrap();
        wrapped.truncate(length);
        wrapped
    }
}

type Change = fn(&mut Vec<u8>);

/// How something is encrypted; the default can be decrypted.
#[derive(Clone)]
pub(crate) struct Encryption {
    /// The algorithm that is used.
    pub(crate) cipher: &'static str,
    /// The algorithm that is named, when it is another.
    pub(crate) named: Option<&'static str>,
    /// The padding for AES-CBC, when it is not the usual one.
    pub(crate) padding: Option<&'static [u8]>,
    pub(crate) transport: Transport,
    pub(crate) keys: Vec<&'static LazyLock<Key>>,
    /// Whether `EncryptedKey` stands beside `EncryptedData`, not inside it.
    pub(crate) beside: bool,
    /// Attributes of `EncryptedData`.
    pub(crate) attributes: String,
    /// In the `KeyInfo` of `EncryptedData`, before its keys.
    pub(crate) hints: String,
    /// The `KeyInfo` of each `EncryptedKey`, and what follows its `CipherData`.
    pub(crate) key_hints: String,
    pub(crate) after_key: String,
    /// What is done to the content key, to what it becomes, and to the cipher text.
    pub(crate) change_key: Change,
    pub(crate) change_wrapped: Change,
    pub(crate) change_sealed: Change,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            cipher: AES256_GCM,
            named: None,
            padding: None,
            transport: Transport::usual(),
            keys: vec![&OURS],
            beside: false,
            attributes: r#"Type="http://www.w3.org/2001/04/xmlenc#Element""#.to_owned(),
            hints: String::new(),
            key_hints: String::new(),
            after_key: String::new(),
            change_key: |_| (),
            change_wrapped: |_| (),
            change_sealed: |_| (),
        }
    }
}

impl Encryption {
    pub(crate) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut encryption = Self::default();
        change(&mut encryption);
        encryption
    }

    /// `element`, encrypted inside a SAML element of this name.
    pub(crate) fn seal(&self, holder: &str, element: impl AsRef<[u8]>) -> String {
        let mut content_key = random(if self.cipher.contains("256") { 32 } else { 16 });
        let mut sealed = encrypt(self.cipher, &content_key, &self.padded(element.as_ref()));
        (self.change_sealed)(&mut sealed);
        (self.change_key)(&mut content_key);
        let keys: String = self.keys.iter().map(|key| self.encrypted_key(&content_key, key)).collect();
        let (inside, beside) = if self.beside { ("", &*keys) } else { (&*keys, "") };
        let key_info = format!("<ds:KeyInfo>{}{inside}</ds:KeyInfo>", self.hints);
        format!(
            r#"<saml:{holder} xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedData {}><xenc:EncryptionMethod Algorithm="{}"/>{key_info}<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}</saml:{holder}>"#,
            self.attributes,
            self.named.unwrap_or(self.cipher),
            encode(sealed),
        )
    }

    /// Padded for AES-CBC as XML encryption has it: with anything, and how much of it there is.
    fn padded(&self, text: &[u8]) -> Vec<u8> {
        if !self.cipher.ends_with("cbc") || self.padding.is_some() {
            return [text, self.padding.unwrap_or_default()].concat();
        }
        let length = 16 - text.len() % 16;
        let mut padding = random(length);
        padding[length - 1] = u8::try_from(length).unwrap();
        [text, &padding].concat()
    }

    fn encrypted_key(&self, content_key: &[u8], key: &Key) -> String {
        let Transport { method, parameters, .. } = &self.transport;
        let mut wrapped = self.transport.wrap(content_key, &key.private);
        (self.change_wrapped)(&mut wrapped);
        format!(
            r#"<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{method}">{parameters}</xenc:EncryptionMethod>{}<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>{}</xenc:EncryptedKey>"#,
            self.key_hints,
            encode(wrapped),
            self.after_key,
        )
    }

    /// The answer with its assertion encrypted: signed before that or not, in a response that is signed or not.
    pub(crate) fn of(&self, answer: &Answer) -> String {
        enclose(answer, &self.seal("EncryptedAssertion", inside(answer)))
    }
}

/// The answer's assertion alone, signed when the answer wants it.
pub(crate) fn inside(answer: &Answer) -> String {
    let template = answer.shape.template(&answer.assertion_id, answer.key);
    match answer.sign {
        Sign::Assertion | Sign::Both => sign(&answer.assertion_xml(&template), answer.key),
        Sign::Nothing | Sign::Response => answer.assertion_xml(""),
    }
}

/// The answer's response around `content`, signed when the answer wants it.
pub(crate) fn enclose(answer: &Answer, content: &str) -> String {
    let template = answer.shape.template(&answer.response_id, answer.key);
    match answer.sign {
        Sign::Response | Sign::Both => sign(&answer.response_xml(&template, content), answer.key),
        Sign::Nothing | Sign::Assertion => answer.response_xml("", content),
    }
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand_bytes(&mut bytes).unwrap();
    bytes
}

fn encrypt(cipher: &str, key: &[u8], text: &[u8]) -> Vec<u8> {
    match cipher {
        AES128_GCM => encrypt_gcm(Cipher::aes_128_gcm(), key, text),
        AES256_GCM => encrypt_gcm(Cipher::aes_256_gcm(), key, text),
        AES128_CBC => encrypt_cbc(Cipher::aes_128_cbc(), key, text),
        _ => encrypt_cbc(Cipher::aes_256_cbc(), key, text),
    }
}

fn encrypt_gcm(cipher: Cipher, key: &[u8], text: &[u8]) -> Vec<u8> {
    let (vector, mut tag) = (random(12), [0; 16]);
    let sealed = encrypt_aead(cipher, key, Some(&vector), &[], text, &mut tag).unwrap();
    [vector, sealed, tag.to_vec()].concat()
}

fn encrypt_cbc(cipher: Cipher, key: &[u8], padded: &[u8]) -> Vec<u8> {
    let vector = random(16);
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, key, Some(&vector)).unwrap();
    crypter.pad(false);
    let mut sealed = vec![0; padded.len() + 16];
    let mut length = crypter.update(padded, &mut sealed).unwrap();
    length += crypter.finalize(&mut sealed[length..]).unwrap();
    sealed.truncate(length);
    [vector, sealed].concat()
}
