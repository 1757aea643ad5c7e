"""
System checks for what "Deploying the Staff Calibration App on Heroku" teaches.

In another project (Django 5.1 or later): copy this file next to settings.py, add its
dotted path (here "staff.checks") to INSTALLED_APPS, so that Django finds it, and run
`python manage.py check --deploy` with production's variables in the environment.

An Error breaks the deployment or loses data; a Warning hurts later. What Django's own
checks say (DEBUG, HTTPS, an empty ALLOWED_HOSTS) is not repeated.
https://docs.djangoproject.com/en/5.2/topics/checks/
"""

import ast
import codecs
import functools
import importlib
import logging
import os
import re
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from operator import attrgetter
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.staticfiles.finders import find, get_finders
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.checks import Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, storages
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import FileField
from django.template import engines
from django.template.defaulttags import URLNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, reverse
from django.utils.log import RequireDebugTrue

GUIDE = "https://staff-calibration.readthedocs.io/en/latest/"

# The page about a message: the first two digits of the id are its place here.
PAGES = """
prepare/re-test prepare/procfile prepare/python-version prepare/requirements
prepare/settings prepare/database prepare/static-files prepare/e-mail
deploy/git prepare/hosts deploy/logs prepare/the-app
troubleshooting/manifest-entry troubleshooting/every-page-fails
""".split()

# https://github.com/heroku/heroku-buildpack-python, v351 of 2026-08-18: the newest
# patch of each version, and the rules of the files. 3.10 is built until 2027-01-06.
PYTHONS = {"3.10": 21, "3.11": 16, "3.12": 14, "3.13": 15, "3.14": 7}
VERSION = r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){1,2}"
MISSPELT = {
    *("python-version", "python_version", "python.version", "pythonversion"),
    *(".python_version", ".python.version", ".pythonversion", ".Python-Version"),
    *(".python-version ", ".python-version.py", ".python-version.rtf"),
    *(".python-version.txt", ".python_version.txt", ".python.version.txt"),
    *("python-version.txt", "python_version.txt", "python.version.txt"),
    *(".python-versions", "python-versions", ".python-version.md"),
}
OTHER_LANGUAGES = {"Gemfile", "package.json", "project.clj"}
PACKAGE_FILES = ["requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock"]
BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# A server, and the address on which it listens by default.
SERVERS = {
    **dict.fromkeys(["daphne", "granian", "hypercorn", "uvicorn"], "127.0.0.1"),
    **dict.fromkeys(["gunicorn", "waitress"], "0.0.0.0"),
}
WORKERS = {"uvicorn_worker": "uvicorn-worker", "uvicorn": "uvicorn", "gevent": "gevent"}
BRINGS = {"uvicorn-worker": ["gunicorn", "uvicorn"]}
POSTGRESQL_DRIVERS = ["psycopg", "psycopg2", "psycopg2-binary"]
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "[::1]"}

# Of the smallest plan of Heroku Postgres, and the workers of the smallest dynos.
CONNECTIONS = 20
WORKERS_BY_DEFAULT = 2


class HerokuChecks(AppConfig):
    """An app of this file alone, with a label of its own.

    Without it Django would take the folder of this file for the app, and find the
    commands, static files and templates in it a second time.
    """

    name = __name__
    label = "heroku_checks"
    path = __file__


# Django looks for the AppConfig in the module "apps" of a package: this file is both,
# as os.py is both a module and the package of os.path.
__path__ = []
sys.modules[f"{__name__}.apps"] = sys.modules[__name__]


def check(report):
    """Register a function that yields messages: add their pages, and never raise."""

    @register("heroku", deploy=True)
    def safely(app_configs, **kwargs):
        try:
            for message in report():
                page = PAGES[int(message.id[-3:-1])]
                message.hint += f"\n\tSee {GUIDE}{page}.html"
                yield message
        except Exception as exception:
            yield Warning(
                f"{report.__name__} did not finish: {exception!r}",
                hint="What it had found, and what the other checks found, is listed.",
                id="heroku.W001",
            )

    return safely


def nearest(name):
    """Return the nearest folder, from this file's upwards, that has a name; or None."""
    folders = Path(__file__).absolute().parents
    return next((folder for folder in folders if (folder / name).exists()), None)


def stranded():
    """Heroku's files that are next to manage.py, and not at the top of git."""
    top, folder = nearest(".git"), nearest("manage.py")
    if not top or not folder or top == folder or (top / "heroku.yml").is_file():
        return []
    names = ["Procfile", *PACKAGE_FILES]
    at_top = [name for name in names if (top / name).is_file()]
    beside = [name for name in names if (folder / name).is_file()]
    if "Procfile" in at_top or (at_top and "Procfile" not in beside):
        return []
    return beside


@functools.cache
def root():
    """Return the folder whose files Heroku reads: the top of git, which is pushed."""
    if not stranded() and (top := nearest(".git") or nearest("Procfile")):
        return top
    return nearest("manage.py") or Path.cwd()


def listed(*options):
    """Paths in root(), as git lists them; None without git or outside a repository."""
    git = ["git", "ls-files", "-z", "--cached", "--others", *options]
    try:
        found = subprocess.run(git, cwd=root(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return set(os.fsdecode(found.stdout).split("\0"))


@functools.cache
def pushed():
    """Paths of the files that reach the build; without git, the names in root()."""
    names = listed("--exclude-standard") or set(os.listdir(root()))
    if ".slugignore" in names:
        names -= listed("--ignored", "--exclude-from=.slugignore") or set()
    return {name for name in names if (root() / name).is_file()}


def in_container():
    """Whether Docker builds the app, and no buildpack reads the files."""
    return "heroku.yml" in pushed()


def content(name):
    """Bytes of a file in root(); none if there is no such file."""
    path = root() / name
    return path.read_bytes() if path.is_file() else b""


def text(name):
    """Text of a file in root(), in UTF-8 or UTF-16; none if there is no such file."""
    data = content(name)
    encoding = "utf-16" if data.startswith(BYTE_ORDER_MARKS[1:]) else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def similar(word):
    """Names of files that may have been meant, for a hint."""
    paths = pushed() | set(os.listdir(root()))
    return ", ".join(sorted(path for path in paths if word in path.lower())) or "none"


def processes():
    """Return the Procfile's (type, command) pairs, in order."""
    return re.findall(r"(?m)^([\w-]+):[ \t]*(\S.*?)\s*$", text("Procfile"))


def web():
    """Return the web line's command, and its server: a name in SERVERS, or None."""
    command = "" if in_container() else dict(processes()).get("web", "")
    paths = [word.strip("\"'") for word in command.split()]
    names = [os.path.basename(path).removesuffix("-serve") for path in paths]
    return command, next((name for name in names if name in SERVERS), None)


@check
def check_folder():
    if names := stranded():
        folder = os.path.relpath(root(), nearest(".git"))
        yield Error(
            f"{', '.join(names)}: in {folder}, but Heroku reads the top of git's tree.",
            hint="Move all that Heroku reads to the top, or push this folder alone: "
            f"git subtree push --prefix {folder} heroku main",
            id="heroku.E110",
        )


@check
def check_package_file():
    files = pushed()
    found = [name for name in PACKAGE_FILES if name in files]
    if in_container():
        return
    if "Pipfile" in files and "Pipfile.lock" not in files:
        yield Error(
            "There is a Pipfile and no Pipfile.lock: Heroku refuses the build.",
            hint="Run pipenv lock, or delete the Pipfile.",
            id="heroku.E034",
        )
    elif len(found) > 1:
        yield Error(
            f"Heroku installs from one package file, and there are {', '.join(found)}.",
            hint="Keep one, and take the others out: git rm NAME",
            id="heroku.E032",
        )
    elif not found and "bin/pre_compile" not in files:
        yield Error(
            "There is no package file at the top of git's tree.",
            hint=f"Write one of {', '.join(PACKAGE_FILES)}, and do not let git ignore "
            f"it. Similar names: {similar('requir')}.",
            id="heroku.E030",
        )


@check
def check_what_git_pushes():
    files = pushed()
    for folder in ["venv", ".venv"]:
        if f"{folder}/pyvenv.cfg" in files:
            yield Error(
                f"git pushes the virtual environment {folder}: Heroku refuses it.",
                hint=f"Add {folder}/ to .gitignore; if it is committed already: "
                f"git rm -r --cached {folder}",
                id="heroku.E080",
            )
    if any(re.match(r"\.heroku(/python(/|$)|$)", name) for name in files):
        yield Error(
            "git pushes .heroku, where Heroku installs Python.",
            hint="Take it out: git rm -r --cached .heroku",
            id="heroku.E081",
        )
    others = sorted(files & OTHER_LANGUAGES)
    if others and not in_container() and '"buildpacks"' not in text("app.json"):
        yield Warning(
            f"Heroku may take {' and '.join(others)} for an app in another language.",
            hint="Choose the buildpack: heroku buildpacks:set heroku/python",
            id="heroku.W082",
        )


@check
def check_python_version_file():
    files = pushed()
    if in_container() or "runtime.txt" in files:
        return
    for name in sorted(files & MISSPELT):
        yield Error(
            f"{name!r} is a misspelt .python-version: Heroku refuses the build.",
            hint=f"Rename it, or delete it: git mv {name!r} .python-version",
            id="heroku.E021",
        )
    if ".python-version" in files:
        return
    if "uv.lock" in files:
        yield Error(
            "There is no .python-version, which Heroku requires with uv.lock.",
            hint="Write the version you develop with: uv python pin 3.13",
            id="heroku.E025",
        )
    elif '"python_' not in text("Pipfile.lock"):
        yield Warning(
            "There is no .python-version: Heroku chooses the version of Python.",
            hint="Write the version you develop with into it, such as 3.13.",
            id="heroku.W020",
        )


@check
def check_python_version():
    files = pushed()
    if in_container() or not files & {"runtime.txt", ".python-version"}:
        return
    if {"uv.lock", "runtime.txt"} <= files:
        yield Error(
            "Heroku refuses a runtime.txt next to uv.lock.",
            hint="Delete it, and write the version into .python-version.",
            id="heroku.E028",
        )
        return
    name = "runtime.txt" if "runtime.txt" in files else ".python-version"
    prefix = "python-" if name == "runtime.txt" else ""
    lines = [line.strip(" \t\r\f\v") for line in text(name).split("\n")]
    wanted = "\n".join(line for line in lines if line and line[0] != "#")
    version = re.fullmatch(prefix + VERSION, wanted)
    if version and not (prefix and content(name).startswith(BYTE_ORDER_MARKS)):
        yield from check_python(name, wanted.removeprefix(prefix))
    else:
        yield Error(
            f"{name} must contain {prefix}N.N and nothing else: Heroku refuses it.",
            hint="Delete a runtime.txt, and write the version into .python-version, "
            "such as 3.13: no quotes, nothing before or after it.",
            id="heroku.E023",
        )


def check_python(name, version):
    """Messages about Python N.N or N.N.N, for which a file asks."""
    numbers = [int(number) for number in version.split(".")]
    newest = PYTHONS.get(".".join(version.split(".")[:2]))
    if newest is None and numbers < [3, 10]:
        yield Error(
            f"{name} asks for Python {version}, which has reached its end of life.",
            hint=f"Delete a runtime.txt, and write one of {', '.join(PYTHONS)} into "
            ".python-version.",
            id="heroku.E024",
        )
    elif newest is None or numbers[2:] > [newest]:
        # A warning, because Heroku adds a version within days and this file does not.
        yield Warning(
            f"{name} asks for Python {version}, which Heroku did not know in August "
            "2026: it refuses what does not exist.",
            hint="See https://devcenter.heroku.com/articles/python-support",
            id="heroku.W026",
        )
    elif numbers[:2] == [3, 10]:
        yield Warning(
            f"Heroku ends the Python 3.10 that {name} asks for on 2027-01-06.",
            hint="Write a newer version into .python-version, such as 3.13.",
            id="heroku.W027",
        )
    if newest and name == "runtime.txt":
        yield Warning(
            "runtime.txt is deprecated, and takes precedence over .python-version.",
            hint="Delete it, and write the version into .python-version.",
            id="heroku.W022",
        )


@check
def check_procfile():
    types = [name for name, _ in processes()]
    if in_container():
        return
    if "Procfile" not in pushed():
        yield Error(
            "There is no file Procfile: Heroku does not know what to start.",
            hint="Write one at the top of git's tree, with exactly this name, and do "
            f"not let git ignore it. Similar names: {similar('procfile')}.",
            id="heroku.E010",
        )
    elif "web" not in types:
        yield Error(
            "The Procfile has no web line: no dyno can answer requests.",
            hint="Add a line that starts with web: and continues with the command.",
            id="heroku.E011",
        )
    for name in sorted({name for name in types if types.count(name) > 1}):
        yield Error(
            f"The Procfile declares {name} more than once: only one line is used.",
            hint="Join the commands with &&, or delete all lines but one.",
            id="heroku.E012",
        )


@check
def check_encodings():
    for name in ["Procfile", ".python-version"]:
        if content(name).startswith(BYTE_ORDER_MARKS):
            yield Error(
                f"{name} begins with a byte order mark, which Heroku cannot read.",
                hint="Save it as UTF-8 without one: PowerShell's > may write UTF-16.",
                id="heroku.E029",
            )
    if content("requirements.txt").startswith(BYTE_ORDER_MARKS):
        yield Warning(
            "requirements.txt begins with a byte order mark, which only pip can read.",
            hint="Save it as UTF-8 without one: PowerShell's > may write UTF-16.",
            id="heroku.W038",
        )
    for name in ["Procfile", "requirements.txt"]:
        if "\ufffd" in text(name):
            yield Warning(
                f"{name} is not in UTF-8: part of it cannot be read.",
                hint="Save it as UTF-8 without a byte order mark.",
                id="heroku.W039",
            )


@check
def check_migrations():
    types = dict(processes())
    scripts = [text(word) for word in types.get("web", "").split()]
    commands = [*types.values(), text("bin/post_compile"), *scripts]
    if not types or in_container() or not apps.get_models():
        return
    if "release" not in types and not any("migrate" in each for each in commands):
        yield Warning(
            "The Procfile has no release line: nothing migrates the database.",
            hint="Add the line release: python manage.py migrate --no-input",
            id="heroku.W015",
        )


def gunicorn_file(command):
    """Text of the configuration file that a gunicorn command reads."""
    option = re.search(r"\s(?:-c|--config)[ =]*(?:file:)?([^\s\"']+)", command)
    return text(option[1] if option else "gunicorn.conf.py")


@check
def check_application():
    command, server = web()
    failures = []
    for word in command.split() if server else []:
        word = word.strip("\"'()")
        if re.fullmatch(r"[A-Za-z_]\w*((\.\w+)+|(?=:))(:[\w.]+)?(?<!\.py)", word):
            module, _, name = word.partition(":")
            try:
                attrgetter(name or "application")(importlib.import_module(module))
                return
            except (Exception, SystemExit) as exception:
                failures.append(f"{word}: {exception}.")
    # gunicorn's file may name it, and other options look like a module.
    if server and "wsgi_app" not in gunicorn_file(command):
        module = (settings.WSGI_APPLICATION or "").rpartition(".")[0]
        yield Error(
            "The web line names no module that has the application. "
            + " ".join(failures),
            hint=f"According to WSGI_APPLICATION it is {module or 'not set'}",
            id="heroku.E014",
        )


@check
def check_address():
    command, server = web()
    option = r"\s(?:-b|--bind|--host|--listen)[ =]*[\"']?(\S+)"
    addresses = re.findall(option, command)
    if server == "gunicorn" and not addresses:
        addresses = re.findall(r"(?m)^bind *= *\W*(.+)", gunicorn_file(command))
    # A socket behind another server, or a file with the address.
    other = r"unix:|fd:|--uds|--fd|--endpoint|daphne.* -[eu]|hypercorn.* (-c|--config)"
    if not server or re.search(other, " ".join([command, *addresses])):
        return
    by_itself = server == "gunicorn" and not addresses
    addresses = addresses or [SERVERS[server]]
    local = any(re.match(r"127\.|localhost|\[?::1\b", each) for each in addresses)
    if local or not (by_itself or "PORT" in command + " ".join(addresses)):
        yield Error(
            f"{server} does not listen on 0.0.0.0, port $PORT, where Heroku's router "
            "asks: Heroku stops the dyno (R10, then H20).",
            hint="gunicorn does so without --bind; others take --host 0.0.0.0 --port "
            "$PORT, or -b 0.0.0.0 -p $PORT.",
            id="heroku.E016",
        )


def requirement_lines(name, above=()):
    """Lines of a requirements file and of those it includes, and Errors on these."""
    lines, errors = [], []
    for line in re.sub(r"\\\r?\n", "", text(name)).splitlines():
        include = re.match(r"\s*(?:-r|--requirement)[ =]*([^\s#]+)", line)
        if not include or "://" in include[1]:
            lines.append(line.strip())
            continue
        path = os.path.normpath(os.path.join(os.path.dirname(name), include[1]))
        if path not in {name, *above} and (root() / path).is_file():
            more = requirement_lines(path, (name, *above))
            lines, errors = lines + more[0], errors + more[1]
        else:
            errors += [
                Error(
                    f"{name} includes {path}, which is missing or includes it again.",
                    hint="pip stops at that line: fix it.",
                    id="heroku.E033",
                )
            ]
    return lines, errors


def packages(lines):
    """Normalised names that requirements ask for, and those that these install."""
    names, queue = set(), list(lines)
    while queue:
        match = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^]]*)\])?", queue.pop())
        if not match:
            continue
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        extras = re.findall(r"[\w-]+", match[2] or "")
        if names >= {name, *extras}:
            continue
        names |= {name, *extras}
        queue += BRINGS.get(name, [])
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for need in needs:
            extra = re.search(r"extra *== *[\"']([\w-]+)", need)
            queue += [need] if not extra or extra[1] in extras else []
    return names


@check
def check_requirements():
    lines, errors = requirement_lines("requirements.txt")
    yield from errors
    for line in lines:
        windows = re.match(r"(?i)(pywin32|pypiwin32|pywinpty|wmi)\b[^;]*$", line)
        local = re.search(r"@ *file:|^pkg[-_]resources *==", line)
        if windows or local:
            yield Error(
                f"pip cannot install this line of requirements.txt on Heroku: {line}",
                hint="Delete it: pip freeze wrote it for your own machine only.",
                id="heroku.E037",
            )


def needed():
    """Yield what must be installed: packages, one of which is enough, and for what."""
    command, server = web()
    worker = re.search(r"\s(?:-k|--worker-class)[ =]*[\"']?(\w+)\.", command)
    yield ["django"], "the project"
    if server:
        yield [server], "the Procfile"
    if worker and worker[1] in WORKERS:
        yield [WORKERS[worker[1]]], "the Procfile"
    if any(name.startswith("whitenoise.") for name in settings.MIDDLEWARE):
        yield ["whitenoise"], "MIDDLEWARE"
    if "postg" in engine():
        yield POSTGRESQL_DRIVERS, "DATABASES"


@check
def check_packages():
    lines, _ = requirement_lines("requirements.txt")
    # What a project's own setup file or another server installs is not seen here.
    unseen = any(re.match(r"-[er]|--[er]|\.|/|git\+|https?:", line) for line in lines)
    if "requirements.txt" not in pushed() or unseen or in_container():
        return
    names = packages(lines)
    for choice, reader in needed():
        if not names & set(choice):
            yield Error(
                f"requirements.txt does not list {' or '.join(choice)}, which {reader} "
                "needs.",
                hint="Add it: Heroku installs nothing else.",
                id="heroku.E031",
            )


# A variable that may be missing, in Python's own words.
ONE_VARIABLE = r"(os\.)?(environ\.get|getenv)\([^,]*\)"


def assigned(setting):
    """File and value (a syntax tree) of each assignment in the loaded settings."""
    modules = [getattr(module, "__dict__", {}) for module in sys.modules.values()]
    files = {names.get("__file__") for names in modules if setting in names} - {None}
    for path in sorted(path for path in files if path.endswith(".py")):
        for node in ast.walk(ast.parse(Path(path).read_bytes())):
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            names = [getattr(target, "id", None) for target in targets]
            if setting in names and getattr(node, "value", None):
                yield Path(path), node.value


def literal(node):
    """Value of a syntax tree of constants; None if something in it is computed."""
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError):
        return None


@check
def check_secret_key():
    name = os.environ.get("DJANGO_SETTINGS_MODULE", "settings.configure()")
    path = getattr(sys.modules.get(name), "__file__", None)
    if not path or not Path(path).is_file():
        yield Warning(
            f"The settings, {name}, are not in a file, so this check cannot read them.",
            hint="Look for a secret key in them yourself.",
            id="heroku.W045",
        )
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""  # Django's own check security.W009 reports it.
    for path, value in assigned("SECRET_KEY"):
        fallbacks = []
        if isinstance(value, ast.Call):
            named = [each.value for each in value.keywords if each.arg == "default"]
            fallbacks = [literal(each) for each in value.args[1:] + named]
        elif isinstance(value, ast.BoolOp):
            fallbacks = [literal(each) for each in value.values[1:]]
        if key and key in [literal(value), *fallbacks]:
            yield Error(
                f"The secret key is in {path.name}, where every reader can see it.",
                hint="Make a new one, and read it from the environment.",
                id="heroku.E040",
            )
        elif any(isinstance(each, str) and each for each in fallbacks):
            yield Warning(
                f"Without its variable, {path.name} has a key that is no secret.",
                hint="Delete the fallback: without a key the app must refuse to start.",
                id="heroku.W044",
            )
        elif re.fullmatch(ONE_VARIABLE, ast.unparse(value)) and not re.search(
            rb"(?m)^\s*(if|assert)\b.*\bSECRET_KEY\b", path.read_bytes()
        ):
            yield Warning(
                f"Without its variable {path.name} has no key: the build is green, and "
                "every page fails.",
                hint='Write os.environ["SECRET_KEY"]: without it nothing starts.',
                id="heroku.W046",
            )


def engine():
    """Dotted path of the default database's backend; empty if there is none."""
    return settings.DATABASES.get("default", {}).get("ENGINE") or ""


@check
def check_database():
    host = settings.DATABASES.get("default", {}).get("HOST", "")
    typed = [
        literal(value)
        for _, databases in assigned("DATABASES")
        for node in ast.walk(databases)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if literal(key) == "HOST"
    ]
    if re.search("sqlite|spatialite", engine()):
        yield Warning(
            "The database is SQLite: a dyno's disk is thrown away every day.",
            hint="Create a Heroku Postgres database, and read DATABASE_URL.",
            id="heroku.W050",
        )
    elif host in LOCAL_HOSTS and host in typed:
        yield Warning(
            f"The database is on {host}: a dyno has none.",
            hint="Create a Heroku Postgres database, and read DATABASE_URL.",
            id="heroku.W052",
        )
    elif engine() in {"", "django.db.backends.dummy"} and apps.get_models():
        yield Warning(
            "DATABASES names no database, and the project has models.",
            hint="Create a Heroku Postgres database, and read DATABASE_URL.",
            id="heroku.W051",
        )


@check
def check_connections():
    database = settings.DATABASES.get("default", {})
    options = database.get("OPTIONS") or {}
    if "sqlite" in engine() and "sslmode" in options:
        yield Error(
            "The database is SQLite, which does not know sslmode.",
            hint="Set it only if the database is PostgreSQL.",
            id="heroku.E053",
        )
    if "postg" not in engine() or not (pool := options.get("pool")):
        return
    if database.get("CONN_MAX_AGE", 0) != 0:
        yield Error(
            "A pool keeps the connections, and CONN_MAX_AGE does so too.",
            hint="Leave out CONN_MAX_AGE, or conn_max_age.",
            id="heroku.E054",
        )
    # https://www.psycopg.org/psycopg3/docs/api/pool.html
    sizes = pool if isinstance(pool, dict) else {}
    size = sizes.get("max_size") or sizes.get("min_size", 4)
    command, _ = web()
    told = re.findall(r"\s(?:-w|--workers)[ =]*(\d+)", command)
    told += re.findall(r"(?m)^workers *= *(\d+)", gunicorn_file(command))
    told += [os.environ.get("WEB_CONCURRENCY", WORKERS_BY_DEFAULT)]
    total = 2 * int(told[0]) * size
    if total > CONNECTIONS:
        yield Warning(
            f"During a deploy, 2 dynos x {told[0]} workers x {size} connections make "
            f"{total}: a small plan takes {CONNECTIONS}.",
            hint="Make the pool smaller, or silence this if your plan takes more.",
            id="heroku.W055",
        )


@check
def check_models():
    """Do what makemigrations --check does, for the project's own apps."""
    loader = MigrationLoader(None)
    states = loader.project_state(), ProjectState.from_apps(apps)
    changes = MigrationAutodetector(*states).changes(graph=loader.graph)
    paths = {label: apps.get_app_config(label).path for label in changes}
    own = sorted(label for label, path in paths.items() if "-packages" not in path)
    if own:
        yield Warning(
            f"Models have changed and no migration says so: {', '.join(own)}.",
            hint="Write it, and commit it: python manage.py makemigrations",
            id="heroku.W056",
        )


@check
def check_hosts():
    hosts = list(settings.ALLOWED_HOSTS)
    typed = [list(literal(value) or []) for _, value in assigned("ALLOWED_HOSTS")]
    for host in hosts:
        if re.search(r"[/\s]|[^:\]]:\d+$", host):
            yield Error(
                f"ALLOWED_HOSTS: {host!r} is not a host name, and matches none.",
                hint="Write only the name: no https://, no port, no path.",
                id="heroku.E091",
            )
        if re.fullmatch(r".+(?<!-[0-9a-z]{12})\.herokuapp\.com", host):
            yield Warning(
                f"{host} is not the address of an app created since June 2023.",
                hint="Twelve characters follow the app's name: see heroku domains",
                id="heroku.W090",
            )
    if hosts and set(hosts) <= LOCAL_HOSTS and (hosts in typed or "DYNO" in os.environ):
        yield Error(
            f"ALLOWED_HOSTS is {hosts}: Django refuses every request on Heroku (400).",
            hint='Read it from the environment, or add ".herokuapp.com".',
            id="heroku.E092",
        )


@check
def check_https():
    command, server = web()
    if server == "gunicorn":
        # Heroku sets FORWARDED_ALLOW_IPS for it, which both of these override.
        told = re.findall(r"--forwarded-allow-ips[ =]*(\S+)", command)
        file = gunicorn_file(command)
        told += re.findall(r"(?m)^forwarded_allow_ips *= *([\"'].*)", file)
        trusted = not told or "*" in told[0]
    else:
        trusted = not server or re.search("--(proxy|forwarded|trusted)", command)
    if trusted:
        return
    if settings.SECURE_SSL_REDIRECT and not settings.SECURE_PROXY_SSL_HEADER:
        yield Warning(
            f"Under {server} Django may not see that a request came by HTTPS: "
            "SECURE_SSL_REDIRECT then redirects for ever.",
            hint='Set forwarded_allow_ips = "*" in gunicorn.conf.py, or '
            'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https"): Heroku\'s '
            "router sets that header.",
            id="heroku.W093",
        )


def prints(handler):
    """Whether a log handler shows errors on the console, DEBUG being off."""
    if any(isinstance(each, RequireDebugTrue) for each in handler.filters):
        return False
    # Of the handlers in the standard library and in Django, one prints; a project with
    # a class of its own knows why.
    path = getattr(handler, "baseFilename", "")
    own = type(handler).__module__ in {
        "logging",
        "logging.handlers",
        "django.utils.log",
    }
    elsewhere = own and type(handler) is not logging.StreamHandler
    device = path.startswith(("/dev/std", "/proc/"))
    return handler.level <= logging.ERROR and (device or not elsewhere)


@check
def check_logging():
    logger = logging.getLogger("django.request")
    if logger.disabled:
        yield Warning(
            "LOGGING disables the logger django.request: an error 500 leaves no trace.",
            hint="Set disable_existing_loggers to False.",
            id="heroku.W101",
        )
    elif not logger.isEnabledFor(logging.ERROR):
        yield Warning(
            "The level of the logger django is above ERROR: errors leave no trace.",
            hint="Set its level in LOGGING to INFO.",
            id="heroku.W102",
        )
    handlers = []
    while logger:
        handlers += logger.handlers
        logger = logger.propagate and logger.parent
    if not any(prints(handler) for handler in handlers):
        yield Warning(
            "Without DEBUG no error reaches the console: heroku logs stays empty.",
            hint="Give LOGGING a logging.StreamHandler, on root or on django.",
            id="heroku.W100",
        )


@check
def check_e_mail():
    # Since Django 6.1 a project may have MAILERS, and none of these settings.
    if not settings.is_overridden("EMAIL_HOST"):
        return
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        yield Error(
            "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other: no e-mail is sent.",
            hint="Keep EMAIL_USE_TLS with port 587, or EMAIL_USE_SSL with port 465.",
            id="heroku.E070",
        )
    smtp = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
    patient = not settings.EMAIL_TIMEOUT or settings.EMAIL_TIMEOUT >= 30
    if smtp and settings.EMAIL_HOST in LOCAL_HOSTS:
        yield Warning(
            f"The mail server is on {settings.EMAIL_HOST}: a dyno has none.",
            hint="Set EMAIL_HOST to the server that your mail service names.",
            id="heroku.W072",
        )
    elif smtp and patient:
        yield Warning(
            "A silent mail server holds a request longer than the 30 seconds that the "
            "router waits.",
            hint="Set EMAIL_TIMEOUT = 10.",
            id="heroku.W071",
        )


@check
def check_static_files():
    backend = settings.STORAGES.get("staticfiles", {}).get("BACKEND", "")
    plain = backend.startswith("django.contrib.staticfiles.")
    served = any("WhiteNoise" in name for name in settings.MIDDLEWARE)
    if not apps.is_installed("django.contrib.staticfiles"):
        return
    if not settings.STATIC_ROOT:
        yield Error(
            "STATIC_ROOT is not set: collectstatic fails, and the build with it.",
            hint='Set STATIC_ROOT = BASE_DIR / "staticfiles".',
            id="heroku.E060",
        )
    if not backend:
        yield Error(
            'STORAGES has no "staticfiles": collectstatic and the build fail.',
            hint='Add "staticfiles" too: STORAGES replaces all of Django\'s own.',
            id="heroku.E061",
        )
    if backend == "django.contrib.staticfiles.storage.StaticFilesStorage":
        yield Warning(
            "Static files keep their names when they change: browsers show old ones.",
            hint="Use whitenoise.storage.CompressedManifestStaticFilesStorage.",
            id="heroku.W062",
        )
    if hasattr(settings, "STATICFILES_STORAGE"):
        yield Warning(
            "Django ignores STATICFILES_STORAGE since version 5.1.",
            hint='Move its value to STORAGES["staticfiles"]["BACKEND"].',
            id="heroku.W063",
        )
    if not served and (plain or backend.startswith("whitenoise.")):
        yield Warning(
            "Without DEBUG nothing serves the static files.",
            hint="Add whitenoise.middleware.WhiteNoiseMiddleware directly after "
            "SecurityMiddleware.",
            id="heroku.W064",
        )


def hashed_storage():
    """Return the storage of static files if it names them by their hash; or None."""
    try:
        storage = storages["staticfiles"]
    except Exception:
        return None  # E060, E061 or E068 reports it.
    used = apps.is_installed("django.contrib.staticfiles")
    return storage if used and isinstance(storage, HashedFilesMixin) else None


@check
def check_references():
    """Do in memory what collectstatic does, with the files that can name others."""
    if not (storage := hashed_storage()):
        return
    patterns = {"patterns": storage.patterns}
    trial = type("Trial", (HashedFilesMixin, InMemoryStorage), patterns)()
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    found = dict(pair for finder in get_finders() for pair in finder.list(ignored))
    for path, source in found.items():
        with source.open(path) as file:
            read = path.endswith((".css", ".js"))
            trial.save(path, ContentFile(file.read() if read else b""))
    for path, _, result in trial.post_process({path: (trial, path) for path in found}):
        if isinstance(result, ValueError):
            yield Error(
                f"{path}: {str(result).partition(' with <')[0]}: collectstatic fails.",
                hint="Add that file, or take its name out.",
                id="heroku.E069",
            )


def own_tags(kind):
    """Yield tags of templates that reach Heroku with the project: template, node."""
    for engine in engines.all():
        for folder in getattr(engine, "template_dirs", []):
            for path in map(root().joinpath, pushed()):
                with suppress(Exception):  # It is no template of Django's engine.
                    name = path.relative_to(folder).as_posix()
                    template = engine.get_template(name).template
                    nodes = template.nodelist.get_nodes_by_type(kind)
                    yield from ((name, node) for node in nodes)


def constant(expression):
    """Return what a tag was given, if that is a text in quotes; or an empty one."""
    text = isinstance(expression.var, str) and not expression.filters
    return expression.var if text else ""


@check
def check_static_tags():
    strict = getattr(hashed_storage(), "manifest_strict", False)
    for template, tag in own_tags(StaticNode) if strict else []:
        path = re.split("[?#]", constant(tag.path))[0]
        if path and not path.endswith("/") and not find(path):
            yield Warning(
                f"{template}: there is no static file {path}, so the page fails.",
                hint="Add the file, or spell its name as on the disk.",
                id="heroku.W120",
            )


@check
def check_url_tags():
    for template, tag in own_tags(URLNode):
        try:
            if not tag.asvar and (name := constant(tag.view_name)):
                reverse(name)
        except NoReverseMatch as exception:
            # A name that exists and wants arguments was tried.
            if "tried" not in str(exception):
                yield Warning(
                    f"{template}: {exception} The page fails.",
                    hint="Spell it as in urls.py, with its namespace.",
                    id="heroku.W130",
                )


@check
def check_middleware():
    # django-cors-headers needs a place above WhiteNoise.
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    order = [name for name in order if name != "CorsMiddleware"]
    both = {"WhiteNoiseMiddleware", "SecurityMiddleware"} <= set(order)
    if both and order.index("WhiteNoiseMiddleware") != (
        order.index("SecurityMiddleware") + 1
    ):
        yield Warning(
            "WhiteNoise is not directly after SecurityMiddleware.",
            hint="Move it: above, its files are not redirected to HTTPS; below, others "
            "slow them down.",
            id="heroku.W065",
        )


@check
def check_storages():
    for alias in settings.STORAGES:
        if alias == "staticfiles" and not settings.STATIC_ROOT:
            continue  # E060 reports it.
        try:
            storages[alias]
        except Exception as exception:
            yield Error(
                f"STORAGES[{alias!r}] cannot be used: {exception}",
                hint="Fix its BACKEND and OPTIONS, or install its package.",
                id="heroku.E068",
            )


def on_disk(field):
    """Whether the files of a FileField are kept on the machine's own disk."""
    try:
        return isinstance(field.storage, FileSystemStorage)
    except Exception:
        return False  # E068 reports a storage that cannot be made.


@check
def check_uploads():
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    ]
    if fields and "default" not in settings.STORAGES:
        yield Warning(
            'STORAGES has no "default": the first upload fails.',
            hint='Add "default" too: STORAGES replaces all of Django\'s own.',
            id="heroku.W067",
        )
        return
    lost = [str(field) for field in fields if on_disk(field)]
    if lost:
        yield Warning(
            f"Uploads go to a dyno's disk, which is thrown away: {', '.join(lost)}.",
            hint="Keep them in object storage, or their text in the database.",
            id="heroku.W066",
        )
