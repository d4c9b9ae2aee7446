//! Variables that name what the file does not have.

use crate::Folder;

#[test]
fn a_variable_for_an_instance_that_is_not_there_is_named_before_the_keys_that_miss() {
    let folder = Folder::configured("environment");
    let check = |variable: &str| {
        folder.run_with(&[(variable, "https://other.my.connect.aws")], &["check", "--config", "gateway.toml"])
    };
    let reasons = check("CONNECT_GATEWAY__INSTANCE__PRDO__URL").ended_with(1).err();
    let first = reasons.lines().next().unwrap();
    assert_eq!(
        first,
        "CONNECT_GATEWAY__INSTANCE__PRDO__URL: names instance.prdo, of which the file has nothing: did you mean \"prod\"?"
    );
    check("CONNECT_GATEWAY__INSTANCE__PROD__URL").succeeded();
}

#[test]
fn an_instance_that_variables_describe_whole_is_one() {
    let folder = Folder::configured("environment-whole");
    let variables = [
        ("CONNECT_GATEWAY__INSTANCE__TEST__URL", "https://test.my.connect.aws"),
        (
            "CONNECT_GATEWAY__INSTANCE__TEST__ARN",
            "arn:aws:connect:eu-west-2:123456789012:instance/20a4c4eb-f57e-4d4c-b602-bf39176ced07",
        ),
        ("CONNECT_GATEWAY__INSTANCE__TEST__ROLE_ARN", "arn:aws:iam::123456789012:role/test"),
    ];
    folder.run_with(&variables, &["check", "--config", "gateway.toml"]).succeeded();
}
