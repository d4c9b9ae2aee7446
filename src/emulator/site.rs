//! The instance's own site: takes a token, then shows who is signed in.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::clock::epoch_milliseconds;
use super::encoding::{cookie, escape, form_fields};
use super::federation::Token;
use super::pages::{page, see_other, sentence};
use super::shared::{Inner, Shared};
use super::state::{Instance, User};

const COOKIE: &str = "lily-auth-emulated";
const REFRESH_COOKIE: &str = "lily-auth-refresh-emulated";

/// The site of one instance.
#[derive(Clone)]
struct Site {
    shared: Arc<Shared>,
    alias: Arc<str>,
}

/// Paths of one instance's site.
pub(super) fn router(shared: Arc<Shared>, alias: &str) -> Router {
    let not_found =
        || async { sentence(StatusCode::NOT_FOUND, "Not found", "There is nothing at this address.") };
    Router::new()
        .route("/auth/sign-in", get(not_found).post(sign_in))
        .route("/auth/arrive", get(arrive))
        .route("/logout", get(sign_out))
        .route("/favicon.ico", get(not_found))
        .fallback(destination)
        .with_state(Site { shared, alias: alias.into() })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Credentials {
    access_token: String,
    access_token_expiration: i64,
    refresh_token: String,
    refresh_token_expiration: i64,
}

/// `POST /auth/sign-in`.
async fn sign_in(State(site): State<Site>, body: Bytes) -> Response {
    let fields = form_fields(&body);
    let credentials =
        fields.get("credentials").and_then(|text| serde_json::from_str::<Credentials>(text).ok());
    let Some(credentials) = credentials else {
        site.shared.note("site", "SignIn", 400, None);
        return sentence(StatusCode::BAD_REQUEST, "Sign-in failed", "The form has no readable credentials.");
    };
    let entered = site.with_instance(|inner, instance_id| {
        inner
            .tokens
            .get(&credentials.access_token)
            .filter(|token| credentials.are(token, instance_id))
            .cloned()
    });
    site.enter(entered, fields.get("destination").map_or("", String::as_str))
}

impl Credentials {
    /// Whether they are this token, all four members, issued for this instance.
    fn are(&self, token: &Token, instance_id: &str) -> bool {
        self.access_token_expiration == epoch_milliseconds(token.access_expires)
            && self.refresh_token == token.refresh
            && self.refresh_token_expiration == epoch_milliseconds(token.refresh_expires)
            && token.instance_id == instance_id
    }
}

#[derive(Deserialize)]
struct Arrival {
    code: String,
    #[serde(default)]
    destination: String,
}

/// `GET /auth/arrive`: from the console, with a code that counts once.
async fn arrive(State(site): State<Site>, Query(arrival): Query<Arrival>) -> Response {
    let entered = site.with_instance(|inner, instance_id| {
        let access = inner.arrivals.remove(&arrival.code)?;
        inner.tokens.get(&access).filter(|token| token.instance_id == instance_id).cloned()
    });
    site.enter(entered, &arrival.destination)
}

/// `GET /logout`.
async fn sign_out(State(site): State<Site>, headers: HeaderMap) -> Response {
    let token = cookie(&headers, COOKIE);
    let username = token.as_deref().and_then(|token| site.signed_in(token)).map(|(user, _)| user.username);
    if let Some(token) = token {
        site.shared.lock().tokens.remove(&token);
    }
    site.shared.note("site", "Logout", 200, username.as_deref());
    let mut response = page(
        StatusCode::OK,
        "Signed out",
        "<p id=\"signed-out\">You are signed out of this Connect instance.</p>",
    );
    for name in [COOKIE, REFRESH_COOKIE] {
        let gone = format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None");
        if let Ok(value) = gone.parse() {
            response.headers_mut().append(axum::http::header::SET_COOKIE, value);
        }
    }
    response
}

/// Any other path.
async fn destination(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let visit = cookie(&headers, COOKIE).and_then(|token| site.signed_in(&token));
    let Some((user, details)) = visit else {
        return page(
            StatusCode::UNAUTHORIZED,
            "Session expired",
            "<p id=\"session-expired\">Your session has expired. Sign in again through your company.</p>",
        );
    };
    site.shared.note("site", "Visit", 200, Some(&user.username));
    let place = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    page(StatusCode::OK, &format!("Amazon Connect: {}", site.alias), &details.render(&user, &place))
}

impl Site {
    /// Runs `look` with the id of this instance.
    fn with_instance<T>(&self, look: impl FnOnce(&mut Inner, &str) -> Option<T>) -> Option<T> {
        let inner = &mut *self.shared.lock();
        let id = inner.world.by_alias(&self.alias)?.id.clone();
        look(inner, &id)
    }

    /// Sets the cookies, if there is a token and it signs somebody in.
    fn enter(&self, token: Option<Token>, destination: &str) -> Response {
        let user = token.as_ref().and_then(|token| self.signed_in(&token.access));
        let (Some(token), Some((user, _))) = (token, user) else {
            self.shared.note("site", "SignIn", 401, None);
            return sentence(
                StatusCode::UNAUTHORIZED,
                "Sign-in failed",
                "These credentials are not valid here.",
            );
        };
        self.shared.note("site", "SignIn", 303, Some(&user.username));
        let cookies = [(COOKIE, token.access), (REFRESH_COOKIE, token.refresh)]
            .map(|(name, value)| format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=None"));
        see_other(local_path(destination), &cookies)
    }

    /// Whose token it is.
    fn signed_in(&self, access: &str) -> Option<(User, Details)> {
        let now = self.shared.clock.now();
        let inner = &mut *self.shared.lock();
        let token = inner.tokens.get(access).filter(|token| token.access_expires > now)?;
        let instance = inner.world.instances.iter().find(|instance| instance.alias == *self.alias)?;
        let user_id = (token.instance_id == instance.id).then_some(&token.user_id)?;
        let mut users = instance.users.iter().filter_map(super::versions::Versioned::current);
        let user = users.find(|user| user.id == *user_id)?.clone();
        let details = Details::of(instance, &user);
        Some((user, details))
    }
}

/// A path on this site, or the home page: the form may not choose another host.
fn local_path(destination: &str) -> &str {
    let safe = |character: char| character.is_ascii_graphic() && character != '\\';
    let local =
        destination.starts_with('/') && !destination.starts_with("//") && destination.chars().all(safe);
    if local { destination } else { "/home" }
}

/// Names for ids.
struct Details {
    security_profiles: String,
    routing_profile: String,
    hierarchy: String,
}

impl Details {
    fn of(instance: &Instance, user: &User) -> Self {
        let named = |ids: &[String], profiles: &[super::state::Profile]| {
            let name = |id: &String| {
                profiles.iter().find(|profile| profile.id == *id).map(|profile| profile.name.clone())
            };
            ids.iter().filter_map(name).collect::<Vec<_>>().join(", ")
        };
        let path =
            user.hierarchy_group.as_deref().map(|group| instance.group_path(group)).unwrap_or_default();
        Self {
            security_profiles: named(&user.security_profiles, &instance.security_profiles),
            routing_profile: named(std::slice::from_ref(&user.routing_profile), &instance.routing_profiles),
            hierarchy: path.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(" / "),
        }
    }

    fn render(&self, user: &User, place: &str) -> String {
        let names = [user.identity.first_name.as_deref(), user.identity.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let phone = user.phone.as_ref().map(|phone| match &phone.desk_phone_number {
            Some(number) if !number.is_empty() => format!("Desk phone {number}"),
            _ => "Soft phone".to_owned(),
        });
        let seconds = user.phone.as_ref().and_then(|phone| phone.after_contact_work_time_limit);
        let work = format!("{} s", seconds.unwrap_or_default());
        let accepts = user.phone.as_ref().and_then(|phone| phone.auto_accept).unwrap_or_default();
        let rows = [
            ("connect-user", "User", user.username.as_str()),
            ("connect-name", "Name", &name),
            ("security-profiles", "Security profiles", &self.security_profiles),
            ("routing-profile", "Routing profile", &self.routing_profile),
            ("hierarchy", "Hierarchy", &self.hierarchy),
            ("phone", "Phone", phone.as_deref().unwrap_or_default()),
            ("after-contact-work", "After-contact work", &work),
            ("auto-accept", "Contacts accepted automatically", if accepts { "yes" } else { "no" }),
            ("destination", "You are at", place),
        ];
        let rows =
            rows.map(|(id, label, value)| format!("<dt>{label}</dt><dd id=\"{id}\">{}</dd>", escape(value)));
        format!("<dl>{}</dl><p><a id=\"logout\" href=\"/logout\">Sign out of Connect</a></p>", rows.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_site_are_destinations() {
        assert_eq!(local_path("/ccp-v2?x=1"), "/ccp-v2?x=1");
        for elsewhere in ["", "https://evil.test/", "//evil.test/", "/\\evil.test", "/a\r\nb", "ccp-v2"] {
            assert_eq!(local_path(elsewhere), "/home", "{elsewhere:?}");
        }
    }
}
