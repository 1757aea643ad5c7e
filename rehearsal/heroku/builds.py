"""The platform's side of a build: what the hook is told, and what its slug becomes.

https://devcenter.heroku.com/articles/slug-compiler
"""

import asyncio
import json
import os
import shlex
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rehearsal.heroku import model
from rehearsal.heroku.releases import Releases
from rehearsal.heroku.tasks import Tasks

# The dynos of the stand-in share an app's packages, so none of them may change them.
PIP = """\
#!/bin/sh
case "$1" in install|uninstall|download|wheel)
    echo "The stand-in does not play pip $1: its dynos share their packages." >&2
    exit 1 ;;
esac
exec {python} -I -m pip --python {own} "$@"
"""


def pip_environment(wheels: Path | None) -> dict[str, str]:
    """Variables of pip and uv: the wheels if given, else what this machine uses."""
    if wheels is None:
        ours = ("PIP_", "UV_")
        return {k: v for k, v in os.environ.items() if k.startswith(ours)}
    return {
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


class Builds:
    """Talks to the hook of each push.

    `folder` gets the slugs and the caches; `wheels` is a folder of wheels: with it, pip
    installs from there and nowhere else. What the build cannot play goes to `unknown`.
    """

    def __init__(
        self,
        folder: Path,
        wheels: Path | None,
        releases: Releases,
        tasks: Tasks,
        unknown: list[str],
    ):
        self.wheels, self.releases, self.tasks = wheels, releases, tasks
        self.unknown = unknown
        self.sources, self.slugs, self.caches = (
            folder / name for name in ["builds", "slugs", "cache"]
        )
        for path in (self.sources, self.slugs, self.caches):
            path.mkdir()

    @contextmanager
    def channel(self, app: model.App) -> Iterator[socket.socket]:
        """Yield the end of a new socket pair that the hook is to inherit.

        The platform's own copy is closed at the end of the block, so that the other
        end is told when the hook has gone.
        """
        ours, theirs = socket.socketpair()
        self.tasks.start(self.attend(app, ours))
        with theirs:
            yield theirs

    async def attend(self, app: model.App, ours: socket.socket):
        """Hand out the order, take the slug, send what the push is to print."""
        reader, writer = await asyncio.open_connection(sock=ours)
        # The client may have gone, and git with it.
        with closing(writer), suppress(ConnectionError):
            order = self.order(app)
            writer.write(json.dumps(order).encode() + b"\n")
            if line := await reader.readline():
                built = json.loads(line) | {"stack": order["stack"]}
                async for text in self.finish(app, built):
                    writer.write(text.encode())
                    await writer.drain()

    def order(self, app: model.App) -> dict:
        """Return what the build must know; see buildpack.build.

        The environment is that of a build dyno, which has no PORT: the changelog of
        https://github.com/heroku/heroku-buildpack-python, v103. The hook adds
        SOURCE_VERSION.
        """
        pip = {"HOME": str(self.caches)} if self.wheels else dict(os.environ)
        for name in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"]:
            pip.pop(name, None)
        cache = self.caches / app.id
        cache.mkdir(exist_ok=True)
        return {
            "config": app.config_vars,
            "stack": app.build_stack,
            # There is no other that an app can be given.
            "buildpacks": ["heroku/python"] if app.buildpacks else [],
            "environment": {
                "DYNO": f"run.{model.number(4)}",
                "STACK": app.build_stack,
                "REQUEST_ID": model.identifier(),
            },
            "folder": str(self.sources),
            "cache": str(cache),
            "pip": {
                **pip,
                **pip_environment(self.wheels),
                "PATH": os.environ["PATH"],
                "PIP_NO_CACHE_DIR": "1",
                "PIP_NO_COMPILE": "1",
                "PIP_ROOT_USER_ACTION": "ignore",
            },
        }

    async def finish(self, app: model.App, built: dict) -> AsyncIterator[str]:
        """Release a slug; yields the lines that git shows after the build's own.

        Their words are those of public logs of deploys, unchanged for years.
        """
        if "refused" in built:
            app.log.write("app", "api", "Build failed -- check your build output")
            if built["cannot_play"]:
                self.unknown.append(f"git push: {built['refused']}")
            return
        slug = self.store(built)
        app.log.write("app", "api", f"Build succeeded for {slug.commit[:8]}")
        if app.slug is None:
            app.set_types(slug.types)
        yield "-----> Launching...\n"
        release = self.releases.create(app, f"Deploy {slug.commit[:8]}", slug)
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
            async for line in self.releases.follow(release):
                yield line
            if release.status == "failed":
                yield (
                    "\n !     Release command failed: "
                    f"v{release.version} is not available.\n"
                )
        await asyncio.wait({release.deploying})

    def store(self, built: dict) -> model.Slug:
        """Keep the files of a build as a slug, with pip for its dynos."""
        slug = model.Slug(
            built["commit"],
            self.slugs / model.identifier(),
            Path(built["environment"]),
            built["types"],
            built["size"],
            built["stack"],
        )
        Path(built["source"]).rename(slug.folder)
        pip = slug.environment / "bin" / "pip"
        if (slug.folder / "requirements.txt").exists() and not pip.exists():
            names = {"python": sys.executable, "own": slug.environment / "bin/python"}
            quoted = {key: shlex.quote(str(path)) for key, path in names.items()}
            pip.write_text(PIP.format(**quoted))
            pip.chmod(0o755)
        return slug

    def remove(self, app: model.App, others: list[model.App]):
        """Remove the slugs and the cache of an app, except what others were promoted.

        A promoted slug runs with the packages of the app that built it.
        """
        promoted = {slug.id for other in others for slug in slugs(other)}
        folders = [each.folder for each in slugs(app) if each.id not in promoted]
        if not any(each.id in promoted for each in slugs(app)):
            folders.append(self.caches / app.id)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def slugs(app: model.App) -> list[model.Slug]:
    return [release.slug for release in app.releases if release.slug]
