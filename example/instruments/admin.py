"""Staves, their types and levels in Django's admin."""

from django.contrib import admin

from .models import DigitalLevel, Staff, StaffType


@admin.register(StaffType)
class StaffTypeAdmin(admin.ModelAdmin):
    list_display = ["name", "thermal_coefficient"]


@admin.register(Staff)
class StaffAdmin(admin.ModelAdmin):
    list_display = ["number", "type", "length", "owner", "factor", "calibration_date"]
    list_filter = ["type", "owner"]
    list_select_related = ["type", "owner"]
    search_fields = ["number"]


@admin.register(DigitalLevel)
class DigitalLevelAdmin(admin.ModelAdmin):
    list_display = ["number", "make", "model", "owner"]
    list_filter = ["owner"]
    list_select_related = ["owner"]
    search_fields = ["number", "make", "model"]
