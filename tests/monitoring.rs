//! What is shipped for monitoring speaks of numbers that there are, and every number and alert is explained.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use connect_gateway::budget::{ProcessBudget, Rate, Rates};
use connect_gateway::metrics::{IdpStanding, Metrics, Standing};
use connect_gateway::model::{
    Call, CallBudget as _, CallObserver as _, Denial, IdpName, InstanceName, Patience, Placed, RoundTrip,
    RuleOutcome, RulesState, SignInObserver, StateObserver as _, Trace, TraceEntry, code,
};
use serde_json::Value;
use time::OffsetDateTime;

const ALERTS: &str = include_str!("../deploy/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../deploy/grafana/dashboard.json");
const METRICS: &str = include_str!("../docs/metrics.md");
const RUNBOOKS: &str = include_str!("../docs/runbooks.md");

/// Numbers of a gateway that has seen everything once.
async fn metrics() -> Metrics {
    let (idp, instance, moment) =
        (IdpName::new("okta"), InstanceName::new("prod"), OffsetDateTime::UNIX_EPOCH);
    let rate = Rate { per_second: 1.0, burst: 9 };
    let budget = ProcessBudget::new(Rates { connect: rate, sts: rate, operations: BTreeMap::new() });
    let call = Call { account: "1".to_owned(), region: "eu-west-2".to_owned(), operation: "DescribeUser" };
    budget.admit(&call, Patience::lasting(Duration::ZERO)).await.unwrap();
    let metrics = Metrics::new([&idp], [&instance], moment).looking_at(Arc::new(budget));
    metrics.sign_in(Some(&idp), Some(&instance), None);
    metrics.answered(("GET", "/"), 200, Duration::ZERO);
    metrics.rate_limited("address");
    metrics.calls().called(&call, "throttled", Duration::ZERO);
    metrics.store().round_trip("take", Duration::ZERO, RoundTrip::Answered);
    SignInObserver::answered(&metrics, &idp, Ok(time::Duration::ZERO));
    let trace = Trace(vec![TraceEntry::new("agents", RuleOutcome::Hit, "")]);
    let denial = Denial { code: &code::MAPPING_DENIED, rule: None, message: None, detail: String::new() };
    metrics.placed(&idp, &Placed { outcome: Err(denial), trace });
    metrics
}

/// Every number, and its type.
async fn numbers() -> BTreeMap<String, String> {
    let (idp, instance, moment) =
        (IdpName::new("okta"), InstanceName::new("prod"), OffsetDateTime::UNIX_EPOCH);
    let ends = Some(moment);
    let standing = Standing {
        sessions: None,
        tokens: vec![(instance.clone(), 1)],
        usable: vec![(instance, true)],
        idps: vec![IdpStanding {
            idp,
            has_metadata: false,
            read_at: None,
            valid_until: ends,
            keys_end: ends,
        }],
        certificates: Vec::new(),
    };
    let text = metrics().await.render(&RulesState::default(), &standing).unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|line| line.split_once(' ')).map(|(name, kind)| (name.into(), kind.into())).collect()
}

/// The names of numbers in an expression.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("connect_gateway_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

/// Whether an expression may ask for it.
fn is_there(numbers: &BTreeMap<String, String>, name: &str) -> bool {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|end| name.strip_suffix(end));
    numbers.get(name).is_some_and(|kind| kind != "histogram")
        || of_histogram.into_iter().any(|name| numbers.get(name).is_some_and(|kind| kind == "histogram"))
}

/// The alerts: name, expression, runbook. Each has them on a line of its own.
fn alerts() -> Vec<(&'static str, &'static str, &'static str)> {
    let value = |alert: &'static str, key: &str| {
        let line = alert.lines().find_map(|line| line.trim_start().strip_prefix(key));
        line.unwrap_or_else(|| panic!("no {key} in {alert}")).trim()
    };
    let alerts = ALERTS.split("- alert:").skip(1);
    alerts
        .map(|alert| (alert.lines().next().unwrap().trim(), value(alert, "expr:"), value(alert, "runbook:")))
        .collect()
}

#[tokio::test]
async fn every_alert_asks_for_numbers_that_there_are_and_has_a_runbook() {
    let (numbers, alerts) = (numbers().await, alerts());
    assert!(alerts.len() >= 20, "{alerts:?}");
    for (name, expression, runbook) in &alerts {
        let asked = named(expression);
        assert!(!asked.is_empty(), "{name} asks for nothing");
        for number in asked {
            assert!(is_there(&numbers, &number), "{name} asks for {number}");
        }
        assert_eq!(*runbook, format!("docs/runbooks.md#{}", name.to_lowercase()));
        assert!(RUNBOOKS.contains(&format!("\n## {name}\n")), "{name} has no runbook");
        assert!(METRICS.contains(&format!("[{name}](runbooks.md#{})", name.to_lowercase())), "{name}");
    }
    let explained = RUNBOOKS.lines().filter_map(|line| line.strip_prefix("## "));
    for name in explained {
        assert!(alerts.iter().any(|(alert, ..)| *alert == name), "{name} is no alert");
    }
}

#[tokio::test]
async fn every_number_is_on_the_page_with_its_type_and_no_other() {
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeMap<String, String> = rows
        .filter(|row| row.starts_with("connect_gateway_") || row.starts_with("process_"))
        .filter_map(|row| row.split_once("` | "))
        .map(|(name, rest)| (name.to_owned(), rest.split(" |").next().unwrap().to_owned()))
        .collect();
    let there = numbers().await.into_iter().map(|(name, kind)| {
        // Prometheus has no type for what only informs.
        let kind = if kind == "info" { "gauge".to_owned() } else { kind };
        (name, kind)
    });
    assert_eq!(documented, there.collect());
}

#[tokio::test]
async fn the_dashboard_has_the_parts_that_grafana_needs_and_asks_for_numbers_that_there_are() {
    let numbers = numbers().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for part in ["uid", "title", "schemaVersion", "time", "templating", "panels"] {
        assert!(!dashboard[part].is_null(), "{part}");
    }
    let variable = &dashboard["templating"]["list"][0];
    assert_eq!((&variable["name"], &variable["type"]), (&"datasource".into(), &"datasource".into()));
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{panel}");
        assert!(["stat", "timeseries"].contains(&panel["type"].as_str().unwrap()));
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        let at = |part: &str| panel["gridPos"][part].as_u64().expect("a place");
        assert!(at("x") + at("w") <= 24 && at("h") > 0, "{panel}");
        for (x, y) in
            (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
        {
            assert!(taken.insert((x, y)), "two panels at {x}, {y}: {panel}");
        }
        for target in panel["targets"].as_array().expect("what is asked") {
            let expression = target["expr"].as_str().expect("an expression");
            let asked = named(expression);
            assert!(!asked.is_empty() && asked.iter().all(|name| is_there(&numbers, name)), "{expression}");
        }
    }
    assert!(panels.len() >= 15);
}
