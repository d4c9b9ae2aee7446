//! What the administrators' console knows: recent sign-ins, and drafts of rules tried on them. No HTTP, and nothing that
//! changes anything.

mod preview;
mod recent;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

pub use crate::mapping::{Explanation, Received, Rules, Told, as_pasted};
pub use preview::{Comparison, FieldChange, Preview, Subject, Tried, Unusable};
pub use recent::{Outcome, SignInRecord};

use crate::model::{Clock, Problem, TestId};
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
    /// Tells that something was recorded.
    recorded: watch::Sender<()>,
    keep: usize,
    drafts: Arc<dyn Drafts>,
    summary: Vec<String>,
    /// One preview at a time: sign-ins go first.
    previews: Semaphore,
}

impl Console {
    /// Keeps at most `keep` sign-ins; `summary` is the configuration in force, without secrets.
    #[must_use]
    pub fn new(keep: usize, drafts: Arc<dyn Drafts>, summary: Vec<String>, clock: Arc<dyn Clock>) -> Self {
        let (recent, recorded) = (Recent::new(keep, clock), watch::Sender::new(()));
        Self { recent, recorded, keep, drafts, summary, previews: Semaphore::new(1) }
    }

    /// The configuration in force, without secrets.
    #[must_use]
    pub fn summary(&self) -> &[String] {
        &self.summary
    }

    /// Whether anything is remembered: without that, no test could be read.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.keep > 0
    }

    /// Remembers one sign-in.
    pub fn record(&self, sign_in: SignInRecord) {
        self.recent.record(sign_in);
        self.recorded.send_replace(());
    }

    /// That test, as soon as it has ended here. Waits for ever for one that does not.
    pub async fn tested(&self, id: &TestId) -> Arc<SignInRecord> {
        let mut recorded = self.recorded.subscribe();
        loop {
            let found = self.sign_ins().into_iter().find(|one| one.test.as_ref() == Some(id));
            match found {
                Some(sign_in) => return sign_in,
                // The sender is ours: it can't be gone.
                None => recorded.changed().await.unwrap_or_default(),
            }
        }
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
