//! What placing one person costs, in milliseconds: 100 rules, 200 groups; and the worst expressions that are accepted.
//!
//! `cargo bench --bench mapping`. Without `--bench` (as `cargo test --bench mapping` runs it) it only shows that it works.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use connect_gateway::mapping::{
    Config, Known, LookupConfig, NamesConfig, RuleConfig, Rules, SetConfig, person, place,
};
use connect_gateway::model::{Attributes, Identity, IdpName, InstanceName, Problem};

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
    println!();
    println!(
        "The most that one expression may cost: each as often as is accepted, for the largest people let in"
    );
    let worst = HEAVY.iter().map(|part| worst(part, rounds.div_ceil(40))).fold(0.0, f64::max);
    println!("{:<72} {worst:>8.1} ms", "the worst");
}

/// Parts that cost much, each false for everybody measured.
const HEAVY: &[&str] = &[
    "groups.exists(g, g.split('-').exists(p, p == 'x'))",
    "groups.exists(g, g.split('').size() < 0)",
    "groups.join('').split('').exists(p, p == 'x')",
    "groups.exists(g, g in groups && false)",
    "groups.exists(g, groups == [g])",
    "groups.exists(g, groups.size() == 1)",
    "groups.exists(g, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].exists(p, g.contains(p + 'x')))",
    "groups.exists(g, g in ['a0', 'b0', 'c0', 'd0', 'e0', 'f0', 'g0', 'h0', 'i0', 'j0', 'k0'])",
    "groups.exists(g, !!!!!!!!(g == 'x'))",
    "groups.distinct().size() < 0",
    "groups.sort().size() < 0",
    "groups.map(g, [g, g, g, g, g, g, g, g]).flatten().size() < 0",
    "groups.map(g, [g, g, g, g, g, g, g, g]).flatten().sort().size() < 0",
    "groups.map(g, [g, g]).flatten().distinct().size() < 0",
    "groups.join('').split('').sort().size() < 0",
    "groups.join('').indexOf('aaaaaaaaaaaaaaab') > 0",
    "groups.join('').lastIndexOf('baaaaaaaaaaaaaaa') > 0",
    "groups.join('').reverse().substring(0).indexOf('xy') > 0 && groups.join('').substring(0) == 'x'",
    "groups.join('').replace('', 'aaaa').contains('aaaab')",
    "groups.exists(g, g.replace('a', 'bb').replace('b', 'aa') == 'x')",
    "groups.exists(g, g.upperAscii().lowerAscii().trim() == 'x')",
    "groups.map(g, {g: g}).exists(m, m == {'x': 'x'})",
    "(has(attrs.other) && groups.exists(g, attrs.other[0] + 'x' == g + 'x'))",
    "(has(attrs.other) && groups.exists(g, attrs.other.size() == 1))",
    "(groups.size() > 50 && groups.exists(g, g[0] == 'x' && false))",
    "(groups.size() > 50 && groups.exists(g, attrs.nothing[0] == 'x' && false))",
    "(groups.size() > 50 && groups.exists(g, (g.split('-') + 1).size() == 1 && false))",
    "attrs.exists(name, name == 'x')",
    "attrs.?other.orValue([]).exists(o, o == 'x')",
    "[1, 2, 3, 4, 5].exists(n, groups.exists(g, g == 'x'))",
];

/// Milliseconds of as much of `part` as one expression may hold, for the person who takes longest.
fn worst(part: &str, rounds: usize) -> f64 {
    let expression = |count: usize| tree(part, count);
    let rules = |count: usize| compiled(vec![RuleConfig { when: Some(expression(count)), ..agent(0) }]);
    let mut most = 0;
    while rules(most + 1).is_ok() {
        most += 1;
    }
    if most == 0 {
        println!("{part:<72}  refused");
        return 0.0;
    }
    let rules = rules(most).unwrap();
    let time = people().iter().map(|person| times(person, &rules, rounds)[0]).fold(0.0, f64::max);
    println!("{:<72} {time:>8.1} ms", format!("{most} x {part}").chars().take(72).collect::<String>());
    time
}

/// So many times `part`, joined so that it is not nested deeply.
fn tree(part: &str, count: usize) -> String {
    if count == 1 {
        part.to_owned()
    } else {
        format!("({}||{})", tree(part, count / 2), tree(part, count - count / 2))
    }
}

/// As large as people may be, with texts of different kinds.
fn people() -> Vec<Identity> {
    let person_with = |groups: Vec<String>, others: Vec<String>| {
        let attributes = Attributes::from([("groups".to_owned(), groups), ("other".to_owned(), others)]);
        person(IdpName::new("idp"), Some("ana@acme.test".to_owned()), attributes)
    };
    let texts = |letters: &str, count: usize, length: usize| -> Vec<String> {
        (0..count).map(|index| format!("{}{index:04}", letters.repeat(length / letters.len()))).collect()
    };
    let mut people: Vec<Identity> = ["-", "a", "-a", "é"]
        .iter()
        .map(|letters| person_with(texts(letters, 1000, 124), Vec::new()))
        .collect();
    people.push(person_with(texts("a", 1000, 60), texts("b", 1000, 60)));
    people.push(person_with(texts("a", 1000, 8), vec!["b".repeat(110_000)]));
    people.push(person_with(vec!["-".repeat(130_000)], Vec::new()));
    people
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
    let rules = compiled(rules).unwrap();
    let groups: Vec<String> =
        (0..GROUPS).map(|index| format!("other-{index:03}")).chain(["team-099".to_owned()]).collect();
    let attributes = Attributes::from([("groups".to_owned(), groups)]);
    let person = person(IdpName::new("idp"), Some("ana@acme.test".to_owned()), attributes);
    let median = median(&person, &rules, rounds);
    println!("{what:<50} {median:>8.3} ms");
    median
}

fn compiled(rules: Vec<RuleConfig>) -> Result<Rules, Vec<Problem>> {
    let known =
        Known { idps: BTreeMap::from([(IdpName::new("idp"), NamesConfig::default())]), ..Known::default() };
    Rules::new(&Config { rules, ..Config::default() }, &known)
}

fn median(person: &Identity, rules: &Rules, rounds: usize) -> f64 {
    let times = times(person, rules, rounds);
    times[times.len() / 2]
}

/// Milliseconds of each round, the shortest first.
fn times(person: &Identity, rules: &Rules, rounds: usize) -> Vec<f64> {
    let instance = InstanceName::new("prod");
    let mut times: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            black_box(place(person, &instance, rules)).trace.0.len();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}
