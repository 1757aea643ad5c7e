"""What people see when something goes wrong. None of these pages asks the database.

Tests without the mark `django_db` fail as soon as they touch it.
"""

import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import Http404
from django.urls import path

from staff.urls import handler500 as handler500
from staff.urls import urlpatterns as pages_of_the_app
from tests.conftest import HttpsClient
from tests.support.people import browser, user

ERRORS = {
    "400": SuspiciousOperation,
    "403": PermissionDenied,
    "404": Http404,
    "500": ZeroDivisionError,
    "sql": ProgrammingError,
    "503": OperationalError,
    "503-too": InterfaceError,
}


def fail(request, error):
    raise ERRORS[error]("the inside of the app")


fail.login_required = False
urlpatterns = [path("fail/<error>/", fail), *pages_of_the_app]
with_failing_pages = pytest.mark.urls(__name__)


def failing(error):
    return HttpsClient(raise_request_exception=False).get(f"/fail/{error}/")


@with_failing_pages
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("400", 400, "This request could not be read"),
        ("403", 403, "This page is not for your account"),
        ("404", 404, "There is no such page"),
        ("500", 500, "Something went wrong here"),
        ("sql", 500, "Something went wrong here"),
        ("503", 503, "The database does not answer"),
        ("503-too", 503, "The database does not answer"),
    ],
)
def test_an_error_is_answered_by_a_page_of_the_site(error, status, words):
    response = failing(error)
    assert response.status_code == status
    assert f"<h1>{words}</h1>" in response.text
    assert re.search(r"/static/style\.\w+\.css", response.text)
    assert "the inside of the app" not in response.text
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "X-Request-ID" in response
    assert "Content-Security-Policy" in response


@with_failing_pages
@pytest.mark.parametrize("error", ["503", "503-too"])
def test_a_missing_database_asks_to_come_back(error):
    assert int(failing(error)["Retry-After"]) > 0


@with_failing_pages
@pytest.mark.parametrize("error", ["500", "503"])
def test_an_error_leaves_its_traceback_and_request_in_the_log(error, caplog):
    response = failing(error)
    record = next(one for one in caplog.records if one.exc_info)
    assert record.name == "django.request"
    assert record.exc_info[0] is ERRORS[error]
    assert response.request["PATH_INFO"] in record.getMessage()


def test_an_unknown_address_needs_no_database(client):
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is no such page" in response.text


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b"])
def test_a_foreign_host_is_refused(client, host):
    response = client.get("/", headers={"host": host})
    assert response.status_code == 400
    assert "This request could not be read" in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/staves/99999999999999999999999999/",
        "/accounts/activate/99999999999999999999999999/x/",
        "/accounts/password/reset/x/x/",
        "/calibrations/verify/00000000-0000-0000-0000-000000000000/",
        "/accounts/activate/1/%00/",
        "/static/../manage.py",
        "/static/none.css",
        "/%00",
        "/%ff%fe",
    ],
)
@pytest.mark.django_db
def test_a_strange_address_is_no_server_error(path):
    assert browser(user()).get(path).status_code in (200, 404)


@pytest.mark.django_db
def test_a_forbidden_page_says_so():
    response = browser(user()).get("/accounts/users/")
    assert response.status_code == 403
    assert "This page is not for your account" in response.text
