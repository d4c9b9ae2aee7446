//! Pages and documents of the identity provider.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::encoding::escape;
use super::super::options::ServiceProvider;
use super::super::pages::page;
use super::super::seed::Person;
use super::artifact::INDEX;

fn about(person: &Person) -> String {
    let groups = person.attributes.get("groups").map(|groups| groups.join(", ")).unwrap_or_default();
    let groups = if groups.is_empty() { "no groups".to_owned() } else { groups };
    format!("{} <small>{}: {}</small>", escape(&person.name), escape(&person.title), escape(&groups))
}

/// Who there is, when nobody asks for a sign-in.
pub(super) fn people(people: &[Person]) -> Response {
    let item = |person: &Person| {
        format!(
            "<li>{}<form method=\"post\" action=\"/people/end\"><button name=\"uid\" value=\"{uid}\" id=\"end-{uid}\">\
             End all sessions</button></form></li>",
            about(person),
            uid = escape(&person.uid),
        )
    };
    let items: String = people.iter().map(item).collect();
    page(
        StatusCode::OK,
        "Identity provider",
        &format!(
            "<p>Sign-in starts at the application, or at the <a href=\"/portal\">list of apps</a>.</p>\
             <p><a id=\"logout\" href=\"/logout\">Sign out here and in the application</a></p><ul>{items}</ul>"
        ),
    )
}

/// The list of apps: each person has a button that sends an application an answer that it never asked for.
pub(super) fn portal(people: &[Person], providers: &[ServiceProvider]) -> Response {
    let app = |provider: &ServiceProvider| {
        let name = escape(&provider.entity_id);
        format!(
            "<h2>{name}</h2><form method=\"post\" action=\"/portal\">\
             <input type=\"hidden\" name=\"provider\" value=\"{name}\">\
             <p><label>RelayState <input name=\"relay_state\" placeholder=\"empty, or acme/ccp\"></label></p>\
             {}</form>",
            buttons(people)
        )
    };
    let apps: String = providers.iter().map(app).collect();
    let none = if apps.is_empty() { "<p>No application is registered yet.</p>" } else { "" };
    let body = format!(
        "<p class=\"soft\">Open an application from here, as whom you like: it gets an answer that it did not ask for.</p>\
         {none}{apps}"
    );
    page(StatusCode::OK, "Your apps", &body)
}

fn buttons(people: &[Person]) -> String {
    let button = |person: &Person| {
        let uid = escape(&person.uid);
        format!(
            "<button class=\"person\" id=\"user-{uid}\" name=\"uid\" value=\"{uid}\">{}</button>",
            about(person)
        )
    };
    people.iter().map(button).collect()
}

/// Whom to sign in as.
pub(super) fn choice(people: &[Person], reference: &str) -> Response {
    let buttons = buttons(people);
    let body = format!(
        "<p class=\"soft\">Choose who you are. There are no passwords here.</p>\
         <form method=\"post\" action=\"/saml/choose\">\
         <input type=\"hidden\" name=\"request\" value=\"{}\">{buttons}\
         <p><label><input type=\"checkbox\" name=\"remember\" id=\"remember\"> Remember me in this browser</label></p>\
         </form>",
        escape(reference)
    );
    page(StatusCode::OK, "Sign in", &body)
}

/// A form that submits itself, with a button for browsers without scripts. `field` is `SAMLRequest` or `SAMLResponse`.
pub(super) fn post(
    action: &str,
    (field, xml): (&str, &str),
    relay_state: Option<&str>,
    cookie: Option<&str>,
) -> Response {
    let relay_state = relay_state
        .map(|state| format!("<input type=\"hidden\" name=\"RelayState\" value=\"{}\">", escape(state)))
        .unwrap_or_default();
    let body = format!(
        "<form method=\"post\" action=\"{}\" id=\"response\">\
         <input type=\"hidden\" name=\"{field}\" value=\"{}\">{relay_state}\
         <button id=\"continue\">Continue</button></form>\
         <script>document.getElementById('response').submit()</script>",
        escape(action),
        STANDARD.encode(xml)
    );
    let mut response = page(StatusCode::OK, "One moment", &body);
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Metadata. SAML metadata 2.4.3.
pub(super) fn metadata(base: &str, certificate: &str) -> String {
    let base = escape(base);
    let services = |name: &str, path: &str| {
        ["HTTP-Redirect", "HTTP-POST"].map(|binding| {
            format!(
                "<md:{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{base}{path}\"/>"
            )
        })
    };
    let logout = services("SingleLogoutService", "/saml/slo").concat();
    let sign_on = services("SingleSignOnService", "/saml/sso").concat();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{base}/saml/metadata\">\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </md:KeyDescriptor>\
         <md:ArtifactResolutionService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" \
         Location=\"{base}/saml/artifact\" index=\"{INDEX}\"/>\
         {logout}<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\
         {sign_on}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}
