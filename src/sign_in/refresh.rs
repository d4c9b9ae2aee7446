//! Tokens of people who are inside, replaced before they end.

use crate::model::{Blamed as _, Priority, code};

use super::people::Present;
use super::{Instance, SignIn, SignInError};

impl SignIn {
    /// Replaces tokens that are about to end, for people who are inside and whom today's rules still
    /// place as they did. Everyone else's token is left to end, or dropped.
    pub async fn refresh_tokens(&self) {
        let now = self.parts.clock.now();
        self.people.sweep(now);
        self.drop_tokens(self.waiting.sweep(now)).await;
        for instance in &self.parts.instances {
            for username in instance.federation.refresh_due() {
                let Some(present) = self.people.find(&instance.name, &username, now) else { continue };
                if let Err(error) = self.refresh(instance, &present).await {
                    tracing::warn!(instance = %instance.name, cause = %error, "a token was not refreshed");
                }
            }
        }
    }

    async fn refresh(&self, instance: &Instance, present: &Present) -> Result<(), SignInError> {
        let placed = self.place(&present.identity, &instance.name).await;
        let same = placed.map(|(placement, _)| placement == present.placement);
        if !matches!(same, Ok(true)) {
            self.drop_token(instance, &present.user.username).await;
            return same.map(|_| ());
        }
        let user = match instance.connect.ensure_for(&present.placement, Priority::Refresh).await {
            Err(error) if *error.code() == code::CONNECT_PARKED => {
                self.drop_token(instance, &present.user.username).await;
                return Err(error.into());
            }
            ensured => ensured?,
        };
        Ok(instance.federation.refresh(&user, present.until).await?)
    }
}
