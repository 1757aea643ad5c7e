"""
System checks for what "Deploying the Staff Calibration App on Heroku" teaches.

In another project (Django 5.1 or later): copy this file beside settings.py, add its
dotted path (here "staff.checks") to INSTALLED_APPS, so that Django finds it, and run
`python manage.py check --deploy` with production's variables in the environment.

What Django's own checks say (DEBUG, HTTPS, an empty ALLOWED_HOSTS) is not repeated.
https://docs.djangoproject.com/en/5.2/topics/checks/
"""

import importlib
import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Warning, register
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from django.db.models import FileField
from django.utils.log import RequireDebugTrue

GUIDE = "https://staff-calibration.readthedocs.io/en/latest/"

# A page of the guide, then for each problem a line with id and message, and its hint.
# An Error (E) breaks the deployment or loses data; a Warning (W) hurts later.
MESSAGES = """
prepare/procfile
E010 There is no Procfile: Heroku does not know what to start.
Add one beside manage.py, with exactly this name. Similar names: {found}.
E011 The Procfile has no web line: no dyno can answer requests.
Add a line that starts with web: and goes on with the server's command.
E012 The Procfile declares {name} more than once: only one line is used.
Join the commands with &&, or delete all lines but one.
E014 The web line names no module that holds the application. {failures}
WSGI_APPLICATION is {wsgi}.
W015 The Procfile has no release line: nobody migrates the database.
Add the line release: python manage.py migrate --no-input
prepare/python-version
E001 {name} is not UTF-8 without a byte order mark.
Write it with an editor: PowerShell's > may write UTF-16.
W020 There is no .python-version: Heroku chooses the version of Python.
Write the version you develop with into it, like 3.13.
E021 {name} is a misspelt .python-version: Heroku refuses the build.
Rename it to .python-version.
W022 runtime.txt is deprecated, and beats .python-version.
Delete it, and write the version into .python-version.
E023 .python-version does not hold one version and nothing else.
Write it like 3.13: no quotes, no python- before it.
E024 Python {version} is none of {known}, which Heroku took in August 2026.
Choose one of them, or see https://devcenter.heroku.com/articles/python-support
prepare/requirements
E030 Heroku installs from one package file at the top of the project; found: {found}.
Have exactly one of {files}, and do not let git ignore it.
E031 requirements.txt does not list {found}, which {reader} needs.
Add it: Heroku installs nothing else.
prepare/settings
E040 The secret key stands in {name}, where every reader of the code sees it.
Make a new one, and read it from the environment.
W041 Without DEBUG no error reaches the console: heroku logs stays empty.
Give LOGGING a logging.StreamHandler on the root logger or on django.
prepare/hosts
W042 {host} is not the address of an app created since June 2023.
Twelve characters follow the app's name: heroku domains shows them.
prepare/database
W050 The database is {name}: a dyno's disk is thrown away every day.
Create a Heroku Postgres database, and read DATABASE_URL.
prepare/static-files
E060 STATIC_ROOT is not set: collectstatic fails, and the build with it.
Set STATIC_ROOT = BASE_DIR / "staticfiles".
E061 STORAGES has no {alias}: your STORAGES replaces the whole of Django's.
Give it both "default" and "staticfiles".
W062 Static files keep their names when they change: browsers go on showing old ones.
Use whitenoise.storage.CompressedManifestStaticFilesStorage.
W063 Django ignores STATICFILES_STORAGE since version 5.1.
Move its value to STORAGES["staticfiles"]["BACKEND"].
W064 Without DEBUG nothing serves the static files.
Add whitenoise.middleware.WhiteNoiseMiddleware directly after SecurityMiddleware.
W065 WhiteNoise does not stand directly after SecurityMiddleware.
Move it: above, its files are not redirected to HTTPS; below, others slow them down.
W066 Uploads go to a dyno's disk, which is thrown away every day: {fields}.
Keep them in object storage, or what matters of them in the database.
prepare/e-mail
E070 EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other: no e-mail is sent.
Keep EMAIL_USE_TLS with port 587, or EMAIL_USE_SSL with port 465.
W071 A silent mail server holds a request longer than the 30 seconds the router waits.
Set EMAIL_TIMEOUT = 10.
deploy/git
E080 git would push the virtual environment {folder}: Heroku refuses the build.
Add {folder}/ to .gitignore; if it is committed already: git rm -r --cached {folder}
"""

# https://github.com/heroku/heroku-buildpack-python, v351 of 2026-08-18.
# That version still builds 3.10 and announces its end for 2027-01-06.
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PACKAGE_FILES = ["requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock"]
SERVERS = {"daphne", "granian", "gunicorn", "hypercorn", "uvicorn", "waitress"}
POSTGRESQL_DRIVERS = {"psycopg", "psycopg2", "psycopg2-binary"}


def problem(number, **values):
    """The Error or Warning of that number, its {names} replaced by the values."""
    before, _, after = MESSAGES.partition(f"\n{number} ")
    page = re.findall(r"^(?:prepare|deploy)/.+$", before, re.MULTILINE)[-1]
    message, hint = (line.format(**values).strip() for line in after.split("\n")[:2])
    level = Error if number.startswith("E") else Warning
    hint = f"{hint} See {GUIDE}{page}.html"
    return level(message, hint=hint, id=f"heroku.{number}")


def root():
    """The folder that is pushed: that of manage.py, as startproject lays it out."""
    return Path(getattr(settings, "BASE_DIR", "."))


def pushed():
    """Paths that git would push; outside a repository, names of the files in root()."""
    tracked = ""
    if shutil.which("git"):
        git = "git ls-files -z --cached --others --exclude-standard".split()
        tracked = subprocess.run(git, cwd=root(), capture_output=True).stdout.decode()
    names = tracked.split("\0") if tracked else os.listdir(root())
    return {name for name in names if (root() / name).is_file()}


def text(name):
    """Content of a file in root(); None if missing, not UTF-8, or with a BOM."""
    try:
        content = (root() / name).read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return None if content.startswith("\ufeff") else content


def processes():
    """The Procfile's (type, command) pairs, in order."""
    return re.findall(r"(?m)^([\w-]+):[ \t]*(\S.*)$", text("Procfile") or "")


def requirements(path):
    """Normalised names of the packages that a requirements file lists."""
    names = set()
    for line in (text(path) or "").splitlines():
        if included := re.match(r"(?:-r|--requirement)[ =]*(\S+)", line):
            names |= requirements(os.path.join(os.path.dirname(path), included[1]))
        elif name := re.match(r"\w[\w.-]*", line):
            names.add(re.sub(r"[-_.]+", "-", name[0]).lower())
    return names


@register("heroku", deploy=True)
def check_files(app_configs, **kwargs):
    files = pushed()

    def misspelt(wanted):
        pattern = re.sub(r"\W", "", wanted) + "(txt)?"
        names = {name: re.sub(r"[\W_]", "", name) for name in files - {wanted}}
        return sorted(n for n in names if re.fullmatch(pattern, names[n], re.I))

    for name in sorted(files & {"Procfile", ".python-version", "requirements.txt"}):
        if text(name) is None:
            yield problem("E001", name=name)
    if "Procfile" not in files:
        yield problem("E010", found=" ".join(misspelt("Procfile")) or "none")
    for name in misspelt(".python-version"):
        yield problem("E021", name=name)
    if ".python-version" not in files:
        yield problem("W020")
    if "runtime.txt" in files:
        yield problem("W022")
    managers = [name for name in PACKAGE_FILES if name in files]
    if len(managers) != 1:
        found = ", ".join(managers) or "none"
        yield problem("E030", found=found, files=", ".join(PACKAGE_FILES))
    for folder in ["venv", ".venv"]:
        if f"{folder}/pyvenv.cfg" in files:
            yield problem("E080", folder=folder)


@register("heroku", deploy=True)
def check_procfile(app_configs, **kwargs):
    if text("Procfile") is None:
        return
    types = [name for name, _ in processes()]
    for name in sorted({name for name in types if types.count(name) > 1}):
        yield problem("E012", name=name)
    if "release" not in types:
        yield problem("W015")
    if "web" not in types:
        yield problem("E011")
        return
    failures = []
    for word in dict(processes())["web"].split():
        if re.fullmatch(r"[A-Za-z_]\w*((\.\w+)+|(?=:))(:\w+)?(?<!\.py)", word):
            module, _, name = word.partition(":")
            try:
                getattr(importlib.import_module(module), name or "application")
                return
            except Exception as exception:
                failures.append(f"{word}: {exception}.")
    yield problem("E014", failures=" ".join(failures), wsgi=settings.WSGI_APPLICATION)


@register("heroku", deploy=True)
def check_python_version(app_configs, **kwargs):
    if text(".python-version") is None:
        return
    content = re.sub(r"^\s*#.*$", "", text(".python-version"), flags=re.MULTILINE)
    version = re.fullmatch(r"\s*(\d+\.\d+)(\.\d+)?\s*", content)
    if not version:
        yield problem("E023")
    elif version[1] not in PYTHONS:
        yield problem("E024", version=version[0].strip(), known=", ".join(PYTHONS))


@register("heroku", deploy=True)
def check_requirements(app_configs, **kwargs):
    if text("requirements.txt") is None:
        return
    listed = requirements("requirements.txt")
    web = dict(processes()).get("web", "")
    words = {word.removesuffix("-serve") for word in web.split()}
    needed = [({server}, "the Procfile") for server in sorted(words & SERVERS)]
    if any(name.startswith("whitenoise.") for name in settings.MIDDLEWARE):
        needed.append(({"whitenoise"}, "MIDDLEWARE"))
    if connection.vendor == "postgresql":
        needed.append((POSTGRESQL_DRIVERS, "the database"))
    for packages, reader in needed:
        if not packages & listed:
            yield problem("E031", found=" or ".join(sorted(packages)), reader=reader)


@register("heroku", deploy=True)
def check_settings(app_configs, **kwargs):
    module = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    path, key = Path(module.__file__), getattr(module, "SECRET_KEY", None)
    if key and key in path.read_text("utf-8"):
        yield problem("E040", name=path.name)
    for host in settings.ALLOWED_HOSTS:
        if re.fullmatch(r".+(?<!-[0-9a-z]{12})\.herokuapp\.com", host):
            yield problem("W042", host=host)
    if connection.vendor in {"sqlite", "unknown"}:
        yield problem("W050", name=connection.display_name)
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        yield problem("E070")
    smtp = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
    patient = not settings.EMAIL_TIMEOUT or settings.EMAIL_TIMEOUT >= 30
    if smtp and settings.EMAIL_HOST != "localhost" and patient:
        yield problem("W071")


@register("heroku", deploy=True)
def check_logging(app_configs, **kwargs):
    logger = logging.getLogger("django.request")
    handlers = []
    while logger:
        handlers += logger.handlers
        logger = logger.propagate and logger.parent
    for handler in handlers:
        console = isinstance(handler, logging.StreamHandler)
        console &= not isinstance(handler, logging.FileHandler)
        debug = any(isinstance(f, RequireDebugTrue) for f in handler.filters)
        if console and not debug and handler.level <= logging.ERROR:
            return
    yield problem("W041")


@register("heroku", deploy=True)
def check_static_files(app_configs, **kwargs):
    if apps.is_installed("django.contrib.staticfiles") and not settings.STATIC_ROOT:
        yield problem("E060")
    for alias in ["default", "staticfiles"]:
        if alias not in settings.STORAGES:
            yield problem("E061", alias=alias)
    storage = settings.STORAGES.get("staticfiles", {}).get("BACKEND", "")
    if storage == "django.contrib.staticfiles.storage.StaticFilesStorage":
        yield problem("W062")
    if hasattr(settings, "STATICFILES_STORAGE"):
        yield problem("W063")
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    if "WhiteNoiseMiddleware" not in order:
        if storage.startswith(("django.contrib.staticfiles.", "whitenoise.")):
            yield problem("W064")
    elif "SecurityMiddleware" in order:
        if order.index("WhiteNoiseMiddleware") != order.index("SecurityMiddleware") + 1:
            yield problem("W065")
    fields = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    ]
    default = settings.STORAGES.get("default") and storages["default"]
    if fields and isinstance(default, FileSystemStorage):
        yield problem("W066", fields=", ".join(fields))
