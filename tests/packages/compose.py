"""Starts what deploy/compose describes, without containers, and signs people in through it.

usage: compose.py folder-of-programs folder-for-scratch; as root, in network and mount namespaces of its own.
Every service's command, environment, files and secrets are those of compose.yml.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml
from browser import Browser

PROGRAMS, SCRATCH = Path(sys.argv[1]), Path(sys.argv[2])
COMPOSE = Path(__file__).resolve().parent.parent.parent / "deploy/compose"
SERVICES = yaml.safe_load((COMPOSE / "compose.yml").read_text())
GATEWAYS = [name for name in SERVICES["services"] if name.startswith("gateway-")]


def hand_over_secrets():
    """As Compose does: each file at /run/secrets under its own name."""
    folder = SCRATCH / "compose"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(COMPOSE, folder, ignore=shutil.ignore_patterns("secrets"))
    subprocess.run([folder / "prepare"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/secrets")
    for name, secret in SERVICES["secrets"].items():
        shutil.copy(folder / secret["file"], f"/run/secrets/{name}")


def command(name, service):
    """The service's command with the paths of this machine in the place of the container's."""
    line = service.get("command", ["serve", "--config", "/etc/connect-gateway/gateway.toml"])
    if service["image"].startswith("localhost/"):
        line = [str(PROGRAMS / service["image"].split("/")[1].split(":")[0]), *line]
    for volume in service.get("volumes", []):
        here, there = volume.split(":")[:2]
        line = [word.replace(there, str(COMPOSE / here)) for word in line]
    if name == "valkey":
        # Debian 12 has Redis, which reads the same file. The container's volume is a folder here.
        here = SCRATCH / "valkey.conf"
        here.write_text(Path(line[1]).read_text().replace("/data", str(SCRATCH)))
        line = ["redis-server", str(here)]
    return line


def start(name):
    service = SERVICES["services"][name]
    environment = {"PATH": os.environ["PATH"]} | service.get("environment", {})
    log = open(SCRATCH / f"{name}.log", "w")
    return subprocess.Popen(command(name, service), env=environment, stdout=log, stderr=log)


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def wait(what, ready):
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, f"waited for {what} in vain: {logs()}"
        time.sleep(0.2)


def logs():
    return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(SCRATCH.glob("*.log")))


def sign_in(uid, browser=None):
    browser = browser or Browser()
    browser.go("http://localhost:8400/go/acme").submit({"uid": uid}).settle("http://localhost:8403/")
    assert browser.status == 200 and f"{uid}@acme.test".lower() in browser.text.lower(), browser.text
    return browser


def main():
    hand_over_secrets()
    running = {name: start(name) for name in ["valkey", "emulator", "nginx"]}
    running |= {name: start(name) for name in GATEWAYS}
    try:
        # nginx asks them in turn: each must be there.
        for name in GATEWAYS:
            address = SERVICES["services"][name]["environment"]["CONNECT_GATEWAY__LISTEN"]
            wait(name, lambda: answers(f"http://{address}/healthz"))
        wait("nginx", lambda: answers("http://localhost:8400/healthz"))
        wait("the identity provider", lambda: answers("http://localhost:8401/saml/metadata"))
        ana = sign_in("ana")
        # One of the two is told to stop, and nobody is signed out.
        running[GATEWAYS[0]].send_signal(signal.SIGTERM)
        assert running[GATEWAYS[0]].wait(60) == 0, logs()
        ana.go("http://localhost:8400/go/acme").settle("http://localhost:8403/")
        sign_in("cho")
    except BaseException:
        print(logs())
        raise
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    print("signed in")


if __name__ == "__main__":
    main()
