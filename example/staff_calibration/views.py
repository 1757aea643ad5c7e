"""Flow B: readings of a staff → factor and certificate."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import visible_to
from measuring.limits import ROWS_A_PAGE

from .certificate import Certificate
from .export import registry_csv
from .forms import CalibrationForm, SearchForm
from .models import StaffCalibration
from .pdf import certificate_pdf
from .registry import AlreadyCalibrated, register

SEARCHED = ["staff_number", "owner_name", "level_name", "observer"]


@require_safe
def registry(request):
    """List the calibrations, the latest first."""
    form = SearchForm(request.GET)
    page = Paginator(_search(request.user, form), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"form": form, "page": page}
    return render(request, "staff_calibration/registry.html", context)


@require_safe
def export(request):
    """Send the registry, or what was searched in it, as CSV."""
    return registry_csv(_search(request.user, SearchForm(request.GET)))


def _search(user, form):
    calibrations = visible_to(user, StaffCalibration.objects.all(), "staff__owner")
    calibrations = calibrations.defer("file_text", "reference")
    if not form.is_valid():
        return calibrations.none()
    matches = Q()
    for field in SEARCHED:
        matches |= Q(**{f"{field}__icontains": form.cleaned_data["query"]})
    return calibrations.filter(matches)


@require_http_methods(["GET", "HEAD", "POST"])
def calibrate(request):
    """Take the readings, calibrate, store."""
    form = CalibrationForm(
        request.POST or None, request.FILES or None, user=request.user
    )
    if request.method == "POST" and form.is_valid():
        try:
            calibration, is_latest = register(form, request.user)
        except AlreadyCalibrated:
            form.add_error(
                "date",
                "A calibration of this staff on this day was stored a moment ago.",
            )
        else:
            messages.success(request, "The calibration has been stored.")
            if not is_latest:
                messages.warning(
                    request,
                    "The staff keeps its factor, which is from a later observation.",
                )
            return redirect(calibration)
    return render(request, "staff_calibration/calibrate.html", {"form": form})


@require_safe
def certificate(request, pk):
    """Show the result of a calibration: the certificate."""
    calibration = _visible_calibration(request.user, pk)
    context = {
        "calibration": calibration,
        "certificate": _certificate(request, calibration),
        "warnings": calibration.warnings(),
    }
    return render(request, "staff_calibration/certificate.html", context)


@require_safe
def pdf(request, pk):
    """Send the certificate as PDF."""
    calibration = _visible_calibration(request.user, pk)
    name = f"staff-calibration-{calibration.date:%Y%m%d}-{calibration.pk}.pdf"
    return HttpResponse(
        certificate_pdf(_certificate(request, calibration)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _certificate(request, calibration):
    link = request.build_absolute_uri(calibration.verification_url)
    return Certificate(calibration, link)


def _visible_calibration(user, pk):
    calibrations = visible_to(user, StaffCalibration.objects.all(), "staff__owner")
    return get_object_or_404(calibrations.defer("file_text"), pk=pk)


@login_not_required
@require_safe
def verify(request, pk):
    """Show anyone with a certificate that it is genuine, and nothing more."""
    calibrations = StaffCalibration.objects.defer("file_text", "reference")
    calibration = get_object_or_404(calibrations, pk=pk)
    response = render(
        request, "staff_calibration/verify.html", {"calibration": calibration}
    )
    response["X-Robots-Tag"] = "noindex"
    return response
