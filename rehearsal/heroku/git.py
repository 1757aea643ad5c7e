"""git over https, through git's own CGI program.

https://git-scm.com/docs/git-http-backend
"""

import asyncio
import base64
import os
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path

from starlette.responses import PlainTextResponse, Response, StreamingResponse

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


async def create_repository(platform, app):
    """A bare repository whose pre-receive hook builds what is pushed."""
    folder = platform.folder / "git" / f"{app.name}.git"
    process = await asyncio.create_subprocess_exec(
        *("git", "init", "--quiet", "--bare", "--initial-branch=main", folder),
        env=environment(),
    )
    await process.wait()
    (platform.folder / "cache" / app.id).mkdir(parents=True)
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-S"]
    command += ["-m", "rehearsal.heroku.build", platform.plain_address]
    command += [app.id, platform.folder / "builds"]
    hook = folder / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\nexec {shlex.join(map(str, command))}\n")
    hook.chmod(0o755)


def authorised(platform, request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return False
    with suppress(ValueError):
        return base64.b64decode(value).decode().partition(":")[2] == platform.token
    return False


async def serve(request):
    platform = request.app.state.platform
    if not authorised(platform, request):
        headers = {"WWW-Authenticate": 'Basic realm="Heroku"'}
        return Response(status_code=401, headers=headers)
    name = request.path_params["app"]
    app = platform.apps.get(name)
    if app is None:
        return PlainTextResponse(f"No such app as {name}.", 404)
    if request.path_params["path"] != "git-receive-pack":
        return await backend(platform, request)
    # One build of an app at a time; the hook refuses a push that has been overtaken.
    await app.building.acquire()
    try:
        return await backend(platform, request, app.building.release)
    except BaseException:
        app.building.release()
        raise


async def backend(platform, request, finished=lambda: None):
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env={
            **environment(),
            "GIT_PROJECT_ROOT": str(platform.folder / "git"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.url.path,
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "heroku",  # without it http-backend refuses pushes
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    platform.cleaner.watch(process.pid)
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

    async def output():
        try:
            while data := await process.stdout.read(65536):
                yield data
        finally:
            if process.stdout.at_eof():
                await process.wait()
            else:  # the client has gone: so does its build
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            platform.cleaner.forget(process.pid)
            finished()

    return StreamingResponse(output(), status, headers)
