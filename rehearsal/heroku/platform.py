"""The stand-in for the platform: all its servers, for the length of a `with` block.

with Platform(folder) as platform:
    machine = Machine(folder / "machine", platform.address)
    subprocess.run(["heroku", "create"], env=machine.environment(home))
"""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Host, Mount, Route
from starlette.routing import Router as Routes

from rehearsal import postgres
from rehearsal.cleaner import Cleaner
from rehearsal.heroku import model, network
from rehearsal.heroku.api import base
from rehearsal.heroku.api.account import Account
from rehearsal.heroku.api.addons import Addons
from rehearsal.heroku.api.apps import AppsApi, Parts
from rehearsal.heroku.api.dynos import DynosApi
from rehearsal.heroku.api.pipelines import Pipelines
from rehearsal.heroku.api.postgres import Postgres
from rehearsal.heroku.api.releases import ReleasesApi
from rehearsal.heroku.builds import Builds
from rehearsal.heroku.databases import Databases
from rehearsal.heroku.dynos import Dynos, Runtime
from rehearsal.heroku.git import Git
from rehearsal.heroku.object_store import ObjectStore
from rehearsal.heroku.releases import Releases
from rehearsal.heroku.rendezvous import Rendezvous
from rehearsal.heroku.router import Router, Window
from rehearsal.heroku.tasks import Tasks

START = 120  # seconds for the servers to start


class Platform:
    """Runs Heroku's part on 127.0.0.1, in a thread of its own, beneath `folder`.

    wheels: a folder of wheels; with it, pip installs from there and nowhere else.
    times: Heroku's own by default, shorter in tests.
    original: a platform that is frozen; this one begins where that one is.

    A client needs `address` and `token`.
    While it runs, read `apps`, `entered` (keys of `routes` that were asked for),
    `refused` (targets the proxy did not connect to), `unknown` (requests without an
    answer) and `failures` (exceptions of the stand-in itself). Nothing is left when it
    ends, however it ends.
    """

    def __init__(
        self,
        folder: Path,
        wheels: Path | None = None,
        times: model.Times | None = None,
        original: "Platform | None" = None,
    ):
        self.parent, self.wheels = Path(folder), wheels
        self.times = times or model.Times()
        self.original = original
        self.token = original.token if original else f"HRKU-{model.identifier()}"
        self.apps = model.Apps()
        self.entered: set[str] = set()
        self.refused: list[str] = []
        self.unknown: list[str] = []
        self.failures: list[str] = []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="platform-", dir=self.parent))
        self.cleaner = Cleaner()
        self.cleaner.remove(self.folder)
        original = self.original and self.original.postgres
        self.postgres = postgres.Server(self.folder, original)
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.run, name="platform", daemon=True)
        try:
            self.postgres.start()
            self.wire()
            if self.original:
                self.copy(self.original)
            self.thread.start()
            if not self.started.wait(START) or not self.thread.is_alive():
                raise RuntimeError("The stand-in did not start.")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self.freeze()
        self.postgres.close()
        self.cleaner.close()

    def freeze(self):
        """Stop all that runs; what there is stays, for others to begin with."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.ending.set)
            self.thread.join()
        self.postgres.stop()

    def copy(self, original: "Platform"):
        """Have the apps of a frozen platform, with their slugs, packages and data.

        Nobody changes a slug or its packages, so links to them will do.
        """

        def slug(theirs: model.Slug) -> model.Slug:
            link = self.folder / "slugs" / theirs.folder.name
            if not link.exists():
                link.symlink_to(theirs.folder.resolve())
            return replace(theirs, folder=link)

        def url(address: str) -> str:
            ports = (f":{each.postgres.port}/" for each in (original, self))
            return address.replace(*ports)

        for app in original.apps.values():
            self.apps[app.name] = app.copy(slug, url)
            git, cache = f"git/{app.name}.git", f"cache/{app.id}"
            shutil.copytree(original.folder / git, self.folder / git)
            (self.folder / cache).mkdir()
            for each in (original.folder / cache).iterdir():
                copied = self.folder / cache / each.name
                if each.is_dir():
                    copied.symlink_to(each.resolve())
                else:
                    shutil.copy(each, copied)

    def wire(self):
        """Make the parts and give each what it uses."""
        authority = network.Authority(self.folder)
        tls, plain, self.proxy = (network.listen() for _ in range(3))
        proxy, registry = (
            f"http://127.0.0.1:{network.port(each)}" for each in (self.proxy, plain)
        )
        self.address = network.Address(proxy, registry, authority.ca)
        self.connect = network.connect_proxy(network.port(tls), self.refused)

        self.tasks = tasks = Tasks(self.failures)
        folder, bucket = self.folder / "dynos", f"{self.address.plain}/object-store"
        runtime = Runtime(folder, self.cleaner, self.times, bucket)
        self.dynos = dynos = Dynos(runtime, tasks)
        releases = Releases(dynos, tasks)
        builds = Builds(self.folder, self.wheels, releases, tasks, self.unknown)
        git = Git(self.folder / "git", self.cleaner, self.apps, self.token, builds)
        backups, patience = self.folder / "backups", self.times.provisioning
        databases = Databases(self.postgres, backups, self.apps, releases, patience)
        self.rendezvous = Rendezvous(authority.server_context)
        self.http = httpx.AsyncClient(
            trust_env=False, timeout=None, limits=httpx.Limits(max_connections=None)
        )
        self.router = Router(self.apps, self.http, self.times)

        topics = [
            Account(self.token),
            AppsApi(self.apps, Parts(git, builds, dynos, databases)),
            ReleasesApi(self.apps, releases, self.address.plain),
            DynosApi(self.apps, dynos, self.rendezvous, self.address.plain),
            Addons(self.apps, databases, releases, tasks),
            Postgres(self.apps, databases),
            Pipelines(self.apps, releases),
        ]
        self.routes = {key: h for topic in topics for key, h in topic.routes.items()}
        site = self.hosts(git)
        self.servers = [
            (network.WebServer(site, authority.pem), tls),
            (network.WebServer(site), plain),
        ]

    def hosts(self, git: Git) -> Starlette:
        """git, the apps and the API, each under its own name; objects in a folder."""
        pushes = [Route("/{app}.git/{path:path}", git.serve, methods=["GET", "POST"])]
        answers = [
            base.route(key, handler, self.token, self.entered)
            for key, handler in self.routes.items()
        ]
        objects = Routes(ObjectStore().routes)
        return Starlette(
            routes=[
                Host("git.heroku.com", Routes(pushes)),
                Host("{name}.herokuapp.com", self.router),
                Mount("/object-store", objects),
                Mount("/", Routes(answers)),
            ],
            exception_handlers=base.error_handlers(self.unknown),
        )

    def run(self):
        try:
            asyncio.run(self.serve())
        finally:
            self.started.set()

    async def serve(self):
        """Serve until the `with` block ends."""
        self.loop, self.ending = asyncio.get_running_loop(), asyncio.Event()
        runs = await self.rendezvous.start()
        proxy = await asyncio.start_server(self.connect, sock=self.proxy)
        serving = [
            asyncio.create_task(server.serve([listener]))
            for server, listener in self.servers
        ]
        while not all(server.started for server, _ in self.servers):
            await asyncio.sleep(0.01)
        for app in self.apps.values():
            self.tasks.start(self.dynos.restart(app))
        self.started.set()
        await self.ending.wait()
        for app in self.apps.values():
            app.destroyed = True
            await self.dynos.stop(app)
        await asyncio.gather(*self.dynos.stopping)
        for server, _ in self.servers:
            server.should_exit = True
        proxy.close()
        runs.close()
        await asyncio.gather(*serving)
        await self.http.aclose()
        self.tasks.cancel()

    @contextmanager
    def window(self, app: model.App) -> Iterator[str]:
        """Show the app to the reader's own browser, at the address that is yielded."""
        listener = network.listen()
        address = f"http://localhost:{network.port(listener)}"
        shown = Window(self.router, app.web_url.rstrip("/"), address)
        server = network.WebServer(shown)
        serving = asyncio.run_coroutine_threadsafe(server.serve([listener]), self.loop)
        try:
            yield address
        finally:
            server.should_exit = True
            serving.result()
