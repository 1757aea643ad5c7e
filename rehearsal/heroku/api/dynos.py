"""Dynos: the formation, one-off dynos, and the log of all."""

from dataclasses import replace

from starlette.responses import StreamingResponse

from rehearsal.heroku import model
from rehearsal.heroku.api.base import without_token
from rehearsal.heroku.dynos import Dynos
from rehearsal.heroku.errors import NotFound
from rehearsal.heroku.rendezvous import Rendezvous


class DynosApi:
    """`address` is where the CLI reads the log."""

    def __init__(
        self, apps: model.Apps, dynos: Dynos, rendezvous: Rendezvous, address: str
    ):
        self.apps, self.dynos = apps, dynos
        self.rendezvous, self.address = rendezvous, address
        self.log_sessions: dict[str, tuple[model.App, dict]] = {}
        self.routes = {
            "GET /apps/{app}/dynos": self.list,
            "POST /apps/{app}/dynos": self.run,
            "DELETE /apps/{app}/dynos": self.restart,
            "DELETE /apps/{app}/dynos/{dyno}": self.restart,
            "DELETE /apps/{app}/formations/{dyno}": self.restart,
            "POST /apps/{app}/dynos/{dyno}/actions/stop": self.stop,
            "GET /apps/{app}/formation": self.formation,
            "PATCH /apps/{app}/formation": self.scale,
            "POST /apps/{app}/log-sessions": self.create_log_session,
            "GET /stream/{session}": self.log,
        }

    def find(self, request) -> model.App:
        return self.apps.find(request.path_params["app"])

    async def list(self, request):
        app = self.find(request)
        return [dyno.view() for dyno in [*app.dynos.values(), *app.one_off.values()]]

    async def run(self, request):
        app, body = self.find(request), await request.json()
        size = model.find_size(body.get("size") or model.DEFAULT_SIZE)
        dyno = self.dynos.one_off(app, body["command"], size)
        variables = body.get("env") or {}
        dyno.variables = {name: str(value) for name, value in variables.items()}
        app.log_api(f"Starting process with command `{body['command']}`")
        view = dyno.view()
        if body.get("attach"):
            terminal = not body.get("force_no_tty")
            view["attach_url"] = self.rendezvous.expect(dyno, terminal)
        else:
            self.dynos.run_detached(dyno)
        return view, 201

    async def restart(self, request):
        app, kind = self.find(request), request.path_params.get("dyno")
        names = [
            name
            for name in app.dynos
            if kind is None or kind in (name, name.split(".")[0])
        ]
        if kind and not names:
            raise NotFound("Couldn't find that dyno.", "dyno")
        await self.dynos.restart(app, names)
        return {}, 202

    async def stop(self, request):
        app, name = self.find(request), request.path_params["dyno"]
        if name in app.one_off:
            app.one_off[name].hang_up()
        elif name in app.dynos:
            await self.dynos.restart(app, [name])
        else:
            raise NotFound("Couldn't find that dyno.", "dyno")
        return {}, 202

    async def formation(self, request):
        app = self.find(request)
        return [app.formation_view(kind) for kind in app.formation]

    async def scale(self, request):
        app, body = self.find(request), await request.json()
        wanted = {}
        for update in body["updates"]:
            kind, process = update["type"], app.formation.get(update["type"])
            if process is None:
                # As the API says it: heroku/cli's tests of ps:scale.
                raise NotFound(
                    f"Couldn't find that process type ({kind}).", "formation"
                )
            size = model.find_size(update.get("size") or process.size)
            quantity = str(update.get("quantity", process.quantity))
            if quantity.startswith(("+", "-")):
                quantity = max(0, process.quantity + int(quantity))
            wanted[kind] = replace(process, quantity=int(quantity), size=size)
        model.check_formation(app.formation | wanted)
        app.formation.update(wanted)
        for kind, process in wanted.items():
            app.log_api(f"Scaled to {kind}@{process.quantity}:{process.size}")
        await self.dynos.scale(app)
        return [app.formation_view(kind) for kind in app.formation]

    async def create_log_session(self, request):
        app, body = self.find(request), await request.json()
        session = model.Thing().stamp()
        self.log_sessions[session["id"]] = (app, body)
        return {**session, "logplex_url": f"{self.address}/stream/{session['id']}"}, 201

    @without_token
    async def log(self, request):
        """https://html.spec.whatwg.org/multipage/server-sent-events.html

        `retry: 1` comes first, for the CLI waits as long after the stream has ended.
        """
        found = self.log_sessions.pop(request.path_params["session"], None)
        if found is None:
            raise NotFound("There is no such log session.", "log_session")
        return StreamingResponse(events(*found), media_type="text/event-stream")


async def events(app: model.App, order: dict):
    log, filters = app.log, (order.get("source"), order.get("dyno"))
    yield "retry: 1\n\n"
    seen = log.total
    lines = log.select(0, *filters)[-int(order.get("lines") or 100) :]
    while True:
        for line in lines:
            yield f"data: {line}\n\n"
        if not order.get("tail") or app.destroyed:
            return
        grown = log.grown
        if seen == log.total:
            await grown.wait()
        lines, seen = log.select(seen, *filters), log.total
