//! Calls about the hierarchy.

use aws_sdk_connect::types::{
    HierarchyGroupCondition, HierarchyGroupMatchType, HierarchyLevelUpdate, HierarchyStructureUpdate,
    UserSearchCriteria, UserSearchSummary,
};

use super::{Calls, SEARCH_PAGE, to_the_end};
use crate::connect::{Error, wire};
use crate::model::{Cause, Patience};

impl Calls {
    /// Names of the levels, top first. Needs `connect:DescribeUserHierarchyStructure`.
    pub(in crate::connect) async fn hierarchy_levels(
        &self,
        patience: Patience,
    ) -> Result<Vec<String>, Error> {
        let request = self.client.describe_user_hierarchy_structure().instance_id(&self.arn.id);
        let answer = self.call("DescribeUserHierarchyStructure", patience, || request.clone().send()).await?;
        Ok(answer.hierarchy_structure.map(wire::levels).unwrap_or_default())
    }

    /// Replaces all levels. Needs `connect:UpdateUserHierarchyStructure`.
    pub(in crate::connect) async fn update_hierarchy_levels(
        &self,
        names: &[String],
        patience: Patience,
    ) -> Result<(), Error> {
        let mut levels =
            names.iter().filter_map(|name| HierarchyLevelUpdate::builder().name(name).build().ok());
        let structure = HierarchyStructureUpdate::builder()
            .set_level_one(levels.next())
            .set_level_two(levels.next())
            .set_level_three(levels.next())
            .set_level_four(levels.next())
            .set_level_five(levels.next())
            .build();
        let request = self.client.update_user_hierarchy_structure().instance_id(&self.arn.id);
        let request = request.hierarchy_structure(structure);
        self.call("UpdateUserHierarchyStructure", patience, || request.clone().send()).await.map(drop)
    }

    /// Ids and names from the top down to this group; `None` when it does not exist (yet).
    /// Needs `connect:DescribeUserHierarchyGroup`.
    pub(in crate::connect) async fn lineage(
        &self,
        id: &str,
        patience: Patience,
    ) -> Result<Option<Vec<(String, String)>>, Error> {
        match self.describe_hierarchy_group(id, patience).await {
            Err(error) if error.is(Cause::NotFound) => Ok(None),
            answer => Ok(answer?.map(wire::lineage)),
        }
    }

    /// Creates a group below `parent`, or at the top, and returns its id. Needs `connect:CreateUserHierarchyGroup`.
    pub(in crate::connect) async fn create_hierarchy_group(
        &self,
        name: &str,
        parent: Option<&str>,
        patience: Patience,
    ) -> Result<Option<String>, Error> {
        let request = self.client.create_user_hierarchy_group().instance_id(&self.arn.id).name(name);
        let request = request.set_parent_group_id(parent.map(str::to_owned));
        let answer = self.call("CreateUserHierarchyGroup", patience, || request.clone().send()).await?;
        Ok(answer.hierarchy_group_id)
    }

    /// Needs `connect:UpdateUserHierarchyGroupName`.
    pub(in crate::connect) async fn rename_hierarchy_group(
        &self,
        id: &str,
        name: &str,
        patience: Patience,
    ) -> Result<(), Error> {
        let request = self.client.update_user_hierarchy_group_name().instance_id(&self.arn.id);
        let request = request.hierarchy_group_id(id).name(name);
        self.call("UpdateUserHierarchyGroupName", patience, || request.clone().send()).await.map(drop)
    }

    /// Needs `connect:DeleteUserHierarchyGroup`.
    pub(in crate::connect) async fn delete_hierarchy_group(
        &self,
        id: &str,
        patience: Patience,
    ) -> Result<(), Error> {
        let request = self.client.delete_user_hierarchy_group().instance_id(&self.arn.id);
        let request = request.hierarchy_group_id(id);
        self.call("DeleteUserHierarchyGroup", patience, || request.clone().send()).await.map(drop)
    }

    /// The group's id for each person in this group or below it. Needs `connect:SearchUsers`.
    pub(in crate::connect) async fn groups_of_people_below(
        &self,
        id: &str,
        patience: Patience,
    ) -> Result<Vec<String>, Error> {
        let condition = HierarchyGroupCondition::builder()
            .value(id)
            .hierarchy_group_match_type(HierarchyGroupMatchType::WithChildGroups)
            .build();
        let criteria = UserSearchCriteria::builder().hierarchy_group_condition(condition).build();
        let found = to_the_end(|token| async {
            let request = self.client.search_users().instance_id(&self.arn.id).max_results(SEARCH_PAGE);
            let request = request.search_criteria(criteria.clone()).set_next_token(token);
            let page = self.call("SearchUsers", patience, || request.clone().send()).await?;
            Ok((page.users.unwrap_or_default(), page.next_token))
        });
        let group = |user: UserSearchSummary| user.hierarchy_group_id.unwrap_or_else(|| id.to_owned());
        Ok(found.await?.into_iter().map(group).collect())
    }
}
