"""Health, request ids, and a database that goes away and comes back."""

import contextlib
import io
import logging
import os
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.urls import reverse

from staff.middleware import RequestIdFilter
from tests.support import serving
from tests.support.people import browser, user
from tests.support.serving import ROUTER, ask
from tests.support.waiting import until

GIVEN = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.django_db
def test_health_asks_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert response.json() == {"database": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_a_request_id_is_kept(client):
    response = client.get("/robots.txt", headers={"X-Request-ID": GIVEN})
    assert response["X-Request-ID"] == GIVEN


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 201, GIVEN + " level=ERROR", GIVEN + '"', "é" * 30]
)
def test_a_request_id_that_could_forge_a_log_line_is_replaced(client, given):
    response = client.get("/robots.txt", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f-]{36}", response["X-Request-ID"])


def test_two_requests_have_two_ids(client):
    answers = [client.get("/robots.txt") for _ in range(2)]
    assert answers[0]["X-Request-ID"] != answers[1]["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/nowhere/"), ("post", "/robots.txt")]
)
def test_every_line_of_the_log_names_its_request(client, method, path):
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        getattr(client, method)(path, headers={"X-Request-ID": GIVEN})
    finally:
        logger.removeHandler(handler)
    assert output.getvalue().startswith(f"{GIVEN} ")


TALK = """
import logging, django
django.setup()
for name in ["staff.views", "django.request", "axes", "fontTools"]:
    logging.getLogger(name).debug("quiet")
    logging.getLogger(name).info("progress")
    logging.getLogger(name).warning("trouble")
"""


def test_a_process_prints_each_message_once_in_a_line_with_a_request_id():
    """In a process of its own, because pytest has handlers of its own."""
    printed = subprocess.run(
        [sys.executable, "-c", TALK],
        cwd=serving.EXAMPLE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "staff.settings"},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert printed.splitlines() == [
        "level=INFO logger=staff.views request_id=- progress",
        "level=WARNING logger=staff.views request_id=- trouble",
        "level=INFO logger=django.request request_id=- progress",
        "level=WARNING logger=django.request request_id=- trouble",
        "level=WARNING logger=axes request_id=- trouble",
        "level=WARNING logger=fontTools request_id=- trouble",
    ]


@pytest.mark.django_db
def test_the_tests_run_on_the_database_that_was_asked_for():
    wanted = os.environ.get("TEST_DATABASE", "postgresql")
    assert connection.vendor == wanted


@pytest.mark.django_db
def test_a_signed_in_list_page_makes_at_most_four_queries(
    django_assert_max_num_queries,
):
    client = browser(user())
    with django_assert_max_num_queries(4):
        client.get(reverse("staff_calibration:registry"))


# Against a server of its own: to stop the one of the other tests would break them.


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    if os.environ.get("TEST_DATABASE") == "sqlite":
        pytest.skip("a file cannot go away; PostgreSQL can")
    from rehearsal.postgres import Server

    with Server(tmp_path_factory.mktemp("outage")) as server:
        yield server


@pytest.fixture(scope="module")
def port(database, tmp_path_factory):
    """Where gunicorn serves the example, under its own configuration."""
    variables = os.environ | {"DATABASE_URL": database.create_database("outage")}
    project = serving.install_example(tmp_path_factory.mktemp("outage"), variables)
    with serving.serving(project, serving.web_command(project), variables) as server:
        yield server.port


def is_healthy(port):
    with contextlib.suppress(OSError):
        return ask(port, "/healthz")[0] == 200


def test_the_app_outlives_its_database(port, database):
    signed_in = ROUTER | {"Cookie": "sessionid=0123456789abcdef0123456789abcdef"}
    assert ask(port, "/")[0] == 200
    database.stop()
    try:
        status, _, text = ask(port, "/healthz")
        assert (status, text) == (503, '{"database": "unavailable"}')
        for path, headers in [("/", ROUTER), ("/accounts/profile/", signed_in)]:
            status, answer, text = ask(port, path, headers)
            assert status == 503
            assert "The database does not answer" in text
            assert answer["Retry-After"]
        assert ask(port, "/guide/")[0] == 200
        assert ask(port, "/nowhere/")[0] == 404
    finally:
        database.start()
    until(lambda: is_healthy(port), "/healthz answers 200")
    assert ask(port, "/")[0] == 200


def test_a_restarted_database_is_not_noticed(port, database):
    """The pool's connections are broken; the next request must not meet one."""
    assert [ask(port, "/healthz")[0] for _ in range(8)] == [200] * 8
    database.restart()
    assert [ask(port, "/")[0] for _ in range(8)] == [200] * 8
