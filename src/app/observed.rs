//! Who counts what happens, and what may be told of a person.

use std::sync::Arc;

use crate::budget::ProcessBudget;
use crate::config::{Config, PersonalDataPolicy};
use crate::metrics::Metrics;
use crate::model::{Clock, Pace, PersonalData, Random, SignInObserver, SystemRandom, Unobserved};

/// Who counts, and what may be told.
pub(super) struct Observed {
    pub(super) pace: Pace,
    pub(super) observer: Arc<dyn SignInObserver>,
    pub(super) personal: PersonalData,
}

impl Observed {
    /// For commands, which end with what they print.
    pub(super) fn by_nobody(config: &Config) -> Self {
        let budget = Arc::new(ProcessBudget::new(config.rates.clone()));
        let (pace, observer) = (Pace::new(budget, Arc::new(SystemRandom)), Arc::new(Unobserved));
        Self { pace, observer, personal: PersonalData::dropped() }
    }
}

pub(super) fn personal_data(policy: &PersonalDataPolicy, random: &dyn Random) -> PersonalData {
    match policy {
        PersonalDataPolicy::Drop => PersonalData::dropped(),
        PersonalDataPolicy::Plain => PersonalData::plain(),
        PersonalDataPolicy::Hash(Some(key)) => PersonalData::hashed(key.clone()),
        PersonalDataPolicy::Hash(None) => PersonalData::hashed_until_the_end(random),
    }
}

pub(super) fn metrics(config: &Config, clock: &dyn Clock) -> Metrics {
    let idps = config.idp_choices.iter().map(|idp| &idp.name);
    let instances = config.instances.iter().map(|instance| &instance.connect.instance);
    Metrics::new(idps, instances, clock.now()).one_of(config.state.replicas)
}
