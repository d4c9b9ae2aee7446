//! What makes the pages the company's own, in one language.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::Words;

/// What makes the pages the company's own, in one language. Displays as its name.
#[derive(Debug, Clone)]
pub struct Brand {
    /// The gateway's name for people.
    pub display_name: String,
    /// A picture above every page.
    pub logo: Option<Logo>,
    /// Links below every page.
    pub footer_links: Vec<FooterLink>,
    /// The pages' words.
    pub words: Arc<Words>,
}

/// A picture, served from our own address.
#[derive(Debug, Clone)]
pub struct Logo {
    /// Its media type, which is fixed when it is read and never guessed by a browser.
    pub content_type: &'static str,
    /// Its octets.
    pub octets: Arc<[u8]>,
}

/// A link below every page.
#[derive(Debug, Clone)]
pub struct FooterLink {
    /// What people read.
    pub text: String,
    /// Where it leads: https.
    pub url: Url,
}

impl Brand {
    /// A name and words, and nothing else.
    #[must_use]
    pub fn named(display_name: impl Into<String>, words: Arc<Words>) -> Self {
        Self { display_name: display_name.into(), logo: None, footer_links: Vec::new(), words }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display_name)
    }
}
