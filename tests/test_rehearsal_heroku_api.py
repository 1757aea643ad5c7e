"""The stand-in's answers, held against the official schema of the Platform API."""

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

from rehearsal.heroku import model
from tests.support import platform_api
from tests.support.tiny_app import Api, Reader, fetch, running_platform

FACTS = platform_api.read()


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
    """Return the name of an app with everything that an answer can show."""
    api("POST", "/apps", {"name": "full-demo"})
    api("POST", "/apps/full-demo/addons", {"plan": {"name": "heroku-postgresql"}})
    reader = Reader(platform, tmp_path_factory.mktemp("reader"))
    assert "Released" in reader.push("full-demo")
    api("POST", "/apps/full-demo/domains", {"hostname": "www.example.com"})
    return "full-demo"


OWNER = model.identifier(model.EMAIL)
LINE = model.identifier("pipeline another-line")

REQUESTS = [
    ("GET", "/account", None),
    ("POST", "/apps", {"name": "another-demo"}),
    ("GET", "/users/~/apps", None),
    ("GET", "/apps/full-demo", None),
    ("PATCH", "/apps/full-demo", {"maintenance": False}),
    ("GET", "/apps/full-demo/collaborators", None),
    ("GET", "/addons", None),
    ("GET", "/apps/full-demo/addons", None),
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
    ("GET", "/addon-services/heroku-postgresql/plans", None),
    (
        "POST",
        "/pipelines",
        {"name": "another-line", "owner": {"id": OWNER, "type": "user"}},
    ),
    ("GET", "/pipelines", None),
    (
        "POST",
        "/pipeline-couplings",
        {"app": "full-demo", "pipeline": LINE, "stage": "staging"},
    ),
    ("GET", "/apps/full-demo/pipeline-couplings", None),
    (
        "POST",
        "/pipeline-promotions",
        {
            "pipeline": {"id": LINE},
            "source": {"app": {"id": "full-demo"}},
            "targets": [{"app": {"id": "another-demo"}}],
        },
    ),
]


@pytest.mark.parametrize("method, path, body", REQUESTS, ids=lambda value: str(value))
def test_answers_follow_the_official_schema(app, api, method, path, body):
    answer = api(method, path, body)
    assert answer.is_success, answer.text
    facts = FACTS | FACTS["answers"][f"{method} {path}"]
    validator = Draft4Validator(facts, format_checker=FormatChecker())
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
            "No such size as huge. Available dyno sizes are Eco, Basic, Standard-1X, "
            "Standard-2X, Performance-M, Performance-L, Performance-L-RAM, "
            "Performance-XL and Performance-2XL.",
        ),
        (
            "POST",
            "/apps/another-name/addons",
            {"plan": {"name": "heroku-postgresql:mini"}},
            404,
            "Couldn't find that app.",
        ),
        (
            "POST",
            "/apps/full-demo/addons",
            {"plan": {"name": "heroku-postgresql:mini"}},
            422,
            "Couldn't find either the add-on service or the add-on plan of "
            '"heroku-postgresql:mini".',
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
@pytest.mark.usefixtures("app")
def test_errors_have_the_form_that_the_cli_prints(
    api, method, path, body, status, message
):
    answer = api(method, path, body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["id"]


def test_a_wrong_token_is_refused(platform, api):
    answer = api("GET", "/account", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")


@pytest.mark.parametrize("method, path", [("GET", "/surprise"), ("PUT", "/apps")])
def test_an_unknown_request_is_refused_loudly_and_recorded(platform, api, method, path):
    answer = api(method, path)
    assert answer.status_code == 404
    assert f"no answer to {method} {path}" in answer.json()["message"]
    assert platform.unknown.pop() == f"{method} api.heroku.com{path}"


PYTHON = "https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/python.tgz"
NODE = PYTHON.replace("python", "nodejs")
NO_SERVICE = "has no add-on service"


@pytest.mark.parametrize(
    "method, path, body, message",
    [
        ("POST", "addons", {"plan": {"name": "papertrail"}}, NO_SERVICE),
        ("POST", "addons", {"plan": {"name": "scheduler:standard"}}, NO_SERVICE),
        ("POST", "addons", {"plan": {"name": "heroku-redis:mini"}}, NO_SERVICE),
        (
            "POST",
            "addons",
            {"plan": {"name": "heroku-postgresql:standard-0"}},
            "has no plan standard-0",
        ),
        (
            "POST",
            "addons",
            {"plan": {"name": "heroku-postgresql"}},
            "gives an app one database.",
        ),
        ("PATCH", "", {"name": "renamed"}, "cannot change name."),
        *(
            (
                "PUT",
                "buildpack-installations",
                {"updates": [{"buildpack": url} for url in urls]},
                "plays one buildpack",
            )
            for urls in ([NODE], [NODE, PYTHON], [PYTHON, PYTHON])
        ),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_the_stand_in_cannot_play_it_says_in_its_own_name(
    platform, api, method, path, body, message
):
    path = f"/apps/full-demo/{path}".rstrip("/")
    before = api("GET", "/apps/full-demo").json()
    answer = api(method, path, body)
    assert (answer.status_code, answer.json()["id"]) == (422, "not_implemented")
    assert answer.json()["message"].startswith(f"The stand-in {message}")
    recorded = platform.unknown.pop()
    assert recorded.startswith(f"{method} api.heroku.com{path}: The stand-in {message}")
    assert api("GET", "/apps/full-demo").json() == before


def test_config_vars_are_those_that_were_set_and_no_other(api):
    api("POST", "/apps", {"name": "plain-demo"})
    path = "/apps/plain-demo/config-vars"
    assert api("GET", path).json() == {}
    assert api("PATCH", path, {"A": "b", "C": 1}).json() == {"A": "b", "C": "1"}
    assert api("PATCH", path, {"A": None}).json() == {"C": "1"}
    assert api("GET", path).json() == {"C": "1"}


def test_a_database_is_there_once_somebody_waits_for_it(tmp_path):
    """As slow as Heroku's, so that a guide cannot do without waiting."""
    with running_platform(tmp_path, provisioning=600) as platform:
        api = Api(platform)
        api("POST", "/apps", {"name": "slow-demo"})
        addon = api(
            "POST", "/apps/slow-demo/addons", {"plan": {"name": "heroku-postgresql"}}
        ).json()
        for name in ["one", "two"]:  # in this time it could have been there twice
            platform.postgres.create_database(name)
        data = "https://api.data.heroku.com/client/v11/databases"
        assert api("GET", f"{data}/{addon['id']}").status_code == 404
        assert api("GET", "/apps/slow-demo/config-vars").json() == {}
        assert api("GET", f"{data}/{addon['id']}/wait_status").is_success
        assert "DATABASE_URL" in api("GET", "/apps/slow-demo/config-vars").json()
        assert api("GET", f"{data}/{addon['id']}").is_success


@pytest.mark.parametrize("url", ["https://example.com/", "http://example.com/"])
def test_the_proxy_lets_nothing_out(platform, url):
    try:
        assert fetch(platform, url).status_code == 403
    except httpx.ProxyError as error:
        assert "403" in str(error)
    assert "example.com" in platform.refused.pop()
