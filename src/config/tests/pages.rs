//! The look of the pages.

use super::*;

/// The short configuration with more at its end, read in `folder`.
fn loaded(folder: &Folder, more: &str) -> Result<Loaded, Vec<Problem>> {
    parse(&format!("{SHORT}{more}"), &folder.0, keys())
}

#[test]
fn a_picture_and_links_are_read() {
    let folder = Folder::new();
    folder.write("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>", 0o644);
    let more = "[pages]\nlogo_file = \"logo.svg\"\n\
        footer_links = [{ text = \"Privacy\", url = \"https://acme.example/privacy?lang=en\" }]\n";
    let brand = loaded(&folder, more).expect("usable").config.brand;
    assert_eq!(brand.logo.expect("one").content_type, "image/svg+xml");
    assert_eq!(brand.footer_links[0].text, "Privacy");
    assert_eq!(brand.footer_links[0].url.as_str(), "https://acme.example/privacy?lang=en");
}

#[test]
fn what_is_no_picture_or_no_https_link_is_refused() {
    let folder = Folder::new();
    folder.write("logo.png", "GIF89a", 0o644);
    folder.write("large.svg", &format!("<svg>{}</svg>", " ".repeat(256 * 1024)), 0o644);
    for (more, key, words) in [
        ("logo_file = \"logo.png\"", "pages.logo_file", "neither a PNG, a WebP nor an SVG"),
        ("logo_file = \"large.svg\"", "pages.logo_file", "more than 256 kB"),
        ("logo_file = \"none.svg\"", "pages.logo_file", "there is no such file"),
        ("footer_links = [{ url = \"https://a.example\" }]", "pages.footer_links[0].text", "is missing"),
        ("footer_links = [{ text = \"a\" }]", "pages.footer_links[0].url", "is missing"),
        (
            "footer_links = [{ text = \"a\", url = \"http://a.example\" }]",
            "pages.footer_links[0].url",
            "https://",
        ),
        (
            "footer_links = [{ text = \"a\", url = \"javascript:x\" }]",
            "pages.footer_links[0].url",
            "https://",
        ),
    ] {
        let problems = loaded(&folder, &format!("[pages]\n{more}\n")).expect_err("a problem");
        assert_about(&problems, key, words);
    }
    let six = "[[pages.footer_links]]\ntext = \"a\"\nurl = \"https://a.example\"\n".repeat(6);
    assert_about(&loaded(&folder, &six).expect_err("too many"), "pages.footer_links", "more than 5");
}
