//! What an instance has: profiles, hierarchy, users.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use time::OffsetDateTime;

use super::trouble::Trouble;
use super::{Admin, form_of_ours};
use crate::audit::Event;
use crate::model::{Blamed as _, Brand, InstanceName, UserId, code};
use crate::sign_in::{GroupListing, GroupNode, InstanceChoice, Listed, Listings, Read, SignInError};
use crate::web::headers::Csp;
use crate::web::refusal::Refusal;
use crate::web::start::parameter;
use crate::web::{WebState, pages};

/// A page never holds more users.
const MOST_USERS: usize = 200;
/// Longer lists wait until somebody opens them.
const LONGEST_OPEN: usize = 40;

/// The instance's listings.
#[derive(Template)]
#[template(path = "admin/directory.html")]
struct DirectoryPage<'a> {
    site: &'a Brand,
    here: &'static str,
    token: &'a str,
    instances: Vec<InstanceChoice>,
    instance: InstanceName,
    /// When the page comes back for what is still being read.
    refresh: Option<u64>,
    security_profiles: Part<Vec<Listed>>,
    routing_profiles: Part<Vec<Listed>>,
    hierarchy: Part<Groups>,
    users: Part<Users>,
}

/// A part of an instance, or why it is not there.
type Part<T> = Result<Dated<T>, Trouble>;

/// Something, and how old it is.
struct Dated<T> {
    value: T,
    age: String,
}

/// Hierarchy groups.
enum Groups {
    Tree(Vec<Branch>, usize),
    Flat(Vec<Listed>, Trouble),
}

/// A group and those below it; displayed as a list item.
#[derive(Template)]
#[template(path = "admin/branch.html")]
struct Branch {
    name: String,
    below: Vec<Branch>,
}

/// Some of the users.
struct Users {
    /// What their names have to contain.
    filter: String,
    shown: Vec<Listed>,
    /// How many there are like that, and at all.
    found: usize,
    total: usize,
    page: usize,
    pages: usize,
}

/// One user.
#[derive(Template)]
#[template(path = "admin/directory_user.html")]
struct UserPage<'a> {
    site: &'a Brand,
    here: &'static str,
    instance: InstanceName,
    refresh: Option<u64>,
    username: String,
    fields: Vec<(&'static str, String)>,
    /// Why nobody is signed in as this user.
    refused: Option<String>,
    trouble: Option<Trouble>,
}

/// `GET /admin/directory`: on to the first instance.
pub(super) async fn first(_: Admin, State(web): State<Arc<WebState>>) -> Result<Response, Refusal> {
    let first = web.sign_in.choices().into_iter().next().ok_or_else(not_found)?;
    Ok(Redirect::to(&format!("/admin/directory/{}", first.name)).into_response())
}

/// `GET /admin/directory/{instance}[?page=]`
pub(super) async fn page(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    Path(instance): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let page = parameter(query.as_deref(), "page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let page = listed(&admin, &web, InstanceName::new(instance), String::new(), page).await?;
    pages::with_form(&page)
}

/// `POST /admin/directory/{instance}`: users with a text in their names. A form of ours, so that no name is ever in an
/// address.
pub(super) async fn find(
    admin: Admin,
    State(web): State<Arc<WebState>>,
    Path(instance): Path<String>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let [filter] = form_of_ours::read((&admin, &web), (&headers, body), ["text"], Event::Console).await?;
    let mut page = listed(&admin, &web, InstanceName::new(instance), filter.trim().to_owned(), 1).await?;
    // It would come back without the form.
    page.refresh = None;
    pages::with_form(&page)
}

async fn listed<'a>(
    admin: &'a Admin,
    web: &'a WebState,
    instance: InstanceName,
    filter: String,
    page: usize,
) -> Result<DirectoryPage<'a>, Refusal> {
    let listings = web.sign_in.listings(&instance).await.map_err(|error| refusal(&error))?;
    let now = web.site.clock.now();
    let Listings { security_profiles, routing_profiles, hierarchy, users } = listings;
    let security_profiles = part(security_profiles, now, |entries| entries);
    let routing_profiles = part(routing_profiles, now, |entries| entries);
    let hierarchy = part(hierarchy, now, groups);
    let users = part(users, now, |entries| Users::of(entries, filter, page));
    let waits = [wait(&security_profiles), wait(&routing_profiles), wait(&hierarchy), wait(&users)];
    Ok(DirectoryPage {
        site: &web.site.brand,
        here: "directory",
        token: &admin.form_token,
        instances: web.sign_in.choices(),
        instance,
        refresh: waits.into_iter().flatten().max(),
        security_profiles,
        routing_profiles,
        hierarchy,
        users,
    })
}

/// `GET /admin/directory/{instance}/users/{id}`
pub(super) async fn user(
    _: Admin,
    State(web): State<Arc<WebState>>,
    Path((instance, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let instance = InstanceName::new(instance);
    let mut page = UserPage {
        site: &web.site.brand,
        here: "directory",
        refresh: None,
        username: String::new(),
        fields: Vec::new(),
        refused: None,
        trouble: None,
        instance,
    };
    match web.sign_in.user(&page.instance, &UserId::new(id)).await {
        Ok(Some(user)) => {
            page.username = user.username;
            page.fields = user.fields;
            page.refused = user.refused.map(|error| error.to_string());
        }
        Ok(None) => return Err(not_found()),
        Err(error) if *error.code() == code::SIGN_IN_UNKNOWN_INSTANCE => return Err(refusal(&error)),
        Err(error) => page.trouble = Some(Trouble::of(&error)),
    }
    page.refresh = page.trouble.as_ref().and_then(|trouble| trouble.seconds);
    pages::page(&page, &Csp::default())
}

impl DirectoryPage<'_> {
    fn most() -> usize {
        MOST_USERS
    }

    fn open() -> usize {
        LONGEST_OPEN
    }
}

fn not_found() -> Refusal {
    Refusal::new(&code::WEB_NOT_FOUND, "nothing of that id is in the instance")
        .during(Event::Console)
        .signed_in()
}

fn refusal(error: &SignInError) -> Refusal {
    Refusal::of(error).during(Event::Console).signed_in()
}

fn part<V, T, E: Into<SignInError>>(
    read: Result<Read<V>, E>,
    now: OffsetDateTime,
    view: impl FnOnce(V) -> T,
) -> Part<T> {
    match read {
        Ok(read) => Ok(Dated { value: view(read.value), age: age(now - read.at) }),
        Err(error) => Err(Trouble::of(&error.into())),
    }
}

fn wait<T>(part: &Part<T>) -> Option<u64> {
    part.as_ref().err().and_then(|trouble| trouble.seconds)
}

/// How old something is, for people.
pub(super) fn age(age: time::Duration) -> String {
    match age.whole_seconds() {
        ..2 => "just now".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds ago"),
        seconds => format!("{} minutes ago", seconds / 60),
    }
}

fn groups(hierarchy: GroupListing) -> Groups {
    match hierarchy {
        GroupListing::Tree(groups) => {
            let branches: Vec<Branch> = groups.into_iter().map(Branch::of).collect();
            let count = branches.iter().map(Branch::count).sum();
            Groups::Tree(branches, count)
        }
        GroupListing::Flat(entries, error) => Groups::Flat(entries, Trouble::of(&error.into())),
    }
}

impl Branch {
    fn of(group: GroupNode) -> Self {
        Self { name: group.name, below: group.below.into_iter().map(Self::of).collect() }
    }

    fn count(&self) -> usize {
        1 + self.below.iter().map(Self::count).sum::<usize>()
    }
}

impl Users {
    fn of(entries: Vec<Listed>, filter: String, page: usize) -> Self {
        let total = entries.len();
        let wanted = filter.to_lowercase();
        let found: Vec<Listed> =
            entries.into_iter().filter(|entry| entry.name.to_lowercase().contains(&wanted)).collect();
        let pages = found.len().div_ceil(MOST_USERS).max(1);
        let page = page.clamp(1, pages);
        let count = found.len();
        let shown = found.into_iter().skip((page - 1) * MOST_USERS).take(MOST_USERS).collect();
        Self { filter, shown, found: count, total, page, pages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(filter: &str, page: usize) -> Users {
        let entry = |number: usize| {
            let name = format!("Agent{number:04}");
            Listed { id: name.clone(), name, is_protected: false }
        };
        Users::of((0..450).map(entry).collect(), filter.to_owned(), page)
    }

    #[test]
    fn thousands_of_users_come_in_pages() {
        for (page, first, shown) in [(0, 0, 200), (1, 0, 200), (3, 400, 50), (99, 400, 50)] {
            let users = users("", page);
            assert_eq!((users.shown.len(), users.found, users.total, users.pages), (shown, 450, 450, 3));
            assert_eq!(users.shown[0].name, format!("Agent{first:04}"));
        }
        let found = users("AGENT0_", 1);
        assert_eq!((found.shown.len(), found.found, found.pages), (0, 0, 1));
        let found = users("agent00", 1);
        assert_eq!((found.shown.len(), found.found, found.total), (100, 100, 450));
    }

    #[test]
    fn an_age_is_told_in_words() {
        for (seconds, told) in [(0, "just now"), (119, "119 seconds ago"), (300, "5 minutes ago")] {
            assert_eq!(age(time::Duration::seconds(seconds)), told);
        }
    }
}
