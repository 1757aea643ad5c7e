"""What a deployment would break and no error would show: python manage.py test

With DEBUG=false in the environment, the settings are those of production.
"""

from unittest import skipUnless

from django.conf import settings
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import TestCase
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
