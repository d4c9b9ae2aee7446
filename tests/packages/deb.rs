//! The Debian package, its units, and that it comes out the same twice.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::{PROGRAM, assert_bill, files, output, run, scratch};

/// What builds it, with little compression: the program of the tests' profile is large.
fn build() -> Command {
    let mut build = Command::new("scripts/deb");
    build.arg(PROGRAM).env("DPKG_DEB_COMPRESSOR_LEVEL", "1");
    build
}

/// The package and its files, unpacked.
fn package() -> &'static (PathBuf, PathBuf) {
    static PACKAGE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let folder = scratch("deb");
        let said = run(build().arg(&folder));
        let package = said.lines().find_map(|line| line.strip_prefix("package: ")).expect("its name");
        let root = folder.join("root");
        run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&root));
        (package.into(), root)
    })
}

#[test]
fn it_holds_what_a_machine_needs() {
    let (package, root) = package();
    let there = files(root);
    for file in [
        "usr/bin/connect-gateway",
        "lib/systemd/system/connect-gateway.service",
        "lib/systemd/system/connect-gateway.socket",
        "usr/lib/sysusers.d/connect-gateway.conf",
        "etc/connect-gateway/gateway.toml",
        "usr/share/man/man1/connect-gateway.1.gz",
        "usr/share/bash-completion/completions/connect-gateway",
        "usr/share/zsh/vendor-completions/_connect-gateway",
        "usr/share/fish/vendor_completions.d/connect-gateway.fish",
        "usr/share/doc/connect-gateway/copyright",
        "usr/share/doc/connect-gateway/licences.txt.gz",
        "usr/share/doc/connect-gateway/config/gateway.toml",
    ] {
        assert!(there.iter().any(|name| name == file), "{file} is missing: {there:#?}");
    }
    assert_bill(&root.join("usr/share/doc/connect-gateway/sbom.cdx.json"), &["pkg:cargo/axum@"]);
    let needs = run(Command::new("dpkg-deb").arg("-f").arg(package).arg("Depends"));
    for library in ["libc6", "libssl3", "libxml2", "libxmlsec1", "ca-certificates"] {
        assert!(needs.contains(library), "{needs}");
    }
    let listed = run(Command::new("dpkg-deb").arg("-I").arg(package).arg("conffiles"));
    assert_eq!(listed, "/etc/connect-gateway/gateway.toml");
    run(Command::new("sh")
        .args(["-c", "cd \"$1\" && dpkg-deb -I \"$2\" md5sums | md5sum -c --quiet", "sh"])
        .arg(root)
        .arg(package));
}

#[test]
fn its_configuration_lacks_keys_and_nothing_else() {
    let file = package().1.join("etc/connect-gateway/gateway.toml");
    let check = output(Command::new(PROGRAM).args(["check", "--config"]).arg(&file));
    let said = String::from_utf8_lossy(&check.stderr);
    assert!(!check.status.success());
    assert!(said.lines().all(|line| line.starts_with("saml.signing_")), "{said}");
}

#[test]
fn systemd_understands_the_units_and_calls_them_safe() {
    let root = &package().1;
    // Of the machine itself, which is not in the package.
    let targets = "basic multi-user network network-online shutdown sockets sysinit umount";
    for target in targets.split(' ') {
        let name = format!("lib/systemd/system/{target}.target");
        std::fs::write(root.join(name), "[Unit]\n").expect("a target");
    }
    run(Command::new("install").args(["-D", "/bin/true"]).arg(root.join("bin/kill")));
    let of = |verb: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.arg(format!("--root={}", root.display())).arg("--no-pager").args(verb);
        command
    };
    run(&mut of(&["verify", "--man=no", "connect-gateway.service", "connect-gateway.socket"]));
    // Ten times what it prints: 0 is nothing to fear, 100 everything.
    run(&mut of(&["security", "--offline=true", "--threshold=15", "connect-gateway.service"]));
}

#[test]
fn the_same_sources_give_the_same_package() {
    let again = scratch("deb-again");
    run(build().arg(&again));
    let package = &package().0;
    let name = package.file_name().expect("a name");
    run(Command::new("cmp").arg(package).arg(again.join(name)));
}
