"""The site's addresses."""

from django.contrib import admin
from django.urls import path
from hives import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.weighings, name="weighings"),
    path("<int:pk>/", views.weighing, name="weighing"),
]
