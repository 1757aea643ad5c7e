"""What the platform remembers, and how its API shows it.

Fields and types follow the official schema:
https://github.com/heroku/platform-api/blob/master/schema.json
"""

import asyncio
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from docs._extensions.facts import FACTS
from rehearsal.heroku.errors import NotFound, Unprocessable
from rehearsal.heroku.log import Log

EMAIL = "ada@example.com"
REGION = "us"

# The platform's numbers: docs/facts.toml has those that a page may show, with source
# and day. The cores of a dyno size, of https://devcenter.heroku.com/articles/dyno-types,
# give the defaults of WEB_CONCURRENCY that the Python buildpack names in
# vendor/WEB_CONCURRENCY.sh.
# Tier, and the most dynos of a process type, of 2024-11-04:
# https://devcenter.heroku.com/articles/dyno-scaling-and-process-limits


class Size(NamedTuple):
    """What a dyno of a size has; `memory` in MB."""

    tier: str
    memory: int
    cores: int
    most: int


SIZES = {
    name: Size(tier, FACTS[f"{name.lower()}-memory"].megabytes, cores, most)
    for name, tier, cores, most in [
        ("Eco", "Eco", 8, 1),
        ("Basic", "Basic", 8, 1),
        ("Standard-1X", "Production", 8, 100),
        ("Standard-2X", "Production", 8, 100),
        ("Performance-M", "Production", 2, 10),
        ("Performance-L", "Production", 8, 10),
        ("Performance-L-RAM", "Production", 4, 10),
        ("Performance-XL", "Production", 8, 10),
        ("Performance-2XL", "Production", 16, 10),
    ]
}
WORKER_MEMORY = FACTS["worker-memory"].megabytes
DEFAULT_SIZE = "Basic"  # of an account without a subscription to Eco
MOST_ECO = 2  # dynos of an app at once


class Plan(NamedTuple):
    """What a database has, and its price in cents a month."""

    connections: int
    storage: float  # bytes
    price: int


PLANS = {
    plan: Plan(
        FACTS[f"{plan}-connections"].value,
        FACTS[f"{plan}-size"].value * 1e9,
        FACTS[f"{plan}-price"].value * 100,
    )
    for plan in ("essential-0", "essential-1", "essential-2")
}
# Ended on 2022-11-28 and 2024-05-29: https://devcenter.heroku.com/changelog-items/2862
ENDED_PLANS = {"hobby-dev", "hobby-basic", "mini", "basic"}
TABLES = 4000  # of an Essential database

STACK = "heroku-24"
STACKS = ["heroku-22", "heroku-24", "heroku-26"]
NAME_LENGTH = FACTS["app-name-length"].value
SUFFIX = FACTS["address-suffix"].value
LOG_LINES = FACTS["log-lines"].value
LOG_LINE_BYTES = FACTS["log-line"].value  # a longer line is split


@dataclass
class Times:
    """Seconds; shorter in tests.

    https://devcenter.heroku.com/articles/dyno-crash-restart-policy (cool_off),
    https://devcenter.heroku.com/articles/provisioning-heroku-postgres (provisioning:
    "up to five minutes"; it is over at once when somebody waits for it).
    """

    boot: float = FACTS["boot-timeout"].value
    request: float = FACTS["request-timeout"].value
    stop: float = FACTS["stop-timeout"].value
    cool_off: float = 1200
    provisioning: float = 300


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(name: str = "") -> str:
    """Return a UUID; the same one for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name) if name else uuid.uuid4())


def named(name: str) -> dict:
    return {"id": identifier(name), "name": name}


SERVICE = "heroku-postgresql"


def price(plan: str) -> dict:
    return {"cents": PLANS[plan].price, "contract": False, "unit": "month"}


def plan_reference(plan: str) -> dict:
    return {**named(f"{SERVICE}:{plan}"), "price": price(plan)}


def plan_view(plan: str) -> dict:
    moment = now()
    name = plan.replace("-", " ").capitalize()
    return {
        **plan_reference(plan),
        "addon_service": named(SERVICE),
        "compliance": None,
        "created_at": moment,
        "updated_at": moment,
        "default": plan == next(iter(PLANS)),
        "description": f"Heroku Postgres {name}",
        "human_name": name,
        "installable_inside_private_network": False,
        "installable_outside_private_network": True,
        "space_default": False,
        "state": "ga",
        "visible": True,
    }


def number(digits: int) -> int:
    """Return a random number of so many digits."""
    return 10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1))


@dataclass
class Thing:
    """What has an identifier and a date."""

    id: str = field(default_factory=identifier, kw_only=True)
    created: str = field(default_factory=now, kw_only=True)

    def stamp(self) -> dict:
        return {"id": self.id, "created_at": self.created, "updated_at": self.created}


@dataclass
class Slug(Thing):
    """A built app: its files, its Python environment, its process types."""

    commit: str
    folder: Path
    environment: Path
    types: dict[str, str]
    size: float  # MB
    stack: str


@dataclass
class Release(Thing):
    """A slug with the config of one moment; `attached` is what the add-ons gave to it.

    `output` holds the lines of the release command, None if there is no such command;
    `deploying` is the task that runs it and restarts the dynos.
    """

    version: int
    description: str
    config: dict[str, str]
    attached: dict[str, str]
    slug: Slug | None
    plans: list[str]
    status: str = "succeeded"
    output: list[str] | None = None
    deploying: asyncio.Task | None = None

    @property
    def config_vars(self) -> dict[str, str]:
        return {**self.attached, **self.config}


@dataclass
class Process:
    """A line of the Procfile and how many dynos of which size run it."""

    command: str
    quantity: int = 0
    size: str = DEFAULT_SIZE


@dataclass
class Backup(Thing):
    """A finished transfer: a backup (bNNN) or a restore (rNNN)."""

    number: int
    kind: str
    database: str
    file: Path
    succeeded: bool
    source_bytes: int = 0

    def view(self) -> dict:
        backup = self.kind == "backup"
        stored = self.file.stat().st_size if self.file.exists() else 0
        return {
            **self.stamp(),
            "uuid": self.id,
            "num": self.number,
            "from_type": "pg_dump" if backup else "gof3r",
            "to_type": "gof3r" if backup else "pg_restore",
            "from_name": self.database if backup else "BACKUP",
            "to_name": "BACKUP" if backup else self.database,
            "from_url": "postgres://database",
            "to_url": f"https://api.data.heroku.com/backups/{self.id}.dump",
            "started_at": self.created,
            "finished_at": self.created,
            "succeeded": self.succeeded,
            "warnings": 0,
            "processed_bytes": stored,
            "source_bytes": self.source_bytes,
            "schedule": None,
            "logs": [],
        }


@dataclass
class Addon(Thing):
    """A Heroku Postgres database, attached to its app as DATABASE.

    Somebody who waits for it sets `awaited`; `settled` is set once it is provisioned,
    or destroyed.
    """

    app: "App"
    plan: str
    state: str = "provisioning"
    url: str = ""
    awaited: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    schedules: list[dict] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"postgresql-curly-{number(5)}")

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")

    def view(self) -> dict:
        return {
            **self.stamp(),
            "name": self.name,
            "state": self.state,
            "actions": [],
            "addon_service": named(SERVICE),
            "app": self.app.reference(),
            "billing_entity": {**self.app.reference(), "type": "app"},
            "billed_price": price(self.plan),
            "config_vars": ["DATABASE_URL"],
            "plan": plan_reference(self.plan),
            "provider_id": self.id,
            # The add-on's own words, in an answer of April 2026:
            # https://devcenter.heroku.com/articles/provisioning-heroku-postgres
            "provision_message": "Database should be available soon",
            "web_url": None,
        }

    def attachment(self) -> dict:
        addon = {
            "id": self.id,
            "name": self.name,
            "app": self.app.reference(),
            "plan": plan_reference(self.plan),
        }
        return {
            **self.stamp(),
            "id": identifier(self.id),
            "name": "DATABASE",
            "namespace": None,
            "addon": addon,
            "app": self.app.reference(),
            "config_vars": ["DATABASE_URL"],
            "web_url": None,
            "log_input_url": None,
        }


@dataclass
class Domain(Thing):
    app: "App"
    hostname: str
    kind: str = "custom"

    def view(self) -> dict:
        custom = self.kind == "custom"
        target = f"round-sea-{self.id.replace('-', '')[:20]}.herokudns.com"
        return {
            **self.stamp(),
            "app": self.app.reference(),
            "acm_status": "pending" if custom and self.app.acm else None,
            "acm_status_reason": None,
            "cname": target if custom else None,
            "hostname": self.hostname,
            "kind": self.kind,
            "status": "succeeded",
            "sni_endpoint": None,
        }


@dataclass
class App(Thing):
    name: str
    build_stack: str = STACK
    config: dict[str, str] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    formation: dict[str, Process] = field(default_factory=dict)
    addons: list[Addon] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)
    backups: list[Backup] = field(default_factory=list)
    buildpacks: list[str] = field(default_factory=list)
    maintenance: bool = False
    acm: bool = False
    destroyed: bool = False
    log: Log = field(default_factory=lambda: Log(LOG_LINES))
    dynos: dict = field(default_factory=dict)  # of the formation, by name
    one_off: dict = field(default_factory=dict)  # of `heroku run`, by name
    turn: int = 0  # of the round robin over web dynos
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    deploying: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self):
        self.host = f"{self.name}-{secrets.token_hex(SUFFIX // 2)}.herokuapp.com"
        self.domains = [Domain(self, self.host, "heroku")]

    def copy(self, slug: Callable[[Slug], Slug], url: Callable[[str], str]) -> "App":
        """Return the app as another platform has it: with its history, no dynos yet.

        `slug` and `url` return the other platform's copy of a slug, and its address of
        a database.
        """
        app = replace(
            self,
            addons=[],
            backups=[],
            destroyed=False,
            log=Log(LOG_LINES),
            dynos={},
            one_off={},
            building=asyncio.Lock(),
            deploying=asyncio.Lock(),
        )
        app.host = self.host
        app.domains = [replace(domain, app=app) for domain in self.domains]
        app.config = dict(self.config)
        app.formation = {name: replace(each) for name, each in self.formation.items()}
        app.buildpacks = list(self.buildpacks)
        for addon in self.addons:
            twin = replace(addon, app=app, url=url(addon.url), schedules=[])
            twin.awaited, twin.settled = asyncio.Event(), asyncio.Event()
            twin.awaited.set(), twin.settled.set()
            app.addons.append(twin)
        app.releases = [
            replace(
                each,
                attached={name: url(value) for name, value in each.attached.items()},
                slug=each.slug and slug(each.slug),
                deploying=None,
            )
            for each in self.releases
        ]
        return app

    def reference(self) -> dict:
        return {"id": self.id, "name": self.name}

    def log_api(self, text: str):
        """Log what somebody asked the API for."""
        self.log.write("app", "api", f"{text} by user {EMAIL}")

    @property
    def web_url(self) -> str:
        return f"https://{self.host}/"

    @property
    def current(self) -> Release | None:
        """The newest release that succeeded: a failed one never serves."""
        succeeded = [r for r in self.releases if r.status == "succeeded"]
        return succeeded[-1] if succeeded else None

    @property
    def slug(self) -> Slug | None:
        return self.current and self.current.slug

    @property
    def stack(self) -> str:
        """That of the slug; another one takes effect with the next build."""
        return self.slug.stack if self.slug else self.build_stack

    @property
    def attached(self) -> dict[str, str]:
        """Config vars that belong to the app's add-ons: nobody else can set them."""
        urls = [addon.url for addon in self.addons if addon.url]
        return {"DATABASE_URL": urls[0]} if urls else {}

    @property
    def config_vars(self) -> dict[str, str]:
        return {**self.attached, **self.config}

    def add_release(
        self, description: str, slug: Slug | None = None, phase: bool = True
    ) -> Release:
        """Add a release of the present config, and of the newest slug or a new one.

        It is pending if it has a release command, which has to succeed first. Without
        `phase` none is run.
        """
        slug = slug or self.slug
        command = phase and slug and slug.types.get("release")
        release = Release(
            version=len(self.releases) + 1,
            description=description,
            config=dict(self.config),
            attached=self.attached,
            slug=slug,
            plans=[f"{SERVICE}:{addon.plan}" for addon in self.addons],
            status="pending" if command else "succeeded",
            output=[] if command else None,
        )
        self.releases.append(release)
        return release

    def set_types(self, types: dict[str, str]):
        """Set a slug's process types: a new `web` starts at 1, all others at 0."""
        sizes = [process.size for process in self.formation.values()] or [DEFAULT_SIZE]
        former, self.formation = self.formation, {}
        for kind, command in types.items():
            fresh = Process(command, int(kind == "web"), sizes[0])
            self.formation[kind] = replace(former.get(kind, fresh), command=command)

    def view(self) -> dict:
        megabytes = self.slug.size if self.slug else 0
        return {
            **self.stamp(),
            "acm": self.acm,
            "archived_at": None,
            "buildpack_provided_description": "Python" if self.slug else None,
            "build_stack": named(self.build_stack),
            "generation": named("cedar"),
            "git_url": f"https://git.heroku.com/{self.name}.git",
            "internal_routing": None,
            "maintenance": self.maintenance,
            "name": self.name,
            "owner": {"email": EMAIL, "id": identifier(EMAIL)},
            "organization": None,
            "team": None,
            "space": None,
            "region": named(REGION),
            "released_at": self.current.created if self.current else None,
            "repo_size": None,
            "slug_size": round(megabytes * 1e6) if megabytes else None,
            "stack": named(self.stack),
            "web_url": self.web_url,
        }

    def release_view(self, release: Release, output_url: str) -> dict:
        succeeded = release.status == "succeeded"
        return {
            **release.stamp(),
            "addon_plan_names": release.plans,
            "app": self.reference(),
            "artifacts": [],
            "current": release is self.current,
            "description": release.description,
            "eligible_for_rollback": succeeded and release.slug is not None,
            "output_stream_url": None if release.output is None else output_url,
            "slug": release.slug and {"id": release.slug.id},
            "status": release.status,
            "user": {"email": EMAIL, "id": identifier(EMAIL)},
            "version": release.version,
        }

    def formation_view(self, kind: str) -> dict:
        process = self.formation[kind]
        return {
            "id": identifier(self.id + kind),
            "app": self.reference(),
            "command": process.command,
            "created_at": self.created,
            "updated_at": self.created,
            "dyno_size": named(process.size),
            "quantity": process.quantity,
            "size": process.size,
            "type": kind,
        }


class Apps(dict[str, App]):
    """All apps, by name."""

    def find(self, key: str) -> App:
        """By name or identifier; raises NotFound."""
        for app in self.values():
            if key in (app.name, app.id):
                return app
        raise NotFound("Couldn't find that app.", "app")


def find_size(name: str) -> str:
    """Return a size's own spelling; raises Unprocessable."""
    for size in SIZES:
        if size.lower() == name.lower():
            return size
    # https://github.com/daemonsy/hubot-heroku/issues/17, of 2015.
    sizes = f"{', '.join(list(SIZES)[:-1])} and {list(SIZES)[-1]}"
    raise Unprocessable(f"No such size as {name}. Available dyno sizes are {sizes}.")


def check_formation(formation: dict[str, Process]):
    """Raise Unprocessable for dynos that an app cannot have at once.

    https://devcenter.heroku.com/articles/scaling and, as in SIZES, its limits. The
    words were Heroku's in November 2022 (mixed sizes:
    https://github.com/dhyegocalota/visa-appointment-tracker/issues/10), in 2017 (Eco,
    then Free: https://github.com/flowhub/guv/issues/16) and in 2019 (the other).
    """
    running = [process for process in formation.values() if process.quantity]
    if len({SIZES[process.size].tier for process in running}) > 1:
        sizes = " and ".join(sorted({process.size for process in running}))
        raise Unprocessable(
            f"Cannot use the following dyno types in the same app: {sizes}"
        )
    for process in running:
        if process.quantity > (most := SIZES[process.size].most):
            raise Unprocessable(
                f"Cannot update to more than {most} {process.size} size dynos "
                "per process type.",
            )
    eco = sum(process.quantity for process in running if process.size == "Eco")
    if eco > MOST_ECO:
        raise Unprocessable(
            f"Cannot run more than {MOST_ECO} Eco size dynos.", "cannot_run_above_limit"
        )


def account_view() -> dict:
    moment = now()
    return {
        "id": identifier(EMAIL),
        "email": EMAIL,
        "name": "Ada Lovelace",
        "allow_tracking": False,
        "beta": False,
        "country_of_residence": None,
        "created_at": moment,
        "updated_at": moment,
        "last_login": moment,
        "default_organization": None,
        "default_team": None,
        "delinquent_at": None,
        "federated": False,
        "identity_provider": None,
        "sms_number": None,
        "suspended_at": None,
        "two_factor_authentication": True,
        "verified": True,
    }
