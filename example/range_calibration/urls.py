"""The addresses of flow A."""

from django.urls import path

from . import views

app_name = "range_calibration"
urlpatterns = [
    path("", views.campaigns, name="campaigns"),
    path("upload/", views.upload, name="upload"),
    path("store/", views.store, name="store"),
    path("table/", views.table, name="table"),
    path("<int:pk>/", views.campaign, name="campaign"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]
