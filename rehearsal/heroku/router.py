"""The router: from https://NAME-xxxx.herokuapp.com to the port of a web dyno.

https://devcenter.heroku.com/articles/http-routing
https://devcenter.heroku.com/articles/error-codes
"""

import asyncio
import time
import uuid

import httpx
from starlette.responses import HTMLResponse, StreamingResponse

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
        """The format of the Dev Center's article; H80 and H81 are no errors."""
        service = round((time.monotonic() - self.begun) * 1000)
        self.app.log.write(
            "heroku",
            "router",
            f"at={level} {error}method={self.request.method} "
            f'path="{raw_path(self.request).decode()}" host={self.app.host} '
            f'request_id={self.id} fwd="{self.address}" dyno={self.dyno} '
            f"connect=0ms service={service}ms status={status} bytes={size} "
            "protocol=http1.1 tls=true tls_version=tls1.3",
        )

    def fail(self, code: str, text: str, level="error", status=503, shown=None):
        answer = page(status, *(shown or APPLICATION_ERROR))
        self.log(status, len(answer.body), f'code={code} desc="{text}" ', level)
        return answer

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
    """The next web dyno in turn, once one is up; None if all crashed or none came."""
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


async def route(platform, app, request):
    exchange = Exchange(app, request)
    if app.maintenance:
        shown = ("Offline for maintenance", "This app is back in a moment.")
        return exchange.fail("H80", "Maintenance mode", "info", shown=shown)
    if app.slug is None:
        shown = ("Nothing here yet", "Deploy your app with git push heroku main.")
        return exchange.fail("H81", "Blank app", "info", 502, shown)
    if not app.formation.get("web", {}).get("quantity"):
        return exchange.fail("H14", "No web processes running")
    body = await request.body()
    dyno = await choose(app, time.monotonic() + platform.boot_timeout + 15)
    if dyno is None:
        waiting = any(dyno.state == "starting" for dyno in app.dynos.values())
        if waiting:
            return exchange.fail("H20", "App boot timeout")
        return exchange.fail("H10", "App crashed")
    exchange.dyno = dyno.name
    headers = exchange.headers()
    if body:
        headers.append((b"Content-Length", str(len(body)).encode()))
    address = httpx.URL(f"http://127.0.0.1:{dyno.port}")
    address = address.copy_with(raw_path=raw_path(request))
    forwarded = httpx.Request(request.method, address, headers=headers, content=body)
    forwarded.headers = httpx.Headers(headers)
    sending = asyncio.create_task(platform.http.send(forwarded, stream=True))
    leaving = asyncio.create_task(request.receive())
    try:
        await asyncio.wait(
            {sending, leaving},
            timeout=platform.request_timeout,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if sending.done():
            answer = sending.result()
        elif leaving.done():
            exchange.log(499, 0, 'code=H27 desc="Client Request Interrupted" ')
            return page(499, *APPLICATION_ERROR)
        else:
            return exchange.fail("H12", "Request timeout")
    except httpx.HTTPError:
        if dyno.state == "crashed":
            return exchange.fail("H10", "App crashed")
        return exchange.fail("H13", "Connection closed without response")
    finally:
        leaving.cancel()
        if not sending.done():
            sending.cancel()
    return relay(exchange, answer)


def raw_path(request) -> bytes:
    """The path and query as they came: quoted characters stay quoted."""
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
            exchange.log(499, size, 'code=H27 desc="Client Request Interrupted" ')
            raise
        finally:
            await answer.aclose()

    response = StreamingResponse(content(), answer.status_code)
    headers = [(k.lower(), v) for k, v in answer.headers.raw]
    response.raw_headers = [pair for pair in headers if pair[0] not in HOP_BY_HOP]
    response.raw_headers.append((b"via", b"1.1 heroku-router"))
    return response
