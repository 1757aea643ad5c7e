"""The addresses of flow B."""

from django.urls import path

from . import views

app_name = "staff_calibration"
urlpatterns = [
    path("", views.registry, name="registry"),
    path("export.csv", views.export, name="export"),
    path("new/", views.calibrate, name="calibrate"),
    path("<uuid:pk>/", views.certificate, name="certificate"),
    path("<uuid:pk>/pdf/", views.pdf, name="pdf"),
    path("verify/<uuid:pk>/", views.verify, name="verify"),
]
