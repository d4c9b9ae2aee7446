//! The whole `POST /saml/acs`, from HTTP request to HTTP response: form, cookies, pending sign-in, verification,
//! replay, rules, session, redirect. Everything but AWS, which this request does not call.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use connect_gateway::app::App;
use connect_gateway::config;
use connect_gateway::model::{Clock, Random};
use time::OffsetDateTime;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::gateway::NOW;
use crate::idp::{GATEWAY, IDP, encode, metadata};
use crate::{cpu, usual_answer};

struct Still;

impl Clock for Still {
    fn now(&self) -> OffsetDateTime {
        NOW
    }
}

/// The same bytes each time, so that one prepared answer fits every request.
struct Same;

impl Random for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xab);
    }
}

const CONFIG: &str = r#"
version = 1
public_url = "https://gateway.test"

[idp.company]
metadata_file = "metadata.xml"
preset = "generic"
attributes = { groups = "groups", first_name = "givenName", last_name = "surname", email = "email", username = "employeeNumber" }

[instance.prod]
arn = "arn:aws:connect:eu-west-2:123456789012:instance/10a4c4eb-f57e-4d4c-b602-bf39176ced07"
url = "https://acme.my.connect.aws"
role_arn = "arn:aws:iam::123456789012:role/federation"

[[mapping.rule]]
name = "team"
groups = ["CN=contact-centre-07,OU=groups,DC=example"]
set = { security_profiles = ["Agent"], routing_profile = "Basic Routing Profile", hierarchy = ["EMEA", "London"] }
"#;

/// CPU time of one `POST /saml/acs`, averaged over `calls`. Requests and their answers are made beforehand.
pub(crate) async fn cpu_per_post(calls: u32) -> Duration {
    let router = router();
    let mut posts = Vec::new();
    for number in 0..calls {
        let browser = format!("{number:040x}");
        leave(&router, &browser).await;
        posts.push(post(number, &browser));
    }
    let before = cpu();
    for post in posts {
        let response = router.clone().oneshot(post).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[header::LOCATION], "/go/prod");
    }
    cpu().saturating_sub(before) / calls
}

fn router() -> Router {
    let folder = std::env::temp_dir().join(format!("connect-gateway-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("metadata.xml"), metadata(&[&IDP])).unwrap();
    let environment = [
        ("CONNECT_GATEWAY__SAML__SIGNING_KEY".to_owned(), GATEWAY.key_pem()),
        ("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE".to_owned(), GATEWAY.certificate_pem()),
    ];
    let config = config::parse(CONFIG, &folder, environment).unwrap().config;
    std::fs::remove_dir_all(&folder).unwrap();
    let sdk = aws_config::SdkConfig::builder().build();
    App::build(config, &sdk, Arc::new(Still), Arc::new(Same)).unwrap().router()
}

/// `GET /go/prod` in a browser of its own.
async fn leave(router: &Router, browser: &str) {
    let request =
        Request::get("/go/prod").header(header::COOKIE, cookie(browser)).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

fn post(number: u32, browser: &str) -> Request<Body> {
    let xml = usual_answer(&format!("_{}", "ab".repeat(20)), &format!("_assertion-{number}"));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &encode(xml))
        .append_pair("RelayState", &"ab".repeat(20))
        .finish();
    Request::post("/saml/acs")
        .header(header::COOKIE, cookie(browser))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap()
}

fn cookie(browser: &str) -> String {
    format!("__Host-gateway-sign-in={browser}")
}
