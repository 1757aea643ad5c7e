"""The form is taken with its upload."""

from django.core import mail
from django.core.files.base import ContentFile
from django.test import TestCase

from .models import Weighing


class WeighingTests(TestCase):
    def test_a_weighing_is_kept_and_acknowledged(self):
        file = ContentFile("31.5\n32.5\n", name="scale.txt")
        sent = {"hive": "Orchard", "keeper": "ada@example.com", "file": file}
        response = self.client.post("/", sent, secure=True, follow=True)
        self.assertContains(response, "Orchard")
        self.assertEqual(Weighing.objects.get().mean(), 32)
        self.assertEqual(mail.outbox[0].to, ["ada@example.com"])
