//! `iam print` as text.

use crate::Folder;

#[test]
fn each_policy_says_where_the_console_takes_it() {
    let folder = Folder::configured("iam");
    let principal = ["--principal", "arn:aws:iam::123456789012:role/apps/gateway"];
    let said = folder
        .run(&[&["iam", "print", "--config", "gateway.toml"][..], &principal].concat())
        .succeeded()
        .out();
    for place in [
        "# IAM > Roles > gateway > Permissions > Add permissions > Create inline policy > JSON",
        "# IAM > Roles > connect-gateway-federation > Trust relationships > Edit trust policy",
        "# IAM > Policies > Create policy > JSON; attach it to whom it is for",
    ] {
        assert!(said.lines().any(|line| line == place), "{place}: {said}");
    }
}
