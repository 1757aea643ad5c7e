"""The example's system checks: each fires on a broken project, none on a sound one."""

import inspect
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db.models import FileField
from django.utils.log import RequireDebugTrue

from staff import checks

EXAMPLE = Path(checks.__file__).parent.parent
GOOD = {
    "Procfile": "release: python manage.py migrate\nweb: gunicorn staff.wsgi\n",
    ".python-version": "# the version\n3.13\n",
    "requirements.txt": "Gunicorn>=27\npsycopg[binary]>=3.3\nwhitenoise~=6.12\n",
}
SMTP = "django.core.mail.backends.smtp.EmailBackend"
SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
FILES = "django.core.files.storage.FileSystemStorage"
MEMORY = "django.core.files.storage.InMemoryStorage"


def ids(messages):
    return {message.id.removeprefix("heroku.") for message in messages}


def found():
    """Ids of what Heroku's checks say now, without the namespace."""
    return ids(run_checks(tags=["heroku"], include_deployment_checks=True))


@pytest.fixture(autouse=True)
def project(tmp_path, settings):
    """A folder that Heroku would take, in the place of the example's."""
    for name, content in GOOD.items():
        (tmp_path / name).write_text(content)
    settings.BASE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def models(monkeypatch):
    """Let the checks see one model with a field for uploads."""
    field = FileField(name="document")
    fields = type("Meta", (), {"get_fields": lambda: [field]})
    model = type("Paper", (), {"_meta": fields})
    monkeypatch.setattr(checks.apps, "get_models", lambda: [model])


def vendor(monkeypatch, name):
    monkeypatch.setattr(
        checks,
        "connection",
        type("Connection", (), {"vendor": name, "display_name": name}),
    )


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("id", "bad", "good"),
    [
        ("E001", {".python-version": "3.13".encode("utf-16")}, {}),
        ("E001", {".python-version": b"\xef\xbb\xbf3.13\n"}, {}),
        ("E001", {"Procfile": b"\xff\xfew"}, {}),
        ("E010", {"Procfile": None}, {}),
        ("E010", {"Procfile": None, "Procfile.txt": b""}, {"Procfile.windows": b""}),
        ("E011", {"Procfile": b"release: true\nworker: true\n"}, {}),
        ("E012", {"Procfile": b"release: a\nrelease: b\nweb: gunicorn x.y"}, {}),
        ("E014", {"Procfile": b"web: gunicorn locallibrary.wsgi"}, {}),
        ("E014", {"Procfile": b"web: gunicorn staff.wsgi:app"}, {}),
        ("E014", {"Procfile": b"web: gunicorn staff/wsgi.py"}, {}),
        ("E014", {"Procfile": b"web: python"}, {"Procfile": b"web: x staff.wsgi -"}),
        (
            "E014",
            {"Procfile": b"web: gunicorn --config gunicorn.conf.py"},
            {"Procfile": b"web: gunicorn -c gunicorn.conf.py staff.wsgi:application"},
        ),
        ("W015", {"Procfile": b"web: gunicorn staff.wsgi\n"}, {}),
        ("W020", {".python-version": None}, {}),
        ("E021", {"python_version.txt": b"3.13"}, {"python.txt": b""}),
        ("E021", {".pythonversion": b"3.13"}, {}),
        ("W022", {"runtime.txt": b"python-3.8.8"}, {}),
        ("E023", {".python-version": b"python-3.13"}, {".python-version": b"3.13"}),
        ("E023", {".python-version": b"3.13\n3.12\n"}, {".python-version": b"3.14.7"}),
        ("E023", {".python-version": b""}, {".python-version": b"\n 3.12 \n#3.1\n"}),
        ("E024", {".python-version": b"3.8.8"}, {".python-version": b"3.11.10"}),
        ("E030", {"requirements.txt": None}, {"pyproject.toml": b""}),
        ("E030", {"uv.lock": b""}, {"requirements.txt": None, "uv.lock": b""}),
        ("E031", {"requirements.txt": b"whitenoise\npsycopg"}, {}),
        ("E031", {"requirements.txt": b"gunicorn\npsycopg"}, {}),
        ("E031", {"requirements.txt": b"# psycopg\ngunicorn\nwhitenoise"}, {}),
        (
            "E031",
            {"requirements.txt": b"-r base.txt", "base.txt": b"gunicorn"},
            {"requirements.txt": b"-r b.txt", "b.txt": GOOD["requirements.txt"]},
        ),
    ],
)
def test_a_file_is_checked(project, monkeypatch, id, bad, good):
    vendor(monkeypatch, "postgresql")
    write(project, good)
    assert id not in found()
    write(project, {**dict.fromkeys(good), **GOOD})
    write(project, bad)
    assert id in found()


def write(folder, files):
    """Write {name: content}; None deletes."""
    for name, content in files.items():
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("id", "bad", "good"),
    [
        ("W042", {"ALLOWED_HOSTS": ["my-app.herokuapp.com"]}, {}),
        (
            "W042",
            {"ALLOWED_HOSTS": ["app-1234567890.herokuapp.com"]},
            {"ALLOWED_HOSTS": ["app-1234567890ab.herokuapp.com", ".herokuapp.com"]},
        ),
        ("E060", {"STATIC_ROOT": None}, {}),
        ("E061", {"STORAGES": {"staticfiles": {"BACKEND": PLAIN}}}, {}),
        ("E061", {"STORAGES": {"default": {"BACKEND": FILES}}}, {}),
        ("W062", {"STORAGES": {"staticfiles": {"BACKEND": PLAIN}}}, {}),
        ("W063", {"STATICFILES_STORAGE": PLAIN}, {}),
        ("W064", {"MIDDLEWARE": [SECURITY]}, {"MIDDLEWARE": [WHITENOISE]}),
        (
            "W065",
            {"MIDDLEWARE": [WHITENOISE, SECURITY]},
            {"MIDDLEWARE": ["a.B", SECURITY, WHITENOISE]},
        ),
        ("W065", {"MIDDLEWARE": [SECURITY, "a.B", WHITENOISE]}, {}),
        ("E070", {"EMAIL_USE_TLS": True, "EMAIL_USE_SSL": True}, {}),
        (
            "W071",
            {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "a.b", "EMAIL_TIMEOUT": None},
            {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "a.b", "EMAIL_TIMEOUT": 29},
        ),
        (
            "W071",
            {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "a.b", "EMAIL_TIMEOUT": 30},
            {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "localhost", "EMAIL_TIMEOUT": None},
        ),
    ],
)
def test_a_setting_is_checked(settings, id, bad, good):
    for name, value in good.items():
        setattr(settings, name, value)
    assert id not in found()
    for name, value in bad.items():
        setattr(settings, name, value)
    assert id in found()


@pytest.mark.parametrize("backend", [FILES, MEMORY])
def test_uploads_on_a_dynos_disk_are_reported(settings, models, backend):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend}}
    assert ("W066" in found()) == (backend == FILES)


@pytest.mark.parametrize("name", ["sqlite", "unknown", "postgresql"])
def test_a_database_on_a_dynos_disk_is_reported(monkeypatch, name):
    vendor(monkeypatch, name)
    assert ("W050" in found()) == (name != "postgresql")


@pytest.mark.parametrize("line", ["SECRET_KEY = 'abc-def'", "import os"])
def test_a_key_in_the_settings_file_is_reported(project, monkeypatch, line):
    (project / "some_settings.py").write_text(line)
    monkeypatch.syspath_prepend(project)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "some_settings")
    monkeypatch.delitem(sys.modules, "some_settings", raising=False)
    assert ("E040" in found()) == ("SECRET_KEY" in line)


@pytest.mark.parametrize(
    ("handler", "silent"),
    [
        (logging.StreamHandler(), True),
        (logging.NullHandler(), False),
        (logging.FileHandler(os.devnull, delay=True), False),
    ],
)
def test_errors_that_reach_no_console_are_reported(monkeypatch, handler, silent):
    django = logging.getLogger("django")
    monkeypatch.setattr(django, "handlers", [handler])
    monkeypatch.setattr(django, "propagate", False)
    assert ("W041" not in found()) == silent
    monkeypatch.setattr(handler, "filters", [RequireDebugTrue()])
    assert "W041" in found()


@pytest.mark.parametrize("ignored", ["", "venv/\n"])
def test_a_virtual_environment_that_git_would_push_is_reported(project, ignored):
    (project / "venv").mkdir()
    (project / "venv" / "pyvenv.cfg").touch()
    assert "E080" not in found()
    git(project, "init", "--quiet")
    (project / ".gitignore").write_text(ignored)
    assert ("E080" in found()) == (not ignored)


def test_a_file_that_git_ignores_is_missing(project):
    git(project, "init", "--quiet")
    assert "E010" not in found()
    (project / ".gitignore").write_text("Procfile\n")
    assert "E010" in found()


def test_every_message_is_used_and_links_to_a_page_of_the_guide():
    source = inspect.getsource(checks)
    table = checks.MESSAGES.strip().splitlines()
    pages = [line for line in table if line.startswith(("prepare/", "deploy/"))]
    numbers = [line[:4] for line in table if line[1:4].isdigit()]
    assert len(numbers) == len(set(numbers))
    assert len(table) == len(pages) + 2 * len(numbers)
    for number in numbers:
        assert f'problem("{number}"' in source, number
    for page in pages:
        assert (EXAMPLE.parent / "docs" / f"{page}.rst").exists(), page


def manage(folder, *arguments, **variables):
    """Standard output and error of a manage.py command in a project of its own."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    return result.stdout + result.stderr


def test_the_example_has_no_issues_in_production():
    output = manage(
        EXAMPLE,
        "check",
        "--deploy",
        DJANGO_SETTINGS_MODULE="staff.settings",
        DATABASE_URL="postgres://user:password@localhost/calibration",
    )
    assert re.fullmatch(
        r"System check identified no issues \(\d+ silenced\)\.\n", output
    )


def test_the_file_works_in_a_fresh_project(tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "mysite", folder],
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": ""},
    )
    shutil.copy(checks.__file__, folder / "mysite")
    settings = folder / "mysite" / "settings.py"
    line = "INSTALLED_APPS = [\n"
    settings.write_text(
        settings.read_text().replace(line, line + "    'mysite.checks',\n")
    )
    output = manage(
        folder, "check", "--deploy", DJANGO_SETTINGS_MODULE="mysite.settings"
    )
    said = {word.strip("()") for word in output.split() if "(heroku." in word}
    assert {name.removeprefix("heroku.").strip(":)") for name in said} == {
        "E010",
        "E030",
        "E040",
        "W050",
        "E060",
        "W020",
        "W041",
        "W062",
        "W064",
    }
    assert "HINT: Set STATIC_ROOT" in output
    assert f"See {checks.GUIDE}prepare/static-files.html" in output
