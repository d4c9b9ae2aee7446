"""What is in deploy/ for Kubernetes and ECS, by the schemas of those who will read it.

usage: manifests.py folder-of-deploy
"""

import sys
from pathlib import Path

import cfnlint.api
import kubernetes_validate
import yaml

DEPLOY = Path(sys.argv[1])
# What only an operator's own schema knows, and what kubectl reads without a server.
UNKNOWN = {"ServiceMonitor", "Kustomization"}


def documents():
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def kubernetes():
    found = list(documents())
    kinds = {document["kind"] for _, document in found}
    assert {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "Ingress", "ServiceMonitor"} <= kinds, kinds
    for name, document in found:
        if document["kind"] not in UNKNOWN:
            kubernetes_validate.validate(document, "1.33", strict=True)
    listed = next(document for _, document in found if document["kind"] == "Kustomization")["resources"]
    there = {name for name, _ in found} - {"kustomization.yaml", "service-monitor.yaml"}
    assert set(listed) == there, (listed, there)
    deployment = next(document for _, document in found if document["kind"] == "Deployment")["spec"]
    pod = deployment["template"]
    assert deployment["replicas"] >= 2
    assert deployment["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    container = pod["spec"]["containers"][0]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["spec"]["securityContext"]["runAsUser"] == 10001


def ecs():
    # W3037: cfn-lint's list of Amazon Connect's actions is older than UpdateUserConfig. What begins with I is advice.
    text = (DEPLOY / "ecs/template.yml").read_text()
    problems = [p for p in cfnlint.api.lint_all(text) if p.rule.id != "W3037" and p.rule.id[0] != "I"]
    assert not problems, problems


kubernetes()
ecs()
print("understood")
