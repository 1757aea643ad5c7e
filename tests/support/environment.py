"""The environment that example/staff/settings.py demands, set before Django starts.

A pytest plugin (pyproject.toml loads it) and not a conftest, because pytest-django
reads the settings before any conftest. The tests run in production's settings: no
DEBUG, a real PostgreSQL server of their own, hashed static files. TEST_DATABASE=sqlite
takes the database of a developer's machine instead.
"""

import atexit
import os
import signal
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from tests.support.serving import EXAMPLE

# A dyno's config vars, with values that belong to nobody. All are set, because a
# contributor's example/.env, which settings.py reads too, may say something else.
PRODUCTION = dotenv_values(EXAMPLE / ".env.example") | {
    "DEBUG": "false",
    "SECRET_KEY": "a-key-of-the-tests-as-long-as-one-made-by-secrets.token_urlsafe(64)",
    "ALLOWED_HOSTS": "testserver,localhost,.herokuapp.com",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}

# The running PostgreSQL server, for tests that restart it; None on SQLite.
postgres = None


def start_postgres():
    """Start a server that ends with this process and return its database's URL."""
    global postgres
    from rehearsal.postgres import Server

    folder = tempfile.TemporaryDirectory(prefix="staff-calibration-tests-")
    postgres = Server(Path(folder.name))
    postgres.start()
    atexit.register(folder.cleanup)
    atexit.register(postgres.stop)
    return postgres.url()  # the superuser's: a plain role may not create databases


# A shell starts its background jobs with SIGINT ignored and their children inherit
# that; the tests that interrupt a program need one that can be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.update(PRODUCTION)
os.environ["DATABASE_URL"] = (
    "sqlite:///:memory:"
    if os.environ.get("TEST_DATABASE") == "sqlite"
    else start_postgres()
)
