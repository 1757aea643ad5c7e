"""The stand-in of an object store, as the client of an app asks it."""

import httpx
import pytest

from tests.support.tiny_app import Api, Reader, fetch, running_platform


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture
def bucket(platform):
    address = f"{platform.address.plain}/object-store/photos/"
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_what_is_put_can_be_fetched(bucket):
    put = bucket.put("staff.jpg", content=b"a picture")
    assert put.status_code == 200 and put.content == b""
    fetched = bucket.get("staff.jpg", params={"X-Amz-Signature": "any"})
    assert fetched.content == b"a picture"
    assert fetched.headers["ETag"] == put.headers["ETag"]


def test_the_size_of_what_is_there_can_be_asked_for(bucket):
    bucket.put("staff.jpg", content=b"a picture")
    asked = bucket.head("staff.jpg")
    assert asked.headers["Content-Length"] == "9" and asked.content == b""


def test_what_was_never_put_is_missing_and_that_is_no_fault(platform, bucket):
    assert bucket.head("another.jpg").status_code == 404
    assert not platform.unknown


def test_a_request_that_is_not_played_is_recorded(platform, bucket):
    assert bucket.delete("staff.jpg").status_code == 404
    assert platform.unknown.pop().startswith("DELETE ")


def test_a_dyno_is_led_to_the_store(platform, tmp_path):
    app = platform.apps[Api(platform)("POST", "/apps", {}).json()["name"]]
    assert "deployed to Heroku" in Reader(platform, tmp_path).push(app.name)
    shown = fetch(platform, app.web_url).text
    assert f"AWS_ENDPOINT_URL_S3={platform.address.plain}/object-store" in shown
