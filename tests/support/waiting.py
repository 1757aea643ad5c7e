"""Waiting for a state, and never for a time: the machine may have little of it."""

import time
from collections.abc import Callable

PATIENCE = 120  # seconds for what takes one on a machine that has time


def until(condition: Callable, what: str = "what the test waits for"):
    """Return what `condition` returns as soon as that is true.

    Raises AssertionError, which says what was waited for, if that does not come.
    """
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"in {PATIENCE} s it did not happen: {what}"
        time.sleep(0.02)
    return found
