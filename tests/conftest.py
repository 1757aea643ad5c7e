"""Fixtures that several test files use."""

from pathlib import Path

import hypothesis
import pytest
from django.core.management import call_command
from django.test import Client

ROOT = Path(__file__).parent.parent
SITE = ROOT / "build" / "html"

# The same examples each time, and as long as a busy machine takes for them.
# https://hypothesis.readthedocs.io/en/latest/reference/api.html#built-in-profiles
hypothesis.settings.load_profile("ci")


class HttpsClient(Client):
    """Ask over HTTPS, as Heroku's router does; every other request is redirected."""

    def generic(self, *args, **kwargs):
        # get() and post() always pass `secure`, False unless asked otherwise.
        return super().generic(*args, **kwargs | {"secure": True})


@pytest.fixture
def client():
    """Return a browser that has not signed in."""
    return HttpsClient()


def pytest_sessionstart(session):
    """Collect the static files, which the templates name by their hash.

    Once, before the processes of pytest-xdist start, which have a `workerinput`.
    """
    if not hasattr(session.config, "workerinput"):
        call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built guide."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"{SITE} is missing: run `make html` first")
    return SITE
