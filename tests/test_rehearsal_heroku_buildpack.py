"""Every refusal and warning of the build, without a platform around it."""

import sys

import pytest

from rehearsal.heroku import buildpack

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
GOOD = {"requirements.txt": "", ".python-version": "3.13\n"}

REFUSALS = {
    "no Python file": ({"README": ""}, "No default language could be detected"),
    "no package file": (
        {"manage.py": "", "sub/requirements.txt": ""},
        "Couldn't find any supported Python package manager files.",
    ),
    "two package managers": (
        {**GOOD, "uv.lock": ""},
        "Multiple Python package manager files were found.",
    ),
    "committed venv": ({**GOOD, "venv/pyvenv.cfg": ""}, "Existing 'venv/' directory"),
    "committed .venv": (
        {**GOOD, ".venv/pyvenv.cfg": ""},
        "Existing '.venv/' directory found.",
    ),
    "end of life": (
        {**GOOD, "runtime.txt": "python-3.8.8"},
        "The requested Python version has reached end-of-life.",
    ),
    "not yet known": (
        {**GOOD, ".python-version": "3.99"},
        "The requested Python version isn't recognised.",
    ),
    "prefix": (
        {**GOOD, ".python-version": "python-3.13"},
        "Invalid Python version in .python-version.",
    ),
    "quotes": (
        {**GOOD, ".python-version": '"3.13"'},
        "Invalid Python version in .python-version.",
    ),
    "wildcard": (
        {**GOOD, ".python-version": "3.13.*"},
        "Invalid Python version in .python-version.",
    ),
    "only a comment": (
        {**GOOD, ".python-version": "# 3.13"},
        "Invalid Python version in .python-version.",
    ),
    "two versions": (
        {**GOOD, ".python-version": "3.12\n3.13\n"},
        "Invalid Python version in .python-version.",
    ),
    "UTF-16": (
        {**GOOD, ".python-version": "3.13\r\n".encode("utf-16")},
        "Unable to read .python-version.",
    ),
    "byte order mark": (
        {**GOOD, ".python-version": "3.13\n".encode("utf-8-sig")},
        "Unable to read .python-version.",
    ),
    "runtime.txt without prefix": (
        {**GOOD, "runtime.txt": "3.13"},
        "Invalid Python version in runtime.txt.",
    ),
    "runtime.txt with uv": (
        {"uv.lock": "", "runtime.txt": "python-3.13"},
        "The runtime.txt file isn't supported when using uv.",
    ),
    "no version with uv": ({"uv.lock": ""}, "No Python version was specified."),
    **{
        f"misspelt {name}": (
            {"requirements.txt": "", name: "3.13"},
            "Your .python-version file is spelled incorrectly.",
        )
        for name in [
            "python-version",
            ".python_version",
            ".python-version.txt",
            ".Python-Version",
            "pythonversion",
        ]
    },
}


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def check(source):
    """The part of the build before anything is installed."""
    buildpack.detect(source)
    package_manager = buildpack.check_package_manager(source)
    buildpack.check_no_environment(source)
    version, origin = buildpack.requested_python(source, package_manager)
    buildpack.check_python(version, origin)
    return version, origin


def order(folder, **config):
    (folder / "cache").mkdir(exist_ok=True)
    pip = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    cache = str(folder / "cache")
    return {"config": config, "stack": "heroku-24", "cache": cache, "pip": pip}


@pytest.mark.parametrize("files, message", REFUSALS.values(), ids=REFUSALS)
def test_the_build_refuses(tmp_path, files, message):
    write(tmp_path, files)
    with pytest.raises(buildpack.Refused) as refused:
        check(tmp_path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "files, expected, warning",
    [
        (GOOD, ("3.13", ".python-version"), ""),
        (
            {**GOOD, ".python-version": "# ours\n 3.13.2 \n"},
            ("3.13.2", ".python-version"),
            "",
        ),
        # A forgotten runtime.txt beats the newer file.
        (
            {**GOOD, "runtime.txt": "python-3.12"},
            ("3.12", "runtime.txt"),
            "The runtime.txt file is deprecated.",
        ),
        ({"requirements.txt": ""}, ("3.14", None), "No Python version was specified."),
        (
            {**GOOD, ".python-version": "3.10"},
            ("3.10", ".python-version"),
            "Support for Python 3.10 is ending soon.",
        ),
        ({**GOOD, "pyproject.toml": ""}, ("3.13", ".python-version"), ""),
        ({**GOOD, "env/pyvenv.cfg": ""}, ("3.13", ".python-version"), ""),
    ],
)
def test_the_build_takes(tmp_path, capsys, files, expected, warning):
    write(tmp_path, files)
    assert check(tmp_path) == expected
    assert warning in capsys.readouterr().out


@pytest.mark.parametrize(
    "procfile, types",
    [
        ("web: gunicorn a.wsgi\n", {"web": "gunicorn a.wsgi"}),
        ("web: a\n\n# note\nrelease:  b c \n", {"web": "a", "release": "b c"}),
        ("web a", {}),
    ],
)
def test_process_types_come_from_the_procfile(tmp_path, capsys, procfile, types):
    write(tmp_path, {"Procfile": procfile})
    assert buildpack.process_types(tmp_path) == types


def test_an_app_without_procfile_has_no_process_types(tmp_path, capsys):
    assert buildpack.process_types(tmp_path) == {}
    assert "(none)" in capsys.readouterr().out


def test_pip_that_fails_stops_the_build(tmp_path, capsys):
    write(
        tmp_path / "source",
        {"requirements.txt": "no-such-package", ".python-version": RUNNING},
    )
    with pytest.raises(buildpack.Refused, match="Unable to install dependencies"):
        buildpack.build(tmp_path / "source", order(tmp_path))
    assert (
        "No matching distribution found for no-such-package" in capsys.readouterr().out
    )


# The tests' own Django, seen from the environment that the build makes.
DJANGO = """\
import sys
if "collectstatic" in sys.argv:
    import os
    assert "PORT" not in os.environ and "DYNO" not in os.environ
    print(os.environ["SECRET_KEY"], "of", os.environ["PYTHONPATH"])
"""


@pytest.fixture
def django_project(tmp_path, monkeypatch):
    """A manage.py, and a module `django` in the environment."""
    source = tmp_path / "source"
    write(
        source,
        {"requirements.txt": "", ".python-version": RUNNING, "sub/manage.py": DJANGO},
    )
    install = buildpack.install

    def with_django(*arguments):
        environment = install(*arguments)
        site = next(environment.glob("lib/python*/site-packages"))
        (site / "django.py").touch()
        return environment

    monkeypatch.setattr(buildpack, "install", with_django)
    return source


def test_collectstatic_sees_the_config_vars(tmp_path, django_project, capsys):
    buildpack.build(django_project, order(tmp_path, SECRET_KEY="key"))
    output = capsys.readouterr().out
    assert "-----> $ python sub/manage.py collectstatic --noinput" in output
    assert "key of ." in output


def test_collectstatic_that_fails_stops_the_build(tmp_path, django_project, capsys):
    with pytest.raises(buildpack.Refused, match="Unable to generate Django"):
        buildpack.build(django_project, order(tmp_path))
    assert "KeyError: 'SECRET_KEY'" in capsys.readouterr().out


def test_collectstatic_can_be_switched_off(tmp_path, django_project, capsys):
    buildpack.build(django_project, order(tmp_path, DISABLE_COLLECTSTATIC="1"))
    assert "DISABLE_COLLECTSTATIC is set" in capsys.readouterr().out


def test_the_environment_is_kept_until_requirements_change(tmp_path, capsys):
    source = tmp_path / "source"
    write(source, {"requirements.txt": "", ".python-version": RUNNING})
    first = buildpack.build(source, order(tmp_path))["environment"]
    assert "Restoring cache" not in capsys.readouterr().out
    assert buildpack.build(source, order(tmp_path))["environment"] == first
    assert "Restoring cache" in capsys.readouterr().out
    write(source, {"requirements.txt": "# changed"})
    assert buildpack.build(source, order(tmp_path))["environment"] != first
    assert "The contents of requirements.txt changed" in capsys.readouterr().out


def test_a_missing_python_is_said(tmp_path, monkeypatch, capsys):
    write(tmp_path / "source", {"requirements.txt": "", ".python-version": "3.13"})
    monkeypatch.setattr(buildpack, "find_python", lambda version: None)
    note = buildpack.build(tmp_path / "source", order(tmp_path))["python_note"]
    assert note.startswith("Python 3.13 is not on this machine")
    assert note in capsys.readouterr().out


def test_a_slug_has_a_limit(tmp_path, monkeypatch, capsys):
    write(tmp_path / "source", {"requirements.txt": "", ".python-version": RUNNING})
    monkeypatch.setattr(buildpack, "SLUG_LIMIT", 0)
    with pytest.raises(buildpack.Refused, match="is too large"):
        buildpack.build(tmp_path / "source", order(tmp_path))
