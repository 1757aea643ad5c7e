"""Every constant of the files that decide the deployment is right for a reason.

Whoever adds one gives it a row: what must be true of it, why, and who says so.
"""

import ast
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import metadata, version
from typing import NamedTuple

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import load_command_class
from django.utils.module_loading import import_string
from gunicorn.config import KNOWN_SETTINGS, Config
from marshmallow import ValidationError
from packaging.requirements import Requirement
from packaging.version import Version
from whitenoise.storage import CompressedManifestStaticFilesStorage

from docs._extensions.facts import read_facts
from rehearsal.reader.project import DEPLOYABLE, is_app_owned
from staff.views import ROBOTS
from tests.support.config_vars import (
    BUTTON,
    EXAMPLE,
    OWN_MACHINE,
    PRODUCTION,
    SETTINGS,
    run_settings,
)

FACTS = {name: fact.value for name, fact in read_facts().items()}
WORKERS = FACTS["basic-memory"] // FACTS["worker-memory"]

DJANGO = "https://docs.djangoproject.com/en/5.2/"
GUNICORN = "https://docs.gunicorn.org/en/stable/settings.html"
HEROKU = "https://devcenter.heroku.com/articles/"
HSTS = "https://hstspreload.org/#deployment-recommendations"
PSYCOPG = "https://www.psycopg.org/psycopg3/docs/api/pool.html"
WHITENOISE = "https://whitenoise.readthedocs.io/en/stable/django.html"


class Row(NamedTuple):
    """What must be true of a value, given it and all values of its file."""

    holds: Callable
    why: str
    source: str


def on(why, source):
    return Row(lambda value, _: value is True, why, source)


def off(why, source):
    return Row(lambda value, _: value is False, why, source)


# gunicorn.conf.py ------------------------------------------------------------

SERVER = {
    "worker_class": Row(
        lambda value, _: value == "gthread",
        "workers without threads close each connection after its answer",
        f"{GUNICORN}#keepalive",
    ),
    "threads": Row(
        lambda value, _: value == int(OWN_MACHINE["DATABASE_POOL_SIZE"]),
        "as many as DATABASE_POOL_SIZE: no thread waits for a connection",
        "example/.env.example",
    ),
    "preload_app": on("an import error stops the start", f"{GUNICORN}#preload-app"),
    "keepalive": Row(
        lambda value, _: value > FACTS["router-keep-alive"],
        "the router must be the one to close an idle connection",
        f"{HEROKU}http-routing#keepalives",
    ),
    "graceful_timeout": Row(
        lambda value, _: FACTS["stop-timeout"] / 2 < value < FACTS["stop-timeout"],
        "requests end before the platform kills the dyno, if they can",
        f"{HEROKU}dyno-shutdown-behavior",
    ),
    "forwarded_allow_ips": Row(
        lambda value, _: value == "*",
        "the router asks from any address, and is trusted to say https",
        f"{GUNICORN}#forwarded-allow-ips",
    ),
    "accesslog": Row(
        lambda value, _: value == "-",
        "the log is what a process prints",
        f"{HEROKU}writing-best-practices-for-application-logs",
    ),
    "access_log_format": Row(
        lambda value, _: "%({x-request-id}o)s" in value and "\n" not in value,
        "one line a request, found by the id that the answer bears",
        f"{GUNICORN}#access-log-format",
    ),
    "control_socket_disable": on(
        "nobody controls a dyno's gunicorn through a socket",
        f"{GUNICORN}#control-socket-disable",
    ),
    "when_ready": Row(
        lambda value, _: callable(value),
        "gunicorn calls it before it forks",
        f"{GUNICORN}#when-ready",
    ),
}

# staff/settings.py -----------------------------------------------------------


def refuses_an_empty_text(validator, _):
    try:
        validator("")
    except ValidationError:
        return True
    return False


def in_order(middleware, _):
    """Whether each name stands above the next one, the first two where they must."""
    order = [
        "staff.middleware.request_id",
        "django.middleware.security.SecurityMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "axes.middleware.AxesMiddleware",
    ]
    places = [middleware.index(name) for name in order]
    return (
        places == sorted(places)
        and places[:3] == [0, 1, 2]
        and places[-1] == len(middleware) - 1
    )


def prints_errors(logging, _):
    """Whether the root logger and Django's print what they are told."""
    loggers = [logging["root"], logging["loggers"]["django"]]
    handler = logging["handlers"]["console"]
    return handler["class"] == "logging.StreamHandler" and all(
        each["handlers"] == ["console"] and each["level"] == "INFO" for each in loggers
    )


def fits_the_plan(size, _):
    """Allow for a deploy's two dynos, and some connections for a release and psql."""
    return 2 * WORKERS * size <= FACTS["essential-0-connections"] - 2


def well_under_the_router(seconds, _):
    return 0 < seconds < FACTS["request-timeout"] / 2


def goes_with_tls_or_ssl(port, settings):
    encrypted = settings["EMAIL_USE_TLS"], settings.get("EMAIL_USE_SSL", False)
    expected = (False, True) if port == FACTS["ssl-port"] else (True, False)
    return port in (587, FACTS["ssl-port"]) and encrypted == expected


def from_url(name):
    return Row(
        lambda value, _: str(value) in PRODUCTION["DATABASE_URL"],
        "is read from DATABASE_URL",
        "https://github.com/jazzband/dj-database-url",
    )


DATABASE = "DATABASES.default"
ROUTER_WAITS = f"{HEROKU}limits#router"
POOL_WAITS = "who waits for a connection is answered before the router gives up"
PRODUCTION_SETTINGS = {
    "BASE_DIR": Row(
        lambda value, _: (value / "manage.py").is_file(),
        "is the folder of manage.py, which is pushed",
        "django-admin startproject",
    ),
    "NOT_EMPTY": Row(
        refuses_an_empty_text, "an empty variable is a missing one", "docs/prepare"
    ),
    "SECURE_SSL_REDIRECT": on("no page goes over HTTP", f"{DJANGO}topics/security/"),
    "SESSION_COOKIE_SECURE": on("no cookie does", f"{DJANGO}topics/security/"),
    "CSRF_COOKIE_SECURE": on("no cookie does", f"{DJANGO}topics/security/"),
    "SECURE_HSTS_SECONDS": Row(
        lambda value, _: value >= 365 * 24 * 60 * 60,
        "a year at least, or browsers' preload lists refuse the site",
        HSTS,
    ),
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": on("the preload lists demand it", HSTS),
    "SECURE_HSTS_PRELOAD": on("the preload lists demand it", HSTS),
    "MIDDLEWARE": Row(
        in_order,
        "the id comes first, WhiteNoise directly after SecurityMiddleware, axes last",
        f"{DJANGO}ref/middleware/#middleware-ordering and {WHITENOISE}",
    ),
    f"{DATABASE}.ENGINE": Row(
        lambda value, _: value == "django.db.backends.postgresql",
        "is what DATABASE_URL of production says",
        "https://github.com/jazzband/dj-database-url",
    ),
    **{
        f"{DATABASE}.{name}": from_url(name)
        for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    },
    f"{DATABASE}.CONN_MAX_AGE": Row(
        lambda value, _: value == 0,
        "Django refuses a pool beside connections that persist",
        f"{DJANGO}ref/databases/#postgresql-connection-pools",
    ),
    f"{DATABASE}.CONN_HEALTH_CHECKS": on(
        "a connection that broke while it was idle is not handed to a request",
        f"{DJANGO}ref/settings/#conn-health-checks",
    ),
    f"{DATABASE}.DISABLE_SERVER_SIDE_CURSORS": off(
        "only a pooler between app and database wants them off",
        f"{DJANGO}ref/databases/#transaction-pooling-server-side-cursors",
    ),
    f"{DATABASE}.OPTIONS.sslmode": Row(
        lambda value, _: value in ("require", "verify-ca", "verify-full"),
        "Heroku Postgres demands TLS",
        f"{HEROKU}connecting-heroku-postgres",
    ),
    f"{DATABASE}.OPTIONS.pool.min_size": Row(
        lambda value, _: 1 <= value <= int(PRODUCTION["DATABASE_POOL_SIZE"]),
        "one connection is ready, and not more than the pool may hold",
        PSYCOPG,
    ),
    f"{DATABASE}.OPTIONS.pool.max_size": Row(
        lambda value, _: value == int(PRODUCTION["DATABASE_POOL_SIZE"]),
        "is DATABASE_POOL_SIZE",
        PSYCOPG,
    ),
    f"{DATABASE}.OPTIONS.pool.timeout": Row(
        well_under_the_router, POOL_WAITS, ROUTER_WAITS
    ),
    f"{DATABASE}.OPTIONS.pool.reconnect_timeout": Row(
        well_under_the_router, POOL_WAITS, ROUTER_WAITS
    ),
    "STATIC_URL": Row(
        lambda value, _: f"Allow: /{value}\n" in ROBOTS,
        "robots may read the static files of the pages that they may read",
        "example/staff/views.py",
    ),
    "STATIC_ROOT": Row(
        lambda value, settings: value not in settings["STATICFILES_DIRS"],
        "collectstatic may not collect what it wrote",
        f"{DJANGO}ref/settings/#static-root",
    ),
    "STATICFILES_DIRS": Row(
        lambda value, _: all(each.is_dir() for each in value),
        "the folders of the app's static files exist",
        f"{DJANGO}ref/settings/#staticfiles-dirs",
    ),
    "STORAGES.default.BACKEND": Row(
        lambda value, _: issubclass(import_string(value), FileSystemStorage),
        'a STORAGES without a working "default" breaks the first upload',
        f"{DJANGO}ref/settings/#storages",
    ),
    "STORAGES.staticfiles.BACKEND": Row(
        lambda value, _: issubclass(
            import_string(value), CompressedManifestStaticFilesStorage
        ),
        "files bear a hash in their names, and browsers may keep them for ever",
        f"{WHITENOISE}#add-compression-and-caching-support",
    ),
    "WHITENOISE_KEEP_ONLY_HASHED_FILES": on(
        "the slug holds each static file once",
        f"{WHITENOISE}#WHITENOISE_KEEP_ONLY_HASHED_FILES",
    ),
    "LOGGING": Row(
        prints_errors,
        "the log is what a process prints (test_app_operations reads the lines)",
        f"{DJANGO}topics/logging/",
    ),
    "SERVER_EMAIL": Row(
        lambda value, settings: value == settings["DEFAULT_FROM_EMAIL"],
        "mail services send from one address",
        f"{DJANGO}ref/settings/#server-email",
    ),
    "EMAIL_PORT": Row(
        goes_with_tls_or_ssl,
        "587 goes with TLS, 465 with SSL",
        "https://www.rfc-editor.org/rfc/rfc8314",
    ),
    "EMAIL_USE_TLS": Row(
        lambda value, settings: value != settings.get("EMAIL_USE_SSL", False),
        "Django refuses both",
        f"{DJANGO}ref/settings/#email-use-tls",
    ),
    "EMAIL_TIMEOUT": Row(
        well_under_the_router,
        "who signs up is answered before the router gives up",
        ROUTER_WAITS,
    ),
}

# .env.example ----------------------------------------------------------------

OWN = {
    "SECRET_KEY": Row(
        lambda value, _: len(value) >= 50 and not value.startswith("django-insecure-"),
        "as strong as Django demands, though everybody can read it",
        f"{DJANGO}ref/checks/#security",
    ),
    "DEBUG": Row(
        lambda value, _: value == "true",
        "without it the browser is sent to https://localhost, where nothing answers",
        f"{DJANGO}ref/settings/#secure-ssl-redirect",
    ),
    "ALLOWED_HOSTS": Row(
        lambda value, _: set(value.split(",")) == {"localhost", "127.0.0.1"},
        "the names of the own machine, and no other",
        f"{DJANGO}ref/settings/#allowed-hosts",
    ),
    "EMAIL_BACKEND": Row(
        lambda value, _: value == BUTTON["env"]["EMAIL_BACKEND"]["value"],
        "messages are printed here as after the first deployment",
        "docs/prepare/e-mail.rst",
    ),
    "DEFAULT_FROM_EMAIL": Row(
        lambda value, _: (
            value == BUTTON["env"]["DEFAULT_FROM_EMAIL"]["value"]
            and value.endswith("@example.com")
        ),
        "belongs to nobody",
        "https://www.rfc-editor.org/rfc/rfc2606",
    ),
    "DATABASE_URL": Row(
        lambda value, _: re.fullmatch(r"sqlite:///[\w.]+", value),
        "a file in the project, which git ignores",
        "https://github.com/jazzband/dj-database-url",
    ),
    "DATABASE_POOL_SIZE": Row(
        lambda value, _: (
            value == BUTTON["env"]["DATABASE_POOL_SIZE"]["value"]
            and fits_the_plan(int(value), None)
        ),
        "2 dynos x workers x the pool fit the smallest plan",
        f"{HEROKU}heroku-postgres-plans",
    ),
}

# Procfile, .python-version ---------------------------------------------------


def starts_the_app(command, _):
    program, *arguments = command.split()
    chosen = Config().parser().parse_args(arguments)
    given = {name for name, value in vars(chosen).items() if value is not None}
    return (
        program == "gunicorn"
        and given == {"config", "args"}
        and (EXAMPLE / chosen.config).is_file()
        and [f"{module}.application" for module in chosen.args]
        == [SETTINGS_OF_PRODUCTION["WSGI_APPLICATION"]]
    )


def migrates_without_a_question(command, _):
    python, program, name, *options = command.split()
    parser = load_command_class("django.core", name).create_parser(program, name)
    return [python, program, name] == [
        "python",
        "manage.py",
        "migrate",
    ] and not parser.parse_args(options).interactive


PROCESSES = {
    "web": Row(
        starts_the_app,
        "names the settings file and WSGI_APPLICATION, and no port",
        f"{HEROKU}procfile",
    ),
    "release": Row(
        migrates_without_a_question,
        "nobody can answer a question of the release phase",
        f"{HEROKU}release-phase",
    ),
}
PYTHON = {
    "version": Row(
        lambda value, _: (
            f"Programming Language :: Python :: {value}"
            in metadata("django").get_all("Classifier")
        ),
        "a series that Django supports; Heroku chooses its latest patch",
        f"{HEROKU}python-support",
    ),
}

# The files, read -------------------------------------------------------------


SETTINGS_OF_PRODUCTION = run_settings(PRODUCTION)


def read(path):
    return (EXAMPLE / path).read_text()


def assigned(module):
    """Return the names that a module assigns or defines, with the expressions."""
    return {
        target.id: ast.unparse(node.value)
        for node in ast.walk(ast.parse(module))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    } | {
        node.name: ""
        for node in ast.parse(module).body
        if isinstance(node, ast.FunctionDef)
    }


def flat(name, value):
    """Yield the leaves of nested dictionaries by their path, such as A.b.c."""
    if name.partition(".")[0] in ("DATABASES", "STORAGES") and isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(f"{name}.{key}", inner)
    else:
        yield name, value


def constants_of_settings():
    """Return what the deployment owns in settings.py and no variable decides alone."""
    return {
        name: value
        for setting, expression in assigned(SETTINGS.read_text()).items()
        if not is_app_owned(setting) and not expression.startswith("env.")
        for name, value in flat(setting, SETTINGS_OF_PRODUCTION[setting])
    }


def constants_of_server():
    server = EXAMPLE / "gunicorn.conf.py"
    values = runpy.run_path(str(server))
    return {name: values[name] for name in assigned(server.read_text())}


FILES = {
    "staff/settings.py": (constants_of_settings(), PRODUCTION_SETTINGS),
    "gunicorn.conf.py": (constants_of_server(), SERVER),
    ".env.example": (OWN_MACHINE, OWN),
    "Procfile": (
        dict(re.findall(r"^(\w+): (.+)$", read("Procfile"), re.MULTILINE)),
        PROCESSES,
    ),
    ".python-version": ({"version": read(".python-version").strip()}, PYTHON),
}


@pytest.mark.parametrize("file", FILES)
def test_every_constant_has_a_row(file):
    values, rows = FILES[file]
    alone = sorted(values.keys() ^ rows.keys())
    assert not alone, (
        f"{alone} in example/{file} or tests/test_app_constants.py alone: a constant "
        "has a row that says what must be true of it, and why"
    )


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file in FILES for name in FILES[file][1]]
)
def test_a_constant_is_what_it_must_be(file, name):
    values, rows = FILES[file]
    if name in values:
        assert rows[name].holds(values[name], SETTINGS_OF_PRODUCTION), (
            f"example/{file}: {name} may not be {values[name]!r}: {rows[name].why} "
            f"({rows[name].source})"
        )


def test_gunicorn_knows_every_setting():
    """It passes over a name that it does not know."""
    assert constants_of_server().keys() <= {setting.name for setting in KNOWN_SETTINGS}


def test_the_own_machine_is_asked_over_http():
    settings = run_settings(OWN_MACHINE)
    secure = [name for name in settings if name.startswith("SECURE_")]
    secure += ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    assert [name for name in secure if settings[name]] == []


# requirements.txt ------------------------------------------------------------

REQUIREMENTS = [
    Requirement(line)
    for line in read("requirements.txt").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.name)
def test_a_requirement_is_bounded_below_and_above(requirement):
    """A new series may break the app: it comes when somebody has tried it."""
    where = f"example/requirements.txt: {requirement}"
    bounds = {each.operator: Version(each.version) for each in requirement.specifier}
    assert bounds.keys() == {">=", "<"}, f"{where}: write it as name>=x,<y"
    assert len(requirement.specifier) == 2, f"{where}: write it as name>=x,<y"
    lower, upper = bounds[">="], bounds["<"]
    assert lower < upper, f"{where}: nothing is between the bounds"
    assert upper.major <= lower.major + 1, f"{where}: more than one series"
    assert version(requirement.name) in requirement.specifier, f"{where}: not tried"


# .gitignore ------------------------------------------------------------------

MADE = {
    "staff/__pycache__/settings.cpython-313.pyc": "Python makes it",
    ".venv/bin/python": "the guide's virtual environment",
    "venv/bin/python": "the other name that people give it",
    f"{SETTINGS_OF_PRODUCTION['STATIC_ROOT'].name}/style.css": "collectstatic makes it",
    ".env": "holds secrets",
    OWN_MACHINE["DATABASE_URL"].removeprefix("sqlite:///"): "holds data",
    "latest.dump": "heroku pg:backups:download writes it",
}


@pytest.fixture(scope="module")
def ignored(tmp_path_factory):
    """Return by path the line of .gitignore that keeps it out of git, if any."""
    folder = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    shutil.copy(EXAMPLE / ".gitignore", folder)
    found = subprocess.run(
        ["git", "check-ignore", "--verbose", "--stdin"],
        cwd=folder,
        input="\n".join([*MADE, *DEPLOYABLE]),
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return dict(
        reversed(re.fullmatch(r"[^:]+:\d+:(.+)\t(.+)", line).groups())
        for line in found.splitlines()
    )


@pytest.mark.parametrize("path", MADE)
def test_git_ignores_what_is_made_on_each_machine(ignored, path):
    assert path in ignored, f"example/.gitignore does not cover {path}: {MADE[path]}"


def test_git_ignores_nothing_else(ignored):
    lines = [line for line in read(".gitignore").splitlines() if line[:1] not in "#"]
    assert set(lines) == set(ignored.values()), (
        "a line of example/.gitignore covers none of MADE: say there what it is for"
    )
    assert not ignored.keys() & set(DEPLOYABLE)
