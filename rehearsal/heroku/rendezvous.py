"""The attached run: `heroku run` talks to its dyno over TLS.

Found by reading CLI 11.10.0: the client sends SECRET and a line end, the server
answers with `rendezvous`, from then on bytes go both ways. The client throws away the
whole first chunk it gets, and fails if the server closes at once: hence the pauses.
With a terminal the dyno gets a pseudo-terminal; without one (`--no-tty`) two pipes,
and the byte 4 (Ctrl-D) ends its input.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import ssl
import struct
import termios

from rehearsal.heroku import network
from rehearsal.heroku.dynos import Dyno

PAUSE = 0.4  # seconds
END_OF_INPUT = b"\x04"
# Opening a terminal makes it the controlling one of a session that has none.
IN_TERMINAL = 'exec 0<>"$1" 1>&0 2>&0; exec bash -c "$2"'


async def in_pipes(dyno: Dyno, reader, writer):
    process = await dyno.spawn(
        "bash",
        "-c",
        dyno.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )

    async def feed():
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                process.stdin.write(data.replace(END_OF_INPUT, b""))
                await process.stdin.drain()
                if END_OF_INPUT in data:
                    process.stdin.close()
                    return
        dyno.hang_up()

    feeding = asyncio.create_task(feed())
    while data := await process.stdout.read(65536):
        writer.write(data)
        await writer.drain()
    feeding.cancel()


def size(dyno: Dyno) -> bytes:
    """Rows and columns of the client's terminal, as the kernel wants them."""
    rows = int(dyno.variables.get("LINES", 24))
    columns = int(dyno.variables.get("COLUMNS", 80))
    return struct.pack("HHHH", rows, columns, 0, 0)


def read(master: int) -> asyncio.Queue:
    """Return a queue of what comes from a terminal; the last chunk is empty."""
    loop, output = asyncio.get_running_loop(), asyncio.Queue()

    def readable():
        try:
            data = os.read(master, 65536)
        except OSError:  # the last process has closed the terminal
            data = b""
        if not data:
            loop.remove_reader(master)
        output.put_nowait(data)

    loop.add_reader(master, readable)
    return output


async def in_terminal(dyno: Dyno, reader, writer):
    master, slave = os.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size(dyno))
        await dyno.spawn(
            *("bash", "-c", IN_TERMINAL, "bash", os.ttyname(slave), dyno.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output = read(master)

        async def feed():
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(65536):
                    os.write(master, data)
            dyno.hang_up()

        async def end():
            # The slave stays open here until the command has ended, for otherwise
            # the terminal would be gone before the command has opened it.
            nonlocal slave
            await dyno.process.wait()
            os.close(slave)
            slave = None

        feeding, ending = asyncio.create_task(feed()), asyncio.create_task(end())
        while data := await output.get():
            writer.write(data)
            await writer.drain()
        feeding.cancel()
        await ending
    finally:
        os.close(master)
        if slave is not None:
            os.close(slave)


class Rendezvous:
    """Where `heroku run` meets its dyno: one TLS port, a secret for each dyno."""

    def __init__(self, context: ssl.SSLContext):
        self.context = context
        self.listener = network.listen()
        self.waiting: dict[str, tuple[Dyno, bool]] = {}

    def expect(self, dyno: Dyno, terminal: bool) -> str:
        """Return the address where the dyno starts once the client comes."""
        secret = secrets.token_hex(16)
        self.waiting[secret] = dyno, terminal
        return f"rendezvous://127.0.0.1:{network.port(self.listener)}/{secret}"

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(
            self.handle, sock=self.listener, ssl=self.context
        )

    async def handle(self, reader, writer):
        try:
            secret = (await reader.readline()).decode("latin-1").strip()
            if secret in self.waiting:
                await self.attend(*self.waiting.pop(secret), reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()

    async def attend(self, dyno: Dyno, terminal: bool, reader, writer):
        writer.write(b"rendezvous\r\n")
        await writer.drain()
        await asyncio.sleep(PAUSE)

        async def run() -> int:
            dyno.change("up")
            try:
                await (in_terminal if terminal else in_pipes)(dyno, reader, writer)
            except ConnectionError:
                dyno.hang_up()
            return await dyno.finished()

        await dyno.perform(run)
        await asyncio.sleep(PAUSE)
