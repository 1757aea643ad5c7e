"""The example under the Procfile's own command on PostgreSQL, as on a dyno."""

import http.client
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.support import environment, serving
from tests.support.serving import ROUTER, ask

WORKERS = 2
POOL = 2
THREADS = 4  # of a worker, in gunicorn.conf.py
GIVEN = "01234567-89ab-cdef-0123-456789abcdef"
# Every request of "/" reads this table.
LOCK = "LOCK TABLE range_calibration_rangeparameter IN ACCESS EXCLUSIVE MODE"

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "sqlite",
    reason="the app is deployed on PostgreSQL",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return serving.copy_example(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def variables(project):
    """The environment of a dyno, whose database takes no connection too many."""
    url = environment.postgres.create_database("server", WORKERS * POOL + 1)
    found = {**os.environ, **environment.PRODUCTION, "DATABASE_URL": url}
    found["DATABASE_POOL_SIZE"] = str(POOL)
    serving.manage(project, found, "migrate", "-v0")
    yield found
    environment.postgres.drop_database("server")


@pytest.fixture
def served(project, variables):
    command = serving.web_command(project)
    with serving.serving(project, command, variables, WORKERS) as server:
        yield server


@contextmanager
def slow_database():
    """Let every request of "/" wait until the block ends."""
    with psycopg.connect(environment.postgres.url("server")) as connection:
        connection.execute(LOCK)
        yield


def connections():
    """How many connections the app's role has open now."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'"
    return int(environment.postgres.sql(query))


def test_the_request_log_names_a_request(served):
    ask(served.port, "/guide/", ROUTER | {"X-Request-ID": GIVEN})
    ask(served.port, "/nowhere/", ROUTER | {"X-Request-ID": GIVEN})
    deadline = time.monotonic() + 5
    while (log := served.log.read_text()).count(GIVEN) < 3:
        assert time.monotonic() < deadline, log
        time.sleep(0.05)
    found = [line for line in log.splitlines() if line.endswith(f"request_id={GIVEN}")]
    assert 'method=GET path="/guide/" status=200 bytes=' in found[0]
    assert 'method=GET path="/nowhere/" status=404 bytes=' in found[-1]
    # The app's own line about the same request.
    assert f"level=WARNING logger=django.request request_id={GIVEN} Not Found" in log


def test_the_scheme_is_the_one_that_the_router_saw(served):
    status, headers, _ = ask(served.port, "/healthz", {})
    assert status == 301
    assert headers["Location"] == f"https://localhost:{served.port}/healthz"
    status, headers, text = ask(served.port, "/healthz")
    assert (status, text) == (200, '{"database": "ok"}')


def test_a_worker_opens_no_more_connections_than_its_pool_holds(served):
    asked = WORKERS * THREADS
    with ThreadPoolExecutor(asked) as clients:
        with slow_database():
            answers = [clients.submit(ask, served.port, "/") for _ in range(asked)]
            counted = set()
            for _ in range(10):
                counted.add(connections())
                time.sleep(0.1)
        assert [answer.result()[0] for answer in answers] == [200] * asked
    assert max(counted) == WORKERS * POOL


def test_sigterm_lets_every_request_under_way_be_answered(served):
    """More requests than threads wait for the database while the server stops."""
    asked = WORKERS * THREADS + 4
    with ThreadPoolExecutor(asked) as clients:
        with slow_database():
            answers = [clients.submit(ask, served.port, "/") for _ in range(asked)]
            time.sleep(1)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert served.process.poll() is None
        for answer in answers:
            status, headers, text = answer.result()
            assert status == 200
            assert len(text.encode()) == int(headers["Content-Length"])
    assert served.process.wait(30) == 0


def test_sigterm_under_load_loses_no_answered_request(served):
    """The clients keep their connections, as the router does, until told to close."""
    accepted = threading.Semaphore(0)

    def keep_asking():
        connection = http.client.HTTPConnection("localhost", served.port, timeout=25)
        count = 0
        while True:
            connection.request("GET", "/guide/", headers=ROUTER)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200
            assert text.endswith(b"</html>\n")
            count += 1
            if count == 10:
                accepted.release()
            if answer.getheader("Connection") == "close":
                return count

    with ThreadPoolExecutor(8) as clients:
        asking = [clients.submit(keep_asking) for _ in range(8)]
        for _ in asking:
            assert accepted.acquire(timeout=30)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
        assert all(client.result() > 10 for client in asking)


def test_an_idle_connection_does_not_hold_up_the_stop(served):
    connection = http.client.HTTPConnection("localhost", served.port)
    connection.request("GET", "/guide/", headers=ROUTER)
    assert connection.getresponse().read()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(10) == 0
    connection.close()


def test_a_missing_variable_stops_the_start_with_its_name(project, variables):
    incomplete = {key: value for key, value in variables.items() if key != "SECRET_KEY"}
    stopped = subprocess.run(
        shlex.split(serving.web_command(project)),
        cwd=project,
        env=incomplete | {"PORT": "0"} | serving.path_of(sys.executable),
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    assert stopped.returncode != 0
    assert 'Environment variable "SECRET_KEY" not set' in stopped.stderr
