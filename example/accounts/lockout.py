"""The e-mail address and the client address that django-axes records of a log-in."""

from ipaddress import ip_address

from .models import User


def username(request, credentials):
    """Return the e-mail address that was tried, spelt as `User` stores it.

    Cut to the length of axes' column: the log-in form takes addresses of any length.
    """
    tried = (credentials or {}).get("username") or ""
    return User.normalize_username(tried).strip()[:255]


def client_address(request):
    """Return the address that the nearest proxy saw: the last of X-Forwarded-For.

    Heroku's router appends it; the client can make up the addresses before it.
    https://devcenter.heroku.com/articles/http-routing#heroku-headers
    """
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return request.META.get("REMOTE_ADDR")
