"""Dynos as processes of this machine.

https://devcenter.heroku.com/articles/dynos
https://devcenter.heroku.com/articles/dyno-shutdown-behavior
https://devcenter.heroku.com/articles/error-codes
"""

import asyncio
import os
import shutil
import signal
from contextlib import suppress

from rehearsal.heroku import model, network

LINE_BYTES = 10_000  # a longer line is split
LONG_RUN = 60  # seconds after which a crash counts as the first one again


class Dyno(model.Thing):
    """One process of an app with its own copy of the slug.

    `state` is starting, up, crashed or down. A process that ends by itself is started
    again once; if it ends again it stays crashed until the cool-off has passed:
    https://devcenter.heroku.com/articles/dyno-crash-restart-policy
    """

    def __init__(self, platform, app, name: str, command: str, release, size="Basic"):
        super().__init__()
        self.platform, self.app, self.release = platform, app, release
        self.name, self.command, self.size = name, command, size
        self.type = name.partition(".")[0]
        self.home = platform.folder / "dynos" / f"{app.name}-{name}-{self.id}"
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

    def environment(self, extra: dict | None = None) -> dict[str, str]:
        """What the buildpack and the dyno set; config vars go before the buildpack's.

        https://github.com/heroku/heroku-buildpack-python, vendor/WEB_CONCURRENCY.sh
        and vendor/python.gunicorn.sh. Unlike there, gunicorn is told to listen on
        127.0.0.1 only, after whatever GUNICORN_CMD_ARGS the app has.
        """
        memory = model.SIZES[self.size]
        config = self.release.config
        variables = {
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "true",
            "PYTHONPATH": str(self.home),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "WEB_CONCURRENCY": str(min(2 * 8 + 1, memory // 256)),
            "WEB_CONCURRENCY_SET_BY": "heroku/python",
            "DYNO_RAM": str(memory),
            "GUNICORN_CMD_ARGS": "--access-logfile -",
            **config,
            "FORWARDED_ALLOW_IPS": "*",
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "DYNO": self.name,
            **(extra or {}),
        }
        if self.release.slug:
            programs = self.release.slug.environment / "bin"
            variables["PATH"] = f"{programs}:{variables['PATH']}"
        if self.port:
            variables["PORT"] = str(self.port)
            variables["GUNICORN_CMD_ARGS"] += f" --bind 127.0.0.1:{self.port}"
        return variables

    async def unpack(self):
        """A fresh copy of the slug: what a dyno writes is thrown away with it."""
        if self.release.slug:
            folder = self.release.slug.folder
            await asyncio.to_thread(shutil.copytree, folder, self.home, symlinks=True)
        else:
            self.home.mkdir(parents=True)

    async def spawn(
        self, *command, extra=None, **streams
    ) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.home,
            env=self.environment(extra),
            start_new_session=True,
            **streams,
        )
        self.platform.cleaner.watch(self.process.pid)
        return self.process

    async def finished(self) -> int:
        """Exit status as the shell has it; nothing of the dyno is left running."""
        status = await self.process.wait()
        self.signal(signal.SIGKILL)
        self.platform.cleaner.forget(self.process.pid)
        return status if status >= 0 else 128 - status

    def signal(self, number: int):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    async def copy_output(self, write):
        """Call write(line) for each line of the process."""
        rest = b""
        while data := await self.process.stdout.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                for start in range(0, len(line) or 1, LINE_BYTES):
                    write(line[start : start + LINE_BYTES].decode(errors="replace"))
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
        deadline = asyncio.get_running_loop().time() + self.platform.boot_timeout
        while self.type == "web":
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            if asyncio.get_running_loop().time() > deadline:
                seconds = round(self.platform.boot_timeout)
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
                await asyncio.sleep(self.platform.cool_off)
            self.change("starting")

    def start(self):
        self.task = self.platform.background(self.supervise())

    async def stop(self, timeout: float | None = None):
        """SIGTERM, and SIGKILL for what is left after 30 s (R12)."""
        self.stopping = True
        if self.process and self.process.returncode is None:
            self.log("Stopping all processes with SIGTERM")
            self.signal(signal.SIGTERM)
            timeout = timeout or self.platform.stop_timeout
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
        """The other end of an attached run has gone."""
        if self.process and self.process.returncode is None:
            self.signal(signal.SIGHUP)

    async def discard(self):
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)


async def run_release_command(platform, app, release) -> bool:
    """The release phase: https://devcenter.heroku.com/articles/release-phase"""
    command = release.slug.types["release"]
    dyno = Dyno(platform, app, f"release.{model.number(4)}", command, release)
    await dyno.unpack()
    dyno.log(f"Starting process with command `{command}`")

    def write(line: str):
        app.log.write("app", dyno.name, line)
        release.output.append(line)

    status = await dyno.run(write)
    dyno.log(f"Process exited with status {status}")
    dyno.change("complete" if status == 0 else "crashed")
    await dyno.discard()
    return status == 0
