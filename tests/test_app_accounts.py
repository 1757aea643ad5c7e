"""Signing up, logging in and out, passwords, profiles."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tokens import activation_token
from tests.support.people import PASSWORD, authority, browser, user

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fast_hash(settings):
    """Production's hash takes half a second on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class DeadServer(EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected


def sign_up(client, email="Mary.Jones@Example.com", **changes):
    answers = {
        "email": email,
        "first_name": "Mary",
        "last_name": "Jones",
        "authority": authority().pk,
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return client.post(reverse("accounts:sign_up"), answers | changes)


def link_of(message):
    """Return the path of the link in an e-mail."""
    return re.search(r"https://testserver(/\S+)", message.body)[1]


def log_in(client, email="mary.jones@example.com", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": email, "password": password}, **extra)


def is_logged_in(client):
    return "_auth_user_id" in client.session


def test_signing_up_and_opening_the_link_lets_one_in(client):
    sign_up(client)
    assert not log_in(client).context["form"].is_valid()
    link = link_of(mail.outbox[0])
    assert client.get(link).status_code == 200
    assert not User.objects.get().is_active
    assert client.post(link)["Location"] == LOGIN
    log_in(client)
    assert is_logged_in(client)


def test_sign_up_gives_no_rights(client):
    sign_up(client, is_staff="on", is_superuser="on", is_active="on")
    stored = User.objects.get()
    assert not (stored.is_staff or stored.is_superuser or stored.is_active)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "not an address"),
        ("first_name", ""),
        ("last_name", ""),
        ("authority", ""),
        ("authority", "999999"),
        ("password1", ""),
        ("password2", "another-password-21"),
        ("email", "nul\0@example.com"),
        ("first_name", "nul\0"),
    ],
)
def test_a_faulty_sign_up_stores_nothing(client, field, value):
    assert sign_up(client, **{field: value}).status_code == 200
    assert not User.objects.exists()
    assert not mail.outbox


@pytest.mark.parametrize(
    "password", ["short", "password1234", "mary.jones@example", "39481726"]
)
def test_a_weak_password_is_refused(client, password):
    answer = sign_up(client, password1=password, password2=password)
    assert answer.context["form"].errors
    assert not User.objects.exists()


def test_an_activation_link_works_once(client):
    sign_up(client)
    link = link_of(mail.outbox[0])
    client.post(link)
    assert client.get(link).status_code == 404


def test_an_activation_link_expires(client, settings):
    sign_up(client)
    settings.PASSWORD_RESET_TIMEOUT = -1
    link = link_of(mail.outbox[0])
    assert client.post(link).status_code == 404
    assert not User.objects.get().is_active


def test_an_activation_link_is_for_one_account(client):
    sign_up(client)
    sign_up(client, "other@example.com")
    mine, other = User.objects.order_by("pk")
    path = reverse(
        "accounts:activate", args=[other.pk, activation_token.make_token(mine)]
    )
    assert client.post(path).status_code == 404


def test_a_password_reset_token_activates_nothing(client):
    from django.contrib.auth.tokens import default_token_generator

    sign_up(client)
    stored = User.objects.get()
    token = default_token_generator.make_token(stored)
    path = reverse("accounts:activate", args=[stored.pk, token])
    assert client.post(path).status_code == 404


def test_a_closed_account_stays_closed(client):
    sign_up(client)
    link = link_of(mail.outbox[0])
    client.post(link)
    User.objects.update(is_active=False)
    assert client.post(link).status_code == 404
    sign_up(client)
    assert client.post(link_of(mail.outbox[1])).status_code != 302
    assert not User.objects.get().is_active


@pytest.mark.parametrize("spelling", ["mary@example.com", "MARY@Example.COM"])
def test_sign_up_tells_nobody_who_has_an_account(spelling):
    user("mary@example.com", password=PASSWORD)
    known, unknown = sign_up(browser(), spelling), sign_up(browser(), "new@example.com")
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    assert len(mail.outbox) == 2
    assert "already has an account" in mail.outbox[0].body


def test_signing_up_again_changes_no_activated_account(client):
    user("mary.jones@example.com", password=PASSWORD)
    sign_up(
        client, first_name="Eve", password1="eves-password", password2="eves-password"
    )
    assert User.objects.get().first_name == "Mary"
    log_in(client)
    assert is_logged_in(client)


def test_signing_up_again_replaces_what_was_never_activated(client):
    """The first password may be a stranger's, who waits for the owner to activate."""
    sign_up(client, password1="eves-password", password2="eves-password")
    sign_up(client)
    assert client.post(link_of(mail.outbox[0])).status_code == 404
    client.post(link_of(mail.outbox[1]))
    log_in(client, password="eves-password")
    assert not is_logged_in(client)
    log_in(client)
    assert is_logged_in(client)


def test_a_dead_mail_server_leaves_a_form_error_and_no_account(client, settings):
    settings.EMAIL_BACKEND = f"{__name__}.DeadServer"
    answer = sign_up(client)
    assert "could not be sent" in answer.text
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["mary.jones@example.com", "Mary.Jones@EXAMPLE.com"])
def test_the_log_in_disregards_case(client, email):
    user("Mary.jones@example.com", password=PASSWORD)
    log_in(client, email)
    assert is_logged_in(client)


def test_two_users_cannot_differ_by_case_alone():
    user("mary@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        user("Mary@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create(
            [User(email="Mary@example.com", authority=authority())]
        )


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        r"\\evil.example",
        "javascript:alert(1)",
    ],
)
def test_the_log_in_sends_nobody_to_another_site(client, target):
    user("mary.jones@example.com", password=PASSWORD)
    answer = client.post(
        LOGIN,
        {"username": "mary.jones@example.com", "password": PASSWORD, "next": target},
    )
    assert answer["Location"] == "/"


def test_the_log_in_goes_where_one_wanted_to_go(client):
    user("mary.jones@example.com", password=PASSWORD)
    asked = client.get("/staves/")["Location"]
    assert 'name="next" value="/staves/"' in client.get(asked).text
    credentials = {"username": "mary.jones@example.com", "password": PASSWORD}
    assert client.post(asked, credentials)["Location"] == "/staves/"


def test_ten_failed_log_ins_lock_the_account_from_everywhere(settings):
    user("mary.jones@example.com", password=PASSWORD)
    spellings = [
        "mary.jones@example.com",
        "Mary.Jones@example.com",
        " mary.jones@example.com",
    ]
    for number in range(settings.AXES_FAILURE_LIMIT):
        answer = log_in(
            browser(),
            spellings[number % 3],
            "wrong",
            headers={"User-Agent": f"{number}", "X-Forwarded-For": f"192.0.2.{number}"},
        )
    assert answer.status_code == 429
    assert "Too many failed log-ins" in answer.text
    client = browser()
    assert log_in(client, headers={"X-Forwarded-For": "192.0.2.99"}).status_code == 429
    assert not is_logged_in(client)


def locked(client, settings):
    mary = user("mary.jones@example.com", password=PASSWORD)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, password="wrong")
    assert log_in(client).status_code == 429
    return mary


def test_a_lock_leaves_other_accounts_alone(client, settings):
    locked(client, settings)
    user("other@example.com", password=PASSWORD)
    log_in(client, "other@example.com")
    assert is_logged_in(client)


def test_a_lock_ends_after_a_while(client, settings):
    from axes.models import AccessAttempt

    locked(client, settings)
    past = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME, seconds=1)
    AccessAttempt.objects.update(attempt_time=past)
    log_in(client)
    assert is_logged_in(client)


def test_a_new_password_ends_a_lock(client, settings):
    locked(client, settings)
    client.post(reverse("accounts:password_reset"), {"email": "mary.jones@example.com"})
    form = client.get(link_of(mail.outbox[0]), follow=True)
    passwords = {"new_password1": "pins-in-rock", "new_password2": "pins-in-rock"}
    client.post(form.request["PATH_INFO"], passwords)
    log_in(client, password="pins-in-rock")
    assert is_logged_in(client)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (LOGIN + "?x=%00", {}),
        (LOGIN, {"X-Forwarded-For": "unknown"}),
        (LOGIN, {"X-Forwarded-For": "192.0.2.1, 192.0.2.2:4711"}),
        (LOGIN, {"User-Agent": "x" * 3000, "Accept": "y" * 3000}),
    ],
)
@pytest.mark.parametrize(
    "email", ["mary@example.com", "x" * 300, "nul\0@example.com", ""]
)
def test_a_strange_failed_log_in_is_a_form_error(client, path, headers, email):
    credentials = {"username": email, "password": "wrong"}
    assert client.post(path, credentials, headers=headers).status_code == 200


def test_the_noted_address_is_the_one_the_router_saw(client):
    from axes.models import AccessAttempt

    log_in(client, headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.7"})
    assert AccessAttempt.objects.get().ip_address == "192.0.2.7"


@pytest.mark.parametrize("email", ["mary.jones@example.com", "nobody@example.com"])
def test_a_password_reset_tells_nobody_who_has_an_account(client, email):
    user("mary.jones@example.com", password=PASSWORD)
    answer = client.post(reverse("accounts:password_reset"), {"email": email})
    assert answer["Location"] == reverse("accounts:password_reset_sent")


def test_a_password_reset_link_works_once(client):
    user("mary.jones@example.com", password=PASSWORD)
    client.post(reverse("accounts:password_reset"), {"email": "MARY.jones@example.com"})
    link = link_of(mail.outbox[0])
    form = client.get(link, follow=True)
    passwords = {"new_password1": "pins-in-rock", "new_password2": "pins-in-rock"}
    client.post(form.request["PATH_INFO"], passwords)
    log_in(client, password="pins-in-rock")
    assert is_logged_in(client)
    assert "already been used" in browser().get(link).text


def test_an_inactive_user_gets_no_password_reset(client):
    sign_up(client)
    client.post(reverse("accounts:password_reset"), {"email": "mary.jones@example.com"})
    assert len(mail.outbox) == 1


def test_a_password_is_changed_with_the_old_one(client):
    client.force_login(user("mary.jones@example.com", password=PASSWORD))
    passwords = {"new_password1": "pins-in-rock", "new_password2": "pins-in-rock"}
    path = reverse("accounts:password_change")
    assert client.post(path, passwords | {"old_password": "wrong"}).status_code == 200
    client.post(path, passwords | {"old_password": PASSWORD})
    assert User.objects.get().check_password("pins-in-rock")


def test_a_profile_changes_names_and_nothing_else(client):
    mary = user()
    client.force_login(mary)
    other = authority("BBB")
    client.post(
        reverse("accounts:profile"),
        {
            "first_name": "Marie",
            "last_name": "Jonas",
            "email": "eve@example.com",
            "authority": other.pk,
            "is_staff": "on",
            "is_superuser": "on",
        },
    )
    stored = User.objects.get()
    assert stored.get_full_name() == "Marie Jonas"
    assert (stored.email, stored.authority) == (mary.email, mary.authority)
    assert not (stored.is_staff or stored.is_superuser)


def test_logging_out_takes_a_post(client):
    client.force_login(user())
    assert client.get("/accounts/logout/").status_code == 405
    assert is_logged_in(client)
    client.post("/accounts/logout/")
    assert not is_logged_in(client)


def test_only_a_superuser_can_be_without_authority():
    assert User.objects.create_superuser("root@example.com", "x").authority is None
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("mary@example.com")


def test_createsuperuser_asks_for_e_mail_and_password_only(monkeypatch):
    from django.core.management import call_command

    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Root@Example.com")
    call_command("createsuperuser", interactive=False, verbosity=0)
    stored = User.objects.get(email="root@example.com")
    assert stored.is_superuser and stored.is_staff and stored.is_active


def test_the_superuser_makes_a_range_officer_in_the_admin(client):
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    mary = user()
    client.force_login(root)
    path = reverse("admin:accounts_user_change", args=[mary.pk])
    form = client.get(path).context["adminform"].form
    answers = {
        name: form[name].value()
        for name in ["email", "first_name", "last_name", "authority"]
    }
    answers |= {"is_active": "on", "is_staff": "on"}
    assert client.post(path, answers).status_code == 302
    mary.refresh_from_db()
    assert mary.is_staff and not mary.is_superuser


def test_the_superuser_adds_a_user_in_the_admin(client):
    client.force_login(User.objects.create_superuser("root@example.com", PASSWORD))
    answers = {
        "email": "New@Example.com",
        "first_name": "New",
        "last_name": "User",
        "authority": authority().pk,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    path = reverse("admin:accounts_user_add")
    assert client.post(path, answers).status_code == 302
    assert client.post(path, answers).status_code == 200
    log_in(client, "new@example.com")
    assert is_logged_in(client)
