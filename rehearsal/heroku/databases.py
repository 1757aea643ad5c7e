"""Heroku Postgres: the life of its databases, their backups and passwords.

Backups are made and restored by pg_dump and pg_restore.
https://devcenter.heroku.com/articles/heroku-postgresql
"""

import asyncio
import secrets
import subprocess
from contextlib import suppress
from pathlib import Path

from rehearsal import postgres
from rehearsal.heroku import model
from rehearsal.heroku.errors import NotFound
from rehearsal.heroku.releases import Releases


class Databases:
    """The databases of all apps, on one server.

    `folder` gets the backups; `provisioning` is how long (s) a new database takes if
    nobody waits for it.
    """

    def __init__(
        self,
        server: postgres.Server,
        folder: Path,
        apps: model.Apps,
        releases: Releases,
        provisioning: float,
    ):
        self.server, self.folder = server, folder
        self.apps, self.releases, self.provisioning = apps, releases, provisioning
        folder.mkdir()

    def find(self, key: str, app: model.App | None = None) -> model.Addon:
        """By id, by name, or by the name of its config var in the app.

        Raises NotFound.
        """
        if app and key.upper().removesuffix("_URL") in ("DATABASE", ""):
            for addon in app.addons:
                return addon
        for candidate in self.apps.values():
            for addon in candidate.addons:
                if key in (addon.id, addon.name):
                    return addon
        raise NotFound(f"Couldn't find that add on: {key}", "add_on")

    async def provision(self, addon: model.Addon):
        """Create the database, attach it and restart, as an asynchronous add-on does.

        The release command runs then, too:
        https://devcenter.heroku.com/articles/release-phase
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(addon.awaited.wait(), self.provisioning)
        connections = model.PLANS[addon.plan].connections
        url = await asyncio.to_thread(
            self.server.create_database, addon.database, connections
        )
        if addon in addon.app.addons:
            addon.url, addon.state = url, "provisioned"
            self.releases.create(addon.app, f"Attach DATABASE (@ref:{addon.name})")
        else:  # destroyed meanwhile
            await self.drop(addon)
        addon.settled.set()

    async def drop(self, addon: model.Addon):
        await asyncio.to_thread(self.server.drop_database, addon.database)

    async def destroy(self, addon: model.Addon):
        """Detach a database from its app and drop it; no release command runs."""
        addon.app.addons.remove(addon)
        addon.awaited.set()
        await self.drop(addon)

    async def remove(self, app: model.App):
        """Remove the databases and the backups of an app."""
        for addon in list(app.addons):
            await self.destroy(addon)
        for backup in app.backups:
            backup.file.unlink(missing_ok=True)

    async def reset(self, addon: model.Addon):
        """Empty the database; it keeps its name, role and password."""
        name = addon.database
        await asyncio.to_thread(
            self.server.sql,
            f'DROP DATABASE "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" OWNER "{name}"',
        )

    async def rotate(self, addon: model.Addon):
        """Set a new password; connections are reset and the app restarts.

        An add-on's own change of config has no release phase:
        https://devcenter.heroku.com/articles/release-phase
        """
        name, password = addon.database, secrets.token_hex(32)
        await asyncio.to_thread(
            self.server.sql,
            f"ALTER ROLE \"{name}\" PASSWORD '{password}'",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE usename = '{name}'",
        )
        addon.url = self.server.url(name, name, password)
        text = f"Update DATABASE by {model.SERVICE}"
        self.releases.create(addon.app, text, phase=False)

    def measure(self, addon: model.Addon) -> tuple[int, int, int]:
        """Bytes, tables and open connections of a database."""
        name = addon.database
        size, connections = self.server.sql(
            f"SELECT pg_database_size('{name}'), (SELECT count(*) FROM "
            f"pg_stat_activity WHERE datname = '{name}')"
        ).split("|")
        tables = self.server.run(
            *("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command"),
            "SELECT count(*) FROM information_schema.tables "
            "WHERE table_schema = 'public'",
            addon.url,
        )
        return int(size), int(tables), int(connections)

    def capture(self, addon: model.Addon) -> model.Backup:
        """Run pg_dump to its end and remember it."""
        identity = model.identifier()
        file = self.folder / f"{identity}.dump"
        run = ["pg_dump", "-Fc", f"--file={file}"]
        return self.transfer(addon, "backup", file, run, identity)

    def restore(self, addon: model.Addon, file: Path) -> model.Backup:
        """Run pg_restore to its end and remember it."""
        run = ["pg_restore", "--clean", "--if-exists", file]
        return self.transfer(addon, "restore", file, run, model.identifier())

    def transfer(self, addon, kind: str, file: Path, run, identity) -> model.Backup:
        app = addon.app
        number = 1 + sum(backup.kind == kind for backup in app.backups)
        program, *arguments = run
        arguments += ["--no-acl", "--no-owner", f"--dbname={addon.url}"]
        result = subprocess.run(
            [self.server.bin / program, *arguments], capture_output=True, text=True
        )
        size, _, _ = self.measure(addon)
        made = (number, kind, "DATABASE", file, result.returncode == 0)
        app.backups.append(backup := model.Backup(*made, size, id=identity))
        for line in result.stderr.splitlines():
            app.log.write("app", model.SERVICE, line)
        return backup
