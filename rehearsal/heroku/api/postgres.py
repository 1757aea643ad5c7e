"""The data API behind `heroku pg:*`.

It is not published; what stands here was found by reading and running CLI 11.10.0.
"""

import asyncio
from urllib.parse import urlsplit

from starlette.responses import FileResponse

from rehearsal.heroku import model
from rehearsal.heroku.api.base import without_token
from rehearsal.heroku.databases import Databases
from rehearsal.heroku.errors import CannotPlay, NotFound

DATABASE = "/client/v11/databases/{database}"
APP = "/client/v11/apps/{app}"
CREDENTIALS = "/postgres/v0/databases/{database}/credentials"


class Postgres:
    """Databases, their backups, schedules and credentials."""

    def __init__(self, apps: model.Apps, databases: Databases):
        self.apps, self.databases = apps, databases
        self.routes = {
            f"GET {DATABASE}": self.info,
            f"GET {DATABASE}/wait_status": self.wait,
            f"PUT {DATABASE}/reset": self.reset,
            f"POST {DATABASE}/backups": self.capture,
            f"POST {DATABASE}/restores": self.restore,
            f"GET {DATABASE}/transfer-schedules": self.schedules,
            f"POST {DATABASE}/transfer-schedules": self.schedule,
            f"DELETE {DATABASE}/transfer-schedules/{{schedule}}": self.unschedule,
            f"GET {APP}/transfers": self.transfers,
            f"GET {APP}/transfers/{{transfer}}": self.transfer,
            f"POST {APP}/transfers/{{transfer}}/actions/public-url": self.public_url,
            "GET /backups/{backup}.dump": self.download,
            f"GET {CREDENTIALS}": self.credentials,
            f"GET {CREDENTIALS}/default": self.default_credential,
            f"POST {CREDENTIALS}/default/credentials_rotation": self.rotate,
        }

    def find(self, request) -> model.Addon:
        return self.databases.find(request.path_params["database"])

    def find_transfer(self, request) -> model.Backup:
        app = self.apps.find(request.path_params["app"])
        key = request.path_params["transfer"]
        for backup in app.backups:
            if key in (backup.id, str(backup.number)):
                return backup
        raise NotFound(f"There is no backup {key}.", "transfer")

    async def info(self, request):
        addon = self.find(request)
        if not addon.url:
            raise NotFound("This database is not yet provisioned.", "database")
        measured = await asyncio.to_thread(self.databases.measure, addon)
        size, tables, connections = measured
        plan = model.PLANS[addon.plan]
        part = f"({size / plan.storage:.2%})"
        shown = f"{size / 1e6:.1f} MB / {plan.storage / 1e9:.0f} GB {part}"
        lines = {
            "Plan": addon.plan,
            "Status": "Available",
            "Connections": f"{connections}/{plan.connections}",
            "PG Version": self.databases.server.version(),
            "Created": addon.created,
            "Data Size": f"{shown} (In compliance)",
            "Tables": f"{tables}/{model.TABLES} (In compliance)",
            "Fork/Follow": "Unsupported",
            "Rollback": "Unsupported",
            "Continuous Protection": "Off",
            "Add-on": addon.name,
        }
        info = [{"name": name, "values": [value]} for name, value in lines.items()]
        return {"info": info, "resource_url": addon.url, "name": addon.name}

    async def wait(self, request):
        """Answer when the database is there: who asks waits for it."""
        addon = self.find(request)
        addon.awaited.set()
        await addon.settled.wait()
        return {"waiting?": False, "message": "available"}

    async def reset(self, request):
        await self.databases.reset(self.find(request))
        return {"message": "Reset successful."}

    async def capture(self, request):
        addon = self.find(request)
        return (await asyncio.to_thread(self.databases.capture, addon)).view()

    async def restore(self, request):
        """From a backup's URL: its last part names the file."""
        addon, url = self.find(request), (await request.json())["backup_url"]
        file = self.databases.folder / url.rpartition("/")[2]
        if not file.is_file():
            raise CannotPlay("restores no backups but its own.")
        return (await asyncio.to_thread(self.databases.restore, addon, file)).view()

    async def transfers(self, request):
        app = self.apps.find(request.path_params["app"])
        return [backup.view() for backup in app.backups]

    async def transfer(self, request):
        return self.find_transfer(request).view()

    async def public_url(self, request):
        url = self.find_transfer(request).view()["to_url"]
        return {"url": url, "expires_at": model.now()}

    @without_token
    async def download(self, request):
        file = self.databases.folder / f"{request.path_params['backup']}.dump"
        if not file.is_file():
            raise NotFound("There is no such backup.", "transfer")
        return FileResponse(file)

    async def schedules(self, request):
        return self.find(request).schedules

    async def schedule(self, request):
        body, addon = await request.json(), self.find(request)
        made = {**body, "uuid": model.identifier(), "name": body["schedule_name"]}
        addon.schedules = [
            *(other for other in addon.schedules if other["name"] != made["name"]),
            made,
        ]
        return made, 201

    async def unschedule(self, request):
        addon, key = self.find(request), request.path_params["schedule"]
        addon.schedules = [other for other in addon.schedules if other["uuid"] != key]
        return {}

    async def credentials(self, request):
        return [credential(self.find(request))]

    async def default_credential(self, request):
        return credential(self.find(request))

    async def rotate(self, request):
        await self.databases.rotate(self.find(request))
        return {}


def credential(addon: model.Addon) -> dict:
    url = urlsplit(addon.url)
    entry = {"user": url.username, "password": url.password, "connections": 0}
    return {
        "uuid": model.identifier(addon.id + "credential"),
        "name": "default",
        "state": "active",
        "database": addon.database,
        "host": url.hostname,
        "port": str(url.port),
        "credentials": [{**entry, "state": "active"}],
    }
