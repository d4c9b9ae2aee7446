//! Which operation a method and a path name.

use serde_json::Value;

use super::encoding::percent_decode_text;

/// The operations of the Connect API that exist here. `Debug` prints the name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    CreateUser,
    DescribeUser,
    ListUsers,
    SearchUsers,
    UpdateUserRoutingProfile,
    UpdateUserHierarchy,
    UpdateUserPhoneConfig,
    UpdateUserConfig,
    UpdateUserIdentityInfo,
    UpdateUserSecurityProfiles,
    DeleteUser,
    AssociateUserProficiencies,
    UpdateUserProficiencies,
    DisassociateUserProficiencies,
    ListUserProficiencies,
    TagResource,
    UntagResource,
    ListSecurityProfiles,
    ListRoutingProfiles,
    DescribeUserHierarchyStructure,
    UpdateUserHierarchyStructure,
    ListUserHierarchyGroups,
    DescribeUserHierarchyGroup,
    CreateUserHierarchyGroup,
    DeleteUserHierarchyGroup,
    UpdateUserHierarchyGroupName,
    SearchUserHierarchyGroups,
    GetFederationToken,
    DescribeInstance,
    DeleteAllEntitySessions,
    SearchQuickConnects,
}

use Operation::{
    AssociateUserProficiencies, CreateUser, CreateUserHierarchyGroup, DeleteAllEntitySessions, DeleteUser,
    DeleteUserHierarchyGroup, DescribeInstance, DescribeUser, DescribeUserHierarchyGroup,
    DescribeUserHierarchyStructure, DisassociateUserProficiencies, GetFederationToken, ListRoutingProfiles,
    ListSecurityProfiles, ListUserHierarchyGroups, ListUserProficiencies, ListUsers, SearchQuickConnects,
    SearchUserHierarchyGroups, SearchUsers, TagResource, UntagResource, UpdateUserConfig,
    UpdateUserHierarchy, UpdateUserHierarchyGroupName, UpdateUserHierarchyStructure, UpdateUserIdentityInfo,
    UpdateUserPhoneConfig, UpdateUserProficiencies, UpdateUserRoutingProfile, UpdateUserSecurityProfiles,
};

/// Method, path and operation; `{I}` is an instance id, `{X}` the id of something in it, or an ARN.
const ROUTES: [(&str, &str, Operation); 31] = [
    ("PUT", "/users/{I}", CreateUser),
    ("GET", "/users/{I}/{X}", DescribeUser),
    ("GET", "/users-summary/{I}", ListUsers),
    ("POST", "/search-users", SearchUsers),
    ("POST", "/users/{I}/{X}/routing-profile", UpdateUserRoutingProfile),
    ("POST", "/users/{I}/{X}/hierarchy", UpdateUserHierarchy),
    ("POST", "/users/{I}/{X}/phone-config", UpdateUserPhoneConfig),
    ("POST", "/users/{I}/{X}/config", UpdateUserConfig),
    ("POST", "/users/{I}/{X}/identity-info", UpdateUserIdentityInfo),
    ("POST", "/users/{I}/{X}/security-profiles", UpdateUserSecurityProfiles),
    ("DELETE", "/users/{I}/{X}", DeleteUser),
    ("POST", "/users/{I}/{X}/associate-proficiencies", AssociateUserProficiencies),
    ("POST", "/users/{I}/{X}/proficiencies", UpdateUserProficiencies),
    ("POST", "/users/{I}/{X}/disassociate-proficiencies", DisassociateUserProficiencies),
    ("GET", "/users/{I}/{X}/proficiencies", ListUserProficiencies),
    ("POST", "/tags/{X}", TagResource),
    ("DELETE", "/tags/{X}", UntagResource),
    ("GET", "/security-profiles-summary/{I}", ListSecurityProfiles),
    ("GET", "/routing-profiles-summary/{I}", ListRoutingProfiles),
    ("GET", "/user-hierarchy-structure/{I}", DescribeUserHierarchyStructure),
    ("POST", "/user-hierarchy-structure/{I}", UpdateUserHierarchyStructure),
    ("GET", "/user-hierarchy-groups-summary/{I}", ListUserHierarchyGroups),
    ("GET", "/user-hierarchy-groups/{I}/{X}", DescribeUserHierarchyGroup),
    ("PUT", "/user-hierarchy-groups/{I}", CreateUserHierarchyGroup),
    ("DELETE", "/user-hierarchy-groups/{I}/{X}", DeleteUserHierarchyGroup),
    ("POST", "/user-hierarchy-groups/{I}/{X}/name", UpdateUserHierarchyGroupName),
    ("POST", "/search-user-hierarchy-groups", SearchUserHierarchyGroups),
    ("GET", "/user/federate/{I}", GetFederationToken),
    ("GET", "/instance/{I}", DescribeInstance),
    ("POST", "/auth/sessions/delete-all-entity-sessions", DeleteAllEntitySessions),
    ("POST", "/search-quick-connects", SearchQuickConnects),
];

/// An operation with the ids of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    /// Empty for searches, which name it in their body, and for tags, whose path is an ARN.
    pub(super) instance_id: String,
    /// User, group or ARN; empty when the path names none.
    pub(super) id: String,
}

/// The operation this request names.
pub(super) fn route(method: &str, path: &str) -> Option<Route> {
    ROUTES.iter().filter(|(wanted, _, _)| *wanted == method).find_map(|(_, pattern, operation)| {
        let mut route = Route { operation: *operation, instance_id: String::new(), id: String::new() };
        let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), found.next()) {
                (None, None) => return Some(route),
                (Some("{I}"), Some(segment)) => route.instance_id = percent_decode_text(segment)?,
                (Some("{X}"), Some(segment)) => route.id = percent_decode_text(segment)?,
                (Some(wanted), Some(segment)) if wanted == segment => {}
                _ => return None,
            }
        }
    })
}

impl Operation {
    /// Name on the wire.
    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Last parts of the ARNs that IAM authorises: kind and id of what is touched, and of what it is given; empty for
    /// the instance itself.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html>
    pub(super) fn resources(self, id: &str, user_id: &str, body: &[u8]) -> Vec<String> {
        let touched = self.resource(id, user_id).unwrap_or_default();
        let given: &[(&str, &str)] = match self {
            CreateUser => &[
                ("SecurityProfileIds", "security-profile"),
                ("RoutingProfileId", "routing-profile"),
                ("HierarchyGroupId", "agent-group"),
            ],
            UpdateUserSecurityProfiles => &[("SecurityProfileIds", "security-profile")],
            UpdateUserRoutingProfile => &[("RoutingProfileId", "routing-profile")],
            UpdateUserHierarchy => &[("HierarchyGroupId", "agent-group")],
            _ => &[],
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let ids = |member: &str| match body.get(member) {
            Some(Value::Array(ids)) => ids.clone(),
            other => other.cloned().into_iter().collect(),
        };
        let parts = given.iter().flat_map(|(member, kind)| {
            let ids = ids(member).into_iter();
            ids.filter_map(move |id| Some(format!("{kind}/{}", id.as_str()?))).collect::<Vec<_>>()
        });
        std::iter::once(touched).chain(parts).collect()
    }

    /// Of what is touched itself.
    fn resource(self, id: &str, user_id: &str) -> Option<String> {
        match self {
            GetFederationToken => Some(format!("user/{user_id}")),
            CreateUser => Some("agent/*".to_owned()),
            CreateUserHierarchyGroup => Some("agent-group/*".to_owned()),
            DescribeUser
            | DeleteUser
            | AssociateUserProficiencies
            | DisassociateUserProficiencies
            | ListUserProficiencies
            | TagResource
            | UntagResource
            | UpdateUserConfig
            | UpdateUserHierarchy
            | UpdateUserIdentityInfo
            | UpdateUserPhoneConfig
            | UpdateUserProficiencies
            | UpdateUserRoutingProfile
            | UpdateUserSecurityProfiles => Some(format!("agent/{id}")),
            DescribeUserHierarchyGroup | DeleteUserHierarchyGroup | UpdateUserHierarchyGroupName => {
                Some(format!("agent-group/{id}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parameters_are_decoded() {
        let route = route("GET", "/users/i-1/a%2Fb%20c").expect("a route");
        assert_eq!((route.instance_id.as_str(), route.id.as_str()), ("i-1", "a/b c"));
    }

    #[test]
    fn the_method_is_part_of_the_route() {
        assert!(route("POST", "/users/i-1").is_none());
        assert_eq!(route("PUT", "/users/i-1").map(|route| route.operation), Some(CreateUser));
    }
}
