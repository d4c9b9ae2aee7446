//! What is asked and done when somebody leaves.

use aws_sdk_connect::types::QuickConnect;

use super::{Calls, Error, SMALL_PAGE, to_the_end};
use crate::model::Patience;

impl Calls {
    /// Every quick connect with what it points at: a call for each hundred, where `ListQuickConnects` does not tell that.
    /// Needs `connect:SearchQuickConnects` and `connect:DescribeQuickConnect`.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_SearchQuickConnects.html>
    pub(in crate::connect) async fn quick_connects(&self) -> Result<Vec<QuickConnect>, Error> {
        to_the_end(|token| async move {
            let request = self.client.search_quick_connects().instance_id(&self.arn.id);
            let request = request.max_results(SMALL_PAGE).set_next_token(token);
            let page = self.page("SearchQuickConnects", || request.clone().send()).await?;
            Ok((page.quick_connects.unwrap_or_default(), page.next_token))
        })
        .await
    }

    /// Deletes the user, for good. Needs `connect:DeleteUser`.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_DeleteUser.html>
    pub(in crate::connect) async fn delete_user(&self, id: &str, patience: Patience) -> Result<(), Error> {
        let request = self.client.delete_user().instance_id(&self.arn.id).user_id(id);
        self.call("DeleteUser", patience, || request.clone().send()).await?;
        Ok(())
    }
}
