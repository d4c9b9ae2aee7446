//! The words of the pages that people see who sign in, in one language. The list below is the only one: a page can
//! name no other text, and a catalogue (`config/words/en.toml`, and one for each more language) has these keys.

mod language;
mod text;
mod texts;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Blame, Code, code};

pub use language::Language;
pub use text::{Counted, Kind, Text, With};
pub use texts::Texts;

macro_rules! words {
    ($($(#[$doc:meta])* $page:ident: $Page:ident { $($name:ident: $kind:ident $(($place:ident))?,)* })*) => {
        /// The words of the pages, in one language.
        #[derive(Debug)]
        pub struct Words {
            language: Arc<Language>,
            codes: BTreeMap<&'static str, CodeWords>,
            $($(#[$doc])* pub $page: $Page,)*
        }

        $($(#[$doc])*
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "the catalogue says what each text is")]
        pub struct $Page { $(pub $name: $kind,)* })*

        $(impl $Page {
            fn read(texts: &mut Texts, other: Option<&Self>) -> Option<Self> {
                // All of them before the first `?`: every problem is told at once.
                $(let $name = texts.read(
                    concat!(stringify!($page), ".", stringify!($name)),
                    concat!($(stringify!($place))?),
                    other.map(|other| &other.$name),
                );)*
                Some(Self { $($name: $name?),* })
            }
        })*

        impl Words {
            /// Reads every text, the one of `other` where there is none.
            ///
            /// `None`: a text is missing or faulty; `texts` knows which.
            pub fn read(texts: &mut Texts, other: Option<&Self>) -> Option<Self> {
                $(let $page = $Page::read(texts, other.map(|other| &other.$page));)*
                let codes = read_codes(texts, other);
                Some(Self { language: texts.language(), codes: codes?, $($page: $page?,)* })
            }
        }
    };
}

words! {
    /// What several pages say.
    page: Page { footer: Text, next: Text, stuck: Text, }
    /// Choose a contact centre.
    choose: Choose { heading: Text, bookmark: Text, places: With(instance), none: Text, }
    /// Choose an identity provider.
    choose_idp: ChooseIdp {
        heading: Text, pick: Text, last: With(idp), others: Text, unsure: Text, email: Text, find: Text,
        unknown_address: Text,
    }
    /// The question whether it is them.
    confirm: Confirm { heading: Text, lead: With(idp), warning: Text, not_me: Text, }
    /// On the way to the identity provider, by a form.
    authn_request: AuthnRequest { title: Text, heading: Text, }
    /// On the way to another page of ours.
    onward: Onward { signed_in: Text, to_idp: Text, }
    /// Entering the instance.
    hand_off: HandOff { heading: Text, lead: Text, open: Text, }
    /// Waiting for a turn.
    waiting: Waiting {
        title: Text, heading: Text, turn: With(wait), seconds: Counted, minutes: Counted, kept: Text, now: Text,
    }
    /// An error.
    error: Error {
        start_page: Text, again: Text, sign_out: Text, help: Text, code: Text, support_id: Text, time: Text,
        by_itself: Text, once_more: Text,
    }
    /// Who has to put an error right.
    who: Who { person: Text, admin: Text, idp_owner: Text, aws: Text, wait: Text, gateway: Text, }
    /// The question before signing out.
    sign_out: SignOut {
        title: Text, heading: Text, lead: Text, shared: Text, everywhere: Text, here_only: Text, confirm: Text,
        stay: Text,
    }
    /// On the way out.
    signing_out: SigningOut { heading: Text, lead: Text, frame: Text, }
    /// Signed out.
    signed_out: SignedOut {
        title: Text, heading: Text, connect: Text, connect_lead: Text, end: With(instance), stays: With(instance),
        elsewhere: Text, elsewhere_lead: Text, company: Text, not_asked: Text, ended: Text, partial: Text,
        unknown: Text, again: Text,
    }
    /// A test of the sign-in, for whoever was given a link.
    test: Test {
        title: Text, heading: Text, lead: Text, told: Text, unexpected: Text, start: Text, over: Text,
        over_lead: Text,
    }
    /// When a session ends.
    renew: Renew {
        title: Text, soon: Text, little: Counted, signed_in: With(instance), until: With(end), left: With(left),
        hours: Counted, minutes: Counted, why: With(instance), renew: Text, open: Counted, reloads: Text,
        stop: Text, over: Text, over_lead: With(instance), sign_in: Text,
    }
}

/// The words of an error code.
#[derive(Debug, Clone)]
struct CodeWords {
    title: Text,
    advice: Text,
}

impl Words {
    /// The language.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// What happened: the error page's heading.
    #[must_use]
    pub fn title(&self, code: &Code) -> &str {
        self.codes.get(code.id).map_or(code.title, |words| words.title.as_str())
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self, code: &Code) -> &str {
        self.codes.get(code.id).map_or(code.advice, |words| words.advice.as_str())
    }

    /// Who has to put it right.
    #[must_use]
    pub fn who(&self, code: &Code) -> &Text {
        match code.blame {
            Blame::Person => &self.who.person,
            Blame::Admin => &self.who.admin,
            Blame::IdpOwner => &self.who.idp_owner,
            Blame::Aws => &self.who.aws,
            Blame::Wait => &self.who.wait,
            Blame::Gateway => &self.who.gateway,
        }
    }
}

fn read_codes(texts: &mut Texts, other: Option<&Words>) -> Option<BTreeMap<&'static str, CodeWords>> {
    let read = |code: &&'static Code| {
        let other = other.and_then(|other| other.codes.get(code.id));
        let title = texts.read(&format!("code.{}.title", code.id), "", other.map(|words| &words.title));
        let advice = texts.read(&format!("code.{}.advice", code.id), "", other.map(|words| &words.advice));
        Some((code.id, CodeWords { title: title?, advice: advice? }))
    };
    let read: Vec<_> = code::ALL.iter().map(read).collect();
    read.into_iter().collect()
}
