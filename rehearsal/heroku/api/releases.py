"""Config vars and releases: what makes a new version of an app."""

import re

from starlette.responses import StreamingResponse

from rehearsal.heroku import model
from rehearsal.heroku.api.base import without_token
from rehearsal.heroku.errors import NotFound, Unprocessable
from rehearsal.heroku.releases import Releases


class ReleasesApi:
    """`address` is where the CLI reads the output of a release command."""

    def __init__(self, apps: model.Apps, releases: Releases, address: str):
        self.apps, self.releases, self.address = apps, releases, address
        self.routes = {
            "GET /apps/{app}/config-vars": self.config_vars,
            "PATCH /apps/{app}/config-vars": self.set_config_vars,
            "GET /apps/{app}/releases": self.list,
            "POST /apps/{app}/releases": self.create,
            "GET /apps/{app}/releases/{release}": self.info,
            "GET /apps/{app}/releases/{release}/config-vars": self.config_of,
            "GET /output/{release}": self.output,
        }

    def find_app(self, request) -> model.App:
        return self.apps.find(request.path_params["app"])

    def find(self, request) -> model.Release:
        return find(self.find_app(request), request.path_params["release"])

    def view(self, app: model.App, release: model.Release) -> dict:
        return app.release_view(release, f"{self.address}/output/{release.id}")

    async def config_vars(self, request):
        return self.find_app(request).config_vars

    async def set_config_vars(self, request):
        app, body = self.find_app(request), await request.json()
        if body.keys() & app.attached.keys():
            raise Unprocessable("Cannot overwrite attachment values DATABASE")
        verb = "Unset" if None in body.values() else "Set"
        for name, value in body.items():
            if value is None:
                app.config.pop(name, None)
            else:
                app.config[name] = str(value)
        text = f"{verb} {', '.join(body)} config vars"
        app.log_api(text)
        self.releases.create(app, text)
        return app.config_vars

    async def list(self, request):
        """Obey order and number in the Range header: `version ..; order=desc,max=1`."""
        app, span = self.find_app(request), request.headers.get("range", "")
        found = list(app.releases)
        if "order=desc" in span:
            found.reverse()
        if limit := re.search(r"max=(\d+)", span):
            found = found[: int(limit[1])]
        return [self.view(app, release) for release in found], 206

    async def info(self, request):
        return self.view(self.find_app(request), self.find(request))

    async def config_of(self, request):
        return self.find(request).config_vars

    async def create(self, request):
        """Roll back ({"release": id}) or retry ({"slug": id, "description": …}).

        A rollback restores slug and config vars; the add-ons and what they attach
        stay: https://devcenter.heroku.com/articles/releases#rollback
        """
        app, body = self.find_app(request), await request.json()
        if "release" in body:
            former = find(app, body["release"])
            if former.slug is None or former.status != "succeeded":
                text = f"Cannot roll back to v{former.version}."
                raise Unprocessable(text, "release")
            app.config = dict(former.config)
            text, slug = f"Rollback to v{former.version}", former.slug
        else:
            text, slug = body["description"], find_slug(app, body["slug"])
        app.log_api(text)
        release = self.releases.create(app, text, slug)
        if release.output is None:
            await release.deploying
        return self.view(app, release), 201

    @without_token
    async def output(self, request):
        """Stream what the release command prints, as it prints it."""
        key = request.path_params["release"]
        for app in self.apps.values():
            for release in app.releases:
                if release.id == key:
                    lines = self.releases.follow(release)
                    return StreamingResponse(lines, media_type="text/plain")
        raise NotFound("Couldn't find that release.", "release")


def find(app: model.App, key: str) -> model.Release:
    for release in app.releases:
        if key.removeprefix("v") in (str(release.version), release.id):
            return release
    raise NotFound("Couldn't find that release.", "release")


def find_slug(app: model.App, key: str) -> model.Slug:
    for release in app.releases:
        if release.slug and release.slug.id == key:
            return release.slug
    raise NotFound("Couldn't find that slug.", "slug")
