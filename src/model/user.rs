//! Noun 3: the user that exists in the instance.

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
}
