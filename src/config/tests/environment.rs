//! Overrides from the environment.

use super::*;

#[test]
fn the_environment_overrides_by_type_and_by_name() {
    let config = with(&[
        ("LISTEN", "0.0.0.0:9000"),
        ("DISPLAY_NAME", "42"),
        ("INSTANCE__PROD__FORCE_AUTHN", "true"),
        ("INSTANCE__PROD__EXTERNAL_ID", "true"),
        ("INSTANCE__PROD__IDPS", "[\"okta\"]"),
        ("BUDGET__OPERATIONS__DESCRIBEUSER__PER_SECOND", "7.5"),
        ("IDP__OKTA__ATTRIBUTES__GROUPS", "memberOf"),
    ])
    .expect("usable")
    .config;
    let instance = &config.instances[0];
    assert_eq!(config.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(config.brand.display_name, "42");
    assert_eq!(instance.request.force_authn, Some(true));
    assert_eq!(instance.federation.external_id.as_ref().map(Secret::expose), Some("true"));
    let rate = config.rates.operations["DescribeUser"];
    assert!((rate.per_second - 7.5).abs() < f64::EPSILON && rate.burst == 5);
}

#[test]
fn a_name_with_a_hyphen_is_written_with_an_underscore_in_the_environment() {
    let text = SHORT.replace("[instance.prod]", "[instance.night-line]");
    let variable = ("CONNECT_GATEWAY__INSTANCE__NIGHT_LINE__DISPLAY_NAME".to_owned(), "Night".to_owned());
    let loaded = parse(&text, Path::new(""), keys().into_iter().chain([variable])).expect("usable");
    assert_eq!(loaded.config.instances[0].display_name, "Night");
}

#[test]
fn a_variable_that_names_nothing_is_a_problem() {
    for (key, words) in [
        ("MAPPING__RULE", "list of tables"),
        ("MAPPING__RULE__0__NAME", "list of tables"),
        ("SAML", "table"),
        ("", "names no key"),
        ("SAML____X", "names no key"),
        ("VERSION__X", "no table"),
    ] {
        let found = with(&[(key, "x")]).expect_err(key);
        assert_about(&found, &format!("CONNECT_GATEWAY__{key}"), words);
    }
    let found = with(&[("SAML__COLOUR", "x")]).expect_err("unknown");
    assert_about(&found, "saml.colour", "set by CONNECT_GATEWAY__SAML__COLOUR");
}

#[test]
fn a_variable_of_another_program_is_none_of_our_business() {
    assert!(parse(SHORT, Path::new(""), keys().into_iter().chain([("PATH".into(), "/".into())])).is_ok());
}
