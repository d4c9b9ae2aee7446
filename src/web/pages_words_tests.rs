//! Every word of the pages that people see comes from the catalogue.

use std::cmp::Reverse;
use std::sync::Arc;

use super::*;
use crate::web::brands::{ENGLISH, flat, marked};

/// What the samples say besides: names of the company and of people, and the administrator's own sentences.
const GIVEN: [&str; 14] = [
    "Acme",
    "Production",
    "Training",
    "agent workspace",
    "reports",
    "Acme staff",
    "Partners",
    "alice@example.com",
    "Alice &#60;i&#62;Lindström&#60;/i&#62;",
    "Contractors use the partner portal &#60;b&#62;only&#60;/b&#62;.",
    "Service desk: 0800 555 0100",
    "7Q2M-X0KD-94TB",
    "2026-11-21 08:00:12 UTC",
    "2026-11-21 20:00 UTC",
];

/// What people read or hear of a page and is not between the marks of [`marked`].
fn unmarked(html: &str) -> String {
    let (head, body) = html.split_once("<style>").unwrap();
    let mut page = format!("{head}{}", body.split_once("</style>").unwrap().1);
    if let Some((before, script)) = page.clone().split_once("<script>") {
        page = format!("{before}{}", script.split_once("</script>").unwrap().1);
    }
    let mut read = String::new();
    for (number, part) in page.split('<').enumerate() {
        let (tag, text) = if number == 0 { ("", part) } else { part.split_once('>').unwrap() };
        for attribute in [" aria-label=\"", " title=\"", " alt=\"", " placeholder=\""] {
            read.extend(tag.split_once(attribute).map(|(_, rest)| rest.split_once('"').unwrap().0));
        }
        read.push_str(text);
    }
    let mut depth = 0;
    let mut rest = String::new();
    for letter in read.chars() {
        match letter {
            '«' => depth += 1,
            '»' => depth -= 1,
            letter if depth == 0 => rest.push(letter),
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{read}");
    rest
}

#[test]
fn no_page_that_people_see_has_a_word_that_is_not_in_the_catalogue() {
    let site = Brand { words: Arc::new(marked()), ..acme() };
    for (name, html) in samples_of(&site).into_iter().filter(|(name, _)| *name != "setup") {
        assert!(html.contains("<html lang=\"en-XA\">"), "{name}");
        let mut rest = unmarked(&html);
        let mut given = GIVEN.to_vec();
        given.extend(code::ALL.iter().map(|code| code.id));
        given.sort_by_key(|given| Reverse(given.len()));
        for given in given {
            rest = rest.replace(given, "");
        }
        assert!(!rest.contains(char::is_alphabetic), "{name}: {rest}");
    }
}

#[test]
fn every_text_of_the_catalogue_is_on_some_page() {
    let site = Brand { words: Arc::new(marked()), ..acme() };
    let errors = code::ALL.iter().map(|code| error_page(&site, code).render().unwrap());
    let pages: String = samples_of(&site).into_iter().map(|(_, html)| html).chain(errors).collect();
    for (key, _) in flat("", ENGLISH.parse().unwrap()) {
        // A sample counts what it counts: its other forms are the same text.
        let key = key.trim_end_matches(".one").trim_end_matches(".other");
        let is_there = ["»", " ", "."].iter().any(|end| pages.contains(&format!("«{key}{end}")));
        assert!(is_there, "{key}");
    }
}

#[test]
fn a_word_outside_the_catalogue_would_be_found() {
    let page = "<style></style><p title=\"Left\">«a <b>«b»</b>» <i>out</i>";
    assert_eq!(unmarked(page), "Left out");
}
