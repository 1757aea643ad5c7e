"""A Django project under its own server command, as a process of this machine.

For the tests, the benchmarks and the pictures: the example runs as its Procfile says,
from a copy that has nothing of a contributor's (.env, db.sqlite3).
"""

import http.client
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from tests.support.waiting import PATIENCE
from tools.ports import free_port

EXAMPLE = Path(__file__).parents[2] / "example"
# The app believes that the router has ended TLS, or it would redirect.
ROUTER = {"X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Served:
    """A running server: where it answers, its process, its log, its start in s."""

    port: int
    process: subprocess.Popen
    log: Path
    seconds_to_first_answer: float

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def config_vars(database: str, **own: str) -> dict[str, str]:
    """Return this process's environment, .env.example over it, and `own` over both."""
    found = os.environ | dotenv_values(EXAMPLE / ".env.example")
    return found | {"DATABASE_URL": database, "DEBUG": "false"} | own


def install_example(folder: Path, variables: dict, python: str = sys.executable):
    """Copy the example, without a contributor's own files, into a folder of folder,
    and do what a push does with it: static files and tables; return its path."""
    own = shutil.ignore_patterns(".env", "db.sqlite3")
    project = shutil.copytree(EXAMPLE, folder / "example", ignore=own)
    manage(project, variables, "collectstatic", "--no-input", python=python)
    manage(project, variables, "migrate", python=python)
    return project


def path_of(python: str) -> dict[str, str]:
    """PATH as in the active virtual environment of that Python."""
    return {"PATH": f"{Path(python).parent}:{os.environ['PATH']}"}


def manage(
    project: Path, variables: dict, *arguments: str, python: str = sys.executable
) -> str:
    """Return the standard output of a manage.py command."""
    return subprocess.run(
        [python, "manage.py", *arguments],
        cwd=project,
        env=variables,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def web_command(project: Path) -> str:
    procfile = (project / "Procfile").read_text()
    return re.search(r"^web: (.+)$", procfile, re.MULTILINE)[1]


@contextmanager
def serving(
    project: Path,
    command: str,
    variables: dict,
    workers: int = 1,
    python: str = sys.executable,
):
    """Run the command, wait for the first answer of "/", give what is Served.

    Raises RuntimeError with the log if the server ends before or answers no 200.
    """
    port = free_port()
    log = project / "server.log"
    own = {"PORT": str(port), "WEB_CONCURRENCY": str(workers)} | path_of(python)
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            shlex.split(command),
            cwd=project,
            env=variables | own,
            stdout=output,
            stderr=output,
        )
        try:
            status = wait_for_answer(port, process)
            took = time.perf_counter() - start
            if status != 200:
                raise RuntimeError(f"first answer {status}:\n{log.read_text()}")
            yield Served(port, process, log, took)
        finally:
            process.terminate()
            process.wait()


def wait_for_answer(port: int, process: subprocess.Popen) -> int | None:
    """Status of the first answer; None if the process ended without one."""
    while process.poll() is None:
        try:
            return ask(port, "/")[0]
        except OSError:
            time.sleep(0.005)
    return None


def ask(port: int, path: str, headers: dict = ROUTER, source: str = ""):
    """Status, headers and text of an answer, by default as if through the router.

    `source` is the address that the client asks from, any of 127.0.0.0/8 on Linux.
    """
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=PATIENCE, source_address=(source, 0)
    )
    headers = {"Host": f"localhost:{port}"} | headers
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()
