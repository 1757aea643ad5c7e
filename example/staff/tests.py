"""What a deployment would break and no error would show: python manage.py test

With DEBUG=false in the environment, the settings are those of production.
"""

from unittest import skipUnless

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.core.management import call_command
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import TestCase, override_settings
from django.urls import reverse

PUBLIC_PAGES = [
    "home",
    "guide",
    "healthz",
    "robots",
    "accounts:login",
    "accounts:sign_up",
    "accounts:sign_up_sent",
    "accounts:password_reset",
    "accounts:password_reset_sent",
]
ERROR_PAGES = ["400", "403", "403_csrf", "404", "500", "503"]


class ProductionTests(TestCase):
    """Django's tests run without DEBUG, so pages name static files by their hash."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As the build does on Heroku, so that nothing of an earlier run is left over.
        call_command("collectstatic", interactive=False, verbosity=0)

    def test_public_pages(self):
        for name in PUBLIC_PAGES:
            response = self.client.get(reverse(name), secure=True)
            self.assertEqual(response.status_code, 200, name)

    def test_error_pages(self):
        for name in ERROR_PAGES:
            self.assertIn("</html>", render_to_string(f"{name}.html"))

    @skipUnless(settings.SECURE_SSL_REDIRECT, "DEBUG is on, so HTTPS is not required")
    def test_http_is_redirected(self):
        response = self.client.get(reverse("home"))
        self.assertRedirects(
            response, "https://testserver/", 301, fetch_redirect_response=False
        )


class NewKeyTests(TestCase):
    """What happens to somebody who is signed in when the secret key changes."""

    def is_signed_in(self, fallbacks):
        """Sign in, change the key, and say whether the session is still valid."""
        user = get_user_model().objects.create_superuser("ada@example.com")
        self.client.force_login(user)
        request = HttpRequest()
        new = {"SECRET_KEY": "n" * 64, "SECRET_KEY_FALLBACKS": fallbacks}
        with override_settings(**new):
            request.session = self.client.session
            return get_user(request).is_authenticated

    def test_an_earlier_key_keeps_users_signed_in(self):
        self.assertTrue(self.is_signed_in([settings.SECRET_KEY]))

    def test_without_it_they_sign_in_again(self):
        self.assertFalse(self.is_signed_in([]))
