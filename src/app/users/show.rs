//! One user as Amazon Connect has it, and what a sign-in would change.

use serde_json::{Map, Value, json};

use super::source::People;
use super::{Opened, PeopleFile, Users, open, told};
use crate::app::command::NOBODY;
use crate::app::mapping::{quoted, table};
use crate::app::{Outcome, online};
use crate::connect::{Preview, UserView};
use crate::mapping::{Explanation, explain};
use crate::model::{Patience, UserId, Username};

/// Prints one user; with a roster or a file of sign-ins, also what a sign-in of that person would change. Exit status 3: there is no such user.
pub async fn show_user(name: &str, ask: &Users, file: &PeopleFile, as_json: bool) -> Outcome {
    let Ok(username) = Username::new(name) else {
        return Outcome::failed(&"that is no user name: letters, digits and _ . - @, 2 to 64 of them");
    };
    let opened = match open(ask).await {
        Ok(opened) => opened,
        Err(failed) => return failed,
    };
    match opened.shown(&username, file).await {
        Ok(shown) => shown.print(&username, as_json),
        Err(failed) => failed,
    }
}

struct Shown {
    user: Option<(UserId, UserView)>,
    /// What the rules and Amazon Connect say of the person in the roster.
    explained: Option<(Explanation, Option<Preview>)>,
}

impl Opened {
    async fn shown(&self, username: &Username, file: &PeopleFile) -> Result<Shown, Outcome> {
        let is_named = file.roster.is_some() || !file.seen.is_empty();
        let people = is_named.then(|| self.people(file)).transpose()?;
        let patience = Patience::lasting(super::PATIENCE);
        let user = self.connect.user_named(username, patience).await.map_err(|error| self.failed(&error))?;
        let explained = match people {
            Some(people) => Some(self.explained(username, &people, patience).await?),
            None => None,
        };
        Ok(Shown { user, explained })
    }

    async fn explained(
        &self,
        username: &Username,
        People { rows, members, file, .. }: &People,
        patience: Patience,
    ) -> Result<(Explanation, Option<Preview>), Outcome> {
        let exact = members.iter().position(|member| member.username == *username);
        let in_any_case = || members.iter().position(|member| member.username.folded() == username.folded());
        let position = exact.or_else(in_any_case);
        let row = position.and_then(|position| rows.get(position));
        let row =
            row.ok_or_else(|| Outcome::Failed(vec![format!("{file}: nobody there has that user name")]))?;
        let explanation = explain(&row.identity, &self.instance, &self.rules);
        let preview = match &explanation.placed.outcome {
            Ok(placement) => {
                let preview = self.connect.preview(placement, patience).await;
                Some(preview.map_err(|error| self.failed(&error))?)
            }
            Err(_) => None,
        };
        Ok((explanation, preview))
    }
}

impl Shown {
    fn print(&self, username: &Username, as_json: bool) -> Outcome {
        if as_json {
            say!("{:#}", self.as_json());
        } else {
            say_text!("{}", self.as_text(username));
        }
        if self.user.is_some() { Outcome::Done } else { Outcome::Exit(NOBODY, Vec::new()) }
    }

    fn as_text(&self, username: &Username) -> String {
        let user = match &self.user {
            None => format!("There is no user {}\n", username.as_str()),
            Some((id, view)) => {
                let rows = view
                    .fields
                    .iter()
                    .map(|(name, value)| [(*name).to_owned(), quoted(std::slice::from_ref(value))]);
                let refused =
                    view.refused.as_ref().map(|error| format!("never signed in: {}\n", told(error)));
                let rows = table(["field", "in Connect"], rows);
                format!("{} (id {id})\n{rows}{}", view.username, refused.unwrap_or_default())
            }
        };
        match &self.explained {
            None => user,
            Some((explanation, Some(preview))) => {
                format!("{user}\nAt a sign-in\n{}", online::as_text(preview, explanation))
            }
            Some((explanation, None)) => format!("{user}\nAt a sign-in\n  {}\n", denied(explanation)),
        }
    }

    fn as_json(&self) -> Value {
        let user = self.user.as_ref().map(|(id, view)| {
            let fields: Map<String, Value> =
                view.fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let refused = view.refused.as_ref().map(told);
            json!({ "username": view.username, "id": id.as_str(), "fields": fields, "never_signed_in": refused })
        });
        let sign_in = self.explained.as_ref().map(|(explanation, preview)| match preview {
            Some(preview) => online::as_json(preview),
            None => json!({ "denied": denied(explanation) }),
        });
        json!({ "user": user, "sign_in": sign_in })
    }
}

fn denied(explanation: &Explanation) -> String {
    match &explanation.placed.outcome {
        Err(denial) => format!("refused: {}: {}", denial.code.id, denial.detail),
        Ok(_) => String::new(),
    }
}
