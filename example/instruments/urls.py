"""The addresses of staves, their types and levels."""

from django.urls import path

from . import views

app_name = "instruments"

urlpatterns = [
    path("staves/", views.staff_list, name="staff_list"),
    path("staves/add/", views.staff_add, name="staff_add"),
    path("staves/<int:pk>/", views.staff_detail, name="staff_detail"),
    path("staves/<int:pk>/change/", views.staff_change, name="staff_change"),
    path("levels/", views.level_list, name="level_list"),
    path("levels/add/", views.level_add, name="level_add"),
    path("levels/<int:pk>/change/", views.level_change, name="level_change"),
    path("staff-types/", views.type_list, name="type_list"),
    path("staff-types/add/", views.type_add, name="type_add"),
    path("staff-types/<int:pk>/change/", views.type_change, name="type_change"),
]
