"""Certificates in Django's admin."""

from django.contrib import admin

from .models import StaffCalibration


@admin.register(StaffCalibration)
class StaffCalibrationAdmin(admin.ModelAdmin):
    """A certificate is looked at or withdrawn, never edited."""

    list_display = ["date", "staff_number", "owner_name", "standard_factor", "observer"]
    search_fields = ["staff_number", "owner_name", "observer"]
    date_hierarchy = "date"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
