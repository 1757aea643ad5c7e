"""Campaigns and the reference table in Django's admin: read, hardly changed."""

from django.contrib import admin
from django.db import transaction

from .models import RangeMeasurement, RangeParameter
from .reference_table import recompute


class ReadOnly(admin.ModelAdmin):
    """What a file or a computation made is looked at, not edited."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(RangeMeasurement)
class RangeMeasurementAdmin(ReadOnly):
    list_display = ["date", "staff", "level", "observer"]
    list_select_related = ["staff", "level"]
    date_hierarchy = "date"

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        recompute()

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        recompute()


@admin.register(RangeParameter)
class RangeParameterAdmin(ReadOnly):
    list_display = ["month", "interval", "value", "campaigns"]
    list_filter = ["month"]

    def has_delete_permission(self, request, obj=None):
        return False
