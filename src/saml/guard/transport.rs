//! What can be said of the message before it is read as XML.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::saml::error::{Error, Rule};
use crate::saml::xml::is_space;

/// Largest decoded message.
const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 24;
/// Longest tag, in bytes.
const MAX_TAG: usize = 8 * 1024;
/// Most attributes and namespace declarations of one element.
const MAX_ATTRIBUTES: usize = 64;
/// Most namespace declarations in scope: canonicalisation looks through them at every element.
const MAX_SCOPE: usize = 32;
/// Longest namespace name, in bytes: canonicalisation repeats it at every element that uses it.
const MAX_NAMESPACE_NAME: usize = 128;
/// XML white space, as characters.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Base64 of the form field: the alphabet, padding, and the line breaks that the binding permits. SAML bindings 3.5.4.
pub(super) fn decode(field: &str) -> Result<Vec<u8>, Error> {
    check_size(field.len() / 4 * 3)?;
    let field = if field.bytes().any(is_space) {
        Cow::Owned(field.bytes().filter(|byte| !is_space(*byte)).collect())
    } else {
        Cow::Borrowed(field.as_bytes())
    };
    let bytes = STANDARD.decode(field).map_err(|_| Error::NotBase64)?;
    Ok(bytes)
}

/// G1: a response is small; an attacker's need not be. (Line breaks make the encoded form a little larger.)
fn check_size(decoded: usize) -> Result<(), Error> {
    if decoded > MAX_BYTES + MAX_BYTES / 16 { Err(Error::TooLarge) } else { Ok(()) }
}

/// Line ends become line feeds, and white space inside tags becomes spaces: parsers must read them so, and not all do.
/// XML 1.0 2.11, 3.3.3.
pub(super) fn normalized(message: Vec<u8>) -> Vec<u8> {
    if !message.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b'\t')) {
        return message;
    }
    let mut normal = Vec::with_capacity(message.len());
    let mut rest = message.into_iter().peekable();
    // What ends the tag, or the quoted value inside it; `None` between tags.
    let mut end = None;
    while let Some(mut byte) = rest.next() {
        if byte == b'\r' {
            rest.next_if_eq(&b'\n');
            byte = b'\n';
        }
        end = match (end, byte) {
            (None, b'<') => Some(b'>'),
            (Some(b'>'), b'>') => None,
            (Some(b'>'), b'"' | b'\'') => Some(byte),
            (Some(quote), _) if quote == byte => Some(b'>'),
            _ => end,
        };
        normal.push(if end.is_some() && is_space(byte) { b' ' } else { byte });
    }
    normal
}

/// G1: UTF-8 without NUL. One byte order mark in front of it is not part of the document. XML 1.0 4.3.3.
pub(super) fn check_encoding(bytes: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::NotUtf8)?;
    if text.contains('\0') { Err(Error::NotUtf8) } else { Ok(text.strip_prefix('\u{feff}').unwrap_or(text)) }
}

/// G1: the XML declaration is absent, or says 1.0 and UTF-8. What follows it is the document that is read from here on;
/// it begins with a tag.
pub(in crate::saml) fn check_declaration(text: &str) -> Result<&str, Error> {
    let declared = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(SPACE));
    let document = match declared.map(|rest| rest.split_once("?>").ok_or(Error::NotXml)).transpose()? {
        Some((declaration, document)) if is_plain_declaration(declaration) => document,
        Some(_) => return Err(Error::NotUtf8),
        None => text,
    };
    let document = document.trim_start_matches(SPACE);
    if document.starts_with('<') { Ok(document) } else { Err(Error::NotXml) }
}

/// `version`, then perhaps `encoding` and `standalone`. XML 1.0 2.8.
fn is_plain_declaration(text: &str) -> bool {
    let Some((version, rest)) = pseudo_attribute(text, "version") else { return false };
    let (encoding, rest) = pseudo_attribute(rest, "encoding").unwrap_or(("UTF-8", rest));
    let (standalone, rest) = pseudo_attribute(rest, "standalone").unwrap_or(("no", rest));
    version == "1.0"
        && encoding.eq_ignore_ascii_case("utf-8")
        && matches!(standalone, "yes" | "no")
        && rest.trim_matches(SPACE).is_empty()
}

/// Takes ` name="value"` off the front of `text`: the value and the rest.
fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(SPACE)?.trim_start_matches(SPACE).strip_prefix(name)?;
    let rest = rest.trim_start_matches(SPACE).strip_prefix('=')?.trim_start_matches(SPACE);
    rest.strip_prefix('"')
        .and_then(|rest| rest.split_once('"'))
        .or_else(|| rest.strip_prefix('\'')?.split_once('\''))
}

/// G3: no comment, processing instruction, CDATA section or document type. Engines and readers split text at
/// them differently, and a document type can declare entities and identifiers.
pub(super) fn check_markup(document: &str) -> Result<(), Error> {
    let mut rest = document.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        if matches!(rest.get(at + 1), Some(b'!' | b'?')) {
            return Err(Error::Forbidden(Rule::Markup));
        }
        rest = &rest[at + 1..];
    }
    Ok(())
}

/// G3: characters are those that XML has, plain or by reference, and references are to them or to the five entities of
/// XML itself. Parsers differ on others. XML 1.0 2.2, 4.1, 4.6.
pub(super) fn check_characters(document: &str) -> Result<(), Error> {
    let mut after_ampersands = document.split('&').skip(1);
    let are_references =
        after_ampersands.all(|rest| rest.split_once(';').is_some_and(|(name, _)| is_reference(name)));
    if are_references && document.chars().all(is_xml_character) { Ok(()) } else { Err(Error::NotXml) }
}

fn is_reference(name: &str) -> bool {
    let Some(number) = name.strip_prefix('#') else {
        return ["lt", "gt", "amp", "quot", "apos"].contains(&name);
    };
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).is_some_and(is_xml_character)
}

fn is_xml_character(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// G2 and G12, tag by tag, before any parser builds a tree.
pub(super) fn check_tags(document: &str) -> Result<(), Error> {
    // For each open element, how many namespace declarations are in scope inside it.
    let mut open: Vec<usize> = Vec::new();
    for tag in Tags(document) {
        let tag = tag?;
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        check_depth(open.len() + 1)?;
        check_tag_length(tag)?;
        check_attributes(tag)?;
        let scope = open.last().unwrap_or(&0) + declarations(tag).count();
        check_scope(scope)?;
        if !tag.ends_with('/') {
            open.push(scope);
        }
    }
    Ok(())
}

/// G2: elements are not nested deeper than a response needs.
fn check_depth(depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// G2: a tag has a bounded length.
fn check_tag_length(tag: &str) -> Result<(), Error> {
    if tag.len() > MAX_TAG { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// G2: an element has a bounded number of attributes and namespace declarations.
fn check_attributes(tag: &str) -> Result<(), Error> {
    for (name, value) in declarations(tag) {
        check_namespace_length(value)?;
        check_namespace_name(name, value)?;
    }
    if attributes(tag).count() > MAX_ATTRIBUTES { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// G2: an element sees a bounded number of namespace declarations, its own and those around it. (A document may
/// have more: identity providers repeat some at every attribute value.)
fn check_scope(declarations: usize) -> Result<(), Error> {
    if declarations > MAX_SCOPE { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// G2: a namespace name has a bounded length.
fn check_namespace_length(value: &str) -> Result<(), Error> {
    if value.len() > MAX_NAMESPACE_NAME { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// G12: namespace names are absolute URIs of a strict alphabet, so that canonicalisation can't fail on them or
/// read them differently. `xmlns=""` is allowed: it undeclares the default. The prefix `xmlns` is nobody's to declare.
fn check_namespace_name(name: &str, value: &str) -> Result<(), Error> {
    let fits = name != "xmlns:xmlns" && is_absolute_uri(value) || name == "xmlns" && value.is_empty();
    if fits { Ok(()) } else { Err(Error::Forbidden(Rule::NamespaceName)) }
}

fn is_absolute_uri(name: &str) -> bool {
    let Some((scheme, rest)) = name.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$()*+,;=%".contains(&byte))
}

/// The inside of each tag, in order. Quoted values may hold `>`, never `<`.
struct Tags<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Result<&'a str, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.0.find('<')? + 1;
        let rest = &self.0[start..];
        let mut quote = None;
        for (at, byte) in rest.bytes().enumerate() {
            match (quote, byte) {
                (None, b'>') => {
                    self.0 = &rest[at + 1..];
                    return Some(Ok(&rest[..at]));
                }
                (_, b'<') => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
        self.0 = "";
        Some(Err(Error::NotXml))
    }
}

/// Names and raw values of a tag's attributes.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once('=')?;
        let name = name.trim_ascii_end().rsplit(|c: char| c.is_ascii_whitespace()).next()?;
        let value = value.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        rest = after;
        Some((name, value))
    })
}

/// Names and raw values of a tag's namespace declarations.
fn declarations(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    attributes(tag).filter(|(name, _)| *name == "xmlns" || name.starts_with("xmlns:"))
}
