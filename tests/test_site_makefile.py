"""What `make` says, and on a machine that lacks something it needs.

Each test works in a copy of the files that set-up reads.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# An index that nobody runs, and no other place for pip to take packages from.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
}

VERSION_3_9 = """
case "$*" in
    *version_info*) exit 1 ;;
    --version) echo Python 3.9.2 ;;
esac
"""
NO_VENV = """
case "$*" in
    *"import ensurepip"*) exit 1 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy of the Makefile and the requirements, with nothing installed."""
    for name in (
        "Makefile",
        "requirements.txt",
        "example/requirements.txt",
        "tests/requirements.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder, *arguments, **environment):
    # What the outer `make test` hands down must not reach the inner one.
    inherited = {
        name: value for name, value in os.environ.items() if "MAKE" not in name
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def write_python(folder, script):
    """Write a program python3 that behaves as the shell script says; return PATH."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    python = programs / "python3"
    python.write_text(f"#!/bin/sh{script}")
    python.chmod(0o755)
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


def said(made):
    """Return what make printed besides its own closing line."""
    lines = (made.stdout + made.stderr).splitlines()
    return [line for line in lines if not line.startswith("make: ***")]


def test_make_alone_prints_every_target():
    source = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", source, re.M).group(1).split()
    made = make(ROOT)
    assert made.returncode == 0
    assert [line.split()[0] for line in made.stdout.splitlines()] == phony
    assert all(len(line.split()) > 2 for line in made.stdout.splitlines())


@pytest.mark.parametrize(
    "script, missing",
    [
        (VERSION_3_9, "Python 3.11 or newer is needed and python3 is Python 3.9.2"),
        (NO_VENV, "apt-get install python3-venv"),
    ],
    ids=["old Python", "no venv"],
)
def test_make_says_what_is_missing_each_time(checkout, script, missing):
    path = write_python(checkout, script)
    for _ in range(2):
        made = make(checkout, "html", PATH=path)
        assert made.returncode != 0
        assert len(said(made)) == 1
        assert missing in said(made)[0]


def test_make_says_that_python_is_missing(checkout):
    made = make(checkout, "html", "PYTHON=python-of-nobody")
    assert made.returncode != 0
    assert said(made) == [
        "make: python-of-nobody is missing: install Python 3.11 or newer"
    ]


def test_make_says_that_packages_cannot_be_installed(checkout):
    for _ in range(2):
        made = make(checkout, "html", f"PYTHON={sys.executable}", **NO_NETWORK)
        assert made.returncode != 0
        assert len(said(made)) == 1
        assert "could not install requirements.txt: is the network up?" in said(made)[0]
        assert not (checkout / ".venv" / "html.stamp").exists()


def test_make_begins_again_after_an_environment_that_broke_off(checkout):
    begun = 'case "$*" in "-m venv "*) mkdir -p .venv/bin; touch .venv/pyvenv.cfg'
    for end in ("exit 1", "touch .venv/complete"):
        path = write_python(checkout, f"\n{begun}; {end} ;; esac\n")
        make(checkout, "html", PATH=path)
    assert (checkout / ".venv" / "complete").exists()
