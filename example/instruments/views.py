"""Staves, their types and levels: lists, and the forms that change them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.permissions import range_officer_required, visible_to
from measuring.limits import ROWS_A_PAGE

from .forms import DigitalLevelForm, StaffForm, StaffTypeForm
from .models import DigitalLevel, Staff, StaffType


@require_safe
def staff_list(request):
    staves = visible_to(request.user, Staff.objects.select_related("type", "owner"))
    page = Paginator(staves, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "instruments/staff_list.html", {"page": page})


@require_safe
def staff_detail(request, pk):
    """Show a staff and the history of its calibrations."""
    staves = visible_to(request.user, Staff.objects.select_related("type", "owner"))
    staff = get_object_or_404(staves, pk=pk)
    calibrations = staff.calibrations.defer("file_text", "reference")
    context = {"staff": staff, "calibrations": calibrations}
    return render(request, "instruments/staff_detail.html", context)


def staff_add(request):
    return _edit_staff(request, Staff())


def staff_change(request, pk):
    staves = visible_to(request.user, Staff.objects.all())
    return _edit_staff(request, get_object_or_404(staves, pk=pk))


def _edit_staff(request, staff):
    form = StaffForm(request.POST or None, instance=staff, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"Staff {staff} has been saved.")
        return redirect("instruments:staff_detail", staff.pk)
    return render(request, "instruments/staff_form.html", {"form": form})


@require_safe
def level_list(request):
    levels = visible_to(request.user, DigitalLevel.objects.select_related("owner"))
    page = Paginator(levels, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "instruments/level_list.html", {"page": page})


def level_add(request):
    return _edit_level(request, DigitalLevel())


def level_change(request, pk):
    levels = visible_to(request.user, DigitalLevel.objects.all())
    return _edit_level(request, get_object_or_404(levels, pk=pk))


def _edit_level(request, level):
    form = DigitalLevelForm(request.POST or None, instance=level, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"Level {level} has been saved.")
        return redirect("instruments:level_list")
    return render(request, "instruments/level_form.html", {"form": form})


@require_safe
def type_list(request):
    types = StaffType.objects.all()
    return render(request, "instruments/type_list.html", {"types": types})


@range_officer_required
def type_add(request):
    return _edit_type(request, StaffType())


@range_officer_required
def type_change(request, pk):
    return _edit_type(request, get_object_or_404(StaffType, pk=pk))


def _edit_type(request, staff_type):
    form = StaffTypeForm(request.POST or None, instance=staff_type)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"{staff_type} has been saved.")
        return redirect("instruments:type_list")
    return render(request, "instruments/type_form.html", {"form": form})
