"""The actors of the example's tests, and their browsers."""

from accounts.models import Authority, User
from tests.conftest import HttpsClient

PASSWORD = "rock-pins-21"


def authority(abbreviation="AAA"):
    return Authority.objects.get_or_create(
        abbreviation=abbreviation, defaults={"name": f"Authority {abbreviation}"}
    )[0]


def user(email="surveyor@example.com", of="AAA", **fields):
    """Store a user without a usable password (hashing one takes a while)."""
    names = {"first_name": "Mary", "last_name": "Jones"}
    return User.objects.create_user(email, authority=authority(of), **names | fields)


def browser(user=None):
    """A browser in which `user`, if any, has logged in."""
    client = HttpsClient()
    if user:
        client.force_login(user)
    return client
