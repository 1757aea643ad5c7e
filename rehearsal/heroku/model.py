"""What the platform remembers, and how its API shows it.

Fields and types follow the official schema:
https://github.com/heroku/platform-api/blob/master/schema.json
"""

import asyncio
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rehearsal.heroku.log import Log

EMAIL = "ada@example.com"
REGION, STACK = "us", "heroku-24"
STACKS = ["heroku-22", "heroku-24", "heroku-26"]
# Memory in MB of a dyno size: https://devcenter.heroku.com/articles/dyno-types
SIZES = {
    "Eco": 512,
    "Basic": 512,
    "Standard-1X": 512,
    "Standard-2X": 1024,
    "Performance-M": 2560,
    "Performance-L": 14336,
}
# Connections, bytes of storage and price in cents a month of a database plan:
# https://devcenter.heroku.com/articles/heroku-postgres-plans
PLANS = {
    "essential-0": (20, 1e9, 500),
    "essential-1": (20, 10e9, 900),
    "essential-2": (40, 32e9, 2000),
}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(name: str = "") -> str:
    """A UUID; the same one for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name) if name else uuid.uuid4())


def named(name: str) -> dict:
    return {"id": identifier(name), "name": name}


def number(digits: int) -> int:
    """A random number of so many digits."""
    return 10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1))


@dataclass
class Thing:
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
    size: float


@dataclass
class Release(Thing):
    version: int
    description: str
    config: dict[str, str]
    slug: Slug | None
    plans: list[str]
    status: str = "succeeded"
    output: list[str] | None = None  # of the release command, if there was one


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
    """A Heroku Postgres database, attached to its app as DATABASE."""

    app: "App"
    plan: str
    state: str = "provisioning"
    url: str = ""
    schedules: list[dict] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"postgresql-curly-{number(5)}")

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")

    def plan_view(self) -> dict:
        cents = PLANS[self.plan][2]
        name = f"heroku-postgresql:{self.plan}"
        return {
            **named(name),
            "price": {"cents": cents, "unit": "month", "contract": False},
        }

    def view(self) -> dict:
        return {
            **self.stamp(),
            "name": self.name,
            "state": self.state,
            "actions": [],
            "addon_service": named("heroku-postgresql"),
            "app": self.app.reference(),
            "billing_entity": {**self.app.reference(), "type": "app"},
            "billed_price": {
                "cents": PLANS[self.plan][2],
                "contract": False,
                "unit": "month",
            },
            "config_vars": ["DATABASE_URL"],
            "plan": self.plan_view(),
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
            "plan": self.plan_view(),
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
    stack: str = STACK
    config: dict[str, str] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    formation: dict[str, dict] = field(default_factory=dict)
    addons: list[Addon] = field(default_factory=list)
    domains: list[Domain] = field(default_factory=list)
    backups: list[Backup] = field(default_factory=list)
    buildpacks: list[str] = field(default_factory=list)
    maintenance: bool = False
    acm: bool = False
    log: Log = field(default_factory=Log)
    dynos: dict = field(default_factory=dict)  # of the formation, by name
    one_off: dict = field(default_factory=dict)  # of `heroku run`, by name
    turn: int = 0  # of the round robin over web dynos
    building: asyncio.Lock = field(default_factory=asyncio.Lock)
    deploying: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self):
        self.host = f"{self.name}-{secrets.token_hex(6)}.herokuapp.com"
        self.domains = [Domain(self, self.host, "heroku")]

    def reference(self) -> dict:
        return {"id": self.id, "name": self.name}

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

    def add_release(self, description: str, slug: Slug | None = None) -> Release:
        """A release of the app's present config, and of its newest slug or a new one.

        It is pending if it has a release command, which has to succeed first.
        """
        slug = slug or self.slug
        command = slug and slug.types.get("release")
        release = Release(
            version=len(self.releases) + 1,
            description=description,
            config=dict(self.config),
            slug=slug,
            plans=[f"heroku-postgresql:{addon.plan}" for addon in self.addons],
            status="pending" if command else "succeeded",
            output=[] if command else None,
        )
        self.releases.append(release)
        return release

    def set_types(self, types: dict[str, str]):
        """The process types of a slug: a new `web` starts at 1, all others at 0."""
        self.formation = {
            kind: {
                "quantity": int(kind == "web"),
                "size": "Basic",
                **self.formation.get(kind, {}),
                "command": command,
            }
            for kind, command in types.items()
        }

    def view(self) -> dict:
        megabytes = self.slug.size if self.slug else 0
        return {
            **self.stamp(),
            "acm": self.acm,
            "archived_at": None,
            "buildpack_provided_description": "Python" if self.slug else None,
            "build_stack": named(self.stack),
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
            "command": process["command"],
            "created_at": self.created,
            "updated_at": self.created,
            "dyno_size": named(process["size"]),
            "quantity": process["quantity"],
            "size": process["size"],
            "type": kind,
        }


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
