//! Noun 3: the user that exists in the instance.

use time::OffsetDateTime;

use super::{InstanceName, UserId, Username};

/// A Connect user as `ensure` left it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectUser {
    /// The instance it lives in.
    pub instance: InstanceName,
    /// Its id.
    pub id: UserId,
    /// Its name in Connect's spelling: the role session name.
    pub username: Username,
    /// When we created it, if we did: Connect's other parts see it a little later.
    pub created_at: Option<OffsetDateTime>,
}
