//! What an expression may cost, and what it may compare.

use crate::model::code;

use super::expression_tests::{config, rules, when};
use super::load_tests::{problem, problems};
use super::tests::{ana, denied, identity, place, profiles, rule, texts};
use super::{
    Admins, CheckConfig, Known, MAX_TEXT, MAX_VALUES, MAX_VALUES_IN_ALL, RuleConfig, SetConfig, ValueConfig,
};

/// `expression` is refused, for `message`, with a caret below its column.
fn refused(expression: &str, message: &str) {
    let problem = problem(expression);
    assert!(problem.message.contains(message), "{expression}: {}", problem.message);
    assert!(problem.caret.is_some(), "{expression}");
}

fn accepted(expression: &str) {
    assert_eq!(rules(vec![when(expression)]).count(), 1, "{expression}");
}

#[test]
fn what_can_grow_without_bounds_is_refused_however_it_grows() {
    let forty = vec!["g"; 40].join(",");
    let flattened = format!(".map(g,[{forty}]).flatten()");
    let guarded = format!("groups.size() > 50 && groups{}.size() > 5", flattened.repeat(6));
    refused(&format!("groups{}.size() > 5", flattened.repeat(6)), "takes too long, done again");
    refused(&guarded, "takes too long, done again");
    let added = ["t"; 10].join("+");
    let added = format!(".map(t,{added})").repeat(6);
    refused(&format!("groups{added}.size() > 5"), "can grow beyond 16 MB");
    let repeated = ".replace('', 'aaaaaaaa')".repeat(6);
    refused(&format!("user.?email.orValue(''){repeated} == 'x'"), "takes too long for a person");
    let long = "x".repeat(200);
    refused(&format!("user.?email.orValue('').replace('a', '{long}') == 'x'"), "can grow beyond 16 MB");
    refused(&format!("user.?email.orValue('').split('').join('{long}') == 'x'"), "can grow beyond 16 MB");
    accepted(&format!("groups.map(g, g + '{long}').join('{long}').size() > 5"));
    let listed = "[[[[groups, groups, groups, groups], groups], groups], groups]";
    accepted(&format!("{listed}.size() > 5"));
}

#[test]
fn going_through_a_person_once_more_for_each_value_is_refused_by_any_name() {
    let again = "takes too long, done again for each value";
    refused("groups.all(g, attrs.groups.all(h, h.split('').size() > 1))", again);
    refused("groups.exists(g, attrs['x'].exists(h, g == h))", again);
    refused("has(attrs.x) && attrs.x.exists(a, attrs.x.exists(b, a == b + 'x'))", again);
    refused("['a'].exists(a, ['b'].exists(b, ['c'].exists(c, groups == [a, b, c])))", "two are the most");
    refused("groups.exists(g, g.split('').exists(a, g.contains(a + a)))", again);
    refused("attrs.exists(a, attrs[a].exists(v, v == 'x'))", again);
    accepted("groups.exists(g, ['cc-', 'wfm-'].exists(p, g.startsWith(p)))");
    accepted("['cc-', 'wfm-'].exists(p, groups.exists(g, g.startsWith(p)))");
    accepted("groups.exists(g, g.split('-').exists(part, part == 'billing'))");
    accepted("groups.map(g, g.split(',')[0].replace('CN=', '')).exists(g, g == 'cc')");
    accepted("groups.exists(g, groups.size() > 5 && g == 'cc-' + attrs.?dep[?0].orValue(''))");
    accepted("has(attrs.dep) && groups.exists(g, g == 'cc-' + attrs.dep[0])");
    accepted("groups.exists(g, g in attrs.?allowed.orValue([]))");
    refused("groups.exists(g, groups.exists(h, h == g + '-leads'))", again);
    accepted("groups.exists(g, g + '-leads' in groups)");
    accepted("groups.distinct().size() > 5 && groups.sort()[?0].orValue('') != ''");
}

#[test]
fn many_cheap_parts_are_refused_too() {
    let parts = vec!["groups.exists(g, g in groups)"; 60].join("||");
    refused(&parts, "takes too long");
    let sorted = vec!["groups.distinct().size() > 5"; 24].join("||");
    refused(&sorted, "for a person with as many groups and values as there may be: use several rules");
}

#[test]
fn who_was_sent_with_more_than_expressions_are_held_to_is_refused() {
    let computing = rules(vec![when("groups.exists(g, g == 'cc')")]);
    let comparing = rules(vec![rule("agents", &["cc"], profiles(&["Agent"]))]);
    let admins = RuleConfig { when: Some("'cc' in groups".to_owned()), ..RuleConfig::default() };
    let admins = Admins::new("admin", &admins, &Known::default()).expect("admins");
    let long = "x".repeat(MAX_TEXT);
    let many: Vec<&str> = vec!["x"; MAX_VALUES + 1];
    let names: Vec<String> = (0..5).map(|n| format!("a{n}")).collect();
    let full: Vec<&str> = vec!["x"; MAX_VALUES_IN_ALL / 5];
    let all: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &full[..])).collect();
    for (sent, detail) in [
        (vec![("x", &many[..])], "an attribute was sent with 1001 values, more than 1000"),
        (all, "4007 attributes and values were sent, more than 4000"),
        (vec![("x", &[long.as_str()][..])], "bytes of attributes were sent, more than 131072"),
        (vec![(long.as_str(), &[][..])], "bytes of attributes were sent, more than 131072"),
    ] {
        let person = identity(&[sent, vec![("groups", &["cc"][..])]].concat());
        let denial = denied(&person, &computing);
        assert_eq!(denial.code, &code::MAPPING_TOO_MANY_VALUES);
        assert!(denial.detail.contains(detail), "{}", denial.detail);
        assert!(admins.check(&person, &comparing).expect_err("a reason").contains(detail));
        assert!(place(&person, &comparing).outcome.is_ok(), "where nothing is computed, all are let in");
    }
    let mut person = identity(&[("groups", &["cc"])]);
    person.name_id.as_mut().expect("a NameID").value = long;
    assert_eq!(denied(&person, &computing).code, &code::MAPPING_TOO_MANY_VALUES);
}

#[test]
fn comparisons_that_are_never_true_are_refused_with_what_to_write() {
    let first = "write `attrs.?department[?0].orValue('')`";
    for (expression, message) in [
        ("has(attrs.department) && attrs.department == 'suspended'", first),
        ("has(attrs.department) && attrs.department != 'active'", first),
        ("has(attrs.department) && 'active' == attrs['department']", first),
        ("attrs.?department.orValue('') == 'x'", first),
        ("attrs.?department == 'x'", first),
        ("attrs[?'urn:x'] == 'x'", "write `attrs[?'urn:x'][?0].orValue('')`"),
        ("attrs.?department[?0] == 'x'", "a text that may be missing with a text, which are never equal"),
        ("attrs.?department in ['x']", first),
        ("user.?email == 'ana@acme.test'", "write `user.?email.orValue('')`"),
        ("user.?email in ['ana@acme.test']", "write `user.?email.orValue('')`"),
        ("groups == 'cc'", "compares a list with a text, which are never equal: write `'cc' in groups`"),
        ("groups[?0] == 'cc'", "write `.orValue('')` behind it"),
        ("groups.filter(g, g != 'x') == 'cc'", "use `in`"),
        ("size(groups) == 'many'", "compares a number with a text"),
        ("groups.size() == '1'", "compares a number with a text"),
        ("groups.exists(g, g == 1)", "compares a text with a number"),
        ("groups.exists(g, [g] == 'x')", "compares a list with a text"),
        ("groups == [1]", "compares a list with a list"),
        ("user.?email == null", "compares a text that may be missing with null"),
        ("groups in ['cc']", "looks for a list in a list whose elements are texts"),
        ("'cc' in groups[?0]", "looks into something that may be missing"),
        ("groups.size() > 50 && 'cc' in groups[0]", "looks into a text: write `.contains"),
        ("groups.size() > 50 && groups[0] > 3", "compares a text with a number"),
        ("user.?email.orValue([]) == ['x']", "`orValue` gives a list where there may be a text"),
        ("groups[?0].orValue(0) == 'x'", "`orValue` gives a number where there may be a text"),
        ("idp == 1 || instance in groups", "compares a text with a number"),
        ("groups == {'a': 'b'}", "compares a list with a map"),
    ] {
        refused(expression, message);
    }
}

#[test]
fn comparisons_that_can_be_meant_are_not_refused() {
    for expression in [
        "attrs.?department.orValue([]) == ['x']",
        "attrs.?department[?0].orValue('') != 'x'",
        "attrs.?department[?0] == groups[?0]",
        "groups == [] || groups != ['a', 'b']",
        "size(groups) > 1 && size(groups) != 3.0",
        "groups.map(g, {'name': g}).exists(m, m.name == 'cc')",
        "(size(groups) > 1 ? 'a' : 1) == 'a'",
        "groups.size() > 1 && {1: 'a'}.exists(n, n == 1) && 1 in {1: 'a'} && 'a' in {}",
        "[groups, ['x']].exists(list, 'cc' in list)",
        "'department' in attrs && 'x' in attrs.department",
        "groups.exists_one(g, g == 'cc') == true",
        "groups.existsOne(g, g == 'cc')",
        "user.?email.or(groups[?0]).orValue('') == 'x'",
    ] {
        accepted(expression);
    }
}

#[test]
fn nothing_is_called_but_what_is_listed() {
    for expression in [
        "groups.sortBy(g, g) == ['a']",
        "[].sortBy(g, g) == groups",
        "groups[?0].optMap(g, g + 'x') == groups[?1]",
        "groups[?0].optFlatMap(g, groups[?1]) == groups[?1]",
    ] {
        refused(expression, "there are all, exists, exists_one, filter and map");
    }
    refused("groups.map(g, optional.of(g)) == []", "there is no function `of`");
    refused("lists.range(5) == groups", "there is no function `range`");
}

#[test]
fn several_values_of_an_attribute_are_not_several_levels() {
    let path = |value: ValueConfig| {
        let hierarchy = Some(vec!["EMEA".into(), value]);
        rules(vec![rule("all", &[], SetConfig { hierarchy, ..profiles(&["Agent"]) })])
    };
    let mut person = ana();
    person.attributes.insert("team".to_owned(), texts(&["Billing", "Leads"]));
    let copied = path(ValueConfig::Attribute("team".to_owned()));
    assert_eq!(denied(&person, &copied).code, &code::MAPPING_RULE_FAILED);
    let computed = path(ValueConfig::Expression("attrs.team".to_owned()));
    let placement = place(&person, &computed).outcome.expect("a placement");
    assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Billing", "Leads"]);
    person.attributes.insert("team".to_owned(), texts(&["Billing", "Billing"]));
    let placement = place(&person, &copied).outcome.expect("a placement");
    assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Billing"]);
}

#[test]
fn more_rules_or_checks_than_can_be_tried_are_refused_before_they_are_read() {
    let nothing = |_| rule("the same name", &[], SetConfig::default());
    let found = problems(&config((0..2001).map(nothing).collect()));
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().starts_with("mapping.rule: is there 2001 times: 2000 are the most"));
    let mut checks = config(Vec::new());
    checks.checks =
        vec![CheckConfig { name: String::new(), expression: String::new(), message: String::new() }; 2001];
    assert!(problems(&checks)[0].to_string().starts_with("mapping.check: is there 2001 times"));
}

#[test]
fn expressions_that_take_long_together_are_warned_of() {
    let scan = |n: usize| RuleConfig {
        name: format!("r{n}"),
        ..when(&format!("groups.distinct().size() == {n} || groups.exists(g, g in groups)"))
    };
    let warned = rules((0..25).map(scan).collect());
    assert!(
        warned
            .warnings()
            .iter()
            .any(|warning| warning.message.starts_with("the expressions together can take"))
    );
    assert_eq!(rules(vec![scan(1)]).warnings(), []);
}
