"""Perform the guide: python -m rehearsal [--list] [--keep] [--own] [page]."""

import argparse
import signal
import sys
import time
from itertools import takewhile

from rehearsal import record
from rehearsal.reader.own_project import OWN_PROJECT
from rehearsal.reader.project import STAFF_CALIBRATION
from rehearsal.script import DOCTREES, Command, Diff, Listing, Page, Whose, read_pages
from rehearsal.stage import Stage, Stopped
from rehearsal.versions import versions


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
        "--own", action="store_true", help="perform it for a project of one's own"
    )
    parser.add_argument(
        "--record", action="store_true", help="record a whole rehearsal for the site"
    )
    options = parser.parse_args()
    if options.record and (options.page or options.keep or options.own):
        parser.error("only a rehearsal of the whole guide can be recorded")
    try:
        pages = chosen(read_pages(DOCTREES), options)
    except FileNotFoundError:
        return f"{DOCTREES} holds no built guide: run `make html` first"
    except ValueError as error:
        return str(error)
    if options.list:
        print_script(pages)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    projects = [OWN_PROJECT if options.own else STAFF_CALIBRATION]
    if options.record:
        projects = [OWN_PROJECT, STAFF_CALIBRATION]
    try:
        for project in projects:
            with Stage(project) as stage:
                rehearse(stage, pages, options)
                python = stage.terminals[0].ask("command -v python")
                used = versions(python) if options.record else {}
    except Stopped as stopped:
        return str(stopped)
    except KeyboardInterrupt:
        return "interrupted; everything the rehearsal made is removed"
    if options.record:
        record.write(pages, used)
        print(f"Recorded in {record.RECORD}")
    return 0


def rehearse(stage: Stage, pages: list[Page], options: argparse.Namespace) -> None:
    """Perform the pages as the options say; raises Stopped as perform does."""
    try:
        perform(stage, pages, whole=not options.page)
        if options.keep:
            show(stage)
    except KeyboardInterrupt:
        stage.report("\ninterrupted; removing what the rehearsal made …")
        raise


def chosen(pages: list[Page], options: argparse.Namespace) -> list[Page]:
    """Return the pages that the options ask for; raises ValueError for an unknown one.

    --keep stops before the page that takes the app down.
    """
    names = [page.name for page in pages]
    if options.page and options.page not in names:
        raise ValueError(f"no page {options.page!r}; there are {', '.join(names)}")
    if options.page:
        pages = pages[: names.index(options.page) + 1]
    if options.keep:
        pages = list(takewhile(lambda page: not takes_down(page), pages))
    return pages


# Beside a block that only one of the projects performs.
MARKS = {
    Whose.BOTH: "",
    Whose.EXAMPLE: "  (only for the example)",
    Whose.OWN: "  (only in a project of your own)",
}


def print_script(pages: list[Page]) -> None:
    for page in pages:
        print(f"\n{page.name}: {page.title}")
        for step in page.steps:
            print(f"  {line_of(step)}{MARKS[step.whose]}")
        for each in page.excused:
            print(f"  {each.prompt}{each.text}\n    not performed: {each.reason}")


def line_of(step: Command | Listing | Diff) -> str:
    match step:
        case Listing(path=path):
            return f"{path}, a listing"
        case Diff(path=path):
            return f"{path}, a diff"
        case Command(text=text):
            return f"$ {text}"


def perform(stage: Stage, pages: list[Page], whole: bool) -> None:
    """Perform the pages; raises Stopped at the first thing that is not as they say.

    After the `whole` guide the reader's project must be the finished one.
    """
    begun = time.monotonic()
    stage.perform(pages)
    if whole:
        stage.check_project()
        stage.check_printed(pages)
    seconds = time.monotonic() - begun
    stage.report(f"\n{len(stage.transcript)} commands performed in {seconds:.0f} s")


def takes_down(page: Page) -> bool:
    return any(isinstance(step, Command) and step.takes_down for step in page.steps)


def show(stage: Stage) -> None:
    """Leave the app running for the reader's browser until Ctrl-C or SIGTERM."""
    [app] = stage.platform.apps.values()
    with stage.platform.window(app) as address:
        stage.report(f"The app is at {address}")
        stage.report(f"The password that the pages let you choose is {stage.password}")
        stage.report("Ctrl-C ends the rehearsal")
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
