//! What the administrators' console knows: recent sign-ins, and drafts of rules tried on them. No HTTP, and nothing that
//! changes anything.

mod preview;
mod recent;
mod settings;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub use crate::mapping::{Explanation, Received, Rules, Told};
pub use preview::{Comparison, FieldChange, Preview, Subject, Tried, Unusable};
pub use recent::{Outcome, SignInRecord};
pub use settings::Setting;

use crate::model::{Clock, Problem};
use recent::Recent;

/// Where drafts come from and how they are read.
pub trait Drafts: Send + Sync {
    /// The `[mapping]` section as it is written.
    fn written(&self) -> String;

    /// Compiles the text of a `[mapping]` section, and puts nothing in force.
    ///
    /// # Errors
    /// Every problem at once.
    fn compile(&self, text: &str) -> Result<Rules, Vec<Problem>>;
}

/// The console's own memory.
pub struct Console {
    recent: Recent,
    drafts: Arc<dyn Drafts>,
    settings: RwLock<Arc<[Setting]>>,
    /// One preview at a time: sign-ins go first.
    previews: Semaphore,
}

impl Console {
    /// Keeps at most `keep` sign-ins; `settings` are the configuration in force, without secrets.
    #[must_use]
    pub fn new(keep: usize, drafts: Arc<dyn Drafts>, settings: Vec<Setting>, clock: Arc<dyn Clock>) -> Self {
        let settings = RwLock::new(settings.into());
        Self { recent: Recent::new(keep, clock), drafts, settings, previews: Semaphore::new(1) }
    }

    /// The configuration in force, without secrets; the keys of a table together.
    #[must_use]
    pub fn settings(&self) -> Arc<[Setting]> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows the settings of a file whose rules were put in force; where something else in it waits for a restart,
    /// only those of the rules.
    pub fn rules_replaced(&self, read: Vec<Setting>, needs_restart: bool) {
        let mut settings = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        *settings = if needs_restart { settings::with_rules_of(&settings, read) } else { read.into() };
    }

    /// Remembers one sign-in.
    pub fn record(&self, sign_in: SignInRecord) {
        self.recent.record(sign_in);
    }

    /// The sign-ins that are remembered, newest first.
    #[must_use]
    pub fn sign_ins(&self) -> Vec<Arc<SignInRecord>> {
        self.recent.all()
    }

    /// The sign-in with that support id.
    #[must_use]
    pub fn sign_in(&self, support_id: &str) -> Option<Arc<SignInRecord>> {
        let wanted = support_id.trim();
        self.sign_ins().into_iter().find(|one| one.support_id.as_str().eq_ignore_ascii_case(wanted))
    }

    /// Forgets what is too old.
    pub fn forget_old(&self) {
        self.recent.forget_old();
    }

    /// What `rules` make of a sign-in that is remembered; `None` when it named no person or no instance.
    pub async fn explain(&self, sign_in: Arc<SignInRecord>, rules: Arc<Rules>) -> Option<Explanation> {
        spawn_blocking(move || preview::explained(&sign_in, &rules)).await.ok()?
    }

    /// The `[mapping]` section as it is written.
    pub async fn written(&self) -> String {
        let drafts = Arc::clone(&self.drafts);
        spawn_blocking(move || drafts.written()).await.unwrap_or_default()
    }

    /// What a draft would do, beside `rules`, which are in force.
    ///
    /// # Errors
    /// A draft or a person that can't be read.
    pub async fn preview(
        &self,
        draft: String,
        subject: Subject,
        rules: Arc<Rules>,
    ) -> Result<Preview, Unusable> {
        let _turn = self.previews.acquire().await.map_err(|_| Unusable::Stopped)?;
        let (drafts, sign_ins) = (Arc::clone(&self.drafts), self.sign_ins());
        let work = move || preview::preview(&*drafts, &draft, &subject, sign_ins, &rules);
        spawn_blocking(work).await.map_err(|_| Unusable::Stopped)?
    }
}
