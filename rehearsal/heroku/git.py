"""git over https, through git's own CGI program.

https://git-scm.com/docs/git-http-backend
"""

import asyncio
import os
import shlex
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from rehearsal.cleaner import Cleaner
from rehearsal.heroku.builds import Builds
from rehearsal.heroku.hook import CHANNEL
from rehearsal.heroku.model import App, Apps
from rehearsal.heroku.network import authorised

# The folder that holds this package, for the hook that runs a module of it.
ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """For git on the platform's side: none of the reader's configuration.

    HOME and PYENV_ROOT let the build find the Pythons of this machine.
    """
    home = Path.home()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(home / ".pyenv"),
        "UV_NO_CACHE": "1",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


HOOK = f"""\
#!/bin/sh
PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -S \\
    -m rehearsal.heroku.hook
"""


class Git:
    """The repositories of the apps; a push to one builds the app."""

    def __init__(
        self, folder: Path, cleaner: Cleaner, apps: Apps, token: str, builds: Builds
    ):
        self.folder, self.cleaner = folder, cleaner
        folder.mkdir()
        self.apps, self.token, self.builds = apps, token, builds

    async def create(self, app: App):
        """Make a bare repository whose pre-receive hook builds what is pushed."""
        folder = self.folder / f"{app.name}.git"
        process = await asyncio.create_subprocess_exec(
            *("git", "init", "--quiet", "--bare", "--initial-branch=main", folder),
            env=environment(),
        )
        await process.wait()
        hook = folder / "hooks" / "pre-receive"
        hook.write_text(HOOK)
        hook.chmod(0o755)

    def remove(self, app: App):
        shutil.rmtree(self.folder / f"{app.name}.git", ignore_errors=True)

    async def serve(self, request: Request) -> Response:
        if not authorised(request, self.token):
            headers = {"WWW-Authenticate": 'Basic realm="Heroku"'}
            return Response(status_code=401, headers=headers)
        name = request.path_params["app"]
        app = self.apps.get(name)
        if app is None:
            return PlainTextResponse(f"No such app as {name}.", 404)
        if request.path_params["path"] != "git-receive-pack":
            return await self.backend(request)
        # One build of an app at a time; the hook refuses a push that was overtaken.
        await app.building.acquire()
        try:
            with self.builds.channel(app) as channel:
                return await self.backend(request, channel, app.building.release)
        except BaseException:
            app.building.release()
            raise

    async def backend(self, request: Request, channel=None, finished=lambda: None):
        """Run git http-backend, which hands `channel` (a socket) down to the hook."""
        variables = {
            **environment(),
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.url.path,
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "heroku",  # without it http-backend refuses pushes
        }
        if channel:
            variables[CHANNEL] = str(channel.fileno())
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            env=variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[channel.fileno()] if channel else [],
            start_new_session=True,
        )
        self.cleaner.watch(process.pid)
        with suppress(ConnectionError):  # git may stop reading: its answer tells why
            async for chunk in request.stream():
                process.stdin.write(chunk)
                await process.stdin.drain()
        process.stdin.close()
        status, headers = 200, {}
        while line := (await process.stdout.readline()).decode().strip():
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers[name] = value
        output = self.output(process, finished)
        return StreamingResponse(output, status, headers)

    async def output(self, process, finished):
        """Yield what git http-backend prints; then call `finished`."""
        try:
            while data := await process.stdout.read(65536):
                yield data
        finally:
            if process.stdout.at_eof():
                await process.wait()
            else:  # the client has gone: so does its build
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            self.cleaner.forget(process.pid)
            finished()
