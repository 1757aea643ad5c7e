"""The stand-in's answers, held against the official schema of the Platform API."""

import json
import re
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

from tests.support.tiny_app import Api, Reader, fetch, running_platform

SCHEMA = Path(__file__).parents[2] / "shared" / "platform-api-schema.json"

# What an answer may have beyond the schema, and who asks for it.
EXTRA = {
    "price",  # of a plan: Accept-Expansion
    "plan",  # of an attachment's add-on: Accept-Inclusion
    "config_vars",  # of an attachment: Accept-Inclusion
}
# Parts of an account or an app that belongs to a person and to no company.
ABSENT = {
    *("identity_provider", "default_organization", "default_team"),
    *("organization", "team", "space"),
    "sni_endpoint",  # of a domain without a certificate
    "slug",  # of a release before the first build
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform")
    with running_platform(folder) as platform:
        yield platform


@pytest.fixture(scope="module")
def api(platform):
    return Api(platform)


@pytest.fixture(scope="module")
def app(platform, api, tmp_path_factory):
    """An app with everything that an answer can show."""
    api("POST", "/apps", {"name": "full-demo"})
    api("POST", "/apps/full-demo/addons", {"plan": {"name": "heroku-postgresql"}})
    reader = Reader(platform, tmp_path_factory.mktemp("reader"))
    assert "Released" in reader.push("full-demo")
    api("POST", "/apps/full-demo/domains", {"hostname": "www.example.com"})
    return "full-demo"


REQUESTS = [
    ("GET", "/account", None),
    ("POST", "/apps", {"name": "another-demo"}),
    ("GET", "/users/~/apps", None),
    ("GET", "/apps/full-demo", None),
    ("PATCH", "/apps/full-demo", {"maintenance": False}),
    ("GET", "/apps/full-demo/collaborators", None),
    ("GET", "/apps/full-demo/addons", None),
    ("GET", "/addons", None),
    ("GET", "/apps/full-demo/addon-attachments", None),
    ("GET", "/addon-attachments", None),
    ("POST", "/actions/addons/resolve", {"addon": "DATABASE_URL", "app": "full-demo"}),
    (
        "POST",
        "/actions/addon-attachments/resolve",
        {"addon_attachment": "DATABASE", "app": "full-demo"},
    ),
    ("GET", "/apps/full-demo/config-vars", None),
    ("PATCH", "/apps/full-demo/config-vars", {"A": "b"}),
    ("GET", "/apps/full-demo/releases", None),
    ("GET", "/apps/full-demo/releases/1", None),
    ("GET", "/apps/full-demo/dynos", None),
    ("POST", "/apps/full-demo/dynos", {"command": "true", "attach": False}),
    ("GET", "/apps/full-demo/formation", None),
    (
        "PATCH",
        "/apps/full-demo/formation",
        {"updates": [{"type": "web", "quantity": 1}]},
    ),
    ("POST", "/apps/full-demo/log-sessions", {"lines": 1}),
    ("GET", "/apps/full-demo/domains", None),
    ("GET", "/apps/full-demo/domains/www.example.com", None),
    ("GET", "/apps/full-demo/sni-endpoints", None),
    ("POST", "/apps/full-demo/acm", {}),
    ("GET", "/apps/full-demo/buildpack-installations", None),
    ("GET", "/stacks", None),
]


def resolve(schema, part):
    while "$ref" in part:
        found = schema
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def strict(schema, part, depth=0):
    """Resolve references; where the schema is strict, demand all it knows."""
    part = dict(resolve(schema, part))
    part.pop("definitions", None)
    part.pop("links", None)
    for choice in ["anyOf", "oneOf"]:
        if choice in part:
            part[choice] = [strict(schema, option, depth) for option in part[choice]]
    if "items" in part:
        part["items"] = strict(schema, part["items"], depth)
    if "properties" in part and depth < 6:
        properties = {
            name: {} if name in EXTRA else strict(schema, value, depth + 1)
            for name, value in part["properties"].items()
        }
        for name in ABSENT & properties.keys():
            properties[name] = {"anyOf": [{"type": "null"}, properties[name]]}
        extra = {name: {} for name in EXTRA - properties.keys()}
        part["properties"] = properties | extra
        part["additionalProperties"] = False
        if part.get("strictProperties"):
            part["required"] = sorted(properties)
    return part


def target(schema, method, path):
    """The schema of what a request answers, found by the link it matches."""
    for definition in schema["definitions"].values():
        for link in definition.get("links", []):
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", link["href"])
            if link["method"] == method and re.fullmatch(pattern, path):
                part = strict(schema, link.get("targetSchema", definition))
                if link["rel"] == "instances" and part.get("type") != ["array"]:
                    return part if "items" in part else {"type": "array", "items": part}
                return part
    raise LookupError(f"The schema has no link {method} {path}")


@pytest.mark.parametrize("method, path, body", REQUESTS, ids=lambda value: str(value))
def test_answers_follow_the_official_schema(app, api, method, path, body):
    if not SCHEMA.exists():
        pytest.skip(f"the official schema is not at {SCHEMA.name}")
    schema = json.loads(SCHEMA.read_text())
    answer = api(method, path, body)
    assert answer.is_success, answer.text
    validator = Draft4Validator(
        target(schema, method, path), format_checker=FormatChecker()
    )
    errors = [
        f"{list(e.path)}: {e.message}" for e in validator.iter_errors(answer.json())
    ]
    assert errors == []


@pytest.mark.parametrize("name", ["Bad_Name", "1st", "a", "ends-", "x" * 31])
def test_a_bad_name_is_refused(api, name):
    answer = api("POST", "/apps", {"name": name})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Name must start with a letter")


def test_a_taken_name_is_refused(app, api):
    answer = api("POST", "/apps", {"name": app})
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        f"Name {app} is already taken",
    )


@pytest.mark.parametrize(
    "method, path, body, status, message",
    [
        ("GET", "/apps/nowhere", None, 404, "Couldn't find that app."),
        (
            "GET",
            "/apps/full-demo/releases/99",
            None,
            404,
            "Couldn't find that release.",
        ),
        (
            "DELETE",
            "/apps/full-demo/dynos/web.9",
            None,
            404,
            "Couldn't find that dyno.",
        ),
        (
            "PATCH",
            "/apps/full-demo/formation",
            {"updates": [{"type": "wep", "quantity": 1}]},
            404,
            "Couldn't find that process type (wep).",
        ),
        (
            "PATCH",
            "/apps/full-demo/formation",
            {"updates": [{"type": "web", "quantity": 1, "size": "huge"}]},
            422,
            "No such size as huge.",
        ),
        (
            "POST",
            "/apps/another-name/addons",
            {"plan": {"name": "heroku-postgresql:mini"}},
            404,
            "Couldn't find that app.",
        ),
        (
            "PATCH",
            "/apps/full-demo/config-vars",
            {"DATABASE_URL": "mine"},
            422,
            "Cannot overwrite attachment values DATABASE",
        ),
    ],
)
def test_errors_have_the_form_that_the_cli_prints(
    app, api, method, path, body, status, message
):
    answer = api(method, path, body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["id"]


def test_a_wrong_token_is_refused(platform, api):
    answer = api("GET", "/apps", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")


@pytest.mark.parametrize("method, path", [("GET", "/surprise"), ("PUT", "/apps")])
def test_an_unknown_request_is_refused_loudly_and_recorded(platform, api, method, path):
    answer = api(method, path)
    assert answer.status_code == 404
    assert f"no answer to {method} {path}" in answer.json()["message"]
    assert platform.unknown.pop() == f"{method} api.heroku.com{path}"


@pytest.mark.parametrize("url", ["https://example.com/", "http://example.com/"])
def test_the_proxy_lets_nothing_out(platform, url):
    try:
        assert fetch(platform, url).status_code == 403
    except httpx.ProxyError as error:
        assert "403" in str(error)
    assert "example.com" in platform.refused.pop()
