"""The example under the Procfile's own command on PostgreSQL, as on a dyno."""

import http.client
import os
import shlex
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import psycopg
import pytest

from tests.support import environment, serving
from tests.support.serving import ROUTER, ask
from tests.support.waiting import PATIENCE, until

WORKERS = 2
POOL = 2
THREADS = 4  # of a worker, in gunicorn.conf.py
GIVEN = "01234567-89ab-cdef-0123-456789abcdef"
# Loopback as well, but no address that gunicorn trusts unless told to.
NEIGHBOUR = "127.0.0.2"
# Every request of "/" reads this table.
LOCK = "LOCK TABLE range_calibration_rangeparameter IN ACCESS EXCLUSIVE MODE"

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "sqlite",
    reason="the app is deployed on PostgreSQL",
)


@pytest.fixture(scope="module")
def variables():
    """Yield the environment of a dyno, whose database takes no connection too many."""
    url = environment.postgres.create_database("server", WORKERS * POOL + 1)
    yield os.environ | {"DATABASE_URL": url, "DATABASE_POOL_SIZE": str(POOL)}
    environment.postgres.drop_database("server")


@pytest.fixture(scope="module")
def project(tmp_path_factory, variables):
    return serving.install_example(tmp_path_factory.mktemp("server"), variables)


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


@pytest.fixture(scope="module")
def connections():
    """Yield a function that counts the app's connections, if asked those that wait."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'"
    url = environment.postgres.url()
    with psycopg.connect(url, autocommit=True) as connection:

        def count(waiting=False):
            lock = " AND wait_event_type = 'Lock'" if waiting else ""
            return connection.execute(query + lock).fetchone()[0]

        yield count


def accepted(served):
    """How many connections the one worker of a server has with its clients."""
    [worker] = psutil.Process(served.process.pid).children()
    return sum(
        each.status == psutil.CONN_ESTABLISHED and each.laddr.port == served.port
        for each in worker.net_connections("tcp")
    )


def test_the_request_log_names_a_request(served):
    ask(served.port, "/guide/", ROUTER | {"X-Request-ID": GIVEN})
    ask(served.port, "/nowhere/", ROUTER | {"X-Request-ID": GIVEN})
    until(lambda: served.log.read_text().count(GIVEN) >= 3, "three lines in the log")
    log = served.log.read_text()
    found = [line for line in log.splitlines() if line.endswith(f"request_id={GIVEN}")]
    assert 'method=GET path="/guide/" status=200 bytes=' in found[0]
    assert 'method=GET path="/nowhere/" status=404 bytes=' in found[-1]
    # The app's own line about the same request.
    assert f"level=WARNING logger=django.request request_id={GIVEN} Not Found" in log


def test_the_scheme_is_the_one_that_the_router_saw(served):
    """Asked from another address than 127.0.0.1, which gunicorn trusts by itself."""
    status, headers, _ = ask(served.port, "/healthz", {}, source=NEIGHBOUR)
    assert status == 301
    assert headers["Location"] == f"https://localhost:{served.port}/healthz"
    status, headers, text = ask(served.port, "/healthz", source=NEIGHBOUR)
    assert (status, text) == (200, '{"database": "ok"}')


def test_a_worker_opens_no_more_connections_than_its_pool_holds(served, connections):
    """More and more requests wait for the database, until both pools are exhausted
    and one request has been told so."""
    counted, answers = set(), []
    with ThreadPoolExecutor(200) as clients:

        def pools_are_exhausted():
            answers.append(clients.submit(ask, served.port, "/"))
            counted.add(connections())
            return WORKERS * POOL in counted and any(each.done() for each in answers)

        with slow_database():
            until(pools_are_exhausted, "every pool is exhausted")
        assert {answer.result()[0] for answer in answers} <= {200, 503}
    assert max(counted) == WORKERS * POOL
    assert ask(served.port, "/")[0] == 200


def test_sigterm_lets_every_request_under_way_be_answered(
    project, variables, connections
):
    """As many as there are threads wait for the database while the server stops, and
    as many again for a thread."""
    command = serving.web_command(project)
    enough = variables | {"DATABASE_POOL_SIZE": str(THREADS)}
    asked = 2 * THREADS
    with (
        serving.serving(project, command, enough) as served,
        ThreadPoolExecutor(asked) as clients,
    ):
        with slow_database():
            answers = [clients.submit(ask, served.port, "/") for _ in range(asked)]
            until(lambda: connections(waiting=True) == THREADS, "all threads wait")
            until(lambda: accepted(served) == asked, "all requests are accepted")
            served.process.send_signal(signal.SIGTERM)
            until(lambda: "signal: term" in served.log.read_text(), "it has the signal")
            assert served.process.poll() is None
        for answer in answers:
            status, headers, text = answer.result()
            assert status == 200
            assert len(text.encode()) == int(headers["Content-Length"])
        assert served.process.wait(PATIENCE) == 0


def test_sigterm_under_load_loses_no_answered_request(served):
    """The clients keep their connections, as the router does, until told to close."""
    answered = threading.Semaphore(0)

    def keep_asking():
        connection = http.client.HTTPConnection(
            "localhost", served.port, timeout=PATIENCE
        )
        count = 0
        while True:
            connection.request("GET", "/guide/", headers=ROUTER)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200
            assert text.endswith(b"</html>\n")
            count += 1
            if count == 10:
                answered.release()
            if answer.getheader("Connection") == "close":
                return count

    with ThreadPoolExecutor(8) as clients:
        asking = [clients.submit(keep_asking) for _ in range(8)]
        for _ in asking:
            assert answered.acquire(timeout=PATIENCE)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(PATIENCE) == 0
        assert all(client.result() > 10 for client in asking)


def test_an_idle_connection_does_not_hold_up_the_stop(project, variables):
    """Where it did, the server would end only after the graceful time-out."""
    command = serving.web_command(project)
    slow = {"GUNICORN_CMD_ARGS": f"--graceful-timeout {10 * PATIENCE}"}
    with serving.serving(project, command, variables | slow) as served:
        connection = http.client.HTTPConnection("localhost", served.port)
        connection.request("GET", "/guide/", headers=ROUTER)
        assert connection.getresponse().read()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(PATIENCE) == 0
        connection.close()


def test_a_missing_variable_stops_the_start_with_its_name(project, variables):
    incomplete = {key: value for key, value in variables.items() if key != "SECRET_KEY"}
    stopped = subprocess.run(
        shlex.split(serving.web_command(project)),
        cwd=project,
        env=incomplete | {"PORT": "0"} | serving.path_of(sys.executable),
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    assert stopped.returncode != 0
    assert 'Environment variable "SECRET_KEY" not set' in stopped.stderr
