//! Test sign-ins, from the console: the administrator's own, or a link for somebody else.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Admin, form_of_ours};
use crate::audit::{self, Event, Line};
use crate::model::{Brand, IdpChoice, IdpName, InstanceName, SupportId, code};
use crate::sign_in::{InstanceChoice, TestAsk, TestLink};
use crate::web::boundary::utc;
use crate::web::refusal::Refusal;
use crate::web::{WebState, cookies, pages, test_link, test_sign_in};

/// The page, before and after a link was made.
#[derive(Template)]
#[template(path = "admin/test.html")]
struct Page<'a> {
    site: &'a Brand,
    here: &'static str,
    token: &'a str,
    /// Whether anything is remembered that could be read afterwards.
    remembers: bool,
    ways: Vec<Way>,
    link: Option<Link>,
}

/// One instance, through one of its identity providers.
struct Way {
    /// What the form sends: no name has a slash.
    value: String,
    name: String,
    chosen: bool,
}

/// A link that was just made.
struct Link {
    address: String,
    until: String,
}

/// `GET /admin/test`
pub(super) async fn page(admin: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    render(&admin, &web, "", None)
}

/// `POST /admin/test`: a form of ours, of this session. Off to the identity provider, or a link.
pub(super) async fn post(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    Extension(support_id): Extension<SupportId>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let names = ["way", "again", "who"];
    let fields = form_of_ours::read((&admin, &web), (&headers, body), names, Event::Console).await?;
    let [way, again, who] = fields;
    if !admin.console.remembers() {
        return Err(bad("no sign-in is remembered, so no test could be read"));
    }
    let ask = asked(&way, &again).ok_or_else(|| bad("the form names no instance and identity provider"))?;
    let refusal = |error| Refusal::of(&error).during(Event::Test).signed_in();
    if who == "link" {
        let link = web.sign_in.make_test_link(ask.clone()).await.map_err(refusal)?;
        note(&ask, &support_id);
        return render(&admin, &web, &way, Some(shown(&web, &link)));
    }
    let secret = cookies::browser_secret_or_new(&headers, &*web.site.random);
    let departure = web.sign_in.start_test(ask, &secret).await.map_err(refusal)?;
    test_sign_in::leave(&web, &headers, &departure, &secret)
}

fn note(ask: &TestAsk, support_id: &SupportId) {
    let (event, idp, instance) = (Event::TestLink, Some(&ask.idp), Some(&ask.instance));
    audit::record(&Line { event, support_id, idp, instance, refused: None, trace: None, findings: &[] });
}

fn bad(cause: &str) -> Refusal {
    Refusal::new(&code::WEB_BAD_REQUEST, cause).during(Event::Console).signed_in()
}

fn asked(way: &str, again: &str) -> Option<TestAsk> {
    let (instance, idp) = way.split_once('/')?;
    let (instance, idp) = (InstanceName::new(instance), IdpName::new(idp));
    Some(TestAsk { instance, idp, again: again == "yes" })
}

fn shown(web: &WebState, link: &TestLink) -> Link {
    let address = test_link(&web.site.public_url, &link.token);
    Link { address, until: utc(link.open_until) }
}

fn render(admin: &Admin, web: &WebState, chosen: &str, link: Option<Link>) -> Result<Response, Refusal> {
    let ways = web.sign_in.choices().iter().flat_map(|instance| ways(web, instance, chosen)).collect();
    let page = Page {
        site: &web.site.brand,
        here: "test",
        token: &admin.form_token,
        remembers: admin.console.remembers(),
        ways,
        link,
    };
    pages::with_form(&page)
}

fn ways(web: &WebState, instance: &InstanceChoice, chosen: &str) -> Vec<Way> {
    let idps = web.sign_in.idps(&instance.name).unwrap_or_default();
    let way = |idp: IdpChoice| {
        let value = format!("{}/{}", instance.name, idp.name);
        let name = format!("{}, through {}", instance.display_name, idp.display_name);
        Way { chosen: value == chosen, value, name }
    };
    idps.into_iter().map(way).collect()
}
