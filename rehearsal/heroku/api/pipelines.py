"""Pipelines: apps by their stage, and a slug that is promoted from one to the next.

https://devcenter.heroku.com/articles/pipelines-using-the-platform-api
"""

from dataclasses import dataclass

from rehearsal.heroku import model
from rehearsal.heroku.errors import NotFound, Unprocessable
from rehearsal.heroku.releases import Releases

OWNER = {"id": model.identifier(model.EMAIL), "type": "user"}


@dataclass
class Pipeline(model.Thing):
    name: str

    def view(self) -> dict:
        return {
            **self.stamp(),
            "name": self.name,
            "owner": OWNER,
            "generation": model.named("cedar"),
        }


@dataclass
class Coupling(model.Thing):
    """An app at a stage of a pipeline."""

    app: model.App
    pipeline: Pipeline
    stage: str

    def view(self) -> dict:
        return {
            **self.stamp(),
            "app": {"id": self.app.id},
            # The schema has no name; `heroku pipelines:promote` shows it.
            "pipeline": {"id": self.pipeline.id, "name": self.pipeline.name},
            "stage": self.stage,
        }


@dataclass
class Promotion(model.Thing):
    """A slug on its way from one app to others: a release of each."""

    pipeline: Pipeline
    source: model.Release
    targets: list[tuple[model.App, model.Release]]

    @property
    def status(self) -> str:
        pending = any(release.status == "pending" for _, release in self.targets)
        return "pending" if pending else "completed"

    def view(self, source: model.App) -> dict:
        return {
            **self.stamp(),
            "pipeline": {"id": self.pipeline.id},
            "source": {
                "app": {"id": source.id},
                "release": {"id": self.source.id},
            },
            "status": self.status,
        }

    def target_views(self) -> list[dict]:
        return [
            {
                "app": {"id": app.id},
                "error_message": "Release command failed"
                if release.status == "failed"
                else None,
                "id": model.identifier(self.id + app.id),
                "pipeline_promotion": {"id": self.id},
                "release": {"id": release.id},
                "status": release.status,
            }
            for app, release in self.targets
        ]


class Pipelines:
    """What CLI 11.10.0 asks for in pipelines:create, :add, :promote and :destroy."""

    def __init__(self, apps: model.Apps, releases: Releases):
        self.apps, self.releases = apps, releases
        self.pipelines: list[Pipeline] = []
        self.couplings: list[Coupling] = []
        self.promotions: list[Promotion] = []
        self.routes = {
            "GET /users/{user}": self.user,
            "POST /pipelines": self.create,
            "GET /pipelines": self.find_by_name,
            "DELETE /pipelines/{pipeline}": self.destroy,
            "POST /pipeline-couplings": self.couple,
            "GET /apps/{app}/pipeline-couplings": self.coupling_of_app,
            "GET /pipelines/{pipeline}/pipeline-couplings": self.couplings_of,
            "POST /filters/apps": self.filter_apps,
            "POST /pipeline-promotions": self.promote,
            "GET /pipeline-promotions/{promotion}/promotion-targets": self.targets,
        }

    async def user(self, request):
        return model.account_view()

    async def create(self, request):
        body = await request.json()
        if any(body["name"] == each.name for each in self.pipelines):
            raise Unprocessable(f"Name {body['name']} is already taken")
        identity = model.identifier(f"pipeline {body['name']}")
        self.pipelines.append(pipeline := Pipeline(body["name"], id=identity))
        return pipeline.view(), 201

    async def find_by_name(self, request):
        name = request.query_params.get("eq[name]")
        return [each.view() for each in self.pipelines if name in (None, each.name)]

    async def destroy(self, request):
        pipeline = self.find(request.path_params["pipeline"])
        self.pipelines.remove(pipeline)
        self.couplings = [each for each in self.couplings if each.pipeline != pipeline]
        return pipeline.view()

    def find(self, key: str) -> Pipeline:
        for pipeline in self.pipelines:
            if key == pipeline.id:
                return pipeline
        raise NotFound("Couldn't find that pipeline.", "pipeline")

    def find_coupling(self, app: model.App) -> Coupling:
        for coupling in self.couplings:
            if coupling.app is app:
                return coupling
        raise NotFound("Couldn't find that pipeline coupling.", "pipeline_coupling")

    async def couple(self, request):
        body = await request.json()
        app, pipeline = self.apps.find(body["app"]), self.find(body["pipeline"])
        self.couplings.append(coupling := Coupling(app, pipeline, body["stage"]))
        return coupling.view(), 201

    async def coupling_of_app(self, request):
        return self.find_coupling(self.apps.find(request.path_params["app"])).view()

    async def couplings_of(self, request):
        pipeline = self.find(request.path_params["pipeline"])
        return [each.view() for each in self.couplings if each.pipeline is pipeline]

    async def filter_apps(self, request):
        wanted = (await request.json())["in"]["id"]
        return [app.view() for app in self.apps.values() if app.id in wanted], 206

    async def promote(self, request):
        """Release the source's slug in each target, with the target's own config."""
        body = await request.json()
        source = self.apps.find(body["source"]["app"]["id"])
        if source.slug is None:
            raise Unprocessable(f"{source.name} has no slug to promote.")
        text = f"Promote {source.name} v{source.current.version}"
        text += f" {source.slug.commit[:8]}"
        targets = []
        for each in body["targets"]:
            app = self.apps.find(each["app"]["id"])
            app.log_api(text)
            targets.append((app, self.releases.create(app, text, source.slug)))
        pipeline = self.find(body["pipeline"]["id"])
        self.promotions.append(
            promotion := Promotion(pipeline, source.current, targets)
        )
        return promotion.view(source), 201

    async def targets(self, request):
        for promotion in self.promotions:
            if promotion.id == request.path_params["promotion"]:
                return promotion.target_views()
        raise NotFound("Couldn't find that promotion.", "pipeline_promotion")
