//! What AWS says about an instance: whether anybody can be federated into it as it is configured.

use aws_sdk_connect::operation::describe_instance::DescribeInstanceOutput;
use aws_sdk_connect::types::{
    DirectoryType, InstanceReplicationStatus, InstanceStatus, ReplicationConfiguration,
};
use url::Url;

/// Below these an instance's host begins with its alias.
const ALIAS_DOMAINS: [&str; 3] = ["my.connect.aws", "awsapps.com", "govcloud.connect.aws"];

/// An instance as `DescribeInstance` tells it.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstance.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceReport {
    /// `InstanceAlias`.
    pub alias: Option<String>,
    /// `InstanceAccessUrl`: what an instance's `url` in the configuration should be.
    pub access_url: Option<String>,
    /// `IdentityManagementType`: must be `SAML`.
    pub identity_management: Option<String>,
    /// `InstanceStatus`: must be `ACTIVE`.
    pub status: Option<String>,
    /// Whether it has, or is, a replica in another Region (Global Resiliency).
    pub is_replicated: bool,
}

impl InstanceReport {
    pub(super) fn of(answer: DescribeInstanceOutput) -> Self {
        let is_replicated = answer.replication_configuration.as_ref().is_some_and(is_replicated);
        let Some(instance) = answer.instance else { return Self { is_replicated, ..Self::default() } };
        Self {
            alias: instance.instance_alias,
            access_url: instance.instance_access_url,
            identity_management: instance.identity_management_type.map(|kind| kind.as_str().to_owned()),
            status: instance.instance_status.map(|status| status.as_str().to_owned()),
            is_replicated,
        }
    }

    /// What keeps people from being federated into this instance at `url`, in words for its administrator.
    #[must_use]
    pub fn contradictions(&self, url: &Url) -> Vec<String> {
        let other = self.expected().into_iter().filter_map(|(what, found, wanted, known)| {
            let found = found.filter(|found| *found != wanted && known.contains(found))?;
            Some(format!("the instance's {what} is {found}, but must be {wanted}"))
        });
        let replicated = self.is_replicated.then(|| {
            "the instance has a replica in another Region (Amazon Connect Global Resiliency), whose sign-in is another \
             one, and which the gateway does not support"
                .to_owned()
        });
        other.chain(replicated).chain(self.other_address(url)).collect()
    }

    /// What nobody can judge by, in words: AWS did not say it, or with a word that was unknown when this was written.
    #[must_use]
    pub fn unclear(&self) -> Vec<String> {
        let judged = self.expected().into_iter().filter_map(|(what, found, _, known)| match found {
            None => Some(format!("AWS does not say the instance's {what}")),
            Some(word) if !known.contains(&word) => {
                Some(format!("AWS says that the instance's {what} is {word}, a word that is not known here"))
            }
            Some(_) => None,
        });
        let address = self.alias.as_ref().or(self.access_url.as_ref());
        let nowhere =
            address.is_none().then(|| "AWS does not say the instance's alias and access URL".to_owned());
        judged.chain(nowhere).collect()
    }

    /// What is said in one word: what it is, the word, the one that it must be, and those that are known.
    fn expected(&self) -> [(&'static str, Option<&str>, &'static str, &'static [&'static str]); 2] {
        let (kind, status) = (self.identity_management.as_deref(), self.status.as_deref());
        [
            ("identity management type", kind, "SAML", DirectoryType::values()),
            ("status", status, "ACTIVE", InstanceStatus::values()),
        ]
    }

    /// Tokens would be posted to another instance, or to nobody.
    fn other_address(&self, url: &Url) -> Option<String> {
        let own = self.access_url.as_deref().and_then(|own| Url::parse(own).ok());
        let alias = self.alias.as_deref().filter(|alias| !alias.is_empty());
        let is_own = own.as_ref().is_some_and(|own| own.origin() == url.origin());
        let has_alias = alias.is_some_and(|alias| is_alias_host(url, alias));
        if is_own || has_alias || (own.is_none() && alias.is_none()) {
            return None;
        }
        let told =
            [own.map(|own| format!("is at {own}")), alias.map(|alias| format!("has the alias {alias}"))];
        let told: Vec<String> = told.into_iter().flatten().collect();
        Some(format!("the configured url is {url}, but the instance {}", told.join(" and ")))
    }
}

fn is_alias_host(url: &Url, alias: &str) -> bool {
    url.domain()
        .and_then(|host| host.split_once('.'))
        .is_some_and(|(label, domain)| label.eq_ignore_ascii_case(alias) && ALIAS_DOMAINS.contains(&domain))
}

/// A replication that failed or is being taken back is none.
fn is_replicated(configuration: &ReplicationConfiguration) -> bool {
    use InstanceReplicationStatus::{
        InstanceReplicationComplete, InstanceReplicationInProgress, ResourceReplicationNotStarted,
    };
    let there = [InstanceReplicationComplete, InstanceReplicationInProgress, ResourceReplicationNotStarted];
    configuration.global_sign_in_endpoint.is_some()
        || configuration
            .replication_status_summary_list()
            .iter()
            .filter_map(|summary| summary.replication_status.as_ref())
            .any(|status| there.contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(alias: &str, access_url: &str) -> InstanceReport {
        InstanceReport {
            alias: Some(alias.to_owned()),
            access_url: Some(access_url.to_owned()),
            identity_management: Some("SAML".to_owned()),
            status: Some("ACTIVE".to_owned()),
            is_replicated: false,
        }
    }

    fn told(report: &InstanceReport, url: &str) -> String {
        report.contradictions(&Url::parse(url).unwrap()).join("; ")
    }

    #[test]
    fn every_address_that_is_the_instances_own_is_accepted() {
        let acme = report("acme", "https://acme.my.connect.aws");
        for own in [
            "https://acme.my.connect.aws",
            "https://ACME.my.connect.aws/",
            "https://acme.awsapps.com/connect",
            "https://acme.govcloud.connect.aws",
        ] {
            assert_eq!(told(&acme, own), "", "{own}");
        }
        assert_eq!(told(&report("", "http://127.0.0.1:1/x"), "http://127.0.0.1:1"), "");
        assert_eq!(told(&InstanceReport::default(), "https://acme.my.connect.aws"), "");
    }

    #[test]
    fn another_instances_address_is_told() {
        let acme = report("acme", "https://acme.my.connect.aws");
        for other in ["https://acmee.my.connect.aws", "https://acme.example.com", "https://my.connect.aws"] {
            assert!(told(&acme, other).contains("has the alias acme"), "{other}");
        }
    }

    #[test]
    fn a_word_that_is_not_known_keeps_nobody_out() {
        let new = InstanceReport {
            identity_management: Some("SAML_AND_MORE".to_owned()),
            status: Some("MAINTENANCE".to_owned()),
            ..report("acme", "https://acme.my.connect.aws")
        };
        assert_eq!(told(&new, "https://acme.my.connect.aws"), "");
        let unclear = new.unclear().join("; ");
        assert!(unclear.contains("SAML_AND_MORE") && unclear.contains("MAINTENANCE"), "{unclear}");
    }

    #[test]
    fn what_keeps_people_out_is_told_all_at_once() {
        let report = InstanceReport {
            identity_management: Some("CONNECT_MANAGED".to_owned()),
            status: Some("CREATION_FAILED".to_owned()),
            is_replicated: true,
            ..report("acme", "https://acme.my.connect.aws")
        };
        let told = told(&report, "https://acme.my.connect.aws");
        for word in ["CONNECT_MANAGED", "CREATION_FAILED", "Global Resiliency"] {
            assert!(told.contains(word), "{told}");
        }
        assert_eq!(report.unclear(), [""; 0]);
        assert_eq!(InstanceReport::default().unclear().len(), 3);
    }
}
