"""The example as its manifests start it, without a cluster: two processes of an image,
each with its own disk, on one PostgreSQL; asked as Kubernetes asks."""

import os
import re
import shlex
import sys
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode

import psutil
import pytest
from dotenv import dotenv_values

from tests.support import environment, serving
from tests.support.manifests import container, headers, variables
from tests.support.serving import EXAMPLE, ask
from tests.support.waiting import PATIENCE, until

EMAIL, PASSWORD = "ada@example.com", "rock-pins-21"
READY, ALIVE = headers("readinessProbe"), headers("livenessProbe")
HOST = READY["Host"]
BUILD = dotenv_values(EXAMPLE / ".env.example")

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "sqlite",
    reason="the app is deployed on PostgreSQL",
)


def path(probe):
    return container("Deployment")[probe]["httpGet"]["path"]


@pytest.fixture(scope="module")
def secret():
    """Yield the environment that Secret and manifest make, with an empty database.

    `serving` asks for localhost.
    """
    url = environment.postgres.create_database("pods")
    own = {"DEBUG": "false", "ALLOWED_HOSTS": f"{HOST},localhost", "DATABASE_URL": url}
    yield os.environ | BUILD | own | variables("Deployment")
    environment.postgres.drop_database("pods")


@pytest.fixture(scope="module")
def pods(secret, tmp_path_factory):
    """Yield two running pods.

    What starts a process of the Procfile is `bash -c` and its command:
    heroku/buildpacks-procfile, src/launch.rs.
    """
    with ExitStack() as stack:
        started = []
        for name in ("one", "two"):
            project = serving.install_example(tmp_path_factory.mktemp(name), secret)
            command = shlex.join(["bash", "-c", serving.web_command(project)])
            workers = int(secret["WEB_CONCURRENCY"])
            served = serving.serving(project, command, secret, workers)
            started.append(stack.enter_context(served))
        superuser = {
            "DJANGO_SUPERUSER_EMAIL": EMAIL,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        serving.manage(project, secret | superuser, "createsuperuser", "--no-input")
        yield started


@contextmanager
def no_database():
    """Let the database refuse every connection until the block ends."""
    sql = environment.postgres.sql
    sql("ALTER DATABASE pods ALLOW_CONNECTIONS false")
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'pods'")
    try:
        yield
    finally:
        sql("ALTER DATABASE pods ALLOW_CONNECTIONS true")


def sign_in(port):
    """Sign in as a browser does; return the cookie of the session."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/accounts/login/", headers=READY)
    answer = connection.getresponse()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())[1]
    [csrf] = re.findall("csrftoken=[^;]+", answer.headers["Set-Cookie"])
    fields = {"csrfmiddlewaretoken": token, "username": EMAIL, "password": PASSWORD}
    form = {
        "Cookie": csrf,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"https://{HOST}",
    }
    connection.request("POST", "/accounts/login/", urlencode(fields), READY | form)
    answer = connection.getresponse()
    assert answer.status == 302, answer.read()
    cookies = answer.headers.get_all("Set-Cookie")
    connection.close()
    return re.search("sessionid=[^;]+", " ".join(cookies))[0]


def test_the_build_has_what_it_reads_in_env_example(tmp_path):
    with_nothing_else = {"PATH": os.environ["PATH"]} | BUILD
    project = serving.install_example(tmp_path, with_nothing_else, sys.executable)
    assert (project / "staticfiles" / "staticfiles.json").is_file()


def test_a_pod_is_ready_as_its_probe_asks(pods):
    for pod in pods:
        status, _, text = ask(pod.port, path("readinessProbe"), READY)
        assert (status, text) == (200, '{"database": "ok"}')


def test_a_pod_that_is_asked_for_its_address_refuses(pods):
    """What a probe without headers asks for."""
    address = {"Host": f"127.0.0.1:{pods[0].port}"}
    assert ask(pods[0].port, path("readinessProbe"), READY | address)[0] == 400


def test_a_pod_redirects_what_did_not_come_over_https(pods):
    """A probe takes that for a success, and nobody has asked the database."""
    status, answer, _ = ask(pods[0].port, path("readinessProbe"), {"Host": HOST})
    assert (status, answer["Location"]) == (301, f"https://{HOST}/healthz")


def test_without_its_database_a_pod_lives_and_is_not_ready(pods):
    port = pods[0].port
    with no_database():
        assert ask(port, path("readinessProbe"), READY)[0] == 503
        for probe in ("livenessProbe", "startupProbe"):
            assert ask(port, path(probe), ALIVE)[0] == 200
    for pod in pods:
        until(
            lambda pod=pod: ask(pod.port, path("readinessProbe"), READY)[0] == 200,
            "the pod is ready again",
        )


def test_who_signs_in_at_one_pod_is_signed_in_at_the_other(pods):
    one, two = pods
    page = "/accounts/profile/"
    assert ask(two.port, page, READY)[0] == 302
    session = {"Cookie": sign_in(one.port)}
    for pod in pods:
        status, _, text = ask(pod.port, page, READY | session)
        assert status == 200 and EMAIL in text


def test_gunicorn_gets_the_signals_of_a_pod(pods):
    """bash has replaced itself, so that SIGTERM reaches gunicorn."""
    for pod in pods:
        assert "gunicorn" in " ".join(psutil.Process(pod.process.pid).cmdline()[:2])
