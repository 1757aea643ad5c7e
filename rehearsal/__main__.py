"""Perform the guide, on this machine or on Heroku: python -m rehearsal --help."""

import argparse
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import takewhile

from rehearsal import on_heroku, record
from rehearsal.reader.own_project import OWN_PROJECT
from rehearsal.reader.project import STAFF_CALIBRATION
from rehearsal.script import DOCTREES, Command, Diff, Listing, Page, Whose, read_pages
from rehearsal.stage import Stage, Stopped, check_printed
from rehearsal.versions import versions

AT_ONCE = 2  # scenes, as many as a small machine has cores


def read_options() -> argparse.Namespace:
    """Return the options of the command line; ends the program for senseless ones."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument(
        "page",
        nargs="?",
        help="perform the guide up to this page, such as deploy/push; its folder may "
        "be left out (default: all)",
    )
    parser.add_argument("--list", action="store_true", help="print the script and stop")
    parser.add_argument(
        "--keep", action="store_true", help="stop before the app is taken down"
    )
    parser.add_argument(
        "--own", action="store_true", help="perform it for a project of one's own"
    )
    parser.add_argument(
        "--break",
        action="store_true",
        dest="stay_broken",
        help="stay in the failure of a page, such as app-crashed",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out the failures that are performed once a week",
    )
    parser.add_argument(
        "--record", action="store_true", help="record a whole rehearsal for the site"
    )
    parser.add_argument(
        "--on-heroku",
        action="store_true",
        help="perform the steps, and the page of a scene, on Heroku itself",
    )
    parser.add_argument(
        "--yes", action="store_true", help="let --on-heroku cost money without asking"
    )
    options = parser.parse_args()
    part = options.page or options.keep or options.own
    if options.record and (part or options.quick):
        parser.error("only a rehearsal of the whole guide can be recorded")
    if options.quick and part:
        parser.error("--quick is for the whole guide")
    local = options.keep or options.own or options.stay_broken or options.list
    if options.on_heroku and local:
        parser.error("--on-heroku goes with --yes, --record and a page alone")
    if options.yes and not options.on_heroku:
        parser.error("--yes answers what only --on-heroku asks")
    return options


def main() -> int | str:
    """Return the exit status, or the message that tells what went wrong."""
    options = read_options()
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
    try:
        if options.on_heroku:
            return on_heroku.rehearse(
                pages, STAFF_CALIBRATION, options.yes, options.record
            )
        return rehearse_here(pages, options)
    except Stopped as stopped:
        return str(stopped)
    except KeyboardInterrupt:
        return "interrupted; everything the rehearsal made is removed"


def rehearse_here(pages: list[Page], options: argparse.Namespace) -> int:
    """Perform the pages against the stand-in; raises what perform does."""
    projects = [OWN_PROJECT if options.own else STAFF_CALIBRATION]
    if options.record:
        projects = [OWN_PROJECT, STAFF_CALIBRATION]
    for project in projects:
        with Stage(project) as stage:
            seconds = rehearse(stage, pages, options)
            used = versions(stage.which("python")) if options.record else {}
    if options.record:
        record.write(pages, used, seconds)
        print(f"Recorded in {record.RECORD}")
    return 0


def rehearse(
    stage: Stage, pages: list[Page], options: argparse.Namespace
) -> dict[str, float]:
    """Perform the pages as the options say; return and raise what perform does."""
    try:
        if options.stay_broken:
            stay_broken(stage, pages)
            return {}
        whole = not options.page
        seconds = perform(stage, pages, whole=whole, quick=options.quick)
        if options.keep:
            show(stage)
        return seconds
    except KeyboardInterrupt:
        stage.report("\ninterrupted; removing what the rehearsal made …")
        raise


def chosen(pages: list[Page], options: argparse.Namespace) -> list[Page]:
    """Return the pages that the options ask for; raises ValueError for an unknown one.

    --keep stops before the page that takes the app down, and --on-heroku performs no
    scene that it is not asked for.
    """
    every = pages
    names = [page.name for page in pages]
    if options.page:
        number = names.index(full_name(options.page, names))
        page = pages[number]
        pages = pages[: number + 1]
    elif options.on_heroku:
        pages = [each for each in pages if not each.is_scene]
    if options.keep or (options.page and page.is_scene):
        pages = list(takewhile(lambda page: not takes_down(page), pages))
    if options.page and page.is_scene:
        pages = [each for each in pages if not each.is_scene] + [page]
    if options.stay_broken and not (options.page and page.mistakes):
        failures = ", ".join(each.name for each in every if each.mistakes)
        raise ValueError(f"--break takes the page of a failure: {failures}")
    return pages


def full_name(typed: str, names: list[str]) -> str:
    """Return the page's name; raises ValueError unless `typed` is one, or ends one."""
    found = [name for name in names if name.endswith(f"/{typed}")]
    if typed in names:
        return typed
    if len(found) != 1:
        known = ", ".join(found or names)
        several = "several pages" if found else "no page"
        raise ValueError(f"{several} {typed!r}; there are {known}")
    return found[0]


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


def perform(
    stage: Stage, pages: list[Page], whole: bool, quick: bool = False
) -> dict[str, float]:
    """Perform the pages; return the seconds of each, by its name.

    Raises Stopped at the first thing that is not as they say.
    After the `whole` guide the reader's project must be the finished one. The scenes
    begin with the example; a `quick` rehearsal leaves those out that are weekly.
    """
    begun = time.monotonic()
    theirs = stage.project.whose is Whose.EXAMPLE
    scenes = [
        page
        for page in pages
        if theirs and page.is_scene and page.steps and not (quick and page.weekly)
    ]
    steps = [page for page in pages if not page.is_scene]
    before = list(takewhile(lambda page: not takes_down(page), steps))
    stage.perform(before if scenes else steps)
    stages = [stage]
    if whole:
        stage.check_project()
    if scenes:
        stage.freeze()
        stages += perform_scenes(
            stage, [*([page] for page in scenes), steps[len(before) :]]
        )
    if whole:
        check_printed(pages, stages)
    seconds = time.monotonic() - begun
    count = sum(len(each.transcript) for each in stages)
    stage.report(f"\n{count} commands performed in {seconds:.0f} s")
    return {name: took for each in stages for name, took in each.seconds.items()}


def perform_scenes(original: Stage, scenes: list[list[Page]]) -> list[Stage]:
    """Perform lists of pages, each in a copy of a frozen stage, some at the same time.

    What a scene reports comes when it has ended. Raises Stopped when all have ended,
    with what each of those that stopped has to say.
    """
    running: list[Stage] = []

    def perform_one(pages: list[Page]) -> Stage | Stopped:
        said: list[str] = []
        try:
            with Stage(original.project, said.append, original) as stage:
                running.append(stage)
                stage.perform(pages)
        except Stopped as stopped:
            return stopped
        finally:
            original.report("\n".join(said))
        return stage

    with ThreadPoolExecutor(AT_ONCE) as pool:
        playing = [pool.submit(perform_one, pages) for pages in scenes if pages]
        try:
            ended = [each.result() for each in playing]
        except BaseException:  # Ctrl-C, above all
            pool.shutdown(wait=False, cancel_futures=True)
            for stage in running:
                stage.interrupt()
            raise
    if stopped := [str(each) for each in ended if isinstance(each, Stopped)]:
        raise Stopped("\n\n".join(stopped))
    return ended


def stay_broken(original: Stage, pages: list[Page]) -> None:
    """Perform the steps, and the last page up to its fix; the rest when Enter comes."""
    *steps, page = pages
    original.perform(steps)
    original.freeze()
    with Stage(original.project, original.report, original) as stage:
        stage.perform([replace(page, steps=page.steps[: page.mistakes])])
        [app] = stage.platform.apps.values()
        with stage.platform.window(app) as address:
            stage.report(f"\nThe app is at {address}")
            stage.report(f"The project is in {stage.folder_of_project()}")
            stage.report("Enter performs the fix, Ctrl-C ends the rehearsal")
            sys.stdin.readline()
        stage.perform([replace(page, steps=page.steps[page.mistakes :])])


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
