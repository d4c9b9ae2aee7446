//! What the administrators' console knows: recent sign-ins, drafts of rules tried on them, and versions of the rules. No
//! HTTP. What changes something is [`publish`], and nothing else.

mod diff;
mod history;
mod preview;
mod publish;
mod recent;
mod settings;
mod shared;
mod versions;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub use crate::mapping::{Explanation, Received, Rules, Told, as_pasted};
pub use diff::{Diff, DiffLine};
pub use history::{History, Meanwhile, OneVersion, Opened};
pub use preview::{Comparison, FieldChange, Preview, Subject, Tried, Unusable};
pub use publish::{Draft, Follow, LONGEST_WHY, NotPublished, Published, Publishing, Risk, unix_lines};
pub use recent::{Outcome, SignInRecord};
pub use settings::Setting;
pub use versions::{Author, Digest, Kept, NotWritten, Version, Versions, Written};

use crate::model::{Clock, Identity, Problem, SharedNotes};
use publish::Ground;
use recent::Recent;
use shared::Shared;

/// How long a look at the console waits for its turn to compute.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

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
    /// What replicas remember together.
    shared: Option<Arc<Shared>>,
    /// Tells that something was recorded.
    recorded: watch::Sender<()>,
    keep: usize,
    drafts: Arc<dyn Drafts>,
    settings: RwLock<Arc<[Setting]>>,
    clock: Arc<dyn Clock>,
    publishing: Option<Publishing>,
    /// Set once it runs.
    follow: OnceLock<Arc<dyn Follow>>,
    /// One preview or publication at a time: sign-ins go first.
    previews: Arc<Semaphore>,
}

impl Console {
    /// Keeps at most `keep` sign-ins; `settings` are the configuration in force, without secrets. Without `publishing`
    /// nobody publishes.
    #[must_use]
    pub fn new(
        keep: usize,
        drafts: Arc<dyn Drafts>,
        publishing: Option<Publishing>,
        settings: Vec<Setting>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            recent: Recent::new(keep, Arc::clone(&clock)),
            shared: None,
            recorded: watch::Sender::new(()),
            keep,
            drafts,
            settings: RwLock::new(settings.into()),
            clock,
            publishing,
            follow: OnceLock::new(),
            previews: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same with the sign-ins that other replicas remember.
    #[must_use]
    pub fn sharing(self, notes: Option<Arc<dyn SharedNotes>>) -> Self {
        let shared = notes.filter(|_| self.keep > 0).map(|notes| Arc::new(Shared::new(notes, self.keep)));
        Self { shared, ..self }
    }

    /// From here on what is published is put in force by `follow`.
    pub fn follow(&self, follow: Arc<dyn Follow>) {
        self.follow.get_or_init(|| follow);
    }

    /// Whether anybody may publish, where the file can be written.
    ///
    /// # Errors
    /// Why it can't.
    pub fn check_writable(&self) -> Result<(), String> {
        self.publishing.as_ref().map_or(Ok(()), |publishing| publishing.versions.check_writable())
    }

    /// Whether this person may publish, by the conditions in force.
    ///
    /// # Errors
    /// Why not, without any of the person's values.
    pub async fn check_publisher(
        self: &Arc<Self>,
        identity: Identity,
        rules: Arc<Rules>,
    ) -> Result<(), String> {
        let console = Arc::clone(self);
        let work = move || {
            let publishing = console.publishing.as_ref().filter(|_| console.follow.get().is_some());
            publishing.ok_or("nobody may publish from here")?.publishers.check(&identity, &rules)
        };
        spawn_blocking(work).await.unwrap_or_else(|_| Err("a computation stopped unexpectedly".to_owned()))
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

    /// Whether anything is remembered: without that, no test could be read.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.keep > 0
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
    ///
    /// # Errors
    /// [`Unusable::Busy`] or [`Unusable::Stopped`].
    pub async fn explain(
        &self,
        sign_in: Arc<SignInRecord>,
        rules: Arc<Rules>,
    ) -> Result<Option<Explanation>, Unusable> {
        let turn = self.turn().await.ok_or(Unusable::Busy)?;
        let work = move || {
            let _held = turn;
            preview::explained(&sign_in, &rules)
        };
        spawn_blocking(work).await.map_err(|_| Unusable::Stopped)
    }

    /// The console's turn to compute. It belongs to the work, not to the request: whoever goes away does not make room
    /// for more while the work goes on.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.previews).acquire_owned();
        timeout(LONGEST_WAIT, turn).await.ok()?.ok()
    }

    /// A draft to begin with: version `number`, or the rules as they are written. `None`: there is no such version.
    pub async fn open(&self, number: Option<u32>) -> Option<Opened> {
        let (drafts, versions) = (Arc::clone(&self.drafts), self.versions());
        spawn_blocking(move || history::open(&*drafts, versions.as_deref(), number)).await.ok()?
    }

    /// What a draft changes in the rules as they are written.
    pub async fn diff_from_written(&self, draft: String) -> Diff {
        let drafts = Arc::clone(&self.drafts);
        spawn_blocking(move || Diff::between(&drafts.written(), &draft)).await.unwrap_or_default()
    }

    /// The file of the rules and its versions; `None` where nobody may publish.
    pub async fn history(&self) -> Option<History> {
        let versions = self.versions()?;
        spawn_blocking(move || History::read(&*versions)).await.ok()
    }

    /// What became of the file since it had the digest `base`; `None`: nothing.
    pub async fn changed_since(&self, base: &Digest) -> Option<Meanwhile> {
        let (versions, base) = (self.versions()?, base.clone());
        spawn_blocking(move || history::meanwhile(&*versions, &base)).await.ok()?
    }

    fn versions(&self) -> Option<Arc<dyn Versions>> {
        self.publishing.as_ref().map(|publishing| Arc::clone(&publishing.versions))
    }

    /// Puts a draft in the file and in force, in the name of this person, beside `rules`, which are in force. Whether
    /// they may is [`Self::check_publisher`]'s.
    ///
    /// # Errors
    /// Why not. Nothing has changed then.
    pub async fn publish(
        self: &Arc<Self>,
        draft: Draft,
        identity: Identity,
        rules: Arc<Rules>,
    ) -> Result<Published, NotPublished> {
        let turn = self.turn().await.ok_or(NotPublished::Busy)?;
        let console = Arc::clone(self);
        let work = move || {
            let _held = turn;
            let (Some(publishing), Some(follow)) = (&console.publishing, console.follow.get()) else {
                return Err(NotPublished::Off);
            };
            let ground = Ground {
                publishing,
                follow: &**follow,
                drafts: &*console.drafts,
                sign_ins: console.sign_ins(),
                in_force: &rules,
                identity: &identity,
                now: console.clock.now(),
            };
            publish::publish(ground, &draft)
        };
        spawn_blocking(work).await.map_err(|_| NotPublished::Stopped)?
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
        let turn = self.turn().await.ok_or(Unusable::Busy)?;
        let (drafts, sign_ins) = (Arc::clone(&self.drafts), self.sign_ins());
        let work = move || {
            let _held = turn;
            preview::preview(&*drafts, &draft, &subject, sign_ins, &rules)
        };
        spawn_blocking(work).await.map_err(|_| Unusable::Stopped)?
    }
}
