use super::*;
use crate::model::{Problem, code};

fn metrics() -> Metrics {
    let now = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_700_000_000);
    Metrics::new(&[IdpName::new("okta")], &[InstanceName::new("prod")], now)
}

fn rendered(metrics: &Metrics) -> String {
    metrics.render(&RulesState::default(), &Standing::default()).unwrap()
}

#[test]
fn everything_has_a_help_a_type_and_a_value_from_the_start() {
    let text = rendered(&metrics());
    let version = format!("connect_gateway_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"));
    for line in [
        version.as_str(),
        "# TYPE connect_gateway_rules_current gauge\n",
        "connect_gateway_rules_current 1\n",
        "connect_gateway_rules_loaded_timestamp_seconds 1700000000\n",
        "# TYPE connect_gateway_rules_reloads_total counter\n",
        "connect_gateway_rules_reloads_total{result=\"kept\"} 0\n",
        "connect_gateway_rules_reloads_total{result=\"replaced\"} 0\n",
        "connect_gateway_restart_needed 0\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_file_that_can_not_be_used_and_one_that_waits_for_a_restart_are_seen() {
    let metrics = metrics();
    metrics.rules_kept();
    metrics.rules_replaced(OffsetDateTime::UNIX_EPOCH);
    let state = RulesState { problems: vec![Problem::new("mapping", "is wrong")], needs_restart: true };
    let text = metrics.render(&state, &Standing::default()).unwrap();
    for line in ["rules_current 0\n", "restart_needed 1\n", "timestamp_seconds 0\n", "{result=\"kept\"} 1\n"]
    {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("is wrong"), "{text}");
    assert!(rendered(&metrics).contains("rules_current 1\n"));
}

#[test]
fn names_that_nobody_configured_are_one_series_however_many_there_are() {
    let metrics = metrics();
    let (okta, prod) = (IdpName::new("okta"), InstanceName::new("prod"));
    metrics.sign_in(Some(&okta), Some(&prod), None);
    metrics.sign_in(Some(&okta), Some(&prod), None);
    metrics.sign_in(None, None, Some(&code::SIGN_IN_NOT_PENDING));
    for number in 0..1000 {
        let (idp, instance) =
            (IdpName::new(format!("evil{number}")), InstanceName::new(format!("x\"}} {number}")));
        metrics.sign_in(Some(&idp), Some(&instance), Some(&code::MAPPING_DENIED));
    }
    let text = rendered(&metrics);
    let mut series: Vec<&str> =
        text.lines().filter(|l| l.starts_with("connect_gateway_sign_ins_total{")).collect();
    series.sort_unstable();
    assert_eq!(
        series,
        [
            "connect_gateway_sign_ins_total{idp=\"none\",instance=\"none\",result=\"sign_in.not_pending\"} 1",
            "connect_gateway_sign_ins_total{idp=\"okta\",instance=\"prod\",result=\"let_in\"} 2",
            "connect_gateway_sign_ins_total{idp=\"other\",instance=\"other\",result=\"mapping.denied\"} 1000",
        ]
    );
}

#[test]
fn two_gateways_in_one_process_count_for_themselves() {
    let (one, other) = (metrics(), metrics());
    one.sign_in(None, None, None);
    assert!(rendered(&one).contains("sign_ins_total{") && !rendered(&other).contains("sign_ins_total{"));
}
