"""What `make` says and does, and on a machine that lacks something it needs.

Each test of set-up works in a copy of the files that set-up reads.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT
from tests.support.waiting import PATIENCE, until
from tools.once import make_once
from tools.ports import free_port

# An index that nobody runs, and no other place for pip to take packages from.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "1",
}
LINTERS = (
    *("doc8", "sphinx-lint", "ruff check", "ruff format"),
    *("biome format", "djade", "codespell"),
)
# Python runs this at its start: https://docs.python.org/3/library/site.html
OLD = "import sys; sys.version_info = (3, 9, 2, 'final', 0)"
NO_VENV = "import sys; sys.modules['ensurepip'] = None"
# In place of pip, which takes a minute and a network: what it was asked for.
PIP = """\
import pathlib, sys, time
log = pathlib.Path(__file__).parents[5] / "pip-was-asked"
with log.open("a") as file:
    print(*sys.argv[1:], file=file)
while (log.parent / "wait").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of Makefile, requirements and tools, with nothing installed."""
    for name in (
        "requirements.txt",
        "example/requirements.txt",
        "tests/requirements.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    return tmp_path


def start(folder, *command, **environment):
    """Start a command in a process group of its own, as a terminal does."""
    # What the outer `make test` hands down must not reach the inner one.
    inherited = {
        name: value for name, value in os.environ.items() if "MAKE" not in name
    }
    return subprocess.Popen(
        command,
        cwd=folder,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def make(folder, *arguments, **environment):
    """Run make; return its status, and what it printed besides its own last line."""
    made = start(folder, "make", *arguments, **environment)
    lines = "".join(made.communicate(timeout=PATIENCE)).splitlines()
    return made.returncode, [line for line in lines if not line.startswith("make: ***")]


def set_up(folder, **environment):
    """Start what make calls to have the pages' packages."""
    return start(folder, sys.executable, "-m", "tools.set_up", "pages", **environment)


def phony():
    source = (ROOT / "Makefile").read_text()
    return re.search(r"^\.PHONY: (.+)$", source, re.M).group(1).split()


def test_make_alone_prints_every_target():
    status, lines = make(ROOT)
    assert status == 0
    assert [line.split()[0] for line in lines] == phony()
    assert all(len(line.split()) > 2 for line in lines)


def test_make_test_leaves_nothing_out():
    """Lint, every test, and the app's once more on SQLite."""
    status, lines = make(ROOT, "--dry-run", "test")
    assert status == 0
    text = "\n".join(lines)
    for tool in LINTERS:
        assert re.search(rf"/{tool}\s", text), f"make test runs no {tool}"
    runs = [line for line in lines if re.search(r" pytest\s", line + "\n")]
    assert len(runs) == 2, (
        f"make test runs pytest twice, with and without SQLite: {runs}"
    )
    everything, sqlite = runs
    assert "tests/" not in everything
    assert sqlite.startswith("TEST_DATABASE=sqlite ")
    assert sqlite.endswith(" tests/test_app_*.py")
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]
    assert options["ini_options"]["testpaths"] == ["tests"]
    for line in (*runs, f"pytest {options['ini_options']['addopts']}"):
        chosen = line.partition("pytest")[2]
        left_out = re.search(r"\s(--ignore|--deselect|-k|-m)\b", chosen)
        assert not left_out, f"make test leaves tests out: {line}"


@pytest.mark.parametrize(
    "path", ["README.md", "CONTRIBUTING.md", ".readthedocs.yaml", ".ci/run"]
)
def test_the_targets_that_are_named_exist(path):
    text = (ROOT / path).read_text()
    named = re.findall(r"(?m)(?:^    |`|- |exec )make ([a-z-]+)", text)
    assert set(named) <= set(phony()), f"{path}: no target of the Makefile"


def test_the_weekly_targets_exist():
    text = (ROOT / ".github" / "workflows" / "weekly.yaml").read_text()
    [listed] = re.findall(r"target: \[(.+)\]", text)
    assert set(listed.split(", ")) <= set(phony())


@pytest.mark.parametrize(
    "machine, missing",
    [
        (OLD, "Python 3.11 or newer is needed and"),
        (NO_VENV, "apt-get install python3-venv"),
    ],
    ids=["old Python", "no venv"],
)
def test_make_says_what_is_missing_each_time(checkout, machine, missing):
    (checkout / "sitecustomize.py").write_text(machine)
    for _ in range(2):
        status, lines = make(checkout, "html", PYTHONPATH=str(checkout))
        assert status != 0
        assert len(lines) == 1
        assert missing in lines[0]
        assert not (checkout / ".venv").exists()


def test_make_says_that_python_is_missing(checkout):
    status, lines = make(checkout, "html", "PYTHON=python-of-nobody")
    assert status != 0
    assert lines == ["make: python-of-nobody is missing: install Python 3.11 or newer"]


def test_make_shows_why_packages_cannot_be_installed(checkout):
    python = f"PYTHON={sys.executable}"
    for _ in range(2):
        status, lines = make(checkout, "html", python, **NO_NETWORK)
        assert status != 0
        assert len(lines) == 1
        assert lines[0].startswith("make: pip failed: ")
        assert "Connection refused" in lines[0]
        assert "build/set-up/pip.log" in lines[0]


@pytest.fixture
def environment(checkout):
    """Return the checkout, with a .venv whose pip only notes what it is asked for."""
    make(checkout, "html", **NO_NETWORK)
    [pip] = checkout.glob(".venv/lib/python3*/site-packages/pip")
    (pip / "__main__.py").write_text(PIP)
    return checkout


def asked(checkout):
    """Return what pip was asked for, a line each time."""
    log = checkout / "pip-was-asked"
    return log.read_text().splitlines() if log.exists() else []


def test_nothing_is_installed_twice(environment):
    for _ in range(2):
        assert set_up(environment).wait(PATIENCE) == 0
    assert len(asked(environment)) == 1
    (environment / "requirements.txt").write_text("sphinx\n")
    assert set_up(environment).wait(PATIENCE) == 0
    assert len(asked(environment)) == 2


def test_two_at_once_install_once(environment):
    (environment / "wait").touch()
    first = set_up(environment)
    until(lambda: asked(environment), "the first installs")
    second = set_up(environment)
    assert second.stderr.readline().startswith("Waiting for another process to end")
    (environment / "wait").unlink()
    assert [each.wait(PATIENCE) for each in (first, second)] == [0, 0]
    assert len(asked(environment)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_installation_begins_again(environment, number):
    (environment / "wait").touch()
    begun = set_up(environment)
    until(lambda: asked(environment), "it installs")
    os.killpg(begun.pid, number)
    assert begun.wait(PATIENCE) != 0
    assert "Traceback" not in begun.stderr.read()
    # .venv is made anew, and so is its pip, which now finds no network.
    again = set_up(environment, **NO_NETWORK)
    assert "pip failed: " in again.communicate(timeout=PATIENCE)[1]
    assert len(asked(environment)) == 1


def test_what_an_interrupted_one_left_at_work_is_waited_for(environment):
    (environment / "wait").touch()
    begun = set_up(environment)
    until(lambda: asked(environment), "it installs")
    begun.kill()
    again = set_up(environment, **NO_NETWORK)
    assert again.stderr.readline().startswith("Waiting for another process to end")
    (environment / "wait").unlink()
    assert "pip failed: " in again.communicate(timeout=PATIENCE)[1]


def test_a_port_that_somebody_has_is_not_taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert free_port(taken) != taken
    wanted = free_port()
    assert free_port(wanted) == wanted


def test_what_is_made_once_is_whole_or_not_there(tmp_path):
    folder = tmp_path / "folder"

    def fill(part):
        (part / "file").write_text("half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        make_once(folder, "1", fill)
    assert list(tmp_path.iterdir()) == []
    make_once(folder, "1", lambda part: (part / "file").write_text("whole"))
    make_once(folder, "1", fill)
    with pytest.raises(RuntimeError):
        make_once(folder, "2", fill)
    assert (folder / "file").read_text() == "whole"
    assert list(tmp_path.iterdir()) == [folder]
