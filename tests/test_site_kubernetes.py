"""The manifests are what Kubernetes takes, and they say what the Procfile and gunicorn
say; the page says what they say."""

import copy
import re
import runpy

import kubernetes_validate
import pytest
from jsonschema import ValidationError

from docs._extensions.facts import FACTS
from docs._extensions.substitutions import substitutions
from tests.support.config_vars import PRODUCTION, run_settings
from tests.support.manifests import (
    FOLDER,
    MANIFESTS,
    container,
    headers,
    pod,
    variables,
)
from tests.support.pages import SOURCES, commands, excused
from tests.support.serving import EXAMPLE

PAGE = "operate/when-one-machine-is-not-enough"
PODS = ("Deployment", "Job", "CronJob")
VERSION = kubernetes_validate.latest_version()
PROCFILE = dict(
    re.findall(r"^(\w+): (.+)$", (EXAMPLE / "Procfile").read_text(), re.MULTILINE)
)
GUNICORN = runpy.run_path(EXAMPLE / "gunicorn.conf.py")
POOL = run_settings(PRODUCTION)["DATABASES"]["default"]["OPTIONS"]["pool"]
WORKERS = int(variables("Deployment")["WEB_CONCURRENCY"])


def validate(manifest):
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def typed():
    """Return the commands of the page that nobody performs, a line each."""
    return [each.text.replace("\\\n", "") for each in excused() if each.page == PAGE]


# What Kubernetes takes -----------------------------------------------------------


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest_is_what_kubernetes_takes(kind):
    validate(MANIFESTS[kind])


@pytest.mark.parametrize(
    "path, value",
    [
        (("kind",), "Deploymnt"),
        (("apiVersion",), "apps/v2"),
        (("spec", "replica"), 2),
        (("spec", "replicas"), "two"),
        (("spec", "template", "spec", "containers", 0, "livenesProbe"), {}),
        (("spec", "template", "spec", "containers", 0, "name"), None),
    ],
)
def test_a_broken_manifest_is_refused(path, value):
    broken = copy.deepcopy(MANIFESTS["Deployment"])
    *way, last = path
    place = broken
    for each in way:
        place = place[each]
    place[last] = value
    with pytest.raises((ValidationError, kubernetes_validate.SchemaNotFoundError)):
        validate(broken)


def test_the_page_names_the_version_of_the_schemas():
    assert VERSION.startswith(substitutions()["kubernetes"] + ".")


# The same as elsewhere -----------------------------------------------------------


def test_the_deployment_and_the_job_run_the_processes_of_the_procfile():
    """heroku/procfile makes a program of each, with its name."""
    started = [container(kind)["command"] for kind in ("Deployment", "Job")]
    assert started == [[name] for name in PROCFILE]
    assert "args" not in container("Deployment").keys() | container("Job").keys()


def test_the_cron_job_runs_the_clean_up_that_the_worker_page_runs():
    [clean_up] = container("CronJob")["args"]
    on_page = [each.text for each in commands() if each.page == "operate/worker"]
    assert f"heroku run -x -- {clean_up}" in on_page


def test_all_run_the_image_that_the_page_builds():
    [build] = [text for text in typed() if text.startswith("pack build ")]
    assert {container(kind)["image"] for kind in PODS} == {build.split()[2]}


def test_all_get_the_secret_that_the_page_creates():
    [create] = [text for text in typed() if text.startswith("kubectl create secret")]
    for kind in PODS:
        [source] = container(kind)["envFrom"]
        assert source["secretRef"]["name"] == create.split()[4]


def test_the_page_names_files_and_resources_that_are_there():
    resources = {
        f"{kind.lower()}/{each['metadata']['name']}" for kind, each in MANIFESTS.items()
    }
    words = {word for text in typed() for word in text.split() if "/" in word}
    named = {word for word in words if re.match(r"(job|deployment)/", word)}
    files = {word for word in words if word.startswith("kubernetes/")}
    assert named and named <= resources
    assert files and all((EXAMPLE / word).exists() for word in files)
    assert all(
        f"{FOLDER.name}/{file.name}" in SOURCES[PAGE] for file in FOLDER.iterdir()
    )


def test_a_variable_of_a_manifest_is_in_the_reference():
    for name in variables("Deployment"):
        assert f".. envvar:: {name}\n" in SOURCES["reference/config-vars"]


def test_the_port_is_the_one_that_the_process_gets():
    web, [service] = container("Deployment"), MANIFESTS["Service"]["spec"]["ports"]
    [port] = web["ports"]
    assert str(port["containerPort"]) == variables("Deployment")["PORT"]
    probes = [web[name]["httpGet"]["port"] for name in web if name.endswith("Probe")]
    assert {service["targetPort"], *probes} == {port["name"]}


def test_the_service_finds_the_pods_of_the_deployment():
    spec = MANIFESTS["Deployment"]["spec"]
    [spread] = pod("Deployment")["topologySpreadConstraints"]
    labels = spec["template"]["metadata"]["labels"]
    assert labels == MANIFESTS["Service"]["spec"]["selector"]
    assert labels == spec["selector"]["matchLabels"]
    assert labels == spread["labelSelector"]["matchLabels"]


# Numbers -------------------------------------------------------------------------


def test_a_pod_has_the_memory_of_a_basic_dyno_and_a_worker_for_each_part():
    memory = FACTS["basic-memory"].megabytes
    resources = container("Deployment")["resources"]
    assert resources["limits"] == resources["requests"] == {"memory": f"{memory}Mi"}
    assert memory // FACTS["worker-memory"].megabytes == WORKERS


def test_a_pod_has_as_long_to_start_as_a_dyno():
    probe = container("Deployment")["startupProbe"]
    most = probe["periodSeconds"] * probe["failureThreshold"]
    assert most == FACTS["boot-timeout"].value


def test_a_pod_has_time_to_answer_before_it_is_killed():
    sleep = container("Deployment")["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = pod("Deployment")["terminationGracePeriodSeconds"]
    assert 0 < sleep and sleep + GUNICORN["graceful_timeout"] < grace


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
def test_a_probe_waits_longer_than_the_app_for_a_connection(probe):
    assert container("Deployment")[probe]["timeoutSeconds"] > POOL["timeout"]


def test_no_pod_stops_before_another_is_ready():
    strategy = MANIFESTS["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    assert strategy["maxUnavailable"] == 0 < strategy["maxSurge"]


def test_the_sum_of_the_connections_adds_up_and_fits():
    """All old pods may still stop while all new ones run, and the Job has a pool."""
    replicas = MANIFESTS["Deployment"]["spec"]["replicas"]
    most = 2 * replicas * WORKERS * POOL["max_size"]
    assert substitutions()["cluster-connections"] == str(most)
    assert replicas > 1
    assert most + POOL["max_size"] < FACTS["postgres-connections"].value


# The page ------------------------------------------------------------------------


def test_the_page_asks_as_the_probe_does():
    probe = container("Deployment")["readinessProbe"]
    shown = [f'--header "{k}: {v}"' for k, v in headers("readinessProbe").items()]
    [asked] = [
        each.text
        for each in commands()
        if each.page == PAGE and all(header in each.text for header in shown)
    ]
    assert asked.endswith(probe["httpGet"]["path"])


def test_the_page_starts_the_app_as_the_deployment_does():
    [start] = [
        each.text.replace("\\\n", "").split()
        for each in commands()
        if each.page == PAGE and each.keeps_running
    ]
    set_there = [word for word in start if re.match("[A-Z_]+=", word)]
    command = " ".join(start[len(set_there) :])
    names = {word.partition("=")[0] for word in set_there}
    assert command == PROCFILE["web"]
    assert names >= variables("Deployment").keys()
    assert f"WEB_CONCURRENCY={WORKERS}" in set_there
    assert f"ALLOWED_HOSTS={headers('readinessProbe')['Host']}" in set_there
