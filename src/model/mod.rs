//! The nouns every room shares, and the traits of state that replicas will share. Imports no other room.

pub mod blame;
pub mod brand;
pub mod breaker;
pub mod budget;
pub mod call_error;
pub mod channel;
pub mod clock;
pub mod code;
pub mod console_path;
pub mod departure;
pub mod errand;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod logout;
pub mod named;
pub mod named_sessions;
pub mod observed;
pub mod open_sessions;
pub mod original_answer;
pub mod pace;
pub mod patience;
pub mod pending;
pub mod personal_data;
pub mod placement;
pub mod problem;
pub mod proficiency;
pub mod protected;
pub mod replay;
pub mod requested;
pub mod rules_state;
pub mod secret;
pub mod seen;
pub mod signed_in;
pub mod spans;
pub mod test_sign_in;
pub mod token;
pub mod user;
pub mod words;

pub use blame::{Blame, Blamed};
pub use brand::{Brand, FooterLink, Logo};
pub use breaker::Breaker;
pub use budget::{Busy, Call, CallBudget, CallUse, is_sts};
pub use call_error::{CallError, Cause};
pub use channel::{Channel, ChannelPhone, ChannelSettings, VoiceEnhancement};
pub use clock::{Clock, Random, SystemClock, SystemRandom};
pub use code::Code;
pub use console_path::ConsolePath;
pub use departure::{Departure, HandOff, IdpChoice};
pub use errand::{Begun, errand};
pub use finding::Finding;
pub use identity::{Attributes, Identity, NameId};
pub use ids::{
    Destination, IdpName, InstanceArn, InstanceName, RequestId, SessionId, SupportId, TestId, UserId,
    Username,
};
pub use logout::{LogoutStatus, PendingLogout, Reply};
pub use named::NamedObjects;
pub use named_sessions::{NamedSessions, SubjectKey};
pub use observed::{CallObserver, SignInObserver, Unobserved};
pub use open_sessions::OpenSessions;
pub use original_answer::{OriginalAnswer, Unreadable};
pub use pace::{Caller, Pace, Stopped};
pub use patience::{Patience, Priority, Ticket};
pub use pending::{Pending, PendingConfirmation, PendingKey, PendingSignIn, Purpose, Target};
pub use personal_data::PersonalData;
pub use placement::{
    Denial, Field, HierarchyPath, Phone, PhoneType, Placed, Placement, RuleOutcome, SyncPolicy, SyncWhen,
    Trace, TraceEntry,
};
pub use problem::{Caret, Problem, advice, nearest};
pub use proficiency::{BadProficiency, MAX_PROFICIENCIES, Proficiency, ProficiencyLevel};
pub use protected::ProtectedNames;
pub use replay::{ReplayGuard, ReplayKey};
pub use requested::{RequestOptions, Requested};
pub use rules_state::RulesState;
pub use secret::Secret;
pub use seen::{SeenPeople, Sighting, Unseen};
pub use signed_in::SignedIn;
pub use test_sign_in::{PendingTest, TestSignIn, Tester};
pub use token::FederationToken;
pub use user::ConnectUser;
pub use words::{Language, Texts, Words};

/// Shared state could not be reached or answered nonsense. Callers fail closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("shared state is unavailable: {0}")]
pub struct StateUnavailable(pub String);
