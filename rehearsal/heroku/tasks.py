"""Tasks that go on after the request that began them."""

import asyncio
import sys
import traceback
from collections.abc import Coroutine


class Tasks:
    """Starts and keeps tasks; `failures` has the traceback of each that raised."""

    def __init__(self, failures: list[str]):
        self.failures = failures
        self.running: set[asyncio.Task] = set()

    def start(self, coroutine: Coroutine) -> asyncio.Task:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.running.add(task)
        task.add_done_callback(self.finish)
        return task

    def finish(self, task: asyncio.Task):
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failures.append("".join(traceback.format_exception(error)))
            print(self.failures[-1], file=sys.stderr)

    def cancel(self):
        for task in self.running:
            task.cancel()
