//! The page for the administrators of identity providers.

use crate::plain_browser::PlainBrowser;
use crate::sessions::{House, browser};

/// A second identity provider, with other demands.
const SECOND: &str = r#"
[idp.partners]
display_name = "Partners <b>Ltd</b>"
metadata_url = "http://127.0.0.1:9/metadata"
preset = "jump_cloud"
want_signed = "both"
name_id_format = "persistent"
attributes.groups = "teams"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_set_up_page_says_what_the_metadata_says() {
    let house = House::start("").await;
    let gateway = &house.gateway_url;
    let page = browser().open(&format!("{gateway}/saml/setup")).await;
    assert_eq!(page.status, 200);
    let metadata = reqwest::get(format!("{gateway}/saml/metadata")).await.unwrap().text().await.unwrap();
    for address in ["/saml/metadata", "/saml/acs", "/saml/logout"] {
        assert!(page.body.contains(&format!(">{gateway}{address}</code>")), "{address}: {}", page.body);
    }
    let certificate = metadata.split_once("<ds:X509Certificate>").unwrap().1.split('<').next().unwrap();
    let pem = page.body.split_once("-----BEGIN CERTIFICATE-----").unwrap().1;
    let pem: String = pem.split("-----END").next().unwrap().split_whitespace().collect();
    assert_eq!(pem.replace("&#43;", "+"), certificate);
    assert!(page.body.contains(&format!("{gateway}/sign-in?idp=corporate</code>")), "{}", page.body);
    assert!(page.body.contains("<code>uid</code>"), "an override is what is looked for: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_identity_provider_is_shown_alone_with_its_own_demands() {
    let house = House::start(SECOND).await;
    let both = browser().open(&format!("{}/saml/setup", house.gateway_url)).await;
    assert!(both.body.contains("idp-corporate") && both.body.contains("idp-partners"), "{}", both.body);
    let one = browser().open(&format!("{}/saml/setup?idp=partners", house.gateway_url)).await;
    for expected in [
        "Partners &#60;b&#62;Ltd&#60;/b&#62;",
        "docs/idp/jump-cloud.md",
        "The response and the assertion",
        "nameid-format:persistent",
        "<code>firstName</code><code>firstname</code>",
        "<code>teams</code>",
    ] {
        assert!(one.body.contains(expected), "{expected}: {}", one.body);
    }
    assert!(!one.body.contains("idp-corporate"), "{}", one.body);
    let none = browser().open(&format!("{}/saml/setup?idp=nobody", house.gateway_url)).await;
    assert!(none.status == 404 && none.body.contains("sign_in.unknown_idp"), "{}", none.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_set_up_page_runs_only_its_own_script_and_is_framed_by_nobody() {
    let house = House::start("").await;
    let answer =
        PlainBrowser::client().get(format!("{}/saml/setup", house.gateway_url)).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'sha256-") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(answer.headers().get("set-cookie").is_none());
    let body = answer.text().await.unwrap();
    assert!(!body.contains("PRIVATE KEY"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_companys_picture_has_a_fixed_type_and_can_run_nothing_even_when_it_is_opened_alone() {
    let file = std::env::temp_dir().join(format!("connect-gateway-logo-{}.svg", std::process::id()));
    std::fs::write(&file, "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>")
        .unwrap();
    let house = House::start(&format!("[pages]\nlogo_file = \"{}\"\n", file.display())).await;
    std::fs::remove_file(&file).unwrap();
    let page = browser().open(&format!("{}/", house.gateway_url)).await;
    assert!(page.body.contains("src=\"/pages/logo\""), "{}", page.body);
    let answer = reqwest::get(format!("{}/pages/logo", house.gateway_url)).await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((answer.status().as_u16(), header("content-type")), (200, "image/svg+xml".to_owned()));
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.ends_with("sandbox"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    let none = House::start("").await;
    assert_eq!(reqwest::get(format!("{}/pages/logo", none.gateway_url)).await.unwrap().status(), 404);
}
