"""The app's log: https://devcenter.heroku.com/articles/logging"""

import asyncio
from collections import deque
from datetime import UTC, datetime


class Log:
    """The app's last lines; readers follow it by counting, so none can block it."""

    def __init__(self, kept: int):
        self.lines = deque(maxlen=kept)
        self.total = 0
        self.grown = asyncio.Event()

    def write(self, source: str, dyno: str, text: str):
        moment = datetime.now(UTC).isoformat()
        self.lines.append((source, dyno, f"{moment} {source}[{dyno}]: {text}"))
        self.total += 1
        self.grown.set()
        self.grown = asyncio.Event()

    def text(self) -> list[str]:
        """Return the lines that are kept, oldest first."""
        return [line for _, _, line in list(self.lines)]

    def select(self, since: int, source: str | None, dyno: str | None) -> list[str]:
        """Lines after the `since`-th ever written that fit the filters."""
        fresh = list(self.lines)[max(0, len(self.lines) - (self.total - since)) :]
        return [
            line
            for line_source, line_dyno, line in fresh
            if (not source or line_source == source)
            and (not dyno or line_dyno == dyno or line_dyno.split(".")[0] == dyno)
        ]
