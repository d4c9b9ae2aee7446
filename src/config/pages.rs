//! `[pages]`: what makes the pages the company's own, beside its name.

use url::Url;

use crate::model::{Brand, FooterLink, Logo};

use super::files::Files;
use super::section::Section;
use super::words::{self, Spoken};

/// Most links below a page.
const MOST_LINKS: usize = 5;
/// Octets of the largest picture.
const LARGEST_LOGO: usize = 256 * 1024;

/// What `[pages]` says.
pub(super) struct Pages {
    logo: Option<Logo>,
    footer_links: Vec<FooterLink>,
    words: Option<Spoken>,
}

impl Pages {
    /// The look in English, and in every other language.
    pub(super) fn into_brands(self, display_name: String) -> Option<(Brand, Vec<Brand>)> {
        let Spoken { english, others } = self.words?;
        let brand = Brand { display_name, logo: self.logo, footer_links: self.footer_links, words: english };
        let others = others.into_iter().map(|words| Brand { words, ..brand.clone() }).collect();
        Some((brand, others))
    }
}

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> Pages {
    let logo = section.parsed("logo_file", |path| logo(files.octets(path, LARGEST_LOGO)?));
    let footer_links = section.list("footer_links", footer_link);
    if footer_links.len() > MOST_LINKS {
        section.problem("footer_links", format!("has more than {MOST_LINKS} links"));
    }
    let words = words::read(section, files);
    Pages { logo, footer_links: footer_links.into_iter().flatten().collect(), words }
}

fn footer_link(section: &mut Section<'_>) -> Option<FooterLink> {
    for key in ["text", "url"] {
        if !section.has(key) {
            section.problem(key, "is missing: a link has a text and a url");
        }
    }
    let text = section.text("text", 60);
    let url = section.parsed("url", link);
    section.require("text");
    section.require("url");
    Some(FooterLink { text: text?, url: url? })
}

/// It may have a query; it is for people.
fn link(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL: write https://…".to_owned())?;
    if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err("must begin with https:// and name no user".to_owned())
    }
}

/// The media type is what the picture's first octets say, not its name: pages promise it, and browsers must not guess.
fn logo(octets: Vec<u8>) -> Result<Logo, String> {
    let content_type = if octets.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if octets.starts_with(b"RIFF") && octets.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else if is_svg(&octets) {
        "image/svg+xml"
    } else {
        return Err("is neither a PNG, a WebP nor an SVG picture".to_owned());
    };
    Ok(Logo { content_type, octets: octets.into() })
}

/// An `svg` element, possibly after an XML declaration and comments, and no document type: entities have no place in
/// a picture.
fn is_svg(octets: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(octets) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(end) = [("<?xml", "?>"), ("<!--", "-->")]
        .iter()
        .find(|(start, _)| rest.starts_with(start))
        .and_then(|(_, end)| rest.find(end).map(|at| at + end.len()))
    {
        rest = rest[end..].trim_start();
    }
    let after = rest.strip_prefix("<svg").and_then(|rest| rest.chars().next());
    after.is_some_and(|after| after.is_whitespace() || after == '>') && !text.contains("<!DOCTYPE")
}

/// A sentence, or an address that a page may link to.
pub(super) fn support(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 300 || text.chars().any(char::is_control) {
        return Err("write 1 to 300 characters on one line".to_owned());
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_its_octets_say() {
        for (octets, content_type) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "image/png"),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "image/svg+xml"),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- ours -->\n<svg>", "image/svg+xml"),
        ] {
            assert_eq!(logo(octets.to_vec()).map(|logo| logo.content_type), Ok(content_type));
        }
        for other in [
            &b""[..],
            b"GIF89a",
            b"<html><svg>",
            b"<!-- <svg> ",
            b"<svgx>",
            b"<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>",
            b"<svg><!DOCTYPE x></svg>",
            b"\xff<svg>",
            b"RIFF\x00\x00\x00\x00WAVE",
        ] {
            assert!(logo(other.to_vec()).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_link_leads_to_https_and_names_no_user() {
        assert!(link("https://acme.example/privacy?lang=en#top").is_ok());
        for bad in [
            "http://acme.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/help",
            "https://a:b@acme.example",
        ] {
            assert!(link(bad).is_err(), "{bad}");
        }
    }
}
