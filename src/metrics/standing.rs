//! How things stand at the moment monitoring asks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use crate::model::{IdpName, InstanceName};

/// How things stand now, from the rooms that know.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Sessions that have not ended; `None`: the store can't tell.
    pub sessions: Option<usize>,
    /// Federation tokens that are kept, by instance.
    pub tokens: Vec<(InstanceName, usize)>,
    /// Instances, and whether AWS says that people can be signed in there.
    pub usable: Vec<(InstanceName, bool)>,
    /// Identity providers' metadata.
    pub idps: Vec<IdpStanding>,
    /// Certificates of ours, and the use of each: `signing` or `encryption`.
    pub certificates: Vec<(&'static str, OffsetDateTime)>,
}

/// What is known of one identity provider's metadata.
#[derive(Debug, Clone)]
pub struct IdpStanding {
    /// Its name.
    pub idp: IdpName,
    /// Whether there is any.
    pub has_metadata: bool,
    /// When it was last read from its URL, or found unchanged; `None`: never, or it is a file's.
    pub read_at: Option<OffsetDateTime>,
    /// Until when it may be used, when it says so.
    pub valid_until: Option<OffsetDateTime>,
    /// When the last of its signing certificates ends, when that is known.
    pub keys_end: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Idp {
    idp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Instance {
    instance: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Certificate {
    owner: String,
    r#use: &'static str,
}

/// The gauges.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    sessions: Gauge,
    tokens: Family<Instance, Gauge>,
    usable: Family<Instance, Gauge>,
    read_at: Family<Idp, Gauge>,
    valid_until: Family<Idp, Gauge>,
    certificates: Family<Certificate, Gauge>,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("sessions_open", "Sessions that have not ended", self.sessions.clone());
        registry.register("tokens_cached", "Federation tokens that are kept", self.tokens.clone());
        registry.register(
            "instance_usable",
            "0: AWS says that nobody can be signed in as the instance is configured",
            self.usable.clone(),
        );
        registry.register(
            "idp_metadata_last_success_timestamp_seconds",
            "When the identity provider's metadata was last read from its URL, or found unchanged",
            self.read_at.clone(),
        );
        registry.register(
            "idp_metadata_valid_until_timestamp_seconds",
            "Until when it may be used, where it says so",
            self.valid_until.clone(),
        );
        registry.register(
            "certificate_not_after_timestamp_seconds",
            "When a certificate ends: ours (owner self), or an identity provider's last one",
            self.certificates.clone(),
        );
    }

    pub(super) fn set(&self, standing: &Standing) {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.sessions.set(standing.sessions.map_or(-1, whole));
        for (instance, count) in &standing.tokens {
            self.tokens.get_or_create(&Instance { instance: instance.to_string() }).set(whole(*count));
        }
        for (instance, usable) in &standing.usable {
            let instance = Instance { instance: instance.to_string() };
            self.usable.get_or_create(&instance).set((*usable).into());
        }
        self.certificates.clear();
        for (r#use, end) in &standing.certificates {
            self.ends("self", r#use, *end);
        }
        standing.idps.iter().for_each(|idp| self.set_idp(idp));
    }

    fn set_idp(&self, standing: &IdpStanding) {
        let idp = Idp { idp: standing.idp.to_string() };
        let read_at = standing.read_at.map_or(0, OffsetDateTime::unix_timestamp);
        // A file's is read at start, and never late.
        if read_at > 0 || !standing.has_metadata {
            self.read_at.get_or_create(&idp).set(read_at);
        }
        match standing.valid_until {
            Some(until) => _ = self.valid_until.get_or_create(&idp).set(until.unix_timestamp()),
            None => _ = self.valid_until.remove(&idp),
        }
        if let Some(end) = standing.keys_end {
            self.ends(standing.idp.as_str(), "signing", end);
        }
    }

    /// Of several certificates of one use the one that ends first.
    fn ends(&self, owner: &str, r#use: &'static str, end: OffsetDateTime) {
        let certificate = Certificate { owner: owner.to_owned(), r#use };
        let gauge = self.certificates.get_or_create_owned(&certificate);
        let (known, end) = (gauge.get(), end.unix_timestamp());
        gauge.set(if known == 0 { end } else { known.min(end) });
    }
}
