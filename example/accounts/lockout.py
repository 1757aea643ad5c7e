"""What django-axes counts failed log-ins by, and what it notes down beside."""

from ipaddress import ip_address

from .models import User


def username(request, credentials):
    """Return the e-mail address tried as `User` stores it: all spellings are one.

    Cut to what axes' column holds: the log-in form takes addresses of any length.
    """
    tried = (credentials or {}).get("username") or ""
    return User.normalize_username(tried).strip()[:255]


def client_address(request):
    """Return the address that the nearest proxy saw: the last of X-Forwarded-For.

    Heroku's router appends it; the addresses before are the client's own words.
    https://devcenter.heroku.com/articles/http-routing#heroku-headers
    """
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return request.META.get("REMOTE_ADDR")
