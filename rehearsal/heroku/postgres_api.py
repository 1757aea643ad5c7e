"""Heroku Postgres: the add-on's life, and the data API behind `heroku pg:*`.

The data API is not published; what stands here was found by reading and running
CLI 11.10.0. Backups are made and restored by pg_dump and pg_restore.
"""

import asyncio
import subprocess

from starlette.responses import FileResponse
from starlette.routing import Route

from rehearsal.heroku import model
from rehearsal.heroku.errors import NotFound, Unprocessable

PROVISIONING = 0.2  # seconds; the next command starts later, so it need not wait


async def provision(platform, app, addon: model.Addon):
    """Create the database, attach it and restart, as an asynchronous add-on does."""
    await asyncio.sleep(PROVISIONING)
    limit = model.PLANS[addon.plan][0]
    addon.url = await asyncio.to_thread(
        platform.postgres.create_database, addon.database, limit
    )
    if addon not in app.addons:  # destroyed meanwhile
        return await drop(platform, addon)
    app.config["DATABASE_URL"] = addon.url
    addon.state = "provisioned"
    # An add-on's own change of config has no release phase.
    release = app.add_release(f"Attach DATABASE (@ref:{addon.name})")
    release.status, release.output = "succeeded", None
    await platform.restart(app)


async def drop(platform, addon: model.Addon):
    await asyncio.to_thread(platform.postgres.drop_database, addon.database)


def find(platform, key: str, app: model.App | None = None) -> model.Addon:
    """By id, by name, or by the name of its config var in the app."""
    for candidate in platform.apps.values():
        for addon in candidate.addons:
            names = {addon.id, addon.name}
            if app is candidate:
                plain = key.upper().removesuffix("_URL")
                if plain in ("DATABASE", "HEROKU-POSTGRESQL", ""):
                    return addon
            if key in names:
                return addon
    raise NotFound(f"Couldn't find that add on: {key}", "add_on")


def addon_of(request) -> model.Addon:
    return find(request.app.state.platform, request.path_params["database"])


def measure(platform, addon: model.Addon) -> tuple[int, int, int]:
    """Bytes, tables and open connections of a database."""
    name = addon.database
    url = addon.url
    size, connections = platform.postgres.sql(
        f"SELECT pg_database_size('{name}'), (SELECT count(*) FROM pg_stat_activity "
        f"WHERE datname = '{name}')"
    ).split("|")
    tables = platform.postgres.run(
        *("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command"),
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
        url,
    )
    return int(size), int(tables), int(connections)


async def database(request):
    platform, addon = request.app.state.platform, addon_of(request)
    if addon.state != "provisioned":
        raise NotFound("This database is not yet provisioned.", "database")
    size, tables, connections = await asyncio.to_thread(measure, platform, addon)
    limit, storage, _ = model.PLANS[addon.plan]
    shown = f"{size / 1e6:.1f} MB / {storage / 1e9:.0f} GB ({size / storage:.2%})"
    lines = {
        "Plan": addon.plan,
        "Status": "Available",
        "Connections": f"{connections}/{limit}",
        "PG Version": platform.postgres.version(),
        "Created": addon.created,
        "Data Size": f"{shown} (In compliance)",
        "Tables": f"{tables}/4000 (In compliance)",
        "Fork/Follow": "Unsupported",
        "Rollback": "Unsupported",
        "Continuous Protection": "Off",
        "Add-on": addon.name,
    }
    info = [{"name": name, "values": [value]} for name, value in lines.items()]
    return {"info": info, "resource_url": addon.url, "name": addon.name}


async def wait_status(request):
    waiting = addon_of(request).state != "provisioned"
    return {"waiting?": waiting, "message": "preparing" if waiting else "available"}


async def reset(request):
    """pg:reset: the same database, role and password, without what was in it."""
    platform, addon = request.app.state.platform, addon_of(request)
    name = addon.database
    await asyncio.to_thread(
        platform.postgres.sql,
        f'DROP DATABASE "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" OWNER "{name}"',
    )
    return {"message": "Reset successful."}


def transfer(platform, addon: model.Addon, kind: str, source=None) -> model.Backup:
    """Run pg_dump or pg_restore to its end and remember it."""
    app = addon.app
    number = 1 + sum(backup.kind == kind for backup in app.backups)
    identity = model.identifier()
    file = platform.folder / "backups" / f"{identity}.dump"
    command = [platform.postgres.bin / "pg_dump", "-Fc", f"--file={file}"]
    if kind == "restore":
        command = [
            platform.postgres.bin / "pg_restore",
            "--clean",
            "--if-exists",
            source,
        ]
    command += ["--no-acl", "--no-owner", f"--dbname={addon.url}"]
    result = subprocess.run(command, capture_output=True, text=True)
    size = measure(platform, addon)[0]
    succeeded = result.returncode == 0
    made = (number, kind, "DATABASE", file if kind == "backup" else source, succeeded)
    app.backups.append(backup := model.Backup(*made, size, id=identity))
    for line in result.stderr.splitlines():
        app.log.write("app", "heroku-postgres", line)
    return backup


async def capture(request):
    platform, addon = request.app.state.platform, addon_of(request)
    return (await asyncio.to_thread(transfer, platform, addon, "backup")).view()


async def restore(request):
    """From a backup's URL: its last part names the file."""
    platform, addon = request.app.state.platform, addon_of(request)
    name = (await request.json())["backup_url"].rpartition("/")[2]
    file = platform.folder / "backups" / name
    if not file.is_file():
        raise Unprocessable("invalid_params", "The stand-in restores its own backups.")
    return (await asyncio.to_thread(transfer, platform, addon, "restore", file)).view()


async def transfers(request):
    app = request.app.state.platform.find_app(request.path_params["app"])
    return [backup.view() for backup in app.backups]


def find_transfer(request) -> model.Backup:
    app = request.app.state.platform.find_app(request.path_params["app"])
    key = request.path_params["transfer"]
    for backup in app.backups:
        if key in (backup.id, str(backup.number)):
            return backup
    raise NotFound(f"There is no backup {key}.", "transfer")


async def transfer_info(request):
    return find_transfer(request).view()


async def transfer_delete(request):
    backup = find_transfer(request)
    app = request.app.state.platform.find_app(request.path_params["app"])
    app.backups.remove(backup)
    backup.file.unlink()
    return backup.view()


async def public_url(request):
    backup = find_transfer(request)
    return {"url": backup.view()["to_url"], "expires_at": model.now()}


async def download(request):
    platform = request.app.state.platform
    file = platform.folder / "backups" / f"{request.path_params['backup']}.dump"
    if not file.is_file():
        raise NotFound("There is no such backup.", "transfer")
    return FileResponse(file)


async def schedules(request):
    return addon_of(request).schedules


async def schedule(request):
    body, addon = await request.json(), addon_of(request)
    made = {**body, "uuid": model.identifier(), "name": body["schedule_name"]}
    addon.schedules = [
        *(other for other in addon.schedules if other["name"] != made["name"]),
        made,
    ]
    return made, 201


async def unschedule(request):
    addon, key = addon_of(request), request.path_params["schedule"]
    addon.schedules = [other for other in addon.schedules if other["uuid"] != key]
    return {}


async def credentials(request):
    addon = addon_of(request)
    role, _, rest = addon.url.removeprefix("postgres://").partition(":")
    password, _, rest = rest.partition("@")
    host, _, rest = rest.partition(":")
    entry = {"user": role, "password": password, "state": "active", "connections": 0}
    default = {
        "uuid": model.identifier(addon.id + "credential"),
        "name": "default",
        "state": "active",
        "database": addon.database,
        "host": host,
        "port": rest.partition("/")[0],
        "credentials": [entry],
    }
    return default if request.url.path.endswith("/default") else [default]


def routes(handle) -> list[Route]:
    table = {
        "GET {d}": database,
        "GET {d}/wait_status": wait_status,
        "PUT {d}/reset": reset,
        "POST {d}/backups": capture,
        "POST {d}/restores": restore,
        "GET {d}/transfer-schedules": schedules,
        "POST {d}/transfer-schedules": schedule,
        "DELETE {d}/transfer-schedules/{schedule}": unschedule,
        "GET {a}/transfers": transfers,
        "GET {a}/transfers/{transfer}": transfer_info,
        "DELETE {a}/transfers/{transfer}": transfer_delete,
        "POST {a}/transfers/{transfer}/actions/public-url": public_url,
        "GET /postgres/v0/databases/{database}/credentials": credentials,
        "GET /postgres/v0/databases/{database}/credentials/default": credentials,
        "GET /backups/{backup}.dump": download,
    }
    made = []
    for key, function in table.items():
        method, path = key.split(" ")
        path = path.replace("{d}", "/client/v11/databases/{database}")
        path = path.replace("{a}", "/client/v11/apps/{app}")
        made.append(Route(path, handle(function), methods=[method]))
    return made
