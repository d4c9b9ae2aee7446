//! From a draft to rules in force: the one form of the console that changes something.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::playground::{self, Asked, Said};
use super::{Admin, Publisher, form_of_ours};
use crate::admin::{Console, Digest, Draft, NotPublished, Published, Rules, Subject, unix_lines};
use crate::audit::{self, Event};
use crate::model::{Identity, Problem, SupportId, code};
use crate::web::WebState;
use crate::web::refusal::{Refusal, status};

/// `POST /admin/publish`: a form of ours, of this session, which the page after a preview has for publishers.
pub(super) async fn post(
    Publisher(admin): Publisher,
    State(web): State<Arc<WebState>>,
    Extension(support_id): Extension<SupportId>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let names = ["draft", "base", "why", "accept"];
    let fields = form_of_ours::read((&admin, &web), (&headers, body), names, Event::Rules).await?;
    let [text, base, why, accepted] = fields;
    // A form may take its time, and rules may have changed meanwhile.
    admin.check_publisher(&web).await.map_err(|why| {
        let refusal = Refusal::new(&code::ADMIN_NOT_PUBLISHER, format!("not a publisher: {why}"));
        refusal.during(Event::Rules).with_idp(Some(&admin.identity.idp)).signed_in()
    })?;
    let text = unix_lines(&text);
    let unknown = unknown_names(&admin, &web, &text).await;
    let draft = Draft { text, base: Digest::from(base), why, accepted, unknown };
    let asked = Asked::to_publish(&draft);
    // Once begun it is finished and recorded, even when the browser goes away.
    let (console, rules) = (Arc::clone(&admin.console), web.sign_in.rules());
    let work = recorded(console, draft, admin.identity.clone(), rules, support_id.clone());
    let done = tokio::spawn(work).await.unwrap_or(Err(NotPublished::Stopped));
    match done {
        Ok(published) => Ok(Redirect::to(&format!("/admin/history/{}", published.number)).into_response()),
        Err(why) => refused(&admin, &web, asked, &why, &support_id).await,
    }
}

/// How many names in the draft no instance has; none of a draft that can't be used anyway.
async fn unknown_names(admin: &Admin, web: &WebState, text: &str) -> usize {
    let preview = admin.console.preview(text.to_owned(), Subject::RecentSignIns, web.sign_in.rules()).await;
    match preview {
        Ok(preview) => web.sign_in.unknown_names(&preview.rules).await.len(),
        Err(_) => 0,
    }
}

/// Publishes, with an audit line whatever becomes of it.
async fn recorded(
    console: Arc<Console>,
    draft: Draft,
    identity: Identity,
    rules: Arc<Rules>,
    support_id: SupportId,
) -> Result<Published, NotPublished> {
    let (idp, base) = (identity.idp.clone(), draft.base.to_string());
    let digest = Digest::of(&draft.text).to_string();
    let done = console.publish(draft, identity, rules).await;
    match &done {
        Ok(published) => {
            audit::rules_published(&support_id, &idp, published.number, &digest, &base);
            if published.pruned > 0 {
                audit::rules_pruned(&support_id, published.pruned);
            }
        }
        Err(why) => audit::rules_refused(&support_id, &idp, &digest, &cause(why)),
    }
    done
}

/// The draft again, with why it was not published.
async fn refused(
    admin: &Admin,
    web: &WebState,
    asked: Asked,
    why: &NotPublished,
    support_id: &SupportId,
) -> Result<Response, Refusal> {
    let status = match why {
        NotPublished::Busy => {
            return Err(Refusal::new(&code::ADMIN_BUSY, cause(why)).during(Event::Rules).signed_in());
        }
        NotPublished::Stopped | NotPublished::Off => {
            return Err(Refusal::new(&code::GATEWAY_INTERNAL, cause(why)).during(Event::Rules).known());
        }
        NotPublished::Conflict => StatusCode::CONFLICT,
        NotPublished::NotWritten(_) => status(&code::ADMIN_NOT_WRITTEN),
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut response = playground::show(admin, web, asked, Some(said(why, support_id))).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// For the page. What is wrong with the draft itself stands in its preview.
fn said(why: &NotPublished, support_id: &SupportId) -> Said {
    let (words, problems): (String, &[Problem]) = match why {
        NotPublished::Configuration(problems) => {
            ("The gateway's configuration can't be used with these rules.".to_owned(), problems)
        }
        NotPublished::NotWritten(why) => {
            let code = &code::ADMIN_NOT_WRITTEN;
            let words =
                format!("{}. {} ({why}; {}, support id {support_id})", code.title, code.advice, code.id);
            (words, &[])
        }
        NotPublished::LocksOut(_) => {
            let words =
                "By these rules you could not use the console or publish any more, nor take them back.";
            (words.to_owned(), &[])
        }
        other => (words(other).to_owned(), &[]),
    };
    Said { words, problems: problems.iter().map(ToString::to_string).collect() }
}

fn words(why: &NotPublished) -> &'static str {
    match why {
        NotPublished::Why => "Say why, in 1 to 200 characters on one line.",
        NotPublished::Unchanged => "The draft is what the file has already.",
        NotPublished::FailedTests => "The draft's own examples come out differently.",
        NotPublished::NotAccepted(_) => {
            "Read what the draft would do, and tick the box below if it is meant."
        }
        NotPublished::Conflict => "The file was changed since this draft began.",
        _ => "The draft can't be used.",
    }
}

/// For the audit line.
fn cause(why: &NotPublished) -> String {
    match why {
        NotPublished::Off => "nobody may publish here".to_owned(),
        NotPublished::Why => "no usable reason was given".to_owned(),
        NotPublished::Unchanged => "the draft is what the file has".to_owned(),
        NotPublished::Draft(problems) => format!("the draft has {} problems", problems.len()),
        NotPublished::FailedTests => "the draft fails its own tests".to_owned(),
        NotPublished::LocksOut(why) => format!("the publisher would be none any more: {why}"),
        NotPublished::NotAccepted(risk) => format!(
            "not accepted: {} of {} people would be refused, {} warnings",
            risk.refused, risk.let_in, risk.warnings
        ),
        NotPublished::Configuration(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            format!("the configuration can't be used: {}", problems.join("; "))
        }
        NotPublished::Conflict => "the file was changed since the draft began".to_owned(),
        NotPublished::NotWritten(why) => format!("{}: {why}", code::ADMIN_NOT_WRITTEN.id),
        NotPublished::Busy => "another preview is computed".to_owned(),
        NotPublished::Stopped => "publishing stopped unexpectedly".to_owned(),
    }
}
