"""The pages: all weighings with the form for the next one, and one weighing."""

from django.conf import settings
from django.core.mail import send_mail
from django.shortcuts import get_object_or_404, redirect, render

from .forms import WeighingForm
from .models import Weighing


def weighings(request):
    form = WeighingForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        new = form.save()
        send_mail(f"{new} was weighed", "Thank you.", None, [new.keeper])
        return redirect("weighings")
    context = {
        "form": form,
        "weighings": Weighing.objects.all(),
        "site_name": settings.SITE_NAME,
    }
    return render(request, "hives/weighings.html", context)


def weighing(request, pk):
    context = {"weighing": get_object_or_404(Weighing, pk=pk)}
    return render(request, "hives/weighing.html", context)
