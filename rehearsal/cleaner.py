"""A small process that cleans up after its parent, however the parent ends.

It reads orders from its standard input, one a line. The end of that input (the
parent closed it, or was killed) is the signal to stop what is still running and
to remove the folders. A pipe works on every Unix and also cleans files up;
PR_SET_PDEATHSIG is Linux only and is lost when the child changes its user.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 5  # seconds for a process to end, and for a folder to stay removed


class Cleaner:
    """Start the cleaning process; `close` makes it do its work and waits for it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal must not reach it
        )

    def order(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def watch(self, group: int, signal_number: int = signal.SIGKILL):
        """Send the signal to this process group when the parent has gone."""
        self.order("watch", group, int(signal_number))

    def forget(self, group: int):
        self.order("forget", group)

    def remove(self, folder: Path):
        """Remove the folder when the parent has gone."""
        self.order("remove", folder)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def running(leader: int) -> bool:
    """Return False also for a zombie: the parent that would have reaped it has gone."""
    try:
        os.kill(leader, 0)
        state = Path(f"/proc/{leader}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return not os.path.exists("/proc/self")
    except (ProcessLookupError, PermissionError):
        return False
    return not state.startswith(" Z")


def stop(groups: dict[int, int]):
    for group, signal_number in groups.items():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal_number)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(map(running, groups)):
        time.sleep(0.02)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def main():
    groups, folders = {}, []
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "watch":
            group, signal_number = rest.split()
            groups[int(group)] = int(signal_number)
        elif verb == "forget":
            groups.pop(int(rest), None)
        else:
            folders.append(rest)
    stop(groups)
    for folder in folders:
        # A process that is still ending may write once more.
        deadline = time.monotonic() + PATIENCE
        shutil.rmtree(folder, ignore_errors=True)
        while os.path.exists(folder) and time.monotonic() < deadline:
            time.sleep(0.02)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
