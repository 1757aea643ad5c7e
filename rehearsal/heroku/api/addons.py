"""Add-ons: there is one service, Heroku Postgres, and one database for an app."""

from rehearsal.heroku import model
from rehearsal.heroku.databases import Databases
from rehearsal.heroku.errors import CannotPlay, NotFound, Unprocessable
from rehearsal.heroku.releases import Releases
from rehearsal.heroku.tasks import Tasks


class Addons:
    """Creates, shows and destroys the databases of the apps."""

    def __init__(
        self, apps: model.Apps, databases: Databases, releases: Releases, tasks: Tasks
    ):
        self.apps, self.databases = apps, databases
        self.releases, self.tasks = releases, tasks
        self.routes = {
            "GET /addon-services/{service}/plans": self.plans,
            "GET /addons": self.of_account,
            "POST /apps/{app}/addons": self.create,
            "GET /apps/{app}/addons": self.of_app,
            "GET /apps/{app}/addons/{addon}": self.info,
            "DELETE /apps/{app}/addons/{addon}": self.destroy,
            "GET /apps/{app}/addon-attachments": self.attachments_of_app,
            "GET /addons/{addon}/addon-attachments": self.attachments_of_addon,
            "GET /addon-attachments": self.attachments,
            "POST /actions/addon-attachments/resolve": self.resolve_attachment,
            "POST /actions/addons/resolve": self.resolve,
        }

    def find_app(self, request) -> model.App:
        return self.apps.find(request.path_params["app"])

    async def plans(self, request):
        known_service(request.path_params["service"])
        return [model.plan_view(plan) for plan in model.PLANS]

    async def create(self, request):
        app, body = self.find_app(request), await request.json()
        service, _, plan = body["plan"]["name"].partition(":")
        known_service(service)
        plan = plan or next(iter(model.PLANS))
        if plan in model.ENDED_PLANS:
            raise Unprocessable(
                "Couldn't find either the add-on service or the add-on plan of "
                f'"{service}:{plan}".'
            )
        if plan not in model.PLANS:
            plans = ", ".join(model.PLANS)
            raise CannotPlay(f"has no plan {plan} of {service}, only {plans}.")
        if app.addons:
            raise CannotPlay("gives an app one database.")
        if "DATABASE_URL" in app.config:
            raise CannotPlay("gives a database no other name than DATABASE_URL.")
        addon = model.Addon(app, plan)
        app.addons.append(addon)
        self.tasks.start(self.databases.provision(addon))
        return addon.view(), 201

    async def of_account(self, request):
        """Answer `heroku addons --all`: those of all apps."""
        return [addon.view() for app in self.apps.values() for addon in app.addons]

    async def of_app(self, request):
        return [addon.view() for addon in self.find_app(request).addons]

    async def info(self, request):
        """Answer when the add-on is there: who asks waits for it."""
        app, key = self.find_app(request), request.path_params["addon"]
        addon = self.databases.find(key, app)
        addon.awaited.set()
        await addon.settled.wait()
        return addon.view()

    async def destroy(self, request):
        app, key = self.find_app(request), request.path_params["addon"]
        addon = self.databases.find(key, app)
        await self.databases.destroy(addon)
        text = f"Detach DATABASE (@ref:{addon.name})"
        self.releases.create(app, text, phase=False)
        return {**addon.view(), "state": "deprovisioned"}

    async def attachments_of_app(self, request):
        return [addon.attachment() for addon in self.find_app(request).addons]

    async def attachments_of_addon(self, request):
        return [self.databases.find(request.path_params["addon"]).attachment()]

    async def attachments(self, request):
        addons = [addon for app in self.apps.values() for addon in app.addons]
        return [addon.attachment() for addon in addons]

    async def resolve_attachment(self, request):
        body = await request.json()
        try:
            return [self.find_in(body, "addon_attachment").attachment()]
        except NotFound as error:
            error.body["resource"] = "add_on attachment"
            raise

    async def resolve(self, request):
        return [self.find_in(await request.json(), "addon").view()]

    def find_in(self, body: dict, key: str) -> model.Addon:
        app = self.apps.find(body["app"]) if body.get("app") else None
        return self.databases.find(body[key], app)


def known_service(name: str):
    if name != model.SERVICE:
        raise CannotPlay(f"has no add-on service {name}, only {model.SERVICE}.")
