"""The example's manifests for Kubernetes, read as kubectl reads them."""

import yaml

from tests.support.serving import EXAMPLE

FOLDER = EXAMPLE / "kubernetes"
MANIFESTS = {
    document["kind"]: document
    for file in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.safe_load_all(file.read_text())
}


def pod(kind: str) -> dict:
    """Return the spec of the pods that a Deployment, Job or CronJob makes."""
    spec = MANIFESTS[kind]["spec"]
    spec = spec.get("jobTemplate", {"spec": spec})["spec"]
    return spec["template"]["spec"]


def container(kind: str) -> dict:
    [found] = pod(kind)["containers"]
    return found


def variables(kind: str) -> dict[str, str]:
    """Return what a manifest itself sets, without the Secret."""
    return {each["name"]: each["value"] for each in container(kind).get("env", [])}


def headers(probe: str) -> dict[str, str]:
    """Return the headers that a probe of the Deployment sends."""
    listed = container("Deployment")[probe]["httpGet"]["httpHeaders"]
    return {each["name"]: each["value"] for each in listed}
