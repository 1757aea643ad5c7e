"""The addresses of the app's pages."""

from django.contrib import admin
from django.urls import include, path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("guide/", views.guide, name="guide"),
    path("accounts/", include("accounts.urls")),
    path("", include("instruments.urls")),
    path("range/", include("range_calibration.urls")),
    path("calibrations/", include("staff_calibration.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
    path("robots.txt", views.robots, name="robots"),
]

handler500 = "staff.views.server_error"
