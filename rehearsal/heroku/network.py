"""Loopback only: sockets, a local certificate authority, the proxy, the web server.

The CLI, git and the browser reach the stand-in through an HTTPS proxy, so that they
use the real names: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6 (CONNECT).
"""

import asyncio
import base64
import contextlib
import socket
import ssl
from pathlib import Path
from typing import NamedTuple

import trustme
import uvicorn
from starlette.requests import Request

# The names a reader meets; whatever else is asked for is refused and recorded.
DOMAINS = (".heroku.com", ".herokuapp.com")


def listen() -> socket.socket:
    """Return a listening socket on 127.0.0.1; the system chooses the port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


def port(listener: socket.socket) -> int:
    return listener.getsockname()[1]


def authorised(request: Request, token: str) -> bool:
    """Whether a request bears the token, as git (Basic) or the CLI (both) sends it."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            value = base64.b64decode(value).decode().partition(":")[2]
    return value == token


class Address(NamedTuple):
    """Where clients find the platform, and the certificate they must trust."""

    proxy: str  # leads to all its names
    plain: str  # for what the CLI does not ask the proxy
    ca: Path


class Authority:
    """A certificate authority of this rehearsal; `ca` is what clients must trust."""

    def __init__(self, folder: Path):
        authority = trustme.CA()
        names = ["*.heroku.com", "api.data.heroku.com", "*.herokuapp.com"]
        certificate = authority.issue_cert(*names, "localhost", "127.0.0.1")
        self.ca = folder / "ca.pem"
        self.pem = folder / "server.pem"
        authority.cert_pem.write_to_path(self.ca)
        certificate.private_key_and_cert_chain_pem.write_to_path(self.pem)
        self.pem.chmod(0o600)
        self.server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(self.server_context)

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def connect_proxy(tls_port: int, refused: list[str]):
    """Return the handler of a proxy that leads all names of DOMAINS to one TLS port."""

    async def handle(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.decode("latin-1").split(" ", 2)
            host = target.rpartition(":")[0]
            if method != "CONNECT" or not host.endswith(DOMAINS):
                refused.append(target)
                writer.write(
                    b"HTTP/1.1 403 The rehearsal lets nothing out\r\n"
                    b"Content-Length: 0\r\n\r\n"
                )
                return
            upstream = await asyncio.open_connection("127.0.0.1", tls_port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass  # the client went away, or it does not speak HTTP
        finally:
            writer.close()

    return handle


class WebServer(uvicorn.Server):
    """uvicorn in a thread of its own program: signals stay with the main program."""

    def __init__(self, app, pem: Path | None = None):
        super().__init__(
            uvicorn.Config(
                app,
                ssl_certfile=pem,
                log_level="error",
                lifespan="off",
                proxy_headers=False,  # the client's X-Forwarded-For is not believed
                # The app behind the router sends its own.
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self):
        yield
