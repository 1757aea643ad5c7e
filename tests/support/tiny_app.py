"""A stand-in with an app of twenty lines, for the tests of the stand-in itself."""

import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx

from rehearsal.heroku.model import Times
from rehearsal.heroku.platform import Platform
from rehearsal.reader.machine import CLI, Machine
from tests.support.waiting import PATIENCE

# What the app does is asked for by its path, so that one app shows every fault.
SERVER = """\
import http.server, os, socketserver, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/slow":
            time.sleep(30)
        if self.path == "/die":
            os._exit(7)
        if self.path == "/chatter":
            for number in range(100_000):
                print("line", number)
        if self.path == "/write":
            open("written", "w").close()
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"{name}={value}" for name, value in os.environ.items()]
        lines += [f"path {self.path}", f"files {sorted(os.listdir())}"]
        body = "\\n".join(lines).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1; Secure")
        self.send_header("Set-Cookie", "b=2; Secure")
        if "X-Echo" in self.headers:
            address = f"https://{self.headers['Host']}{self.headers['X-Echo']}"
            self.send_header("Location", address)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
FILES = {
    "requirements.txt": "",
    ".python-version": f"{sys.version_info.major}.{sys.version_info.minor}\n",
    "Procfile": "web: python server.py\nworker: sleep 1000\n",
    "server.py": SERVER,
}
CLI_REASON = "the Heroku CLI is not installed: make set-up"
cli_installed = CLI.exists()


def know_the_terms(home: Path) -> None:
    """Or the first command warns that the terms of service have changed."""
    cache = home / ".cache" / "heroku"
    cache.mkdir(parents=True)
    (cache / "terms-of-service").touch()


class Reader:
    """Somebody with a home folder, a project and a shell."""

    def __init__(self, platform: Platform, folder: Path):
        self.platform, self.project = platform, folder / "project"
        self.project.mkdir(parents=True)
        self.machine = Machine(folder / "machine", platform.address)
        home = folder / "home"
        know_the_terms(home)
        self.environment = self.machine.environment(home) | {
            "HEROKU_API_KEY": platform.token,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
        }

    def shell(self, command: str, timeout=PATIENCE) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )

    def commit(self, **changes: str):
        """Commit the tiny app with these files changed."""
        files = {**FILES, **changes}
        for name, content in files.items():
            (self.project / name).parent.mkdir(exist_ok=True)
            (self.project / name).write_text(content)
        done = self.shell(
            "git init --quiet --initial-branch main && git add --all"
            " && git commit --quiet --allow-empty --message change"
        )
        assert done.returncode == 0, done.stdout

    def push(self, name: str, **changes: str) -> str:
        """Commit and push to the app's repository; return what git printed."""
        self.commit(**changes)
        # With the token in the address git need not ask the CLI for it.
        url = f"https://heroku:{self.platform.token}@git.heroku.com/{name}.git"
        return self.shell(f"git push {url} main").stdout


def client(platform: Platform, **options) -> httpx.Client:
    """Return a client that comes through the proxy and trusts the local authority."""
    return httpx.Client(
        proxy=platform.address.proxy,
        verify=ssl.create_default_context(cafile=platform.address.ca),
        trust_env=False,
        **options,
    )


def fetch(platform: Platform, url: str, method="GET", **options) -> httpx.Response:
    """One request, as from a browser: through the router, over TLS."""
    with client(platform, follow_redirects=True, timeout=PATIENCE) as asking:
        return asking.request(method, url, **options)


class Api:
    """The Platform API, asked as the CLI asks."""

    def __init__(self, platform: Platform):
        self.client = client(
            platform,
            base_url="https://api.heroku.com",
            headers={"Authorization": f"Bearer {platform.token}"},
            timeout=PATIENCE,
        )

    def __call__(self, method: str, path: str, body=None, **options):
        return self.client.request(method, path, json=body, **options)


@contextmanager
def running_platform(folder: Path, **times: float):
    """Yield a platform that waits for a busy machine, and see that it did not fail.

    A test that sees it wait in vain makes that time of `platform.times` short.
    """
    long = dict.fromkeys(("boot", "request", "stop"), PATIENCE)
    found = Times(**{**long, "cool_off": 60, "provisioning": 0.2, **times})
    with Platform(folder, times=found) as platform:
        yield platform
        assert platform.failures == []
        assert platform.refused == []
