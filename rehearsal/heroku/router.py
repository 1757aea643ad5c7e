"""The router: from https://NAME-xxxx.herokuapp.com to the port of a web dyno.

https://devcenter.heroku.com/articles/http-routing
https://devcenter.heroku.com/articles/error-codes
"""

import asyncio
import time
import uuid
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from rehearsal.heroku.model import Apps, Times

HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
HOP_BY_HOP |= {b"proxy-connection", b"te", b"trailer"}

PAGE = """<!doctype html><html lang="en"><title>{title}</title>
<h1>{title}</h1><p>{text}</p></html>"""
APPLICATION_ERROR = (
    "Application error",
    "The app could not answer this page. If it is yours, look into its log: "
    "heroku logs --tail",
)


def page(status: int, title: str, text: str) -> HTMLResponse:
    return HTMLResponse(PAGE.format(title=title, text=text), status)


class Exchange:
    """One request: what the log line about it needs."""

    def __init__(self, app, request):
        self.app, self.request = app, request
        self.id = request.headers.get("x-request-id") or str(uuid.uuid4())
        self.address = request.client.host
        self.begun = time.monotonic()
        self.dyno = ""

    def log(self, status: int, size: int, error: str = "", level: str = "info"):
        """Log in the format of the Dev Center's article; H80 and H81 are no errors.

        What no dyno was asked for has no times and no size, as in
        https://gist.github.com/RickArora/398eb27068c5f2c02a4187f4550c2258
        """
        times, count = "connect= service=", ""
        if self.dyno:
            service = round((time.monotonic() - self.begun) * 1000)
            times, count = f"connect=0ms service={service}ms", size
        self.app.log.write(
            "heroku",
            "router",
            f"at={level} {error}method={self.request.method} "
            f'path="{raw_path(self.request).decode()}" host={self.app.host} '
            f'request_id={self.id} fwd="{self.address}" dyno={self.dyno} '
            f"{times} status={status} bytes={count} "
            "protocol=http1.1 tls=true tls_version=tls1.3",
        )

    def fail(self, code: str, text: str, status=503, shown=APPLICATION_ERROR):
        """Answer in the app's place, with a code that begins with H."""
        answer = page(status, *shown)
        level = "info" if code in ("H80", "H81") else "error"
        self.log(status, len(answer.body), f'code={code} desc="{text}" ', level)
        return answer

    def leave(self, size: int = 0):
        """Log that the client has gone, which is no error of the app."""
        self.log(499, size, 'code=H27 desc="Client Request Interrupted" ')

    def headers(self) -> list[tuple[bytes, bytes]]:
        headers = self.request.headers
        forwarded = headers.get("x-forwarded-for")
        ours = {
            "X-Forwarded-For": f"{forwarded},{self.address}"
            if forwarded
            else self.address,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Port": "443",
            "X-Request-Id": self.id,
            "X-Request-Start": str(round(time.time() * 1000)),
            "Via": "1.1 heroku-router",
        }
        replaced = (
            HOP_BY_HOP | {b"content-length"} | {name.lower().encode() for name in ours}
        )
        kept = [pair for pair in headers.raw if pair[0] not in replaced]
        return kept + [(name.encode(), value.encode()) for name, value in ours.items()]


async def choose(app, deadline: float):
    """Return the web dyno in turn once one is up; None if all crashed or none came."""
    while True:
        dynos = [dyno for dyno in app.dynos.values() if dyno.type == "web"]
        ready = [dyno for dyno in dynos if dyno.state == "up" and not dyno.stopping]
        if ready:
            app.turn += 1
            return ready[app.turn % len(ready)]
        waiting = [dyno for dyno in dynos if dyno.state in ("starting", "up")]
        if not waiting or time.monotonic() > deadline:
            return None
        await asyncio.sleep(0.02)


def refuse(exchange: Exchange) -> Response | None:
    """Return the answer for an app that cannot have one of its own."""
    app = exchange.app
    web = app.formation.get("web")
    if app.maintenance:
        shown = ("Offline for maintenance", "This app is back in a moment.")
        return exchange.fail("H80", "Maintenance mode", shown=shown)
    if app.slug is None:
        shown = ("Nothing here yet", "Deploy your app with git push heroku main.")
        return exchange.fail("H81", "Blank app", 502, shown)
    if web is None or not web.quantity:
        return exchange.fail("H14", "No web processes running")
    return None


class Router:
    """An ASGI application: hands each request to a web dyno of the app it names."""

    def __init__(self, apps: Apps, http: httpx.AsyncClient, times: Times):
        self.apps, self.http, self.times = apps, http, times

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        host = request.headers.get("host", "").partition(":")[0]
        found = [app for app in self.apps.values() if app.host == host]
        answer = (
            await self.route(found[0], request)
            if found
            else page(404, "No such app", "There's nothing here, yet.")
        )
        await answer(scope, receive, send)

    async def route(self, app, request: Request) -> Response:
        exchange = Exchange(app, request)
        if refused := refuse(exchange):
            return refused
        body = await request.body()
        dyno = await choose(app, time.monotonic() + self.times.boot + 15)
        if dyno is None:
            if any(dyno.state == "starting" for dyno in app.dynos.values()):
                return exchange.fail("H20", "App boot timeout")
            return exchange.fail("H10", "App crashed")
        exchange.dyno = dyno.name
        try:
            return await self.forward(exchange, dyno.port, body)
        except httpx.HTTPError:
            if dyno.state == "crashed":
                return exchange.fail("H10", "App crashed")
            return exchange.fail("H13", "Connection closed without response")

    async def forward(self, exchange: Exchange, port: int, body: bytes) -> Response:
        """Return the dyno's answer, unless it is late or the client goes away."""
        request, headers = exchange.request, exchange.headers()
        if body:
            headers.append((b"Content-Length", str(len(body)).encode()))
        address = httpx.URL(f"http://127.0.0.1:{port}")
        address = address.copy_with(raw_path=raw_path(request))
        asked = httpx.Request(request.method, address, headers=headers, content=body)
        asked.headers = httpx.Headers(headers)
        sending = asyncio.create_task(self.http.send(asked, stream=True))
        leaving = asyncio.create_task(request.receive())
        try:
            await asyncio.wait(
                {sending, leaving},
                timeout=self.times.request,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if sending.done():
                return relay(exchange, sending.result())
            if leaving.done():
                exchange.leave()
                return page(499, *APPLICATION_ERROR)
            return exchange.fail("H12", "Request timeout")
        finally:
            leaving.cancel()
            sending.cancel()


def raw_path(request) -> bytes:
    """Return path and query as they came: quoted characters stay quoted."""
    query = request.scope["query_string"]
    return request.scope["raw_path"] + (b"?" + query if query else b"")


def relay(exchange: Exchange, answer: httpx.Response) -> StreamingResponse:
    async def content():
        size = 0
        try:
            async for chunk in answer.aiter_raw():
                yield chunk
                size += len(chunk)
            exchange.log(answer.status_code, size)
        except httpx.HTTPError:
            error = 'code=H18 desc="Server Request Interrupted" '
            exchange.log(503, size, error, "error")
            raise
        except (GeneratorExit, asyncio.CancelledError):
            exchange.leave(size)
            raise
        finally:
            await answer.aclose()

    response = StreamingResponse(content(), answer.status_code)
    headers = [(k.lower(), v) for k, v in answer.headers.raw]
    response.raw_headers = [pair for pair in headers if pair[0] not in HOP_BY_HOP]
    response.raw_headers.append((b"via", b"1.1 heroku-router"))
    return response


class Window:
    """An ASGI application: an app of the router at another address.

    The app answers at https://NAME-….herokuapp.com, a name that only the stand-in
    knows, with a certificate that no browser trusts. For the reader's own browser the
    two addresses are exchanged in the headers, there and back.
    """

    def __init__(self, router: Router, app: str, address: str):
        self.router, self.app, self.address = router, app, address

    async def __call__(self, scope, receive, send):
        async def answer(message):
            if message["type"] == "http.response.start":
                headers = readdress(message["headers"], self.app, self.address)
                # A browser keeps a Secure cookie to itself without TLS.
                message["headers"] = [
                    (name, value.replace(b"; Secure", b"")) for name, value in headers
                ]
            await send(message)

        headers = readdress(scope["headers"], self.address, self.app)
        await self.router(scope | {"headers": headers}, receive, answer)


def readdress(headers: list[tuple], old: str, new: str) -> list[tuple[bytes, bytes]]:
    """Headers with one address in place of the other, with and without its scheme."""
    pairs = [(old, new), (urlsplit(old).netloc, urlsplit(new).netloc)]
    for before, after in pairs:
        headers = [
            (name, value.replace(before.encode(), after.encode()))
            for name, value in headers
        ]
    return headers
