"""The Platform API as far as the CLI asks for it, and the log-in behind its browser.

https://devcenter.heroku.com/articles/platform-api-reference
Where the reference says nothing, the answer was found by running CLI 11.10.0.
"""

import asyncio
import re
import secrets

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Host, Mount, Route, Router

from rehearsal.heroku import git, model, postgres_api, router
from rehearsal.heroku.errors import ApiError, NotFound, Unprocessable

# The message is the API's, as CLI 11.10.0 printed it.
NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
BAD_NAME = (
    "Name must start with a letter, end with a letter or digit and can only contain "
    "lowercase letters, digits, and dashes."
)


def handle(function):
    """Wrap a handler that returns JSON data, or (data, status), or a response."""

    async def endpoint(request):
        platform = request.app.state.platform
        host = request.headers["host"].partition(":")[0]
        given = request.headers.get("authorization", "")
        if (
            host in ("api.heroku.com", "api.postgres_api.heroku.com")
            and not given.startswith("Basic")
            and given != f"Bearer {platform.token}"
            and not request.url.path.startswith("/backups/")
        ):
            raise ApiError(401, "unauthorized", "Invalid credentials provided.")
        answer = await function(request)
        if isinstance(answer, Response):
            return answer
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        return JSONResponse(body, status)

    return endpoint


def platform_of(request):
    return request.app.state.platform


def app_of(request) -> model.App:
    return platform_of(request).find_app(request.path_params["app"])


def log_api(app: model.App, text: str):
    app.log.write("app", "api", f"{text} by user {model.EMAIL}")


# The account and the log-in


async def account(request):
    return model.account_view()


async def authorizations(request):
    return []


async def no_authorization(request):
    raise NotFound("Couldn't find that authorization.", "authorization")


async def end_session(request):
    return {}


async def login_start(request):
    """The CLI opens browser_url and asks cli_url until the browser has been there."""
    key = secrets.token_hex(8)
    platform_of(request).logins[key] = asyncio.Event()
    return {
        "browser_url": f"/auth/browser/{key}",
        "cli_url": f"/auth/cli/{key}",
        "token": key,
    }, 201


def login_of(request) -> asyncio.Event:
    login = platform_of(request).logins.get(request.path_params["key"])
    if login is None:
        raise NotFound("There is no such log-in.", "login")
    return login


async def login_browser(request):
    login_of(request).set()
    return HTMLResponse("<!doctype html><title>Logged In</title><h1>Logged in</h1>")


async def login_wait(request):
    await login_of(request).wait()
    return {"access_token": platform_of(request).token}


# Apps


async def create_app(request):
    platform, body = platform_of(request), await request.json()
    name = body.get("name") or f"quiet-meadow-{model.number(5)}"
    if not NAME.fullmatch(name):
        raise Unprocessable("invalid_params", BAD_NAME)
    if name in platform.apps or name in platform.taken:
        raise Unprocessable("invalid_params", f"Name {name} is already taken")
    stack = body.get("stack") or model.STACK
    if stack not in model.STACKS:
        raise Unprocessable("invalid_params", f"Stack {stack} is not available")
    app = await platform.create_app(name, stack)
    return app.view(), 201


async def list_apps(request):
    return [app.view() for app in platform_of(request).apps.values()]


async def app_info(request):
    return app_of(request).view()


async def update_app(request):
    app, body = app_of(request), await request.json()
    if "maintenance" in body:
        app.maintenance = body["maintenance"]
        log_api(app, f"Maintenance mode {'en' if app.maintenance else 'dis'}abled")
    if "build_stack" in body:
        if body["build_stack"] not in model.STACKS:
            raise Unprocessable("invalid_params", "That stack is not available")
        app.stack = body["build_stack"]
    if unknown := body.keys() - {"maintenance", "build_stack"}:
        raise Unprocessable(
            "not_implemented",
            f"The stand-in cannot change {', '.join(sorted(unknown))}.",
        )
    return app.view()


async def destroy_app(request):
    app = app_of(request)
    await platform_of(request).destroy(app)
    return app.view()


async def collaborators(request):
    user = {
        "email": model.EMAIL,
        "federated": False,
        "id": model.identifier(model.EMAIL),
    }
    app = app_of(request)
    entry = {**app.stamp(), "app": app.reference(), "permissions": [], "role": "owner"}
    return [{**entry, "user": user}]


async def no_pipeline(request):
    raise NotFound("Couldn't find that pipeline coupling.", "pipeline_coupling")


async def stacks(request):
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


# Buildpacks


def buildpack_views(app: model.App) -> list[dict]:
    return [
        {"ordinal": number, "buildpack": {"url": url, "name": url}}
        for number, url in enumerate(app.buildpacks)
    ]


async def buildpacks(request):
    return buildpack_views(app_of(request))


async def set_buildpacks(request):
    app, body = app_of(request), await request.json()
    app.buildpacks = [update["buildpack"] for update in body["updates"]]
    return buildpack_views(app)


async def registry(request):
    name = request.path_params["name"]
    bucket = "https://buildpack-registry.s3.amazonaws.com/buildpacks"
    return {"blob_url": f"{bucket}/{name}.tgz", "name": name}


# Config vars and releases


async def config_vars(request):
    return app_of(request).config


async def set_config_vars(request):
    platform, app, body = platform_of(request), app_of(request), await request.json()
    if "DATABASE_URL" in body and app.addons:
        raise Unprocessable(
            "invalid_params", "Cannot overwrite attachment values DATABASE"
        )
    verb = "Unset" if None in body.values() else "Set"
    for name, value in body.items():
        if value is None:
            app.config.pop(name, None)
        else:
            app.config[name] = str(value)
    release = app.add_release(f"{verb} {', '.join(body)} config vars")
    log_api(app, release.description)
    platform.background(platform.deploy(app, release))
    return app.config


def output_url(platform, release: model.Release) -> str:
    return f"{platform.plain_address}/output/{release.id}"


def release_view(request, app, release) -> dict:
    return app.release_view(release, output_url(platform_of(request), release))


async def releases(request):
    """The Range header has the order and the number: `version ..; order=desc,max=1`."""
    app, span = app_of(request), request.headers.get("range", "")
    found = list(app.releases)
    if "order=desc" in span:
        found.reverse()
    if limit := re.search(r"max=(\d+)", span):
        found = found[: int(limit[1])]
    return [release_view(request, app, release) for release in found], 206


def find_release(app: model.App, key: str) -> model.Release:
    for release in app.releases:
        if key.removeprefix("v") in (str(release.version), release.id):
            return release
    raise NotFound("Couldn't find that release.", "release")


async def release_info(request):
    app = app_of(request)
    return release_view(request, app, find_release(app, request.path_params["release"]))


async def release_config(request):
    return find_release(app_of(request), request.path_params["release"]).config


async def create_release(request):
    """A rollback ({"release": id}) or a retry ({"slug": id, "description": …})."""
    platform, app, body = platform_of(request), app_of(request), await request.json()
    if "release" in body:
        former = find_release(app, body["release"])
        if former.slug is None or former.status != "succeeded":
            raise Unprocessable("release", f"Cannot roll back to v{former.version}.")
        app.config = dict(former.config)
        release = app.add_release(f"Rollback to v{former.version}", former.slug)
    else:
        slugs = [r.slug for r in app.releases if r.slug and r.slug.id == body["slug"]]
        if not slugs:
            raise NotFound("Couldn't find that slug.", "slug")
        release = app.add_release(body["description"], slugs[0])
    log_api(app, release.description)
    deploying = platform.background(platform.deploy(app, release))
    if release.output is None:
        await deploying
    return release_view(request, app, release), 201


async def release_output(request):
    """What the release command prints, as it prints it."""
    key = request.path_params["release"]
    for app in platform_of(request).apps.values():
        for release in app.releases:
            if release.id == key:
                lines = platform_of(request).follow(release)
                return StreamingResponse(lines, media_type="text/plain")
    raise NotFound("Couldn't find that release.", "release")


# Dynos


async def dynos(request):
    app = app_of(request)
    return [dyno.view() for dyno in [*app.dynos.values(), *app.one_off.values()]]


async def run_dyno(request):
    platform, app, body = platform_of(request), app_of(request), await request.json()
    dyno = platform.new_one_off(app, body["command"])
    log_api(app, f"Starting process with command `{body['command']}`")
    view = dyno.view()
    if body.get("attach"):
        secret = secrets.token_hex(16)
        platform.attached[secret] = (dyno, body)
        view["attach_url"] = f"rendezvous://127.0.0.1:{platform.run_port}/{secret}"
    else:
        platform.background(platform.run_detached(dyno))
    return view, 201


async def restart(request):
    app, kind = app_of(request), request.path_params.get("dyno")
    names = [
        name for name in app.dynos if kind is None or kind in (name, name.split(".")[0])
    ]
    if kind and not names:
        raise NotFound("Couldn't find that dyno.", "dyno")
    await platform_of(request).restart(app, names)
    return {}, 202


async def stop_dyno(request):
    app, name = app_of(request), request.path_params["dyno"]
    found = {**app.dynos, **app.one_off}
    if name not in found:
        raise NotFound("Couldn't find that dyno.", "dyno")
    if name in app.one_off:
        found[name].hang_up()
    else:
        await platform_of(request).restart(app, [name])
    return {}, 202


async def formation(request):
    app = app_of(request)
    return [app.formation_view(kind) for kind in app.formation]


async def scale(request):
    app, body = app_of(request), await request.json()
    wanted = {}
    for update in body["updates"]:
        kind, process = update["type"], app.formation.get(update["type"])
        if process is None:
            # As the API says it: heroku/cli's tests of ps:scale.
            raise NotFound(f"Couldn't find that process type ({kind}).", "formation")
        size = update.get("size") or process["size"]
        sizes = {name.lower(): name for name in model.SIZES}
        if size.lower() not in sizes:
            raise Unprocessable("invalid_params", f"No such size as {size}.")
        quantity = str(update.get("quantity", process["quantity"]))
        if quantity.startswith(("+", "-")):
            quantity = max(0, process["quantity"] + int(quantity))
        wanted[kind] = {
            **process,
            "quantity": int(quantity),
            "size": sizes[size.lower()],
        }
    app.formation.update(wanted)
    for kind, process in wanted.items():
        log_api(app, f"Scaled to {kind}@{process['quantity']}:{process['size']}")
    await platform_of(request).scale(app)
    return [app.formation_view(kind) for kind in app.formation]


# Logs


async def create_log_session(request):
    platform, app, body = platform_of(request), app_of(request), await request.json()
    session = {**model.Thing().stamp()}
    platform.log_sessions[session["id"]] = (app, body)
    return {
        **session,
        "logplex_url": f"{platform.plain_address}/stream/{session['id']}",
    }, 201


async def log_stream(request):
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html

    `retry: 1` comes first, for the CLI waits as long after the stream has ended.
    """
    found = platform_of(request).log_sessions.pop(request.path_params["session"], None)
    if found is None:
        raise NotFound("There is no such log session.", "log_session")
    app, body = found
    log, filters = app.log, (body.get("source"), body.get("dyno"))

    async def events():
        yield "retry: 1\n\n"
        seen = log.total
        lines = log.select(0, *filters)[-int(body.get("lines") or 100) :]
        while True:
            for line in lines:
                yield f"data: {line}\n\n"
            if not body.get("tail") or app.name not in platform_of(request).apps:
                return
            grown = log.grown
            if seen == log.total:
                await grown.wait()
            lines, seen = log.select(seen, *filters), log.total

    return StreamingResponse(events(), media_type="text/event-stream")


# Add-ons


async def create_addon(request):
    platform, app, body = platform_of(request), app_of(request), await request.json()
    service, _, plan = body["plan"]["name"].partition(":")
    if service != "heroku-postgresql":
        raise NotFound("Couldn't find that add-on service.", "add_on")
    plan = plan or "essential-0"
    if plan not in model.PLANS:
        raise Unprocessable(
            "invalid_params",
            "Couldn't find either the add-on service or the add-on plan.",
        )
    if app.addons:
        raise Unprocessable(
            "not_implemented", "The stand-in gives an app one database."
        )
    addon = model.Addon(app, plan)
    app.addons.append(addon)
    platform.background(postgres_api.provision(platform, app, addon))
    return addon.view(), 201


async def app_addons(request):
    return [addon.view() for addon in app_of(request).addons]


async def all_addons(request):
    apps = platform_of(request).apps.values()
    return [addon.view() for app in apps for addon in app.addons]


async def addon_info(request):
    return postgres_api.find(
        platform_of(request), request.path_params["addon"], app_of(request)
    ).view()


async def destroy_addon(request):
    platform, app = platform_of(request), app_of(request)
    addon = postgres_api.find(platform, request.path_params["addon"], app)
    app.addons.remove(addon)
    app.config.pop("DATABASE_URL", None)
    await postgres_api.drop(platform, addon)
    release = app.add_release(f"Detach DATABASE (@ref:{addon.name})")
    release.status, release.output = "succeeded", None
    platform.background(platform.restart(app))
    return {**addon.view(), "state": "deprovisioned"}


async def attachments(request):
    platform = platform_of(request)
    if "addon" in request.path_params:
        addons = [postgres_api.find(platform, request.path_params["addon"])]
    elif "app" in request.path_params:
        addons = app_of(request).addons
    else:
        addons = [addon for app in platform.apps.values() for addon in app.addons]
    return [addon.attachment() for addon in addons]


async def resolve_attachment(request):
    platform, body = platform_of(request), await request.json()
    app = platform.find_app(body["app"]) if body.get("app") else None
    try:
        return [postgres_api.find(platform, body["addon_attachment"], app).attachment()]
    except NotFound as error:
        error.body["resource"] = "add_on attachment"
        raise


async def resolve_addon(request):
    platform, body = platform_of(request), await request.json()
    app = platform.find_app(body["app"]) if body.get("app") else None
    return [postgres_api.find(platform, body["addon"], app).view()]


# Domains and certificates: names only, there is no DNS here


async def domains(request):
    return [domain.view() for domain in app_of(request).domains]


def find_domain(request) -> model.Domain:
    for domain in app_of(request).domains:
        if request.path_params["domain"] in (domain.id, domain.hostname):
            return domain
    raise NotFound("Couldn't find that domain name.", "domain")


async def add_domain(request):
    app, body = app_of(request), await request.json()
    taken = platform_of(request).apps.values()
    if any(body["hostname"] == d.hostname for other in taken for d in other.domains):
        name = body["hostname"]
        raise Unprocessable(
            "invalid_params", f"{name} is currently in use by another app."
        )
    app.domains.append(domain := model.Domain(app, body["hostname"]))
    return domain.view(), 202


async def domain_info(request):
    return find_domain(request).view()


async def remove_domain(request):
    domain = find_domain(request)
    app_of(request).domains.remove(domain)
    return domain.view()


async def no_endpoints(request):
    return []


async def switch_acm(request):
    app = app_of(request)
    app.acm = request.method == "POST"
    return app.view()


# What the stand-in's own programs ask


async def build_order(request):
    return platform_of(request).build_order(app_of(request))


async def build_finished(request):
    platform, app, body = platform_of(request), app_of(request), await request.json()
    if body.get("failed"):
        app.log.write("app", "api", "Build failed -- check your build output")
        return {}
    return StreamingResponse(platform.finish_build(app, body), media_type="text/plain")


async def browser(request):
    platform = platform_of(request)
    await asyncio.to_thread(platform.open, (await request.body()).decode())
    return {}


async def unknown(request, error):
    platform = platform_of(request)
    host = request.headers.get("host", "")
    platform.unknown.append(f"{request.method} {host}{request.url.path}")
    message = f"The stand-in has no answer to {request.method} {request.url.path}."
    return JSONResponse({"id": "not_implemented", "message": message}, 404)


async def api_error(request, error: ApiError):
    return JSONResponse(error.body, error.status)


API = {
    "GET /account": account,
    "GET /oauth/authorizations": authorizations,
    "GET /oauth/authorizations/{id}": no_authorization,
    "DELETE /oauth/sessions/{id}": end_session,
    "POST /auth": login_start,
    "GET /auth/browser/{key}": login_browser,
    "GET /auth/cli/{key}": login_wait,
    "POST /apps": create_app,
    "GET /apps": list_apps,
    "GET /users/~/apps": list_apps,
    "GET /apps/{app}": app_info,
    "PATCH /apps/{app}": update_app,
    "DELETE /apps/{app}": destroy_app,
    "GET /apps/{app}/collaborators": collaborators,
    "GET /apps/{app}/pipeline-couplings": no_pipeline,
    "GET /stacks": stacks,
    "GET /apps/{app}/buildpack-installations": buildpacks,
    "PUT /apps/{app}/buildpack-installations": set_buildpacks,
    "GET /buildpacks/{name:path}": registry,
    "GET /apps/{app}/config-vars": config_vars,
    "PATCH /apps/{app}/config-vars": set_config_vars,
    "GET /apps/{app}/releases": releases,
    "POST /apps/{app}/releases": create_release,
    "GET /apps/{app}/releases/{release}": release_info,
    "GET /apps/{app}/releases/{release}/config-vars": release_config,
    "GET /output/{release}": release_output,
    "GET /apps/{app}/dynos": dynos,
    "POST /apps/{app}/dynos": run_dyno,
    "DELETE /apps/{app}/dynos": restart,
    "DELETE /apps/{app}/dynos/{dyno}": restart,
    "DELETE /apps/{app}/formations/{dyno}": restart,
    "POST /apps/{app}/dynos/{dyno}/actions/stop": stop_dyno,
    "GET /apps/{app}/formation": formation,
    "PATCH /apps/{app}/formation": scale,
    "POST /apps/{app}/log-sessions": create_log_session,
    "GET /stream/{session}": log_stream,
    "POST /apps/{app}/addons": create_addon,
    "GET /apps/{app}/addons": app_addons,
    "GET /addons": all_addons,
    "GET /apps/{app}/addons/{addon}": addon_info,
    "DELETE /apps/{app}/addons/{addon}": destroy_addon,
    "GET /addon-attachments": attachments,
    "GET /apps/{app}/addon-attachments": attachments,
    "GET /addons/{addon}/addon-attachments": attachments,
    "POST /actions/addon-attachments/resolve": resolve_attachment,
    "POST /actions/addons/resolve": resolve_addon,
    "GET /apps/{app}/domains": domains,
    "POST /apps/{app}/domains": add_domain,
    "GET /apps/{app}/domains/{domain}": domain_info,
    "DELETE /apps/{app}/domains/{domain}": remove_domain,
    "GET /apps/{app}/sni-endpoints": no_endpoints,
    "POST /apps/{app}/acm": switch_acm,
    "DELETE /apps/{app}/acm": switch_acm,
}
# Only on the plain port: for the hook and the browser of this rehearsal.
OWN = {
    "GET /builds/{app}": build_order,
    "POST /builds/{app}": build_finished,
    "POST /browser": browser,
}
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def to_dyno(request):
    platform = platform_of(request)
    host = request.headers["host"].partition(":")[0]
    for app in platform.apps.values():
        if app.host == host:
            return await router.route(platform, app, request)
    text = "There's nothing here, yet."
    return router.page(404, "No such app", text)


def application(platform, public: bool) -> Starlette:
    """All the hosts behind the proxy (public), or the plain port's few paths."""
    table = API if public else API | OWN
    routes = []
    for key, function in table.items():
        method, path = key.split(" ")
        routes.append(Route(path, handle(function), methods=[method]))
    routes += postgres_api.routes(handle)
    if public:
        pushes = [Route("/{app}.git/{path:path}", git.serve, methods=["GET", "POST"])]
        pages = [Route("/{path:path}", to_dyno, methods=ALL_METHODS)]
        routes = [
            Host("git.heroku.com", Router(pushes)),
            Host("{name}.herokuapp.com", Router(pages)),
            Mount("/", Router(routes)),
        ]
    handlers = {ApiError: api_error, 404: unknown, 405: unknown}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.platform = platform
    return app
