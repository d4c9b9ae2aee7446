//! Secrets that others can read.

use std::os::unix::fs::PermissionsExt as _;

use crate::{Folder, at_the_top, check};

#[test]
fn a_secret_that_others_can_read_is_a_warning_and_an_error_where_that_is_wanted() {
    let folder = Folder::configured("permissions");
    at_the_top(&folder, "strict_permissions = true");
    check(&folder).succeeded();
    for mode in [0o640, 0o604] {
        std::fs::set_permissions(folder.path("signing.key"), std::fs::Permissions::from_mode(mode)).unwrap();
        let reasons = check(&folder).ended_with(1).err();
        assert!(reasons.contains("saml.signing_key_file") && reasons.contains("chmod 600"), "{reasons}");
    }
    let text = folder.read("gateway.toml").replace("strict_permissions = true", "strict_permissions = false");
    folder.write("gateway.toml", &text);
    let warnings = check(&folder).succeeded().err();
    assert!(warnings.contains("warning: saml.signing_key_file"), "{warnings}");
    let told = folder.run(&["check", "--config", "gateway.toml", "--json"]).succeeded().json();
    assert_eq!(
        (&told["usable"], &told["warnings"][0]["key"]),
        (&true.into(), &"saml.signing_key_file".into())
    );
}
