"""A port that nobody has: python -m tools.ports [the one to prefer]."""

import random
import socket
import sys

# Below the ports that systems give to outgoing connections and to whoever asks for
# any, so that none of those takes the port before the server does.
# https://www.rfc-editor.org/rfc/rfc6335#section-6
# https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
PORTS = range(20000, 32768)


def free_port(preferred: int | None = None) -> int:
    """Return a port of 127.0.0.1 that nobody listens at, `preferred` if it is one."""
    port = preferred or random.choice(PORTS)
    while not is_free(port):
        port = random.choice(PORTS)
    return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection that has ended does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    print(free_port(*map(int, sys.argv[1:])))
