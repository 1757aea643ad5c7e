"""The pages that belong to no app, and the error pages."""

import logging
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import Error, InterfaceError, OperationalError, connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

# Search engines may index the pages for visitors, but not the certificates, which are
# public to those who know their address.
ROBOTS = """\
User-agent: *
Allow: /$
Allow: /guide/
Allow: /static/
Disallow: /
"""


@login_not_required
@require_safe
def home(request):
    return render(request, "home.html")


@login_not_required
@require_safe
def guide(request):
    """How to observe a staff on the range."""
    return render(request, "guide.html")


@login_not_required
@require_safe
@never_cache
def healthz(request):
    """Answer 200 if this process can query its database, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        logger.exception("The database does not answer")
        return JsonResponse({"database": "unavailable"}, status=503)
    return JsonResponse({"database": "ok"})


@login_not_required
@require_safe
def robots(request):
    return HttpResponse(ROBOTS, content_type="text/plain")


def server_error(request):
    """Answer a request that raised an exception, without using the database.

    Django calls this while it handles the exception (`handler500`), even one that the
    session or the log-in raised before any view ran. So this is the one place that sees
    every request that failed because the database is unavailable.
    """
    if isinstance(sys.exception(), InterfaceError | OperationalError):
        page = render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": "10"})
    return HttpResponse(render_to_string("500.html"), status=500)
