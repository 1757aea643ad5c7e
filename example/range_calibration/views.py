"""Flow A: level report → adjusted differences → monthly reference table."""

import calendar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.permissions import range_officer_required
from measuring.limits import ROWS_A_PAGE
from measuring.reading import INTERVALS, differences
from measuring.uploads import keep

from .adjustment import LARGEST_STANDARDISED_RESIDUAL
from .forms import CampaignForm, LevelReportForm, initial_of
from .models import RangeMeasurement
from .monthly_means import MONTHS, monthly_sums
from .reference_table import recompute, values_by_month


@require_safe
@range_officer_required
def campaigns(request):
    """List the campaigns, the latest first."""
    stored = RangeMeasurement.objects.select_related("staff__owner", "level")
    page = Paginator(stored.defer("file_text", "heights"), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "range_calibration/campaigns.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@range_officer_required
def upload(request):
    """Take a level report and show what it holds; nothing is stored yet."""
    form = LevelReportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        initial = {
            **initial_of(form.report),
            "observer": request.user.get_full_name(),
            "kept": keep(form.cleaned_data["file"]),
        }
        return _preview(request, CampaignForm(initial=initial), form.report)
    return render(request, "range_calibration/upload.html", {"form": form})


@require_POST
@range_officer_required
def store(request):
    """Store the campaign that the preview showed, and recompute the table."""
    form = CampaignForm(request.POST)
    if not form.is_valid():
        if "kept" in form.errors:
            messages.error(request, "The preview has expired: choose the file again.")
            return redirect("range_calibration:upload")
        return _preview(request, form, form.report)
    try:
        with transaction.atomic():
            campaign = form.save()
            recompute()
    except IntegrityError:
        form.add_error(None, "This campaign was stored a moment ago.")
        return _preview(request, form, form.report)
    if campaign.date != form.report.observation_date:
        messages.warning(request, "The date differs from the one in the file.")
    messages.success(request, "The campaign has been stored and the table recomputed.")
    return redirect(campaign)


def _preview(request, form, report):
    sets = [
        {
            "number": number,
            "rows": list(
                zip(one.readings, [None, *differences(one.readings)], strict=True)
            ),
        }
        for number, one in enumerate(report.sets, start=1)
    ]
    context = {"form": form, "report": report, "sets": sets}
    return render(request, "range_calibration/preview.html", context)


@require_safe
@range_officer_required
def campaign(request, pk):
    """Report the adjustment of one campaign."""
    stored = RangeMeasurement.objects.select_related("staff__owner", "level")
    campaign = get_object_or_404(stored, pk=pk)
    intervals = campaign.adjust()
    context = {
        "campaign": campaign,
        "intervals": intervals,
        "suspects": [
            observation
            for interval in intervals
            for observation in interval.observations
            if observation.is_suspect
        ],
        "largest_residual": LARGEST_STANDARDISED_RESIDUAL,
        "total": sum(interval.value for interval in intervals),
    }
    return render(request, "range_calibration/campaign.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@range_officer_required
def delete(request, pk):
    """Ask, then delete a campaign and recompute the table."""
    campaign = get_object_or_404(
        RangeMeasurement.objects.defer("file_text", "heights"), pk=pk
    )
    if request.method == "POST":
        with transaction.atomic():
            campaign.delete()
            recompute()
        messages.success(
            request, "The campaign has been deleted, and the table recomputed."
        )
        return redirect("range_calibration:campaigns")
    return render(request, "range_calibration/delete.html", {"campaign": campaign})


@require_safe
@range_officer_required
def table(request):
    """Show the reference table: a row for an interval, a column for a month."""
    heights = values_by_month()
    sums = monthly_sums(heights)
    rows = [
        (interval, [heights.get(month, {}).get(interval) for month in MONTHS])
        for interval in INTERVALS
    ]
    context = {
        "months": [calendar.month_abbr[month] for month in MONTHS],
        "rows": rows,
        "sums": [sums.get(month) for month in MONTHS],
    }
    return render(request, "range_calibration/table.html", context)
