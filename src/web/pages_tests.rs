use super::*;
use crate::model::{Blame, FooterLink, Logo};
use crate::web::brands::acme;
use samples::{for_administrators, renewals};

#[path = "pages_samples_tests.rs"]
mod samples;
#[path = "pages_words_tests.rs"]
mod words;

/// Every page from sample data, some of it hostile.
fn samples() -> Vec<(&'static str, String)> {
    samples_of(&Brand { display_name: "Acme contact centre".to_owned(), ..acme() })
}

/// The same, in any language.
fn samples_of(site: &Brand) -> Vec<(&'static str, String)> {
    let place = |name: &str, href: &str| Place { name: name.to_owned(), href: href.to_owned() };
    let choice = |name: &str, places| Choice { name: name.to_owned(), href: "/go/prod".to_owned(), places };
    let places =
        vec![place("agent workspace", "/go/prod/agent-workspace"), place("reports", "/go/prod/reports")];
    let choose_idp = |last, asks_email, unknown_address| ChooseIdp {
        site,
        last,
        choices: vec![place("Acme staff", "/go/prod?idp=acme"), place("Partners", "/go/prod?idp=partners")],
        asks_email,
        instance: "prod",
        destination: "",
        unknown_address,
    };
    let error = |code, message, support| Error { message, support, ..error_page(site, code) };
    vec![
        (
            "choose",
            Choose { site, choices: vec![choice("Production", places), choice("Training", vec![])] }.render(),
        ),
        ("choose-none", Choose { site, choices: vec![] }.render()),
        ("choose-idp", choose_idp(None, false, false).render()),
        (
            "choose-idp-again",
            choose_idp(Some(place("Contractors", "/go/prod?idp=others")), true, true).render(),
        ),
        (
            "confirm",
            Confirm {
                site,
                idp: "Acme staff",
                username: "alice@example.com",
                name: Some("Alice <i>Lindström</i>"),
                token: "89abcdef0123456789abcdef0123456789abcdef",
            }
            .render(),
        ),
        ("onward", Onward::signed_in(site, "/go/prod").render()),
        ("onward-to-idp", Onward::to_idp(site, "/go/prod?idp=acme").render()),
        (
            "authn-request",
            AuthnRequest { site, action: "https://idp.test/sso", saml_request: "PHg+", relay_state: "abc" }
                .render(),
        ),
        (
            "hand-off",
            HandOffForm {
                site,
                action: "https://acme.my.connect.aws/auth/sign-in",
                credentials: r#"{"AccessToken":"a\"><script>"}"#,
                destination: "/agent-app-v2",
            }
            .render(),
        ),
        ("waiting", Waiting { site, seconds: 7, minutes: 0, here: "/go/prod" }.render()),
        ("waiting-long", Waiting { site, seconds: 60, minutes: 26, here: "/go/prod" }.render()),
        ("test-begin", TestBegin { site, here: "/test/abc" }.render()),
        (
            "test-over",
            TestOver { site, support_id: "7Q2M-X0KD-94TB", time: "2026-11-21 08:00:12 UTC" }.render(),
        ),
        ("error-person", error(&code::SIGN_IN_NOT_PENDING, None, None).render()),
        (
            "error-admin",
            error(
                &code::MAPPING_DENIED,
                Some("Contractors use the partner portal <b>only</b>."),
                Some("Service desk: 0800 555 0100"),
            )
            .render(),
        ),
        ("error-idp", error(&code::SAML_SIGNATURE, None, Some("Service desk: 0800 555 0100")).render()),
    ]
    .into_iter()
    .chain(ways_out(site))
    .chain(for_administrators(site))
    .chain(renewals(site))
    .map(|(name, html)| (name, html.unwrap()))
    .collect()
}

fn error_page<'a>(site: &'a Brand, code: &'static Code) -> Error<'a> {
    Error {
        site,
        code,
        message: None,
        support: None,
        support_id: "7Q2M-X0KD-94TB",
        time: "2026-11-21 08:00:12 UTC",
        answer_lost: code.id == "gateway.state_full",
        again: if code.id == "web.not_found" { "/" } else { "/go/prod" },
        signed_in: code.blame == Blame::Admin,
        refresh: ["web.too_many_requests", "gateway.state_unavailable"].contains(&code.id).then_some("5"),
    }
}

/// The same, of signing out.
fn ways_out(site: &Brand) -> Vec<(&'static str, askama::Result<String>)> {
    let logout = || Some("https://acme.my.connect.aws/logout".to_owned());
    let signed_out = |company| SignedOutPage { site, instances: vec![], elsewhere: false, company }.render();
    vec![
        ("sign-out", SignOut { site, everywhere: false }.render()),
        ("sign-out-everywhere", SignOut { site, everywhere: true }.render()),
        (
            "signing-out-link",
            SigningOut {
                site,
                frames: vec!["https://acme.my.connect.aws/logout"],
                onward: ToIdp::Link("https://idp.test/slo?a=1&b=\"><script>"),
            }
            .render(),
        ),
        (
            "signing-out-form",
            SigningOut {
                site,
                frames: vec![],
                onward: ToIdp::Form {
                    action: "https://idp.test/slo",
                    field: "SAMLResponse",
                    message: "PHg+",
                    relay_state: "a\"><script>",
                },
            }
            .render(),
        ),
        (
            "signed-out",
            SignedOutPage {
                site,
                instances: vec![("Production".to_owned(), logout()), ("Training".to_owned(), None)],
                elsewhere: true,
                company: Company::Partial,
            }
            .render(),
        ),
        ("signed-out-plain", signed_out(Company::NotAsked)),
        ("signed-out-everywhere", signed_out(Company::Ended)),
        ("signed-out-unknown", signed_out(Company::Unknown)),
    ]
}

fn sample(name: &str) -> String {
    samples().into_iter().find(|(sample, _)| *sample == name).unwrap().1
}

#[test]
fn every_page_has_a_language_a_title_one_heading_and_a_landmark() {
    for (name, html) in samples() {
        for part in ["<!DOCTYPE html>", "<html lang=\"en\">", "<title>", "<main>", "name=\"viewport\""] {
            assert_eq!(html.matches(part).count(), 1, "{name}: {part}");
        }
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
    }
}

#[test]
fn no_page_loads_anything_or_styles_or_scripts_inline() {
    for (name, html) in samples() {
        let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert_eq!(style, STYLE, "{name}: the hash in the policy is that of the whole sheet");
        for banned in [" style=", " src=\"/", "<link", "<img", "@import", "url(", " onload", " onclick"] {
            assert!(!html.contains(banned), "{name}: {banned}");
        }
        let script = html.split_once("<script>").map(|(_, rest)| rest.split_once("</script>").unwrap().0);
        let expected = match name {
            "authn-request" | "hand-off" => Some(SCRIPT),
            "signing-out-link" | "signing-out-form" => Some(LEAVE),
            "setup" => Some(COPY),
            "renew" | "renew-soon" | "renew-still" => Some(COUNTDOWN),
            _ => None,
        };
        assert_eq!(script, expected, "{name}");
    }
}

#[test]
fn values_are_escaped_where_they_stand() {
    let hand_off = sample("hand-off");
    assert!(hand_off.contains(r#"value="{&#34;AccessToken&#34;:&#34;a\&#34;&#62;&#60;script&#62;&#34;}""#));
    assert!(sample("confirm").contains("<strong>Alice &#60;i&#62;Lindström&#60;/i&#62;</strong>"));
    assert!(sample("error-admin").contains("partner portal &#60;b&#62;only&#60;/b&#62;"));
}

#[test]
fn a_form_that_submits_itself_has_a_button_for_browsers_without_script() {
    for name in ["authn-request", "hand-off", "signing-out-form"] {
        let html = sample(name);
        assert!(html.contains(r#"<form method="post" action="https://"#), "{name}");
        assert!(html.contains(r#"<button class="button" type="submit">"#), "{name}");
    }
}

#[test]
fn an_error_page_says_what_who_and_how_to_find_it() {
    let html = sample("error-admin");
    for part in [
        code::MAPPING_DENIED.title,
        code::MAPPING_DENIED.advice,
        "Your contact-centre administrator has to",
        "mapping.denied",
        "7Q2M-X0KD-94TB",
        "2026-11-21 08:00:12 UTC",
        "0800 555 0100",
        r#"href="/go/prod""#,
        r#"href="/sign-out""#,
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn the_waiting_page_goes_on_without_script() {
    let html = sample("waiting");
    assert!(html.contains(r#"<meta http-equiv="refresh" content="7">"#));
    assert!(html.contains("7 seconds</strong>") && !html.contains("<script"));
}

#[test]
fn signing_out_names_what_it_can_not_end() {
    let html = sample("signed-out");
    assert!(html.contains(r#"<iframe src="https://acme.my.connect.aws/logout""#));
    assert!(html.contains(r#"href="https://acme.my.connect.aws/logout""#), "and a link that surely works");
    assert!(html.contains("Training: close all its windows"));
    assert!(html.contains("A session of yours in another browser"));
    assert!(html.contains("could not sign you out of every application"));
    assert!(sample("signed-out-plain").contains("may still be signed in at your company"));
    assert!(sample("signed-out-unknown").contains("did not confirm"));
}

#[test]
fn the_way_out_goes_on_without_script_too() {
    let html = sample("signing-out-link");
    let address = "https://idp.test/slo?a=1&#38;b=&#34;&#62;&#60;script&#62;";
    let refresh = format!(r#"<noscript><meta http-equiv="refresh" content="4; url={address}"></noscript>"#);
    assert!(html.contains(&refresh), "{html}");
    assert!(html.contains(&format!(r#"<a class="button" id="onward" href="{address}">Continue</a>"#)));
    assert!(html.contains(r#"<iframe src="https://acme.my.connect.aws/logout""#));
    let html = sample("signing-out-form");
    assert!(html.contains(r#"name="RelayState" value="a&#34;&#62;&#60;script&#62;""#), "{html}");
}

#[test]
fn buttons_that_copy_appear_only_where_a_script_can_work_them() {
    let html = sample("setup");
    let buttons: Vec<&str> =
        html.split("<button").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    assert!(buttons.len() >= 9, "{buttons:?}");
    for button in buttons {
        assert!(button.ends_with(" hidden"), "{button}");
        let id = button.split_once("data-copy=\"").unwrap().1.split('"').next().unwrap();
        assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        assert!(button.contains("aria-label=\"Copy the "), "{button}");
    }
    assert!(html.contains("Acme &#60;staff&#62;") && html.contains("docs/idp/okta.md"), "{html}");
}

#[test]
fn a_session_that_ends_soon_is_spoken_of_and_can_be_renewed_by_a_link() {
    let (long, soon, ended) = (sample("renew"), sample("renew-soon"), sample("renew-ended"));
    assert!(long.contains(">3 hours 3 minutes</strong>") && !long.contains("role=\"alert\""), "{long}");
    assert!(soon.contains("role=\"alert\"") && soon.contains(">12 minutes</strong>"), "{soon}");
    for page in [&long, &soon] {
        assert!(page.contains(r#"href="/go/prod?hours=12""#), "{page}");
        assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"60"), "{page}");
        // WCAG 2.2.1: whoever reads slowly can stop it.
        assert!(page.contains(r#"href="/renew/prod?refresh=off""#), "{page}");
    }
    assert!(!sample("renew-still").contains("http-equiv=\"refresh\""));
    assert!(ended.contains(r#"href="/go/prod""#) && !ended.contains("refresh"), "{ended}");
    assert!(ended.contains("Acme &#38; &#60;co&#62;"), "{ended}");
}

#[test]
fn the_companys_picture_and_links_are_on_every_page_that_has_them() {
    let brand = Brand {
        logo: Some(Logo { content_type: "image/png", octets: Vec::new().into() }),
        footer_links: vec![FooterLink {
            text: "Privacy <& terms>".to_owned(),
            url: "https://acme.example/privacy?a=1&b=2".parse().unwrap(),
        }],
        ..acme()
    };
    let html = SignOut { site: &brand, everywhere: false }.render().unwrap();
    assert!(html.contains(r#"<img class="logo" src="/pages/logo" alt="">Acme</header>"#), "{html}");
    let link = r#"<a href="https://acme.example/privacy?a=1&#38;b=2">Privacy &#60;&#38; terms&#62;</a>"#;
    assert!(html.contains(link), "{html}");
    let plain = SignOut { site: &acme(), everywhere: false }.render().unwrap();
    assert!(!plain.contains("<img") && !plain.contains("class=\"links\""), "{plain}");
}

/// WCAG 2.2, 1.4.3: text has a contrast of at least 4.5 to 1.
#[test]
fn every_colour_of_text_is_legible_in_light_and_in_dark() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (theme, sheet) in [("light", light), ("dark", dark)] {
        for (text, ground) in [
            ("text", "page"),
            ("text", "card"),
            ("text", "tint"),
            ("text", "note"),
            ("soft", "page"),
            ("soft", "card"),
            ("accent", "card"),
            ("accent-deep", "card"),
            ("on-accent", "accent"),
            ("on-accent", "accent-deep"),
        ] {
            let (a, b) = (luminance(sheet, text), luminance(sheet, ground));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{theme}: {text} on {ground} has {contrast:.2}");
        }
    }
}

/// Relative luminance of a `--name: #rrggbb` or `#rgb` of the sheet.
fn luminance(sheet: &str, name: &str) -> f64 {
    let hex = sheet.split_once(&format!("--{name}: #")).unwrap().1.split_once(';').unwrap().0;
    let hex: String =
        if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

/// Writes the pages out, to be looked at: `GATEWAY_PAGES=/tmp/pages cargo test --lib pages`.
#[test]
fn every_page_can_be_looked_at() {
    let samples = samples();
    assert_eq!(samples.len(), 29);
    if let Some(folder) = std::env::var_os("GATEWAY_PAGES") {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, html) in samples {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), html).unwrap();
        }
    }
}
