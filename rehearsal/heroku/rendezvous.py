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
import struct
import termios

PAUSE = 0.4  # seconds
END_OF_INPUT = b"\x04"
# Opening a terminal makes it the controlling one of a session that has none.
IN_TERMINAL = 'exec 0<>"$1" 1>&0 2>&0; exec bash -c "$2"'


async def in_pipes(dyno, command: str, reader, writer):
    process = await dyno.spawn(
        "bash",
        "-c",
        command,
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


async def in_terminal(dyno, command: str, variables: dict, reader, writer):
    master, slave = os.openpty()
    try:
        rows, columns = variables.get("LINES", 24), variables.get("COLUMNS", 80)
        size = struct.pack("HHHH", int(rows), int(columns), 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        await dyno.spawn(
            *("bash", "-c", IN_TERMINAL, "bash", os.ttyname(slave), command),
            extra=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def readable():
            try:
                data = os.read(master, 65536)
            except OSError:  # the last process has closed the terminal
                data = b""
            if not data:
                loop.remove_reader(master)
            output.put_nowait(data)

        loop.add_reader(master, readable)

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


def server(platform):
    """Handler for connections; `platform.attached` has the waiting dynos by secret."""

    async def handle(reader, writer):
        try:
            secret = (await reader.readline()).decode("latin-1").strip()
            waiting = platform.attached.pop(secret, None)
            if waiting is None:
                return
            dyno, order = waiting
            writer.write(b"rendezvous\r\n")
            await writer.drain()
            await asyncio.sleep(PAUSE)
            await dyno.unpack()
            dyno.change("up")
            command = order["command"]
            variables = {name: str(v) for name, v in (order.get("env") or {}).items()}
            try:
                if order.get("force_no_tty"):
                    await in_pipes(dyno, command, reader, writer)
                else:
                    await in_terminal(dyno, command, variables, reader, writer)
            except ConnectionError:
                dyno.hang_up()
            finally:
                status = await dyno.finished()
                dyno.log(f"Process exited with status {status}")
                dyno.change("complete")
                dyno.app.one_off.pop(dyno.name, None)
                await dyno.discard()
            await asyncio.sleep(PAUSE)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()

    return handle
