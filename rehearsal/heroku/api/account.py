"""The account, the log-in behind the CLI's browser, and the platform's own state."""

import asyncio
import secrets

from starlette.responses import HTMLResponse

from rehearsal.heroku import model
from rehearsal.heroku.api.base import without_token
from rehearsal.heroku.errors import NotFound


class Account:
    """Whose apps these are; `token` is what a log-in gets."""

    def __init__(self, token: str):
        self.token = token
        self.logins: dict[str, asyncio.Event] = {}
        self.routes = {
            "GET /account": self.info,
            "GET /oauth/authorizations": self.authorizations,
            "GET /oauth/authorizations/{id}": self.no_authorization,
            "DELETE /oauth/sessions/{id}": self.end_session,
            "POST /auth": self.start_login,
            "GET /auth/browser/{key}": self.open_login,
            "GET /auth/cli/{key}": self.wait_for_login,
            "GET /api/v4/current-status": self.status,
        }

    async def info(self, request):
        return model.account_view()

    async def authorizations(self, request):
        return []

    async def no_authorization(self, request):
        raise NotFound("Couldn't find that authorization.", "authorization")

    async def end_session(self, request):
        return {}

    @without_token
    async def start_login(self, request):
        """Have the CLI open browser_url, and ask cli_url until somebody was there."""
        key = secrets.token_hex(8)
        self.logins[key] = asyncio.Event()
        return {
            "browser_url": f"/auth/browser/{key}",
            "cli_url": f"/auth/cli/{key}",
            "token": key,
        }, 201

    def find_login(self, request) -> asyncio.Event:
        login = self.logins.get(request.path_params["key"])
        if login is None:
            raise NotFound("There is no such log-in.", "login")
        return login

    @without_token
    async def open_login(self, request):
        self.find_login(request).set()
        return HTMLResponse("<!doctype html><title>Logged In</title><h1>Logged in</h1>")

    @without_token
    async def wait_for_login(self, request):
        await self.find_login(request).wait()
        return {"access_token": self.token}

    @without_token
    async def status(self, request):
        """https://devcenter.heroku.com/articles/heroku-status#heroku-status-api-v4"""
        systems = [{"system": name, "status": "green"} for name in STATUS]
        return {"status": systems, "incidents": [], "scheduled": []}


STATUS = ["Apps", "Data", "Tools"]
