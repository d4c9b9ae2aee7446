//! The image: what is in it, and that it serves.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{PROGRAM, assert_bill, files, output, project, run, scratch};

/// The image, unpacked, and how it wants to be run.
struct Image {
    root: PathBuf,
    config: Value,
}

/// Built once for all tests here.
fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let folder = scratch("image");
        let (archive, root) = (folder.join("image.tar"), folder.join("root"));
        let said = run(Command::new("scripts/image").arg(PROGRAM).arg(&archive));
        assert!(said.contains("size: "), "{said}");
        run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder));
        let read = |name: &str| -> Value {
            let text = std::fs::read(folder.join(name)).expect("a file of the image");
            serde_json::from_slice(&text).expect("JSON")
        };
        let manifest = read("manifest.json").get(0).cloned().expect("one image");
        let layers = manifest["Layers"].as_array().expect("layers");
        assert_eq!(layers.len(), 1, "{manifest}");
        std::fs::create_dir(&root).expect("a folder");
        let layer = folder.join(layers[0].as_str().expect("a name"));
        run(Command::new("tar").arg("-xpf").arg(layer).arg("-C").arg(&root));
        Image { root, config: read(manifest["Config"].as_str().expect("a name"))["config"].clone() }
    })
}

/// A command in the image, with the shipped configuration, that listens on `port`.
fn inside(port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new("scripts/in-image");
    command.current_dir(project());
    command.arg(&image().root).arg(project().join("config"));
    command.env("CONNECT_GATEWAY__LISTEN", format!("127.0.0.1:{port}"));
    command.env("CONNECT_GATEWAY__OPERATIONS__LISTEN", format!("127.0.0.2:{port}"));
    command.args(arguments);
    command
}

/// The arguments that the image gives the program by default.
fn arguments_of(member: &Value) -> Vec<&str> {
    member.as_array().expect("a list").iter().map(|word| word.as_str().expect("text")).collect()
}

/// A child that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_how_it_wants_to_be_run() {
    let config = &image().config;
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(arguments_of(&config["Entrypoint"]), ["/usr/bin/connect-gateway"]);
    assert_eq!(arguments_of(&config["Cmd"]), ["serve", "--config", "/etc/connect-gateway/gateway.toml"]);
    assert_eq!(config["StopSignal"], "SIGTERM");
    let check = arguments_of(&config["Healthcheck"]["Test"]);
    assert_eq!(check[..3], ["CMD", "/usr/bin/connect-gateway", "healthcheck"]);
    assert_eq!(config["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0");
}

#[test]
fn nothing_but_the_program_can_be_run() {
    let root = &image().root;
    let mut programs = Vec::new();
    for file in files(root) {
        let path = root.join(&file);
        let mode = std::fs::symlink_metadata(&path).expect("its mode").permissions().mode();
        if path.is_symlink() {
            continue;
        }
        assert_eq!(mode & 0o6000, 0, "{file} gives somebody another's rights");
        assert_eq!(mode & 0o022, 0, "{file} can be changed by others");
        let library = file.contains("/lib/") || file.starts_with("usr/lib64/") || file.contains(".so");
        if mode & 0o111 != 0 && !library {
            programs.push(file);
        }
    }
    assert_eq!(programs, ["usr/bin/connect-gateway"]);
    for shell in ["sh", "bash", "dash", "busybox", "dpkg", "apt-get", "perl", "openssl"] {
        for folder in ["bin", "sbin"] {
            assert!(!root.join("usr").join(folder).join(shell).exists(), "{shell} is in the image");
        }
    }
    assert!(!output(&mut inside(0, &["/bin/sh", "-c", "true"])).status.success());
}

#[test]
fn it_serves_as_its_user_on_a_root_that_cannot_be_written() {
    let image = image();
    let version = run(&mut inside(0, &["/usr/bin/connect-gateway", "--version"]));
    assert_eq!(version, concat!("connect-gateway ", env!("CARGO_PKG_VERSION")));
    let file = "/etc/connect-gateway/gateway.toml";
    run(&mut inside(0, &["/usr/bin/connect-gateway", "check", "--config", file]));

    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let mut command = vec!["/usr/bin/connect-gateway"];
    command.extend(arguments_of(&image.config["Cmd"]));
    let serving = inside(port, &command).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut serving = Running(serving.expect("it starts"));
    let address = format!("http://127.0.0.1:{port}/healthz");
    let begun = Instant::now();
    while !output(Command::new("curl").args(["-sSf", "--max-time", "5", &address])).status.success() {
        assert!(serving.0.try_wait().expect("its state").is_none(), "it ended");
        assert!(begun.elapsed() < Duration::from_mins(1), "nobody answers at {address}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.0.id())).expect("its status");
    for line in
        ["Uid:\t10001\t10001\t10001\t10001", "Gid:\t10001\t10001\t10001\t10001", "CapEff:\t0000000000000000"]
    {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    let mounts = std::fs::read_to_string(format!("/proc/{}/mountinfo", serving.0.id())).expect("its mounts");
    let root = format!(" {} ro,", image.root.display());
    assert!(mounts.contains(&root) || mounts.contains(" / ro,"), "{mounts}");

    // What the image's own health check says, while it serves and after.
    let check = &arguments_of(&image.config["Healthcheck"]["Test"])[1..];
    run(&mut inside(port, check));
    drop(serving);
    assert!(!output(&mut inside(port, check)).status.success(), "nobody serves, and it is called healthy");
}

#[test]
fn the_licences_and_a_bill_of_materials_are_inside() {
    let documents = image().root.join("usr/share/doc");
    let bill = documents.join("connect-gateway/sbom.cdx.json");
    assert_bill(
        &bill,
        &[
            "pkg:cargo/axum@",
            "pkg:cargo/aws-lc-sys@",
            "pkg:deb/debian/libssl3@",
            "pkg:deb/debian/libxmlsec1@",
        ],
    );
    let licences = std::fs::read_to_string(documents.join("connect-gateway/licences.txt")).expect("licences");
    assert!(licences.contains("Permission is hereby granted") && licences.contains("\naxum "), "no texts");
    for package in ["libssl3", "libxml2", "libxmlsec1", "libc6", "ca-certificates"] {
        assert!(documents.join(package).join("copyright").exists(), "{package} has no copyright file");
    }
    let described = image().root.join("var/lib/dpkg/status.d/libssl3");
    assert!(std::fs::read_to_string(described).expect("a description").contains("\nVersion: 3."));
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let folder = scratch("same");
    let archives = ["one.tar", "two.tar"].map(|name| folder.join(name));
    for archive in &archives {
        run(Command::new("scripts/rootfs").arg(PROGRAM).arg(archive));
    }
    run(Command::new("cmp").args(&archives));
}
