//! Everybody at once.

use aws_sdk_connect::types::UserSearchSummary;

use super::{Calls, SEARCH_PAGE};
use crate::connect::Error;
use crate::model::Patience;

impl Calls {
    /// Every user, from an index that is some seconds behind: without e-mail addresses, and with after-contact work in
    /// milliseconds. `progress` is told how many were read, of how many. Needs `connect:SearchUsers`.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_SearchUsers.html>
    pub(in crate::connect) async fn search_users(
        &self,
        patience: Patience,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<Vec<UserSearchSummary>, Error> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let request = self.client.search_users().instance_id(&self.arn.id).max_results(SEARCH_PAGE);
            let request = request.set_next_token(token);
            let page = self.call("SearchUsers", patience, || request.clone().send()).await?;
            all.extend(page.users.unwrap_or_default());
            let count = page.approximate_total_count.and_then(|count| usize::try_from(count).ok());
            progress(all.len(), count.unwrap_or(all.len()));
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(all),
            }
        }
    }
}
