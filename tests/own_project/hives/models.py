"""What the scale under a hive has measured."""

from django.db import models


class Weighing(models.Model):
    """The file that a keeper took from a hive's scale: kilograms, one a line."""

    hive = models.CharField(max_length=40)
    keeper = models.EmailField()
    kilograms = models.TextField(editable=False)

    def __str__(self):
        return self.hive

    def mean(self):
        measured = [float(line) for line in self.kilograms.split()]
        return sum(measured) / len(measured)
