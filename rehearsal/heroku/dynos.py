"""Dynos as processes of this machine.

https://devcenter.heroku.com/articles/dynos
https://devcenter.heroku.com/articles/dyno-shutdown-behavior
https://devcenter.heroku.com/articles/error-codes
"""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rehearsal.cleaner import Cleaner
from rehearsal.heroku import model, network
from rehearsal.heroku.tasks import Tasks

LONG_RUN = 60  # seconds after which a crash counts as the first one again
SETTLE = 10  # seconds that an answer waits for dynos to come up
GONE = 1  # seconds that the dynos of a destroyed app have to end
# Of a dyno, behind the app's own programs. None of this machine's other Pythons.
PATH = "/usr/local/bin:/usr/bin:/bin"

COPY = ["cp", "-R", "-P", "-p"]  # as POSIX has it: symbolic links and times stay

PROCESS_TYPE = re.compile(r"[A-Za-z0-9_-]+(?=\s*(;|$))")


class Runtime(NamedTuple):
    """What every dyno needs of this machine: a folder, and who stops what is left.

    object_store: the address of what takes the part of S3.
    """

    folder: Path
    cleaner: Cleaner
    times: model.Times
    object_store: str


class Dyno(model.Thing):
    """One process of an app with its own copy of the slug.

    `state` is starting, up, crashed, down or complete. A process that ends by itself
    is started again once; if it ends again it stays crashed until the cool-off has
    passed: https://devcenter.heroku.com/articles/dyno-crash-restart-policy
    """

    def __init__(self, runtime: Runtime, app: model.App, name: str, process, release):
        super().__init__()
        self.runtime, self.app, self.release = runtime, app, release
        self.name, self.command, self.size = name, process.command, process.size
        self.type = name.partition(".")[0]
        self.home = runtime.folder / f"{app.name}-{name}-{self.id}"
        self.variables: dict[str, str] = {}  # of `heroku run --env`
        self.state, self.updated = "starting", model.now()
        self.port = self.process = self.task = None
        self.settled = asyncio.Event()  # no longer starting
        self.stopping = False

    def log(self, text: str):
        self.app.log.write("heroku", self.name, text)

    def change(self, state: str):
        if state != self.state:
            self.log(f"State changed from {self.state} to {state}")
        self.state, self.updated = state, model.now()
        self.settled.clear() if state == "starting" else self.settled.set()

    def view(self) -> dict:
        return {
            **self.stamp(),
            "updated_at": self.updated,
            "app": self.app.reference(),
            "attach_url": None,
            "command": self.command,
            "name": self.name,
            "release": {"id": self.release.id, "version": self.release.version},
            "size": self.size,
            "state": self.state,
            "type": self.type,
        }

    def environment(self) -> dict[str, str]:
        """Return what buildpack and dyno set; config vars go before the buildpack's.

        https://github.com/heroku/heroku-buildpack-python, vendor/WEB_CONCURRENCY.sh
        and vendor/python.gunicorn.sh. Unlike there, gunicorn is told to listen on
        127.0.0.1 only, after whatever GUNICORN_CMD_ARGS the app has.
        """
        size = model.SIZES[self.size]
        variables = {
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "true",
            "PYTHONPATH": str(self.home),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "WEB_CONCURRENCY": str(
                min(2 * size.cores + 1, size.memory // model.WORKER_MEMORY)
            ),
            "WEB_CONCURRENCY_SET_BY": "heroku/python",
            "DYNO_RAM": str(size.memory),
            "GUNICORN_CMD_ARGS": "--access-logfile -",
            # Not Heroku's: it leads an app that uses S3 to the stand-in of it.
            # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
            "AWS_ENDPOINT_URL_S3": self.runtime.object_store,
            **self.release.config_vars,
            "FORWARDED_ALLOW_IPS": "*",
            "HOME": str(self.home),
            "PATH": PATH,
            "DYNO": self.name,
            **self.variables,
        }
        if self.release.slug:
            programs = self.release.slug.environment / "bin"
            variables["PATH"] = f"{programs}:{PATH}"
        if self.port:
            variables["PORT"] = str(self.port)
            variables["GUNICORN_CMD_ARGS"] += f" --bind 127.0.0.1:{self.port}"
        return variables

    async def unpack(self):
        """Copy the slug afresh: what a dyno writes is thrown away with it.

        By cp, because hundreds of files would keep Python's lock from all else here.
        """
        if self.release.slug:
            folder = self.release.slug.folder.resolve()
            copying = await asyncio.create_subprocess_exec(*COPY, folder, self.home)
            if await copying.wait():
                raise OSError(f"cannot copy {folder} to {self.home}")
        else:
            self.home.mkdir(parents=True)

    async def spawn(self, *command, **streams) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.home,
            env=self.environment(),
            start_new_session=True,
            **streams,
        )
        self.runtime.cleaner.watch(self.process.pid)
        return self.process

    async def finished(self) -> int:
        """Exit status as the shell has it; nothing of the dyno is left running."""
        status = await self.process.wait()
        self.signal(signal.SIGKILL)
        self.runtime.cleaner.forget(self.process.pid)
        return status if status >= 0 else 128 - status

    def signal(self, number: int):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    async def copy_output(self, write):
        """Call write(line) for each line of the process; a long one is several."""
        rest, most = b"", model.LOG_LINE_BYTES
        while data := await self.process.stdout.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                for start in range(0, len(line) or 1, most):
                    write(line[start : start + most].decode(errors="replace"))
            while len(rest) > most:
                write(rest[:most].decode(errors="replace"))
                rest = rest[most:]
            await asyncio.sleep(0)  # a chatty dyno must not starve the others
        if rest:
            write(rest.decode(errors="replace"))

    async def run(self, write=None) -> int:
        """Run the command once to its end; return its exit status."""
        write = write or (lambda line: self.app.log.write("app", self.name, line))
        if self.type == "web":
            with network.listen() as listener:
                self.port = network.port(listener)
        await self.spawn(
            "bash",
            "-c",
            self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        copying = asyncio.create_task(self.copy_output(write))
        booting = asyncio.create_task(self.boot())
        try:
            status = await self.finished()
            with suppress(TimeoutError):
                await asyncio.wait_for(copying, 5)
            return status
        finally:
            copying.cancel()
            booting.cancel()

    async def boot(self):
        """Wait for a web process to listen; every other kind is up at once."""
        deadline = asyncio.get_running_loop().time() + self.runtime.times.boot
        while self.type == "web":
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            if asyncio.get_running_loop().time() > deadline:
                seconds = round(self.runtime.times.boot)
                self.log(
                    "Error R10 (Boot timeout) -> Web process failed to bind to $PORT "
                    f"within {seconds} seconds of launch"
                )
                self.log("Stopping process with SIGKILL")
                self.signal(signal.SIGKILL)
                return
            await asyncio.sleep(0.05)
        if not self.stopping:
            self.change("up")

    async def supervise(self):
        """Start, and after a crash start again; ends when the dyno is stopped."""
        await self.unpack()
        clock, crashes = asyncio.get_running_loop().time, 0
        while not self.stopping:
            begun = clock()
            self.log(f"Starting process with command `{self.command}`")
            status = await self.run()
            self.log(f"Process exited with status {status}")
            if self.stopping:
                break
            crashes = 1 if clock() - begun > LONG_RUN else crashes + 1
            self.change("crashed")
            if crashes > 1:
                await asyncio.sleep(self.runtime.times.cool_off)
            self.change("starting")

    async def perform(self, run: Callable[[], Awaitable[int]]) -> int:
        """Live the whole life of a one-off process; `run` ends with its exit status."""
        await self.unpack()
        self.log(f"Starting process with command `{self.command}`")
        status = await run()
        self.log(f"Process exited with status {status}")
        self.change("complete")
        self.app.one_off.pop(self.name, None)
        await self.discard()
        return status

    async def stop(self, timeout: float | None = None):
        """SIGTERM, and SIGKILL for what is left after 30 s (R12)."""
        self.stopping = True
        if self.process and self.process.returncode is None:
            self.log("Stopping all processes with SIGTERM")
            self.signal(signal.SIGTERM)
            timeout = timeout or self.runtime.times.stop
            done, _ = await asyncio.wait({self.task}, timeout=timeout)
            if not done:
                self.log(
                    "Error R12 (Exit timeout) -> At least one process failed to exit "
                    f"within {round(timeout)} seconds of SIGTERM"
                )
                self.log("Stopping remaining processes with SIGKILL")
                self.signal(signal.SIGKILL)
                await asyncio.wait({self.task}, timeout=5)
        self.task.cancel()
        self.change("down")
        await self.discard()

    def hang_up(self):
        """Send SIGHUP: the other end of an attached run has gone."""
        if self.process and self.process.returncode is None:
            self.signal(signal.SIGHUP)

    async def discard(self):
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)


class Dynos:
    """Starts and stops the dynos of all apps."""

    def __init__(self, runtime: Runtime, tasks: Tasks):
        self.runtime, self.tasks = runtime, tasks
        self.stopping: set[asyncio.Task] = set()
        runtime.folder.mkdir()

    def wanted(self, app: model.App) -> dict[str, model.Process]:
        """Return the formation's dynos by name; none before the first deploy."""
        if app.slug is None or app.destroyed:
            return {}
        return {
            f"{kind}.{number}": process
            for kind, process in app.formation.items()
            for number in range(1, process.quantity + 1)
        }

    async def restart(self, app: model.App, names: list[str] | None = None):
        """Replace these dynos, or all; returns when the new ones are up or crashed.

        The old ones stop while the new ones start, as on Heroku:
        https://devcenter.heroku.com/articles/dyno-shutdown-behavior
        """
        wanted, begun = self.wanted(app), []
        for name in list(app.dynos):
            if name not in wanted or names is None or name in names:
                stopping = self.tasks.start(app.dynos.pop(name).stop())
                self.stopping.add(stopping)
                stopping.add_done_callback(self.stopping.discard)
        for name, process in wanted.items():
            if name not in app.dynos:
                dyno = Dyno(self.runtime, app, name, process, app.current)
                app.dynos[name] = dyno
                dyno.task = self.tasks.start(dyno.supervise())
                begun.append(asyncio.create_task(dyno.settled.wait()))
        if begun:
            await asyncio.wait(begun, timeout=SETTLE)

    async def scale(self, app: model.App):
        """Start and stop what the formation asks for; a new size means a restart."""
        wanted = self.wanted(app)
        resized = [
            name
            for name, dyno in app.dynos.items()
            if name in wanted and dyno.size != wanted[name].size
        ]
        await self.restart(app, resized)

    async def release_command(self, app: model.App, release: model.Release) -> bool:
        """Run the release phase: https://devcenter.heroku.com/articles/release-phase"""
        process = model.Process(release.slug.types["release"])
        name = f"release.{model.number(4)}"
        dyno = Dyno(self.runtime, app, name, process, release)

        def write(line: str):
            app.log.write("app", name, line)
            release.output.append(line)

        return await dyno.perform(lambda: dyno.run(write)) == 0

    def one_off(self, app: model.App, command: str, size: str) -> Dyno:
        """Return a dyno of `heroku run`; a process type stands for its command.

        https://devcenter.heroku.com/articles/one-off-dynos, of 2024-11-18. The CLI
        adds to the command what makes it print the exit status.
        """
        if app.slug and (word := PROCESS_TYPE.match(command)):
            own = app.slug.types.get(word[0], word[0])
            command = own + command[word.end() :]
        process = model.Process(command, size=size)
        dyno = Dyno(self.runtime, app, f"run.{model.number(4)}", process, app.current)
        app.one_off[dyno.name] = dyno
        return dyno

    def run_detached(self, dyno: Dyno):
        self.tasks.start(dyno.perform(dyno.run))

    async def stop(self, app: model.App):
        """Stop what runs of an app that is destroyed."""
        for dyno in app.one_off.values():
            dyno.hang_up()
        await asyncio.gather(*(dyno.stop(GONE) for dyno in app.dynos.values()))
