//! `keys new | rotate | show`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::PKey;
use openssl::x509::X509;

use crate::{Folder, at_the_top, check, in_saml};

#[test]
fn a_key_and_its_certificate_belong_together_and_only_we_read_the_key() {
    let folder = Folder::new("pair");
    for (kind, algorithm, bits) in
        [("signing", "rsa-3072", 3072), ("signing", "p-256", 256), ("decryption", "rsa-3072", 3072)]
    {
        let name = format!("{kind}-{algorithm}");
        let made = folder
            .run(&["keys", "new", kind, "--algorithm", algorithm, "--name", &name, "--days", "30", "--json"])
            .succeeded();
        assert!(!made.out().contains("PRIVATE"), "{}", made.out());
        let key = PKey::private_key_from_pem(folder.read(&format!("{name}.key")).as_bytes()).unwrap();
        let certificate = X509::from_pem(folder.read(&format!("{name}.crt")).as_bytes()).unwrap();
        assert_eq!(key.bits(), bits);
        assert!(certificate.public_key().unwrap().public_eq(&key) && certificate.verify(&key).unwrap());
        assert_eq!(folder.mode(&format!("{name}.key")), 0o600);
    }
    let reasons = folder.run(&["keys", "new", "decryption", "--algorithm", "p-256"]).ended_with(1).err();
    assert!(reasons.contains("RSA"), "{reasons}");
    let reasons = folder.run(&["keys", "new", "signing", "--name", "../signing"]).ended_with(1).err();
    assert!(reasons.contains("--out"), "{reasons}");
}

#[test]
fn a_plain_key_has_32_octets_and_each_is_another() {
    let folder = Folder::new("plain");
    for kind in ["state", "audit"] {
        folder.run(&["keys", "new", kind]).succeeded();
        let text = folder.read(&format!("{kind}.key"));
        assert_eq!(STANDARD.decode(text.trim_end()).unwrap().len(), 32);
        assert_eq!(folder.mode(&format!("{kind}.key")), 0o600);
    }
    assert_ne!(folder.read("state.key"), folder.read("audit.key"));
}

#[test]
fn a_key_is_never_overwritten() {
    for file in ["signing.key", "signing.crt"] {
        let folder = Folder::new(&format!("keep-{file}"));
        folder.write(file, "mine");
        let reasons = folder.run(&["keys", "new", "signing"]).ended_with(1).err();
        assert!(reasons.contains(file), "{reasons}");
        assert_eq!(folder.files(), [file]);
        assert_eq!(folder.read(file), "mine");
    }
}

#[test]
fn the_signing_key_is_replaced_step_by_step() {
    let folder = Folder::configured("rotate");
    let step = || {
        folder.run(&["keys", "rotate", "signing", "--config", "gateway.toml", "--json"]).succeeded().json()
    };
    let change = |step: &serde_json::Value| {
        let lines = step["change"].as_array().unwrap().iter();
        let lines: Vec<&str> =
            lines.map(|line| line.as_str().unwrap().strip_prefix("[saml] ").unwrap()).collect();
        in_saml(&folder, &lines.join("\n"));
        check(&folder).succeeded();
    };
    let first = step();
    assert_eq!((first["step"].as_u64(), first["made"].as_array().unwrap().len()), (Some(1), 2), "{first}");
    let again = step();
    assert_eq!(
        (again["step"].as_u64(), again["made"].as_array().unwrap().len()),
        (Some(1), 0),
        "made once: {again}"
    );
    assert_eq!(again["change"], first["change"]);
    change(&first);
    let second = step();
    assert_eq!(second["step"], 2, "{second}");
    assert!(second["wait"].as_str().unwrap().contains("identity provider"));
    change(&second);
    let text = folder.read("gateway.toml");
    assert!(text.contains("signing_key_file = \"signing-20") && text.contains("[\"signing.crt\"]"), "{text}");
    let third = step();
    assert_eq!(third["step"], 3, "{third}");
    let without = text.lines().filter(|line| !line.starts_with("additional_")).collect::<Vec<_>>().join("\n");
    folder.write("gateway.toml", &without);
    check(&folder).succeeded();
}

#[test]
fn the_key_for_decryption_is_replaced_step_by_step() {
    let folder = Folder::configured("rotate-decryption");
    let rotate = || folder.run(&["keys", "rotate", "decryption", "--config", "gateway.toml"]);
    assert!(rotate().ended_with(1).err().contains("keys new decryption"));
    folder.run(&["keys", "new", "decryption"]).succeeded();
    in_saml(
        &folder,
        "decryption_key_files = [\"decryption.key\"]\ndecryption_certificate_files = [\"decryption.crt\"]",
    );
    let said = rotate().succeeded().out();
    assert!(said.contains("step 1 of 2"), "{said}");
    let lines: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("[saml] ")).collect();
    in_saml(&folder, &lines.join("\n"));
    check(&folder).succeeded();
    let said = rotate().succeeded().out();
    assert!(said.contains("step 2 of 2") && said.contains("[\"decryption-20"), "{said}");
}

#[test]
fn a_key_that_is_no_file_is_replaced_by_hand() {
    let folder = Folder::configured("rotate-value");
    let text = folder.read("gateway.toml");
    let state = "store = \"redis\"\nurls = [\"rediss://cache.internal\"]";
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    folder.write("gateway.toml", &format!("{text}\n[state]\n{state}\nkey = \"{key}\"\n"));
    let said = folder.run(&["keys", "rotate", "state", "--config", "gateway.toml"]).ended_with(1).err();
    assert!(said.contains("\nstate.key: is not in a file") && !said.contains(key), "{said}");
}

#[test]
fn certificates_in_use_are_shown_and_no_private_key() {
    let folder = Folder::configured("show");
    let metadata = concat!(env!("CARGO_MANIFEST_DIR"), "/config/examples/idp-metadata.xml");
    let text = folder.read("gateway.toml");
    let text = text.replace(
        "metadata_url = \"https://acme.okta.com/app/metadata\"",
        &format!("metadata_file = \"{metadata}\""),
    );
    folder.write("gateway.toml", &text);
    let shown = folder.run(&["keys", "show", "--config", "gateway.toml", "--json"]).succeeded();
    assert!(!shown.out().contains("PRIVATE") && !shown.out().contains("BEGIN"));
    let certificates = shown.json()["certificates"].clone();
    let owners: Vec<&str> =
        certificates.as_array().unwrap().iter().map(|it| it["owner"].as_str().unwrap()).collect();
    assert_eq!(owners, ["saml.signing_certificate_file", "idp.okta"]);
    let certificate = X509::from_pem(folder.read("signing.crt").as_bytes()).unwrap();
    let digest = certificate.digest(openssl::hash::MessageDigest::sha256()).unwrap();
    let digest: Vec<String> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
    assert_eq!(certificates[0]["sha256"], digest.join(":"));
    assert_eq!(certificates[0]["algorithm"], "RSA 3072");
    assert_eq!(certificates[0]["days_left"], 3649);
    at_the_top(&folder, "listen = \"nowhere\"");
    folder.run(&["keys", "show", "--config", "gateway.toml"]).ended_with(1);
}
