"""How a handler of a topic becomes a route, and an error an answer.

A topic has `routes`: handlers by "METHOD /path". A handler takes the request and
returns JSON data, (data, status) or a response; it raises an ApiError.
"""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rehearsal.heroku.errors import ApiError, CannotPlay
from rehearsal.heroku.network import authorised


def without_token(handler):
    """Mark a handler that asks for no token: its address is the secret, or public."""
    handler.without_token = True
    return handler


def route(key: str, handler, token: str, entered: set[str]) -> Route:
    """Return a handler's route; `entered` gets its key once somebody asks for it."""
    method, path = key.split(" ")
    is_open = getattr(handler, "without_token", False)

    async def endpoint(request):
        entered.add(key)
        if not is_open and not authorised(request, token):
            raise ApiError(401, "unauthorized", "Invalid credentials provided.")
        answer = await handler(request)
        if isinstance(answer, Response):
            return answer
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        return JSONResponse(body, status)

    return Route(path, endpoint, methods=[method])


def error_handlers(unknown: list[str]) -> dict:
    """Starlette's handlers; `unknown` gets what the stand-in cannot answer."""

    def name(request) -> str:
        return f"{request.method} {request.headers.get('host', '')}{request.url.path}"

    async def answer(request, error: ApiError):
        if isinstance(error, CannotPlay):
            unknown.append(f"{name(request)}: {error}")
        return JSONResponse(error.body, error.status)

    async def not_found(request, error):
        unknown.append(name(request))
        asked = f"{request.method} {request.url.path}"
        message = f"The stand-in has no answer to {asked}."
        return JSONResponse({"id": "not_implemented", "message": message}, 404)

    return {ApiError: answer, 404: not_found, 405: not_found}
