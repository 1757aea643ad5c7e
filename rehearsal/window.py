"""A window on the rehearsed app for the reader's own browser.

The app answers at https://NAME-….herokuapp.com, a name that only the stand-in knows,
with a certificate that no browser trusts. The window listens on loopback and hands
each request to the router, with the two addresses exchanged in the headers.
https://docs.python.org/3/library/http.server.html
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

# Headers of one connection, which the other has of its own.
# https://www.rfc-editor.org/rfc/rfc9110#name-connection
OF_THE_CONNECTION = {
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "host",
    "keep-alive",
    "transfer-encoding",
}


@contextmanager
def window(client: httpx.Client, app: str) -> Iterator[str]:
    """Show the app at `app` (https://NAME) on an address of this machine, yielded.

    `client` must reach the app without following redirects.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            size = int(self.headers.get("Content-Length", 0))
            answer = client.request(
                self.command,
                app + self.path,
                headers=exchange(self.headers.items(), address, app),
                content=self.rfile.read(size),
            )
            self.send_response(answer.status_code)
            for name, value in exchange(answer.headers.multi_items(), app, address):
                # A browser keeps a Secure cookie to itself without TLS.
                self.send_header(name, value.replace("; Secure", ""))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.content)

        do_GET = do_HEAD = do_POST = pass_on

        def log_message(self, *_):
            """Leave the request to the router's log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield address
        finally:
            server.shutdown()


def exchange(headers, old: str, new: str) -> list[tuple[str, str]]:
    """Return the headers to hand on, with one address in place of the other."""
    return [
        (name, value.replace(old, new))
        for name, value in headers
        if name.lower() not in OF_THE_CONNECTION
    ]
