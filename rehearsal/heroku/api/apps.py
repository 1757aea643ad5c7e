"""Apps: their names, stacks, buildpacks and domains."""

import asyncio
import re
from contextlib import suppress
from typing import NamedTuple

from rehearsal.heroku import model
from rehearsal.heroku.api.base import without_token
from rehearsal.heroku.builds import Builds
from rehearsal.heroku.databases import Databases
from rehearsal.heroku.dynos import Dynos
from rehearsal.heroku.errors import CannotPlay, NotFound, Unprocessable
from rehearsal.heroku.git import Git

# The message is the API's, as CLI 11.10.0 printed it.
NAME = re.compile(rf"[a-z][a-z0-9-]{{1,{model.NAME_LENGTH - 2}}}[a-z0-9]")
BAD_NAME = (
    "Name must start with a letter, end with a letter or digit and can only contain "
    "lowercase letters, digits, and dashes."
)
REGISTRY = "https://buildpack-registry.s3.amazonaws.com/buildpacks"
PYTHON_BUILDPACKS = [
    f"{REGISTRY}/heroku/python.tgz",
    "https://github.com/heroku/heroku-buildpack-python",
    "https://github.com/heroku/heroku-buildpack-python.git",
]


class Parts(NamedTuple):
    """What an app consists of besides its entry in the list of apps."""

    git: Git
    builds: Builds
    dynos: Dynos
    databases: Databases


class AppsApi:
    """Apps are created and destroyed here, with all their parts."""

    def __init__(self, apps: model.Apps, parts: Parts):
        self.apps, self.parts = apps, parts
        self.routes = {
            "POST /apps": self.create,
            "GET /users/~/apps": self.list,
            "GET /apps/{app}": self.info,
            "PATCH /apps/{app}": self.update,
            "DELETE /apps/{app}": self.destroy,
            "GET /apps/{app}/collaborators": self.collaborators,
            "GET /stacks": self.stacks,
            "GET /apps/{app}/buildpack-installations": self.buildpacks,
            "PUT /apps/{app}/buildpack-installations": self.set_buildpacks,
            "GET /buildpacks/{name:path}": self.registry,
            "GET /apps/{app}/domains": self.domains,
            "POST /apps/{app}/domains": self.add_domain,
            "GET /apps/{app}/domains/{domain}": self.domain,
            "DELETE /apps/{app}/domains/{domain}": self.remove_domain,
            "GET /apps/{app}/sni-endpoints": self.no_endpoints,
            "POST /apps/{app}/acm": self.enable_acm,
        }

    def find(self, request) -> model.App:
        return self.apps.find(request.path_params["app"])

    async def create(self, request):
        body = await request.json()
        name = body.get("name") or f"quiet-meadow-{model.number(5)}"
        if not NAME.fullmatch(name):
            raise Unprocessable(BAD_NAME)
        if name in self.apps:
            raise Unprocessable(f"Name {name} is already taken")
        app = self.apps[name] = model.App(name, known_stack(body.get("stack")))
        await self.parts.git.create(app)
        for text in ["Initial release", "Enable Logplex"]:
            release = app.add_release(text)
            app.log_api(f"Release v{release.version} created")
        return app.view(), 201

    async def list(self, request):
        return [app.view() for app in self.apps.values()]

    async def info(self, request):
        return self.find(request).view()

    async def update(self, request):
        app, body = self.find(request), await request.json()
        if unknown := body.keys() - {"maintenance", "build_stack"}:
            raise CannotPlay(f"cannot change {', '.join(sorted(unknown))}.")
        if "maintenance" in body:
            app.maintenance = body["maintenance"]
            word = "enabled" if app.maintenance else "disabled"
            app.log_api(f"Maintenance mode {word}")
        if "build_stack" in body:
            app.build_stack = known_stack(body["build_stack"])
        return app.view()

    async def destroy(self, request):
        """Remove an app with its dynos, database, repository, slugs and backups."""
        app = self.find(request)
        view = app.view()
        del self.apps[app.name]
        app.destroyed = True
        await self.parts.dynos.stop(app)
        app.log_api("App destroyed")
        await self.parts.databases.remove(app)
        await asyncio.to_thread(self.parts.git.remove, app)
        others = list(self.apps.values())
        await asyncio.to_thread(self.parts.builds.remove, app, others)
        return view

    async def collaborators(self, request):
        app = self.find(request)
        user = {
            "email": model.EMAIL,
            "federated": False,
            "id": model.identifier(model.EMAIL),
        }
        entry = {**app.stamp(), "app": app.reference(), "permissions": []}
        return [{**entry, "role": "owner", "user": user}]

    async def stacks(self, request):
        moment = model.now()
        return [
            {
                **model.named(name),
                "created_at": moment,
                "updated_at": moment,
                "default": name == model.STACK,
                "state": "public",
            }
            for name in model.STACKS
        ]

    async def buildpacks(self, request):
        return buildpack_views(self.find(request))

    async def set_buildpacks(self, request):
        app, body = self.find(request), await request.json()
        wanted = [update["buildpack"] for update in body["updates"]]
        if len(wanted) > 1 or not set(wanted) <= set(PYTHON_BUILDPACKS):
            raise CannotPlay(
                f"plays one buildpack, Heroku's for Python, not {' and '.join(wanted)}."
            )
        app.buildpacks = wanted
        return buildpack_views(app)

    @without_token
    async def registry(self, request):
        name = request.path_params["name"]
        return {"blob_url": f"{REGISTRY}/{name}.tgz", "name": name}

    # Domains and certificates are names only: there is no DNS here.

    async def domains(self, request):
        return [domain.view() for domain in self.find(request).domains]

    def find_domain(self, request) -> model.Domain:
        for domain in self.find(request).domains:
            if request.path_params["domain"] in (domain.id, domain.hostname):
                return domain
        raise NotFound("Couldn't find that domain name.", "domain")

    async def add_domain(self, request):
        app, name = self.find(request), (await request.json())["hostname"]
        taken = [domain for other in self.apps.values() for domain in other.domains]
        if any(name == domain.hostname for domain in taken):
            raise Unprocessable(f"{name} is currently in use by another app.")
        app.domains.append(domain := model.Domain(app, name))
        return domain.view(), 202

    async def domain(self, request):
        return self.find_domain(request).view()

    async def remove_domain(self, request):
        domain = self.find_domain(request)
        with suppress(ValueError):
            domain.app.domains.remove(domain)
        return domain.view()

    async def no_endpoints(self, request):
        return []

    async def enable_acm(self, request):
        app = self.find(request)
        app.acm = True
        return app.view()


def known_stack(name: str | None) -> str:
    name = name or model.STACK
    if name not in model.STACKS:
        raise Unprocessable(f"Stack {name} is not available")
    return name


def buildpack_views(app: model.App) -> list[dict]:
    return [
        {"ordinal": number, "buildpack": {"url": url, "name": url}}
        for number, url in enumerate(app.buildpacks)
    ]
