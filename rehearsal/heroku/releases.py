"""From a release to its dynos: https://devcenter.heroku.com/articles/releases"""

import asyncio
from collections.abc import AsyncIterator

from rehearsal.heroku import model
from rehearsal.heroku.dynos import Dynos
from rehearsal.heroku.tasks import Tasks


class Releases:
    """Makes releases and deploys them."""

    def __init__(self, dynos: Dynos, tasks: Tasks):
        self.dynos, self.tasks = dynos, tasks

    def create(
        self,
        app: model.App,
        description: str,
        slug: model.Slug | None = None,
        phase: bool = True,
    ) -> model.Release:
        """Add a release, as `App.add_release` does, and begin to deploy it."""
        release = app.add_release(description, slug, phase)
        release.deploying = self.tasks.start(self.deploy(app, release))
        return release

    async def deploy(self, app: model.App, release: model.Release):
        """Run the release command, if any; only if it succeeds, restart the dynos."""
        async with app.deploying:
            text = f"Release v{release.version} created by user {model.EMAIL}"
            app.log.write("app", "api", text)
            if release.output is not None:
                succeeded = await self.dynos.release_command(app, release)
                release.status = "succeeded" if succeeded else "failed"
                if not succeeded:
                    return
            if release.slug:
                app.set_types(release.slug.types)
            await self.dynos.restart(app)

    async def follow(self, release: model.Release) -> AsyncIterator[str]:
        """Yield the lines of a release command, until it has ended."""
        sent = 0
        while True:
            pending = release.status == "pending"
            for line in release.output[sent:]:
                yield f"{line}\n"
                sent += 1
            if not pending:
                return
            await asyncio.sleep(0.05)
