//! What placing one person costs, in milliseconds: 100 rules, 200 groups.
//!
//! `cargo bench --bench mapping`. Without `--bench` (as `cargo test --bench mapping` runs it) it only shows that it works.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use connect_gateway::mapping::{
    Config, Known, LookupConfig, NamesConfig, RuleConfig, Rules, SetConfig, person, place,
};
use connect_gateway::model::{Attributes, IdpName, InstanceName};

const RULES: usize = 100;
const GROUPS: usize = 200;

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 200 } else { 2 };
    let compare =
        |index: usize| RuleConfig { groups: Some(vec![format!("team-{index:03}")]), ..agent(index) };
    let like =
        |index: usize| RuleConfig { groups_glob: Some(vec![format!("team-{index:03}-*")]), ..agent(index) };
    let scan = |index: usize| RuleConfig {
        when: Some(format!("groups.exists(g, g.startsWith('team-{index:03}') && g.endsWith('-leads'))")),
        ..agent(index)
    };
    println!("{RULES} rules, {GROUPS} groups, one person; none of the groups hits before the last rule");
    let table = measured("rules that compare groups", rounds, (0..RULES).map(compare).collect());
    measured("rules with group patterns", rounds, (0..RULES).map(like).collect());
    measured("one table of 100 rows", rounds, vec![lookup()]);
    let scanned = measured(
        "rules with an expression that scans every group",
        rounds.div_ceil(10),
        (0..RULES).map(scan).collect(),
    );
    println!("expressions cost {:.0} times what comparing costs", scanned / table);
}

fn agent(index: usize) -> RuleConfig {
    let set = SetConfig { security_profiles: vec!["Agent".into()], ..SetConfig::default() };
    RuleConfig { name: format!("rule {index}"), set: Some(set), ..RuleConfig::default() }
}

fn lookup() -> RuleConfig {
    let rows: Vec<String> = (0..RULES).map(|index| format!("team-{index:03},Agent")).collect();
    let lookup = LookupConfig {
        file: "teams.csv".to_owned(),
        text: format!("group,security_profiles\n{}\n", rows.join("\n")),
    };
    RuleConfig { set: None, lookup: Some(lookup), ..agent(0) }
}

/// Median milliseconds of placing one person.
fn measured(what: &str, rounds: usize, rules: Vec<RuleConfig>) -> f64 {
    let known =
        Known { idps: BTreeMap::from([(IdpName::new("idp"), NamesConfig::default())]), ..Known::default() };
    let rules = Rules::new(&Config { rules, ..Config::default() }, &known).unwrap();
    let groups: Vec<String> =
        (0..GROUPS).map(|index| format!("other-{index:03}")).chain(["team-099".to_owned()]).collect();
    let attributes = Attributes::from([("groups".to_owned(), groups)]);
    let person = person(IdpName::new("idp"), Some("ana@acme.test".to_owned()), attributes);
    let instance = InstanceName::new("prod");
    let mut times: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            black_box(place(&person, &instance, &rules)).trace.0.len();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    println!("{what:<50} {median:>8.3} ms");
    median
}
