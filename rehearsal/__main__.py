"""Perform the guide: python -m rehearsal [--list] [--keep] [page]."""

import argparse
import signal
import sys
import time

from rehearsal import record
from rehearsal.script import DOCTREES, Listing, Page, read_pages
from rehearsal.stage import Stage, Stopped
from rehearsal.window import window


def main() -> int | str:
    """Return the exit status, or the message that tells what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument(
        "page",
        nargs="?",
        help="perform the guide up to this page, such as deploy/push (default: all)",
    )
    parser.add_argument("--list", action="store_true", help="print the script and stop")
    parser.add_argument(
        "--keep", action="store_true", help="stop before the app is taken down"
    )
    parser.add_argument(
        "--record", action="store_true", help="record a whole rehearsal for the site"
    )
    options = parser.parse_args()
    try:
        pages = read_pages(DOCTREES)
    except FileNotFoundError:
        return f"{DOCTREES} holds no built guide: run `make html` first"
    names = [page.name for page in pages]
    if options.page and options.page not in names:
        return f"no page {options.page!r}; there are {', '.join(names)}"
    if options.page:
        pages = pages[: names.index(options.page) + 1]
    if options.list:
        print_script(pages)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        return perform(pages, not options.page, options.keep, options.record)
    except Stopped as stopped:
        return str(stopped)
    except KeyboardInterrupt:
        return "interrupted; everything the rehearsal made is removed"


def print_script(pages: list[Page]) -> None:
    for page in pages:
        print(f"\n{page.name}: {page.title}")
        for step in page.steps:
            listing = isinstance(step, Listing)
            print(f"  {step.path}, a listing" if listing else f"  $ {step.text}")
        for block in page.excused:
            print(f"  ({block.reason.removesuffix('.')}: line {block.line})")


def perform(pages: list[Page], whole: bool, keep: bool, recorded: bool) -> int:
    begun = time.monotonic()
    with Stage() as stage:
        if keep:
            pages = [page for page in pages if page.name != "deploy/take-down"]
        stage.perform(pages)
        stage.check_platform()
        if whole:
            stage.check_project()
        seconds = time.monotonic() - begun
        print(f"\n{stage.commands} commands performed in {seconds:.0f} s")
        if keep:
            show(stage)
        if recorded and whole:
            print(f"Recorded in {record.write(pages, stage)}")
    return 0


def show(stage: Stage) -> None:
    """Leave the app running for the reader's browser until Ctrl-C or SIGTERM."""
    [app] = stage.platform.apps.values()
    with (
        stage.platform.client(timeout=120) as client,
        window(client, app.web_url.rstrip("/")) as address,
    ):
        print(f"The app is at {address}")
        print(f"Its user, made on deploy/push, has the password {stage.password}")
        print("Ctrl-C ends the rehearsal", flush=True)
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
