"""What every request and response gets: an id for the log, and a last header."""

import logging
import re
import uuid
from contextvars import ContextVar

# Heroku's router sets X-Request-ID, or passes on a client's own if it looks like this.
# https://devcenter.heroku.com/articles/http-request-id
REQUEST_ID = re.compile(r"[\w-]{20,200}", re.ASCII)

# The browser features that no page needs.
# https://www.w3.org/TR/permissions-policy/
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in [
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    ]
)

current_request_id = ContextVar("current_request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Give every log record the `request_id` of the current request, or "-"."""

    def filter(self, record):
        record.request_id = current_request_id.get()
        return True


def request_id(get_response):
    """Put the same id into the log and the answer, to find one from the other."""

    def middleware(request):
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        # Not reset afterwards: Django logs a 4xx after the outermost middleware.
        current_request_id.set(name)
        response = get_response(request)
        response["X-Request-ID"] = name
        return response

    return middleware


def permissions_policy(get_response):
    """Tell the browser which of its features no page may use."""

    def middleware(request):
        response = get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response

    return middleware
